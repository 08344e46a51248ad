"""Dawid-Skene against crowd-kit: CPU seconds and posteriors of the same iterations.

By itself: OPENBLAS_NUM_THREADS=1 python -m benchmarks.dawid_skene
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.measure import race
from napari_consensus.aggregation import DawidSkene
from napari_consensus.data.groups import Votes

if TYPE_CHECKING:
    from numpy.typing import NDArray

ITERATIONS = 10


@dataclass(frozen=True)
class Crowd:
    """A synthetic crowd: how many objects, raters and categories, and answers an object.

    `answers` gives the probability of 1, 2, ... answers; `skew` how unequal the categories
    are, as the exponent of a power law.
    """

    name: str
    objects: int
    raters: int
    categories: int
    answers: tuple[float, ...]
    skew: float = 0.0

    def votes(self, seed: int = 0) -> Votes:
        """Draw truth, then answers by raters of different skill."""
        rng = np.random.default_rng(seed)
        n, k = self.objects, self.categories
        prevalence = np.arange(1, k + 1) ** -self.skew
        prevalence /= prevalence.sum()
        truth = rng.choice(k, n, p=prevalence)
        length = rng.choice(np.arange(1, len(self.answers) + 1), n, p=self.answers)
        width = len(self.answers)
        # Distinct raters of an object: steps of one stride through the circle of raters.
        stride = rng.integers(1, max(self.raters // width, 1) + 1, n)
        rater = (rng.integers(0, self.raters, n)[:, None] + stride[:, None] * np.arange(width)) % (
            self.raters
        )
        skill = rng.uniform(0.5, 0.9, self.raters)
        right = rng.random((n, width)) < skill[rater]
        said = np.where(right, truth[:, None], rng.choice(k, (n, width), p=prevalence))
        asked = np.arange(width) < length[:, None]
        of = np.broadcast_to(np.arange(n)[:, None], asked.shape)
        read = np.ones((1, self.raters), np.bool_)
        return Votes(of[asked], rater[asked], said[asked], np.zeros(n, np.int32), read, k)


CROWDS = (
    Crowd("6,000 objects, 4 raters, 34 categories", 6000, 4, 34, (0.35, 0.2, 0.15, 0.3), 1.5),
    Crowd("100,000 objects, 100 raters, 10 categories", 100_000, 100, 10, (0, 0, 0, 0, 1.0)),
    Crowd("1,000,000 objects, 1,000 raters, 5 categories", 1_000_000, 1000, 5, (0, 0, 0, 0, 1.0)),
)


@dataclass(frozen=True)
class Row:
    """One measured crowd."""

    work: str
    answers: int
    ours: float
    peer: float
    difference: float

    def markdown(self) -> str:
        """One row of the table."""
        return (
            f"| Dawid-Skene, {ITERATIONS} iterations, {self.work} ({self.answers:,} answers) "
            f"| {self.ours:.3g} | {self.peer:.3g} | {self.peer / self.ours:.1f}x "
            f"| {self.difference:.1e} |"
        )


HEADER = (
    "| work | napari-consensus, CPU s | crowd-kit, CPU s | ratio | largest difference |\n"
    "|---|---:|---:|---:|---:|"
)


def measure(crowd: Crowd, repeats: int = 3) -> Row:
    """Run both on one crowd; the least of `repeats` runs counts for each."""
    votes = crowd.votes()
    estimate = DawidSkene(smoothing=0.0, max_iterations=ITERATIONS, tolerance=0.0)
    found: dict[str, NDArray[Any]] = {}

    def ours() -> None:
        found["ours"] = estimate(votes).probability

    def theirs() -> None:
        found["theirs"], found["categories"] = _crowd_kit(votes)

    seconds = race(ours, theirs, repeats)
    # crowd-kit clips the posterior it returns at 1e-10, and leaves out categories no one gave.
    clipped = np.maximum(found["ours"][:, found["categories"]], 1e-10)
    difference = float(np.abs(clipped - found["theirs"]).max())
    return Row(crowd.name, len(votes), *seconds, difference)


def _crowd_kit(votes: Votes) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    import pandas as pd
    from crowdkit.aggregation import DawidSkene as Peer  # type: ignore[import-not-found]

    table = pd.DataFrame({"task": votes.object, "worker": votes.rater, "label": votes.category})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = Peer(n_iter=ITERATIONS, tol=-math.inf).fit_predict_proba(table)
    found = found[sorted(found.columns)].sort_index()
    return found.to_numpy(), found.columns.to_numpy()


def rows() -> list[Row]:
    """Measure every crowd; the largest once, for crowd-kit takes long."""
    return [measure(crowd, 1 if crowd.objects > 500_000 else 3) for crowd in CROWDS]


if __name__ == "__main__":
    print(HEADER)
    for row in rows():
        print(row.markdown(), flush=True)
