"""The commands that draw."""

from __future__ import annotations

import json

import pytest

from napari_consensus.figures import study_figures
from napari_consensus.formats import write


@pytest.fixture(scope="module")
def folder(sample, tmp_path_factory):
    folder = tmp_path_factory.mktemp("drawn")
    write(sample.study, folder / "annotations.csv")
    return folder


def test_figures_are_written_with_captions_and_what_could_not_be_drawn(run, folder, tmp_path):
    asked = [f"--figure={name}" for name in ("f1_over_iou", "reliability_diagram", "ensemble_size")]
    out = tmp_path / "figures"
    arguments = ("figures", folder, "-o", out, "--format", "svg,csv", "--bootstrap", 10, *asked)
    code, said, _ = run(*arguments, "--json")
    assert code == 0
    document = json.loads(said)
    assert [figure["name"] for figure in document["figures"]] == [
        "f1_over_iou",
        "reliability_diagram",
    ]
    assert document["not_drawn"] == [
        {
            "name": "ensemble_size",
            "why": "no rater is a model; where one is, study.json says so by its kind",
        }
    ]
    assert sorted(document["written"]) == sorted(file.name for file in out.iterdir())
    assert "captions.md" in document["written"]
    assert "10 bootstrap draws of 4 images" in document["figures"][0]["caption"]
    assert "D-ECE" in (out / "captions.md").read_text(encoding="utf-8")
    code, _, said = run(*arguments)
    assert code == 1
    assert "ask to overwrite" in said
    code, _, said = run(*arguments, "--overwrite")
    assert code == 0
    assert "not drawn: ensemble_size: no rater is a model" in said


def test_a_rater_may_be_the_reference_and_names_may_stay_at_home(run, folder, tmp_path):
    code, said, _ = run(
        *("figures", folder, "-o", tmp_path, "--format", "csv", "--reference", "A", "--pseudonyms"),
        *("--figure", "rater_matrix", "--figure", "category_reliability_diagram", "--json"),
        *("--bootstrap", 0),
    )
    assert code == 0
    matrix = (tmp_path / "rater_matrix.csv").read_text(encoding="utf-8").splitlines()
    # Three are left, for the reference does not vote.
    assert len(matrix) == 1 + 3
    # A was the first of four, so rater-1 is no one here.
    assert matrix[1].startswith("rater-2,rater-3,")
    assert [figure["name"] for figure in json.loads(said)["figures"]][1:] == [
        "category_reliability_diagram"
    ]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--format", "gif"), "png, svg, pdf, csv"),
        (("--format", ","), "png, svg, pdf, csv"),
        (("--figure", "matrix"), "there is no figure 'matrix'"),
        (("--method", "nobody"), "nobody"),
    ],
)
def test_what_cannot_be_drawn_is_wrong_usage_and_leaves_no_folder(
    run, folder, tmp_path, arguments, why
):
    out = tmp_path / "out"
    code, _, said = run("figures", folder, "-o", out, *arguments)
    assert code == 2
    assert why in said
    assert not out.exists()


def test_a_contact_sheet_shows_what_two_raters_call_differently(run, folder, tmp_path):
    out = tmp_path / "sheet.pdf"
    arguments = ("contact-sheet", folder, "-o", out, "--rater", "A", "--rater", "B")
    code, said, _ = run(*arguments, "--categories", "NILM superficial,NILM intermediate", "--json")
    assert code == 0
    document = json.loads(said)
    assert document["title"] == "A says NILM superficial, B says NILM intermediate"
    assert document["written"] == ["sheet.pdf"]
    assert document["objects"] == len(document["shown"]) > 0
    for row in document["shown"]:
        said_by = dict(reversed(part.split(": ")) for part in row["votes"].split("; "))
        by = {name: answer for names, answer in said_by.items() for name in names.split(", ")}
        assert (by["A"], by["B"]) == ("NILM superficial", "NILM intermediate")
    assert out.read_bytes().startswith(b"%PDF")


def test_the_hardest_objects_are_printed_up_to_a_limit(run, folder, tmp_path):
    out = tmp_path / "sheet.png"
    code, said, told = run("contact-sheet", folder, "-o", out, "--hardest", 5, "--most", 3)
    assert code == 0
    assert "Hardest objects: 3 objects" in said
    assert "2 further objects" in told
    assert out.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (("--rater", "A"), 2, "takes two --rater"),
        (("--rater", "A", "--rater", "B", "--hardest", 3), 2, "give one"),
        (("--categories", "x,y"), 2, "needs two --rater"),
        (("--rater", "A", "--rater", "B", "--categories", "LSIL"), 2, "not two of"),
        (("--rater", "A", "--rater", "nobody"), 1, "nobody"),
        (("--rater", "A", "--rater", "B", "--iou", 1), 1, "there is nothing to print"),
    ],
)
def test_a_contact_sheet_of_nothing_is_refused(run, folder, tmp_path, arguments, code, why):
    found, _, said = run("contact-sheet", folder, "-o", tmp_path / "a.pdf", *arguments)
    assert (found, why in said) == (code, True), said
    assert not list(tmp_path.iterdir())


def test_where_figures_cannot_stand_is_said_before_any_is_drawn(run, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(study_figures, "study_figures", None)  # would be called to draw
    file = tmp_path / "file"
    file.touch()
    drawn = tmp_path / "drawn"
    drawn.mkdir()
    (drawn / "sorted_ap.svg").touch()
    for out, why in (
        (file, "this is a file, and no folder"),
        (file / "below", "there is no such folder to write to"),
        (drawn, "sorted_ap.svg: the file stands already"),
    ):
        code, said, err = run("figures", folder, "-o", out)
        assert (code, said, err.count("\n")) == (1, "", 1)
        assert why in err
