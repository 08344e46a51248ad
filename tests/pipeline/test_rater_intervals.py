"""Intervals of raters' numbers over images drawn again, by hand and by images copied."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import napari_consensus as nc
from napari_consensus.aggregation import DawidSkene
from napari_consensus.data.groups import Votes
from napari_consensus.errors import Cancelled, ParameterError
from napari_consensus.pipeline import rate_raters, rater_intervals

NAMES = ("mean_iou", "category_agreement", "trace", "spam_distance", "spam_score")


def drawn(objects):
    """Raters a, b and c, of whom c draws lower; (image, category, height of c) by object."""
    rows = [
        ([50 * k, 0, 50 * k + 10, h if rater == "c" else 10], image, rater, category)
        for k, (image, category, h) in enumerate(objects)
        for rater in "abc"
    ]
    boxes, images, raters, categories = zip(*rows, strict=True)
    return nc.annotations_from_boxes(boxes, image=images, rater=raters, category=categories)


@pytest.fixture(scope="module")
def rated():
    """Three objects of each category on i, where c overlaps by .8; one of each on j, by .6."""
    on_i = [("i", category, 8) for category in "xyxyxy"]
    return rate_raters(drawn([*on_i, ("j", "x", 6), ("j", "y", 6)]))


@pytest.fixture(scope="module")
def intervals(rated):
    return rater_intervals(rated, 60)


def test_the_mean_iou_of_matches_is_that_of_the_images_drawn(rated, intervals):
    # c with a and b: .8 twelve times and .6 four times; a with b 1 and with c the same.
    assert rated.marking.mean_iou.tolist() == [pytest.approx(0.875)] * 2 + [pytest.approx(0.75)]
    assert intervals.mean_iou[2].tolist() == [pytest.approx(0.6), pytest.approx(0.8)]
    assert intervals.mean_iou[0].tolist() == [pytest.approx(0.8), pytest.approx(0.9)]
    assert intervals.category_agreement.tolist() == [[1, 1]] * 3


def test_the_trace_is_that_of_a_model_fitted_to_the_images_drawn(rated, intervals):
    # All agree, so what is there is known. A tenth of a vote is in every cell: i twice makes
    # 2 (6.1 / 6.2), j twice 2 (2.1 / 2.2), and both 2 (4.1 / 4.2).
    assert rated.skills.trace.tolist() == [pytest.approx(2 * 4.1 / 4.2, abs=1e-3)] * 3
    low, high = pytest.approx(2 * 2.1 / 2.2, abs=1e-3), pytest.approx(2 * 6.1 / 6.2, abs=1e-3)
    assert intervals.trace.tolist() == [[low, high]] * 3
    # Rows (a, 1 - a) and (1 - a, a) lie (2 a - 1)^2 from their mean: n / (n + .2), squared.
    ends = [pytest.approx((2 / 2.2) ** 2, abs=2e-3), pytest.approx((6 / 6.2) ** 2, abs=2e-3)]
    assert intervals.spam_score.tolist() == [ends] * 3
    assert intervals.spam_distance.tolist() == [ends] * 3


def test_the_same_seed_gives_the_same_ends(rated):
    first, again = rater_intervals(rated, 15, 3), rater_intervals(rated, 15, 3)
    assert all(np.array_equal(getattr(first, n), getattr(again, n)) for n in NAMES)


def test_there_are_none_without_draws_or_where_every_draw_is_the_study(rated):
    for held in (
        rater_intervals(rated, 0),
        rater_intervals(rated, 10, clusters={"i": "slide", "j": "slide"}),
    ):
        assert all(np.isnan(getattr(held, name)).all() for name in NAMES)
    assert rater_intervals(rated, 0).notes == ()
    with pytest.raises(ParameterError, match="replicates is -1"):
        rater_intervals(rated, -1)


def test_models_are_fitted_fewer_times_than_sums_are_weighed(rated, monkeypatch):
    monkeypatch.setattr("napari_consensus.pipeline.rating_intervals.REFITS", 5)
    held = rater_intervals(rated, 300)
    assert (held.replicates, held.refits) == (300, 5)


def test_it_stops_where_that_is_asked(rated):
    def stop(done, total):
        if done > 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        rater_intervals(rated, 50, progress=stop)


@pytest.fixture(scope="module")
def crowd():
    """Five raters on forty objects of three images, who are right four times of five."""
    rng = np.random.default_rng(4)
    truth = rng.integers(0, 3, 40)
    said = np.where(rng.random((40, 5)) < 0.8, truth[:, None], rng.integers(0, 3, (40, 5)))
    objects, raters = np.divmod(np.arange(200), 5)
    return Votes(
        object=objects,
        rater=raters,
        category=said.ravel(),
        image=np.sort(rng.integers(0, 3, 40)),
        read=np.ones((3, 5), np.bool_),
        n_categories=3,
    )


def copied(votes, times):
    """Votes with each image as often as `times` says, its objects anew each time."""
    of_image = votes.image[votes.object]
    parts = [np.flatnonzero(of_image == k) for k, n in enumerate(times) for _ in range(n)]
    start = np.cumsum([0, *(len(np.unique(votes.object[rows])) for rows in parts)])
    number = [
        start[k] + np.unique(votes.object[rows], return_inverse=True)[1]
        for k, rows in enumerate(parts)
    ]
    rows = np.concatenate(parts)
    return replace(
        votes,
        object=np.concatenate(number),
        rater=votes.rater[rows],
        category=votes.category[rows],
        image=np.zeros(start[-1], np.int32),
        read=votes.read[:1],
    )


@pytest.mark.parametrize("times", [(1, 1, 1), (2, 0, 1), (0, 3, 0)])
def test_an_image_that_counts_twice_is_an_image_and_its_copy(crowd, times):
    again = DawidSkene().on_other_images(crowd)(np.array(times, np.float64))
    oracle = DawidSkene()(copied(crowd, times)).raters["confusion"]
    np.testing.assert_allclose(again, oracle, atol=5e-3)


def test_who_said_nothing_on_the_images_drawn_has_no_matrix(crowd):
    alone = crowd.object[crowd.image[crowd.object] == 0]
    kept = (crowd.rater != 4) | np.isin(crowd.object, alone)
    votes = replace(
        crowd, object=crowd.object[kept], rater=crowd.rater[kept], category=crowd.category[kept]
    )
    found = DawidSkene().on_other_images(votes)(np.array([0.0, 1.0, 1.0]))
    assert np.isnan(found[4]).all()
    assert not np.isnan(found[:4]).any()
    nobody = DawidSkene().on_other_images(votes)(np.zeros(3))
    assert np.isnan(nobody).all()
