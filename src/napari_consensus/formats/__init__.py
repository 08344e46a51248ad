"""Annotation formats, one file each, and what reads and writes any of them."""

from napari_consensus.formats._format import Format
from napari_consensus.formats._reading import FORMATS, format_of, read
from napari_consensus.formats._target import make_folder, write_text
from napari_consensus.formats._writing import check_target, write

__all__ = [
    "FORMATS",
    "Format",
    "check_target",
    "format_of",
    "make_folder",
    "read",
    "write",
    "write_text",
]
