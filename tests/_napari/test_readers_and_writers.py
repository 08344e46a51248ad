from __future__ import annotations

import json
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
from napari.utils.notifications import notification_manager
from npe2 import PluginManifest

import napari_consensus as nc
from napari_consensus._napari import readers, runs, tables, writers
from napari_consensus._napari.scene import scene_of
from napari_consensus.aggregation import AGGREGATORS
from napari_consensus.errors import ReadError

MANIFEST = PluginManifest.from_distribution("napari-consensus")
TABLE = "image,rater,category,x0,y0,x1,y1\none,A,round,0,0,100,100\none,B,round,0,0,100,90\n"


@pytest.fixture
def study_file(tmp_path):
    path = tmp_path / "study.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


def test_the_manifest_is_that_of_the_installed_distribution():
    assert MANIFEST.display_name == "Consensus"
    assert [w.display_name for w in MANIFEST.contributions.widgets] == [
        "Study",
        "Agreement",
        "Matches",
        "Raters",
        "Consensus",
        "Review",
        "Figures",
        "Export",
    ]


def test_every_command_of_the_manifest_can_be_imported():
    MANIFEST.validate_imports()


def test_no_reader_claims_pictures_that_napari_reads_itself():
    patterns = {p for r in MANIFEST.contributions.readers for p in r.filename_patterns}
    assert not patterns & {"*", "*.*", "*.png", "*.jpg", "*.tif", "*.tiff"}
    assert patterns > {"*.svs", "*.ndpi", "*.qptiff", "*.ome.tif", "*.ome.tiff", "*.dcm"}


def test_a_table_of_annotations_is_recognised(study_file):
    assert readers.study_reader(str(study_file)) is readers.read_study


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("other.csv", b"time,temperature\n1,20\n"),
        ("empty.csv", b""),
        ("binary.csv", bytes(range(256))),
        ("other.json", b'{"name": "package", "version": 3}'),
        ("broken.json", b'{"annotations": ['),
    ],
)
def test_other_files_are_left_to_others(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    assert readers.study_reader(str(path)) is None
    assert readers.slide_reader(str(path)) is None


def test_folders_and_paths_that_are_not_ours_are_left_to_others(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing", encoding="utf-8")
    assert readers.study_reader(str(tmp_path)) is None
    assert readers.study_reader(str(tmp_path / "absent")) is None
    assert readers.slide_reader(str(tmp_path)) is None


def test_a_study_is_a_layer_for_each_rater(study_file):
    layers = readers.read_study(str(study_file))
    assert [(kind, arguments["name"]) for _, arguments, kind in layers] == [
        ("shapes", "A"),
        ("shapes", "B"),
    ]
    assert layers[0][1]["features"]["category"].tolist() == ["round"]


def last_message():
    return notification_manager.records[-1].message


def test_of_several_files_those_are_read_that_can_be(tmp_path):
    (tmp_path / "one.csv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "two.csv").write_text(f"{TABLE}two,A,round,1,2,three,4\n", encoding="utf-8")
    torn = tmp_path / "torn.geojson"
    torn.write_text('{"type": "FeatureCollection", "features": [', encoding="utf-8")
    layers = readers.read_study(str(tmp_path))
    assert [arguments["name"] for _, arguments, _ in layers] == ["A", "B"]
    assert "torn.geojson" in last_message()
    assert "three" in last_message()
    with pytest.raises(ReadError, match="torn"):
        nc.read(tmp_path)


def test_a_study_whose_slide_is_broken_is_shown_without_its_pixels(tmp_path):
    (tmp_path / "study.csv").write_text(TABLE, encoding="utf-8")
    (tmp_path / "one.svs").write_bytes(b"II*\0 and nothing more")
    layers = readers.read_study(str(tmp_path))
    assert [kind for *_, kind in layers] == ["shapes", "shapes"]
    assert "one.svs" in last_message()


def test_a_dropped_study_is_taken_up_by_the_docks(viewer, study_file, qtbot):
    scene = scene_of(viewer)
    viewer.open(study_file, plugin="napari-consensus")
    dropped = list(viewer.layers)
    qtbot.waitUntil(lambda: scene.store.prepared is not None, timeout=60_000)
    assert list(viewer.layers) == dropped
    assert [r.name for r in scene.store.raters] == ["A", "B"]
    assert not viewer.layers["A"].editable
    scene.store.show_pair((0, 1))
    assert scene.store.objects.matched == 1


def test_a_study_dropped_before_a_dock_opens_waits_for_it(viewer, study_file, qtbot):
    viewer.open(study_file, plugin="napari-consensus")
    scene = scene_of(viewer)
    qtbot.waitUntil(lambda: scene.store.prepared is not None, timeout=60_000)
    assert len(viewer.layers) == 2


def test_a_second_study_replaces_the_first(viewer, study_file, tmp_path, qtbot):
    scene = scene_of(viewer)
    viewer.open(study_file, plugin="napari-consensus")
    qtbot.waitUntil(lambda: scene.store.prepared is not None, timeout=60_000)
    first = scene.store.prepared
    other = tmp_path / "other.csv"
    other.write_text(TABLE.replace("A", "Z"), encoding="utf-8")
    viewer.open(other, plugin="napari-consensus")
    qtbot.waitUntil(lambda: scene.store.prepared is not first, timeout=60_000)
    assert [layer.name for layer in viewer.layers] == ["B", "Z"]


def test_a_layer_with_a_study_is_duplicated_without_copying_the_study(study_file):
    note = readers.read_study(str(study_file))[0][1]["metadata"]
    loaded = next(iter(note.values()))["loaded"]
    assert next(iter(deepcopy(note).values()))["loaded"] is loaded


@pytest.mark.screen
def test_a_release_folder_opens_with_its_image(viewer, cytocrowd, qtbot):
    scene = scene_of(viewer)
    viewer.open(cytocrowd, plugin="napari-consensus")
    qtbot.waitUntil(lambda: scene.store.prepared is not None, timeout=60_000)
    files = scene.store.prepared.study.image_files
    scene.store.show_image_named(next(iter(files)))
    qtbot.waitUntil(lambda: scene.own.get("image") is not None, timeout=60_000)
    assert scene.own.get("image").data.shape == (2160, 3840, 3)
    # A picture of the study that is dropped is shown with its outlines, not beside them.
    name, file = list(files.items())[1]
    count = len(viewer.layers)
    viewer.open(file, plugin="napari")
    qtbot.waitUntil(lambda: scene.store.image_name == name, timeout=60_000)
    qtbot.waitUntil(lambda: scene.own.get("image") is not None, timeout=60_000)
    assert len(viewer.layers) == count


@pytest.fixture(scope="module")
def shared(unshown_viewer):
    """Return the viewer that the sentences from here on share."""
    return unshown_viewer


@pytest.mark.screen
def test_the_sample_opens_with_its_pixels(shared, qtbot):
    scene = scene_of(shared)
    before = scene.store.prepared
    shared.open_sample("napari-consensus", "cytology")
    qtbot.waitUntil(lambda: scene.store.prepared is not before, timeout=60_000)
    assert shared.layers[0].name == "field-1.png"
    assert shared.layers[0].rgb
    scene.store.show_image(1)
    assert shared.layers[0].name == "field-2.png"
    shared.layers.remove(shared.layers[0])
    scene.store.show_image(2)
    assert shared.layers[0].name == "field-3.png"


def a_consensus_layer(viewer, study, image=0):
    scene = scene_of(viewer)
    prepared = tables.prepare(study)
    scene.store.open(prepared)
    majority = AGGREGATORS["majority"]()
    request = runs.RunRequest(majority, "majority", "mean", 0.3, 1, None, None)
    scene.store.add_run(runs.merge(prepared, request))
    scene.store.show_image(image)
    return scene.own.get(f"run:{scene.store.run}")


@pytest.mark.parametrize("suffix", ["geojson", "json", "csv"])
def test_a_consensus_layer_is_saved_with_all_that_is_known_of_it(shared, study, tmp_path, suffix):
    layer = a_consensus_layer(shared, study)
    path = tmp_path / f"out.{suffix}"
    first, *_ = layer.save(str(path), plugin="napari-consensus")
    assert Path(first) == path
    text = path.read_text(encoding="utf-8")
    assert "probability" in text
    assert "support" in text


def test_a_saved_consensus_layer_holds_what_it_shows(shared, study, tmp_path):
    layer = a_consensus_layer(shared, study, image=1)
    path = tmp_path / "out.geojson"
    layer.save(str(path), plugin="napari-consensus")
    document = json.loads(path.read_text(encoding="utf-8"))
    assert len(document["features"]) == 1
    assert (tmp_path / "out.geojson.provenance.json").is_file()


def test_shapes_that_were_moved_are_saved_where_they_are(shared, study, tmp_path):
    layer = a_consensus_layer(shared, study)
    data, meta, _ = layer.as_layer_data_tuple()
    data = [vertices + 7 for vertices in data]
    written = writers.write_shapes(str(tmp_path / "moved.csv"), data, meta)
    assert [Path(w).name for w in written] == ["moved.csv"]
    table = nc.read(written[0])
    rows = table.reference if table.reference is not None else table.annotations
    assert rows.bounds[:, 0].min() == 7


def test_drawn_shapes_become_annotations():
    square = np.array([[-0.5, -0.5], [-0.5, 9.5], [9.5, 9.5], [9.5, -0.5]])
    meta = {
        "name": "mine",
        "shape_type": ["rectangle", "polygon"],
        "features": {"category": ["a", ""]},
    }
    table = writers.shapes_table([square, square], meta)
    assert table.images == ("mine",)
    assert sorted(table.category.tolist()) == [-1, 0]
    np.testing.assert_allclose(table.bounds, [[0, 0, 10, 10]] * 2)


def test_no_shapes_are_an_empty_table():
    assert len(writers.shapes_table([], {"name": "none"})) == 0


def test_npe2_finds_nothing_to_object_to():
    manifest = Path(nc.__file__).parent / "napari.yaml"
    command = [sys.executable, "-m", "npe2", "validate", str(manifest)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
