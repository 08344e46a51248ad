"""Annotation formats, one file each, and what reads and writes any of them."""

from napari_consensus.formats._cells import as_text
from napari_consensus.formats._format import Format
from napari_consensus.formats._offsets import moved
from napari_consensus.formats._reading import read
from napari_consensus.formats._registry import FORMATS, format_of
from napari_consensus.formats._target import make_folder, write_text
from napari_consensus.formats._writing import check_target, write
from napari_consensus.formats.discovery import discover, read_discovery
from napari_consensus.formats.peerannot import check_crowd, write_crowd

__all__ = [
    "FORMATS",
    "Format",
    "as_text",
    "check_crowd",
    "check_target",
    "discover",
    "format_of",
    "make_folder",
    "moved",
    "read",
    "read_discovery",
    "write",
    "write_crowd",
    "write_text",
]
