"""Points are matched by microns where the slides they lie on state their scale."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile

from napari_consensus.formats import read
from napari_consensus.pairing import overlapping_pairs


@pytest.fixture
def studied(tmp_path):
    """Return what writes a point of each of two raters on a slide of a scale, and reads them."""

    def make(apart, scale=None, kind="Point"):
        if scale is not None:
            tifffile.imwrite(
                tmp_path / "s.tif",
                np.zeros((40, 50, 3), np.uint8),
                tile=(16, 16),
                resolution=(1e4 / scale[0], 1e4 / scale[1]),
                resolutionunit="CENTIMETER",
            )
        for rater, x in (("a", 10.0), ("b", 10.0 + apart)):
            square = [[[x, 5], [x + 9, 5], [x + 9, 12], [x, 12], [x, 5]]]
            place = [x, 5.0] if kind == "Point" else square
            feature = {"type": "Feature", "geometry": {"type": kind, "coordinates": place},
                       "properties": {"metadata": {"rater": rater, "image": "s.tif"}}}  # fmt: skip
            document = {"type": "FeatureCollection", "features": [feature]}
            (tmp_path / f"{rater}.geojson").write_text(json.dumps(document), encoding="utf-8")
        return read(tmp_path)

    return make


def matched(study):
    return len(overlapping_pairs(study.annotations, 0.5)) == 1


def test_points_four_microns_apart_match_whatever_the_pixels(studied):
    assert matched(studied(16, (0.25, 0.25)))
    assert not matched(studied(17, (0.25, 0.25)))
    assert matched(studied(8, (0.5, 0.5)))
    assert not matched(studied(9, (0.5, 0.5)))


def test_without_a_slide_the_distance_is_in_pixels_and_that_is_said(studied):
    study = studied(4)
    assert matched(study)
    assert np.isnan(study.annotations.microns).all()
    assert sum("in pixels there" in note for note in study.notes) == 1


def test_unequal_scales_are_averaged_and_said(studied):
    study = studied(8, (0.25, 1.0))
    assert study.annotations.microns.tolist() == pytest.approx([0.5], rel=1e-3)
    assert sum("0.25 x 1 microns" in note for note in study.notes) == 1
    assert matched(study)


def test_nobody_opens_slides_of_which_no_distance_is_taken(studied, monkeypatch):
    monkeypatch.setattr("napari_consensus.formats._microns.open_slide", None)
    assert studied(1, (0.25, 0.25), kind="Polygon").annotations.microns is None
