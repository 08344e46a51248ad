"""Reading a million boxes, against parsing the same file into no study."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pandas as pd

from benchmarks.crowds import slide
from benchmarks.measure import Bound, peak_megabytes, race
from napari_consensus.formats import read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from napari_consensus.data.annotations import Annotations

_OBJECTS = 250_000
_HEADER = ("image", "rater", "category", "xmin", "ymin", "xmax", "ymax")


def bounds() -> list[Bound]:
    """CPU and memory of reading 1,000,000 boxes, as multiples of what parsing alone takes."""
    drawn = slide(_OBJECTS, images=100, seed=3)
    # As pandas comes with napari: pyarrow, which is optional, keeps its text elsewhere.
    as_it_comes = pd.option_context("mode.string_storage", "python")
    with TemporaryDirectory() as folder, as_it_comes:
        return [*_tables(drawn, Path(folder)), *_features(drawn, Path(folder))]


def _tables(drawn: Annotations, folder: Path) -> Iterator[Bound]:
    for what, named, number in (("", "", ""), (", names quoted", '"', ""), (", quoted", '"', '"')):
        path = folder / "boxes.csv"
        marks = [named] * 3 + [number] * 4
        lines = (
            ",".join(f"{mark}{field}{mark}" for mark, field in zip(marks, row, strict=True))
            for row in _rows(drawn)
        )
        path.write_text("\n".join([",".join(_HEADER), *lines, ""]), encoding="utf-8")
        ours, theirs = race(partial(read, path), partial(pd.read_csv, path), repeats=5)
        yield Bound(
            f"read 1,000,000 boxes as a long table{what}, over pandas.read_csv of it "
            f"({ours:.2f} s over {theirs:.2f} s)",
            f"{ours / theirs:.1f}x",
            "3x",
        )


def _features(drawn: Annotations, folder: Path) -> Iterator[Bound]:
    path = folder / "boxes.geojson"
    with path.open("w", encoding="utf-8") as file:
        file.write('{"type":"FeatureCollection","features":[')
        for k, row in enumerate(_rows(drawn)):
            file.write(("," if k else "") + _feature(*row))
        file.write("]}")
    ours, theirs = race(partial(read, path), lambda: json.loads(path.read_bytes()), repeats=2)
    yield Bound(
        f"read 1,000,000 boxes as GeoJSON, over json.loads of it ({ours:.1f} s over "
        f"{theirs:.1f} s)",
        f"{ours / theirs:.1f}x",
        "3x",
    )
    megabytes = path.stat().st_size / 1e6
    peak = peak_megabytes(partial(read, path))
    yield Bound(
        f"the same, memory at its peak over the file's {megabytes:.0f} MB",
        f"{peak / megabytes:.1f}x",
        "3x",
    )


def _rows(drawn: Annotations) -> Iterable[tuple[str, ...]]:
    columns = drawn.to_columns()
    boxes = drawn.bounds.round(2)
    names = zip(columns["image"], columns["rater"], columns["category"], strict=True)
    for name, box in zip(names, boxes.tolist(), strict=True):
        yield (*name, *map(repr, box))


def _feature(image: str, rater: str, category: str, x0: str, y0: str, x1: str, y1: str) -> str:
    """One box as QuPath writes it, with its image and rater as metadata."""
    return (
        '{"type":"Feature","geometry":{"type":"Polygon","coordinates":'
        f"[[[{x0},{y0}],[{x1},{y0}],[{x1},{y1}],[{x0},{y1}],[{x0},{y0}]]]}},"
        '"properties":{"objectType":"annotation","classification":'
        f'{{"name":"{category}","color":[230,159,0]}},'
        f'"metadata":{{"image":"{image}","rater":"{rater}"}}}}}}'
    )
