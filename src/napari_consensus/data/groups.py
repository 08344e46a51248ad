"""Which annotations mean the same object, and how raters voted on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data._columns import codes, column
from napari_consensus.data.annotations import NO_CATEGORY, Annotations
from napari_consensus.errors import ParameterError, TableError

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOT_MARKED = -2
NOT_READ = -3
_DENSE_CELLS = 50_000_000


def _no_places() -> NDArray[np.int64]:
    return np.empty((0, 2), np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs of annotations that overlap on one image.

    Parameters
    ----------
    first, second
        (m,) rows of the annotations; `first` < `second`.
    iou
        (m,) overlap in (0, 1].
    """

    first: NDArray[np.int32]
    second: NDArray[np.int32]
    iou: NDArray[np.float64]

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "first", column("first", self.first, np.int32, (None,)))
        m = len(self.first)
        put(self, "second", column("second", self.second, np.int32, (m,)))
        put(self, "iou", column("iou", self.iou, np.float64, (m,)))

    def __len__(self) -> int:
        return len(self.first)

    def take(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Pairs:
        """Keep some pairs, by a mask or by positions."""
        return Pairs(self.first[rows], self.second[rows], self.iou[rows])

    def at_least(self, minimum_iou: float, *, strict: bool = False) -> Pairs:
        """Keep pairs with IoU >= `minimum_iou`, or > where `strict`."""
        if strict:
            return self.take(self.iou > minimum_iou)
        return self.take(self.iou >= minimum_iou)


@dataclass(frozen=True, slots=True, eq=False)
class Votes:
    """Who gave which category to which object, and who could have.

    Parameters
    ----------
    object, rater, category
        (a,) one answer a row; an object and rater occur together once. Marks without a
        category are kept with category -1: they say the object exists, not what it is.
    image
        (objects,) image of each object.
    read
        (images, raters) who read which image.
    n_categories
        K, the number of categories there are.
    unread
        (u, 2) object and rater, where the rater read the image but not that place of it.
    """

    object: NDArray[np.int64]
    rater: NDArray[np.int32]
    category: NDArray[np.int32]
    image: NDArray[np.int32]
    read: NDArray[np.bool_]
    n_categories: int
    unread: NDArray[np.int64] = field(default_factory=_no_places)

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "read", column("read", self.read, np.bool_, (None, None)))
        put(self, "object", column("object", self.object, np.int64, (None,)))
        a = len(self.object)
        put(self, "image", column("image", self.image, np.int32, (None,)))
        codes("image", self.image, len(self.image), len(self.read), 0)
        codes("object", self.object, a, len(self.image), 0)
        put(self, "rater", codes("rater", self.rater, a, self.read.shape[1], 0))
        put(self, "category", codes("category", self.category, a, self.n_categories, -1))
        put(self, "unread", column("unread", self.unread, np.int64, (None, 2)))

    def __len__(self) -> int:
        return len(self.object)

    @property
    def n_objects(self) -> int:
        """How many objects there are, answered or not."""
        return len(self.image)

    @property
    def n_raters(self) -> int:
        """How many raters there are."""
        return int(self.read.shape[1])

    def support(self) -> NDArray[np.int64]:
        """(objects,) how many raters marked each object."""
        return np.bincount(self.object, minlength=self.n_objects)

    def readers(self) -> NDArray[np.int64]:
        """(objects,) how many raters read the place of each object."""
        counts: NDArray[np.int64] = self.read.sum(axis=1, dtype=np.int64)[self.image]
        return counts - np.bincount(self.unread[:, 0], minlength=self.n_objects)

    def shares(self) -> NDArray[np.float64]:
        """(objects, K) share of each category among the categories given.

        A row without any category given is NaN.
        """
        return category_shares(self.counts())

    def counts(self) -> NDArray[np.int64]:
        """(objects, K) how many raters gave each category."""
        given = self.category >= 0
        cells = self.object[given] * self.n_categories + self.category[given]
        flat = np.bincount(cells, minlength=self.n_objects * self.n_categories)
        return flat.reshape(self.n_objects, self.n_categories)

    def dense(self) -> NDArray[np.int32]:
        """(objects, raters) category code, -1 none given, -2 `NOT_MARKED`, -3 `NOT_READ`.

        Raises
        ------
        ParameterError
            Where the table would pass fifty million cells; use the triples there.
        """
        if self.n_objects * self.n_raters > _DENSE_CELLS:
            msg = (
                f"a dense table of {self.n_objects} objects x {self.n_raters} raters is too "
                "large; use the triples object, rater, category"
            )
            raise ParameterError(msg)
        table = np.where(self.read[self.image], NOT_MARKED, NOT_READ).astype(np.int32)
        table[self.unread[:, 0], self.unread[:, 1]] = NOT_READ
        table[self.object, self.rater] = self.category
        return table


def category_shares(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """(objects, K) share of each category among those given; NaN where none was.

    Parameters
    ----------
    counts
        (objects, K) how many raters gave each category.
    """
    total = counts.sum(axis=1, keepdims=True)
    out = np.full(counts.shape, np.nan)
    np.divide(counts, total, out=out, where=total > 0)
    return out


@dataclass(frozen=True, slots=True, eq=False)
class ObjectGroups:
    """Annotations put together into objects, at most one of each rater in one.

    Parameters
    ----------
    annotations
        What was grouped.
    object
        (n,) object of each annotation; objects are numbered by their first row.
    duplicate
        (n,) True where a rater marked an object again that another mark of theirs already
        stands for; it keeps an object of its own.
    minimum_iou
        The overlap that joined them, in (0, 1].
    unread
        (u, 2) object and rater, where the rater read the image but not that place of it.
    """

    annotations: Annotations
    object: NDArray[np.int64]
    duplicate: NDArray[np.bool_]
    minimum_iou: float
    unread: NDArray[np.int64] = field(default_factory=_no_places)

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "unread", column("unread", self.unread, np.int64, (None, 2)))
        n = len(self.annotations)
        put(self, "object", column("object", self.object, np.int64, (n,)))
        put(self, "duplicate", column("duplicate", self.duplicate, np.bool_, (n,)))
        seen = np.zeros(self.n_objects, np.bool_)
        seen[self.object] = True
        if not seen.all():
            msg = f"object {int(np.flatnonzero(~seen)[0])} has no annotation"
            raise TableError(msg)

    @property
    def n_objects(self) -> int:
        """How many objects there are."""
        return int(self.object.max()) + 1 if len(self.object) else 0

    @property
    def image(self) -> NDArray[np.int32]:
        """(objects,) image of each object."""
        image = np.zeros(self.n_objects, np.int32)
        image[self.object] = self.annotations.image
        return image

    @property
    def support(self) -> NDArray[np.int64]:
        """(objects,) how many raters marked each object."""
        return np.bincount(self.object, minlength=self.n_objects)

    def members(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows by object: (n,) rows in object order and (objects + 1,) offsets."""
        rows = np.argsort(self.object, kind="stable")
        start = np.zeros(self.n_objects + 1, np.int64)
        np.cumsum(self.support, out=start[1:])
        return rows, start

    def votes(self) -> Votes:
        """Return the answers as triples, with who read what."""
        table = self.annotations
        return Votes(
            object=self.object,
            rater=table.rater,
            category=table.category,
            image=self.image,
            read=table.raters.read,
            n_categories=len(table.categories),
            unread=self.unread,
        )


__all__ = ["NOT_MARKED", "NOT_READ", "NO_CATEGORY", "ObjectGroups", "Pairs", "Votes"]
