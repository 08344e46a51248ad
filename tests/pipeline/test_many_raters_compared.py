"""Of a crowd those who share the most are compared two by two, and all pooled."""

import dataclasses

import numpy as np
import pytest

from napari_consensus.agreement.counting import count_agreement
from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.figures.objects_per_image import objects_per_image
from napari_consensus.figures.rater_matrix import rater_matrix
from napari_consensus.figures.raters_per_object import raters_per_object
from napari_consensus.pipeline import agreement, agreement_statistics, described
from napari_consensus.resampling import estimates, percentile_interval

MOST = 4


def crowd():
    """Raters 0 to 6 mark 1 to 7 cells of a row on two images; a marks as many as its number."""
    rows = [
        (image, str(rater), [50 * k, 0, 50 * k + 20, 30 + rater + k % 3], "uv"[(k + rater) % 2])
        for image in ("i", "j")
        for rater in range(7)
        for k in range(rater + 1)
    ]
    return annotations_from_boxes(
        [row[2] for row in rows],
        image=[row[0] for row in rows],
        rater=[row[1] for row in rows],
        category=[row[3] for row in rows],
    )


@pytest.fixture(scope="module")
def both():
    """Numbers with every two raters, and with those of four."""
    whole = agreement_statistics(crowd(), replicates=12)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(described, "MOST_RATERS", MOST)
        return whole, agreement_statistics(crowd(), replicates=12)


def test_those_who_share_the_most_are_compared_and_it_is_said(both):
    whole, few = both
    assert whole.raters == few.raters == 7
    assert len(whole.pairs) == 21
    assert [(p.a, p.b) for p in few.pairs] == [
        ("3", "4"), ("3", "5"), ("3", "6"), ("4", "5"), ("4", "6"), ("5", "6"),
    ]  # fmt: skip
    assert few.notes[0].startswith("4 of the 7 raters are compared two by two")
    assert not any("two by two" in note for note in whole.notes)
    assert [(d.a, d.b) for d in few.counts[0].differences] == [(p.a, p.b) for p in few.pairs]
    assert few.counts[0].counts.shape == (2, 7)


def test_numbers_of_two_raters_and_of_all_do_not_depend_on_who_else_is_compared(both):
    whole, few = both
    held = {(pair.a, pair.b): pair for pair in whole.pairs}
    for pair in few.pairs:
        full = held[pair.a, pair.b]
        for name in (field.name for field in dataclasses.fields(pair)):
            mine, theirs = getattr(pair, name), getattr(full, name)
            if name == "confusion":
                np.testing.assert_array_equal(mine, theirs)
            elif name == "sorted_curve":
                np.testing.assert_array_equal(mine.iou, theirs.iou)
                assert mine.area == theirs.area
            else:
                assert repr(mine) == repr(theirs)
    assert repr(few.curve) == repr(whole.curve)
    assert repr(few.numbers) == repr(whole.numbers)
    assert few.sorted_curve.area == whole.sorted_curve.area
    every = {(pair.a, pair.b): pair for pair in agreement(crowd()).pairs}
    assert list(few.rater_pairs) == [every[p.a, p.b] for p in few.pairs]


def test_a_matrix_of_some_raters_says_of_how_many(both, monkeypatch):
    _, few = both
    monkeypatch.setattr(described, "MOST_RATERS", MOST)
    drawn = rater_matrix(few.rater_pairs, 0.5, intervals=few.pairs, raters=few.raters)
    assert len(drawn.parts) == 4 * 6
    assert drawn.notes[0].startswith("4 of the 7 raters")


def test_counts_of_many_raters_are_drawn_of_those_who_read_and_marked_the_most():
    counts = np.tile(np.arange(45.0), (3, 1))
    counts[2, 44] = np.nan
    names = tuple(f"r{k:02}" for k in range(45))
    drawn = objects_per_image(count_agreement(counts, names), ("i", "j", "k"))
    assert list(drawn.parts) == [f"rater-{k}" for k in range(4, 44)]
    assert "40 of the 45 raters are drawn" in drawn.notes[0]
    assert len(drawn.numbers["rater"]) == 3 * 45 - 1


def test_of_thousands_of_readers_bars_end_at_the_most_who_marked_an_object():
    held = {3000: dict.fromkeys(range(1, 3001), 0) | {1: 9, 2: 4, 31: 2}}
    drawn = raters_per_object(held, 0.3)
    assert list(drawn.parts) == [f"support-{k}" for k in range(1, 32)]
    assert len(drawn.numbers["objects"]) == 3000
    assert not drawn.figure.axes[0].texts


def test_intervals_of_draws_without_a_value_are_those_of_the_others():
    rng = np.random.default_rng(0)
    shape = (40, 6)
    drawn = np.where(rng.random(shape) < 0.4, np.nan, rng.random(shape))
    drawn[:, 2], drawn[1:, 4], drawn[:, 5] = np.nan, np.nan, rng.random(40)
    blocks = iter([drawn[:1], drawn[:32], drawn[32:]])
    found = estimates({"": lambda _: next(blocks)}, 3, 40, rng)[""]
    for held, own in zip(found, drawn.T, strict=True):
        assert (held.low, held.high) == pytest.approx(percentile_interval(own), nan_ok=True)
