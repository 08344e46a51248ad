"""Segmentations: masks compared, models beside raters, cut cells, cells per patch."""

from dataclasses import replace

import numpy as np
import pytest
import tifffile

from napari_consensus import pipeline
from napari_consensus.agreement.masks import MaskPair
from napari_consensus.data.raters import RaterKind
from napari_consensus.errors import ParameterError
from napari_consensus.formats import read
from napari_consensus.pipeline.segmentations import beside_raters

A = np.zeros((9, 14), np.uint16)
A[0:3, 1:5], A[4:6, 6:10], A[7:8, 2:5] = 1, 2, 3
B = np.zeros((9, 14), np.uint16)
B[1:3, 1:5], B[4:6, 7:10] = 4, 5


@pytest.fixture
def study(tmp_path):
    for rater, image in (("anna", A), ("ben", B), ("model", A)):
        (tmp_path / rater).mkdir()
        for name, pixels in (("s1", image), ("s2", np.zeros_like(A)), ("s3", image[:, ::-1])):
            tifffile.imwrite(tmp_path / rater / f"{name}.tif", pixels)
    return read(tmp_path)


def test_pairs_have_the_numbers_that_are_counted_by_hand(study):
    found = pipeline.compare_segmentations(study.annotations, study.image_sizes)
    anna_ben, anna_model, ben_model = found.pairs
    assert (anna_ben.a, anna_ben.b) == ("anna", "ben")
    # IoU 8 / 12 and 6 / 8 of three and two cells: two match up to .65, one up to .75.
    assert anna_ben.map_dsb == pytest.approx((4 * 2 / 3 + 2 * 1 / 4) / 10)
    assert anna_ben.sorted_ap == pytest.approx(2 / 3 * 2 / 3 + (3 / 4 - 2 / 3) * 1 / 4)
    assert anna_ben.dice == pytest.approx(2 * 14 / (23 + 14))
    assert (anna_model.map_dsb, anna_model.sorted_ap, anna_model.dice) == (1, 1, 1)
    assert ben_model.dice == anna_ben.dice


def test_numbers_of_pairs_have_intervals_over_images_drawn_again(tmp_path):
    # The same three cells of eleven pixels on s1; on s2 four pixels, and the eight around them.
    for rater, width in (("anna", 2), ("ben", 4)):
        (tmp_path / rater).mkdir()
        first, second = np.zeros((5, 7), np.uint16), np.zeros((5, 7), np.uint16)
        first[1:3, :3], first[1:3, 5:7], first[4, 6] = 1, 2, 3
        second[1:3, :width] = 1
        tifffile.imwrite(tmp_path / rater / "s1.tif", first)
        tifffile.imwrite(tmp_path / rater / "s2.tif", second)
    table = read(tmp_path).annotations
    (pair,) = pipeline.compare_segmentations(table, replicates=60).pairs
    # Dice 2 * 11 / 22 and 2 * 4 / 12; IoU 1 three times, and .5, which is a match at .5 alone.
    assert pair.dice == pytest.approx(2 * 15 / 34)
    assert pair.intervals["dice"] == pytest.approx((8 / 12, 1))
    assert pair.map_dsb == pytest.approx((1 + 9 * 3 / 5) / 10)
    assert pair.intervals["map_dsb"] == pytest.approx((0.1, 1))
    # AP is 1 up to .5, then 3 / 5.
    assert pair.sorted_ap == pytest.approx(0.5 + 0.5 * 3 / 5)
    assert pair.intervals["sorted_ap"] == pytest.approx((0.5, 1))
    (alone,) = pipeline.compare_segmentations(
        table, replicates=60, clusters={"s1": "slide", "s2": "slide"}
    ).pairs
    assert alone.dice == pair.dice
    assert np.isnan([*alone.intervals.values()]).all()


def test_patches_hold_the_cells_of_each_rater(study):
    found = pipeline.compare_segmentations(study.annotations, study.image_sizes)
    assert [patch.image for patch in found.patches] == ["s1", "s2", "s3"]
    assert [patch.size for patch in found.patches] == [(14, 9)] * 3
    assert found.patches[0].cells == {"anna": 3, "ben": 2, "model": 3}
    assert found.patches[1].cells == {"anna": 0, "ben": 0, "model": 0}


def test_a_model_stands_beside_the_band_of_people():
    kinds = {**dict.fromkeys("abc", RaterKind.HUMAN), "m": RaterKind.MODEL}
    values = {"ab": 0.5, "ac": 0.7, "bc": 0.6, "am": 0.4, "bm": 0.8}
    pairs = tuple(MaskPair(*names, v, v / 2, np.nan) for names, v in values.items())
    by_ap, by_sorted, by_dice = beside_raters(pairs, kinds)
    assert (by_ap.model, by_ap.number) == ("m", "map_dsb")
    assert by_ap.mean == pytest.approx(0.6)
    assert (by_ap.low, by_ap.middle, by_ap.high) == pytest.approx((0.5, 0.6, 0.7))
    assert by_sorted.high == pytest.approx(0.35)
    assert np.isnan([by_dice.mean, by_dice.low]).all()


def test_what_the_edge_cuts_goes_with_what_matches_it(study):
    held = pipeline.without_cut(study)
    assert len(study.annotations) == 16
    # The first cell of anna and of the model reaches the first row; ben's matches it.
    assert len(held.annotations) == 16 - 6
    assert held.annotations.bounds[:, 1].min() > 0
    assert "4 annotations that the edge of their image cuts are left out, and 2" in held.notes[-1]
    assert (held.annotations.raters.read == study.annotations.raters.read).all()


def test_without_sizes_nobody_knows_what_is_cut(study):
    with pytest.raises(ParameterError, match="size of 's1' is not known"):
        pipeline.without_cut(replace(study, image_sizes={}))


def test_boxes_are_no_segmentations(study):
    assert pipeline.are_segmentations(study.annotations)
    assert not pipeline.are_segmentations(study.annotations.take(np.array([], np.int64)))
