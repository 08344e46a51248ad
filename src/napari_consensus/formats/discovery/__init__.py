"""Whose annotations the files in a folder are: found, shown before it is used, and edited."""

from napari_consensus.formats.discovery._finding import discover, edited, read_discovery
from napari_consensus.formats.discovery._naming import Basis, Known
from napari_consensus.formats.discovery._rater_table import RATERS_FILE
from napari_consensus.formats.discovery._stems import image_key
from napari_consensus.formats.discovery._study_file import (
    STUDY_FILE,
    FileRule,
    RaterRule,
    StudyFile,
    read_study_file,
    study_text,
    write_study_file,
)
from napari_consensus.formats.discovery._suggestion import suggested
from napari_consensus.formats.discovery._table import Discovery, FoundFile, JointReading
from napari_consensus.formats.discovery._walk import Unmatched

__all__ = [
    "RATERS_FILE",
    "STUDY_FILE",
    "Basis",
    "Discovery",
    "FileRule",
    "FoundFile",
    "JointReading",
    "Known",
    "RaterRule",
    "StudyFile",
    "Unmatched",
    "discover",
    "edited",
    "image_key",
    "read_discovery",
    "read_study_file",
    "study_text",
    "suggested",
    "write_study_file",
]
