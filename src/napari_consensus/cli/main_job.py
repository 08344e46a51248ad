"""The main job on one study, without a window: agreement, consensus, evaluation, files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_consensus.cli.console import text as shown

if TYPE_CHECKING:
    from pathlib import Path

    from napari_consensus.data.consensus import Consensus
    from napari_consensus.data.study import Study
    from napari_consensus.pipeline import Agreement

_FILES = ("consensus.geojson", "consensus.coco.json", "consensus.csv")


@dataclass(frozen=True, slots=True, eq=False)
class MainJob:
    """A study, how far its raters agree, and their consensus."""

    study: Study
    agreement: Agreement
    consensus: Consensus


def do_main_job(study: Study) -> MainJob:
    """Compare the raters of a study and merge what they drew."""
    from napari_consensus import pipeline

    consensus = pipeline.reach_consensus(
        study.annotations,
        "dawid-skene",
        fusion="weighted",
        severities=study.severities,
        sources=study.sources,
    )
    return MainJob(study, pipeline.agreement(study.annotations), consensus)


def leave_results(done: MainJob, folder: Path) -> list[Path]:
    """Write a consensus in three formats, and a page that sums the job up.

    Files of an earlier run in `folder` are replaced.

    Returns
    -------
    list
        Every file written.
    """
    from napari_consensus import formats
    from napari_consensus.formats import make_folder, write_text

    make_folder(folder)
    written: list[Path] = []
    for name in _FILES:
        written.extend(formats.write(done.consensus, folder / name, overwrite=True))
    page = folder / "summary.md"
    write_text(page, "\n".join(summary(done)) + "\n", overwrite=True)
    return [*dict.fromkeys(written), page]


def figures(done: MainJob) -> dict[str, object]:
    """Count what the main job found, for a JSON document."""
    study, found, consensus = done.study, done.agreement, done.consensus
    return {
        "images": found.images,
        "annotations": found.annotations,
        "reference": 0 if study.reference is None else len(study.reference),
        "matched": found.matched,
        "mean_iou": found.mean_iou,
        "objects": len(consensus),
        "tied": int(consensus.tied.sum()),
        "notes": [*study.notes, *found.notes],
    }


def summary(done: MainJob) -> list[str]:
    """Say on one page, in Markdown, who agrees with whom and what the consensus is."""
    from napari_consensus import pipeline

    study, found, consensus = done.study, done.agreement, done.consensus
    lines = [
        "# Agreement and consensus",
        "",
        (
            f"{found.images} images, {found.annotations} annotations by "
            f"{len(study.annotations.voting().raters)} raters."
        ),
        "",
        f"## Who agrees with whom (IoU >= {found.minimum_iou:.2f})",
        "",
        "| raters | matched | only first | only second | mean IoU | F1 | same category |",
        "|---|---|---|---|---|---|---|",
        *(
            f"| {p.a} and {p.b} | {p.matched} | {p.only_a} | {p.only_b} | {shown(p.mean_iou)} "
            f"| {shown(p.f1)} | {shown(p.category_agreement)} |"
            for p in found.pairs
        ),
        "",
        f"## How many raters saw each object (IoU >= {found.grouping_iou:.2f})",
        "",
        "| raters | objects |",
        "|---|---|",
        *(f"| {k} | {n} |" for k, n in found.raters_per_object.items()),
        "",
        "## Consensus",
        "",
        (
            f"{len(consensus)} objects by Dawid-Skene, outlines by weighted fusion, "
            f"{int(consensus.tied.sum())} with tied categories."
        ),
    ]
    if study.reference is not None:
        result = pipeline.evaluate(consensus, study.reference)
        lines += [
            "",
            (
                f"Against the reference, IoU > {result.minimum_iou:.2f}: precision "
                f"{shown(result.precision)}, recall {shown(result.recall)}, F1 {shown(result.f1)}; "
                f"accuracy of the category among {result.tp} found {shown(result.accuracy)}."
            ),
        ]
    return [*lines, "", "Research use, not for diagnosis."]
