"""study.json: what it says wins, comes back as it was, and is refused in one line where wrong."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from napari_consensus.data.raters import RaterKind
from napari_consensus.data.study import CategoryRule
from napari_consensus.errors import ReadError, WriteError
from napari_consensus.formats import discover, read, write
from napari_consensus.formats.discovery import (
    FileRule,
    RaterRule,
    StudyFile,
    edited,
    read_study_file,
    study_text,
    suggested,
    write_study_file,
)


def feature(x, y, w, h, category, **metadata):
    corners = [[x, y], [x + w, y], [x + w, y + h], [x, y + h], [x, y]]
    return {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": [corners]},
        "properties": {"classification": {"name": category}, "metadata": metadata},
    }


def collection(*features):
    return json.dumps({"type": "FeatureCollection", "features": list(features)})


@pytest.fixture
def study(tmp_path):
    """Two raters in folders, three images, and one that nobody drew on."""
    for rater in ("A", "B"):
        for image in ("s1", "s2", "s3"):
            path = tmp_path / rater / f"{image}.geojson"
            path.parent.mkdir(exist_ok=True)
            name = "ASC-US" if rater == "A" else "ascus"
            shift = {"A": 0, "B": 1}[rater]
            drawn = [feature(5 + shift, 6, 10, 8, name), feature(0, 0, 100, 90, "ROI")]
            path.write_text(collection(*drawn), encoding="utf-8")
    (tmp_path / "s4.svs").write_text("x", encoding="utf-8")
    return tmp_path


def say(folder, **members):
    (folder / "study.json").write_text(json.dumps({"version": 1, **members}), encoding="utf-8")
    return folder


def test_what_was_found_is_saved_and_read_back_as_the_same_study(study):
    before = discover(study)
    write_study_file(suggested(before), study)
    after = discover(study)
    assert (after.images, after.raters, after.kinds) == (before.images, before.raters, before.kinds)
    assert (after.counts == before.counts).all()
    assert before.guessed.all()
    assert not after.guessed.any()
    assert discover(study / "study.json").images == after.images


def test_a_study_file_is_not_replaced_unasked_and_never_half_written(study):
    write_study_file(StudyFile(), study)
    with pytest.raises(WriteError, match="stands already"):
        write_study_file(StudyFile(regions_file="x"), study)
    assert read_study_file(study / "study.json") == StudyFile()
    write_study_file(StudyFile(joint_images=("s1",)), study, overwrite=True)
    assert read_study_file(study / "study.json").joint_images == ("s1",)
    assert [p.name for p in study.iterdir() if p.is_file()].count("study.json") == 1


names = st.text(min_size=1, max_size=8).map(str.strip).filter(bool)
paths = st.lists(st.text("abcäö ._-", min_size=1, max_size=5).filter(lambda t: t.strip(". ")),
                 min_size=1, max_size=3).map("/".join)  # fmt: skip
file_rules = st.builds(FileRule, rater=names | st.just(""), image=names, ignored=st.booleans())
severities = st.none() | st.floats(-1e6, 1e6)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    files=st.dictionaries(paths, file_rules, max_size=3),
    images=st.dictionaries(names, paths, max_size=3),
    raters=st.dictionaries(
        names,
        st.builds(
            RaterRule,
            kind=st.none() | st.sampled_from(RaterKind),
            read=st.none() | st.lists(names, unique=True, max_size=2).map(tuple),
        ),
        max_size=3,
    ),
    joint=st.lists(names, unique=True, max_size=2).map(tuple),
    layers=st.none() | st.booleans(),
    categories=st.lists(st.builds(CategoryRule, name=names, severity=severities), max_size=3,
                        unique_by=lambda rule: rule.name).map(tuple),
)  # fmt: skip
def test_every_study_file_reads_back_equal(
    tmp_path, files, images, raters, joint, layers, categories
):
    said = StudyFile(files=files, images=images, raters=raters, joint_images=joint,
                     region_categories=joint, layers_are_raters=layers, categories=categories,
                     count_parents=bool(layers))  # fmt: skip
    write_study_file(said, tmp_path, overwrite=True)
    assert read_study_file(tmp_path / "study.json") == said


def test_what_people_say_of_a_file_wins_over_its_name(study):
    say(study, files={"A/s1.geojson": {"rater": "Anna", "image": "s3"}})
    table = read(study).annotations
    assert table.raters.names == ("A", "Anna", "B")
    anna = table.raters.code("Anna")
    assert [table.images[i] for i in np.flatnonzero(table.raters.read[:, anna])] == ["s3"]


def test_a_file_left_out_is_not_read_and_is_listed(study):
    say(study, files={"B/s1.geojson": {"ignored": True}})
    found = discover(study)
    assert found.counts.sum() == 10
    assert [u.why for u in found.unmatched] == ["left out by study.json"]


def test_kinds_and_other_names_of_raters_are_applied(study):
    say(study, raters={"Eva": {"kind": "reference", "aliases": ["B"]}, "A": {"kind": "model"}})
    result = read(study)
    assert result.annotations.raters.kinds == (RaterKind.MODEL,)
    assert result.reference.raters.names == ("Eva",)


def test_pseudonyms_of_the_study_are_used_where_names_are_hidden(study, tmp_path):
    say(study, raters={"A": {"pseudonym": "reader blue"}})
    result = read(study)
    assert result.annotations.raters.pseudonyms == {"A": "reader blue"}
    (file,) = write(result, tmp_path / "out.csv", pseudonyms=True)
    assert set(read(file).annotations.raters.names) == {"reader blue", "rater-1"}


def test_a_rater_who_looked_and_found_nothing_is_said(study):
    say(study, raters={"B": {"read": ["s4"]}, "C": {"read": ["s1", "s4"]}})
    found = discover(study)
    read_by = {
        name: [found.images[i] for i in np.flatnonzero(found.read[:, k])]
        for k, name in enumerate(found.raters)
    }
    assert read_by["A"] == ["s1", "s2", "s3"]
    assert read_by["B"] == ["s1", "s2", "s3", "s4.svs"]
    assert read_by["C"] == ["s1", "s4.svs"]
    assert found.unread == ()


def test_images_annotated_together_are_marked(study):
    say(study, joint_images=["s2"])
    raters = read(study).annotations.raters
    assert raters.joint.tolist() == [False, True, False]
    assert raters.apart.tolist() == [True, False, True]


def test_annotations_of_a_region_category_bound_what_was_read_and_are_no_objects(study):
    say(study, region_categories=["ROI"])
    table = read(study).annotations
    assert table.categories == ("ASC-US", "ascus")
    assert len(table) == 6
    regions = table.raters.regions
    assert len(regions.image) == 6
    assert regions.vertices[:4].tolist() == [[0, 0], [100, 0], [100, 90], [0, 90]]
    assert np.diff(regions.rings).tolist() == [4] * 6
    assert sorted(zip(regions.image, regions.rater, strict=True)) == [
        (i, r) for i in range(3) for r in range(2)
    ]


def test_who_only_drew_a_region_read_the_image_and_found_nothing(tmp_path):
    for name, drawn in (("A", "ROI"), ("B", "cell")):
        marks = collection(feature(1, 2, 30, 40, drawn, image="s", rater=name))
        (tmp_path / f"{name}.geojson").write_text(marks, encoding="utf-8")
    table = read(say(tmp_path, region_categories=["ROI"])).annotations
    assert table.raters.read.tolist() == [[True, True]]
    assert len(table) == 1


def test_regions_of_a_file_hold_for_their_rater_or_for_all_who_read_the_image(study):
    marks = [
        feature(0, 0, 50, 40, "", image="s1.svs"),
        feature(9, 9, 5, 6, "", image="s2", rater="B"),
    ]
    (study / "where.geojson").write_text(collection(*marks), encoding="utf-8")
    say(study, regions_file="where.geojson")
    found = discover(study)
    regions = found.study.annotations.raters.regions
    assert sorted(zip(regions.image.tolist(), regions.rater.tolist(), strict=True)) == [
        (0, 0), (0, 1), (1, 1),
    ]  # fmt: skip
    assert "where.geojson" not in [file.name for file in found.files]


@pytest.mark.parametrize(
    ("metadata", "said"), [({"image": "s9"}, "'s9' is no image"), ({}, "names no image"),
                           ({"image": "s1", "rater": "Z"}, "'Z': no rater")],
)  # fmt: skip
def test_a_region_of_an_unknown_image_or_rater_is_refused(study, metadata, said):
    (study / "where.geojson").write_text(collection(feature(0, 0, 5, 4, "", **metadata)))
    with pytest.raises(ReadError, match=said):
        discover(say(study, regions_file="where.geojson"))


def test_synonyms_are_one_category_before_anything_is_counted(study):
    rules = [{"name": "ASC-US", "synonyms": ["ascus"], "severity": 1}]
    result = read(say(study, categories=rules, region_categories=["ROI"]))
    assert result.annotations.categories == ("ASC-US",)
    assert result.severities == {"ASC-US": 1.0}
    assert discover(study).strangers == ()


def test_parents_are_counted_where_the_study_says_so(study):
    rules = [{"name": n, "parent": "lesion"} for n in ("ASC-US", "ascus")]
    assert "lesion" in read(say(study, categories=rules, count_parents=True)).annotations.categories


@pytest.mark.parametrize(
    ("members", "place"),
    [
        ({"raters": {"A": {"kinds": "human"}}}, "raters.A.kinds: there is no such entry"),
        ({"colour": 1}, "colour: there is no such entry"),
        ({"raters": {"A": {"kind": "people"}}}, "raters.A.kind: 'people': a kind is one of"),
        ({"raters": {"A b": {"read": "s1"}}}, 'raters["A b"].read: \'s1\': this must be a list'),
        ({"raters": []}, "raters: a list of 0: this must be an object"),
        ({"files": {"A/s1.geojson": {"rater": 3}}}, 'files["A/s1.geojson"].rater: 3: this'),
        ({"files": {"A/s9.geojson": {}}}, 'files["A/s9.geojson"]: there is no such'),
        ({"files": {"A/s1.geojson": {"ignored": "yes"}}}, "ignored: 'yes': this must be true or"),
        ({"joint_images": ["s1", "s1"]}, "joint_images[1]: 's1': a list of names holds each once"),
        ({"joint_images": ["s9"]}, "joint_images[0]: 's9': no image of the study"),
        ({"raters": {"A": {"read": ["s9"]}}}, "no image of the study has this name"),
        ({"categories": [{"name": "a", "severity": "bad"}]}, "categories[0].severity: 'bad': this"),
        ({"categories": [{"synonyms": []}]}, "categories[0].name: a category needs a name"),
        ({"categories": [{"name": "a", "synonyms": ["a"]}]}, "is named twice"),
        ({"raters": {"A": {"aliases": ["B"]}, "B": {}}}, "a name means one rater"),
        ({"raters": {"A": {"pseudonym": "x"}, "B": {"pseudonym": "x"}}}, "is called that already"),
        ({"version": 2}, "version: 2: this release reads version 1"),
        ({"version": "1"}, "version: '1': this must be a whole number"),
        ({"version": None}, "version: a study file says its version"),
    ],
)  # fmt: skip
def test_a_wrong_entry_is_refused_in_one_line_with_its_place(study, members, place):
    with pytest.raises(ReadError) as error:
        discover(say(study, **members))
    assert place in str(error.value)
    assert str(error.value).startswith(str(study / "study.json"))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "path", ["../other.svs", "/etc/passwd", "a/../../x.svs", "C:/x.svs", "a\\b.svs", "", "a//b",
             "./a.svs", "a\0b", "x" * 5000],
)  # fmt: skip
def test_a_path_that_leaves_the_folder_is_refused(study, path):
    with pytest.raises(ReadError, match="stays in the folder"):
        discover(say(study, images={"s1": path}))
    with pytest.raises(ReadError, match="stays in the folder"):
        discover(say(study, files={path: {"rater": "A"}}))


def test_a_link_that_leads_out_of_the_folder_is_refused(study, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    (other / "x.geojson").write_text(collection(), encoding="utf-8")
    try:
        (study / "out").symlink_to(other, target_is_directory=True)
    except OSError:
        pytest.skip("links cannot be made here")
    with pytest.raises(ReadError, match="stays in the folder"):
        discover(say(study, regions_file="out/x.geojson"))


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "3", "null", "[" * 100_000, '{"a":' * 50_000, '{"version": 1e999}',
     '{"version": 1, "categories": [{"name": "a", "severity": NaN}]}',
     '{"version": 1, "categories": [{"name": "a", "severity": ' + "9" * 400 + "}]}"],
)  # fmt: skip
def test_a_file_that_is_no_study_file_is_refused_in_one_line(study, text):
    (study / "study.json").write_text(text, encoding="utf-8")
    with pytest.raises(ReadError) as error:
        discover(study)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 600


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda held: (
        st.lists(held, max_size=3) | st.dictionaries(st.text(max_size=5), held, max_size=3)
    ),
    max_leaves=12,
)
members = st.sampled_from([field.name for field in dataclasses.fields(StudyFile)])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.dictionaries(members, json_values, max_size=3))
def test_any_json_is_a_study_file_or_is_refused(tmp_path, held):
    path = tmp_path / "study.json"
    path.write_text(json.dumps({"version": 1, **held}), encoding="utf-8")
    try:
        said = read_study_file(path)
    except ReadError as error:
        assert str(error).startswith(str(path))  # noqa: PT017
    else:
        assert "version" in study_text(said)


def test_a_study_of_its_own_is_named_alone(study, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    (other / "x.geojson").write_text(collection(), encoding="utf-8")
    with pytest.raises(ReadError, match="name it alone"):
        discover(say(study), other)


def layers(*names):
    regions = "".join(
        f'<Annotation Id="{k}" Name="{name}"><Regions><Region Id="1" Type="0"><Vertices>'
        f'<Vertex X="{k}" Y="0"/><Vertex X="9" Y="0"/><Vertex X="9" Y="8"/>'
        "</Vertices></Region></Regions></Annotation>"
        for k, name in enumerate(names)
    )
    return f'<Annotations MicronsPerPixel="0.5">{regions}</Annotations>'


def test_layers_are_raters_where_the_study_says_so_and_categories_else(tmp_path):
    (tmp_path / "s1.xml").write_text(layers("Anna", "Ben"), encoding="utf-8")
    plain = read(tmp_path).annotations
    assert (plain.raters.names, plain.categories) == (("s1",), ("Anna", "Ben"))
    said = read(say(tmp_path, layers_are_raters=True)).annotations
    assert (said.raters.names, said.categories) == (("Anna", "Ben"), ())
    assert said.category.tolist() == [-1, -1]
    assert said.images == ("s1",)


def test_a_layer_that_is_a_rater_leaves_its_regions_the_categories_in_their_text(tmp_path):
    text = layers("Anna", "Ben").replace('Type="0"', 'Type="0" Text="Tumour"', 1)
    (tmp_path / "s1.xml").write_text(text, encoding="utf-8")
    assert read(tmp_path).annotations.categories == ("Anna", "Ben")
    said = read(say(tmp_path, layers_are_raters=True)).annotations
    assert (said.raters.names, said.categories) == (("Anna", "Ben"), ("Tumour",))
    assert said.category.tolist() == [0, -1]


def test_groups_of_asap_are_raters_where_the_study_says_so(tmp_path):
    group = (
        '<Annotation Name="Annotation 0" Type="Dot" PartOfGroup="{}"><Coordinates>'
        '<Coordinate Order="0" X="{}" Y="4"/></Coordinates></Annotation>'
    )
    drawn = group.format("Anna", 1) + group.format("Ben", 2) + group.format("None", 3)
    text = f"<ASAP_Annotations><Annotations>{drawn}</Annotations></ASAP_Annotations>"
    (tmp_path / "s1.xml").write_text(text, encoding="utf-8")
    assert read(tmp_path).annotations.categories == ("Anna", "Ben")
    said = read(say(tmp_path, layers_are_raters=True)).annotations
    assert (said.raters.names, said.categories) == (("Anna", "Ben", "s1"), ())
    assert said.bounds[:, 0].tolist() == [1, 2, 3]


def test_layers_are_categories_where_the_study_says_so_whatever_their_names(tmp_path):
    (tmp_path / "s1.xml").write_text(layers("Reader 1", "Reader 2"), encoding="utf-8")
    said = read(say(tmp_path, layers_are_raters=False)).annotations
    assert (said.raters.names, said.categories) == (("s1",), ("Reader 1", "Reader 2"))


def test_layers_called_after_raters_are_raters(tmp_path):
    (tmp_path / "s1.xml").write_text(layers("Reader 1", "Reader 2"), encoding="utf-8")
    assert read(tmp_path).annotations.raters.names == ("Reader 1", "Reader 2")


def test_a_study_says_which_column_of_a_table_holds_its_raters(tmp_path):
    rows = "a.png,Ann,cat,1,2,30,40\na.png,Bob,cat,5,6,70,80\n"
    (tmp_path / "t.csv").write_text(f"image,who,label,xmin,ymin,xmax,ymax\n{rows}", "utf-8")
    found = discover(tmp_path)
    assert found.raters == ("t",)
    assert sum("only one rater is there" in note for note in found.notes) == 1
    say(tmp_path, rater_column="who")
    assert discover(tmp_path).raters == ("Ann", "Bob")
    assert discover(tmp_path).notes == ()
    assert edited(found, StudyFile(rater_column="who")).raters == ("Ann", "Bob")
    say(tmp_path, rater_column="whom")
    assert any("no column 'whom'" in note for note in discover(tmp_path).notes)


def test_a_rater_who_is_alone_and_named_is_not_asked_about(tmp_path):
    line = "a.png,Ann,cat,1,2,30,40\n"
    (tmp_path / "t.csv").write_text(f"image,rater,label,xmin,ymin,xmax,ymax\n{line}", "utf-8")
    assert not any("only one rater" in note for note in discover(tmp_path).notes)
