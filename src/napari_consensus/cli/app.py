"""The command `napari-consensus` and how its errors become exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from napari_consensus.cli import (
    analysis,
    choosing,
    desktop,
    ensembles,
    evaluating,
    figures,
    files,
    inspection,
    raters,
    report,
    review,
    review_simulation,
    signing,
    simulation,
)
from napari_consensus.cli.places import keeping_what_it_reads
from napari_consensus.errors import Cancelled, ConsensusError, ParameterError

app = typer.Typer(
    name="napari-consensus",
    help="Compare, merge and settle several experts' annotations of the same slides.\n\n"
    "Research use, not for diagnosis.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
_COMMANDS: dict[str, tuple[Callable[..., None], ...]] = {
    "See": (desktop.demo, desktop.view),
    "Compute": (
        analysis.agreement,
        analysis.consensus,
        evaluating.evaluate,
        choosing.compare,
        raters.raters,
        ensembles.ensembles,
    ),
    "Simulate": (simulation.simulate, simulation.simulate_mix),
    "Review": (
        review.queue,
        review.apply,
        signing.sign,
        review.export_log,
        review_simulation.simulate_review,
    ),
    "Report": (report.report, figures.figures, figures.contact_sheet),
    "Files and methods": (inspection.inspect, files.convert, files.formats, files.methods),
}
for panel, commands in _COMMANDS.items():
    for command in commands:
        app.command(rich_help_panel=panel)(keeping_what_it_reads(command))


def _version(show: bool) -> None:
    if show:
        from importlib.metadata import version

        sys.stdout.write(f"napari-consensus {version('napari-consensus')}\n")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Compare, merge and settle several experts' annotations of the same slides.

    Research use, not for diagnosis.
    """


def run(arguments: Sequence[str] | None) -> int:
    """Run a command; returns the exit code that `main` explains."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            # Closed by the caller, or a Windows program without a console.
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
        elif hasattr(stream, "reconfigure"):
            # A Windows console may not know the characters of a category's name.
            stream.reconfigure(errors="backslashreplace")
    try:
        app(None if arguments is None else list(arguments), prog_name="napari-consensus")
    except SystemExit as done:
        # The parser reports wrong usage itself, and leaves by its exit code.
        return done.code if isinstance(done.code, int) else int(done.code is not None)
    except ParameterError as error:
        return _fail(error, 2)
    except Cancelled:
        return _fail("stopped", 1)
    # What the system says of a folder nobody may look into, or a share that has gone.
    except (ConsensusError, OSError) as error:
        return _fail(error, 1)
    return 0


def _fail(what: object, code: int) -> int:
    sys.stderr.write(f"napari-consensus: {' '.join(str(what).split())}\n")
    return code
