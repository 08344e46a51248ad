"""The command inspect shows the grid, what is guessed, and saves it."""

from __future__ import annotations

import json

import pytest

HEADER = "image,category,xmin,ymin,xmax,ymax\n"


@pytest.fixture
def study(tmp_path):
    folder = tmp_path / "study"
    folder.mkdir()
    for rater, name in (("anna", "ASC-US"), ("ben", "ascus"), ("gt", "HSIL")):
        rows = f"s1.png,{name},0,0,9,8\ns1.png,{name},20,20,29,28\n"
        more = "s2.png,,,,,\n" if rater == "ben" else ""
        (folder / f"{rater}.csv").write_text(HEADER + rows + more, encoding="utf-8")
    (folder / "notes.txt").write_text("-", encoding="utf-8")
    (folder / "s3.png").write_text("-", encoding="utf-8")
    return folder


def test_one_json_document_says_all(run, study):
    code, out, err = run("inspect", study, "--json", "--quiet")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert found["images"] == ["s1.png", "s2.png"]
    assert [(r["name"], r["kind"], r["annotations"]) for r in found["raters"]] == [
        ("anna", "human", 2), ("ben", "human", 2), ("gt", "reference", 2),
    ]  # fmt: skip
    assert found["counts"] == [[2, 2, 2], [0, 0, 0]]
    assert found["read"] == [[True, True, True], [False, True, False]]
    assert found["guessed"] == [[True, True, True], [False, True, False]]
    assert found["files"][0]["raters"] == [
        {"name": "anna", "basis": "guessed", "why": "name of the file"}
    ]
    assert [u["file"] for u in found["unmatched"]] == ["notes.txt"]
    assert found["unread"] == ["s3.png"]
    assert found["without_common_category"] == [["anna", "ben"]]
    assert found["category_proposals"] == [{"name": "ASC-US", "synonyms": ["ascus"]}]
    assert found["joint_proposals"] == [{"image": "s1.png", "raters": ["anna", "ben"]}]


def test_people_see_the_grid_with_guesses_marked(run, study):
    code, out, err = run("inspect", study)
    assert code == 0
    for text in ("2?", "gt (reference)", "0?", "notes.txt", "images nobody read: 1: s3.png",
                 "ascus may mean ASC-US", "annotated jointly"):  # fmt: skip
        assert text in out
    assert "note: 3 files name no rater" in err


def test_what_was_found_is_saved_where_it_belongs(run, study, tmp_path):
    assert run("inspect", study, "--save", "study.json", "-q")[0] == 0
    assert not any(cell for row in document(run, study)["guessed"] for cell in row)
    assert run("inspect", study, "--save", study / "study.json", "-q")[0] == 1
    assert run("inspect", study, "--save", study / "study.json", "--overwrite", "-q")[0] == 0
    assert run("inspect", study, "--save", tmp_path / "study.json", "-q")[0] == 2
    assert run("inspect", study, "--save", "other.json", "-q")[0] == 2
    assert run("inspect", study / "anna.csv", "--save", "study.json", "-q")[0] == 2


def test_a_wrong_study_file_is_refused_in_one_line(run, study):
    (study / "study.json").write_text('{"version": 1, "rater": {}}', encoding="utf-8")
    code, out, err = run("inspect", study)
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert "rater: there is no such entry" in err


def test_bad_rows_are_shown_and_end_as_with_every_other_command(run, study):
    with (study / "ben.csv").open("a", encoding="utf-8") as file:
        file.write("s1.png,HSIL,9,9,1,1\n")
    code, out, err = run("inspect", study, "-q")
    assert code == 1
    assert "ben.csv: 1 rows are refused" in out
    assert "ben.csv, row 5, xmax" in err
    found = document(run, study, "--skip-refused")
    assert [row["row"] for row in found["refused"]] == [5]


def document(run, *arguments):
    code, out, err = run("inspect", *arguments, "--json", "--quiet")
    assert (code, err) == (0, "")
    return json.loads(out)
