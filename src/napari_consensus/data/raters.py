"""Who annotated, as what, and which images each of them read."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data._columns import codes, column, no_text, offsets
from napari_consensus.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_consensus.data.statements import RaterStatement


class RaterKind(StrEnum):
    """What a rater is; only `VOTING` kinds are compared and aggregated."""

    HUMAN = "human"
    MODEL = "model"
    PRELABEL = "prelabel"
    REFERENCE = "reference"
    CONSENSUS = "consensus"


VOTING = frozenset({RaterKind.HUMAN, RaterKind.MODEL})


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """Polygons that raters declared as the part of an image they read.

    Parameters
    ----------
    image, rater
        (n,) codes; several regions may share both.
    vertices
        (v, 2) x, y in level-0 pixels.
    rings
        (r + 1,) offsets of rings into `vertices`; even-odd.
    parts
        (n + 1,) offsets of regions into rings.
    """

    image: NDArray[np.int32]
    rater: NDArray[np.int32]
    vertices: NDArray[np.float64]
    rings: NDArray[np.int64]
    parts: NDArray[np.int64]

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "image", column("regions.image", self.image, np.int32, (None,)))
        n = len(self.image)
        put(self, "rater", column("regions.rater", self.rater, np.int32, (n,)))
        put(self, "vertices", column("regions.vertices", self.vertices, np.float64, (None, 2)))
        put(self, "rings", offsets("regions.rings", self.rings, None, len(self.vertices)))
        put(self, "parts", offsets("regions.parts", self.parts, n, len(self.rings) - 1))


@dataclass(frozen=True, slots=True, eq=False)
class RaterSet:
    """Raters and which images each of them read.

    An image a rater did not read (`NOT_READ`) is another thing than an image read and left
    without a mark (`NOT_MARKED`); only `read` tells them apart.

    Parameters
    ----------
    names
        Distinct ids, as in the files.
    kinds
        A kind for each name.
    read
        (images, raters) True where the rater looked at the image.
    regions
        Parts of images that were read, where raters declared them; who declared none read
        the whole image.
    joint
        (images,) True where raters annotated together; such images say nothing of
        agreement. None where there are none.
    pseudonyms
        What raters are called where names are hidden, by name: what they chose, and the
        numbers they had in a larger set that this one was taken from; see `data.pseudonyms`.
    statements
        Who raters are, by name; for those of whom it was declared.

    Raises
    ------
    TableError
        Where names repeat or shapes differ.
    """

    names: tuple[str, ...]
    kinds: tuple[RaterKind, ...]
    read: NDArray[np.bool_]
    regions: Regions | None = None
    joint: NDArray[np.bool_] | None = None
    pseudonyms: Mapping[str, str] = field(default_factory=dict)
    statements: Mapping[str, RaterStatement] = field(default_factory=dict)

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "pseudonyms", dict(self.pseudonyms))
        put(self, "statements", dict(self.statements))
        no_text("rater names", self.names)
        put(self, "names", tuple(self.names))
        put(self, "kinds", tuple(RaterKind(kind) for kind in self.kinds))
        if len(set(self.names)) != len(self.names):
            msg = f"rater names repeat: {self.names}"
            raise TableError(msg)
        if len(self.kinds) != len(self.names):
            msg = f"{len(self.names)} raters have {len(self.kinds)} kinds"
            raise TableError(msg)
        put(self, "read", column("read", self.read, np.bool_, (None, len(self.names))))
        if self.joint is not None:
            put(self, "joint", column("joint", self.joint, np.bool_, (len(self.read),)))
        if self.regions is not None:
            n = len(self.regions.image)
            codes("regions.image", self.regions.image, n, len(self.read), 0)
            codes("regions.rater", self.regions.rater, n, len(self.names), 0)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def voting(self) -> NDArray[np.bool_]:
        """(raters,) True for those who are compared and aggregated."""
        return np.array([kind in VOTING for kind in self.kinds], dtype=np.bool_)

    @property
    def apart(self) -> NDArray[np.bool_]:
        """(images,) True where raters annotated each for themselves."""
        return np.ones(len(self.read), np.bool_) if self.joint is None else ~self.joint

    def code(self, name: str) -> int:
        """Code of a rater's name.

        Raises
        ------
        TableError
            Where no rater has that name.
        """
        try:
            return self.names.index(name)
        except ValueError:
            msg = f"no rater is named {name!r}; there are {', '.join(self.names) or 'none'}"
            raise TableError(msg) from None
