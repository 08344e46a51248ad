"""Intervals of what is held against a reference, and of pairs of raters, against counting anew."""

from dataclasses import replace

import numpy as np
import pytest
import shapely

import napari_consensus as nc
from napari_consensus import pipeline
from napari_consensus.evaluation.calibration import (
    category_reliability,
    resampled_category_error,
)
from napari_consensus.evaluation.counts import match_detections
from napari_consensus.evaluation.detection import evaluation_of
from napari_consensus.geometry import covered_area
from napari_consensus.pipeline.evaluation_intervals import evaluation_intervals
from napari_consensus.resampling import resamples

NAMES = (
    *("precision", "recall", "f1", "f1_macro", "accuracy"),
    *("covered", "class_f1", "class_f1_macro", "macro_recall"),
)
BY_IMAGE = (*("matched", "categorised", "hits", "annotated_categories", "reference_categories"),)


@pytest.fixture(scope="module")
def consensus(sample):
    return pipeline.reach_consensus(sample.study.annotations)


@pytest.fixture(scope="module")
def counts(sample, consensus):
    return pipeline.evaluate(consensus, sample.study.reference).counts


def test_values_are_those_of_the_evaluation(counts):
    found, whole = evaluation_intervals(counts, 0), evaluation_of(counts)
    assert {name: held.value for name, held in found.items()} == pytest.approx(
        {name: getattr(whole, name) for name in NAMES}
    )
    assert all(np.isnan(held.low) for held in found.values())


def test_a_draw_of_images_is_an_evaluation_of_those_images(counts):
    once = evaluation_intervals(counts, replicates=1, seed=11)
    (times,) = resamples(len(counts.images), 1, np.random.default_rng(11))
    drawn = np.repeat(np.arange(len(counts.images)), times[0].astype(int))
    again = evaluation_of(_images(counts, drawn))
    found = {name: held.low for name, held in once.items()}
    assert found == pytest.approx({name: getattr(again, name) for name in NAMES})


def _images(counts, rows):
    """Counts of some images, each as often as it is asked for."""
    held = {name: getattr(counts, name)[rows] for name in BY_IMAGE}
    # Of the confusion, which is of all images together, the numbers use the diagonal alone.
    return replace(counts, **held, confusion=np.diag([*held["hits"].sum(axis=0), 0]))


def test_images_of_one_cluster_are_drawn_together(counts):
    one = evaluation_intervals(counts, 50, clusters=dict.fromkeys(counts.images, "patient"))
    assert np.isnan(one["f1"].low)
    halves = {name: "ab"[k % 2] for k, name in enumerate(counts.images)}
    two = evaluation_intervals(counts, 400, clusters=halves)["f1"]
    odd = np.arange(len(counts.images)) % 2 == 1
    ends = [evaluation_of(_images(counts, np.flatnonzero(half))).f1 for half in (odd, ~odd)]
    # Of two clusters a draw has the one twice, the other twice, or both.
    assert (two.low, two.high) == pytest.approx((min(ends), max(ends)))


def test_the_error_of_categories_is_that_of_the_diagram(sample, consensus):
    match = match_detections(consensus.shapes, sample.study.reference, 0.5)
    given = consensus.shapes.category, consensus.confidence
    statistic = resampled_category_error(match, *given)
    n = len(match.images)
    diagram = category_reliability(match, *given)
    assert statistic(np.ones((1, n)))[0, 0] == pytest.approx(diagram.error)
    # Every image twice changes nothing; an image never drawn is not there.
    assert statistic(np.full((1, n), 2.0))[0, 0] == pytest.approx(diagram.error)
    some = np.arange(n) % 2 == 0
    kept = some[match.reference_image[match.matched.second]]
    part = replace(match, matched=match.matched.take(kept))
    left = category_reliability(part, *given).error
    assert statistic(some[None].astype(float))[0, 0] == pytest.approx(left)


def test_pairs_of_raters_and_shares_of_objects_are_those_of_the_agreement(sample):
    table = sample.study.annotations
    plain = pipeline.agreement(table)
    found = pipeline.agreement_statistics(table, replicates=30)
    assert [(p.a, p.b) for p in found.pairs] == [(p.a, p.b) for p in plain.pairs]
    for held, pair in zip(found.pairs, plain.pairs, strict=True):
        assert held.f1.value == pytest.approx(pair.f1)
        assert held.mean_iou.value == pytest.approx(pair.mean_iou)
        assert held.f1.low < held.f1.value < held.f1.high
    shares = {k: n / plain.objects for k, n in plain.raters_per_object.items()}
    assert {k: held.value for k, held in found.support.items()} == pytest.approx(shares)


def test_raters_without_categories_are_rated_by_what_they_mark():
    boxes = [[0, 0, 10, 10], [0, 0, 10, 9], [20, 0, 30, 10]]
    table = nc.annotations_from_boxes(boxes, image=["i"] * 3, rater=["a", "b", "a"])
    found = pipeline.rate_raters(table)
    assert found.workload.tolist() == [2, 1]
    assert np.isnan(found.skills.spam_score).all()
    assert found.objects.margin.shape == (2,)


def test_outlines_that_share_an_edge_and_a_corner_have_a_mean():
    parts = shapely.MultiPolygon([shapely.box(0, 0, 2, 2), shapely.box(0, 4, 2, 6)])
    beside = shapely.box(2, 0, 5, 4)
    rings = covered_area(np.array([parts, beside]), np.ones(2))
    # They share no area, so that their mean is of the level that one covers: all 8 + 12.
    assert sum(shapely.area(shapely.Polygon(ring)) for ring in rings) == 20
