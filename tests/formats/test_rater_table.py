"""raters.csv says who the raters are, and what it says stays with them."""

import json

import numpy as np
import pytest

from napari_consensus.errors import ReadError, RefusedError
from napari_consensus.formats import read, write
from napari_consensus.pipeline import reach_consensus

MARKS = (
    "image,rater,category,xmin,ymin,xmax,ymax\n"
    "i,a,x,0,0,9,9\ni,b,x,0,0,9,8\ni,b,y,20,0,29,8\ni,reference,x,0,0,9,9\n"
)
TABLE = (
    "Rater,qualification,years,blinded,declared by,guideline version,site\n"
    "a,FRCPath,12.5,yes,the lab,2.1,north\n"
    "reference,panel of three,,no,,,\n"
    "z,student,1,,,,\n"
)


@pytest.fixture
def study_with(tmp_path):
    def make(table):
        (tmp_path / "marks.csv").write_text(MARKS, encoding="utf-8")
        (tmp_path / "raters.csv").write_text(table, encoding="utf-8")
        return tmp_path

    return make


def test_statements_stay_with_their_raters(study_with):
    study = read(study_with(TABLE))
    (name,) = study.annotations.raters.statements
    said = study.annotations.raters.statements[name]
    assert (name, said.qualification, said.years, said.blinded) == ("a", "FRCPath", 12.5, True)
    assert (said.declared_by, said.guideline_version) == ("the lab", "2.1")
    assert said.other == {"site": "north"}
    assert study.reference.raters.statements["reference"].blinded is False
    only_a = study.annotations.of_raters(np.array([True, False]))
    assert only_a.raters.statements["a"] == said


def test_a_rater_the_study_does_not_know_is_noted_and_the_table_is_no_stray_file(study_with):
    notes = read(study_with(TABLE)).notes
    assert "raters.csv: the study has no rater 'z'" in notes
    assert not [note for note in notes if "passed over" in note]


def test_a_file_named_alone_has_the_table_beside_it(study_with):
    study = read(study_with(TABLE) / "marks.csv")
    assert study.annotations.raters.statements["a"].years == 12.5


@pytest.mark.parametrize("pseudonyms", [False, True])
def test_statements_are_part_of_the_provenance(study_with, tmp_path, pseudonyms):
    folder = study_with(TABLE)
    consensus = reach_consensus(read(folder).annotations)
    out = tmp_path / "out.csv"
    write(consensus, out, pseudonyms=pseudonyms)
    text = out.with_name("out.csv.provenance.json").read_text(encoding="utf-8")
    said = json.loads(text)["rater_statements"]
    if pseudonyms:
        assert said == {
            "rater-1": {"qualification": "FRCPath", "years": 12.5, "blinded": True,
                        "guideline_version": "2.1"}
        }  # fmt: skip
    else:
        assert said["a"]["declared_by"] == "the lab"
        assert said["a"]["site"] == "north"


def test_a_statement_is_one_sentence(study_with):
    said = read(study_with(TABLE)).annotations.raters.statements["a"]
    assert said.sentence() == (
        "qualification: FRCPath; years: 12.5; declared by: the lab; guideline version: 2.1; "
        "blinded: yes; site: north"
    )


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ("rater,years\na,many\n", "row 2, years 'many': must be a number of years"),
        ("rater,years\na,-1\n", "row 2, years '-1': must be a number of years"),
        ("rater,blinded\na,perhaps\n", "row 2, blinded 'perhaps': must be yes or no"),
        ("rater,years\na,1\na,2\n", "row 3, rater 'a': a rater is stated once"),
        ("rater,years\n,1\n", "row 2, rater '': a statement needs a rater"),
        ("rater,years\na\n", "row 2"),
    ],
)
def test_a_row_that_breaks_a_rule_is_refused(study_with, table, why):
    with pytest.raises(RefusedError, match=why):
        read(study_with(table))


def test_a_table_without_raters_is_refused(study_with):
    with pytest.raises(ReadError, match="there is no column 'rater'; there are name, years"):
        read(study_with("name,years\na,1\n"))
