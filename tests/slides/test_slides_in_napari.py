from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest

from napari_consensus.slides import open_slide

layers = pytest.importorskip("napari.layers")
slide_layers = pytest.importorskip("napari_consensus._napari.slide_layers")

SIDES = (3101, 2603)  # of the slide, height and width
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


def test_napari_reads_nothing_in_its_own_thread_of_a_slide_read_ahead(svs, monkeypatch):
    with open_slide(svs) as slide:
        shown = slide_layers.slide_layers(slide)
        slide_layers.read_ahead(shown, WINDOW)
        ((data, arguments),) = shown
        with monkeypatch.context() as patch:
            patch.setattr(slide.levels[0]._file, "reading", None)
            layer = layers.Image(data, **arguments | {"scale": (1, 1)})
            # napari fits a picture into the window with a margin around it.
            level, pixels = draw(layer, (0, 0), SIDES[0] / (0.95 * WINDOW[0]))
        assert level == 3
        assert pixels.shape == slide.levels[3].shape
        assert layer.thumbnail.any()


def test_a_level_too_large_to_be_read_ahead_is_left(svs, monkeypatch):
    monkeypatch.setattr(slide_layers, "_MOST_AHEAD", 1000)
    with open_slide(svs) as slide:
        shown = slide_layers.slide_layers(slide)
        with monkeypatch.context() as patch:
            patch.setattr(slide.levels[0]._file, "reading", None)
            slide_layers.read_ahead(shown, WINDOW)
