"""Weighted Dawid-Skene: each vote counts by how reliable its rater is on that category."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from napari_consensus.aggregation._em import iterations_parameter, tolerance_parameter
from napari_consensus.aggregation._parameters import check_parameters, parameter
from napari_consensus.aggregation._weighted_votes import ballots_of, weightless_note
from napari_consensus.aggregation.dawid_skene import DawidSkene
from napari_consensus.progress import Progress, silent, stage

if TYPE_CHECKING:
    from napari_consensus.data.consensus import Posterior
    from napari_consensus.data.groups import Votes


@dataclass(frozen=True, slots=True)
class WeightedDawidSkene:
    """Weighted Dawid-Skene: a vote weighted by the diagonals of Dawid-Skene's matrices.

    A vote of rater j for category k weighs e^j_kk, the probability that j recognises what is
    k, as estimated by Dawid-Skene. Only what j says counts for a category, never what j's
    confusions say of the others, and prevalence has no part in it.

    Parameters
    ----------
    smoothing, max_iterations, tolerance
        Of `DawidSkene`.

    Raises
    ------
    ParameterError
        Where a value is outside its range.

    Source: T. Lefort, B. Charlier, A. Joly and J. Salmon, Peerannot: classification for
    crowdsourced image datasets with Python, Computo (2024), section on weighted DS.
    """

    name: ClassVar[str] = "weighted-dawid-skene"

    smoothing: float = parameter(
        0.1,
        help="votes added to every cell of every confusion matrix; 0 is the model of 1979",
        minimum=0.0,
        maximum=1e6,
    )
    max_iterations: int = iterations_parameter()
    tolerance: float = tolerance_parameter()

    def __post_init__(self) -> None:
        check_parameters(self)

    def __call__(self, votes: Votes, *, progress: Progress = silent) -> Posterior:
        """Return each category's share of the weights, and the confusion matrices.

        Parameters
        ----------
        votes
            Who gave which category to which object.
        progress
            Reports as Dawid-Skene does, and stops where it raises.

        Returns
        -------
        Posterior
            `raters["confusion"]` as of `DawidSkene`; the log likelihood is that of its model.
        """
        model = DawidSkene(
            smoothing=self.smoothing, max_iterations=self.max_iterations, tolerance=self.tolerance
        )
        found = model(votes, progress=stage(progress, 0, 2))
        ballots = ballots_of(votes, stage(progress, 1, 2))
        if not len(ballots.rater):
            return found
        recognised = found.raters["confusion"][ballots.rater, ballots.category, ballots.category]
        # NaN where no object a rater answered is thought to be k: they never recognised one.
        weight = np.nan_to_num(recognised)
        progress(1, 1)
        return dataclasses.replace(
            found,
            probability=ballots.patterns.of_objects(ballots.shares(weight)),
            notes=(*found.notes, *weightless_note(ballots, weight)),
        )
