"""Masks merge pixel by pixel, by majority and by STAPLE."""

import numpy as np
import pytest

from napari_consensus.data._columns import offsets_of
from napari_consensus.data.annotations import Annotations, Outline
from napari_consensus.data.raters import RaterKind, RaterSet
from napari_consensus.errors import UndefinedError
from napari_consensus.fusion import fuse, masks
from napari_consensus.fusion.staple import staple
from napari_consensus.grouping import group
from napari_consensus.raster.runs import painted, runs_of_outlines
from napari_consensus.raster.tracing import outlines_of_labels

Y, X = np.mgrid[:13, :17]


def disk(y, x, radius):
    return (Y - y) ** 2 + (X - x) ** 2 <= radius * radius


MARKED = (disk(6, 8, 4), disk(6, 9, 4), disk(5, 8, 4))
# Of these three by STAPLEImageFilter of SimpleITK 2.5.
SENSITIVITY = (0.9259896003073738, 0.8776553546761142, 0.8776553546761138)
SPECIFICITY = (0.9792735631862817, 0.9654793592135369, 0.9654793592135369)


def table_of(*images):
    traced = [outlines_of_labels(np.asarray(image, np.int64)) for image in images]
    n = sum(len(t.label) for t in traced)
    return Annotations(
        images=("i",),
        raters=RaterSet(
            tuple(f"r{k}" for k in range(len(images))),
            (RaterKind.HUMAN,) * len(images),
            np.ones((1, len(images)), np.bool_),
        ),
        categories=(),
        image=np.zeros(n),
        rater=np.repeat(np.arange(len(images)), [len(t.label) for t in traced]),
        category=np.full(n, -1),
        vertices=np.concatenate([t.vertices for t in traced]),
        rings=offsets_of(np.concatenate([np.diff(t.rings) for t in traced])),
        parts=offsets_of(np.concatenate([np.diff(t.parts) for t in traced])),
        kind=np.full(n, Outline.MASK),
        score=np.full(n, np.nan),
        session=np.zeros(n),
        id=np.arange(n),
    )


def pixels_of(fused, shape):
    """Image of the fused outlines, object k as k + 1."""
    n = len(fused)
    table = table_of(np.zeros((2, 3)))
    category = tuple(f"{k:03}" for k in range(n))
    held = Annotations(
        images=table.images,
        raters=table.raters,
        categories=category,
        image=np.zeros(n),
        rater=np.zeros(n),
        category=np.arange(n),
        vertices=fused.vertices,
        rings=fused.rings,
        parts=fused.parts,
        kind=fused.kind,
        score=np.full(n, np.nan),
        session=np.zeros(n),
        id=np.arange(n),
    )
    return painted(runs_of_outlines(held), held.category + 1, np.arange(n), *shape)


def test_a_majority_of_three_is_what_two_of_them_marked():
    wide, tall = np.zeros((2, 5, 8), np.int64)
    wide[1:3, 1:6] = 1
    tall[1:4, 2:6] = 1
    small = wide.copy()
    small[1, 1] = 0
    fused = fuse(group(table_of(wide, tall, small)), "majority")
    assert (pixels_of(fused, wide.shape) == ((wide + tall + small) >= 2)).all()


def test_a_majority_of_two_is_what_both_marked_and_of_one_what_that_one_marked():
    a, b = np.zeros((2, 6, 9), np.int64)
    a[1:3, 1:5], a[5, 7:] = 1, 2
    b[1:3, 2:6] = 1
    fused = fuse(group(table_of(a, b)), "majority")
    seen = pixels_of(fused, a.shape)
    assert ((seen > 0) == ((a == 2) | ((a == 1) & (b == 1)))).all()


def test_objects_side_by_side_do_not_run_together(monkeypatch):
    monkeypatch.setattr(masks, "_PIXELS_AT_ONCE", 8)
    rng = np.random.default_rng(3)
    blocks = np.kron(rng.permutation(np.arange(1, 13)).reshape(3, 4), np.ones((2, 3), np.int64))
    fused = fuse(group(table_of(blocks, blocks, blocks)), "majority")
    seen = pixels_of(fused, blocks.shape)
    assert len(np.unique(seen)) == 12
    assert len(np.unique(np.stack([seen.ravel(), blocks.ravel()]), axis=1).T) == 12


def patterns(marked):
    code = sum(m.astype(np.int64) << k for k, m in enumerate(marked))
    key, pixels = np.unique(code, return_counts=True)
    bits = (key[:, None] >> np.arange(len(marked))) & 1 == 1
    return key, bits, pixels, code


def test_staple_on_patterns_is_that_of_simpleitk():
    _, bits, pixels, _ = patterns(MARKED)
    found = staple(bits, np.ones_like(bits), pixels)
    assert found.converged
    assert found.sensitivity == pytest.approx(SENSITIVITY, abs=1e-7)
    assert found.specificity == pytest.approx(SPECIFICITY, abs=1e-7)


def smooth_masks(seed, raters):
    """Overlapping masks of raters who err at the rim, as people do."""
    rng = np.random.default_rng(seed)
    return tuple(
        disk(6 + rng.normal(0, 0.7), 8 + rng.normal(0, 0.9), 4 + rng.normal(0, 0.6))
        ^ (rng.random(Y.shape) < 0.02)
        for _ in range(raters)
    )


@pytest.mark.parametrize(
    "marked", [MARKED, *(smooth_masks(seed, 2 + seed % 4) for seed in range(6))]
)
def test_staple_gives_every_pixel_the_probability_of_simpleitk(marked):
    sitk = pytest.importorskip("SimpleITK", reason="SimpleITK is not installed")
    images = [sitk.GetImageFromArray(m.astype(np.uint8)) for m in marked]
    expected = sitk.GetArrayFromImage(sitk.STAPLE(images))
    key, bits, pixels, code = patterns(marked)
    found = staple(bits, np.ones_like(bits), pixels)
    assert found.probability[np.searchsorted(key, code)] == pytest.approx(expected, abs=1e-7)


def test_a_pattern_seen_twice_as_often_counts_as_two():
    _, bits, pixels, _ = patterns(MARKED)
    once = staple(bits, np.ones_like(bits), pixels * 2)
    twice = staple(
        np.vstack([bits, bits]), np.ones((2 * len(bits), 3), np.bool_), np.tile(pixels, 2)
    )
    assert twice.sensitivity == pytest.approx(once.sensitivity, abs=1e-12)
    assert twice.probability[: len(bits)] == pytest.approx(once.probability, abs=1e-12)


def test_who_did_not_look_counts_for_nothing():
    _, bits, pixels, _ = patterns(MARKED)
    two = staple(bits[:, :2], np.ones((len(bits), 2), np.bool_), pixels)
    read = np.ones_like(bits)
    read[:, 2] = False
    three = staple(bits, read, pixels)
    assert three.sensitivity[:2] == pytest.approx(two.sensitivity, abs=1e-12)
    assert three.probability == pytest.approx(two.probability, abs=1e-12)


def test_staple_without_background_is_undefined():
    with pytest.raises(UndefinedError, match="pixels that are marked and pixels that are not"):
        staple(np.ones((1, 2), np.bool_), np.ones((1, 2), np.bool_), np.array([7]))


def test_a_staple_mask_is_where_its_probability_is_a_half():
    table = table_of(*MARKED)
    y, x = (slice(*np.flatnonzero(np.any(MARKED, axis=(0, k)))[[0, -1]] + [0, 1]) for k in (2, 1))
    key, bits, pixels, code = patterns([m[y, x] for m in MARKED])
    found = staple(bits, np.ones_like(bits), pixels)
    fused = fuse(group(table), "staple")
    seen = pixels_of(fused, X.shape)
    assert ((seen[y, x] > 0) == (found.probability[np.searchsorted(key, code)] >= 0.5)).all()
    assert fused.raters["sensitivity"] == pytest.approx(found.sensitivity)
    assert fused.n_iter == found.n_iter
