"""GeoJSON in every form that QuPath and others write it."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_consensus.data.annotations import Outline
from napari_consensus.errors import ReadError, RefusedError
from napari_consensus.formats import _geojson_features, moved, read, write
from napari_consensus.formats._geojson_features import Features
from napari_consensus.formats._rows import Rows
from napari_consensus.formats._source import FileContent

SQUARE = [[1, 2], [5, 2], [5, 7], [1, 7], [1, 2]]
BOX = {"type": "Polygon", "coordinates": [SQUARE]}


def feature(geometry=BOX, **properties):
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def kinds(table):
    return Counter(Outline(k).name for k in table.kind.tolist())


def test_every_feature_of_a_qupath_file_is_read(samples, study_of):
    study = study_of("geojson", samples["geojson"])
    table = study.annotations
    assert kinds(table) == {"BOX": 1, "POLYGON": 3, "POINT": 2}
    assert table.categories == ("Immune: CD3", "Nucleus", "Stroma", "Tumour")
    assert any("1 features are lines" in note for note in study.notes)
    points = table.bounds[table.kind == Outline.POINT, :2].tolist()
    assert sorted(points) == [[1, 1], [2.5, 3]]
    assert len(set(table.id.tolist())) == 6


def test_unknown_members_survive_reading_and_writing(samples, tmp_path):
    path = tmp_path / "out.geojson"
    once = read(samples["geojson"])
    write(once, path)
    by_name = {f["geometry"]["type"]: f for f in json.loads(path.read_text("utf-8"))["features"]}
    features = json.loads(path.read_text("utf-8"))["features"]
    cell = next(f for f in features if "nucleusGeometry" in f)
    assert cell["id"] == "PathDetectionObject"
    assert cell["geometry"]["plane"] == {"c": -1, "z": 2, "t": 0}
    assert cell["properties"]["objectType"] == "cell"
    assert cell["properties"]["classification"] == {"names": ["Immune", "CD3"],
                                                    "colorRGB": -3670016}  # fmt: skip
    assert cell["properties"]["measurements"] == {"Nucleus: Area": 3.5}
    stroma = by_name["MultiPolygon"]["properties"]
    assert (stroma["name"], stroma["color"]) == ("Stroma", [0, 255, 0])
    assert stroma["metadata"]["scanner"] == "A"
    ellipse = next(f for f in features if f["geometry"].get("isEllipse"))
    assert ellipse["properties"]["metadata"]["note"] == "round"
    tumour = next(f for f in features if f["properties"].get("isLocked"))
    assert tumour["properties"]["classification"]["color"] == [200, 0, 0]
    assert tumour["properties"]["measurements"] == {"Area µm^2": 5.25, "score": 0.5}
    again = read(path)
    assert natives(again) == natives(once)
    assert (again.annotations.vertices == once.annotations.vertices).all()


def natives(study):
    table = study.annotations
    return {i: json.loads(table.native[k] or b"{}") for k, i in enumerate(table.id.tolist())}


def test_what_other_formats_had_survives_in_ours(samples, tmp_path):
    once = read(samples["cvat"])
    write(once, tmp_path / "between.geojson")
    write(read(tmp_path / "between.geojson"), tmp_path / "back.cvat.xml")
    assert natives(read(tmp_path / "back.cvat.xml")) == natives(once)


def test_a_category_that_was_changed_wins_over_the_colour_it_had(samples, tmp_path):
    from dataclasses import replace

    study = read(samples["geojson"])
    table = study.annotations
    renamed = replace(table, categories=tuple(f"new {name}" for name in table.categories))
    write(renamed, tmp_path / "out.geojson")
    assert read(tmp_path / "out.geojson").annotations.categories == renamed.categories
    assert "colorRGB" not in (tmp_path / "out.geojson").read_text("utf-8")


@pytest.mark.parametrize(
    "document",
    [[feature()], feature(), BOX, {"type": "FeatureCollection", "features": [feature()]},
     {"features": [feature()], "type": "FeatureCollection"},
     {"type": "MultiPolygon", "coordinates": [[SQUARE]]}],
)  # fmt: skip
def test_features_are_found_however_they_are_wrapped(put, document):
    assert read(put(document, "s.geojson")).annotations.bounds.tolist() == [[1, 2, 5, 7]]


@pytest.mark.parametrize("suffix", [".geojson.gz", ".geojson.zip"])
def test_packed_files_are_read_and_written(tmp_path, suffix):
    from napari_consensus.data.annotations import annotations_from_boxes

    table = annotations_from_boxes([[1, 2, 3, 4]], image=["a"], rater=["r"])
    path = tmp_path / f"s{suffix}"
    write(table, path)
    first = path.read_bytes()
    assert read(path).annotations.bounds.tolist() == [[1, 2, 3, 4]]
    write(table, path, overwrite=True)
    if suffix == ".geojson.gz":
        assert path.read_bytes() == first
        assert json.loads(gzip.decompress(first))["type"] == "FeatureCollection"
    else:
        assert zipfile.ZipFile(path).namelist() == ["s.geojson"]


def zipped(*names, content=b"{}", mode=zipfile.ZIP_DEFLATED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", mode) as archive:
        for name in names:
            archive.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "rule"),
    [
        ("s.geojson.zip", zipped("../s.geojson"), "climbs out"),
        ("s.geojson.zip", zipped("/etc/s.geojson"), "climbs out"),
        ("s.geojson.zip", zipped("..\\s.geojson"), "climbs out"),
        ("s.geojson.zip", zipped("C:\\s.geojson"), "climbs out"),
        ("s.geojson.zip", zipped("a.geojson", "b.geojson"), "2 files"),
        ("s.geojson.zip", zipped(), "0 files"),
        ("s.geojson.zip", zipped("s.geojson", mode=zipfile.ZIP_LZMA), "unusual way"),
        ("s.geojson.zip", b"PK\x03\x04", "cannot be unpacked"),
        ("s.geojson.zip", zipped("s.geojson", content=b" " * (80 << 20)), "250 times"),
        ("s.geojson.gz", gzip.compress(b"[" + b" " * (80 << 20), mtime=0), "250 times"),
        ("s.geojson.gz", gzip.compress(b'{"type":', mtime=0)[:-9], "cannot be unpacked"),
        ("s.geojson.gz", b"{}", "cannot be unpacked"),
    ],
)
def test_archives_that_climb_grow_or_break_are_refused_in_one_line(put, study_of, name, data, rule):
    path = put(data, name)
    with pytest.raises(ReadError, match=rule) as error:
        study_of("geojson", path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ('{"type": "FeatureCollection",\n "features": [\n{"a": tru}]}', "row 3"),
        ('{"type": "FeatureCollection", "features": [{}', "cut off"),
        ('{"type": "FeatureCollection", "features": [{}]} x', "follows the end"),
        ('{"type": "FeatureCollection", "features": [{},]}', "row 1"),
        ('{"type": "FeatureCollection" "features": []}', "expected"),
        ('{1: "FeatureCollection"}', "name in quotes"),
        ('{"type": "Table", "features": []}', "'Table'"),
        ('{"type": "Point"}x', "follows the end"),
        ('[{"geometry": null}, 3]', "other things than features"),
        *((text, "no GeoJSON: it holds a single value") for text in ("3", "null", "true", '"x"')),
        ('"' + "x" * 400_000, "cut off"),
        ('{"type": "FeatureCollection", "features": [' + "[" * 100_000, "no JSON|cut off"),
        (b'{"type": "FeatureCollection",\n"a": "\xff"}', "row 2: byte 0xFF"),
        ("", "empty"),
        (b"\0\1", "binary"),
    ],
)
def test_what_is_no_geojson_is_said_in_one_line(put, study_of, text, rule):
    with pytest.raises(ReadError, match=rule) as error:
        study_of("geojson", put(text, "s.geojson"))
    assert "\n" not in str(error.value)


def test_a_file_is_read_alike_in_pieces_of_any_size(put, monkeypatch):
    from napari_consensus.formats import _json_stream

    features = [
        feature({"type": "Polygon", "coordinates": [[[x + k, y] for x, y in SQUARE]]}, name=f"é{k}")
        for k in range(40)
    ]
    path = put({"features": features, "type": "FeatureCollection", "n": 1234567}, "s.geojson")
    whole = read(path).annotations
    for size in (1, 3, 64, 1000):
        monkeypatch.setattr(_json_stream, "_BYTES_AT_ONCE", size)
        pieces = read(path).annotations
        assert pieces.bounds.tolist() == whole.bounds.tolist()
        assert pieces.categories == whole.categories
        assert pieces.id.tolist() == whole.id.tolist()


odd = st.sampled_from(
    [None, True, "1", [], 10**400, float("nan"), float("inf"), 2e9, [1, 2, 3], {"a": 1}]
)
coordinate = st.integers(-3, 3) | st.floats(-3, 3)


@st.composite
def geometries(draw):
    """Mostly rectangles along the axes, and whatever else may stand in their place."""
    x, y, w, h = draw(coordinate), draw(coordinate), draw(coordinate), draw(coordinate)
    ring = [[x, y], [x + w, y], [x + w, y + h], [x, y + h], [x, y]]
    shift = draw(st.integers(0, 3))
    ring = ring[shift:-1] + ring[: shift + 1]
    if draw(st.booleans()):
        ring.reverse()
    for _ in range(draw(st.sampled_from([0, 0, 0, 1]))):
        ring[draw(st.integers(0, 4))][draw(st.integers(0, 1))] = draw(coordinate | odd)
    geometry = {"type": "Polygon", "coordinates": [ring]}
    if draw(st.sampled_from([False, False, True])):
        others = [{"plane": {"z": 1}}, {"isEllipse": True}, {"coordinates": [ring, ring]},
                  {"coordinates": 3}, {"type": "Point"}, {"coordinates": [ring[:4]]}]  # fmt: skip
        geometry |= draw(st.sampled_from(others))
    return geometry


def taken(features):
    rows = Rows()
    reader = Features(Path("s.geojson"), FileContent(Path("s"), b"", "0" * 64), rows)
    reader.take(features)
    reader.finish()
    table = rows.study(skip_refused=True).annotations
    refused = [(r.row, r.field, r.value, r.rule) for r in rows.refused]
    entries = [None if table.native is None else table.native[k] for k in range(len(table))]
    return (
        table.id.tolist(), table.bounds.tolist(), table.kind.tolist(), table.categories,
        table.category.tolist(), table.vertices.tolist(), sorted(refused), rows.notes,
        [e or None for e in entries],
    )  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(geometries(), st.sampled_from(["a", "b", None, 3])), max_size=8))
def test_boxes_taken_together_are_the_boxes_taken_one_by_one(pairs):
    features = [feature(g, classification={"name": name}) for g, name in pairs]
    together = taken(features)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_geojson_features, "_boxes", lambda features: ([], np.empty((0, 4))))
        assert taken(features) == together


def test_a_study_is_moved_to_the_corner_of_the_whole_slide_and_back(put):
    study = read(
        put([feature(metadata={"image": "a"}), feature(metadata={"image": "b"})], "s.json")
    )
    there = moved(study, {"a": (100, -50)})
    assert there.annotations.bounds.tolist() == [[101, -48, 105, -43], [1, 2, 5, 7]]
    assert any("a by 100, -50" in note for note in there.notes)
    back = moved(there, {"a": (-100, 50)})
    assert back.annotations.bounds.tolist() == study.annotations.bounds.tolist()


def test_a_class_without_a_name_is_no_category_and_stays_as_it_was(put, tmp_path):
    path = put([feature(classification={"name": "", "color": [1, 2, 3]})], "s.json")
    write(read(path), tmp_path / "out.geojson")
    assert '"classification":{"name":"","color":[1,2,3]}' in (tmp_path / "out.geojson").read_text()
    assert read(tmp_path / "out.geojson").annotations.categories == ()


def test_a_broken_feature_is_refused_by_its_number(put):
    path = put([feature(), feature({"type": "Polygon", "coordinates": [[[1, 2], [3, "x"]]]})],
               "s.geojson")  # fmt: skip
    with pytest.raises(RefusedError, match="row 2, geometry"):
        read(path)


@pytest.mark.parametrize(
    ("name", "n", "categories"),
    [("qupath05.geojson", 3, {"I", "UT"}), ("large_image_sample.geojson", 10, set())],
)
def test_real_files_have_as_many_features_as_a_search_counts(real_files, name, n, categories):
    path = real_files / "qupath_geojson" / name
    table = read(path).annotations
    assert len(table) == path.read_text("utf-8").count('"type":"Feature"') == n
    assert set(table.categories) == categories


def test_what_qupath_draws_around_objects_and_what_has_no_place_is_left_out(put):
    square = [[[5, 5], [9, 5], [9, 8], [5, 8], [5, 5]]]
    kinds = ["root", "tma_core", "annotation", "cell", "detection", "tile"]
    features = [
        {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": square},
         "properties": {"objectType": kind}}
        for kind in kinds
    ] + [
        {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": []}},
        {"type": "Feature", "geometry": {"type": "MultiPolygon", "coordinates": []}},
        {"type": "Feature", "geometry": None, "properties": None},
    ]  # fmt: skip
    study = read(put({"type": "FeatureCollection", "features": features}, "s.geojson"))
    assert len(study.annotations) == 3
    assert (
        "s.geojson: 3 features are lines, collections of geometries, or have no geometry; left out"
        in study.notes
    )
    assert sum("3 features are the whole image" in note for note in study.notes) == 1
