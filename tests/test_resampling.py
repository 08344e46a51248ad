"""Images drawn again: what is drawn, and what a number then is."""

import math

import numpy as np
import pytest

from napari_consensus.errors import Cancelled, ParameterError
from napari_consensus.resampling import (
    Estimate,
    estimates,
    percentile_interval,
    ratio_of_sums,
    resamples,
    shares,
    spread,
)


def test_every_replicate_draws_as_many_images_as_there_are():
    blocks = list(resamples(300_000, 9, np.random.default_rng(0)))
    assert [len(block) for block in blocks] == [3, 3, 3]
    assert all((block.sum(axis=1) == 300_000).all() for block in blocks)


def test_images_of_one_patient_are_drawn_together_and_unread_ones_never():
    patients = np.array([0, 1, 0, -1, 2, 1])
    (times,) = resamples(6, 50, np.random.default_rng(1), patients)
    assert times.shape == (50, 6)
    np.testing.assert_array_equal(times[:, 0], times[:, 2])
    np.testing.assert_array_equal(times[:, 1], times[:, 5])
    assert not times[:, 3].any()
    # As many draws as there are patients.
    assert (times[:, [0, 1, 4]].sum(axis=1) == 3).all()
    assert (times[:, 0] != times[:, 1]).any()


def test_an_interval_leaves_out_replicates_without_a_value():
    values = np.append(np.arange(101) / 100, np.nan)
    assert percentile_interval(values) == pytest.approx((0.025, 0.975))
    assert all(math.isnan(end) for end in percentile_interval(np.array([np.nan])))


def test_an_estimate_is_the_statistic_of_the_study_and_percentiles_of_its_replicates():
    part, whole = np.array([[1.0, 0], [2, 1], [0, 1]]), np.array([[2.0, 1], [2, 1], [4, 2]])
    statistic = ratio_of_sums(part, whole)
    found = estimates({"share": statistic}, 3, 400, np.random.default_rng(7))["share"]
    assert [e.value for e in found] == [3 / 8, 2 / 4]
    (times,) = resamples(3, 400, np.random.default_rng(7))
    for k, estimate in enumerate(found):
        anew = [(t @ part[:, k]) / (t @ whole[:, k]) for t in times]
        assert (estimate.low, estimate.high) == pytest.approx(np.quantile(anew, [0.025, 0.975]))


def test_statistics_share_their_draws():
    one = ratio_of_sums(np.array([[1.0], [2], [5]]), np.ones((3, 1)))
    twice = ratio_of_sums(np.array([[2.0], [4], [10]]), np.ones((3, 1)))
    found = estimates({"one": one, "twice": twice}, 3, 60, np.random.default_rng(3))
    assert found["twice"][0].low == 2 * found["one"][0].low
    assert found["twice"][0].high == 2 * found["one"][0].high


@pytest.mark.parametrize(("images", "replicates"), [(1, 30), (4, 0)])
def test_there_is_no_interval_of_one_image_or_without_replicates(images, replicates):
    statistic = ratio_of_sums(np.ones((images, 1)), np.full((images, 1), 4.0))
    (found,) = estimates({"x": statistic}, images, replicates, np.random.default_rng(0))["x"]
    assert found.value == 0.25
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_no_images_give_no_number():
    statistic = ratio_of_sums(np.empty((0, 1)), np.empty((0, 1)))
    (found,) = estimates({"x": statistic}, 0, 30, np.random.default_rng(0))["x"]
    assert math.isnan(found.value)
    assert found != Estimate(0.0)


def test_a_cancel_stops_the_draws():
    def stop(done, total):
        if done:
            raise Cancelled

    statistic = ratio_of_sums(np.ones((3, 1)), np.ones((3, 1)))
    with pytest.raises(Cancelled):
        estimates({"x": statistic}, 3, 1000, np.random.default_rng(0), progress=stop)


def test_a_negative_number_of_replicates_is_refused():
    with pytest.raises(ParameterError, match="replicates is -1"):
        estimates({}, 3, -1, np.random.default_rng(0))


def test_a_share_of_nothing_is_undefined():
    np.testing.assert_array_equal(shares(np.array([0, 3]), np.array([0, 4])), [np.nan, 0.75])


def test_a_spread_says_what_it_is_over_and_leaves_out_what_is_undefined():
    found = spread(np.array([1.0, np.nan, 2, 6]), "models")
    assert (found.over, found.mean, found.n) == ("models", 3.0, 3)
    assert found.sd == pytest.approx(np.sqrt(7))
    assert math.isnan(spread(np.array([4.0]), "images").sd)
    assert math.isnan(spread(np.array([]), "images").mean)
