"""`agreement --curves`: one document, tables for people, and a table of patients."""

import json

import numpy as np
import pytest


@pytest.fixture
def study(tmp_path):
    """Six images by three raters; on the last only two of them marked anything."""
    rng = np.random.default_rng(0)
    rows = ["image,rater,x0,y0,x1,y1,category"]
    for image in range(6):
        for k in range(4):
            for rater in "abc"[: 2 if image == 5 else 3]:
                x, y = np.array([30.0 * k, 0]) + rng.uniform(-1.5, 1.5, 2)
                category = "uv"[(k + int(rng.random() < 0.3)) % 2]
                rows.append(f"{image:02},{rater},{x},{y},{x + 10},{y + 11},{category}")
    (tmp_path / "study.csv").write_text("\n".join(rows), encoding="utf-8")
    return tmp_path / "study.csv"


def test_curves_and_coefficients_of_cytocrowd(run, cytocrowd):
    code, out, _ = run("agreement", cytocrowd, "--curves", "--bootstrap", "50", "--json")
    found = json.loads(out)
    assert code == 0
    curve = {point["iou"]: point for point in found["f1_curve"]}
    assert len(curve) == 19
    assert curve[0.5]["f1"] == pytest.approx(found["f1_micro"])
    assert curve[0.5]["low"] < curve[0.5]["f1"] < curve[0.5]["high"]
    assert found["map_dsb"] == pytest.approx(
        np.mean([found["ap_dsb"][f"{k / 20:.2f}"] for k in range(10, 20)])
    )
    assert 0 < found["map_dsb"] < found["sorted_ap"] < found["f1_micro"]
    # krippendorff 0.9 on the table of objects by raters.
    assert found["krippendorff_alpha"]["value"] == pytest.approx(0.6074283541552883, abs=1e-12)
    assert sum(found["raters_per_reference_object"].values()) == found["reference"]
    assert found["fleiss_kappa"]["low"] < found["fleiss_kappa"]["value"]
    for pair, held in zip(found["pairs"], found["category_pairs"], strict=True):
        assert held["mean_iou"]["value"] == pytest.approx(pair["mean_iou"])
        assert held["mean_iou"]["low"] < pair["mean_iou"] < held["mean_iou"]["high"]
        assert held["f1"]["low"] < pair["f1"] < held["f1"]["high"]


def test_without_draws_there_are_no_ends_of_intervals(run, study):
    code, out, _ = run("agreement", study, "--curves", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["f1_curve"][0]["low"] is None
    assert found["krippendorff_alpha"]["value"] is not None
    assert found["krippendorff_alpha"]["high"] is None
    assert "images were not drawn again: there are no intervals" in found["notes"]
    assert "f1_curve" not in json.loads(run("agreement", study, "--json")[1])


def test_tables_for_people_and_images_of_a_patient(run, study):
    patients = study.with_name("patients.csv")
    patients.write_text("image,patient\n00,p\n01,p\n02,q\n03,q\n04,r\n05,r\n", encoding="utf-8")
    code, out, err = run("agreement", study, "--bootstrap", "20", "--clusters", patients)
    assert code == 0
    for said in (
        "20 draws of 3",
        "krippendorff_alpha",
        "ICC(3,1)",
        "Cohen's kappa",
        "mean IoU from",
    ):
        assert said in out
    assert "one patient" not in err


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("image,patient\n00,p\n00,q\n", "patients.csv, row 3"),
        ("image,patient\n00\n", "patients.csv, row 2"),
        ("00,p\n", "image,patient"),
        ("", "image,patient"),
    ],
)
def test_a_broken_table_of_patients_is_refused(run, study, table, said):
    patients = study.with_name("patients.csv")
    patients.write_text(table, encoding="utf-8")
    code, out, err = run("agreement", study, "--curves", "--clusters", patients)
    assert (code, out) == (1, "")
    assert said in err
    assert "Traceback" not in err


def test_a_threshold_that_is_both_is_printed_once(run, study):
    for iou, times in (("0.3", 1), ("0.5", 2)):
        lines = run("agreement", study, "--iou", iou)[1].splitlines()
        assert sum(line.startswith("IoU >= ") for line in lines) == times
        assert sum(" objects" in line for line in lines if line.startswith("IoU")) == 1
