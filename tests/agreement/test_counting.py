"""Counts by image, their intraclass correlations and limits of agreement."""

import math

import numpy as np
import pytest

from napari_consensus.agreement.counting import (
    count_agreement,
    count_differences,
    counts_by_image,
    intraclass_correlations,
)
from napari_consensus.data.annotations import annotations_from_boxes

# Shrout and Fleiss 1979, table 2: 6 targets, 4 judges; ICC(2,1) .29, ICC(3,1) .71.
JUDGES = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float
)


def test_icc_of_the_published_table():
    agreement, consistency = intraclass_correlations(JUDGES)
    assert (agreement.kind, agreement.images, agreement.raters) == ("ICC(2,1)", 6, 4)
    assert consistency.kind == "ICC(3,1)"
    # pingouin 0.7 has .289763779528 and .714840714841.
    assert agreement.value == pytest.approx(0.289763779528, abs=1e-12)
    assert consistency.value == pytest.approx(0.714840714841, abs=1e-12)
    # Its intervals, which it rounds to two digits.
    assert (agreement.low, agreement.high) == pytest.approx((0.02, 0.76), abs=5e-3)
    assert (consistency.low, consistency.high) == pytest.approx((0.34, 0.95), abs=5e-3)


def test_a_constant_difference_of_raters_lowers_agreement_and_not_consistency():
    counts = np.array([[3.0, 8], [10, 15], [1, 6]])
    agreement, consistency = intraclass_correlations(counts)
    assert (consistency.value, consistency.low, consistency.high) == (1.0, 1.0, 1.0)
    assert 0 < agreement.value < 1


def test_equal_counts_agree_fully():
    for icc in intraclass_correlations(np.repeat(JUDGES[:, :1], 3, axis=1)):
        assert (icc.value, icc.low, icc.high) == (1.0, 1.0, 1.0)


def test_equal_densities_agree_fully_although_their_mean_is_rounded():
    # 1, 2 and 5 marks on 0.9 mm2: what three raters found alike is not the mean of the three.
    densities = np.repeat(np.array([[1.0], [2], [5]]) / 0.9, 3, axis=1)
    assert (densities.mean(axis=1) != densities[:, 0]).any()
    for icc in intraclass_correlations(densities):
        assert (icc.value, icc.low, icc.high) == (1.0, 1.0, 1.0)


def test_the_interval_of_absolute_agreement_is_undefined_where_nothing_but_raters_differ():
    # All the variance is the raters': no degrees of freedom are left for an interval.
    agreement, _ = intraclass_correlations(np.array([[3.0, 2], [3, 2]]))
    assert agreement.value == 0
    assert math.isnan(agreement.low)
    assert math.isnan(agreement.high)


@pytest.mark.parametrize(
    "counts",
    [
        np.full((5, 3), 4.0),
        np.full((7, 3), 0.1),
        np.array([[1.0, 2, 3]]),
        np.array([[1.0], [2], [4]]),
        np.array([[1.0, np.nan], [np.nan, 3], [5, 7]]),
        np.empty((0, 2)),
    ],
)
def test_icc_is_undefined_where_nothing_varies_or_too_little_is_there(counts):
    for icc in intraclass_correlations(counts):
        assert all(math.isnan(number) for number in (icc.value, icc.low, icc.high))


def test_limits_of_agreement_by_hand():
    counts = np.array([[4.0, 1], [6, 5], [3, 5], [np.nan, 9]])
    (found,) = count_differences(counts, ("a", "b"))
    # Differences 3, 1, -2: mean 2/3, sd sqrt(19/3).
    sd = math.sqrt(19 / 3)
    assert (found.a, found.b, found.images) == ("a", "b", 3)
    assert (found.bias, found.sd) == pytest.approx((2 / 3, sd))
    assert (found.lower, found.upper) == pytest.approx((2 / 3 - 1.96 * sd, 2 / 3 + 1.96 * sd))
    # Student's t of two degrees of freedom at .975 is 4.302653.
    assert found.bias_high - found.bias == pytest.approx(4.302653 * sd / math.sqrt(3), rel=1e-6)
    assert found.limit_error == pytest.approx(4.302653 * sd * math.sqrt(1 / 3 + 1.96**2 / 4))


def test_one_image_in_common_has_a_difference_and_no_limits():
    (found,) = count_differences(np.array([[4.0, 1], [np.nan, 2]]), ("a", "b"))
    assert found.bias == 3
    assert all(math.isnan(x) for x in (found.sd, found.lower, found.bias_low, found.limit_error))


def test_raters_with_no_image_in_common_have_no_difference():
    assert count_differences(np.array([[4.0, np.nan], [np.nan, 2]]), ("a", "b")) == ()


def test_an_image_read_without_a_mark_counts_zero_and_one_not_read_counts_nothing():
    table = annotations_from_boxes(
        [[0, 0, 1, 1], [5, 0, 6, 1], [0, 0, 1, 1]],
        image=["i", "i", "j"],
        rater=["a", "a", "b"],
        read=np.array([[True, True], [False, True]]),
    )
    np.testing.assert_array_equal(counts_by_image(table), [[2, 0], [np.nan, 1]])
    found = count_agreement(counts_by_image(table), table.raters.names)
    assert (found.of_raters["b"].mean, found.of_raters["b"].n) == (0.5, 2)
    assert found.differences[0].bias == 2
