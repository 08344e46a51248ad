"""npe2 readers and sample: studies and slides as napari layers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from napari.utils.notifications import show_warning
from numpy.typing import NDArray

from napari_consensus._napari import detail, layers
from napari_consensus._napari.corrections import is_unsettled, wants_a_look
from napari_consensus._napari.density import density
from napari_consensus._napari.found_texts import problem_text
from napari_consensus._napari.grid_index import GridIndex
from napari_consensus._napari.metadata import METADATA, Loaded
from napari_consensus._napari.own_layers import image_role
from napari_consensus._napari.recognition import is_study
from napari_consensus._napari.slide_layers import pixel_layer, slide_layers
from napari_consensus._napari.tables import first_image, rows_of_image
from napari_consensus.data.annotations import Annotations
from napari_consensus.data.raters import RaterKind
from napari_consensus.data.study import Study
from napari_consensus.errors import ReadError
from napari_consensus.figures.colours import REFERENCE, rater_colour
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
    """Read a study: the pixels of its first annotated image, and a layer for each rater there.

    Of several files those that can be read are shown, and a warning names the others; the
    Study dock asks what to do with them before anything is counted.
    """
    found = discover(*_several(path))
    study = found.study if wants_a_look(found) else read_discovery(found)
    if is_unsettled(found):
        show_warning(problem_text(found))
    return study_layers(study, {}, found)


def read_slide(path: str | list[str]) -> list[LayerData]:
    """Read the pixels of a slide."""
    slide = open_slide(path if isinstance(path, str) else path[0])
    return [(data, arguments, "image") for data, arguments in slide_layers(slide)]


def read_sample() -> list[LayerData]:
    """Generate the sample study."""
    sample = cytology_study()
    return study_layers(sample.study, dict(sample.pixels))


def study_layers(
    study: Study, pixels: dict[str, NDArray[np.uint8]], found: Discovery | None = None
) -> list[LayerData]:
    """Layers of the first annotated image of a study, shapes or, where they are too many, density.

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
        tiles = arguments["metadata"][METADATA].pop("tiles", None)
        arguments.update(scale)
        if tiles is not None:
            arguments.update(layers.tiles_placement(tiles, scale.get("scale", (1.0, 1.0))))
        arguments["metadata"][METADATA].update(loaded=loaded, title=arguments["name"])
    return out


def _several(path: str | list[str]) -> list[str]:
    return [path] if isinstance(path, str) else path


def _pixels(study: Study, pixels: dict[str, NDArray[np.uint8]], name: str) -> list[LayerData]:
    path = (study.image_files or {}).get(name)
    if name in pixels:
        shown = [pixel_layer(pixels[name], name)]
    elif path is None:
        return []
    else:
        try:
            shown = slide_layers(open_slide(path), name)
        except ReadError as error:
            show_warning(" ".join(str(error).split()))
            return []
    for number, (_, arguments) in enumerate(shown):
        arguments["metadata"][METADATA].update(image=name, role=image_role(number))
    return [(data, arguments, "image") for data, arguments in shown]


def _rater(table: Annotations, image: int, code: int, name: str, colour: str) -> LayerData:
    rows = rows_of_image(table, image)
    crowded = len(rows) > detail.WHOLE_LIMIT
    rows = rows[table.rater[rows] == code]
    kind = table.raters.kinds[code]
    role = "reference" if kind == RaterKind.REFERENCE else "rater"
    note = {"role": f"{role}:{table.raters.names[code]}"}
    if crowded:
        index = GridIndex(table.bounds[rows])
        picture = density(index, np.zeros(len(rows), np.int64), [colour])
        metadata = {METADATA: note | {"tiles": index.tiles}}
        return picture, {"name": name, "rgb": True, "metadata": metadata}, "image"
    arguments = layers.shapes_arguments(table, rows, name=name, colour=colour)
    arguments["edge_width"] = _FIRST_LINE_WIDTH
    arguments["metadata"] = {METADATA: note}
    return arguments.pop("data"), arguments, "shapes"
