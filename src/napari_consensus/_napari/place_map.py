"""Where to look first: a map of the image by how raters disagree, or by what they read."""

from __future__ import annotations

import numpy as np
from napari.utils import Colormap
from numpy.typing import NDArray

from napari_consensus._napari.colours import HEAT
from napari_consensus._napari.objects import Objects
from napari_consensus._napari.own_layers import OwnLayers
from napari_consensus._napari.store import PlaceMap, Store
from napari_consensus.agreement.places import Tiles, category_entropy, unread_share

_OBJECTS_OF_A_TILE = 10  # on average; fewer say little of a place
_LEAST, _MOST = 4, 200  # tiles along the longer side
_READ_TILES = 200
_OPACITY = 0.7


MEANINGS = {
    PlaceMap.NONE: "",
    PlaceMap.SEEN: "Share of the objects that not all saw who read there, from 0 to 1.",
    PlaceMap.CATEGORY: "Mean entropy of the categories an object was given, in bits.",
    PlaceMap.OUTLINE: "Mean of 1 - IoU over the objects that several marked, from 0 to 1.",
    PlaceMap.UNREAD: "Share of the image's readers who did not read there; darkest is no one.",
}
_HEAT = Colormap(list(HEAT), name="napari-consensus disagreement")
_VEIL = Colormap([[0, 0, 0, 0], [0.05, 0.05, 0.1, 1]], name="napari-consensus unread")


def draw_map(store: Store, own: OwnLayers) -> None:
    """Put the map that the store asks for under the outlines, or take it away."""
    which, table = store.map, store.table
    unread = which == PlaceMap.UNREAD
    if which == PlaceMap.NONE or table is None or not (unread or len(table.annotations)):
        own.drop("map")
        return
    top, colormap = 1.0, _HEAT
    objects = None if unread else store.objects
    if objects is None:
        tiles, colormap = Tiles.over(_image_extent(store, own), _READ_TILES), _VEIL
        values = unread_share(table.annotations.raters, store.image, tiles)
    else:
        tiles = _tiles(objects)
        values = tiles.means(objects.centres, _disagreement(objects, which))
        top = float(np.nanmax(values, initial=top))
    own.put_picture(
        "map",
        values.astype(np.float32),
        tiles,
        f"Map: {which.value}",
        colormap=colormap,
        contrast_limits=(0.0, top),
        opacity=_OPACITY,
    )


def _tiles(objects: Objects) -> Tiles:
    low = objects.annotations.bounds[:, :2].min(axis=0)
    high = objects.annotations.bounds[:, 2:].max(axis=0)
    along = int(np.clip(np.sqrt(len(objects) / _OBJECTS_OF_A_TILE), _LEAST, _MOST))
    return Tiles.over(np.concatenate([low, high]), along)


def _disagreement(objects: Objects, which: PlaceMap) -> NDArray[np.float64]:
    """(objects,) how far raters disagree on each; NaN where that cannot be said."""
    if which == PlaceMap.SEEN:
        return np.where(objects.complete, 0.0, 1.0)
    if which == PlaceMap.OUTLINE:
        outline: NDArray[np.float64] = 1.0 - objects.iou
        return outline
    rows = objects.rows
    category = objects.annotations.category[rows]
    return category_entropy(objects.object[rows], category, len(objects))


def _image_extent(store: Store, own: OwnLayers) -> NDArray[np.float64]:
    """(4,) corners of the image; of all that is known to lie on it where nothing says its size."""
    pixels = own.get("image")
    if pixels is not None:
        level = pixels.data[0] if pixels.multiscale else pixels.data
        return np.array([0, 0, level.shape[1], level.shape[0]], float)
    prepared = store.prepared
    sizes = prepared.study.image_sizes or {} if prepared is not None else {}
    if store.image_name in sizes:
        return np.array([0, 0, *sizes[store.image_name]], float)
    table = store.table
    places = [np.ones((1, 2)) if table is None else table.annotations.bounds[:, 2:]]
    regions = table.annotations.raters.regions if table is not None else None
    if regions is not None:
        ends = regions.rings[regions.parts]
        places += [
            regions.vertices[ends[k] : ends[k + 1]]
            for k in np.flatnonzero(regions.image == store.image)
        ]
    return np.concatenate([np.zeros(2), np.concatenate(places).max(axis=0)])
