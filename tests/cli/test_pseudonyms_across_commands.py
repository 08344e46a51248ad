"""One rater has one pseudonym in all that is made of a study, whoever is left out."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from napari_consensus import reach_consensus, read, write
from napari_consensus.adjudication import DecisionLog, Review
from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.data.pseudonyms import pseudonyms_of
from napari_consensus.pipeline import Dropped, drop_before

# Annelise is rater-1, Bogumil rater-2, Cyrano rater-3 and Dragana reference-1.
MARKS = (
    "image,rater,category,xmin,ymin,xmax,ymax\n"
    "i.png,Annelise,mitosis,0,0,10,10\n"
    "i.png,Bogumil,mitosis,0,0,10,8\n"
    "i.png,Cyrano,debris,0,0,10,9\n"
    "j.png,Annelise,debris,50,50,60,60\n"
    "j.png,Bogumil,debris,50,50,60,61\n"
    "j.png,Cyrano,mitosis,50,50,60,62\n"
    "i.png,Dragana,mitosis,0,0,10,10\n"
    "j.png,Dragana,mitosis,50,50,60,60\n"
)
PEOPLE = ("Annelise", "Bogumil", "Cyrano", "Dragana")


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("study") / "marks.csv"
    path.write_text(MARKS, encoding="utf-8")
    said = {"version": 1, "raters": {"Dragana": {"kind": "reference"}}}
    path.with_name("study.json").write_text(json.dumps(said), encoding="utf-8")
    return path.parent


@pytest.fixture(scope="module")
def study(path):
    return read(path)


def boxes_of(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return {row["rater"]: float(row["ymax"]) for row in csv.DictReader(stream)}


def names_in(path):
    return [name for name in PEOPLE if name in path.read_text(encoding="utf-8")]


def test_of_a_study(run, path, tmp_path):
    assert run("convert", path, tmp_path / "all.csv", "--pseudonyms")[0] == 0
    expected = {"rater-1": 60, "rater-2": 61, "rater-3": 62, "reference-1": 60}
    assert boxes_of(tmp_path / "all.csv") == expected


def test_of_some_raters_of_it(study, tmp_path):
    table = study.annotations
    without_first = table.of_raters(np.array([False, True, True]))
    write(without_first, tmp_path / "two.csv", pseudonyms=True)
    assert boxes_of(tmp_path / "two.csv") == {"rater-2": 61, "rater-3": 62}
    last = without_first.of_raters(np.array([False, True]))
    write(last, tmp_path / "one.csv", pseudonyms=True)
    assert boxes_of(tmp_path / "one.csv") == {"rater-3": 62}


def test_who_is_called_like_a_pseudonym_is_not_given_another_later():
    table = annotations_from_boxes(
        [[0, 0, 10, 10], [0, 0, 10, 11], [0, 0, 10, 12]],
        rater=["rater-2", "rater-3", "rater-4"],
        image=["i"] * 3,
    )
    assert pseudonyms_of(table.raters) == {
        "rater-2": "rater-1",
        "rater-3": "rater-2",
        "rater-4": "rater-3",
    }
    rest = table.of_raters(np.array([False, True, True]))
    assert pseudonyms_of(rest.raters) == {"rater-3": "rater-2", "rater-4": "rater-3"}


def test_of_a_consensus_without_a_rater_and_of_who_was_left_out(study, tmp_path):
    left, step = drop_before(study.annotations, Dropped(("Annelise",)))
    consensus = reach_consensus(left, earlier=(step,))
    written = write(consensus, tmp_path / "c.csv", pseudonyms=True)
    said = json.loads(written[1].read_text(encoding="utf-8"))
    assert said["raters"] == ["rater-2", "rater-3"]
    assert json.loads(said["steps"][0]["parameters"]["raters"]) == ["rater-1"]
    assert "rater-2" in written[0].read_text(encoding="utf-8")
    assert [names_in(file) for file in written] == [[], [], []]


def test_of_a_gold_standard_over_it(run, study, path, tmp_path):
    left, step = drop_before(study.annotations, Dropped(("Annelise",)))
    decisions = tmp_path / "marks.decisions.sqlite"
    log = DecisionLog(decisions)
    review = Review(reach_consensus(left, earlier=(step,)), log, adjudicator="Zoe")
    review.accept(*review.consensus.shapes.id[:1].tolist())
    log.close()
    for command in (
        ("apply",),
        ("sign", "--adjudicator", "Zoe", "--basis", "panel", "--leave-out-open"),
    ):
        out = tmp_path / f"{command[0]}.geojson"
        arguments = (*command, path, "--decisions", decisions, "-o", out, "--pseudonyms")
        code, _, said = run(*arguments)
        assert code == 0, said
        held = json.loads(out.read_text(encoding="utf-8"))["features"][0]["properties"]
        assert json.loads(held["metadata"]["raters"]) == ["rater-2", "rater-3"]


def test_of_figures_and_sheets_where_one_of_them_is_the_reference(run, path, tmp_path):
    code, _, said = run(
        *("figures", path, "-o", tmp_path, "--format", "csv", "--figure", "rater_matrix"),
        *("--reference", "Annelise", "--pseudonyms", "--bootstrap", 0),
    )
    assert code == 0, said
    matrix = (tmp_path / "rater_matrix.csv").read_text(encoding="utf-8").splitlines()
    assert [row.split(",")[:2] for row in matrix[1:]] == [["rater-2", "rater-3"]]
    sheet = (
        "contact-sheet",
        path,
        "-o",
        tmp_path / "s.pdf",
        "--rater",
        "Bogumil",
        "--rater",
        "Cyrano",
    )
    code, said, _ = run(*sheet, "--pseudonyms", "--json")
    assert code == 0
    assert json.loads(said)["title"] == "What rater-2 and rater-3 call differently"


def test_of_a_report_where_one_of_them_is_the_reference(run, path, tmp_path):
    page = tmp_path / "page.html"
    code, _, said = run(
        "report", path, "-o", page, "--reference", "Annelise", "--bootstrap", 0, "--hardest", 0
    )
    assert code == 0, said
    text = page.read_text(encoding="utf-8")
    assert "rater-2 and rater-3" in text
    assert names_in(page) == []
