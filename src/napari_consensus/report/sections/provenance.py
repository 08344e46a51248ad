"""Where the numbers come from: files with checksums, parameters, versions."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from napari_consensus.report.markup import Cell, Html, bullets, paragraph, table
from napari_consensus.report.section import Section

if TYPE_CHECKING:
    from napari_consensus.report.findings import Findings

_FILES = 200


def provenance(f: Findings, hidden: bool) -> Section:
    """Return what the page was made of."""
    held, s = f.consensus.provenance, f.settings
    settings: list[tuple[Cell, ...]] = [
        ("matching of two raters (--iou)", f"IoU ≥ {s.minimum_iou:g}"),
        ("matching with a reference", f"IoU > {s.minimum_iou:g}"),
        ("annotations of one object (--grouping-iou)", f"IoU ≥ {s.grouping_iou:g}"),
        ("distance at which two points overlap by 0.5", f"{s.point_distance:g}"),
        ("replicates of the bootstrap", s.replicates),
        ("seed", s.seed),
        ("drawn again", "clusters" if f.clusters else "images"),
    ]
    versions: list[tuple[Cell, ...]] = list(held.versions.items())
    sources: list[tuple[Cell, ...]] = [
        (PurePath(source.file).name, source.format, source.size, source.sha256)
        for source in f.study.sources[:_FILES]
    ]
    body: list[Html] = [
        table("Parameters", ("parameter", "value"), settings),
        table("Versions", ("software", "version"), versions),
    ]
    if sources:
        header = ("file", "format", "bytes", "SHA-256")
        body.append(table("Files read", header, sources))
        more = len(f.study.sources) - len(sources)
        if more:
            body.append(paragraph(f"{more:,} more files are not listed.", class_="note"))
    else:
        body.append(paragraph("The annotations came from no file.", class_="note"))
    notes = list(dict.fromkeys((*f.study.notes, *f.agreement.notes)))
    if notes:
        body += [paragraph("Remarks made while reading and comparing:"), bullets(notes)]
    said = (
        "Names of people, images and files are left out: image-1, image-2, ... are the images in "
        "the order of their names, raters likewise. --keep-names shows them"
        if hidden
        else "Names are shown as they are in the files"
    )
    body.append(paragraph(f"{said}. Made {held.created} (UTC).", class_="note"))
    return Section(
        "provenance",
        "Where do the numbers come from?",
        "The same files (their checksums are below), the same parameters and the same version give "
        "the same numbers.",
        body,
    )
