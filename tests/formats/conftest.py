"""One small file of every format, written by hand, and a reader that gives one file's study."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_consensus.data.annotations import Outline
from napari_consensus.formats import FORMATS
from napari_consensus.formats._rows import Rows
from napari_consensus.progress import silent

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.study import Study

SAMPLES = {
    "cytocrowd": "WorkerData.csv",
    "csv": "table.csv",
    "geojson": "slide.geojson",
    "coco": "coco.json",
    "imagescope": "scope.xml",
    "cvat": "cvat.xml",
    "label-studio": "studio.json",
    "voc": "voc.xml",
    "yolo": "yolo.txt",
    "labelme": "labelme.json",
    "labelme-web": "web.xml",
    "asap": "asap.xml",
    "ndpa": "glass.ndpi.ndpa",
    "via": "via.json",
    "darwin": "darwin.json",
    "supervisely": "supervisely.json",
    "lidc": "lidc.xml",
    "organoid-counter": "organoids.json",
    "napari-csv": "r1__cell.csv",
    "vlm": "answer.json",
    "peerannot": "answers.json",
    "crowd-kit": "crowd_labels.csv",
    "label-image": "labels.tif",
}


@pytest.fixture(scope="session")
def samples() -> dict[str, Path]:
    """Return a small file of every format, by the format's name."""
    folder = Path(__file__).parent / "samples"
    return {name: folder / file for name, file in SAMPLES.items()}


@pytest.fixture(scope="session")
def real_files() -> Path:
    """Return the folder of files that other tools wrote, which is not part of the project."""
    folder = Path(__file__).parents[3] / "shared" / "formats"
    if not folder.is_dir():
        pytest.skip("files of other tools are not beside the project's folder")
    return folder


@pytest.fixture(scope="session")
def study_of() -> Callable[..., Study]:
    """Return what reads one file by one format; an image or rater it does not say is ""."""

    def parse(format: str, path: Path, *, skip_refused: bool = False) -> Study:
        rows = Rows()
        FORMATS[format].read(path, rows, silent)
        return rows.study(skip_refused=skip_refused)

    return parse


@pytest.fixture(scope="session")
def of() -> Callable[..., list[tuple[object, ...]]]:
    """Return what lists the rows of one category of a table, as kind and bounds."""

    def rows_of(table: Annotations, category: str) -> list[tuple[object, ...]]:
        rows = np.flatnonzero(table.category == table.categories.index(category))
        bounds = table.bounds.round(9).tolist()
        return sorted((Outline(int(table.kind[k])).name, *bounds[k]) for k in rows)

    return rows_of


@pytest.fixture(scope="session")
def entries() -> Callable[..., dict[int, dict[str, object]]]:
    """Return what gives all that is kept of each annotation of a format, by id."""

    def kept(study: Study, format: str) -> dict[int, dict[str, object]]:
        table = study.annotations
        none = table.native is None
        return {
            i: {} if none else json.loads(table.native[k] or b"{}").get(format, {})
            for k, i in enumerate(table.id.tolist())
        }

    return kept


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., Path]:
    """Return what writes a file, of text or bytes or a JSON document, below a fresh folder."""

    def write(content: object, name: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not isinstance(content, bytes | str):
            content = json.dumps(content)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture(scope="session")
def picture() -> Callable[[int, int], bytes]:
    """Return what makes a PNG file of some width and height."""
    return lambda width, height: _png(np.zeros((height, width), np.uint8))


@pytest.fixture(scope="session")
def png_of() -> Callable[[NDArray[np.uint8]], bytes]:
    """Return what makes a PNG file of grey pixels."""
    return _png


def _png(pixels: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()
