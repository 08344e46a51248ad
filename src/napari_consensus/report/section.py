"""One section of a report: a title, what it means in a sentence, and what it shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_consensus.report.markup import Html, paragraph, tag

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Section:
    """One section.

    Parameters
    ----------
    name
        Its anchor.
    title
        Its heading.
    meaning
        What it means, for a reader who is no statistician.
    body
        Markup, in order.
    """

    name: str
    title: str
    meaning: str
    body: Sequence[Html]

    def html(self) -> Html:
        """Return its markup."""
        return tag(
            "section",
            tag("h2", self.title, id=f"{self.name}-title"),
            paragraph(self.meaning, class_="meaning"),
            *self.body,
            id=self.name,
            aria_labelledby=f"{self.name}-title",
        )
