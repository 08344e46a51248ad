"""The command line: arguments to pipeline to files."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments
        Words after the program's name; by default those of the process.

    Returns
    -------
    int
        0 done, 1 refused (one line on stderr says file, row and why), 2 wrong usage, 130
        stopped by Ctrl-C.
    """
    try:
        # Loading the commands takes a moment, in which they can be stopped too.
        from napari_consensus.cli.app import run

        return run(arguments)
    except KeyboardInterrupt:
        return 130
