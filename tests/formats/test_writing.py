from __future__ import annotations

import csv
import json
import os
import uuid

import numpy as np
import pytest

from napari_consensus.aggregation import AGGREGATORS
from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.data.consensus import Source
from napari_consensus.data.raters import RaterKind
from napari_consensus.errors import Cancelled, ParameterError, Refusal, WriteError
from napari_consensus.formats import FORMATS, check_target, make_folder, read, write, write_text
from napari_consensus.pipeline import Dropped, drop_before, reach_consensus

FILES = ["c.csv", "c.geojson", "c.coco.json"]


@pytest.fixture
def table():
    return annotations_from_boxes(
        [[0, 0, 10, 10], [1, 1, 11, 11], [0, 0, 10, 12], [50, 50, 61, 60], [5, 6, 7, 8]],
        image=["a.png", "a.png", "a.png", "a.png", "b.png"],
        rater=["Ada", "Bo", "Cy", "Cy", "Ada"],
        category=["x", "x", "y", "y", "x"],
        score=[0.1, np.nan, 0.3, 0.4, 0.5],
    )


@pytest.fixture
def consensus(table):
    source = Source("/private/Ada.csv", "csv", "0" * 64, 7)
    return reach_consensus(table, AGGREGATORS["majority"](), sources=(source,))


def test_beside_a_consensus_stand_its_provenance_and_its_posterior(consensus, tmp_path):
    written = write(consensus, tmp_path / "c.coco.json")
    assert [path.name for path in written] == [
        "c.coco.json", "c.coco.json.provenance.json", "c.coco.json.posterior.csv",
    ]  # fmt: skip
    assert set(tmp_path.iterdir()) == set(written)
    provenance = json.loads(written[1].read_text(encoding="utf-8"))
    assert provenance["notice"] == "research use, not for diagnosis"
    assert provenance["sources"] == [
        {"file": "Ada.csv", "format": "csv", "sha256": "0" * 64, "size": 7}
    ]
    assert [step["action"] for step in provenance["steps"]][:2] == ["group", "aggregate"]
    assert provenance["versions"]
    with written[2].open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    by_id = {int(row["annotation_id"]): (float(row["x"]), float(row["y"])) for row in rows}
    assert by_id == dict(
        zip(consensus.shapes.id.tolist(), map(tuple, consensus.probability.tolist()), strict=True)
    )


def test_every_format_says_of_an_object_how_sure_it_is_and_who_marked_it(consensus, tmp_path):
    said = []
    for name in FILES:
        path = write(consensus, tmp_path / name, overwrite=True)[0]
        text = path.read_text(encoding="utf-8")
        if name.endswith(".csv"):
            objects = list(csv.DictReader(text.splitlines()))
            facts = [
                {k: o[k] if k == "category" else json.loads(o[k]) for k in KEYS}
                for o in objects
                if o["xmin"]
            ]
        elif name.endswith(".coco.json"):
            document = json.loads(text)
            names = {c["id"]: c["name"] for c in document["categories"]}
            facts = [
                {**o["attributes"], "category": names[o["category_id"]]}
                for o in document["annotations"]
            ]
        else:
            facts = [
                {
                    **o["properties"]["measurements"],
                    **{k: json.loads(o["properties"]["metadata"][k]) for k in ("raters", "ids")},
                    "category": o["properties"]["classification"]["name"],
                }
                for o in json.loads(text)["features"]
            ]
        said.append([{**{k: f[k] for k in KEYS}, "ids": [int(i) for i in f["ids"]]} for f in facts])
    assert said[0] == said[1] == said[2]
    three = next(fact for fact in said[0] if fact["support"] == 3)
    assert three["raters"] == ["Ada", "Bo", "Cy"]
    assert three["readers"] == 3
    assert three["probability"] == pytest.approx(2 / 3)
    assert three["category"] == "x"
    assert three["exists"] == 1
    assert not three["tied"]
    assert len(three["ids"]) == 3


KEYS = ("probability", "exists", "support", "readers", "tied", "raters", "ids", "category")


@pytest.mark.parametrize("name", FILES)
def test_a_consensus_reads_back_as_one_rater_of_its_kind(consensus, tmp_path, name):
    write(consensus, tmp_path / name)
    back = read(tmp_path / name).annotations
    assert back.raters.kinds == (RaterKind.CONSENSUS,)
    assert back.bounds.tolist() == consensus.shapes.bounds.tolist()
    assert back.id.tolist() == consensus.shapes.id.tolist()
    assert back.category.tolist() == consensus.shapes.category.tolist()
    assert back.raters.read.tolist() == consensus.shapes.raters.read.tolist()


@pytest.mark.parametrize("name", [*FILES, "folder"])
def test_with_pseudonyms_no_file_holds_a_name(table, consensus, tmp_path, name):
    refused = [Refusal("Ada.csv", 3, "rater", "Bo", "the rater must be named")]
    written = write(consensus, tmp_path / name, pseudonyms=True, refused=refused)
    make_folder(tmp_path / "drawn")
    written += write(table, tmp_path / "drawn" / name, pseudonyms=True)
    for path in written:
        text = path.read_text(encoding="utf-8")
        assert not any(person in text for person in ("Ada", "Bo", "Cy"))
    back = read(tmp_path / "drawn" / name).annotations
    assert back.raters.names == ("rater-1", "rater-2", "rater-3")
    assert np.bincount(back.rater).tolist() == [2, 1, 2]


def test_who_was_left_out_is_named_only_where_names_are_shown(table, tmp_path):
    left, step = drop_before(table, Dropped(("Bo",)))
    consensus = reach_consensus(left, earlier=(step,))
    for pseudonyms, raters in ((True, '["rater-2"]'), (False, '["Bo"]')):
        path = write(consensus, tmp_path / f"{pseudonyms}.geojson", pseudonyms=pseudonyms)[1]
        first = json.loads(path.read_text(encoding="utf-8"))["steps"][0]
        assert (first["action"], first["parameters"]["raters"]) == ("drop", raters)


@pytest.mark.parametrize("name", FILES)
def test_a_folder_in_a_name_never_reaches_a_file(consensus, tmp_path, name):
    for path in write(consensus, tmp_path / name):
        text = path.read_text(encoding="utf-8")
        assert "/private" not in text
        assert str(tmp_path) not in text


@pytest.mark.parametrize("name", FILES)
def test_rows_refused_while_reading_are_in_the_provenance(consensus, tmp_path, name):
    refused = [Refusal("/private/Ada.csv", 3, "xmin", "two", "must be a number")]
    path = write(consensus, tmp_path / name, refused=refused)[1]
    assert json.loads(path.read_text(encoding="utf-8"))["refused"] == [
        {"file": "Ada.csv", "row": 3, "field": "xmin", "value": "two", "rule": "must be a number"}
    ]


def test_geojson_is_what_qupath_reads(table, tmp_path):
    path = tmp_path / "t.geojson"
    write(table, path)
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document["type"] == "FeatureCollection"
    ids = set()
    for feature in document["features"]:
        assert feature["type"] == "Feature"
        ids.add(uuid.UUID(feature["id"]))
        ring = feature["geometry"]["coordinates"][0]
        assert feature["geometry"]["type"] == "Polygon"
        assert len(ring) == 5
        assert ring[0] == ring[-1]
        properties = feature["properties"]
        assert properties["objectType"] == "annotation"
        assert set(properties["classification"]) == {"name", "color"}
        assert all(0 <= c <= 255 for c in properties["classification"]["color"])
        assert all(isinstance(v, float) for v in properties["measurements"].values())
        assert all(isinstance(v, str) for v in properties["metadata"].values())
    assert len(ids) == len(table)


def test_coco_names_who_read_each_image_and_who_drew_each_box(table, tmp_path):
    path = tmp_path / "t.coco.json"
    write(table, path)
    document = json.loads(path.read_text(encoding="utf-8"))
    readers = {image["file_name"]: image["rater_list"] for image in document["images"]}
    assert readers == {"a.png": ["Ada", "Bo", "Cy"], "b.png": ["Ada"]}
    assert [a["rater"] for a in document["annotations"]] == ["Ada", "Bo", "Cy", "Cy", "Ada"]
    assert document["annotations"][0]["bbox"] == [0, 0, 10, 10]
    assert document["annotations"][0]["area"] == 100
    assert document["annotations"][0]["score"] == 0.1
    assert "score" not in document["annotations"][1]


def test_a_path_without_a_suffix_gets_one_geojson_an_image(table, consensus, tmp_path):
    assert [p.name for p in write(table, tmp_path / "out")] == ["a.png.geojson", "b.png.geojson"]
    assert [p.name for p in write(consensus, tmp_path / "merged")] == [
        "a.png.geojson", "b.png.geojson", "provenance.json", "posterior.csv",
    ]  # fmt: skip
    assert len(read(tmp_path / "merged").annotations) == len(consensus)


def test_image_names_that_are_no_file_names_get_distinct_ones(tmp_path):
    table = annotations_from_boxes(
        [[0, 0, 1, 1]] * 4, image=["../a:b", "A_b", ".._a_b", "x" * 300], rater=["r"] * 4
    )
    written = write(table, tmp_path / "out")
    assert len({p.name.casefold() for p in written}) == 4
    assert all(p.parent == tmp_path / "out" and len(p.name) < 200 for p in written)
    # Reading leaves folders out where that keeps images apart.
    assert set(read(tmp_path / "out").annotations.images) == {"a:b", *table.images} - {"../a:b"}


@pytest.mark.parametrize("name", [*FILES, "out"])
def test_what_stands_already_is_replaced_only_when_asked(table, consensus, tmp_path, name):
    for subject in (table, consensus):
        path = write(subject, tmp_path / name, overwrite=True)[0]
        before = path.read_bytes()
        with pytest.raises(WriteError, match="already"):
            write(subject, tmp_path / name)
        assert path.read_bytes() == before


def test_a_provenance_that_stands_already_refuses_before_any_work(tmp_path):
    (tmp_path / "c.csv.provenance.json").write_text("mine")
    check_target(tmp_path / "c.csv")
    with pytest.raises(WriteError, match=r"c\.csv\.provenance\.json: the file stands already"):
        check_target(tmp_path / "c.csv", consensus=True)


@pytest.mark.parametrize(
    ("name", "format", "said"),
    [("c.docx", None, "no format ends like this"), ("c.csv", "paper", "no format 'paper'"),
     ("c.csv", "cytocrowd", "no format 'cytocrowd'"), ("out", "coco", "name a file")],
)  # fmt: skip
def test_a_format_that_cannot_be_written_is_said(tmp_path, name, format, said):
    with pytest.raises(ParameterError, match=said):
        check_target(tmp_path / name, format=format)


def test_the_format_asked_for_wins_over_the_suffix(table, tmp_path):
    write(table, tmp_path / "c.json", format="coco")
    assert "annotations" in json.loads((tmp_path / "c.json").read_text(encoding="utf-8"))
    write(table, tmp_path / "d.json")
    assert "features" in json.loads((tmp_path / "d.json").read_text(encoding="utf-8"))


def test_a_folder_that_is_not_there_or_is_a_file_is_refused(table, tmp_path):
    with pytest.raises(WriteError, match="no such folder"):
        write(table, tmp_path / "nowhere" / "c.csv")
    (tmp_path / "file").write_text("x")
    with pytest.raises(WriteError, match="is a file"):
        write(table, tmp_path / "file")
    (tmp_path / "c.csv").mkdir()
    with pytest.raises(WriteError, match=r"c\.csv"):
        write_text(tmp_path / "c.csv", "x")


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0,
                    reason="the superuser may write everywhere")  # fmt: skip
def test_a_folder_that_may_not_be_written_to_is_refused(table, tmp_path):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    with pytest.raises(WriteError, match="cannot be written"):
        check_target(locked / "c.csv")


@pytest.mark.parametrize("name", [*FILES, "out"])
def test_stopping_leaves_nothing_behind_and_what_stood_there_as_it_was(table, tmp_path, name):
    def stop(done, total):
        raise Cancelled

    write(table, tmp_path / name)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    with pytest.raises(Cancelled):
        write(table, tmp_path / name, overwrite=True, progress=stop)
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_stopping_leaves_no_folder_that_was_not_there(table, tmp_path):
    def stop(done, total):
        raise Cancelled

    with pytest.raises(Cancelled):
        write(table, tmp_path / "out", progress=stop)
    assert not list(tmp_path.iterdir())


def test_writing_reports_to_the_end(table, tmp_path):
    seen = []
    write(table, tmp_path / "c.csv", progress=lambda done, total: seen.append((done, total)))
    assert seen == [(5, 5)]


def test_every_format_says_what_it_keeps():
    assert len({kind.title for kind in FORMATS.values()}) == len(FORMATS)
    for name, kind in FORMATS.items():
        assert kind.name == name
        assert kind.keeps
        assert kind.title
