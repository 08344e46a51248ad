"""Whether an object is there: the share of its readers, their mean score, or a latent model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.aggregation._marking import fit_marking
from napari_consensus.data._columns import column
from napari_consensus.errors import ParameterError, UndefinedError
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from napari_consensus.data.groups import ObjectGroups


@dataclass(frozen=True, slots=True, eq=False)
class Existence:
    """How likely each object is there.

    Parameters
    ----------
    probability
        (objects,) in [0, 1].
    n_iter, converged
        Iterations done and whether the stopping rule was met; a rule without iterations
        reports 1 and True.
    raters
        Parameters of raters by name, each (raters,).
    notes
        What the reader of a result must know.
    """

    probability: NDArray[np.float64]
    n_iter: int = 1
    converged: bool = True
    raters: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "probability", column("probability", self.probability, np.float64, (None,)))
        held = {name: column(name, values, np.float64) for name, values in self.raters.items()}
        put(self, "raters", held)


def estimate_existence(
    groups: ObjectGroups, rule: str = "share", *, progress: Progress = silent
) -> Existence:
    """Say how likely each object is there, whatever its category.

    Parameters
    ----------
    groups
        Annotations and the objects they were grouped into.
    rule
        A name of `EXISTENCE_RULES`.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    ParameterError
        Where no rule has that name.
    UndefinedError
        Where the data do not determine what the rule asks for; it says why.
    """
    try:
        estimate = EXISTENCE_RULES[rule]
    except KeyError:
        msg = f"no rule of existence is named {rule!r}; there are {', '.join(EXISTENCE_RULES)}"
        raise ParameterError(msg) from None
    return estimate(groups, progress)


def share_of_readers(groups: ObjectGroups, progress: Progress = silent) -> Existence:
    """Share of the raters who marked the object, k / n, among those who read its place."""
    progress(0, 1)
    votes = groups.votes()
    return Existence(votes.support() / np.maximum(votes.readers(), 1))


def mean_score(groups: ObjectGroups, progress: Progress = silent) -> Existence:
    """Mean score over the raters who read the object's place; who marked nothing counts 0.

    Raises
    ------
    UndefinedError
        Where a mark has no score, or one outside [0, 1].

    Source: the confidence of a box in weighted boxes fusion where no model has two boxes in
    it, R. Solovyev, W. Wang and T. Gabruseva, Weighted boxes fusion, Image and Vision
    Computing 107 (2021) 104117, equations 1 and 5.
    """
    progress(0, 1)
    table = groups.annotations
    score = table.score.astype(np.float64)
    bad = np.flatnonzero(~((score >= 0) & (score <= 1)))
    if len(bad):
        value = score[bad[0]]
        what = "have no score" if np.isnan(value) else f"have a score like {value:g}"
        who = table.raters.names[table.rater[bad[0]]]
        msg = (
            f"the mean score needs a score in [0, 1] on every annotation; {len(bad)} of "
            f"{len(table)} {what}, as one of rater {who!r} on image "
            f"{table.images[table.image[bad[0]]]!r}; take the share of raters"
        )
        raise UndefinedError(msg)
    total = np.bincount(groups.object, weights=score, minlength=groups.n_objects)
    return Existence(total / np.maximum(groups.votes().readers(), 1))


def latent_existence(groups: ObjectGroups, progress: Progress = silent) -> Existence:
    """Two latent classes, there or not; a hit rate and a false-mark rate for each rater.

    `_marking.fit_marking` has the model and says what it needs.

    Raises
    ------
    UndefinedError
        Where too few raters read the same places to determine the rates.
    """
    fit = fit_marking(groups.votes(), progress=progress)
    notes = ["existence by EM takes raters as independent: what most raters miss looks false"]
    if not fit.converged:
        notes.append(f"rates of existence not yet settled after {fit.n_iter} iterations")
    return Existence(
        fit.probability,
        n_iter=fit.n_iter,
        converged=fit.converged,
        raters={
            "hit_rate": fit.hit_rate,
            "false_mark_rate": fit.false_mark_rate,
            "precision": fit.precision,
        },
        notes=tuple(notes),
    )


EXISTENCE_RULES: dict[str, Callable[[ObjectGroups, Progress], Existence]] = {
    "share": share_of_readers,
    "score": mean_score,
    "em": latent_existence,
}
