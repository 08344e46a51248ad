"""Each rater left out in turn, and their categories predicted from the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.pipeline.method_runs import run_methods
from napari_consensus.progress import Progress, silent, stage
from napari_consensus.reliability.dropping import without_rater
from napari_consensus.resampling import shares

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_consensus.data.groups import Votes
    from napari_consensus.pipeline.deciding import DecisionRule


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """How often a method, without a rater, decides what that rater said.

    Parameters
    ----------
    hits
        (images, raters) answers of the rater left out that the method decided alike.
    answers
        (images, raters) answers of the rater left out, on objects that others gave a
        category; the same for every method.
    """

    hits: NDArray[np.int64]
    answers: NDArray[np.int64]

    @property
    def accuracy(self) -> float:
        """Hits over answers of all raters; NaN without answers."""
        return float(self.hits.sum() / self.answers.sum()) if self.answers.any() else float("nan")

    @property
    def by_rater(self) -> NDArray[np.float64]:
        """(raters,) hits over answers of each; NaN for a rater without answers."""
        return shares(self.hits.sum(axis=0), self.answers.sum(axis=0))


def predict_held_out(
    votes: Votes, methods: Sequence[str], rule: DecisionRule, *, progress: Progress = silent
) -> dict[str, HeldOut]:
    """Leave each rater out in turn and predict their categories from the others' votes.

    Objects stay as they were grouped, the rater's own annotations included. What a method
    does not decide counts as missed. A method that cannot work without some rater is absent
    from the result.

    Source: M. Stone, Cross-validatory choice and assessment of statistical predictions,
    J. R. Stat. Soc. B 36 (1974) 111-147, with raters as the folds.
    """
    shape = (len(votes.read), votes.n_raters)
    answers = np.zeros(shape, np.int64)
    hits = {name: np.zeros(shape, np.int64) for name in methods}
    for rater in range(votes.n_raters):
        others = without_rater(votes, rater)
        runs = run_methods(
            others, tuple(hits), rule, progress=stage(progress, rater, votes.n_raters)
        )
        for name in runs.left_out:
            del hits[name]
        of, said, image = _answers_to_predict(votes, others, rater)
        answers[:, rater] = np.bincount(image, minlength=shape[0])
        for run in runs.runs:
            same = run.category[of] == said
            hits[run.method][:, rater] = np.bincount(image[same], minlength=shape[0])
    return {name: HeldOut(counted, answers) for name, counted in hits.items()}


def _answers_to_predict(
    votes: Votes, others: Votes, rater: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    """Object, category and image of a rater's answers where others gave a category too."""
    answered = np.zeros(votes.n_objects, np.bool_)
    answered[others.object[others.category >= 0]] = True
    own = (votes.rater == rater) & (votes.category >= 0) & answered[votes.object]
    return votes.object[own], votes.category[own], votes.image[votes.object[own]]
