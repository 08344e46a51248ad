"""What a study file would say of what was found, for people to correct."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_consensus.formats.discovery._naming import Basis
from napari_consensus.formats.discovery._study_file import FileRule, RaterRule

if TYPE_CHECKING:
    from napari_consensus.formats.discovery._naming import Known
    from napari_consensus.formats.discovery._study_file import StudyFile
    from napari_consensus.formats.discovery._table import Discovery


def suggested(discovery: Discovery) -> StudyFile:
    """Return a study file that says all that was found, guesses included.

    What files say themselves is not repeated, and proposals are not taken up.

    Parameters
    ----------
    discovery
        What was found.
    """
    said = discovery.study_file
    files = {
        file.name: replace(
            said.files.get(file.name, FileRule()),
            rater=_told(file.raters),
            image=_told(file.images),
        )
        for file in discovery.files
    }
    apart = {name: rule for name, rule in said.files.items() if name not in files}
    images = {
        name: file.relative_to(discovery.root).as_posix()
        for name, file in discovery.image_files.items()
        if file.is_relative_to(discovery.root)
    }
    raters = {
        name: replace(said.raters.get(name, RaterRule()), kind=kind)
        for name, kind in zip(discovery.raters, discovery.kinds, strict=True)
    }
    silent = {name: rule for name, rule in said.raters.items() if name not in raters}
    return replace(
        said,
        files={**files, **apart},
        images={**images, **said.images},
        raters={**raters, **silent},
    )


def _told(known: tuple[Known, ...]) -> str:
    """Name that was guessed or stated for a whole file, "" where the file says it."""
    single = len(known) == 1 and known[0].basis is not Basis.READ
    return known[0].name if single else ""
