"""The command line: arguments to pipeline to files."""

from __future__ import annotations

from napari_consensus.cli.app import main

__all__ = ["main"]
