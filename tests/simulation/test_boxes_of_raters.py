"""Raters do to objects what their habits say."""

import numpy as np
import pytest

from napari_consensus.errors import ParameterError
from napari_consensus.grouping import group
from napari_consensus.simulation import Habits, Scene, simulate_boxes

PERFECT = Habits(miss=0, invent=0, shift=0, resize=0, confuse=0)


def draw(*raters, scene=None, seed=0):
    return simulate_boxes(scene or Scene(4, 50, 3), raters, np.random.default_rng(seed))


def test_who_does_nothing_wrong_marks_what_is_there():
    found = draw(PERFECT)
    assert np.allclose(found.annotations.bounds, found.reference.bounds, rtol=0, atol=1e-9)
    assert np.array_equal(found.annotations.category, found.reference.category)
    assert len(found.reference) == 4 * 50
    assert found.reference.bounds.min() >= 0
    assert found.reference.bounds.max() <= found.size[0]


def test_marks_are_missed_and_invented_at_their_rates():
    missed = draw(Habits(miss=0.3, invent=0, shift=0, resize=0), scene=Scene(10, 100, 3))
    assert len(missed.annotations) / 1000 == pytest.approx(0.7, abs=0.06)
    invented = draw(Habits(miss=1, invent=0.4), scene=Scene(10, 100, 3))
    assert len(invented.annotations) / 1000 == pytest.approx(0.4, abs=0.06)


def test_shifted_marks_still_group_into_the_objects_there_are():
    found = draw(*[Habits(miss=0, invent=0, shift=0.05, resize=0.05)] * 3)
    groups = group(found.annotations, 0.3)
    assert groups.n_objects == 200
    assert (groups.support == 3).all()


def test_raters_who_share_everything_make_the_same_mistakes():
    alike = draw(*[Habits(miss=0.3, invent=0.2, shift=0, resize=0, confuse=0.4, share=1)] * 2)
    a, b = (alike.annotations.take(alike.annotations.rater == k) for k in range(2))
    assert np.array_equal(a.bounds, b.bounds)
    assert np.array_equal(a.category, b.category)
    apart = draw(*[Habits(miss=0.3, invent=0.2, shift=0, resize=0, confuse=0.4)] * 2)
    a, b = (apart.annotations.take(apart.annotations.rater == k) for k in range(2))
    assert len(a) != len(b) or not np.array_equal(a.bounds, b.bounds)


def test_confused_categories_are_others():
    found = draw(Habits(miss=0, invent=0, shift=0, resize=0, confuse=1))
    assert (found.annotations.category != found.reference.category).all()


def test_the_same_seed_draws_the_same():
    one, two = draw(Habits(), seed=5), draw(Habits(), seed=5)
    assert np.array_equal(one.annotations.bounds, two.annotations.bounds)


@pytest.mark.parametrize(
    "call",
    [
        lambda: Habits(miss=1.1),
        lambda: Habits(shift=float("nan")),
        lambda: Scene(images=0),
        lambda: Scene(side=0),
        lambda: simulate_boxes(Scene(), (), np.random.default_rng(0)),
    ],
)
def test_a_number_out_of_range_is_refused(call):
    with pytest.raises(ParameterError):
        call()
