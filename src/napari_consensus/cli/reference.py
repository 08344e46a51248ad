"""Which annotations a consensus is held against."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus import formats
from napari_consensus.errors import ReadError

if TYPE_CHECKING:
    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.study import Study


def with_reference(
    study: Study, reference: str | None, skip_refused: bool
) -> tuple[Study, Annotations]:
    """Find the reference: the study's own, one of its raters, or another file.

    A rater taken as the reference no longer votes.
    """
    if reference is None:
        if study.reference is None:
            msg = "the study holds no reference; name a rater or a file with --reference"
            raise ReadError(msg)
        return study, study.reference
    for table in (study.annotations, study.reference):
        if table is not None and reference in table.raters.names:
            chosen = np.array([name == reference for name in table.raters.names])
            if table is study.annotations:
                study = replace(study, annotations=table.of_raters(~chosen))
            return study, table.of_raters(chosen)
    # An empty name would be this folder.
    if reference and Path(reference).exists():
        return study, one_rater(Path(reference), skip_refused)
    msg = (
        f"--reference {reference!r} is neither a rater of the study "
        f"({', '.join(study.annotations.raters.names)}) nor a file"
    )
    raise ReadError(msg)


def rater_of(study: Study, name: str) -> Annotations:
    """Annotations of one rater of a study.

    Raises
    ------
    ReadError
        Where the study has no rater of that name.
    """
    names = study.annotations.raters.names
    if name not in names:
        msg = f"--rater {name!r} is no rater of the study; there are {', '.join(names)}"
        raise ReadError(msg)
    return study.annotations.of_raters(np.array([name == other for other in names]))


def one_rater(path: Path, skip_refused: bool) -> Annotations:
    """Read a file that holds one rater's annotations, or one consensus or reference."""
    study = formats.read(path, skip_refused=skip_refused)
    tables = [t for t in (study.annotations, study.reference) if t is not None]
    settled = [t.of_raters(~t.raters.voting) for t in tables]
    for choice in (settled, tables):
        held = [t for t in choice if len(t.raters)]
        if len(held) == 1 and len(held[0].raters) == 1:
            return held[0]
    names = [name for t in tables for name in t.raters.names]
    msg = f"{path.name}: holds {len(names)} raters ({', '.join(names)}); one is needed"
    raise ReadError(msg)
