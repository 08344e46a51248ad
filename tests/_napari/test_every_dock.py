"""What holds for every dock of the manifest: empty states, one headline, nothing left behind."""

from __future__ import annotations

import gc
import weakref
from importlib import import_module
from importlib.resources import files

from npe2 import PluginManifest

from napari_consensus._napari import window
from napari_consensus._napari.scene import scene_of

_MANIFEST = str(files("napari_consensus") / "napari.yaml")
_CONTRIBUTED = PluginManifest.from_file(_MANIFEST).contributions


def _kind(widget):
    command = next(each for each in _CONTRIBUTED.commands if each.id == widget.command)
    module, _, name = command.python_name.partition(":")
    return getattr(import_module(module), name)


KINDS = {widget.display_name: _kind(widget) for widget in _CONTRIBUTED.widgets}


def add_all(viewer):
    docks = {name: kind(viewer) for name, kind in KINDS.items()}
    for name, dock in docks.items():
        viewer.window.add_dock_widget(dock, name=name)
    return docks


def act(store):
    store.show_image(1)
    store.show_pair((0, 1))
    store.show_pair(None)
    store.set_threshold(0.3)
    store.show_image(0)
    store.set_threshold(0.5)


def test_the_window_has_the_docks_of_the_manifest():
    assert window.DOCKS == KINDS


def test_every_dock_says_what_to_do_and_then_what_is_shown(viewer, prepared, qtbot):
    docks = add_all(viewer)
    viewer.window.show()
    qtbot.waitUntil(lambda: all(dock.isVisible() for dock in docks.values()), timeout=60_000)
    for name, dock in docks.items():
        assert "Open" in dock._empty.text(), name
        assert dock._empty.isVisible(), name
        assert not dock.headline.isVisible(), name
    scene_of(viewer).store.open(prepared)
    for name, dock in docks.items():
        dock.show_page()
        told = dock.headline.text()
        assert told.startswith("image 1 of 2 · 3 raters · IoU ≥ 0.50"), name
    window.settle(viewer, 0.1)


def test_closed_docks_leave_nothing_behind_and_open_again(viewer, prepared, qtbot):
    store = scene_of(viewer).store
    store.open(prepared)
    viewer.window.show()
    heard = []
    for _ in range(2):
        docks = add_all(viewer)
        qtbot.waitUntil(
            lambda docks=docks: all(dock.isVisible() for dock in docks.values()), timeout=60_000
        )
        act(store)
        held = {name: weakref.ref(dock) for name, dock in docks.items()}
        for dock in docks.values():
            viewer.window.remove_dock_widget(dock)
        del dock, docks
        # Work that a dock has begun holds it until it has ended.
        qtbot.waitUntil(lambda held=held: not left(held), timeout=60_000)
        act(store)
        for name in signals(store):
            getattr(store, name).emit()  # who is gone is forgotten when it would be called
        heard.append({name: len(getattr(store, name)) for name in signals(store)})
    # What the first docks left belongs to the scene; the second add nothing to it.
    assert heard[0] == heard[1]


def left(held):
    gc.collect()
    return [name for name, dock in held.items() if dock() is not None]


def signals(store):
    ends = ("_changed", "_moved", "_asked")
    return [name for name in dir(type(store)) if name.endswith(ends) and name[0] != "_"]


def test_deleted_docks_that_are_still_held_hear_nothing(viewer, prepared, qtbot):
    scene_of(viewer).store.open(prepared)
    docks, gone = add_all(viewer), []
    viewer.window.show()
    for dock in docks.values():
        dock.destroyed.connect(lambda: gone.append(1))
        dock.deleteLater()
    qtbot.waitUntil(lambda: len(gone) == len(docks), timeout=60_000)
    act(scene_of(viewer).store)
    assert len(docks) == len(KINDS)
    window.settle(viewer, 0.1)


def test_docks_of_two_viewers_use_only_what_is_public_and_keep_apart(
    make_napari_viewer_proxy, prepared, qtbot
):
    viewers = [make_napari_viewer_proxy() for _ in range(2)]
    first, second = (add_all(viewer) for viewer in viewers)
    stores = [docks["Study"].store for docks in (first, second)]
    assert stores[0] is not stores[1]
    assert not any(store.prepared for store in stores)
    stores[0].open(prepared)
    assert stores[1].prepared is None
    for dock in first.values():
        dock.show_page()
    act(stores[0])
    first["Consensus"].run()
    qtbot.waitUntil(lambda: len(stores[0].runs) == 1, timeout=60_000)
    assert stores[1].runs == ()
    window.settle(viewers[0], 0.1)
    viewers[0].close()
    stores[1].open(prepared)
    for dock in second.values():
        dock.show_page()
    act(stores[1])
    window.settle(viewers[1], 0.1)
    assert stores[1].n_images == 2
