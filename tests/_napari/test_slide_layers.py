"""A slide is one layer, or one for each channel, on the scale that it states."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
import tifffile

from napari_consensus._napari import readers, tables
from napari_consensus._napari.metadata import METADATA
from napari_consensus._napari.scene import scene_of
from napari_consensus._napari.slide_layers import (
    channel_colours,
    contrast_limits,
    pixel_layer,
    slide_layers,
)
from napari_consensus._napari.slide_line import slide_facts
from napari_consensus._napari.study_dock import StudyDock
from napari_consensus.errors import ReadError
from napari_consensus.slides import Channel, Slide, SlideHeader

HEADER = SlideHeader(40, 30, ((30, 40),), mpp=(0.5, 0.75))
GREEN = (0.0, 1.0, 0.0)


def channel(name, colour, value=7):
    return Channel(name, colour, (np.full((30, 40), value, np.uint16),))


def slide_of(*channels):
    return Slide(HEADER, channels[0].levels, channels=channels)


def test_a_picture_in_colours_is_one_layer_with_its_smallest_level_in_memory():
    levels = (np.zeros((30, 40, 3), np.uint8), np.full((15, 20, 3), 9, np.uint8))
    ((data, arguments),) = slide_layers(Slide(HEADER, levels), "one")
    assert data[0] is levels[0]
    assert data[1].tolist() == levels[1].tolist()
    assert (arguments["rgb"], arguments["multiscale"], arguments["name"]) == (True, True, "one")
    assert arguments["contrast_limits"] == (0, 255)


def test_pixels_that_are_wider_than_high_have_a_scale_of_their_own_along_each_axis():
    ((_, arguments),) = slide_layers(Slide(HEADER, (np.zeros((30, 40, 3), np.uint8),)))
    assert arguments["scale"] == (0.75, 0.5)
    assert arguments["units"] == ("um", "um")


def test_a_slide_without_a_scale_is_shown_in_pixels():
    header = SlideHeader(40, 30, ((30, 40),))
    ((_, arguments),) = slide_layers(Slide(header, (np.zeros((30, 40), np.uint8),)))
    assert "scale" not in arguments
    assert not arguments["rgb"]


def test_every_channel_is_a_layer_added_to_the_others():
    layers = slide_layers(slide_of(channel("DAPI", (0.0, 0.0, 1.0)), channel("CD3", GREEN)))
    assert [arguments["name"] for _, arguments in layers] == ["DAPI", "CD3"]
    assert [arguments["colormap"] for _, arguments in layers] == ["#0000FF", "#00FF00"]
    assert {arguments["blending"] for _, arguments in layers} == {"additive"}
    assert {arguments["scale"] for _, arguments in layers} == {(0.75, 0.5)}
    notes = [arguments["metadata"][METADATA] for _, arguments in layers]
    assert [note["header"] for note in notes] == [HEADER, HEADER]
    assert notes[0] is not notes[1]


def test_of_many_channels_the_first_eight_are_seen():
    layers = slide_layers(slide_of(*(channel(f"c{k}", None) for k in range(11))))
    assert [arguments["visible"] for _, arguments in layers] == [True] * 8 + [False] * 3


def test_a_colour_that_is_not_stated_is_one_of_a_fixed_palette():
    stated = channel("a", GREEN), channel("b", None), channel("c", (0.0, 0.0, 0.0))
    colours = channel_colours(stated)
    assert colours[0] == "#00FF00"
    assert len(set(colours)) == 3
    assert colours == channel_colours(stated)


def test_a_colour_that_all_channels_share_tells_none_of_them_apart():
    white = (1.0, 1.0, 1.0)
    assert len(set(channel_colours((channel("a", white), channel("b", white))))) == 2
    assert channel_colours((channel("a", GREEN),)) == ["#00FF00"]


def test_contrast_runs_from_the_darkest_to_the_brightest_but_one_in_a_thousand():
    assert contrast_limits(np.arange(1001).reshape(11, 91)) == pytest.approx((1, 999))
    assert contrast_limits(np.full((3, 5), 4, np.int16)) == (4, 5)
    assert contrast_limits(np.array([[np.nan, -1.5, 2.5]])) == pytest.approx((-1.496, 2.496))
    assert contrast_limits(np.full((3, 5), np.nan)) == (0, 1)


def test_a_header_is_told_in_few_words():
    header = SlideHeader(46000, 32914, (), (0.499, 0.499), notes=("a note",), objective=20.0)
    assert slide_facts(header) == ["46,000 × 32,914 px", "0.499 µm/px", "objective 20×", "a note"]
    assert slide_facts(HEADER)[1] == "0.5 × 0.75 µm/px"
    _, arguments = pixel_layer(np.zeros((6, 9, 3), np.uint8), "one")
    note = arguments["metadata"][METADATA]
    assert slide_facts(note["header"]) == ["9 × 6 px", "no scale: in pixels"]


@pytest.fixture(scope="module")
def viewer(unshown_viewer):
    """Return the viewer that the sentences of this file share."""
    return unshown_viewer


@pytest.fixture
def panel(tmp_path):
    """Write a slide of two channels whose pixels are higher than wide, in two levels."""
    path = tmp_path / "one.ome.tif"
    stack = np.random.default_rng(0).integers(100, 4000, (2, 2100, 600), np.uint16)
    about = {
        "axes": "CYX",
        "Channel": {"Name": ["DAPI", "CD3"]},
        "PhysicalSizeX": 0.5,
        "PhysicalSizeY": 0.75,
    }
    tifffile.imwrite(path, stack, metadata=about, tile=(128, 256))
    return path


def test_a_reader_gives_a_layer_for_each_channel(panel):
    assert readers.slide_reader(str(panel)) is readers.read_slide
    layers = readers.read_slide(str(panel))
    assert [(kind, arguments["name"]) for _, arguments, kind in layers] == [
        ("image", "DAPI"),
        ("image", "CD3"),
    ]
    assert [level.shape for level in layers[1][0]] == [(2100, 600), (1050, 300)]


def test_a_slide_that_is_taken_out_of_the_viewer_is_closed(viewer, panel):
    for _ in range(2):
        layers = viewer.open(panel, plugin="napari-consensus")
        assert [layer.name for layer in layers] == ["DAPI", "CD3"]
        files = [weakref.ref(layer.data[0]._file) for layer in layers]
        del layers
        viewer.layers.clear()
        gc.collect()
        assert [file() for file in files] == [None, None]


@pytest.fixture
def with_panel(viewer, study, panel, qtbot):
    """Open the study with that slide as its first image."""
    from dataclasses import replace

    scene = scene_of(viewer)
    scene.store.open(tables.prepare(replace(study, image_files={"one": panel})))
    qtbot.waitUntil(lambda: len(scene.own.images) == 2, timeout=60_000)
    return scene


@pytest.mark.screen
def test_outlines_lie_on_the_scale_of_a_slide_whose_pixels_are_not_square(
    viewer, with_panel, qtbot
):
    store = with_panel.store
    dock = StudyDock(viewer)
    viewer.window.add_dock_widget(dock, name="Study")
    viewer.window.show()
    store.show_pair((0, 1))
    store.select(0)
    assert {layer.name for layer in viewer.layers} > {"DAPI", "CD3", "A", "Selected object"}
    assert {tuple(layer.scale) for layer in viewer.layers} == {(0.75, 0.5)}
    assert {str(unit) for layer in viewer.layers for unit in layer.units} == {"micrometer"}
    store.select(2, focus=True)
    x0, y0, x1, y1 = store.objects.bounds[2]
    centre = (np.array([y0 + y1, x0 + x1]) / 2 - 0.5) * (0.75, 0.5)
    assert viewer.scene.camera.center[-2:] == pytest.approx(tuple(centre))
    qtbot.waitUntil(dock.slide.isVisible, timeout=60_000)
    assert dock.slide.text() == "600 × 2,100 px · 0.5 × 0.75 µm/px"
    store.show_image(1)
    assert with_panel.own.images == []
    assert {tuple(layer.scale) for layer in viewer.layers} == {(1, 1)}
    qtbot.waitUntil(lambda: not dock.slide.isVisible(), timeout=60_000)
    viewer.window.remove_dock_widget(dock)


def test_channels_are_found_by_what_they_are_and_close_with_the_last_of_them(viewer, with_panel):
    first, second = with_panel.own.images
    first.name = "renamed"
    viewer.layers.remove(first)
    assert with_panel.own.images == [second]
    assert second.data[0][:3, :4].shape == (3, 4)
    viewer.layers.remove(second)
    with pytest.raises(ReadError, match="was closed"):
        second.data[0][:3, :4]
