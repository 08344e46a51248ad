"""The commands that open napari: demo, view."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from napari_consensus.cli import options
from napari_consensus.cli.console import show_json, show_lines, tell
from napari_consensus.errors import ReadError

Screenshot = Annotated[
    Path | None,
    typer.Option("--screenshot", metavar="PNG", help="Save a picture of the window, and close it."),
]


def view(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Studies and images.")],
    screenshot: Screenshot = None,
    skip_refused: options.SkipRefused = False,
) -> None:
    """Open napari with the images, the raters' layers and the docks."""
    missing = [path for path in paths if not path.exists()]
    if missing:
        msg = f"{missing[0]}: there is no such file or folder"
        raise ReadError(msg)
    _need_window()
    from napari_consensus._napari.window import open_window

    open_window(paths=tuple(paths), screenshot=screenshot, skip_refused=skip_refused)


def demo(
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Leave the results here.")
    ] = None,
    screenshot: Screenshot = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Do the main job on a generated study: compare, merge, export, and show it in napari."""
    from napari_consensus.cli import main_job
    from napari_consensus.samples import cytology_study

    sample = cytology_study()
    done = main_job.do_main_job(sample.study)
    written = [] if out is None else main_job.leave_results(done, out)
    tell(*(f"wrote {file}" for file in written), quiet=quiet)
    if as_json:
        show_json({**main_job.figures(done), "written": [file.name for file in written]})
    if screenshot is not None:
        _need_window()
    if not _can_show():
        if not as_json:
            show_lines(main_job.summary(done))
        tell("napari was not opened: there is no display, or no napari", quiet=quiet)
        return
    from napari_consensus._napari.window import open_window

    open_window(sample=sample, screenshot=screenshot)


def _can_show() -> bool:
    return _has_display() and find_spec("napari") is not None


def _has_display() -> bool:
    """Whether a window can be opened: X11 and Wayland say so by a variable."""
    if sys.platform in {"win32", "darwin"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _need_window() -> None:
    if find_spec("napari") is None:
        msg = "napari is not installed here; install napari-consensus[all]"
        raise ReadError(msg)
    if not _has_display():
        msg = (
            "there is no display to open napari on; start a desktop session, or run the command "
            "under a virtual screen (xvfb-run)"
        )
        raise ReadError(msg)
