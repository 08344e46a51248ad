"""The commands about scores: evaluate with average precision and calibration, ensembles."""

import json

import pytest

from napari_consensus import formats
from napari_consensus.samples.models import models_study


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Files of a generated study with models, and a study.json that says who taught them."""
    study = models_study(images=2, objects=9, models=2)
    folder = tmp_path_factory.mktemp("models")
    formats.write(study, folder / "marks.csv")
    raters = {name: {"trained_on": list(held)} for name, held in study.trained_on.items()}
    said = json.dumps({"version": 1, "raters": raters})
    (folder / "study.json").write_text(said, encoding="utf-8")
    return folder


def test_calibration_adds_the_error_and_the_bins(document, folder):
    found = document("evaluate", folder, "--rater", "1-0", "--calibration")
    assert found["scored_by"] == "score"
    assert 0 < found["d_ece"] < 1
    assert [b["low"] for b in found["bins"]] == [k / 10 for k in range(10)]
    assert found["bins"][0].keys() == {
        *("low", "high", "n", "confidence", "precision", "precision_low", "precision_high")
    }
    assert sum(b["n"] for b in found["bins"]) == found["tp"] + found["fp"]
    assert found["ece"] is None
    assert any("ece is undefined" in note for note in found["notes"])


def test_a_consensus_is_calibrated_by_both_of_its_probabilities(document, folder):
    found = document("evaluate", folder, "--calibration", "--exists", "share")
    assert found["scored_by"] == "exists"
    assert sum(b["n"] for b in found["bins"]) == found["tp"] + found["fp"]
    assert found["ece"] == 0
    assert found["ece_bins"][0].keys() == {
        *("low", "high", "n", "confidence", "accuracy", "accuracy_low", "accuracy_high")
    }
    empty = [b for b in found["bins"] if not b["n"]]
    assert all(b["confidence"] is b["precision"] is b["precision_low"] is None for b in empty)


def test_a_consensus_of_a_file_is_calibrated_as_the_one_it_was_written_from(
    document, folder, tmp_path
):
    written = tmp_path / "consensus.csv"
    document("consensus", folder, "-o", written)
    scores = "--calibration", "--average-precision"
    read = document("evaluate", folder, "--consensus", written, *scores)
    made = document("evaluate", folder, *scores)
    assert read["scored_by"] == "exists"
    assert read["d_ece"] == pytest.approx(made["d_ece"], abs=1e-6)
    assert read["bins"] == [pytest.approx(b, abs=1e-6, nan_ok=True) for b in made["bins"]]
    assert read["ap"] == pytest.approx(made["ap"])


def test_average_precision_adds_the_numbers_by_category_and_size(document, folder):
    found = document("evaluate", folder, "--rater", "2-0", "--sizes", "2500,5000")
    assert 0 < found["ap"] < found["ap50"] <= 1
    assert {"ap75", "ar", "ap_lowest", "ap_highest"} <= found.keys()
    (organoid,) = found["ap_categories"]
    assert (organoid["category"], organoid["ap"]) == ("organoid", found["ap"])
    assert [s["size"] for s in found["ap_sizes"]] == ["0 to 2500", "2500 to 5000", "5000 to inf"]
    assert sum(s["reference"] for s in found["ap_sizes"]) == organoid["reference"]


def test_a_bootstrap_adds_intervals_of_what_was_asked_for(document, folder):
    found = document("evaluate", folder, "--rater", "2-0", "--calibration", "--bootstrap", "20")
    assert found["intervals"].keys() == {"d_ece"}
    assert found["intervals"]["d_ece"]["low"] <= found["d_ece"]
    found = document("evaluate", folder, "--rater", "2-0", "--sizes", "coco", "--bootstrap", "20")
    assert found["intervals"].keys() == {"ap", "ap50", "ap75", "ar"}


def test_numbers_that_nobody_asked_for_are_not_there(document, folder):
    found = document("evaluate", folder)
    assert {"ap", "d_ece", "bins"}.isdisjoint(found)


def test_ensembles_say_size_for_size_how_calibrated_and_precise_they_are(document, folder):
    found = document("ensembles", folder, "--size", "2", "--size", "4", "--draws", "3")
    assert found["models"]["rater_specific"] == {"1": ["1-0", "1-1"], "2": ["2-0", "2-1"]}
    assert found["models"]["mixed"] == ["both-0", "both-1"]
    sizes = [(e["kind"], e["size"], e["drawn"], e["possible"]) for e in found["ensembles"]]
    assert sizes == [("rater-specific", 2, 3, 4), ("rater-specific", 4, 1, 1), ("mixed", 2, 1, 1)]
    assert found["ensembles"][0]["ap"].keys() == {"mean", "sd", "n"}
    assert found["ensembles"][1]["d_ece"]["sd"] is None
    assert any("sd is undefined" in note for note in found["notes"])


def test_people_see_tables(run, folder):
    code, out, _ = run("evaluate", folder, "--rater", "1-0", "--calibration", "--sizes", "coco")
    assert code == 0
    for said in ("D-ECE of score, IoU >= 0.50", "medium", "ap75"):
        assert said in out
    code, out, _ = run("ensembles", folder, "--size", "2")
    assert code == 0
    assert "AP50" in out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--rater", "nobody"], 1, "--rater 'nobody' is no rater of the study"),
        (["--rater", "1-0", "--consensus", "x.csv"], 2, "give one"),
        (["--sizes", "9,4"], 2, "--sizes '9,4'"),
        (["--sizes", "tall"], 2, "--sizes 'tall'"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_line(run, folder, arguments, code, said):
    found, out, err = run("evaluate", folder, *arguments)
    assert (found, out) == (code, "")
    assert said in err


def test_trained_on_stays_when_a_study_file_is_saved(run, folder, tmp_path):
    from napari_consensus.formats.discovery._study_file import read_study_file, study_text

    said = read_study_file(folder / "study.json")
    assert said.raters["both-1"].trained_on == ("1", "2")
    copy = tmp_path / "study.json"
    copy.write_text(study_text(said), encoding="utf-8")
    assert read_study_file(copy) == said
