"""What a study file says of images, regions, readings and categories, put into the tables."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_consensus.data._columns import gather, offsets_of
from napari_consensus.data.annotations import NO_CATEGORY, Outline
from napari_consensus.data.categories import apply_category_rules
from napari_consensus.data.raters import Regions
from napari_consensus.errors import ReadError
from napari_consensus.formats._rows import UNSAID, Rows
from napari_consensus.formats.discovery._stems import image_key
from napari_consensus.formats.discovery._study_file import STUDY_FILE
from napari_consensus.formats.geojson import read_geojson

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.study import Study
    from napari_consensus.formats.discovery._study_file import StudyFile
    from napari_consensus.progress import Progress


def with_statements(study: Study, said: StudyFile, root: Path, progress: Progress) -> Study:
    """Return a study in which everything holds that its study file says.

    Parameters
    ----------
    study
        What was read, under its final names of images and raters.
    said
        What people say.
    root
        Folder of the study.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    ReadError
        Where a statement names an image that is not there, or the regions cannot be read.
    """
    trained_on = {name: rule.trained_on for name, rule in said.raters.items() if rule.trained_on}
    study = replace(study, category_rules=said.categories, trained_on=trained_on)
    study = apply_category_rules(study, parents=said.count_parents)
    if said.region_categories:
        study = _regions_apart(study, said)
    if said.regions_file:
        study = _with_regions_of_file(study, root / said.regions_file, progress)
    joint = _joint(study, said, root)
    pseudonyms = {name: rule.pseudonym for name, rule in said.raters.items() if rule.pseudonym}

    if not joint.any() and not pseudonyms:
        return study

    def marked(table: Annotations) -> Annotations:
        raters = replace(
            table.raters,
            joint=joint if joint.any() else None,
            pseudonyms={n: p for n, p in pseudonyms.items() if n in table.raters.names},
        )
        return replace(table, raters=raters)

    return _in_both(study, marked)


def _joint(study: Study, said: StudyFile, root: Path) -> NDArray[np.bool_]:
    images = study.annotations.images
    for k, name in enumerate(said.joint_images):
        if name not in images:
            msg = (
                f"{root / STUDY_FILE}, joint_images[{k}]: {name!r}: no image of the study has "
                f"this name; there are {_some(images)}"
            )
            raise ReadError(msg)
    return np.isin(np.array(images, dtype=object), said.joint_images).astype(np.bool_)


def _regions_apart(study: Study, said: StudyFile) -> Study:
    """Turn annotations of the region categories into regions."""
    names = study.annotations.categories
    is_region = np.array([*(name in said.region_categories for name in names), False], np.bool_)
    points = 0

    def apart(table: Annotations) -> Annotations:
        nonlocal points
        held = is_region[table.category]
        points += int((held & (table.kind == Outline.POINT)).sum())
        bounding = np.flatnonzero(held & (table.kind != Outline.POINT))
        kept = _without_categories(table.take(~held), is_region[:-1])
        regions = regions_of(table, bounding, table.image[bounding], table.rater[bounding])
        return _with_regions(kept, regions)

    study = _in_both(study, apart)
    if points:
        note = f"{points} points of a region category bound nothing; left out"
        study = replace(study, notes=(*study.notes, note))
    return study


def regions_of(
    table: Annotations,
    rows: NDArray[np.int64],
    image: NDArray[np.int32],
    rater: NDArray[np.int32],
) -> Regions:
    """Outlines of some annotations as regions; a box becomes a ring of its four corners."""
    parts = gather(table.parts, rows)
    sizes = np.diff(table.rings)[parts]
    vertices = table.vertices[gather(table.rings, parts)]
    box = np.repeat(table.kind[rows] == Outline.BOX, np.diff(table.parts)[rows])
    first = np.cumsum(sizes) - sizes
    rings = [
        _corners(vertices[start : start + size]) if is_box else vertices[start : start + size]
        for start, size, is_box in zip(first.tolist(), sizes.tolist(), box.tolist(), strict=True)
    ]
    return Regions(
        image=image,
        rater=rater,
        vertices=np.concatenate([np.empty((0, 2)), *rings]),
        rings=offsets_of(np.array([len(ring) for ring in rings], np.int64)),
        parts=offsets_of(np.diff(table.parts)[rows]),
    )


def _corners(box: NDArray[np.float64]) -> NDArray[np.float64]:
    (x0, y0), (x1, y1) = box
    return np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])


def _without_categories(table: Annotations, drop: NDArray[np.bool_]) -> Annotations:
    """Take names out of the categories; no annotation has them any more."""
    code = np.append(np.cumsum(~drop) - 1, NO_CATEGORY).astype(np.int32)
    names = tuple(n for n, gone in zip(table.categories, drop, strict=True) if not gone)
    return replace(table, categories=names, category=code[table.category])


def _with_regions(table: Annotations, new: Regions) -> Annotations:
    """Add regions; who declared one read the image."""
    if not len(new.image):
        return table
    old = table.raters.regions
    if old is not None:
        new = Regions(
            image=np.concatenate([old.image, new.image]),
            rater=np.concatenate([old.rater, new.rater]),
            vertices=np.concatenate([old.vertices, new.vertices]),
            rings=np.concatenate([old.rings, new.rings[1:] + old.rings[-1]]),
            parts=np.concatenate([old.parts, new.parts[1:] + old.parts[-1]]),
        )
    read = table.raters.read.copy()
    read[new.image, new.rater] = True
    return replace(table, raters=replace(table.raters, regions=new, read=read))


def _with_regions_of_file(study: Study, path: Path, progress: Progress) -> Study:
    """Add the regions of a file; one without a rater holds for all who read the image."""
    rows = Rows()
    read_geojson(path, rows, progress)
    found = rows.study().annotations
    bounding = found.kind != Outline.POINT
    image = _image_codes(found.images, study.annotations.images, path)[found.image]
    names = {rater for table in _tables(study) for rater in table.raters.names}
    unknown = [name for name in found.raters.names if name not in {UNSAID, *names}]
    if unknown:
        msg = (
            f"{path}: {unknown[0]!r}: no rater of the study has this name; "
            f"there are {_some(sorted(names))}"
        )
        raise ReadError(msg)

    def add(table: Annotations) -> Annotations:
        own = {name: k for k, name in enumerate(table.raters.names)}
        rows_of, rater_of = [], []
        for row in np.flatnonzero(bounding).tolist():
            name = found.raters.names[found.rater[row]]
            readers = np.flatnonzero(table.raters.read[image[row]]).tolist()
            for rater in readers if name == UNSAID else [own[name]] if name in own else []:
                rows_of.append(row)
                rater_of.append(rater)
        rows = np.array(rows_of, np.int64)
        return _with_regions(
            table, regions_of(found, rows, image[rows], np.array(rater_of, np.int32))
        )

    study = _in_both(study, add)
    return replace(study, sources=(*study.sources, *rows.sources))


def _image_codes(names: Sequence[str], images: Sequence[str], path: Path) -> NDArray[np.int32]:
    """Code of each image that a regions file names."""
    code = {image_key(name): k for k, name in enumerate(images)}
    code.update({name: k for k, name in enumerate(images)})
    out = []
    for name in names:
        known = code.get(name, code.get(image_key(name)))
        if name == UNSAID and len(images) == 1:
            known = 0
        if known is None:
            what = f"{name!r} is no image of the study" if name else "a region names no image"
            msg = f"{path}: {what}; there are {_some(images)}"
            raise ReadError(msg)
        out.append(known)
    return np.array(out, np.int32)


def _in_both(study: Study, change: Callable[[Annotations], Annotations]) -> Study:
    reference = study.reference
    return replace(
        study,
        annotations=change(study.annotations),
        reference=None if reference is None else change(reference),
    )


def _tables(study: Study) -> list[Annotations]:
    return [table for table in (study.annotations, study.reference) if table is not None]


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return ", ".join(names[:8]) + more if names else "none"
