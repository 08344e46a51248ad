"""What a consensus probably gets wrong, and what a decision on it would gain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data._columns import column
from napari_consensus.queueing.rates import expect, learn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_consensus.data.consensus import Consensus
    from napari_consensus.queueing.patterns import Patterns

# No vote is proof: before any decision, risks stay within these.
_LEAST, _MOST = 0.02, 0.98


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """What decisions so far found of the objects they were about.

    Parameters
    ----------
    rows
        (d,) rows of the consensus.
    absent
        (d,) True where the consensus drew an object that is not there.
    wrong
        (d,) True where it is there, and another category than the consensus said.
    """

    rows: NDArray[np.int64]
    absent: NDArray[np.bool_]
    wrong: NDArray[np.bool_]

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "rows", column("rows", self.rows, np.int64, (None,)))
        for name in ("absent", "wrong"):
            put(self, name, column(name, getattr(self, name), np.bool_, (len(self.rows),)))


@dataclass(frozen=True, slots=True, eq=False)
class Risk:
    """What is probably wrong with each object of a consensus.

    Parameters
    ----------
    absent
        (objects,) probability that there is no such object.
    wrong
        (objects,) probability that its category is another, given that it is there.
    gain
        (objects,) expected gain of a decision, in units of class_f1 times its denominator.
    """

    absent: NDArray[np.float64]
    wrong: NDArray[np.float64]
    gain: NDArray[np.float64]


def risk_of(
    consensus: Consensus,
    patterns: Patterns,
    findings: Findings,
    weight: NDArray[np.float64] | None = None,
) -> Risk:
    """Estimate what a consensus gets wrong, from votes and from decisions so far.

    Before any decision an object is absent with probability 1 - exists, and its category
    wrong with 1 - the probability of the category; decisions then move both by the patterns
    that objects share (see `rates.learn`). With F = 2 hits / D, rejecting an object that is
    not there lowers D by 1 and so raises F by F / D, and correcting a category raises it by
    2 / D: the gain is absent F + (1 - absent) wrong 2, F being estimated likewise.

    Parameters
    ----------
    consensus
        What is reviewed.
    patterns
        What its objects have in common.
    findings
        What was decided so far.
    weight
        (objects,) how much a mistake matters; by default each the same.
    """
    confidence = np.nan_to_num(consensus.confidence, nan=0.0)
    absent = _estimate(1 - consensus.exists, patterns.of, findings.rows, findings.absent)
    there = ~findings.absent
    wrong = _estimate(1 - confidence, patterns.of, findings.rows[there], findings.wrong[there])
    f = _expected_class_f1(absent, wrong, findings)
    gain = absent * f + (1 - absent) * wrong * 2
    return Risk(absent, wrong, gain if weight is None else gain * weight)


def _estimate(
    prior: NDArray[np.float64],
    patterns: Mapping[str, NDArray[np.int32]],
    rows: NDArray[np.int64],
    happened: NDArray[np.bool_],
) -> NDArray[np.float64]:
    held = np.clip(prior, _LEAST, _MOST)
    log_odds = np.log(held / (1 - held))
    effects = learn(log_odds[rows], {kind: code[rows] for kind, code in patterns.items()}, happened)
    return expect(log_odds, patterns, effects)


def _expected_class_f1(
    absent: NDArray[np.float64], wrong: NDArray[np.float64], findings: Findings
) -> float:
    """class_f1 once what was found so far is put right; what all raters missed is unknown."""
    absent, wrong = absent.copy(), wrong.copy()
    absent[findings.rows] = 0
    wrong[findings.rows] = 0
    rejected = int(findings.absent.sum())
    there = (1 - absent).sum() - rejected
    hits = ((1 - absent) * (1 - wrong)).sum() - rejected
    drawn = len(absent) - rejected
    return float(2 * hits / (drawn + there)) if drawn + there > 0 else 0.0
