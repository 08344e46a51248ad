"""Dawid-Skene with clusters of raters: raters of a cluster share a confusion matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from scipy.special import entr, softmax

from napari_consensus.aggregation._em import (
    LEAST,
    Expected,
    Parameters,
    estimate,
    iterations_parameter,
    log_shares,
    nothing_given,
    tolerance_parameter,
)
from napari_consensus.aggregation._parameters import check_parameters, parameter
from napari_consensus.aggregation._patterns import answer_patterns
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.data.consensus import Posterior
    from napari_consensus.data.groups import Votes


@dataclass(frozen=True, slots=True)
class ClusteredDawidSkene:
    """Dawid-Skene with clusters: raters of the same kind share one confusion matrix.

    Rater j belongs to cluster c with prior share r_c and then calls an object of category k,
    which has prevalence p_k, l with probability e^c_kl. Categories T_ik and clusters F_jc are
    estimated by mean-field variational Bayes, with r, p and e at their maximum:

        F_jc in proportion to r_c prod_i,k (e^c_k,l(j,i))^T_ik;
        e^c_kl in proportion to sum_j,i F_jc T_ik [j called i l], r_c = mean_j F_jc,
        p_k = mean_i T_ik;
        T_ik in proportion to p_k prod_j,c (e^c_k,l(j,i))^F_jc,

    with l(j, i) what j called i. F and T both start from the T, F, r, p and e before them, as
    published. The bound on the log likelihood is reported; the iterations end where it
    settles, or after `max_iterations`. The start: confusion matrices from the shares of the
    votes; raters in the order of the nuclear norm of theirs, largest first, are cut into
    clusters of equal size, each with the mean of its raters' matrices.

    Parameters
    ----------
    clusters
        How many; with fewer raters, one for each.
    max_iterations
        Iterations at most.
    tolerance
        Relative change of the bound at which to stop; 0 does all iterations.

    Raises
    ------
    ParameterError
        Where a value is outside its range.

    Source: H. Imamura, I. Sato and M. Sugiyama, Analysis of minimax error rate for
    crowdsourcing and its application to worker clustering model, ICML 2018, PMLR 80,
    2147-2156.
    """

    name: ClassVar[str] = "dawid-skene-clusters"

    clusters: int = parameter(2, help="clusters of raters", minimum=1, maximum=10_000)
    max_iterations: int = iterations_parameter(2000)
    tolerance: float = tolerance_parameter()

    def __post_init__(self) -> None:
        check_parameters(self)

    def __call__(self, votes: Votes, *, progress: Progress = silent) -> Posterior:
        """Return the posterior, each rater's clusters and confusion matrix, and the bound.

        Parameters
        ----------
        votes
            Who gave which category to which object.
        progress
            Reports every block of every step, and stops where it raises.

        Returns
        -------
        Posterior
            `raters["cluster"]` is (raters, clusters) F_jc; `raters["confusion"]` (raters, K,
            K) the mean of e^c under it, row k what is said of an object that is k; NaN for
            raters who gave no category. `log_likelihood` is the variational bound.
        """
        k = votes.n_categories
        patterns = answer_patterns(votes, progress)
        if not len(patterns.count):
            return nothing_given(votes, {"cluster": (self.clusters,), "confusion": (k, k)})
        answered = patterns.answered
        clusters = min(self.clusters, int(np.count_nonzero(answered)))
        found = estimate(
            patterns,
            _MStep(answered, patterns.voted, clusters),
            max_iterations=self.max_iterations,
            tolerance=self.tolerance,
            progress=progress,
        )
        at = found.parameters
        cluster = np.full((votes.n_raters, self.clusters), np.nan)
        cluster[answered] = np.pad(at.member, ((0, 0), (0, self.clusters - clusters)))
        confusion = np.full(at.log_confusion.shape, np.nan)
        of_raters = np.tensordot(at.member, np.exp(at.log_shared), 1)
        confusion[np.ix_(answered, patterns.voted, patterns.voted)] = of_raters
        few = f"{clusters} raters gave a category, so there are no more than {clusters} clusters"
        return found.posterior(
            found.objective,
            {"cluster": cluster, "confusion": confusion.transpose(0, 2, 1)},
            notes=(few,) if clusters < self.clusters else (),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Clusters(Parameters):
    """As in an E step, and the clusters, over raters who answered and categories given.

    Parameters
    ----------
    member
        (n, clusters) probability that a rater belongs to a cluster.
    log_share
        (clusters,) log share of raters in each cluster.
    log_shared
        (clusters, V, V) log confusion of each cluster, axes as in `log_confusion`.
    """

    member: NDArray[np.float64]
    log_share: NDArray[np.float64]
    log_shared: NDArray[np.float64]


class _MStep:
    """Clusters of raters; it remembers what it found last, and from what.

    Parameters
    ----------
    answered
        (raters,) True for raters who gave a category.
    voted
        (K,) True for categories that were given.
    clusters
        How many.
    """

    def __init__(
        self, answered: NDArray[np.bool_], voted: NDArray[np.bool_], clusters: int
    ) -> None:
        self._voted = voted
        self._known = np.ix_(answered, voted, voted)
        self._clusters = clusters
        self._last: tuple[NDArray[np.float64], _Clusters] | None = None

    def __call__(self, expected: Expected) -> _Clusters:
        counts = expected.counts[self._known]
        if self._last is None:
            member = _cut(counts, self._clusters)
            shared = np.tensordot(member.T, _matrices(counts), 1)
        else:
            member = _members(*self._last)
            shared = np.tensordot(member.T, counts, 1)
        log_share = np.log(np.maximum(member.mean(axis=0), LEAST))
        log_shared = np.log((shared + LEAST) / (shared + LEAST).sum(axis=1, keepdims=True))
        log_confusion = np.zeros(expected.counts.shape)
        log_confusion[self._known] = np.tensordot(member, log_shared, 1)
        found = _Clusters(
            log_confusion=log_confusion,
            log_prevalence=log_shares(expected.objects, self._voted),
            log_prior=float((member * log_share).sum() + entr(member).sum()),
            member=member,
            log_share=log_share,
            log_shared=log_shared,
        )
        self._last = counts, found
        return found


def _members(counts: NDArray[np.float64], before: _Clusters) -> NDArray[np.float64]:
    """(n, clusters) probability of each cluster given what raters said of what."""
    score = np.tensordot(counts, before.log_shared, ([1, 2], [1, 2])) + before.log_share
    member: NDArray[np.float64] = softmax(score, axis=1)
    return member


def _cut(counts: NDArray[np.float64], clusters: int) -> NDArray[np.float64]:
    """(n, clusters) 1 where a rater is put at the start, else 0."""
    norm = np.linalg.norm(_matrices(counts), "nuc", axis=(1, 2))
    # Rounded, so that equal matrices stand in the order of raters and not of rounding errors.
    order = np.argsort(-np.round(norm, 9), kind="stable")
    cluster = np.empty(len(counts), np.int64)
    cluster[order] = ((np.arange(len(counts)) + 1) * clusters - 1) // len(counts)
    return np.eye(clusters)[cluster]


def _matrices(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, V, V) confusion of each rater; even where nothing is known of a truth."""
    total = counts.sum(axis=1, keepdims=True)
    even = np.full(counts.shape, 1 / counts.shape[1])
    np.divide(counts, total, out=even, where=total > 0)
    return even
