"""Files and folders that are dropped: which of them the reader takes, by names and first bytes."""

from __future__ import annotations

import json

import pytest

from napari_consensus._napari import readers
from napari_consensus._napari.recognition import is_study

TABLE = "image,category,x0,y0,x1,y1\nslide 1,cell,0,0,9,7\n"
LABEL_ME = json.dumps(
    {
        "version": "5.0.1",
        "shapes": [{"label": "cell", "points": [[1, 2], [8, 7]], "shape_type": "rectangle"}],
        "imagePath": "slide 1.png",
    }
)
IMAGESCOPE = (
    '<Annotations MicronsPerPixel="0.5"><Annotation Id="1" Name="anna"><Regions><Region Id="1" '
    'Type="1"><Vertices><Vertex X="1" Y="2"/><Vertex X="8" Y="7"/></Vertices></Region></Regions>'
    "</Annotation></Annotations>"
)
NDPA = (
    '<?xml version="1.0"?><annotations><ndpviewstate id="1"><title>cell</title></ndpviewstate>'
    "</annotations>"
)
OURS = {
    "slide 1.json": LABEL_ME,
    "slide 1.xml": IMAGESCOPE,
    "slide 1.ndpi.ndpa": NDPA,
    "slide 1.txt": "0 0.5 0.5 0.1 0.2\n1 0.25 0.5 0.1 0.2\n",
    "study.json": '{"version": 1, "files": {}}',
}
OTHERS = {
    "pom.xml": "<project><modelVersion>4.0.0</modelVersion></project>",
    "package.json": '{"name": "package", "version": 3}',
    "study.json": '{"name": "of something else", "version": 3}',
    "notes.txt": "0 is the first, 0.5 the second\n",
    "empty.xml": "",
}


@pytest.fixture
def two_raters(folder):
    return folder(**{f"{rater}/{k}.csv": TABLE for rater in ("anna", "ben") for k in (1, 2)})


@pytest.mark.parametrize("name", OURS)
def test_a_file_of_a_known_format_is_taken(folder, name):
    path = folder(**{name: OURS[name]}) / name
    assert readers.study_reader(str(path)) is readers.read_study


@pytest.mark.parametrize("name", OTHERS)
def test_a_file_of_another_kind_is_not(folder, name):
    assert readers.study_reader(str(folder(**{name: OTHERS[name]}) / name)) is None


def test_a_folder_of_annotation_files_is_taken(two_raters):
    assert readers.study_reader(str(two_raters)) is readers.read_study
    names = [arguments["name"] for _, arguments, _ in readers.read_study(str(two_raters))]
    assert names == ["anna", "ben"]


def test_a_folder_without_annotations_is_not(folder):
    assert not is_study(folder(**{f"below/{name}": text for name, text in OTHERS.items()}))


def test_the_chunks_of_an_array_are_not_looked_through(folder):
    root = folder(**{"cells.zarr/0/table.csv": TABLE})
    assert not is_study(root / "cells.zarr")
    assert not is_study(root)


def test_a_folder_that_would_take_long_to_look_through_is_not_taken(folder):
    root = folder(**{f"{k:03}.txt": "no box\n" for k in range(60)}, **{"z.csv": TABLE})
    assert is_study(root / "z.csv")
    assert not is_study(root)


def test_a_study_file_stands_for_its_folder(two_raters):
    path = two_raters / "study.json"
    path.write_text('{"version": 1, "raters": {"Zoe": {"aliases": ["ben"]}}}', encoding="utf-8")
    layers = readers.read_study(str(path))
    assert [arguments["name"] for _, arguments, _ in layers] == ["Zoe", "anna"]
