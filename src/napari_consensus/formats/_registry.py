"""Every format there is, and which of them a file has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_consensus.formats.asap import ASAP
from napari_consensus.formats.coco import COCO
from napari_consensus.formats.crowd_kit import CROWD_KIT
from napari_consensus.formats.cvat import CVAT
from napari_consensus.formats.cytocrowd import CYTOCROWD
from napari_consensus.formats.darwin import DARWIN
from napari_consensus.formats.geojson import GEOJSON
from napari_consensus.formats.imagescope import IMAGESCOPE
from napari_consensus.formats.label_image import LABEL_IMAGE
from napari_consensus.formats.label_studio import LABEL_STUDIO
from napari_consensus.formats.labelme import LABELME
from napari_consensus.formats.labelme_web import LABELME_WEB
from napari_consensus.formats.lidc import LIDC
from napari_consensus.formats.long_csv import LONG_CSV
from napari_consensus.formats.napari_csv import NAPARI_CSV
from napari_consensus.formats.ndpa import NDPA
from napari_consensus.formats.npz import NPZ
from napari_consensus.formats.organoid_counter import ORGANOID_COUNTER
from napari_consensus.formats.parquet import PARQUET, is_possible
from napari_consensus.formats.peerannot import PEERANNOT
from napari_consensus.formats.supervisely import SUPERVISELY
from napari_consensus.formats.via import VIA
from napari_consensus.formats.vlm import VLM
from napari_consensus.formats.voc import VOC
from napari_consensus.formats.yolo import YOLO

if TYPE_CHECKING:
    from pathlib import Path

    from napari_consensus.formats._format import Format

FORMATS: dict[str, Format] = {
    f.name: f
    for f in (
        CYTOCROWD,
        LONG_CSV,
        GEOJSON,
        COCO,
        IMAGESCOPE,
        CVAT,
        LABEL_STUDIO,
        VOC,
        YOLO,
        LABELME,
        LABELME_WEB,
        ASAP,
        NDPA,
        VIA,
        DARWIN,
        SUPERVISELY,
        LIDC,
        ORGANOID_COUNTER,
        NAPARI_CSV,
        VLM,
        PEERANNOT,
        CROWD_KIT,
        LABEL_IMAGE,
        NPZ,
        *((PARQUET,) if is_possible() else ()),
    )
}


def format_of(path: Path) -> Format | None:
    """Format of a file or release folder by its first bytes, None where it has none of ours."""
    return next((f for f in FORMATS.values() if f.recognises(path)), None)
