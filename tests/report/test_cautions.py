"""Every caution is given where it applies, and only there."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_consensus.aggregation import make_aggregator
from napari_consensus.data.annotations import Outline
from napari_consensus.data.raters import RaterKind
from napari_consensus.data.statements import RaterStatement
from napari_consensus.data.study import Study
from napari_consensus.errors import Refusal
from napari_consensus.report.cautions import cautions, names

BOX = (0, 0, 100, 100)


@pytest.fixture
def given(findings):
    def given(study, **settings):
        return {c.name: c.text for c in cautions(findings(study, **settings))}

    return given


@pytest.fixture
def drawn(build):
    """Two raters who draw the same on so many images, and call it p or what is said."""
    marks, _ = build

    def drawn(images=25, other="p", reference=None, **columns):
        table = marks(
            *((BOX, f"i{k}", "a", "p") for k in range(images)),
            *((BOX, f"i{k}", "b", other) for k in range(images)),
        )
        raters = replace(table.raters, **columns)
        return Study(replace(table, raters=raters), reference)

    return drawn


def with_raters(study, **columns):
    table = study.annotations
    return replace(study, annotations=replace(table, raters=replace(table.raters, **columns)))


def test_research_use_is_always_said(given, drawn):
    assert "not for diagnosis" in given(drawn(1))["research-use"]


def test_mean_iou_is_warned_of_where_marks_have_no_partner(given, drawn, build):
    marks, _ = build
    alone = marks((BOX, "i", "a", "p"), (BOX, "i", "b", "p"), ((200, 0, 300, 9), "i", "b", "p"))
    assert "33% of the annotations" in given(Study(alone))["matched-only"]
    assert "matched-only" not in given(drawn(2))


def test_a_selection_is_warned_of_where_one_rater_alone_saw_something(given, drawn, build):
    marks, _ = build
    alone = marks((BOX, "i", "a", "p"), (BOX, "i", "b", "q"), ((200, 0, 300, 9), "i", "b", "p"))
    assert "1 of 2 objects (50%)" in given(Study(alone))["selection"]
    assert "selection" not in given(drawn(2))


@pytest.mark.parametrize(("of_ten", "warned"), [(7, True), (6, False)])
def test_prevalence_is_warned_of_from_seventy_per_cent(given, build, of_ten, warned):
    marks, _ = build
    name = ["p" if k < of_ten else "q" for k in range(10)]
    both = marks(*((BOX, f"i{k}", rater, name[k]) for k in range(10) for rater in "ab"))
    assert ("prevalence" in given(Study(both))) is warned


def test_raters_who_err_together_are_warned_of(given, build):
    marks, as_reference = build

    def study(wrong_of):
        rows = [
            (BOX, f"i{k}", rater, "q" if k in wrong_of[rater] else "p")
            for k in range(20)
            for rater in "abc"
        ]
        table = marks(*rows)
        truth = marks(*(((0, 0, 100, 99), f"i{k}", "t", "p") for k in range(20)))
        return Study(table, as_reference(truth, table))

    together = {rater: {0, 1, 2, 3, 4} for rater in "abc"}
    said = given(study(together))["correlated-raters"]
    assert "3 of 3 pairs" in said
    assert "about 1.0 independent" in said
    apart = {"a": {0, 1, 2}, "b": {5, 6, 7}, "c": {10, 11, 12}}
    assert "correlated-raters" not in given(study(apart))


@pytest.mark.parametrize(("edge", "warned"), [(100, True), (99, False)])
def test_a_reference_that_took_outlines_over_is_warned_of(given, drawn, build, edge, warned):
    marks, as_reference = build
    study = drawn(3)
    truth = marks(*(((0, 0, 100, edge), f"i{k}", "t", "p") for k in range(3)))
    found = given(replace(study, reference=as_reference(truth, study.annotations)))
    assert ("reference-helped" in found) is warned
    if warned:
        assert found["reference-helped"].startswith("100.0% of the reference's outlines")


def test_equal_outlines_of_few_pixels_are_no_evidence(given, build):
    marks, as_reference = build
    small = (0, 0, 20, 20)
    table = marks((small, "i", "a", "p"), (small, "i", "b", "p"))
    truth = as_reference(marks((small, "i", "t", "p")), table)
    assert "reference-helped" not in given(Study(table, truth))


def test_an_unstated_basis_is_warned_of(given, drawn, build):
    marks, as_reference = build
    study = drawn(1)
    truth = as_reference(marks((BOX, "i0", "t", "p")), study.annotations)
    study = replace(study, reference=truth)
    assert "reference-basis" in given(study)
    assert "reference-basis" not in given(study, basis="a biopsy")
    assert "reference-basis" not in given(drawn(1))
    declared = {"t": RaterStatement(other={"basis": "two experts"})}
    told = replace(truth, raters=replace(truth.raters, statements=declared))
    assert "reference-basis" not in given(replace(study, reference=told))


@pytest.mark.parametrize(("images", "warned"), [(29, True), (30, False)])
def test_bins_and_categories_below_thirty_are_warned_of(given, drawn, build, images, warned):
    marks, as_reference = build
    study = drawn(images)
    truth = marks(*((BOX, f"i{k}", "t", "p") for k in range(images)))
    found = given(replace(study, reference=as_reference(truth, study.annotations)))
    assert ("small-bins" in found) is warned
    rare = drawn(images, other="q")
    assert ("rare-categories" in given(rare)) is warned


def test_clusters_are_asked_for_where_there_are_none(given, drawn, findings):
    study = drawn(25)
    assert "--clusters" in given(study)["unknown-clusters"]
    known = findings(study, {f"i{k}": f"p{k // 2}" for k in range(25)})
    assert "unknown-clusters" not in {c.name for c in cautions(known)}
    assert "unknown-clusters" not in given(study, replicates=0)


@pytest.mark.parametrize(("images", "warned"), [(19, True), (20, False)])
def test_few_images_are_warned_of(given, drawn, images, warned):
    assert ("few-images" in given(drawn(images))) is warned


def test_missing_intervals_say_why(given, drawn):
    assert "--bootstrap 0" in given(drawn(3), replicates=0)["no-intervals"]
    assert "one image" in given(drawn(1))["no-intervals"]
    assert "no-intervals" not in given(drawn(3))


def test_image_assisted_outlines_are_warned_of(given, drawn):
    study = drawn(2)
    table = study.annotations
    study = replace(study, annotations=replace(table, assisted=table.bounds + 1))
    assert "image-assisted" in given(study, method={"fusion": "assisted"})
    assert "image-assisted" not in given(study)


def test_prelabels_are_warned_of(given, build):
    marks, _ = build
    table = marks(*((BOX, "i", rater, "p") for rater in ("a", "b", "shown first")))
    kinds = (RaterKind.HUMAN, RaterKind.HUMAN, RaterKind.PRELABEL)
    assert "prelabels" in given(with_raters(Study(table), kinds=kinds))
    assert "prelabels" not in given(Study(table))


def test_who_raters_are_is_asked_for_and_what_they_saw(given, drawn):
    assert "of 2 of 2 raters" in given(drawn(1))["raters-not-stated"]
    said = {name: RaterStatement(years=4, blinded=name == "a") for name in "ab"}
    found = given(drawn(1, statements=said))
    assert "raters-not-stated" not in found
    assert found["not-blinded"].endswith("annotations: b.")
    said = {name: RaterStatement(blinded=True) for name in "ab"}
    assert "not-blinded" not in given(drawn(1, statements=said))


def test_different_images_are_warned_of(given, drawn):
    read = np.array([[True, True], [True, True], [True, True]])
    assert "different-images" not in given(drawn(3, read=read))
    table = drawn(3).annotations
    some = table.take(~((table.rater == 1) & (table.image == 0)))
    read = np.array([[True, False], [True, True], [True, True]])
    assert "different-images" in given(with_raters(Study(some), read=read))


def test_models_among_people_are_warned_of(given, drawn):
    human, model = RaterKind.HUMAN, RaterKind.MODEL
    assert "1 of 2 raters are models" in given(drawn(1, kinds=(human, model)))["models"]
    assert "models" not in given(drawn(1, kinds=(model, model)))
    assert "models" not in given(drawn(1))


def test_repeated_marks_are_warned_of(given, drawn, build):
    marks, _ = build
    twice = marks((BOX, "i", "a", "p"), ((0, 0, 100, 99), "i", "a", "p"), (BOX, "i", "b", "p"))
    assert "already: 1;" in given(Study(twice))["duplicates"]
    assert "duplicates" not in given(drawn(1))


def test_rows_left_out_are_warned_of(given, drawn):
    refused = (Refusal("x.csv", 3, "category", "?", "must be known"),)
    assert "1 row of" in given(replace(drawn(1), refused=refused))["refused-rows"]
    assert "refused-rows" not in given(drawn(1))


def test_a_method_that_did_not_converge_is_warned_of(given, build):
    marks, _ = build
    names = ["p", "q", "p", "p", "q", "q"]
    table = marks(
        *((BOX, f"i{k}", "a", names[k]) for k in range(6)),
        *((BOX, f"i{k}", "b", names[-k]) for k in range(6)),
        *((BOX, f"i{k}", "c", "p") for k in range(6)),
    )
    few = {"aggregator": make_aggregator("dawid-skene", {"max_iterations": 1})}
    assert "after 1 iteration," in given(Study(table), method=few)["not-converged"]
    assert "not-converged" not in given(Study(table))


def test_points_say_what_stands_for_overlap(given, drawn):
    study = drawn(1)
    table = study.annotations
    points = replace(
        table,
        vertices=table.vertices[::2],
        rings=np.arange(3),
        kind=np.full(2, Outline.POINT),
    )
    assert "1 - distance / 8" in given(Study(points))["points"]
    assert "points" not in given(study)


def test_every_rule_is_tested_both_ways():
    # One that is added without its two tests is found here.
    text = Path(__file__).read_text(encoding="utf-8")
    for name in names():
        assert f'"{name}"' in text
