"""npe2 readers and sample: studies and slides as napari layers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_consensus._napari import layers
from napari_consensus._napari.colours import REFERENCE, rater_colour
from napari_consensus._napari.metadata import METADATA, Loaded
from napari_consensus._napari.pixels import slide_arguments
from napari_consensus._napari.recognition import is_study
from napari_consensus._napari.tables import first_image, rows_of_image
from napari_consensus.data.annotations import Annotations
from napari_consensus.data.raters import RaterKind
from napari_consensus.data.study import Study
from napari_consensus.formats import discover, read_discovery
from napari_consensus.formats.discovery import Discovery
from napari_consensus.samples import cytology_study
from napari_consensus.slides import is_image, open_slide

LayerData = tuple[Any, dict[str, Any], str]
_FIRST_LINE_WIDTH = 4.0  # data pixels, until a dock opens and keeps lines constant on screen


def study_reader(path: str | list[str]) -> Callable[[str | list[str]], list[LayerData]] | None:
    """Return a reader where the path is a study in a format we know, else None.

    Decided by the first bytes of a file, and of a few files in a folder.
    """
    return read_study if all(is_study(Path(p)) for p in _several(path)) else None


def slide_reader(path: str | list[str]) -> Callable[[str | list[str]], list[LayerData]] | None:
    """Return a reader where the path is a slide we can open, else None."""
    if isinstance(path, str) and Path(path).is_file() and is_image(Path(path)):
        return read_slide
    return None


def read_study(path: str | list[str]) -> list[LayerData]:
    """Read a study: the pixels of its first annotated image, and a layer for each rater there."""
    found = discover(*_several(path))
    return study_layers(read_discovery(found), {}, found)


def read_slide(path: str | list[str]) -> list[LayerData]:
    """Read the pixels of a slide."""
    slide = open_slide(path if isinstance(path, str) else path[0])
    return [(*slide_arguments(slide), "image")]


def read_sample() -> list[LayerData]:
    """Generate the sample study."""
    sample = cytology_study()
    return study_layers(sample.study, dict(sample.pixels))


def study_layers(
    study: Study, pixels: dict[str, NDArray[np.uint8]], found: Discovery | None = None
) -> list[LayerData]:
    """Layers of the first annotated image of a study.

    The study, and what it was found as, ride along in their metadata: the docks take it up,
    and the layers with it, as soon as one of them is open.
    """
    table = study.annotations
    image = first_image(study, pixels)
    name = table.images[image] if table.images else ""
    loaded = Loaded(study, pixels, name, found)
    out = _pixels(study, pixels, name)
    for code, rater in enumerate(table.raters.names):
        out.append(_rater(table, image, code, rater, rater_colour(code)))
    reference = study.reference
    if reference is not None:
        for code, rater in enumerate(reference.raters.names):
            layer = _rater(reference, image, code, f"Reference {rater}", REFERENCE)
            layer[1]["visible"] = False
            out.append(layer)
    scale = {k: v for k, v in out[0][1].items() if k in ("scale", "units")} if out else {}
    for _, arguments, _ in out:
        arguments.update(scale)
        arguments["metadata"][METADATA].update(loaded=loaded, title=arguments["name"])
    return out


def _several(path: str | list[str]) -> list[str]:
    return [path] if isinstance(path, str) else path


def _pixels(study: Study, pixels: dict[str, NDArray[np.uint8]], name: str) -> list[LayerData]:
    note = {METADATA: {"role": "image", "image": name}}
    path = (study.image_files or {}).get(name)
    if name in pixels:
        return [(pixels[name], {"rgb": True, "name": name, "metadata": note}, "image")]
    if path is None:
        return []
    data, arguments, kind = read_slide(str(path))[0]
    return [(data, arguments | {"name": name, "metadata": note}, kind)]


def _rater(table: Annotations, image: int, code: int, name: str, colour: str) -> LayerData:
    rows = rows_of_image(table, image)
    rows = rows[table.rater[rows] == code]
    arguments = layers.shapes_arguments(table, rows, name=name, colour=colour)
    arguments["edge_width"] = _FIRST_LINE_WIDTH
    kind = table.raters.kinds[code]
    role = "reference" if kind == RaterKind.REFERENCE else "rater"
    arguments["metadata"] = {METADATA: {"role": f"{role}:{table.raters.names[code]}"}}
    return arguments.pop("data"), arguments, "shapes"
