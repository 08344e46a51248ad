"""Where to look first: a map of the image by how raters disagree, or by what they read."""

from __future__ import annotations

import numpy as np
from napari.utils import Colormap
from numpy.typing import NDArray

from napari_consensus._napari.objects import Objects
from napari_consensus._napari.own_layers import OwnLayers
from napari_consensus._napari.store import PlaceMap, Store
from napari_consensus.agreement.places import Tiles, category_entropy, unread_share
from napari_consensus.figures.colours import HEAT

_OBJECTS_OF_A_TILE = 10  # on average; fewer say little of a place
_LEAST, _MOST = 4, 200  # tiles along the longer side
_READ_TILES = 200
_OPACITY = 0.7


MEANINGS = {
    PlaceMap.NONE: "",
    PlaceMap.SEEN: "Share of the objects that not all saw who read there.",
    PlaceMap.CATEGORY: "Mean entropy of the categories an object was given.",
    PlaceMap.OUTLINE: "Mean of 1 - IoU over the objects that several marked.",
    PlaceMap.UNREAD: "Share of the image's readers who did not read there; 1 is no one.",
    PlaceMap.UNREVIEWED: "Share of the objects under review that nobody has settled yet.",
}
_HEAT = Colormap(list(HEAT), name="napari-consensus disagreement")
_VEIL = Colormap([[0, 0, 0, 0], [0.05, 0.05, 0.1, 1]], name="napari-consensus unread")
_VEILED = ("#FFFFFF", "#0D0D1A")  # as it darkens white
_VEILS = (PlaceMap.UNREAD, PlaceMap.UNREVIEWED)


def draw_map(store: Store, own: OwnLayers) -> None:
    """Put the map that the store asks for under the outlines, or take it away."""
    drawn = _drawn(store, own)
    if drawn is None:
        own.drop("map")
        return
    tiles, values = drawn
    own.put_picture(
        "map",
        values.astype(np.float32),
        tiles,
        f"Map: {store.map.value}",
        colormap=_VEIL if store.map in _VEILS else _HEAT,
        contrast_limits=(0.0, greatest(store)),
        opacity=_OPACITY,
    )


def colours_of(which: PlaceMap) -> tuple[str, ...]:
    """Colours of a map, from 0 to the greatest value."""
    return _VEILED if which in _VEILS else HEAT


def greatest(store: Store) -> float:
    """Greatest value that a place of the map can have."""
    if store.map == PlaceMap.OUTLINE:
        return max(1.0 - store.threshold, 0.01)
    if store.map == PlaceMap.CATEGORY and store.table is not None:
        names = len(store.table.annotations.categories)
        return float(np.log2(max(min(names, int(store.table.readers.sum())), 2)))
    return 1.0


def _drawn(store: Store, own: OwnLayers) -> tuple[Tiles, NDArray[np.float64]] | None:
    """Tiles and their values; None where there is nothing to show."""
    which, table = store.map, store.table
    if which == PlaceMap.NONE or table is None:
        return None
    if which == PlaceMap.UNREAD:
        tiles = Tiles.over(_image_extent(store, own), _READ_TILES)
        return tiles, unread_share(table.annotations.raters, store.image, tiles)
    if which == PlaceMap.UNREVIEWED:
        return _unreviewed(store)
    objects = store.objects if len(table.annotations) else None
    if objects is None:
        return None
    tiles = _tiles(objects.bounds)
    return tiles, tiles.means(objects.centres, _disagreement(objects, which))


def _unreviewed(store: Store) -> tuple[Tiles, NDArray[np.float64]] | None:
    """Share of the objects under review that are not settled."""
    if store.session is None:
        return None
    review = store.session.review
    shapes = review.consensus.shapes
    if store.image_name not in shapes.images:
        return None
    left = np.ones(len(shapes))
    left[[review.evidence.row(k) for k in review.decided if review.is_settled(k)]] = 0.0
    here = np.flatnonzero(shapes.image == shapes.images.index(store.image_name))
    if not len(here):
        return None
    bounds = shapes.bounds[here]
    tiles = _tiles(bounds)
    return tiles, tiles.means((bounds[:, :2] + bounds[:, 2:]) / 2, left[here])


def _tiles(bounds: NDArray[np.float64]) -> Tiles:
    along = int(np.clip(np.sqrt(len(bounds) / _OBJECTS_OF_A_TILE), _LEAST, _MOST))
    extent = np.concatenate([bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)])
    return Tiles.over(extent, along)


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
