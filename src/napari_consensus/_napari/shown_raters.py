"""Raters as the viewer shows them: who they are, in which colour, whether they are to be seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_consensus._napari.tables import rows_of_image
from napari_consensus.data.annotations import Annotations
from napari_consensus.data.raters import RaterKind
from napari_consensus.data.study import Study
from napari_consensus.figures.colours import REFERENCE, rater_colour

# Raters of a study who have a layer each; of more all are drawn together. Each layer costs
# napari time for all it has: a hundred take two minutes. And more would not fit the layer list.
MOST_LAYERS = 12


@dataclass(frozen=True, slots=True, eq=False)
class ShownRater:
    """A rater as the viewer shows them.

    Parameters
    ----------
    name, kind
        As in the study.
    colour
        #RRGGBB.
    annotations
        The table that holds their rows: the study's or its reference.
    code
        Their code in that table.
    visible
        Whether their outlines are to be seen.
    """

    name: str
    kind: RaterKind
    colour: str
    annotations: Annotations
    code: int
    visible: bool = True

    @property
    def title(self) -> str:
        """What their layer is called."""
        if self.kind != RaterKind.REFERENCE:
            return self.name
        return "Reference" if self.name.casefold() == "reference" else f"Reference {self.name}"

    def rows(self, image: int) -> NDArray[np.int64]:
        """Rows they drew on an image."""
        rows = rows_of_image(self.annotations, image)
        return rows[self.annotations.rater[rows] == self.code]


def shown_raters(study: Study) -> tuple[ShownRater, ...]:
    """Raters of a study, to be seen, and its reference, hidden."""
    table, reference = study.annotations, study.reference
    raters = zip(table.raters.names, table.raters.kinds, strict=True)
    out = [
        ShownRater(name, kind, rater_colour(code), table, code)
        for code, (name, kind) in enumerate(raters)
    ]
    if reference is not None:
        raters = zip(reference.raters.names, reference.raters.kinds, strict=True)
        out += [
            ShownRater(name, kind, REFERENCE, reference, code, visible=False)
            for code, (name, kind) in enumerate(raters)
        ]
    return tuple(out)


def is_crowd(study: Study) -> bool:
    """Whether a study has too many raters for a layer each."""
    return len(study.annotations.raters) > MOST_LAYERS


def colours_of(
    raters: Sequence[ShownRater], table: Annotations
) -> tuple[NDArray[np.int64], list[str]]:
    """(raters of the table,) which colour each has, -1 for all others, and the colours."""
    colours = {colour: k for k, colour in enumerate(dict.fromkeys(r.colour for r in raters))}
    kind = np.full(len(table.raters), -1, np.int64)
    for rater in raters:
        kind[rater.code] = colours[rater.colour]
    return kind, list(colours)
