"""A study becomes a page: names hidden, everything computed, one file written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_consensus.adjudication import recipe_of
from napari_consensus.errors import ParameterError
from napari_consensus.formats import check_files, write_text
from napari_consensus.pairing import POINT_DISTANCE
from napari_consensus.pipeline.privacy import steps_without_names, with_names, without_names
from napari_consensus.progress import Progress, silent, stage
from napari_consensus.report.cautions import cautions
from napari_consensus.report.findings import Settings, consensus_of, find, with_review
from napari_consensus.report.page import page, sections_of
from napari_consensus.report.review import review_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

    from napari_consensus.adjudication import DecisionLog
    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.study import Study

SUFFIXES = (".html", ".htm")


@dataclass(frozen=True, slots=True)
class Report:
    """What was written.

    Parameters
    ----------
    path
        The page.
    sections
        Names of its sections, in order.
    warnings
        What limits its numbers, a sentence or two each.
    """

    path: Path
    sections: tuple[str, ...]
    warnings: tuple[str, ...]


def report(
    study: Study,
    path: str | PathLike[str],
    *,
    reference: Annotations | None = None,
    basis: str = "",
    log: DecisionLog | None = None,
    minimum_iou: float = 0.5,
    grouping_iou: float = 0.3,
    point_distance: float = POINT_DISTANCE,
    method: Mapping[str, Any] | None = None,
    replicates: int = 1000,
    seed: int = 0,
    clusters: Mapping[str, str] | None = None,
    hardest: int = 12,
    keep_names: bool = False,
    overwrite: bool = False,
    progress: Progress = silent,
) -> Report:
    """Write one self-contained HTML page of everything a study says of its raters.

    Parameters
    ----------
    study
        What raters drew.
    path
        The page to write, ending in .html.
    reference
        Annotations of one reference rater; by default the study's own, where it has one.
    basis
        What the reference rests on: one expert, a panel, a joint session, a biopsy.
    log
        Decisions of a review; the consensus is then the one that was decided on.
    minimum_iou, grouping_iou, point_distance
        As in `pipeline.agreement`.
    method
        Further arguments of `pipeline.reach_consensus`, such as {"aggregator": "dawid-skene"}.
    replicates, seed, clusters
        How often images are drawn again for intervals, 0 for none; where the draws begin; what
        each image is drawn together with, by its name.
    hardest
        How many of the hardest objects are shown.
    keep_names
        Show names of people, images and files. By default people get the pseudonyms of
        exports, images and files numbers.
    overwrite
        Replace a page that stands already.
    progress
        Reports, and stops where it raises; nothing is left behind then.

    Raises
    ------
    WriteError
        Where the page stands already, or cannot be written.
    ParameterError
        Where a setting is out of range or a name unknown.
    UndefinedError
        Where no rater marked anything.
    """
    target = check_page(path, overwrite=overwrite)
    settings = Settings(
        minimum_iou, grouping_iou, point_distance, method or {}, replicates, seed, basis, hardest
    )
    truth = study.reference if reference is None else reference
    step = [stage(progress, k, 3) for k in range(3)]
    names, shown, belongs = with_names(study), study, dict(clusters or {})
    if not keep_names:
        shown, truth, belongs, names = without_names(study, truth, belongs)
        settings = replace(settings, basis=names.text(basis))
    steps = () if log is None else recipe_of(log)
    reviewed = None
    if log is not None:
        decided_on = consensus_of(study, settings, steps, progress=step[0])
        reviewed = review_of(decided_on, log, minimum_iou, point_distance, names)
    found = find(
        shown, truth, settings, belongs, steps_without_names(steps, names), progress=step[1]
    )
    found = with_review(found, reviewed)
    sections = sections_of(found, hidden=names.hidden, progress=step[2])
    write_text(target, page(found, sections), overwrite=overwrite)
    progress(1, 1)
    return Report(
        target,
        tuple(section.name for section in sections),
        tuple(f"{c.title}: {c.text}" for c in cautions(found)),
    )


def check_page(path: str | PathLike[str], *, overwrite: bool) -> Path:
    """Check before any work that a page can be written.

    Raises
    ------
    ParameterError
        Where its name does not end in .html.
    WriteError
        Where it stands already and may not be replaced, or its folder is not there.
    """
    target = Path(path)
    if target.suffix.casefold() not in SUFFIXES:
        msg = f"{target.name}: a report is an HTML page; end its name in .html"
        raise ParameterError(msg)
    check_files([target], overwrite=overwrite)
    return target
