"""The commands about review: queue, apply, export-log."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_consensus.cli import options
from napari_consensus.cli.console import (
    bar,
    remarks,
    show_json,
    show_json_text,
    show_lines,
    show_table,
    tell,
    tell_remarks,
)
from napari_consensus.cli.reading import read_study
from napari_consensus.errors import ParameterError, ReadError
from napari_consensus.progress import stage

if TYPE_CHECKING:
    from napari_consensus.adjudication import DecisionLog, Review
    from napari_consensus.data.consensus import Consensus
    from napari_consensus.data.gold import GoldStandard
    from napari_consensus.data.study import Study
    from napari_consensus.progress import Progress
    from napari_consensus.queueing import Queue

_ROWS_SHOWN = 30
_COLUMNS = ("place", "id", "image", "category", "gain", "absent", "wrong", "reasons")

Decisions = Annotated[
    Path, typer.Option("--decisions", metavar="FILE", help="Decisions file of a review.")
]
_MaybeDecisions = Annotated[
    Path | None,
    typer.Option("--decisions", metavar="FILE", help="Decisions so far; settled objects leave."),
]


def queue(
    path: options.StudyPath,
    decisions: _MaybeDecisions = None,
    category: Annotated[
        list[str], typer.Option("--category", help="Called so by anyone; repeatable.")
    ] = [],  # noqa: B006 (typer copies it; a tuple is no list)
    rater: Annotated[
        list[str], typer.Option("--rater", help="Marked by this rater; repeatable.")
    ] = [],  # noqa: B006
    image: Annotated[list[str], typer.Option("--image", help="On this image; repeatable.")] = [],  # noqa: B006
    support: Annotated[
        str | None, typer.Option("--support", metavar="K|A-B", help="Marked by so many raters.")
    ] = None,
    region: Annotated[
        str | None,
        typer.Option("--region", metavar="X0,Y0,X1,Y1", help="Touching this box, in pixels."),
    ] = None,
    changes_diagnosis: Annotated[
        bool, typer.Option("--changes-diagnosis", help="Raters differ in severity.")
    ] = False,
    unsure: Annotated[bool, typer.Option("--unsure", help="Those left unsure, instead.")] = False,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="CSV file to write.")] = None,
    overwrite: options.Overwrite = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
    skip_refused: options.SkipRefused = False,
) -> None:
    """List open objects, the one whose decision gains most first, with reasons."""
    from napari_consensus import formats
    from napari_consensus.adjudication import Review, Verdict
    from napari_consensus.queueing import ReviewFilter, review_queue

    wanted = ReviewFilter(
        tuple(category),
        tuple(rater),
        _support(support),
        tuple(image),
        _region(region),
        changes_diagnosis,
    )
    if out is not None:
        formats.check_files([out], overwrite=overwrite)
    log = _log(decisions)
    study = read_study(path, skip_refused=skip_refused, quiet=quiet)
    with bar("Ordering", quiet=quiet) as progress:
        steps = [stage(progress, k, 3) for k in range(3)]
        consensus = consensus_reviewed(study, log, decisions, steps[0])
        review = Review(consensus, log, adjudicator="", progress=steps[1])
        found = review_queue(
            review,
            wanted,
            verdict=Verdict.UNSURE if unsure else Verdict.OPEN,
            severities=study.severities,
            progress=steps[2],
        )
    lines = _lines(found)
    if out is not None:
        formats.write_text(out, _csv(lines), overwrite=overwrite)
        tell(f"wrote {out}", quiet=quiet)
    document = {
        "objects": len(review.consensus),
        "open": len(found),
        "look_again": len(review.affected),
        "queue": [dict(zip(_COLUMNS, line, strict=True)) for line in lines],
        **remarks(study, ()),
    }
    if as_json:
        show_json(document)
        return
    header = [name for name in _COLUMNS if name != "id"]
    show_table(
        f"{len(found)} of {len(review.consensus)} objects to review",
        header,
        [(n, *rest[:-1], ", ".join(rest[-1])) for n, _, *rest in lines[:_ROWS_SHOWN]],
    )
    if len(found) > _ROWS_SHOWN:
        show_lines([f"... and {len(found) - _ROWS_SHOWN} more; --json and -o list all"])
    tell_remarks(document, quiet=quiet)


def apply(
    path: options.StudyPath,
    decisions: Decisions,
    out: Annotated[
        Path, typer.Option("--out", "-o", help="File to write, in the format of its suffix.")
    ],
    leave_out_open: options.LeaveOutOpen = False,
    card: options.CardFile = None,
    overwrite: options.Overwrite = False,
    pseudonyms: options.Pseudonyms = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
    skip_refused: options.SkipRefused = False,
) -> None:
    """Write the gold standard that decisions on a study have come to."""
    from napari_consensus import adjudication, formats

    check_card(card, pseudonyms=pseudonyms, overwrite=overwrite)
    formats.check_target(out, overwrite=overwrite, consensus=True)
    log = _log(decisions)
    study = read_study(path, skip_refused=skip_refused, quiet=quiet)
    with bar("Applying decisions", quiet=quiet) as progress:
        steps = [stage(progress, k, 4) for k in range(4)]
        consensus = consensus_reviewed(study, log, decisions, steps[0])
        review = adjudication.Review(consensus, log, adjudicator="", progress=steps[1])
        gold = adjudication.gold_standard(review, keep_open=not leave_out_open, progress=steps[2])
        written = write_gold(gold, study, out, overwrite=overwrite, pseudonyms=pseudonyms)
        written += write_card(review, card, overwrite=overwrite, progress=steps[3])
    done = adjudication.progress_of(review)
    document = {
        "objects": len(gold),
        "settled": done.settled,
        "unsure": done.unsure,
        "not_reviewed": done.not_reviewed,
        "dismissed": done.dismissed,
        "version": None if gold.version is None else gold.version.number,
        "look_again": [
            {
                "decision": held.decision.number,
                "image": held.decision.image,
                "why": held.why,
                "objects": [str(k) for k in held.objects],
            }
            for held in review.affected
        ],
        "written": [file.name for file in written],
        **remarks(study, ()),
    }
    if as_json:
        show_json(document)
        return
    show_lines(
        [
            (
                f"{len(gold)} objects; {done.settled} settled, {done.unsure} unsure, "
                f"{done.not_reviewed} not reviewed; {done.affected} decisions to look at again"
            ),
            *(f"wrote {file}" for file in written),
        ]
    )
    tell_remarks(document, quiet=quiet)


def export_log(
    decisions: Annotated[Path, typer.Argument(metavar="FILE", help="Decisions file of a review.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write; stdout otherwise.")
    ] = None,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,
) -> None:
    """Write every decision as one line of JSON."""
    from napari_consensus import adjudication, formats

    if out is not None:
        formats.check_files([out], overwrite=overwrite)
    lines = list(adjudication.export_log(adjudication.read_log(decisions)))
    if out is None:
        show_json_text("".join(lines))
        return
    formats.write_text(out, "".join(lines), overwrite=overwrite)
    tell(f"wrote {out}: {len(lines)} decisions", quiet=quiet)


def check_card(card: Path | None, *, pseudonyms: bool, overwrite: bool) -> None:
    """Refuse a data card that cannot be written, or beside pseudonyms: it names everyone."""
    from napari_consensus import formats

    if card is None:
        return
    if pseudonyms:
        msg = "--card names raters and adjudicators; leave out --pseudonyms, or the card"
        raise ParameterError(msg)
    formats.check_files([card], overwrite=overwrite)


def write_gold(
    gold: GoldStandard, study: Study, out: Path, *, overwrite: bool, pseudonyms: bool
) -> tuple[Path, ...]:
    """Write a gold standard, with what the study says of its images."""
    from napari_consensus import formats

    return formats.write(
        gold,
        out,
        overwrite=overwrite,
        pseudonyms=pseudonyms,
        refused=study.refused,
        image_sizes=study.image_sizes,
    )


def write_card(
    review: Review, card: Path | None, *, overwrite: bool, progress: Progress
) -> tuple[Path, ...]:
    """Write the data card of a review, where one is asked for."""
    from napari_consensus import adjudication, formats

    if card is None:
        return ()
    formats.write_text(card, adjudication.data_card(review, progress=progress), overwrite=overwrite)
    return (card,)


def _log(path: Path | None) -> DecisionLog:
    from napari_consensus.adjudication import DecisionLog, read_log

    return DecisionLog() if path is None else read_log(path)


def check_decided_here(study: Study, log: DecisionLog, decisions: Path | None) -> None:
    """Refuse decisions of which none is on an image of the study."""
    decided = {decision.image for decision in log.decisions} - {""}
    if decided and decided.isdisjoint(study.annotations.images):
        msg = f"{decisions}: decided on another study, for this one has no image {min(decided)!r}"
        raise ReadError(f"{msg}; name the decisions on this study")


def consensus_reviewed(
    study: Study, log: DecisionLog, decisions: Path | None, progress: Progress
) -> Consensus:
    """Reach the consensus that was decided on; the default one where none was."""
    from napari_consensus import pipeline
    from napari_consensus.adjudication import recipe_of

    check_decided_here(study, log, decisions)
    steps = recipe_of(log)
    if steps:
        return pipeline.reach_again(
            steps, study.annotations, sources=study.sources, progress=progress
        )
    return pipeline.reach_consensus(
        study.annotations, severities=study.severities, sources=study.sources, progress=progress
    )


def _lines(found: Queue) -> list[tuple[Any, ...]]:
    shapes = found.consensus.shapes
    names = (*shapes.categories, "")
    return [
        (
            place + 1,
            str(found.ids[place]),
            shapes.images[shapes.image[row]],
            names[shapes.category[row]],
            float(found.gain[place]),
            float(found.absent[place]),
            float(found.wrong[place]),
            list(found.reasons(place)),
        )
        for place, row in enumerate(found.rows.tolist())
    ]


def _csv(lines: list[tuple[Any, ...]]) -> str:
    import csv
    import io

    from napari_consensus.formats import as_text

    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for place, held, image, category, *numbers, reasons in lines:
        names = (as_text(image), as_text(category))
        writer.writerow([place, held, *names, *numbers, as_text("; ".join(reasons))])
    return stream.getvalue()


def _support(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    first, _, second = text.partition("-")
    try:
        least, most = int(first), int(second or first)
    except ValueError:
        msg = f"--support {text!r} must be a number, or two with a dash, such as 1-2"
        raise ParameterError(msg) from None
    if not 1 <= least <= most:
        msg = f"--support {text!r} must be 1 or more, the smaller number first"
        raise ParameterError(msg)
    return least, most


def _region(text: str | None) -> tuple[float, float, float, float] | None:
    if text is None:
        return None
    try:
        x0, y0, x1, y1 = (float(part) for part in text.split(","))
    except ValueError:
        msg = f"--region {text!r} must be four numbers X0,Y0,X1,Y1"
        raise ParameterError(msg) from None
    # NaN is neither larger nor smaller.
    if not (x0 <= x1 and y0 <= y1):
        msg = f"--region {text!r} must have X0 <= X1 and Y0 <= Y1"
        raise ParameterError(msg)
    return x0, y0, x1, y1
