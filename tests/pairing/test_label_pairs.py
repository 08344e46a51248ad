"""Instances of two label images are paired exactly, by integers."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_consensus.agreement.curves import DSB_THRESHOLDS, sorted_ap
from napari_consensus.data._columns import offsets_of
from napari_consensus.data.annotations import Annotations, Outline
from napari_consensus.data.raters import RaterKind, RaterSet
from napari_consensus.errors import Cancelled, TableError
from napari_consensus.geometry import overlap
from napari_consensus.matching import best_matching, choose_pairs
from napari_consensus.pairing import overlapping_pairs
from napari_consensus.pairing.labels import label_pairs
from napari_consensus.raster.tracing import outlines_of_labels

PEERS = Path(__file__).parents[3] / "shared" / "peers" / "masks"
images = arrays(np.uint16, (5, 7), elements=st.integers(0, 4))

A = np.array(
    [
        [1, 1, 0, 0, 0],
        [1, 1, 0, 7, 7],
        [0, 0, 0, 7, 7],
        [3, 0, 0, 0, 0],
    ]
)
B = np.array(
    [
        [0, 2, 2, 0, 0],
        [0, 2, 2, 5, 5],
        [0, 0, 0, 5, 0],
        [0, 0, 0, 0, 9],
    ]
)


def as_dict(found):
    pairs = found.pairs()
    ours = found.label_a[pairs.first].tolist()
    theirs = found.label_b[pairs.second].tolist()
    return dict(zip(zip(ours, theirs, strict=True), pairs.iou.tolist(), strict=True))


def annotations_of(a, b):
    traced = [outlines_of_labels(image) for image in (a, b)]
    n = sum(len(t.label) for t in traced)
    return Annotations(
        images=("i",),
        raters=RaterSet(("a", "b"), (RaterKind.HUMAN,) * 2, np.ones((1, 2), np.bool_)),
        categories=(),
        image=np.zeros(n),
        rater=np.repeat([0, 1], [len(t.label) for t in traced]),
        category=np.full(n, -1),
        vertices=np.concatenate([t.vertices for t in traced]),
        rings=offsets_of(np.concatenate([np.diff(t.rings) for t in traced])),
        parts=offsets_of(np.concatenate([np.diff(t.parts) for t in traced])),
        kind=np.full(n, Outline.MASK),
        score=np.full(n, np.nan),
        session=np.zeros(n),
        id=np.arange(n),
    )


@pytest.fixture(scope="module")
def cells():
    if not PEERS.is_dir():
        pytest.skip("the label images of the peers are not beside the project's folder")
    with np.load(PEERS / "cells_1000.npz") as held:
        images = held["a"], held["b"]
    return *images, json.loads((PEERS / "expected.json").read_text(encoding="utf-8"))


def test_two_small_images_have_the_pairs_that_are_counted_by_hand():
    found = label_pairs(A, B)
    assert found.label_a.tolist() == [1, 3, 7]
    assert found.area_a.tolist() == [4, 1, 4]
    assert found.label_b.tolist() == [2, 5, 9]
    assert found.area_b.tolist() == [4, 3, 1]
    assert as_dict(found) == {(1, 2): 2 / 6, (7, 5): 3 / 4}
    assert found.dice() == 2 * 5 / (9 + 8)


def test_images_without_objects_have_no_pairs_and_no_dice():
    found = label_pairs(np.zeros((3, 4), np.uint8), np.zeros((3, 4), np.uint8))
    assert (len(found.label_a), len(found.label_b), len(found.shared)) == (0, 0, 0)
    assert np.isnan(found.dice())


@pytest.mark.parametrize(
    ("a", "b", "rule"),
    [
        (A, B[:3], r"not \(4, 5\) and \(3, 5\)"),
        (A.astype(float), B, "whole numbers, not float64"),
        (A[0], B[0], r"2-D"),
    ],
)
def test_what_are_no_two_label_images_is_refused(a, b, rule):
    with pytest.raises(TableError, match=rule):
        label_pairs(a, b)


def test_pairing_stops_where_progress_raises():
    def stop(done, total):
        raise Cancelled

    with pytest.raises(Cancelled):
        label_pairs(A, B, progress=stop)


def test_an_overlap_of_exactly_a_threshold_reaches_it_as_integers_do():
    shared, union = np.meshgrid(np.arange(1, 200), np.arange(1, 200))
    held = shared <= union
    for k in range(1, 20):
        exact = 20 * shared >= k * union
        assert ((shared / union >= k / 20) == exact)[held].all()


@settings(max_examples=20, deadline=None)
@given(images, images)
def test_pairs_are_those_of_every_two_masks(a, b):
    by_hand = {
        (i, j): ((a == i) & (b == j)).sum() / ((a == i) | (b == j)).sum()
        for i in np.unique(a[a > 0]).tolist()
        for j in np.unique(b[b > 0]).tolist()
        if ((a == i) & (b == j)).any()
    }
    assert as_dict(label_pairs(a, b)) == by_hand
    assert as_dict(label_pairs(np.asfortranarray(a.T), b.T)) == by_hand
    moved = np.roll(a, 2, axis=1), np.roll(b, 2, axis=1)
    assert as_dict(label_pairs(*moved)) == by_hand


@settings(max_examples=20, deadline=None)
@given(images, st.permutations([1, 2, 3, 4]))
def test_other_numbers_for_the_same_labels_change_no_overlap(a, order):
    names = np.array([0, *order]) * 1_000_003
    other = np.roll(a, 1, axis=0)
    before, after = as_dict(label_pairs(a, other)), as_dict(label_pairs(names[a], other))
    assert after == {(int(names[i]), j): iou for (i, j), iou in before.items()}


@settings(max_examples=20, deadline=None)
@given(images, images)
def test_outlines_of_pixels_overlap_as_their_pixels_do(a, b):
    found = label_pairs(a, b)
    table = annotations_of(a, b)
    pairs = overlapping_pairs(table)
    assert np.sort(pairs.iou).tolist() == np.sort(found.pairs().iou).tolist()
    slow = overlap(table, table, pairs.first, pairs.second, np.zeros(len(table)))
    assert pairs.iou == pytest.approx(slow, abs=1e-12)


def test_counts_at_ten_thresholds_are_those_of_stardist(cells):
    a, b, expected = cells
    found = label_pairs(a, b)
    pairs = found.pairs()
    assert (len(found.label_a), len(found.label_b)) == (expected["n_true"], expected["n_pred"])
    matched = [best_matching(pairs, t) for t in DSB_THRESHOLDS]
    tp = [len(m) for m in matched]
    assert tp == expected["stardist_tp"]
    n = expected["n_true"] + expected["n_pred"]
    assert [k / (n - k) for k in tp] == pytest.approx(expected["stardist_accuracy"], abs=1e-12)
    assert [m.iou.sum() / expected["n_true"] for m in matched] == pytest.approx(
        expected["mean_true_score"], abs=1e-6
    )


@pytest.mark.parametrize("seed", range(5))
def test_matching_of_stardist_finds_as_many_with_the_same_overlap(seed):
    stardist = pytest.importorskip("stardist.matching", reason="stardist is not installed")
    rng = np.random.default_rng(seed)
    # Blocks of labels, the second image's shifted, so that many overlaps are equal.
    a = np.kron(rng.integers(0, 40, (9, 13)), np.ones((4, 3), np.int64))
    b = np.roll(np.where(rng.random(a.shape) < 0.1, 0, a), (1, -1), (0, 1))
    found = label_pairs(a, b)
    pairs = found.pairs()
    for threshold in DSB_THRESHOLDS:
        theirs = stardist.matching(a, b, thresh=threshold)
        matched = best_matching(pairs, threshold)
        assert (len(matched), len(found.label_a), len(found.label_b)) == (
            *(theirs.tp, theirs.n_true, theirs.n_pred),
        )
        assert matched.iou.sum() / theirs.n_true == pytest.approx(theirs.mean_true_score, abs=1e-6)


def test_sorted_ap_is_that_of_its_authors(cells):
    a, b, expected = cells
    found = label_pairs(a[:250, :250], b[:250, :250])
    pairs = found.pairs()
    chosen = choose_pairs(
        pairs.first.astype(np.int64), pairs.second.astype(np.int64), pairs.iou, most_first=False
    )
    counts = len(found.label_a), len(found.label_b)
    assert (*counts, len(chosen)) == (59, 54, 53)
    iou = pairs.iou[chosen]
    assert sorted_ap(iou, *counts) == pytest.approx(expected["sorted_ap_step"], abs=1e-12)
    assert sorted_ap(iou, *counts, interpolation="reference") == pytest.approx(
        expected["sorted_ap_reference_trapezoid"], abs=1e-12
    )


def test_masks_overlap_as_pycocotools_says(cells):
    mask = pytest.importorskip("pycocotools.mask", reason="pycocotools is not installed")
    a, b = (image[:120, :150] for image in cells[:2])
    found = label_pairs(a, b)
    ours, theirs = (
        mask.encode(np.asfortranarray((image[..., None] == labels).astype(np.uint8)))
        for image, labels in ((a, found.label_a), (b, found.label_b))
    )
    iou = mask.iou(ours, theirs, [0] * len(theirs))
    pairs = found.pairs()
    assert iou[pairs.first, pairs.second] == pytest.approx(pairs.iou, abs=1e-12)
    assert (iou > 0).sum() == len(pairs)
