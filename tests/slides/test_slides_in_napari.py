from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest

from napari_consensus.slides import open_slide

layers = pytest.importorskip("napari.layers")

WINDOW = (400, 500)


def draw(layer, corner, zoomed_out):
    """Do what napari's canvas does with a layer when it draws; return what it would show."""
    shown = np.array([corner, np.add(corner, np.multiply(WINDOW, zoomed_out))])
    layer._update_draw(zoomed_out, shown, WINDOW)
    return layer.data_level, layer._slice.image.view


def test_napari_reads_the_level_made_between_two(svs):
    with open_slide(svs) as slide:
        layer = layers.Image(list(slide.levels), rgb=True, multiscale=True)
        assert layer.multiscale
        for zoomed_out, number in ((1, 0), (2.1, 1), (3.9, 1), (4.2, 2)):
            level, pixels = draw(layer, (300, 200), zoomed_out)
            assert level == number
            assert (np.array(pixels.shape[:2]) <= slide.levels[number].shape[:2]).all()
            assert pixels.nbytes < 4 * np.prod(np.add(WINDOW, 2 * 480)) * 3


def test_a_duplicated_layer_outlives_the_slide(svs):
    with open_slide(svs) as slide:
        layer = layers.Image(list(slide.levels), rgb=True, multiscale=True)
        data, state, kind = layer.as_layer_data_tuple()
        copied = layers.Layer.create(deepcopy(data), state, kind)
    _, pixels = draw(copied, (0, 0), 1)
    assert pixels.shape[2] == 3
    copied.data[0]._file.close()


def test_channels_are_layers_of_grey(tmp_path):
    import tifffile

    path = tmp_path / "a.ome.tif"
    stack = np.random.default_rng(0).integers(0, 4096, (2, 300, 400), np.uint16)
    tifffile.imwrite(path, stack, metadata={"axes": "CYX"}, tile=(64, 64))
    with open_slide(path) as slide:
        for channel, plane in zip(slide.channels, stack, strict=True):
            layer = layers.Image(channel.levels[0], rgb=False, name=channel.name)
            assert layer.ndim == 2
            assert np.array_equal(layer.data[:], plane)
