"""Which annotations a part of a figure stands for: a bar, a bin, a cell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_consensus._napari.runs import Run
from napari_consensus._napari.store import Chosen
from napari_consensus._napari.tables import GROUPING_IOU, Prepared
from napari_consensus.data.annotations import Annotations
from napari_consensus.evaluation.calibration import bin_of
from napari_consensus.matching import match_raters

BINS = 10


@dataclass(frozen=True, slots=True, eq=False)
class CategoryCell:
    """What two raters matched and called so and so.

    Parameters
    ----------
    annotations
        What was compared.
    a, b
        Codes of the raters.
    categories
        What each of the two called them.
    rows_a, rows_b
        (n,) rows of the annotations, matched one to one.
    minimum_iou
        Overlap at which they match.
    """

    annotations: Annotations
    a: int
    b: int
    categories: tuple[str, str]
    rows_a: NDArray[np.int64]
    rows_b: NDArray[np.int64]
    minimum_iou: float

    @property
    def text(self) -> str:
        """What they are."""
        names = self.annotations.raters.names
        of_a, of_b = self.categories
        return f"{of_a} to {names[self.a]}, {of_b} to {names[self.b]}"

    def chosen(self) -> Chosen:
        """Choose them."""
        return Chosen(self.annotations.id[self.rows_a], self.text)


def by_support(
    prepared: Prepared, support: int, image: int | None, readers: int | None = None
) -> Chosen:
    """Choose the objects that so many raters marked, of so many who read there.

    Parameters
    ----------
    prepared
        What was compared.
    support, readers
        How many raters; any number of readers by default.
    image
        Code of the one image, None for all.
    """
    groups, table = prepared.groups, prepared.annotations
    counted = table.raters.apart[groups.image] & (groups.support == support)
    if image is not None:
        counted &= groups.image == image
    text = f"by {support} rater{'s' * (support != 1)}"
    if readers is not None:
        counted &= groups.votes().readers() == readers
        text += f" of {readers} who read there"
    return Chosen(table.id[counted[groups.object]], f"{text}, IoU ≥ {GROUPING_IOU:.2f}")


def by_probability(run: Run, number: int, *, of_category: bool) -> Chosen:
    """Choose the objects of a consensus whose probability is in a bin, counted from 0."""
    consensus = run.consensus
    said = consensus.confidence if of_category else consensus.exists
    held = np.flatnonzero(~np.isnan(said))
    inside = held[bin_of(said[held], BINS) == number]
    groups = consensus.groups
    rows = np.isin(groups.object, consensus.objects[inside])
    what = "category" if of_category else "object"
    low, high = number / BINS, (number + 1) / BINS
    return Chosen(groups.annotations.id[rows], f"{what} with probability {low:.1f} to {high:.1f}")


def by_categories(
    prepared: Prepared,
    raters: tuple[str, str],
    categories: tuple[str, str],
    minimum_iou: float,
    image: int | None,
) -> CategoryCell:
    """Return what two raters matched, called by each as given; on one image, or on all."""
    table = prepared.annotations
    a, b = (table.raters.code(name) for name in raters)
    matched = match_raters(table, prepared.pairs, a, b, minimum_iou).matched
    first, second = matched.first.astype(np.int64), matched.second.astype(np.int64)
    called = [table.categories.index(name) for name in categories]
    keep = (table.category[first] == called[0]) & (table.category[second] == called[1])
    if image is not None:
        keep &= table.image[first] == image
    return CategoryCell(table, a, b, categories, first[keep], second[keep], minimum_iou)
