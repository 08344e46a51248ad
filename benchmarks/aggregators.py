"""One-coin, MACE and GLAD against crowd-kit: CPU seconds of the same iterations.

By itself: OPENBLAS_NUM_THREADS=1 python -m benchmarks.aggregators
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.dawid_skene import CROWDS
from benchmarks.measure import race
from napari_consensus.aggregation import GLAD, MACE, OneCoin

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_consensus.aggregation import Aggregator

HEADER = (
    "| work | napari-consensus, CPU s | crowd-kit, CPU s | ratio | aim | largest difference |\n"
    "|---|---:|---:|---:|---:|---:|"
)


@dataclass(frozen=True)
class Row:
    """One method."""

    work: str
    ours: float
    peer: float
    aim: float
    difference: float

    def markdown(self) -> str:
        """One row of the table."""
        same = "not the same numbers" if math.isnan(self.difference) else f"{self.difference:.1e}"
        return (
            f"| {self.work} | {self.ours:.3g} | {self.peer:.3g} | {self.peer / self.ours:.0f}x "
            f"| {self.aim:g}x | {same} |"
        )


def rows() -> list[Row]:
    """Measure each on the smallest crowd; its many categories are what slows crowd-kit."""
    from crowdkit import aggregation as peers  # type: ignore[import-not-found]

    return [
        _measure(
            "one-coin, 10 iterations",
            OneCoin(smoothing=0.0, max_iterations=10, tolerance=0.0),
            peers.OneCoinDawidSkene(n_iter=10, tol=-math.inf),
            aim=40,
        ),
        # crowd-kit starts every restart alike and mixes up the order of its counts.
        _measure(
            "MACE, 2 starts of 10 iterations",
            MACE(restarts=2, max_iterations=10, tolerance=0.0),
            peers.MACE(n_restarts=2, n_iter=10),
            aim=20,
            comparable=False,
        ),
        # crowd-kit's posterior is that before its last M step: ours of one iteration less.
        _measure(
            "GLAD by conjugate gradients, 2 M steps",
            GLAD(solver="cg", max_iterations=2, tolerance=0.0),
            peers.GLAD(n_iter=2, tol=-math.inf),
            aim=90,
            repeats=1,
            compared=GLAD(solver="cg", max_iterations=1, tolerance=0.0),
        ),
    ]


def _measure(
    work: str,
    ours: Aggregator,
    peer: Any,  # noqa: ANN401 -- it has no types
    *,
    aim: float,
    repeats: int = 3,
    comparable: bool = True,
    compared: Aggregator | None = None,
) -> Row:
    """Run both; `compared`, where given, is what has the peer's posterior."""
    import pandas as pd

    crowd = CROWDS[0]
    votes = crowd.votes()
    table = pd.DataFrame({"task": votes.object, "worker": votes.rater, "label": votes.category})
    found: dict[str, Any] = {}

    def theirs() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found["theirs"] = peer.fit_predict_proba(table)

    def own(method: Aggregator) -> Callable[[], None]:
        def run() -> None:
            found["ours"] = method(votes).probability

        return run

    seconds = race(own(ours), theirs, repeats)
    difference = math.nan
    if comparable:
        own(compared or ours)()
        table = found["theirs"]
        table = table[sorted(table.columns)].sort_index()
        difference = float(np.abs(found["ours"][:, table.columns] - table.to_numpy()).max())
    return Row(f"{work}, {crowd.name}", *seconds, aim, difference)


if __name__ == "__main__":
    print(HEADER)
    for row in rows():
        print(row.markdown(), flush=True)
