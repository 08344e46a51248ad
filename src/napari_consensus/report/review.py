"""What experts decided of a consensus, as far as a report tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus import pipeline
from napari_consensus.adjudication import (
    Review,
    compare_adjudicators,
    consistency,
    gold_standard,
    progress_of,
    versions_of,
)
from napari_consensus.formats import adjudicators_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_consensus.adjudication import (
        AdjudicatorPair,
        Consistency,
        DecisionLog,
        ReviewProgress,
    )
    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.consensus import Consensus
    from napari_consensus.data.gold import Version
    from napari_consensus.evaluation import Evaluation
    from napari_consensus.pipeline.privacy import Names


@dataclass(frozen=True, slots=True, eq=False)
class Reviewed:
    """The state of a review.

    Parameters
    ----------
    progress
        How far it is, and who did what.
    again
        How often each adjudicator gave the same answer to an object shown again.
    pairs
        Every two adjudicators.
    versions
        What was signed.
    later
        Entries of the log since the last signature.
    against_gold
        The consensus and every rater, by name, against what the decisions come to.
    names
        What adjudicators are called in the report.
    """

    progress: ReviewProgress
    again: Mapping[str, Consistency]
    pairs: tuple[AdjudicatorPair, ...]
    versions: tuple[Version, ...]
    later: int
    against_gold: Mapping[str, Evaluation]
    names: Mapping[str, str]


def review_of(
    consensus: Consensus,
    log: DecisionLog,
    minimum_iou: float,
    point_distance: float,
    names: Names,
) -> Reviewed:
    """Gather the state of a review.

    Parameters
    ----------
    consensus
        What was decided on, with the names that the log knows.
    log
        The decisions.
    minimum_iou, point_distance
        Of a match with the gold standard, which needs more than the first.
    names
        What raters are called; where they are hidden, adjudicators are called adjudicator-1, ...

    Raises
    ------
    ReadError
        Where the log contradicts itself, or a signature does not fit its entries.
    """
    review = Review(consensus, log, adjudicator="")
    gold = gold_standard(review)
    done = progress_of(review)
    versions = versions_of(log)
    in_force = review.in_force()
    people = [work.adjudicator for work in done.by_adjudicator]
    shown = adjudicators_of(gold, pseudonyms=names.hidden)
    for name in [*people, *(v.signed_by for v in versions), *_deciders(versions)]:
        shown.setdefault(name, f"adjudicator-{len(shown) + 1}" if names.hidden else name)
    return Reviewed(
        progress=done,
        again={name: consistency(in_force, name) for name in people},
        pairs=compare_adjudicators(in_force),
        versions=versions,
        later=len(log.entries) - versions[-1].entries - 1 if versions else len(log.entries),
        against_gold={
            name: pipeline.evaluate(
                subject, gold.shapes, minimum_iou, point_distance=point_distance
            )
            for name, subject in _subjects(consensus, names).items()
        },
        names=shown,
    )


def _deciders(versions: tuple[Version, ...]) -> list[str]:
    return [name for version in versions for name in version.decided_by]


def _subjects(consensus: Consensus, names: Names) -> dict[str, Annotations]:
    table = consensus.groups.annotations
    n = len(table.raters)
    return {
        "consensus": consensus.shapes,
        **{
            names.rater(name): table.of_raters(np.arange(n) == k)
            for k, name in enumerate(table.raters.names)
        },
    }
