"""A study: images, what raters drew on them, and what was refused on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_consensus.errors import Refusal, TableError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.consensus import Source


@dataclass(frozen=True, slots=True)
class CategoryRule:
    """What a study says of one category.

    Parameters
    ----------
    name
        The category.
    synonyms
        Other spellings that mean it.
    parent
        The broader category it belongs to, or "".
    severity
        How bad it is to miss; larger is worse. None where not declared.
    """

    name: str
    synonyms: tuple[str, ...] = ()
    parent: str = ""
    severity: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Study:
    """All that was read of several raters' annotations of the same images.

    Parameters
    ----------
    annotations
        What raters drew: people, models and prelabels.
    reference
        What reference raters drew, over the same images and categories; never aggregated.
        None where there is none.
    image_files
        File of each image's pixels, by image name; images without one are absent.
    image_sizes
        Width and height of images in pixels, by name, where a file states them.
    category_rules
        Synonyms, parents and severities, applied before anything is counted.
    sources
        The files read.
    refused
        Rows that broke a rule and were left out because that was asked.
    notes
        What was guessed or skipped while reading.
    about
        What formats said of an image, a category or the whole file that no column holds, as
        packed text by format, what it is about, and its name.
    trained_on
        Names of the raters whose annotations a model learned from, by the model's name.
    """

    annotations: Annotations
    reference: Annotations | None = None
    image_files: Mapping[str, Path] | None = None
    image_sizes: Mapping[str, tuple[int, int]] | None = None
    category_rules: tuple[CategoryRule, ...] = ()
    sources: tuple[Source, ...] = ()
    refused: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()
    about: Mapping[tuple[str, str, str], bytes] | None = None
    trained_on: Mapping[str, tuple[str, ...]] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "image_files", dict(self.image_files or {}))
        object.__setattr__(self, "image_sizes", dict(self.image_sizes or {}))
        object.__setattr__(self, "about", dict(self.about or {}))
        object.__setattr__(self, "trained_on", dict(self.trained_on or {}))
        reference = self.reference
        if reference is not None and (
            reference.images != self.annotations.images
            or reference.categories != self.annotations.categories
        ):
            msg = "a study's reference must use the images and categories of its annotations"
            raise TableError(msg)

    def __repr__(self) -> str:
        reference = None if self.reference is None else len(self.reference)
        counts = f"reference={reference}, refused={len(self.refused)}, notes={len(self.notes)}"
        return f"Study({self.annotations!r}, {counts})"

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> object:
            """Say where the tables are to whom passes a study in place of one of them."""
            msg = (
                f"a Study has no {name!r}; what raters drew is its `annotations`, the gold "
                "standard its `reference`"
            )
            raise AttributeError(msg, name=name, obj=self)

    @property
    def severities(self) -> dict[str, float]:
        """Declared severity by category."""
        return {r.name: r.severity for r in self.category_rules if r.severity is not None}
