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
from napari_consensus._napari.meshes import table_surface
from napari_consensus._napari.metadata import METADATA, Loaded
from napari_consensus._napari.outlines import SHARED, role_of
from napari_consensus._napari.own_layers import image_role
from napari_consensus._napari.recognition import is_study
from napari_consensus._napari.shown_raters import ShownRater, colours_of, is_crowd, shown_raters
from napari_consensus._napari.slide_layers import pixel_layer, slide_layers
from napari_consensus._napari.tables import first_image, rows_of_image
from napari_consensus.data.study import Study
from napari_consensus.errors import ReadError
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

    A crowd of raters shares one layer.

    The study, and what it was found as, ride along in their metadata: the docks take it up,
    and the layers with it, as soon as one of them is open.
    """
    table = study.annotations
    image = first_image(study, pixels)
    name = table.images[image] if table.images else ""
    loaded = Loaded(study, pixels, name, found)
    out = _pixels(study, pixels, name)
    raters = shown_raters(study)
    if is_crowd(study):
        out.append(_crowd([r for r in raters if r.annotations is table], image))
        raters = tuple(r for r in raters if r.annotations is not table)
    for rater in raters:
        layer = _rater(rater, image)
        layer[1]["visible"] = rater.visible
        out.append(layer)
    scale = {k: v for k, v in out[0][1].items() if k in ("scale", "units")} if out else {}
    for _, arguments, _ in out:
        tiles = arguments["metadata"][METADATA].pop("tiles", None)
        arguments.update(scale)
        if tiles is not None:
            arguments.update(layers.tiles_placement(tiles, scale.get("scale", (1.0, 1.0))))
        note = arguments["metadata"][METADATA]
        note.update(loaded=loaded, title=note.get("title", arguments["name"]))
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


def _rater(rater: ShownRater, image: int) -> LayerData:
    table, rows = rater.annotations, rater.rows(image)
    note = {"role": role_of(rater)}
    if len(rows_of_image(table, image)) > detail.WHOLE_LIMIT:
        one = np.zeros(len(rows), np.int64)
        return _density(table.bounds[rows], one, [rater.colour], rater.title, note)
    arguments = layers.shapes_arguments(table, rows, name=rater.title, colour=rater.colour)
    arguments["edge_width"] = _FIRST_LINE_WIDTH
    arguments["metadata"] = {METADATA: note}
    return arguments.pop("data"), arguments, "shapes"


def _crowd(raters: list[ShownRater], image: int) -> LayerData:
    """One layer for all raters, which becomes one of those that the docks draw them with."""
    table = raters[0].annotations
    rows = rows_of_image(table, image)
    of_rater, colours = colours_of(raters, table)
    kind, name = of_rater[table.rater[rows]], f"Outlines of {len(raters):,} raters"
    if len(rows) > detail.WHOLE_LIMIT:
        note = {"role": "density", "title": SHARED["density"]}
        return _density(table.bounds[rows], kind, colours, name, note)
    parts = [(table, rows[kind == k], colour) for k, colour in enumerate(colours)]
    arguments = table_surface(parts, _FIRST_LINE_WIDTH) | {"name": name}
    arguments["metadata"] = {METADATA: {"role": "frames", "title": SHARED["frames"]}}
    return arguments.pop("data"), arguments, "surface"


def _density(
    bounds: NDArray[np.float64],
    kind: NDArray[np.int64],
    colours: list[str],
    name: str,
    note: dict[str, Any],
) -> LayerData:
    index = GridIndex(bounds)
    metadata = {METADATA: note | {"tiles": index.tiles}}
    arguments = {"name": name, "rgb": True, "metadata": metadata}
    return density(index, kind, colours), arguments, "image"
