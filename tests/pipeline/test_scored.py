"""Scores of models and probabilities of a consensus, held against a reference."""

import math

import numpy as np
import pytest

from napari_consensus import pipeline
from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.errors import ParameterError


def at(x):
    return [x, 0, x + 10, 10]


def table(rows):
    """Annotations of (image, rater, x, category, score) rows."""
    return annotations_from_boxes(
        [at(x) for _, _, x, _, _ in rows],
        image=[image for image, *_ in rows],
        rater=[rater for _, rater, *_ in rows],
        category=[category for *_, category, _ in rows],
        score=[score for *_, score in rows],
    )


REFERENCE = table([("i", "gold", 0, "a", np.nan), ("i", "gold", 50, "b", np.nan)])
# Three raters: all see the first object, one of them calls it b; two see what is not there.
RATERS = table(
    [
        *(("i", rater, 0, said, np.nan) for rater, said in (("x", "a"), ("y", "a"), ("z", "b"))),
        *(("i", rater, 100, "b", np.nan) for rater in ("x", "y")),
    ]
)
MODEL = table([("i", "m", 0, "a", 0.875), ("i", "m", 50, "a", 0.625), ("i", "m", 100, "b", 0.5)])


def test_a_consensus_is_calibrated_by_the_share_of_raters_and_by_its_posterior():
    found = pipeline.calibration(pipeline.reach_consensus(RATERS), REFERENCE)
    held = {b.low: (b.n, b.confidence, b.right) for b in found.detection.bins if b.n}
    assert held == {0.6: (1, pytest.approx(2 / 3), 0), 0.9: (1, 1, 1)}
    assert found.detection.error == pytest.approx(1 / 3)
    (category,) = [b for b in found.category.bins if b.n]
    assert (category.n, category.confidence, category.right) == (1, pytest.approx(2 / 3), 1)
    assert (found.scored_by, found.by_category) == ("exists", False)


def test_a_model_is_calibrated_by_its_score_and_has_no_posterior():
    found = pipeline.calibration(MODEL, REFERENCE)
    assert found.by_category
    assert [(b.n, b.right) for b in found.detection.bins if b.n] == [(1, 0), (1, 0), (1, 1)]
    assert math.isnan(found.category.error)
    assert any(note.startswith("ece is undefined") for note in found.notes)
    whatever = pipeline.calibration(MODEL, REFERENCE, by_category=False)
    assert [b.right for b in whatever.detection.bins if b.n] == [0, 1, 1]


def test_average_precision_of_a_consensus_ranks_by_the_share_of_raters():
    found = pipeline.evaluate_precision(
        pipeline.reach_consensus(RATERS), REFERENCE, by_category=False
    )
    # One of two objects is found, and stands first.
    assert (found.ap, found.ar) == (pytest.approx(51 / 101), 0.5)


def test_who_gave_no_score_has_no_numbers_and_it_says_so():
    rater = RATERS.of_raters(np.array([True, False, False]))
    precise = pipeline.evaluate_precision(rater, REFERENCE)
    calibrated = pipeline.calibration(rater, REFERENCE)
    assert math.isnan(precise.ap)
    assert math.isnan(calibrated.detection.error)
    for found, name in ((precise, "ap"), (calibrated, "d_ece")):
        said = [note for note in found.notes if note.startswith(name)]
        assert "2 of 2 annotations have no score" in said[0]


def test_scores_that_are_no_probabilities_rank_and_are_not_calibrated():
    logits = table([("i", "m", 0, "a", 3.5), ("i", "m", 50, "b", -2.0)])
    assert pipeline.evaluate_precision(logits, REFERENCE).ap == 1
    found = pipeline.calibration(logits, REFERENCE)
    assert math.isnan(found.detection.error)
    assert any("1 scores are no probabilities" in n or "2 scores" in n for n in found.notes)


def test_nothing_annotated_has_no_calibration():
    found = pipeline.calibration(MODEL.take(np.zeros(3, bool)), REFERENCE)
    assert math.isnan(found.detection.error)
    assert "d_ece is undefined: nothing was annotated" in found.notes


def test_numbers_out_of_range_are_refused():
    with pytest.raises(ParameterError, match="max_detections is 0"):
        pipeline.evaluate_precision(MODEL, REFERENCE, max_detections=0)
    with pytest.raises(ParameterError, match="minimum_iou"):
        pipeline.calibration(MODEL, REFERENCE, 1.5)


def test_intervals_come_from_the_same_draws_and_say_what_they_do_not_know():
    reference = table([(i, "gold", x, "a", np.nan) for i in "ijkl" for x in (0, 50)])
    model = table(
        [
            (i, "m", x, "a", 0.8 if hit else 0.4)
            for i, x, hit in zip("ijkl", (0, 90, 0, 50), (1, 0, 0, 1), strict=True)
        ]
    )
    precise = pipeline.evaluate_precision(model, reference, replicates=50, seed=3)
    calibrated = pipeline.calibration(model, reference, replicates=50, seed=3)
    assert precise.intervals.keys() == {"ap", "ap50", "ap75", "ar"}
    for held, value in (
        (precise.intervals["ap"], precise.ap),
        (calibrated.interval, calibrated.detection.error),
    ):
        assert held.value == pytest.approx(value)
        assert held.low < value < held.high
    assert any("patient" in note for note in precise.notes)
    # All images are of one patient: there is nothing to draw from.
    one = pipeline.calibration(model, reference, replicates=50, clusters=dict.fromkeys("ijkl", "p"))
    assert math.isnan(one.interval.low)
    assert not any("patient" in note for note in one.notes)
