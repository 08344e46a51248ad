"""A study summed up as the discovery that people look at before they use it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data.categories import propose_category_rules
from napari_consensus.formats.discovery._proposals import joint_readings, strangers
from napari_consensus.formats.discovery._table import Discovery

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.study import CategoryRule, Study
    from napari_consensus.errors import ReadError
    from napari_consensus.formats.discovery._merging import Merged
    from napari_consensus.formats.discovery._parsing import Parsed
    from napari_consensus.formats.discovery._study_file import StudyFile
    from napari_consensus.formats.discovery._walk import Walked


def summarised(
    merged: Merged,
    study: Study,
    walked: Walked,
    said: StudyFile,
    errors: tuple[ReadError, ...],
    parsed: tuple[Parsed, ...],
) -> Discovery:
    """Return the discovery of a study.

    Parameters
    ----------
    merged
        All files together, and what is guessed of them.
    study
        What became of them.
    walked, said, errors, parsed
        As in `Discovery`.
    """
    tables = [t for t in (study.annotations, study.reference) if t is not None]
    raters = tuple(name for table in tables for name in table.raters.names)
    read = np.hstack([table.raters.read for table in tables])
    return Discovery(
        root=walked.root,
        study_file=said,
        files=tuple(merged.files),
        unmatched=tuple(walked.unmatched),
        images=study.annotations.images,
        raters=raters,
        kinds=tuple(kind for table in tables for kind in table.raters.kinds),
        counts=np.hstack([_counts(table) for table in tables]),
        read=read,
        guessed=_guessed(merged, study.annotations.images, raters),
        unread=_unread(study, read, walked),
        image_files=study.image_files or {},
        strangers=strangers(study.annotations),
        category_proposals=_proposals(tables, said),
        joint_proposals=joint_readings(study.annotations),
        notes=study.notes,
        study=study,
        errors=errors,
        parsed=parsed,
        walked=walked,
    )


def _counts(table: Annotations) -> NDArray[np.int32]:
    # Of thousands of raters and images, most cells are empty.
    counts = np.zeros(table.raters.read.shape, np.int32)
    cells = table.image.astype(np.int64) * len(table.raters) + table.rater
    held, times = np.unique(cells, return_counts=True)
    counts.ravel()[held] = times
    return counts


def _guessed(merged: Merged, images: Sequence[str], raters: Sequence[str]) -> NDArray[np.bool_]:
    """(images, raters) cells of which some file says one of both only by its name."""
    rows = merged.rows
    shown_image = dict(zip(rows.images, rows.shown_images(), strict=True))
    shown_rater = dict(zip(rows.raters, rows.shown_raters(), strict=True))
    image_code = {name: k for k, name in enumerate(images)}
    rater_code = {name: k for k, name in enumerate(raters)}
    out = np.zeros((len(images), len(raters)), np.bool_)
    for image, rater in merged.guessed:
        out[image_code[shown_image[image]], rater_code[shown_rater[rater]]] = True
    return out


def _unread(study: Study, read: NDArray[np.bool_], walked: Walked) -> tuple[str, ...]:
    """Images that are named or there, and that nobody read."""
    images = study.annotations.images
    unread = [name for name, readers in zip(images, read, strict=True) if not readers.any()]
    files = study.image_files or {}
    used = {files[name].resolve() for name in images if name in files}
    idle = [walked.name_of(file) for file in walked.images if file.resolve() not in used]
    return (*unread, *idle)


def _proposals(tables: Sequence[Annotations], said: StudyFile) -> tuple[CategoryRule, ...]:
    names = tables[0].categories
    # Code -1 is none.
    times = sum(np.bincount(table.category + 1, minlength=len(names) + 1) for table in tables)
    counts = dict(zip(names, np.asarray(times)[1:].tolist(), strict=True))
    return propose_category_rules(names, said.categories, counts=counts)
