"""Review replayed on data with a reference: how soon each order of review pays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.errors import UndefinedError
from napari_consensus.matching import best_matching
from napari_consensus.pairing import POINT_DISTANCE, pairs_between
from napari_consensus.progress import Progress, silent
from napari_consensus.queueing.patterns import patterns_of
from napari_consensus.queueing.risk import Findings, risk_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.consensus import Consensus

SHARES = (0.8, 0.9)
_NOTES = (
    "the reference decides here; a real reviewer errs, and is anchored by the consensus shown",
    "decisions accept, reject or change the category; outlines, and what all missed, stay",
    "random is the mean of {shuffles} shuffles, seed {seed}",
)


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedReview:
    """Quality over decisions, for several orders of review.

    Parameters
    ----------
    curves
        (objects + 1,) class_f1 after 0, 1, ... decisions, by order: `ours` by expected gain,
        re-estimated as decisions arrive; `entropy` of the category, largest first; `support`,
        least first; `random`.
    decisions_to
        Decisions that reach a share of the gain, by share and order.
    notes
        What the reader of the numbers must know.
    """

    curves: Mapping[str, NDArray[np.float64]]
    decisions_to: Mapping[float, Mapping[str, int]]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Truth:
    """What the reference says of the objects under review.

    `rows` are the rows of the consensus that lie where the reference was made, `absent` and
    `wrong` what a reviewer who knows it finds there.
    """

    rows: NDArray[np.int64]
    absent: NDArray[np.bool_]
    wrong: NDArray[np.bool_]
    hits: int
    reference: int

    def nothing_to_gain(self) -> str:
        """Why no decision would raise class_f1, "" where one would."""
        if len(self.rows) == 0:
            return "no object of the consensus lies on an image that the reference's rater read"
        if self.hits + self.wrong.sum() == 0:
            return "no object of the consensus matches one of the reference that has a category"
        if not (self.absent.any() or self.wrong.any()):
            return "every object where the reference was made is as the reference has it"
        return ""

    def curve(self, order: NDArray[np.int64]) -> NDArray[np.float64]:
        """class_f1 after 0, 1, ... decisions on `rows[order]`."""
        hits = self.hits + _running(self.wrong[order])
        drawn = len(self.rows) - _running(self.absent[order])
        curve: NDArray[np.float64] = 2 * hits / (drawn + self.reference)
        return curve


def simulate_review(
    consensus: Consensus,
    reference: Annotations,
    *,
    minimum_iou: float = 0.5,
    step: int = 100,
    shuffles: int = 20,
    seed: int = 0,
    point_distance: float = POINT_DISTANCE,
    progress: Progress = silent,
) -> SimulatedReview:
    """Let a reference accept, reject or relabel the objects of a consensus, in several orders.

    An object without a match in the reference (IoU > `minimum_iou`, one to one) is rejected,
    one of another category relabelled, any other accepted. The order by expected gain knows
    the votes and the decisions it has had, nothing else.

    Parameters
    ----------
    consensus
        What is reviewed.
    reference
        One reference rater's annotations.
    minimum_iou
        Overlap of a match, in [0, 1].
    step
        Decisions between two estimates of what is left.
    shuffles, seed
        How many random orders are averaged, and the seed of the generator.
    point_distance
        As in `pairing.overlapping_pairs`.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    UndefinedError
        Where there is nothing to gain: no object is to be rejected or relabelled, or
        class_f1 stays 0 whatever is decided.
    """
    truth = _truth(consensus, reference, minimum_iou, point_distance)
    why = truth.nothing_to_gain()
    if why:
        msg = f"accepting, rejecting and relabelling gain nothing here: {why}"
        raise UndefinedError(msg)
    n = len(truth.rows)
    rng = np.random.default_rng(seed)
    shuffled = [truth.curve(rng.permutation(n)) for _ in range(shuffles)]
    entropy = _entropy(consensus.probability)[truth.rows]
    curves = {
        "ours": truth.curve(_by_gain(consensus, truth, step, progress)),
        "entropy": truth.curve(np.argsort(-entropy, kind="stable")),
        "support": truth.curve(np.argsort(consensus.support[truth.rows], kind="stable")),
        "random": np.mean(shuffled, axis=0),
    }
    decisions_to = {
        share: {name: _decisions_to(curve, share) for name, curve in curves.items()}
        for share in SHARES
    }
    notes = tuple(note.format(shuffles=shuffles, seed=seed) for note in _NOTES)
    return SimulatedReview(curves, decisions_to, notes)


def _truth(
    consensus: Consensus, reference: Annotations, minimum_iou: float, point_distance: float
) -> _Truth:
    shapes = consensus.shapes
    read: NDArray[np.bool_] = np.logical_or.reduce(reference.raters.read, axis=1)
    read[reference.image] = True
    made = {name for name, there in zip(reference.images, read, strict=True) if there}
    there = np.array([name in made for name in shapes.images], np.bool_)
    rows = np.flatnonzero(there[shapes.image])
    pairs = pairs_between(shapes.take(rows), reference, minimum_iou, point_distance=point_distance)
    found = best_matching(pairs, minimum_iou, strict=True)
    place = {name: k for k, name in enumerate(shapes.categories)}
    known = [place.get(name, len(place)) for name in reference.categories]
    # The last place is that of no category: no name says what the object is.
    true = np.array([*known, -1])[reference.category]
    said = shapes.category[rows]
    absent = np.ones(len(rows), np.bool_)
    absent[found.first] = False
    wrong = np.zeros(len(rows), np.bool_)
    named = true[found.second] >= 0
    same = true[found.second] == said[found.first]
    wrong[found.first] = named & ~same
    return _Truth(rows, absent, wrong, int((named & same).sum()), len(reference))


def _by_gain(
    consensus: Consensus, truth: _Truth, step: int, progress: Progress
) -> NDArray[np.int64]:
    """Order of the rows by expected gain, estimated anew every `step` decisions."""
    patterns = patterns_of(consensus)
    n = len(truth.rows)
    open_ = np.ones(n, np.bool_)
    order = np.empty(0, np.int64)
    while len(order) < n:
        progress(len(order), n)
        findings = Findings(truth.rows[order], truth.absent[order], truth.wrong[order])
        left = np.flatnonzero(open_)
        gain = risk_of(consensus, patterns, findings).gain[truth.rows[left]]
        taken = left[np.argsort(-gain, kind="stable")[:step]]
        open_[taken] = False
        order = np.concatenate([order, taken])
    progress(n, n)
    return order


def _entropy(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """(objects,) entropy of the category in nats; NaN, which sorts last, without one."""
    log = np.log(np.where(probability > 0, probability, 1))
    entropy: NDArray[np.float64] = -(probability * log).sum(axis=1)
    return entropy


def _running(happened: NDArray[np.bool_]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(happened)])


def _decisions_to(curve: NDArray[np.float64], share: float) -> int:
    goal = curve[0] + share * (curve[-1] - curve[0])
    # The last decision reaches all of the gain, whatever rounding does to the sum.
    return int(np.argmax(curve >= min(goal, curve[-1])))
