"""The command that freezes and signs a gold standard: sign."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from napari_consensus.cli import options
from napari_consensus.cli.console import bar, remarks, show_json, show_lines, tell_remarks
from napari_consensus.cli.reading import read_study
from napari_consensus.cli.review import (
    Decisions,
    check_card,
    consensus_reviewed,
    write_card,
    write_gold,
)
from napari_consensus.errors import ParameterError, ReadError, WriteError
from napari_consensus.progress import stage

if TYPE_CHECKING:
    from napari_consensus.adjudication import DecisionLog
    from napari_consensus.data.gold import Version


def sign(
    path: options.StudyPath,
    decisions: Decisions,
    adjudicator: Annotated[
        str, typer.Option("--adjudicator", metavar="ID", help="Who signs, and answers for it.")
    ],
    basis: Annotated[
        str,
        typer.Option(
            "--basis", help="What it rests on: one expert, panel, joint session, biopsy, ..."
        ),
    ],
    statement: Annotated[str, typer.Option("--statement", help="What the signer says of it.")] = "",
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Gold standard to write, in the format of its suffix."),
    ] = None,
    leave_out_open: options.LeaveOutOpen = False,
    card: options.CardFile = None,
    take_over: Annotated[
        bool,
        typer.Option(
            "--take-over", help="Go on although another computer did not close the decisions."
        ),
    ] = False,
    overwrite: options.Overwrite = False,
    pseudonyms: options.Pseudonyms = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
    skip_refused: options.SkipRefused = False,
) -> None:
    """Freeze what decisions on a study have come to, and sign it as a new version."""
    from napari_consensus import adjudication, formats

    for option, said in (("--adjudicator", adjudicator), ("--basis", basis)):
        if not said.strip():
            msg = f"{option} is empty; a version says who signed it and what it rests on"
            raise ParameterError(msg)
    check_card(card, pseudonyms=pseudonyms, overwrite=overwrite)
    if out is not None:
        formats.check_target(out, overwrite=overwrite, consensus=True)
    if not adjudication.Mirror(decisions).begun:
        adjudication.check_is_there(decisions)
    study = read_study(path, skip_refused=skip_refused, quiet=quiet)
    with bar("Signing", quiet=quiet) as progress:
        steps = [stage(progress, k, 4) for k in range(4)]
        # What is refused so far leaves no lock beside the decisions.
        seen = adjudication.read_log(decisions)
        consensus = consensus_reviewed(study, seen, decisions, steps[0])
        adjudication.check_is_new(seen, adjudicator, basis, statement)
        log = adjudication.open_log(decisions, take_over=take_over)
        try:
            _check_is_still(seen, log, decisions)
            review = adjudication.Review(consensus, log, adjudicator=adjudicator, progress=steps[1])
            version = adjudication.freeze(
                review, signed_by=adjudicator, basis=basis, statement=statement
            )
            notes = _copied(log)
        finally:
            log.close()
        gold = adjudication.gold_standard(review, keep_open=not leave_out_open, progress=steps[2])
        written: tuple[Path, ...] = ()
        try:
            if out is not None:
                written = write_gold(gold, study, out, overwrite=overwrite, pseudonyms=pseudonyms)
            written += write_card(review, card, overwrite=overwrite, progress=steps[3])
        except WriteError as error:
            msg = f"version {version.number} is signed, but {error}; `apply` writes it elsewhere"
            raise WriteError(msg) from None
    document = {
        **_figures(version),
        "written": [file.name for file in written],
        **remarks(study, notes),
    }
    if as_json:
        show_json(document)
        return
    shares = ", ".join(f"{name} {share:.0%}" for name, share in version.shares.items())
    show_lines(
        [
            (
                f"version {version.number}, signed by {version.signed_by} ({version.basis}): "
                f"{version.objects} objects, settled by {shares or 'nobody'}; "
                f"{version.open_items} open"
            ),
            *(f"wrote {file}" for file in written),
        ]
    )
    tell_remarks(document, quiet=quiet)


def _check_is_still(seen: DecisionLog, log: DecisionLog, decisions: Path) -> None:
    """Refuse to sign what was decided while the consensus was computed: nobody looked at it."""
    if log.entries != seen.entries:
        msg = f"{decisions}: was written meanwhile; look at what was decided, and sign again"
        raise WriteError(msg)


def _copied(log: DecisionLog) -> tuple[str, ...]:
    """Copy decisions that are kept on this computer to their place; says how that went."""
    if log.mirror is None:
        return ()
    try:
        log.mirror.copy()
    except (ReadError, WriteError) as error:
        return (f"decisions are kept in {log.path}; not copied yet: {error}",)
    return (f"decisions are kept in {log.path}, copied to {log.mirror.place}",)


def _figures(version: Version) -> dict[str, Any]:
    return {
        "version": version.number,
        "time": version.time,
        "signed_by": version.signed_by,
        "basis": version.basis,
        "statement": version.statement,
        "entries": version.entries,
        "sha256": version.sha256,
        "objects": version.objects,
        "decided_by": dict(version.decided_by),
        "unsure": version.unsure,
        "not_reviewed": version.not_reviewed,
        "look_again": version.affected,
        "dismissed": version.dismissed,
        "open_items": version.open_items,
    }
