"""Images drawn again: every replicate is what evaluating those images anew would give."""

from itertools import product

import numpy as np
import pytest

from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.evaluation import evaluate_detection
from napari_consensus.evaluation.bootstrap import SAMPLED, exchange_test, sampled_numbers
from napari_consensus.evaluation.counts import match_detections

N_IMAGES = 5


def study(rater, seed, wrong, images=range(N_IMAGES)):
    """One rater's marks on copies of generated images; copy k of an image is one of its own."""
    rows = []
    for copy, image in enumerate(images):
        rng = np.random.default_rng((seed, image))
        for k in range(2 + image):
            truth = "abc"[(image + k) % 3]
            said = "abc"[rng.integers(3)] if rng.random() < wrong else truth
            if rng.random() > wrong / 2:
                rows.append((f"{copy}-{image}", [20 * k, 0, 20 * k + 10, 10], said))
    return annotations_from_boxes(
        np.array([box for _, box, _ in rows], float),
        image=[image for image, _, _ in rows],
        rater=[rater] * len(rows),
        category=[category for _, _, category in rows],
    )


def evaluated(seed, images=range(N_IMAGES)):
    return evaluate_detection(study("x", seed, 0.5, images), study("gold", 0, 0.0, images))


class Chosen:
    """A generator that draws what it was told to."""

    def __init__(self, *draws):
        self.draws = np.array(draws)

    def multinomial(self, n, chances, size):
        assert n == len(chances) == self.draws.shape[1]
        assert size == len(self.draws)
        return self.draws


def test_every_replicate_is_an_evaluation_of_the_images_drawn():
    draws = ([1, 1, 1, 1, 1], [3, 0, 1, 1, 0], [0, 0, 0, 0, 5])
    found = sampled_numbers([evaluated(1).counts, evaluated(2).counts], 3, Chosen(*draws))
    for method, seed in enumerate((1, 2)):
        for replicate, times in enumerate(draws):
            anew = evaluated(seed, np.repeat(range(N_IMAGES), times))
            for number in SAMPLED:
                value = found[number][method, replicate]
                assert value == pytest.approx(getattr(anew, number)), number


def test_the_same_seed_draws_the_same_images():
    counts = [evaluated(1).counts]
    one, two = (sampled_numbers(counts, 20, np.random.default_rng(4)) for _ in range(2))
    np.testing.assert_array_equal(one["accuracy"], two["accuracy"])


def test_no_images_and_no_methods_have_no_numbers():
    assert sampled_numbers([], 7, np.random.default_rng(0))["f1"].shape == (0, 7)
    assert sampled_numbers([evaluated(1).counts], 0, np.random.default_rng(0))["f1"].shape == (1, 0)


class Every:
    """A generator that exchanges in every way there is, once."""

    def integers(self, low, high, size):
        assert (low, high) == (0, 2)
        assert size == (2**N_IMAGES, N_IMAGES)
        return np.array(list(product((0, 1), repeat=N_IMAGES)))


def test_the_chance_of_a_difference_is_that_of_all_ways_to_exchange_two_methods():
    first, second = evaluated(1).counts, evaluated(2).counts
    found = exchange_test(first, second, 2**N_IMAGES, Every())

    def accuracy(chosen):
        hits = sum(int(counts.hits[k].sum()) for k, counts in enumerate(chosen))
        return hits / sum(int(counts.categorised[k]) for k, counts in enumerate(chosen))

    reached, seen = 0, abs(accuracy([first] * N_IMAGES) - accuracy([second] * N_IMAGES))
    for ways in product((0, 1), repeat=N_IMAGES):
        one = accuracy([(first, second)[way] for way in ways])
        other = accuracy([(second, first)[way] for way in ways])
        reached += abs(one - other) >= seen - 1e-12
    assert found["accuracy"] == (1 + reached) / (1 + 2**N_IMAGES)
    assert 0 < found["accuracy"] < 1


def test_a_method_does_not_differ_from_itself():
    counts = evaluated(1).counts
    found = exchange_test(counts, counts, 50, np.random.default_rng(0))
    assert set(found.values()) == {1.0}


def test_without_exchanges_there_is_no_chance_to_state():
    counts = evaluated(1).counts
    assert all(
        np.isnan(p) for p in exchange_test(counts, counts, 0, np.random.default_rng(0)).values()
    )


def test_class_f1_of_a_draw_without_any_category_is_undefined_as_is_that_of_an_evaluation():
    boxes = [[0, 0, 10, 10], [0, 0, 10, 10]]
    marks, gold = (
        annotations_from_boxes(boxes, image=["i", "j"], rater=[name] * 2, category=["a", None])
        for name in ("x", "gold")
    )
    counts = evaluate_detection(marks, gold).counts
    drawn = sampled_numbers([counts], 3, Chosen([1, 1], [2, 0], [0, 2]))["class_f1"]
    assert drawn[0] == pytest.approx([0.5, 1, np.nan], nan_ok=True)


def test_differences_equal_on_paper_are_equally_large_whatever_rounding_makes_of_them():
    # Recalls of the categories a, b, c, each on an image of its own, differ by -1, -1/2, 1/2:
    # of the 8 ways to give these signs, 6 have a sum as far from 0.
    rows = [(g, k) for g, n in enumerate((1, 2, 6)) for k in range(n)]
    boxes = [[20 * k, 0, 20 * k + 10, 10] for _, k in rows]
    image, category = [f"i{g}" for g, _ in rows], ["abc"[g] for g, _ in rows]
    marks, gold = (
        annotations_from_boxes(boxes, image=image, rater=[name] * 9, category=category)
        for name in ("x", "gold")
    )
    match = match_detections(marks, gold)
    place = marks.vertices.reshape(-1, 4)[:, 0] / 20
    one, other = (
        match.counts(np.where(place < np.array(right)[marks.image], marks.category, -1))
        for right in ((0, 0, 4), (1, 1, 1))
    )
    p = exchange_test(one, other, 4000, np.random.default_rng(0))["macro_recall"]
    assert p == pytest.approx(6 / 8, abs=0.03)
