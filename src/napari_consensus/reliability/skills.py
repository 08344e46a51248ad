"""How well each rater names what is there, by the models of raters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.aggregation import GLAD, DawidSkene, OneCoin
from napari_consensus.progress import Progress, silent, stage
from napari_consensus.reliability.intervals import share_intervals

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.data.consensus import Posterior
    from napari_consensus.data.groups import Votes


@dataclass(frozen=True, slots=True, eq=False)
class Skills:
    """What models of raters say of each; NaN for who gave no category.

    Parameters
    ----------
    answers
        (raters,) categories given.
    confusion
        (raters, K, K) of Dawid-Skene: row k is what the rater calls an object that is k.
    effective
        (raters, K) answers behind each row: the expected number of objects of the category
        that the rater named.
    trace
        (raters,) sum of the diagonal, in [0, K].
    spam_distance
        (raters,) squared distance of the matrix from that of a rater who guesses; 0 is one.
    spam_score
        (raters,) that, scaled to [0, 1]: 1 is a rater whose every answer tells the category.
    skill
        (raters,) probability that an answer is right, by one-coin Dawid-Skene.
    skill_interval
        (raters, 2) exact 95 % interval of the share of right answers, the model's view of
        what is right taken as given.
    ability
        (raters,) a_j of GLAD.
    difficulty
        (objects,) exp(-b_i) of GLAD, NaN without a category given.
    posterior
        Of Dawid-Skene.
    notes
        What the reader of the numbers must know.
    """

    answers: NDArray[np.int64]
    confusion: NDArray[np.float64]
    effective: NDArray[np.float64]
    trace: NDArray[np.float64]
    spam_distance: NDArray[np.float64]
    spam_score: NDArray[np.float64]
    skill: NDArray[np.float64]
    skill_interval: NDArray[np.float64]
    ability: NDArray[np.float64]
    difficulty: NDArray[np.float64]
    posterior: Posterior
    notes: tuple[str, ...]

    def known_confusion(self, rater: int) -> NDArray[np.float64]:
        """(K, K) confusion matrix of a rater; NaN in rows with less than one answer behind.

        Such a row is what smoothing makes of nothing. One answer that is nearly sure is one.
        """
        held = np.array(self.confusion[rater])
        held[np.round(self.effective[rater], 1) < 1] = np.nan
        return held


def estimate_skills(
    votes: Votes, dawid_skene: DawidSkene | None = None, *, progress: Progress = silent
) -> Skills:
    """Fit Dawid-Skene, one-coin Dawid-Skene and GLAD to votes.

    Parameters
    ----------
    votes
        Who gave which category to which object.
    dawid_skene
        The method behind the confusion matrices; by default with its default smoothing.
    progress
        Reports, and stops where it raises.
    """
    posterior = (dawid_skene or DawidSkene())(votes, progress=stage(progress, 0, 3))
    coin = OneCoin()(votes, progress=stage(progress, 1, 3))
    glad = GLAD()(votes, progress=stage(progress, 2, 3))
    given = votes.category >= 0
    answers = np.bincount(votes.rater[given], minlength=votes.n_raters)
    confusion = np.array(posterior.raters["confusion"])
    confusion[answers == 0] = np.nan
    right = _right_answers(votes, coin.probability)
    interval = np.where(answers[:, None] > 0, share_intervals(right, answers), np.nan)
    fits = (("Dawid-Skene", posterior), ("one-coin", coin), ("GLAD", glad))
    return Skills(
        answers=answers,
        confusion=confusion,
        effective=effective_answers(votes, posterior.probability),
        trace=np.trace(confusion, axis1=1, axis2=2),
        spam_distance=spam_distance(confusion),
        spam_score=spam_score(confusion),
        skill=coin.raters["skill"],
        skill_interval=interval,
        ability=glad.raters["ability"],
        difficulty=glad.objects["difficulty"],
        posterior=posterior,
        notes=tuple(f"{name}: {note}" for name, fit in fits for note in fit.notes),
    )


def effective_answers(votes: Votes, probability: NDArray[np.float64]) -> NDArray[np.float64]:
    """(raters, K) expected number of objects of each category that a rater named.

    Parameters
    ----------
    votes
        Who gave which category to which object.
    probability
        (objects, K) posterior.
    """
    given = votes.category >= 0
    out = np.zeros((votes.n_raters, votes.n_categories))
    np.add.at(out, votes.rater[given], np.nan_to_num(probability[votes.object[given]]))
    return out


def spam_distance(confusion: NDArray[np.float64]) -> NDArray[np.float64]:
    """(raters,) squared Frobenius distance to the nearest matrix of equal rows.

    A rater whose answers do not depend on the category has equal rows; the nearest such
    matrix repeats the mean row, so that the distance is sum_kl (e_kl - mean_k e_kl)^2.

    Parameters
    ----------
    confusion
        (raters, K, K); NaN where a row is unknown.

    Source: V. C. Raykar and S. Yu, Ranking annotators for crowdsourced labeling tasks, NIPS 24
    (2011) 1809-1817, on categorical annotations; the same in Eliminating spammers and ranking
    annotators for crowdsourced labeling tasks, J. Mach. Learn. Res. 13 (2012) 491-518.
    """
    if not confusion.shape[1]:
        return np.full(len(confusion), np.nan)
    centred = confusion - confusion.mean(axis=1, keepdims=True)
    distance: NDArray[np.float64] = (centred**2).sum(axis=(1, 2))
    return distance


def spam_score(confusion: NDArray[np.float64]) -> NDArray[np.float64]:
    """(raters,) `spam_distance` / (K - 1), in [0, 1]; NaN for a single category.

    It equals sum_{k<m} |e_k - e_m|^2 / (K (K - 1)) over pairs of rows, and for K = 2
    (sensitivity + specificity - 1)^2.

    Parameters
    ----------
    confusion
        (raters, K, K); NaN where a row is unknown.

    Source: as `spam_distance`; this is the spam score of peerannot (T. Lefort et al., Computo,
    2024).
    """
    k = confusion.shape[1]
    return spam_distance(confusion) / (k - 1) if k > 1 else np.full(len(confusion), np.nan)


def _right_answers(votes: Votes, probability: NDArray[np.float64]) -> NDArray[np.float64]:
    given = votes.category >= 0
    right = probability[votes.object[given], votes.category[given]]
    out: NDArray[np.float64] = np.zeros(votes.n_raters)
    np.add.at(out, votes.rater[given], right)
    return out
