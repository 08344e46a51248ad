"""Learning from crowds: Dawid-Skene with Dirichlet priors on raters and on categories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from napari_consensus.aggregation._em import iterations_parameter, tolerance_parameter
from napari_consensus.aggregation._parameters import check_parameters, parameter
from napari_consensus.aggregation.dawid_skene import confusion_matrices
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.data.consensus import Posterior
    from napari_consensus.data.groups import Votes


@dataclass(frozen=True, slots=True)
class LFC:
    """LFC, learning from crowds: Dawid-Skene with priors that raters are more right than wrong.

    It is the model of `DawidSkene` without a classifier on features, at the mode of its
    posterior. Each rater's probability to be right about a category has a Beta(`right`,
    `wrong`) prior, wrong answers spread evenly over the other categories that occur, and the
    prevalence a Dirichlet(`prevalence`) prior: the M step adds `right` - 1 votes to the
    diagonal of every row of every confusion matrix, (`wrong` - 1) / (K - 1) to its other
    cells, and `prevalence` - 1 objects to each category. With all of them 1 it is Dawid-Skene.

    Parameters
    ----------
    right, wrong
        Parameters of the Beta prior, >= 1.
    prevalence
        Parameter of the Dirichlet prior, >= 1.
    max_iterations
        E steps at most.
    tolerance
        Relative change of the log posterior at which to stop; 0 does all iterations.

    Raises
    ------
    ParameterError
        Where a value is outside its range.

    Source: V. C. Raykar, S. Yu, L. H. Zhao, G. H. Valadez, C. Florin, L. Bogoni and L. Moy,
    Learning from crowds, J. Mach. Learn. Res. 11 (2010) 1297-1322.
    """

    name: ClassVar[str] = "lfc"

    # Two votes for a rater against one: the least whole numbers that prefer right to wrong
    # even between two categories, and leave no cell at zero.
    right: float = parameter(
        3.0,
        help="Beta prior of a rater's right answers; votes added, plus 1",
        minimum=1.0,
        maximum=1e6,
    )
    wrong: float = parameter(
        2.0,
        help="Beta prior of a rater's wrong answers; votes added, plus 1",
        minimum=1.0,
        maximum=1e6,
    )
    prevalence: float = parameter(
        2.0,
        help="Dirichlet prior of the categories; objects added to each, plus 1",
        minimum=1.0,
        maximum=1e6,
    )
    max_iterations: int = iterations_parameter()
    tolerance: float = tolerance_parameter()

    def __post_init__(self) -> None:
        check_parameters(self)

    def __call__(self, votes: Votes, *, progress: Progress = silent) -> Posterior:
        """Return the posterior, each rater's confusion matrix and the log likelihood.

        Parameters
        ----------
        votes
            Who gave which category to which object.
        progress
            Reports every block of every step, and stops where it raises.

        Returns
        -------
        Posterior
            `raters["confusion"]` is (raters, K, K): row k is what the rater calls an object
            that is k. A row of which neither votes nor priors say anything is NaN.
        """
        return confusion_matrices(
            votes,
            self._added(votes),
            self.prevalence - 1,
            max_iterations=self.max_iterations,
            tolerance=self.tolerance,
            progress=progress,
        )

    def _added(self, votes: Votes) -> NDArray[np.float64]:
        """(K, K) votes added to a confusion matrix, none where a category was never given."""
        occurs = np.isin(np.arange(votes.n_categories), votes.category)
        others = max(int(np.count_nonzero(occurs)) - 1, 1)
        cells = np.full((len(occurs), len(occurs)), (self.wrong - 1) / others)
        np.fill_diagonal(cells, self.right - 1)
        return cells * np.outer(occurs, occurs)
