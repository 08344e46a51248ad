"""Odd but legal files mean what their author meant; what means two things is refused."""

from __future__ import annotations

import json
import unicodedata

import pytest

from napari_consensus.errors import ReadError, RefusedError
from napari_consensus.formats import read, read_clusters, read_costs

TABLE = (
    "image,rater,category,xmin,ymin,xmax,ymax\na.png,r1,cell,1,2,30,40\na.png,r2,cell,1,2,31,41\n"
)
SQUARE = {"type": "Polygon", "coordinates": [[[1, 2], [5, 2], [5, 9], [1, 9], [1, 2]]]}
COCO = {
    "images": [{"id": 1, "file_name": "a.png"}],
    "categories": [{"id": 1, "name": "cell"}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 4, 7]}],
}


@pytest.fixture
def put(tmp_path):
    def put(name, content):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content if isinstance(content, bytes | str) else json.dumps(content)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    return put


@pytest.mark.parametrize(
    "text",
    [
        ",".join(["", *TABLE.splitlines(keepends=True)[:1]])
        + "".join(f"{k},{line}\n" for k, line in enumerate(TABLE.splitlines()[1:])),
        TABLE.replace("\n", ",\n"),
        "sep=;\r\n" + TABLE.replace(",", ";").replace("\n", "\r\n"),
        "\ufeffsep=,\n" + TABLE,
        TABLE + ",,,,,,\n , ,,,,,\n\n",
    ],
    ids=["an index without a name", "commas at line ends", "sep", "sep and BOM", "empty rows"],
)
def test_a_table_as_other_programs_save_it_is_the_same_table(put, text):
    table = read(put("t.csv", text)).annotations
    assert table.raters.names == ("r1", "r2")
    assert table.images == ("a.png",)
    assert table.bounds.tolist() == [[1, 2, 30, 40], [1, 2, 31, 41]]


def test_a_bad_row_below_a_line_for_excel_is_named_by_the_line_it_stands_on(put):
    with pytest.raises(RefusedError, match=r"t\.csv, row 4, xmax 'x'"):
        read(put("t.csv", "sep=,\n" + TABLE.replace("31", "x")))


def test_a_list_that_numpy_prints_with_types_is_a_box(put):
    typed = "[np.float64(1.5), np.float64(2.0), np.int64(31), np.float64(41.0)]"
    text = f'image,rater,category,bbox\na.png,r1,cell,"{typed}"\n'
    assert read(put("t.csv", text)).annotations.bounds.tolist() == [[1.5, 2, 31, 41]]


def test_a_table_of_nothing_but_a_header_in_its_place_says_who_found_nothing(put, tmp_path):
    head, row = "image,category,xmin,ymin,xmax,ymax\n", "{}.png,cell,1,2,30,40\n"
    for rater, image in (("anna", "i1"), ("anna", "i2"), ("ben", "i1")):
        put(f"{rater}/{image}.csv", head + row.format(image))
    put("ben/i2.csv", head)
    raters = read(tmp_path).annotations.raters
    assert raters.names == ("anna", "ben")
    assert raters.read.all()


def test_a_table_of_nothing_but_a_header_counts_for_nobody_elsewhere_and_that_is_said(
    put, tmp_path
):
    head = "image,category,xmin,ymin,xmax,ymax\n"
    for rater in ("anna", "ben"):
        put(f"{rater}.csv", head + "a.png,cell,1,2,30,40\n")
    path = put("cleo.csv", head)
    study = read(tmp_path)
    assert study.annotations.raters.names == ("anna", "ben")
    assert any(note.startswith("nothing is in cleo.csv") for note in study.notes)
    with pytest.raises(ReadError, match="a header but no row below it"):
        read(path)


def test_an_empty_ground_truth_is_no_reference_yet(put, tmp_path):
    put("Datasets/WorkerData.csv", "worker_bbox,author_id,img_name,category\n[1 2 3 4],3,a,c\n")
    put("Datasets/GroundTruth.csv", "bbox,author_id,img_name,category\n")
    study = read(tmp_path)
    assert (study.reference, len(study.annotations)) == (None, 1)
    assert any("there is no reference yet" in note for note in study.notes)


@pytest.mark.parametrize("document", [COCO, {"type": "Feature", "geometry": SQUARE}])
def test_json_in_utf_16_is_recognised_and_read(put, document):
    study = read(put("a.json", json.dumps(document).encode("utf-16")))
    assert study.annotations.bounds.tolist() == [[1, 2, 5, 9]]


def test_ids_that_became_fractions_are_the_same_ids(put):
    annotation = {**COCO["annotations"][0], "image_id": 1.0, "category_id": 1.0}
    table = read(put("a.json", {**COCO, "annotations": [annotation]})).annotations
    assert (table.images, table.categories, len(table)) == (("a.png",), ("cell",), 1)


def test_a_segmentation_of_one_empty_ring_is_none(put):
    annotation = {**COCO["annotations"][0], "segmentation": [[]]}
    study = read(put("a.json", {**COCO, "annotations": [annotation]}))
    assert study.annotations.bounds.tolist() == [[1, 2, 5, 9]]


@pytest.mark.parametrize(
    ("member", "entry"),
    [("images", {"id": 1, "file_name": "b.png"}), ("categories", {"id": 1, "name": "duct"})],
)
def test_an_id_of_two_images_or_categories_is_refused(put, member, entry):
    path = put("a.json", {**COCO, member: [*COCO[member], entry]})
    with pytest.raises(RefusedError, match=f"{member} .*its id is another entry's already"):
        read(path)
    kept = read(path, skip_refused=True).annotations
    first = (kept.images[kept.image[0]], kept.categories[kept.category[0]])
    assert first == ("a.png", "cell")


def test_categories_without_ids_share_none(put):
    path = put(
        "a.json", {**COCO, "categories": [*COCO["categories"], {"name": "a"}, {"name": "b"}]}
    )
    assert read(path).annotations.categories == ("a", "b", "cell")


@pytest.mark.parametrize("features", [None, {}, "none"])
def test_a_collection_without_a_list_of_features_is_refused(put, features):
    path = put("a.geojson", {"type": "FeatureCollection", "features": features})
    with pytest.raises(ReadError, match="a FeatureCollection needs a list of features"):
        read(path)


def test_a_geometry_of_an_unknown_type_is_refused_and_never_left_out(put):
    path = put("a.geojson", {"type": "Feature", "geometry": {**SQUARE, "type": "polygon"}})
    with pytest.raises(RefusedError, match="the type of a geometry must be one of"):
        read(path)


def test_clusters_and_costs_may_be_saved_with_semicolons(put):
    clusters = put("clusters.csv", "\ufeffimage;patient\r\na, left.png;p 1\r\n")
    assert read_clusters(clusters) == {"a, left.png": "p 1"}
    costs = put("costs.csv", ";benign;malignant\nbenign;0;1,5\nmalignant;1;0\n".encode("utf-16"))
    assert read_costs(costs)["benign"] == {"benign": 0, "malignant": 1.5}


def test_names_that_look_the_same_are_told_until_a_person_makes_them_one(put, tmp_path):
    composed, decomposed = (unicodedata.normalize(form, "Jörg") for form in ("NFC", "NFD"))
    duct, duct_too = (unicodedata.normalize(form, "Gäng") for form in ("NFC", "NFD"))
    text = TABLE.replace("r1,cell", f"{composed},{duct}").replace(
        "r2,cell", f"{decomposed},{duct_too}"
    )
    put("t.csv", text + f"a.png,r3,{duct},1,2,30,41\n")
    notes = read(tmp_path).notes
    assert any(note.startswith("2 raters look the same, 'Jörg'") for note in notes)
    assert any(note.startswith("2 categories look the same, 'Gäng'") for note in notes)
    rules = {
        "raters": {composed: {"aliases": [decomposed]}},
        "categories": [{"name": duct, "synonyms": [duct_too]}],
    }
    put("study.json", {"version": 1, **rules})
    study = read(tmp_path)
    assert study.annotations.raters.names == (composed, "r3")
    assert study.annotations.categories == (duct,)
    assert not any("look the same" in note or "several files" in note for note in study.notes)


def test_a_copy_of_a_file_beside_it_is_refused_before_it_counts_twice(put, tmp_path):
    put("t.csv", TABLE)
    put("t (copy).csv", TABLE)
    with pytest.raises(ReadError, match="which are the same to the last byte; name one of them"):
        read(tmp_path)
    put("t (copy).csv", TABLE + "a.png,r2,cell,50,2,60,41\n")
    assert len(read(tmp_path).annotations) == 5


def test_empty_rows_below_a_header_are_no_rows(put):
    with pytest.raises(ReadError, match="a header but no row below it"):
        read(put("t.csv", TABLE.splitlines()[0] + "\n,,,,,,\n\n"))


def test_labels_of_a_model_that_diverged_are_refused_and_not_passed_over(put, picture, tmp_path):
    put("images/a.png", picture(60, 40))
    put("labels/anna/a.txt", "0 .5 .5 .5 .5\n")
    put("labels/net/a.txt", "0 nan nan .5 .5\n")
    with pytest.raises(RefusedError, match=r"net.a\.txt, row 1, line '0 nan nan"):
        read(tmp_path)
