"""Which objects of a consensus are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_consensus.data.consensus import Consensus


@dataclass(frozen=True, slots=True)
class ReviewFilter:
    """Conditions that objects must all meet; those not given do not count.

    Parameters
    ----------
    categories
        The consensus, or a rater, called it one of these.
    raters
        One of these marked it.
    support
        It was marked by so many raters: least and most, both included.
    images
        It lies on one of these.
    region
        Its bounds touch x0, y0, x1, y1.
    changes_diagnosis
        A rater's category has another severity than the consensus's.
    """

    categories: tuple[str, ...] = ()
    raters: tuple[str, ...] = ()
    support: tuple[int, int] | None = None
    images: tuple[str, ...] = ()
    region: tuple[float, float, float, float] | None = None
    changes_diagnosis: bool = False


def chosen(
    consensus: Consensus, wanted: ReviewFilter, severities: Mapping[str, float] | None = None
) -> NDArray[np.bool_]:
    """(objects,) True where an object of a consensus meets a filter.

    Parameters
    ----------
    consensus
        What is reviewed.
    wanted
        The conditions.
    severities
        Declared severity by category; needed by `changes_diagnosis`.

    Raises
    ------
    ParameterError
        Where a category, rater or image is unknown, or no severity is declared.
    """
    shapes, votes = consensus.shapes, consensus.groups.votes()
    table = consensus.groups.annotations
    keep = np.ones(len(consensus), np.bool_)
    if wanted.categories:
        codes = _codes("category", wanted.categories, shapes.categories)
        voted = np.zeros(votes.n_objects, np.bool_)
        voted[votes.object[np.isin(votes.category, codes)]] = True
        keep &= voted[consensus.objects] | np.isin(shapes.category, codes)
    if wanted.raters:
        codes = _codes("rater", wanted.raters, table.raters.names)
        marked = np.zeros(votes.n_objects, np.bool_)
        marked[votes.object[np.isin(votes.rater, codes)]] = True
        keep &= marked[consensus.objects]
    if wanted.support is not None:
        least, most = wanted.support
        keep &= (consensus.support >= least) & (consensus.support <= most)
    if wanted.images:
        keep &= np.isin(shapes.image, _codes("image", wanted.images, shapes.images))
    if wanted.region is not None:
        x0, y0, x1, y1 = wanted.region
        bounds = shapes.bounds
        keep &= (bounds[:, 0] <= x1) & (bounds[:, 2] >= x0)
        keep &= (bounds[:, 1] <= y1) & (bounds[:, 3] >= y0)
    if wanted.changes_diagnosis:
        keep &= changes_diagnosis(consensus, severities or {})
    return keep


def changes_diagnosis(consensus: Consensus, severities: Mapping[str, float]) -> NDArray[np.bool_]:
    """(objects,) True where a rater's category has another severity than the consensus's.

    A category without a severity has the least of all.

    Raises
    ------
    ParameterError
        Where no severity is declared.
    """
    if not severities:
        msg = "no severity of a category is declared; declare severities in the study first"
        raise ParameterError(msg)
    votes = consensus.groups.votes()
    severity = severity_of(consensus.shapes.categories, severities)
    said = np.full(votes.n_objects, np.nan)
    said[consensus.objects] = severity[consensus.shapes.category]
    given = votes.category >= 0
    differs = severity[votes.category[given]] != said[votes.object[given]]
    out = np.zeros(votes.n_objects, np.bool_)
    out[votes.object[given][differs]] = True
    changed: NDArray[np.bool_] = out[consensus.objects]
    return changed


def severity_of(
    categories: tuple[str, ...], severities: Mapping[str, float]
) -> NDArray[np.float64]:
    """(categories + 1,) severity of each category, and last that of none given.

    What has none declared has the least that is.
    """
    least = min(severities.values())
    return np.array([*(severities.get(name, least) for name in categories), least])


def _codes(what: str, names: tuple[str, ...], known: tuple[str, ...]) -> list[int]:
    place = {name: k for k, name in enumerate(known)}
    for name in names:
        if name not in place:
            msg = f"no {what} is named {name!r}; there are {', '.join(known[:20])}"
            raise ParameterError(msg)
    return [place[name] for name in names]
