"""What raters drew, a row an annotation, in columns that never change."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.data._columns import codes, column, gather, no_text, offsets, offsets_of
from napari_consensus.data._outline_columns import (
    Outline,
    box_outlines,
    check_outlines,
    measured,
    one_ring_boxes,
    outlines_at,
)
from napari_consensus.data.names import NO_NAME, coded
from napari_consensus.data.pseudonyms import kept_pseudonyms
from napari_consensus.data.raters import RaterKind, RaterSet
from napari_consensus.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from napari_consensus.data.native import Native

__all__ = ["NO_CATEGORY", "Annotations", "Outline", "annotations_from_boxes", "box_outlines"]

NO_CATEGORY = NO_NAME
_SHOWN = 8  # raters whom a table names where it is printed


@dataclass(frozen=True, slots=True, eq=False)
class Annotations:
    """Annotations of several raters on several images.

    Coordinates are x, y in level-0 pixels, x to the right and y down, from the outer
    top-left corner of the first pixel; a box is the half-open [x0, x1) x [y0, y1).
    Rows are put into one canonical order (image, rater, corners, category, id) when the
    table is made, so that no result depends on the order of a file.

    Parameters
    ----------
    images, categories
        Distinct names; the codes below point into them.
    raters
        Who annotated and who read which image.
    image, rater, category
        (n,) codes; category -1 is none given.
    vertices
        (v, 2) x, y, end to end.
    rings
        (r + 1,) offsets of rings into `vertices`. A box is one ring of its two corners,
        a point one ring of one vertex; holes and parts are further rings, even-odd.
    parts
        (n + 1,) offsets of annotations into rings.
    kind
        (n,) `Outline` of each row.
    score
        (n,) in the rater's own unit; NaN where none was given.
    session
        (n,) which reading of the image by that rater, from 0.
    id
        (n,) stable ids; by default the number of the row as passed.
    assisted
        (n, 4) boxes a model drew for the same annotation, NaN where none.
    native
        What the format had that no column holds.
    microns
        (images,) microns per pixel, NaN where unknown.

    Raises
    ------
    TableError
        Where columns do not fit, a code points nowhere, a vertex is not finite, or a box
        has no area.
    """

    images: tuple[str, ...]
    raters: RaterSet
    categories: tuple[str, ...]
    image: NDArray[np.int32]
    rater: NDArray[np.int32]
    category: NDArray[np.int32]
    vertices: NDArray[np.float64]
    rings: NDArray[np.int64]
    parts: NDArray[np.int64]
    kind: NDArray[np.int8]
    score: NDArray[np.float32]
    session: NDArray[np.int16]
    id: NDArray[np.uint64]
    assisted: NDArray[np.float64] | None = None
    native: Native | None = None
    microns: NDArray[np.float64] | None = None
    bounds: NDArray[np.float64] = field(init=False)
    boxes_only: bool = field(init=False)  # so that bounds say all

    def __post_init__(self) -> None:
        put = object.__setattr__
        for name in ("images", "categories"):
            no_text(name, getattr(self, name))
            names = tuple(getattr(self, name))
            put(self, name, names)
            if len(set(names)) != len(names):
                msg = f"{name} repeat a name"
                raise TableError(msg)
        if len(self.raters.read) != len(self.images):
            msg = f"read has {len(self.raters.read)} rows for {len(self.images)} images"
            raise TableError(msg)
        n = len(np.asarray(self.image))
        put(self, "image", codes("image", self.image, n, len(self.images), 0))
        put(self, "rater", codes("rater", self.rater, n, len(self.raters), 0))
        put(self, "category", codes("category", self.category, n, len(self.categories), -1))
        put(self, "vertices", column("vertices", self.vertices, np.float64, (None, 2)))
        put(self, "rings", offsets("rings", self.rings, None, len(self.vertices)))
        put(self, "parts", offsets("parts", self.parts, n, len(self.rings) - 1))
        for name, dtype in (("kind", np.int8), ("score", np.float32), ("session", np.int16)):
            put(self, name, column(name, getattr(self, name), dtype, (n,)))
        put(self, "id", column("id", self.id, np.uint64, (n,)))
        if self.assisted is not None:
            put(self, "assisted", column("assisted", self.assisted, np.float64, (n, 4)))
        if self.native is not None and len(self.native.start) != n + 1:
            msg = f"native has {len(self.native.start) - 1} entries for {n} annotations"
            raise TableError(msg)
        if self.microns is not None:
            put(self, "microns", column("microns", self.microns, np.float64, (len(self.images),)))
        put(self, "boxes_only", bool((self.kind == Outline.BOX).all()))
        put(self, "bounds", measured(self))
        check_outlines(self)
        self._put_in_order()

    def __repr__(self) -> str:
        some = ", ".join(self.raters.names[:_SHOWN]) + ", …" * (len(self.raters) > _SHOWN)
        counts = f"rows={len(self)}, images={len(self.images)}, categories={len(self.categories)}"
        return f"Annotations({counts}, raters={len(self.raters)}: {some})"

    def __len__(self) -> int:
        return len(self.image)

    def take(self, rows: NDArray[Any]) -> Annotations:
        """Keep some rows, by a mask or by positions; names and readings stay as they are."""
        rows = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows.astype(np.int64)
        return replace(self, **self._columns_at(rows))

    def of_raters(self, keep: NDArray[np.bool_]) -> Annotations:
        """Keep some raters: their rows, their names, their readings.

        Parameters
        ----------
        keep
            (raters,) True for those who stay.

        Raises
        ------
        TableError
            Where it is no mask of the raters there are, such as their names.
        """
        keep = np.asarray(keep)
        if keep.dtype != np.bool_ or keep.shape != (len(self.raters),):
            msg = (
                f"keep is {keep.dtype} of shape {keep.shape}; it must be a mask of shape "
                f"({len(self.raters)},), such as numpy.isin(raters.names, names)"
            )
            raise TableError(msg)
        if keep.all():
            return self
        new = np.cumsum(keep) - 1
        stay = keep[self.rater]
        columns = self._columns_at(np.flatnonzero(stay))
        columns["rater"] = new[columns["rater"]]
        regions = self.raters.regions
        if regions is not None:
            held = np.flatnonzero(keep[regions.rater])
            parts = gather(regions.parts, held)
            regions = replace(
                regions,
                image=regions.image[held],
                rater=new[regions.rater[held]],
                vertices=regions.vertices[gather(regions.rings, parts)],
                rings=offsets_of(np.diff(regions.rings)[parts]),
                parts=offsets_of(np.diff(regions.parts)[held]),
            )
        raters = RaterSet(
            names=tuple(n for n, k in zip(self.raters.names, keep, strict=True) if k),
            kinds=tuple(n for n, k in zip(self.raters.kinds, keep, strict=True) if k),
            read=self.raters.read[:, keep],
            regions=regions,
            joint=self.raters.joint,
            pseudonyms=kept_pseudonyms(self.raters),
            statements=self.raters.statements,
        )
        return replace(self, raters=raters, **columns)

    def voting(self) -> Annotations:
        """Keep the raters who are compared and aggregated: people and models."""
        return self.of_raters(self.raters.voting)

    def to_columns(self) -> dict[str, NDArray[Any]]:
        """Names and bounds by column, ready for `pandas.DataFrame`."""
        category = np.array([*self.categories, ""], dtype=object)[self.category]
        return {
            "image": np.array(self.images, dtype=object)[self.image],
            "rater": np.array(self.raters.names, dtype=object)[self.rater],
            "category": category,
            **{name: self.bounds[:, k] for k, name in enumerate(("x0", "y0", "x1", "y1"))},
            "score": self.score,
            "session": self.session,
            "id": self.id,
        }

    def _columns_at(self, rows: NDArray[np.int64]) -> dict[str, Any]:
        return {
            "image": self.image[rows],
            "rater": self.rater[rows],
            "category": self.category[rows],
            **outlines_at(self, rows),
            "kind": self.kind[rows],
            "score": self.score[rows],
            "session": self.session[rows],
            "id": self.id[rows],
            "assisted": None if self.assisted is None else self.assisted[rows],
            "native": None if self.native is None else self.native.take(rows),
        }

    def _put_in_order(self) -> None:
        order = _canonical_order(self)
        if (order[1:] > order[:-1]).all():
            return
        columns = self._columns_at(order)
        plain = one_ring_boxes(self)
        columns["bounds"] = columns["vertices"].reshape(-1, 4) if plain else self.bounds[order]
        for name, values in columns.items():
            if isinstance(values, np.ndarray):
                values.flags.writeable = False
            object.__setattr__(self, name, values)


def annotations_from_boxes(
    boxes: ArrayLike,
    *,
    image: Sequence[str] | Sequence[int],
    rater: Sequence[str] | Sequence[int],
    category: Sequence[str | None] | None = None,
    score: ArrayLike | None = None,
    read: NDArray[np.bool_] | None = None,
) -> Annotations:
    """Make a table of boxes from plain columns.

    Parameters
    ----------
    boxes
        (n, 4) x0, y0, x1, y1 in level-0 pixels.
    image, rater
        (n,) names; numbers become their text.
    category
        (n,) names, None where none was given.
    score
        (n,) scores, NaN where none was given.
    read
        (images, raters) who looked where, in the natural order of their names; by default
        a rater read the images where they drew something.

    Raises
    ------
    TableError
        Where columns do not fit, a single text stands for a column, or a box has no area.
    """
    corners = column("boxes", boxes, np.float64, (None, 4))
    n = len(corners)
    for name, values in (("image", image), ("rater", rater), ("category", category)):
        no_text(name, values)
    images, image_codes = coded(str(name) for name in image)
    raters, rater_codes = coded(str(name) for name in rater)
    given = [None] * n if category is None else list(category)
    categories, category_codes = coded(given)
    if read is None:
        read = np.zeros((len(images), len(raters)), np.bool_)
        if len(image_codes) == len(rater_codes):
            read[image_codes, rater_codes] = True
    return Annotations(
        images=images,
        raters=RaterSet(raters, (RaterKind.HUMAN,) * len(raters), read),
        categories=categories,
        image=image_codes,
        rater=rater_codes,
        category=category_codes,
        score=np.full(n, np.nan) if score is None else np.asarray(score),
        session=np.zeros(n, np.int16),
        id=np.arange(n, dtype=np.uint64),
        **box_outlines(corners),
    )


def _canonical_order(table: Annotations) -> NDArray[np.int64]:
    """Order of rows by image, rater, corners, category, id.

    Image, rater and x0 make one number, which is sorted; only rows that share it, of which
    real tables have few, are compared on everything.
    """
    place = table.image.astype(np.int64) * max(len(table.raters), 1) + table.rater
    x0 = table.bounds[:, 0]
    # Rounding may make two numbers one and never swaps them, for places lie this far apart.
    apart = 4 * min(float(np.abs(x0).max(initial=1)), 1e300)
    key = place * apart + x0
    order = np.argsort(key) if (key[1:] < key[:-1]).any() else np.arange(len(key))
    ordered = key[order]
    same = ordered[1:] == ordered[:-1]
    if same.any():
        tied = np.flatnonzero(np.append(same, False) | np.append(False, same))
        rows = order[tied]
        run = np.cumsum(np.append(True, ~same))[tied]
        keys = (table.id, table.category, *table.bounds[:, ::-1].T)
        order[tied] = rows[np.lexsort((rows, *(key[rows] for key in keys), run))]
    return order
