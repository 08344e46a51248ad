"""A study in the hands of who explores it: what it prints, and where its tables are."""

import copy
from dataclasses import replace

import pytest

import napari_consensus as nc
from napari_consensus.data.study import Study
from napari_consensus.errors import ParameterError


@pytest.fixture(scope="module")
def annotations():
    return nc.annotations_from_boxes(
        [[0, 0, 10, 20], [1, 0, 10, 20], [50, 60, 57, 69]],
        image=["i", "i", "j"],
        rater=["a", "b", "b"],
        category=["x", "x", "y"],
    )


def test_tables_are_printed_in_a_line_of_counts(annotations):
    printed = "Annotations(rows=3, images=2, categories=2, raters=2: a, b)"
    assert repr(annotations) == printed
    assert repr(Study(annotations)) == f"Study({printed}, reference=None, refused=0, notes=0)"
    consensus = nc.reach_consensus(annotations)
    assert repr(consensus) == "Consensus(objects=2, images=2, categories=2, tied=0)"


def test_of_many_raters_some_are_printed():
    names = [f"r{k:02}" for k in range(11)]
    table = nc.annotations_from_boxes([[0, 0, 2, 3]] * 11, image=["i"] * 11, rater=names)
    assert repr(table).endswith("raters=11: r00, r01, r02, r03, r04, r05, r06, r07, …)")


@pytest.mark.parametrize("function", [nc.agreement, nc.reach_consensus, nc.group, nc.compare])
def test_a_study_passed_as_annotations_says_where_they_are(function, annotations):
    with pytest.raises(AttributeError, match="what raters drew is its `annotations`"):
        function(Study(annotations))


@pytest.mark.parametrize("function", [nc.evaluate, nc.evaluate_precision, nc.calibration])
def test_a_study_without_a_reference_says_so_when_it_is_compared_with(function, annotations):
    with pytest.raises(ParameterError, match="there is no reference"):
        function(nc.reach_consensus(annotations), Study(annotations).reference)


def test_a_study_can_still_be_copied_changed_and_asked_for_what_it_lacks(annotations):
    study = Study(annotations, notes=("guessed",))
    for same in (copy.copy(study), copy.deepcopy(study), replace(study)):
        assert same.notes == ("guessed",)
    assert not hasattr(study, "voting")
