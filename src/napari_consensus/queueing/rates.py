"""How often something happens to objects, learnt from those decided so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_ROUNDS = 100
_SETTLED = 1e-3
_LARGEST_STEP = 2.0


def probability(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / (1 + exp(-log odds))."""
    out: NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(log_odds, -40, 40)))
    return out


def learn(
    prior: NDArray[np.float64],
    patterns: Mapping[str, NDArray[np.int32]],
    happened: NDArray[np.bool_],
) -> dict[str, NDArray[np.float64]]:
    """Estimate how much each pattern raises or lowers the log odds of an event.

    The log odds of object i are `prior[i]` plus one effect for the pattern it shows of each
    kind. Effects are normal around 0 with standard deviation 1 beforehand, so that a pattern
    decided once or twice moves little and one never decided not at all; their mode is found
    kind by kind with Newton's steps.

    Parameters
    ----------
    prior
        (n,) log odds before any decision.
    patterns
        (n,) codes by kind.
    happened
        (n,) whether it happened.

    Returns
    -------
    dict
        (codes,) effect of each pattern, by kind.

    Source: logistic regression with crossed random effects, by penalised likelihood, N. E.
    Breslow and D. G. Clayton, JASA 88, 1993, with the variance of the effects fixed at 1.
    """
    log_odds = prior.copy()
    effects = {kind: np.zeros(int(code.max(initial=-1)) + 1) for kind, code in patterns.items()}
    for _ in range(_ROUNDS):
        largest = 0.0
        for kind, code in patterns.items():
            effect = effects[kind]
            expected = probability(log_odds)
            slope = np.bincount(code, happened - expected, len(effect)) - effect
            curvature = np.bincount(code, expected * (1 - expected), len(effect)) + 1
            step = np.clip(slope / curvature, -_LARGEST_STEP, _LARGEST_STEP)
            effect += step
            log_odds += step[code]
            largest = max(largest, float(np.abs(step).max(initial=0)))
        if largest < _SETTLED:
            break
    return effects


def expect(
    prior: NDArray[np.float64],
    patterns: Mapping[str, NDArray[np.int32]],
    effects: Mapping[str, NDArray[np.float64]],
) -> NDArray[np.float64]:
    """Probability of the event for objects, from their prior and what was learnt.

    Parameters
    ----------
    prior, patterns
        As in `learn`, of the objects asked about.
    effects
        What `learn` returned; patterns it has not met have no effect.
    """
    log_odds = prior.copy()
    for kind, code in patterns.items():
        effect = effects[kind]
        known = code < len(effect)
        log_odds[known] += effect[code[known]]
    return probability(log_odds)
