"""Review replayed with a reference: what each order of review reaches, and how soon."""

from pathlib import Path

import numpy as np
import pytest

import napari_consensus as nc
from napari_consensus.errors import UndefinedError
from napari_consensus.queueing import simulate_review

CYTOCROWD = Path(__file__).parents[3] / "shared" / "cytocrowd"


def table(rows, names):
    boxes = [(x, 0, x + 10, 10) for _, _, x in rows]
    return nc.annotations_from_boxes(
        boxes,
        image=["a"] * len(rows),
        rater=[rater for rater, _, _ in rows],
        category=[category for _, category, _ in rows],
        read=np.ones((1, names), np.bool_),
    )


# Both agree at 0; only x sees 100; they are torn at 200, where "d" is right.
RATERS = [("x", "m", 0), ("y", "m", 0), ("x", "m", 100), ("x", "d", 200), ("y", "m", 200)]
REFERENCE = [("senior", "m", 0), ("senior", "d", 200), ("senior", "d", 300)]


@pytest.fixture(scope="module")
def simulated():
    return simulate_review(nc.reach_consensus(table(RATERS, 2)), table(REFERENCE, 1))


def test_every_order_starts_with_the_consensus_and_ends_with_all_that_can_be_gained(simulated):
    # At first 1 hit, 3 drawn, 3 in the reference; at last 2 hits of 2 drawn.
    for curve in simulated.curves.values():
        assert len(curve) == 4
        assert curve[[0, -1]] == pytest.approx([2 * 1 / 6, 2 * 2 / 5])


def test_each_decision_gains_what_it_puts_right(simulated):
    # Ours: the torn object (relabelled), the lone one (rejected), the agreed one (accepted).
    assert simulated.curves["ours"] == pytest.approx([2 / 6, 4 / 6, 4 / 5, 4 / 5])
    assert simulated.curves["entropy"] == pytest.approx([2 / 6, 4 / 6, 4 / 6, 4 / 5])
    assert simulated.curves["support"] == pytest.approx([2 / 6, 2 / 5, 2 / 5, 4 / 5])
    # 80 % of a gain of 7 / 15 is to .707.
    assert simulated.decisions_to[0.8] == {"ours": 2, "entropy": 3, "support": 3, "random": 3}


def test_it_says_that_a_real_reviewer_errs(simulated):
    assert any("a real reviewer errs, and is anchored" in note for note in simulated.notes)


def test_quality_over_decisions_is_that_of_the_evaluation():
    consensus, reference = nc.reach_consensus(table(RATERS, 2)), table(REFERENCE, 1)
    simulated = simulate_review(consensus, reference)
    assert simulated.curves["ours"][0] == nc.evaluate(consensus, reference).class_f1


def test_nothing_to_gain_is_said():
    with pytest.raises(UndefinedError, match="gain nothing here"):
        simulate_review(nc.reach_consensus(table(RATERS[:2], 2)), table(REFERENCE[:1], 1))


def test_without_categories_no_decision_can_gain_and_that_is_said():
    consensus = nc.reach_consensus(table(RATERS, 2))
    unnamed = table([(rater, None, x) for rater, _, x in REFERENCE], 1)
    for reference in (unnamed, unnamed.take(np.empty(0, np.int64))):
        with pytest.raises(UndefinedError, match="matches one of the reference that has a cat"):
            simulate_review(consensus, reference)


def test_where_the_reference_read_elsewhere_that_is_said():
    elsewhere = nc.annotations_from_boxes([(0, 0, 9, 9)], image=["b"], rater=["senior"])
    with pytest.raises(UndefinedError, match="no object of the consensus lies on an image that"):
        simulate_review(nc.reach_consensus(table(RATERS, 2)), elsewhere)


def test_images_that_the_reference_did_not_read_are_not_reviewed():
    rows = nc.annotations_from_boxes(
        [(0, 0, 9, 9), (50, 0, 59, 9), (0, 0, 9, 9)],
        image=["a", "a", "b"],
        rater=["x"] * 3,
        category=["m"] * 3,
    )
    reference = nc.annotations_from_boxes([(0, 0, 9, 9)], image=["a"], rater=["r"], category=["m"])
    assert len(simulate_review(nc.reach_consensus(rows), reference).curves["ours"]) == 3


@pytest.mark.skipif(not CYTOCROWD.exists(), reason="the CytoCrowd data are not here")
def test_on_real_raters_our_order_needs_less_than_half_of_a_random_one():
    study = nc.read(CYTOCROWD)
    found = simulate_review(nc.reach_consensus(study.annotations), study.reference, step=200)
    ratio = {s: n["ours"] / n["random"] for s, n in found.decisions_to.items()}
    assert ratio[0.8] <= 0.45
    assert ratio[0.9] <= 0.70
    for share in found.decisions_to.values():
        assert share["ours"] < min(share["entropy"], share["support"])
