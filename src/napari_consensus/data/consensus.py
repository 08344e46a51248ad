"""One consensus: outlines, categories, how sure, and how it came about."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data._columns import column
from napari_consensus.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.groups import ObjectGroups

Parameter = str | int | float | bool | None


@dataclass(frozen=True, slots=True, eq=False)
class Posterior:
    """What an aggregator concluded from votes.

    Parameters
    ----------
    probability
        (objects, K), rows sum to 1; a row of NaN is an object no one gave a category, or one
        that a method leaves undecided, and then a note says how many.
    n_iter, converged
        Iterations done and whether the stopping rule was met; a method without
        iterations reports 1 and True.
    log_likelihood
        Marginal log likelihood of the votes, or the lower bound of it that a variational
        method maximises; NaN where the method has no such model.
    raters, objects
        Parameters of raters and of objects by name, each an array whose first axis is
        raters, or objects.
    notes
        What the reader of a result must know.
    """

    probability: NDArray[np.float64]
    n_iter: int = 1
    converged: bool = True
    log_likelihood: float = float("nan")
    raters: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    objects: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        put = object.__setattr__
        probability = column("probability", self.probability, np.float64, (None, None))
        put(self, "probability", probability)
        # A comparison of arrays makes a number of numpy, which no JSON can hold.
        put(self, "n_iter", int(self.n_iter))
        put(self, "converged", bool(self.converged))
        put(self, "raters", {k: column(k, v, np.float64) for k, v in self.raters.items()})
        put(self, "objects", {k: column(k, v, np.float64) for k, v in self.objects.items()})


@dataclass(frozen=True, slots=True)
class Step:
    """One thing done to the data, with the parameters it was really done with."""

    action: str
    parameters: Mapping[str, Parameter]


@dataclass(frozen=True, slots=True)
class Source:
    """A file the data came from."""

    file: str
    format: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a consensus came from: files, steps, versions, time.

    Parameters
    ----------
    sources
        Files read, by name (no folder) and sha256.
    steps
        What was done, in order.
    versions
        Version of this package and of the libraries the numbers depend on.
    created
        UTC time, ISO 8601.
    """

    sources: tuple[Source, ...] = ()
    steps: tuple[Step, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    created: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Consensus:
    """What several raters agree on: one row an object.

    Parameters
    ----------
    shapes
        (objects,) outlines with the decided category; its one rater is "consensus". Row k
        is object `objects[k]` of the groups.
    groups
        The annotations and the objects they were grouped into (all objects, also those
        left out for too little support).
    objects
        (objects,) the groups' objects that were kept.
    probability
        (objects, K) the whole posterior of each kept object.
    exists
        (objects,) probability that the object is there, in [0, 1].
    support, readers
        (objects,) how many raters marked it, of how many who read the place.
    tied
        (objects,) True where the category was a tie before the rule decided it.
    posterior
        The aggregator's whole result, over all objects of the groups.
    provenance
        How it came about.
    """

    shapes: Annotations
    groups: ObjectGroups
    objects: NDArray[np.int64]
    probability: NDArray[np.float64]
    exists: NDArray[np.float64]
    support: NDArray[np.int64]
    readers: NDArray[np.int64]
    tied: NDArray[np.bool_]
    posterior: Posterior
    provenance: Provenance

    def __post_init__(self) -> None:
        put = object.__setattr__
        n = len(self.shapes)
        k = len(self.shapes.categories)
        put(self, "objects", column("objects", self.objects, np.int64, (n,)))
        put(self, "probability", column("probability", self.probability, np.float64, (n, k)))
        put(self, "exists", column("exists", self.exists, np.float64, (n,)))
        put(self, "support", column("support", self.support, np.int64, (n,)))
        put(self, "readers", column("readers", self.readers, np.int64, (n,)))
        put(self, "tied", column("tied", self.tied, np.bool_, (n,)))
        if (self.support > self.readers).any():
            row = int(np.flatnonzero(self.support > self.readers)[0])
            msg = (
                f"object {row} was marked by {self.support[row]} raters, but only "
                f"{self.readers[row]} read its image"
            )
            raise TableError(msg)

    def __repr__(self) -> str:
        images, categories = len(self.shapes.images), len(self.shapes.categories)
        counts = f"objects={len(self)}, images={images}, categories={categories}"
        return f"Consensus({counts}, tied={int(self.tied.sum())})"

    def __len__(self) -> int:
        return len(self.shapes)

    @property
    def confidence(self) -> NDArray[np.float64]:
        """(objects,) probability of the decided category; NaN where none was decided."""
        out = np.full(len(self), np.nan)
        given = np.flatnonzero(self.shapes.category >= 0)
        out[given] = self.probability[given, self.shapes.category[given]]
        return out

    def raters_of(self, row: int) -> tuple[str, ...]:
        """Names of the raters who marked the object of a row."""
        table = self.groups.annotations
        rows = np.flatnonzero(self.groups.object == self.objects[row])
        return tuple(table.raters.names[k] for k in table.rater[rows])
