"""Annotation formats, one file each, and what reads and writes any of them."""

from napari_consensus.formats._cells import as_text
from napari_consensus.formats._clusters import read_clusters
from napari_consensus.formats._costs import read_costs
from napari_consensus.formats._export import NOTICE, adjudicators_of
from napari_consensus.formats._format import Format
from napari_consensus.formats._offsets import moved
from napari_consensus.formats._reading import read
from napari_consensus.formats._registry import FORMATS, format_of
from napari_consensus.formats._target import (
    check_files,
    check_folder,
    make_folder,
    patiently,
    write_files,
    write_text,
)
from napari_consensus.formats._writing import check_target, write
from napari_consensus.formats.discovery import discover, read_discovery
from napari_consensus.formats.peerannot import check_crowd, write_crowd

__all__ = [
    "FORMATS",
    "NOTICE",
    "Format",
    "adjudicators_of",
    "as_text",
    "check_crowd",
    "check_files",
    "check_folder",
    "check_target",
    "discover",
    "format_of",
    "make_folder",
    "moved",
    "patiently",
    "read",
    "read_clusters",
    "read_costs",
    "read_discovery",
    "write",
    "write_crowd",
    "write_files",
    "write_text",
]
