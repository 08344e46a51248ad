"""Whose the files in a folder are: every layout, and the messy ones."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from napari_consensus.data.raters import RaterKind
from napari_consensus.errors import ReadError, RefusedError
from napari_consensus.formats import discover, read, read_discovery, write
from napari_consensus.formats.discovery import Basis, FileRule, StudyFile, edited
from napari_consensus.formats.discovery._stems import image_key


def marks(*corners, category="cell", **metadata):
    features = [
        {
            "type": "Feature",
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[x, y], [x + 9, y], [x + 9, y + 7], [x, y + 7], [x, y]]],
            },
            "properties": {"classification": {"name": category}, "metadata": metadata},
        }
        for x, y in corners
    ]
    return json.dumps({"type": "FeatureCollection", "features": features})


@pytest.fixture
def folder(tmp_path):
    """Write files by name; a name of an image gets bytes that are none."""

    def put(*names, **held):
        for k, name in enumerate([*names, *held]):
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(held.get(name, marks((k, 1))), encoding="utf-8")
        return tmp_path

    return put


def grid(discovery):
    """Annotations by image and rater, where they read."""
    return {
        (image, rater): int(discovery.counts[i, r])
        for i, image in enumerate(discovery.images)
        for r, rater in enumerate(discovery.raters)
        if discovery.read[i, r]
    }


def cells(raters, images):
    return {(image, rater): 1 for image in images for rater in raters}


LAYOUTS = {
    "a folder of each rater": "{rater}/{image}.geojson",
    "a folder of each rater, further down": "data/{rater}/labels/{image}.geojson",
    "a suffix": "{image}_{rater}.geojson",
    "a suffix after the slide's own": "{image}.ndpi.{rater}.geojson",
    "a suffix before a fixed word": "{image}_{rater}_final.geojson",
    "a suffix at the at sign": "{image}@{rater}.geojson",
    "a prefix": "{rater}-{image}.geojson",
    "a prefix with two lines": "{rater}__{image}.geojson",
    "both folder and suffix": "{rater}/{image}_{rater}.geojson",
    "an ending that says what it is": "{rater}/{image}_annotations.geojson",
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_raters_are_found_in_every_layout_and_marked_as_guesses(folder, layout):
    raters, images = ("anna", "ben", "eva"), ("case 1", "case 2")
    root = folder(*(layout.format(rater=r, image=i) for r in raters for i in images))
    found = discover(root)
    assert {(image_key(i), r): n for (i, r), n in grid(found).items()} == cells(raters, images)
    assert found.guessed.all()
    assert all(known.basis is Basis.GUESSED for file in found.files for known in file.raters)
    assert any("6 files name no rater" in note for note in found.notes)


def test_a_word_for_raters_belongs_to_the_rater(folder):
    found = discover(folder(*(f"s {i}_rater_{r}.geojson" for i in (1, 2) for r in "AB")))
    assert grid(found) == cells(("rater_A", "rater_B"), ("s 1", "s 2"))


def test_a_rater_of_a_single_image_is_found_with_the_others(folder):
    found = discover(folder("A/s1.geojson", "B/s1.geojson", "A/s2.geojson", "B/s2.geojson",
                            "C/s2.geojson"))  # fmt: skip
    assert grid(found) == {**cells("AB", ("s1", "s2")), ("s2", "C"): 1}


def test_a_rater_who_lacks_an_image_did_not_read_it(folder):
    found = discover(folder("A/s1.geojson", "B/s1.geojson", "A/s2.geojson", "B/s2.geojson",
                            "A/s3.geojson"))  # fmt: skip
    assert ("s3", "B") not in grid(found)
    assert grid(found)["s3", "A"] == 1


def test_an_empty_file_of_a_rater_says_that_they_found_nothing(folder):
    names = ["A/s1.geojson", "B/s1.geojson", "A/s2.geojson"]
    found = discover(folder(*names, **{"B/s2.geojson": marks()}))
    assert grid(found)["s2", "B"] == 0


def test_the_name_of_a_reference_a_model_and_a_consensus_is_known(folder):
    raters = ("anna", "GT", "yolo_v8", "consensus")
    found = discover(folder(*(f"{r}/{i}.geojson" for r in raters for i in ("s1", "s2", "s3"))))
    kinds = dict(zip(found.raters, found.kinds, strict=True))
    assert kinds == {
        "anna": RaterKind.HUMAN,
        "GT": RaterKind.REFERENCE,
        "yolo_v8": RaterKind.MODEL,
        "consensus": RaterKind.CONSENSUS,
    }
    study = read_discovery(found)
    assert study.reference is not None
    assert study.reference.raters.names == ("GT",)
    assert "GT" not in study.annotations.raters.names


def test_one_long_file_needs_no_guess(folder):
    rows = (
        "image,rater,category,xmin,ymin,xmax,ymax\ns1,A,c,1,1,2,2\ns1,B,c,1,1,2,2\ns2,A,d,1,1,2,2\n"
    )
    found = discover(folder(**{"all.csv": rows}))
    assert grid(found) == {("s1", "A"): 1, ("s1", "B"): 1, ("s2", "A"): 1}
    assert not found.guessed.any()
    assert {known.basis for file in found.files for known in file.raters} == {Basis.READ}


def test_a_file_of_each_rater_is_named_after_its_file(folder):
    rows = "image,category,xmin,ymin,xmax,ymax\ns1,c,1,1,2,2\ns2,c,1,1,2,2\n"
    found = discover(folder(**{"anna.csv": rows, "ben.csv": rows, "gt.csv": rows}))
    assert grid(found) == cells(("anna", "ben", "gt"), ("s1", "s2"))


def test_files_of_one_name_are_told_apart_by_their_folders(folder):
    rows = "image,category,xmin,ymin,xmax,ymax\ns1,c,1,1,2,2\ns2,c,1,1,2,2\n"
    found = discover(folder(**{"anna/export.csv": rows, "ben/export.csv": rows}))
    assert grid(found) == cells(("anna", "ben"), ("s1", "s2"))


def test_a_folder_of_each_image_holds_a_file_of_each_rater_where_the_images_are_known(folder):
    names = [f"{i}/{r}.geojson" for i in ("s1", "s2", "s3") for r in ("anna", "ben")]
    found = discover(folder(*names, "s1/s1.svs", "s2/s2.svs", "s3/s3.svs"))
    assert grid(found) == cells(("anna", "ben"), ("s1", "s2", "s3"))


def test_folders_of_data_splits_are_no_raters(folder):
    found = discover(folder("train/s1.geojson", "val/s1.geojson", "train/s2.geojson",
                            "val/s2.geojson"))  # fmt: skip
    assert not {"train", "val"} & set(found.raters)


def test_numbers_at_the_end_of_names_are_images_and_no_raters(folder):
    found = discover(folder("case_1.geojson", "case_2.geojson", "run_1.geojson", "run_2.geojson"))
    assert not {"1", "2"} & set(found.raters)


def test_numbers_beside_the_names_of_slides_are_raters(folder):
    found = discover(folder("a_1.geojson", "a_2.geojson", "b_1.geojson", "b_2.geojson", "a.svs",
                            "b.svs"))  # fmt: skip
    assert grid(found) == cells(("1", "2"), ("a", "b"))


def test_files_named_like_their_slides_are_by_whoever_the_folder_is_called_after(folder):
    root = folder("anna/s1.geojson", "anna/s2.geojson", "anna/s1.svs", "anna/s2.svs")
    assert grid(discover(root / "anna")) == cells(("anna",), ("s1", "s2"))


def test_what_is_called_gt_beside_a_slide_is_the_reference(folder):
    found = discover(folder("s1_gt.geojson", "s1.geojson", "s2_gt.geojson", "s2.geojson", "s1.svs",
                            "s2.svs"))  # fmt: skip
    assert found.kinds[found.raters.index("gt")] is RaterKind.REFERENCE
    assert len(found.raters) == 2


def test_the_only_slide_of_a_folder_is_what_its_files_are_about(folder):
    found = discover(folder("anna.geojson", "ben.geojson", "slide 7.svs"))
    assert grid(found) == cells(("anna", "ben"), ("slide 7",))


def test_what_a_file_says_wins_over_its_folder(folder):
    root = folder(
        **{
            f"{place}/{i}.geojson": marks((1, 1), image=f"{i}.svs", rater=rater)
            for place, rater in (("first", "anna"), ("second", "ben"))
            for i in ("s1", "s2")
        }
    )
    found = discover(root)
    assert grid(found) == cells(("anna", "ben"), ("s1.svs", "s2.svs"))
    assert not found.guessed.any()


def test_a_name_that_every_file_says_is_not_used_where_folders_tell_raters_apart(folder):
    root = folder(
        **{f"{r}/{i}.geojson": marks((1, 1), rater="admin") for r in "AB" for i in ("s1", "s2")}
    )
    found = discover(root)
    assert grid(found) == cells("AB", ("s1", "s2"))
    assert any("every file names the rater 'admin'" in note for note in found.notes)


def test_a_name_that_every_file_says_stays_where_names_tell_nothing_apart(folder):
    root = folder(**{f"{i}.geojson": marks((1, 1), rater="anna") for i in ("s1", "s2", "s3")})
    assert discover(root).raters == ("anna",)


def test_a_file_without_a_name_is_by_whoever_drew_the_rest_of_its_folder(folder):
    held = {
        "one/s1.geojson": marks((1, 1), rater="anna"),
        "one/s2.geojson": marks((1, 1)),
        "two/s1.geojson": marks((1, 1), rater="ben"),
        "two/s2.geojson": marks((1, 1), rater="ben"),
    }
    found = discover(folder(**held))
    assert grid(found) == cells(("anna", "ben"), ("s1", "s2"))
    assert found.guessed.sum() == 3 + 1  # the image of each, and one rater among them


def test_a_rater_for_every_row_is_no_rater(folder):
    lines = [f"s{k % 2},{k},c,{k},1,{k + 2},4" for k in range(12)]
    rows = "\n".join(["image,annotator,category,xmin,ymin,xmax,ymax", *lines, ""])
    found = discover(folder(**{"anna.csv": rows}))
    assert found.raters == ("anna",)
    assert any("every row has a rater of its own" in note for note in found.notes)


def test_several_formats_stand_side_by_side_where_they_do_not_overlap(folder):
    rows = "image,rater,category,xmin,ymin,xmax,ymax\ns1.svs,eva,c,1,1,2,2\n"
    names = ["A/s1.geojson", "B/s1.geojson", "A/s2.geojson", "B/s2.geojson"]
    found = discover(folder(*names, **{"eva.csv": rows}))
    assert grid(found) == {**cells("AB", ("s1.svs", "s2")), ("s1.svs", "eva"): 1}


def test_one_raters_file_twice_is_noted_and_in_two_formats_refused(folder):
    root = folder(**{"a.geojson": marks((1, 1), rater="r", image="s"),
                     "b.geojson": marks((5, 5), rater="r", image="s")})  # fmt: skip
    assert any("stand in several files (a.geojson, b.geojson)" in n for n in discover(root).notes)
    write(read(root / "a.geojson"), root / "c.csv")
    found = discover(root)
    assert len(found.errors) == 1
    with pytest.raises(ReadError, match="ignored"):
        read_discovery(found)


def test_files_that_are_none_of_ours_are_listed_and_hidden_ones_passed_over(folder):
    root = folder(
        "A/s1.geojson",
        **{"readme.txt": "hello", "odd.json": "{}", ".hidden/s1.geojson": marks((1, 1)),
           "A/._s1.geojson": "x", "__MACOSX/s1.geojson": "x", "~$a.csv": "x",
           "System Volume Information/s1.csv": "x", "$RECYCLE.BIN/s1.csv": "x"},
    )  # fmt: skip
    found = discover(root)
    assert [u.path.name for u in found.unmatched] == ["odd.json", "readme.txt"]
    assert len(found.files) == 1
    assert any("passed over odd.json, readme.txt" in note for note in found.notes)


def test_slides_that_nobody_read_are_listed(folder):
    found = discover(folder("A/s1.geojson", "B/s1.geojson", "A/s2.geojson", "B/s2.geojson",
                            "slides/s1.svs", "slides/s3.svs"))  # fmt: skip
    assert found.unread == ("slides/s3.svs",)
    assert found.image_files["s1"].name == "s1.svs"


def test_names_in_any_script_and_with_coded_characters_are_one_image(folder):
    root = folder("李/涂片%5B1%5D.geojson", "Ána/涂片[1].geojson", "李/Ölbild 2.geojson",
                  "Ána/o\u0308lbild 2.geojson")  # fmt: skip
    found = discover(root)
    assert found.raters == ("Ána", "李")
    assert len(found.images) == 2
    assert found.read.all()


def test_capitals_make_no_other_image_or_rater_and_that_is_said(folder):
    found = discover(folder("s1_A.geojson", "S1_b.geojson", "s2_a.geojson", "s2_B.geojson"))
    assert found.read.shape == (2, 2)
    assert found.read.all()
    assert any("images 's1' and 'S1' are taken as one" in note for note in found.notes)


def test_two_slides_that_differ_in_capitals_stay_two(folder):
    rows = "image,rater,category,xmin,ymin,xmax,ymax\nS1.png,A,c,1,1,2,2\ns1.png,A,c,1,1,2,2\n"
    root = folder("S1.png", **{"x.csv": rows})
    if (root / "s1.png").exists():
        pytest.skip("this file system does not tell capitals apart")
    (root / "s1.png").write_text("x", encoding="utf-8")
    assert discover(root).images == ("S1.png", "s1.png")


def test_raters_without_a_common_category_and_spellings_are_shown(folder):
    root = folder(
        **{
            f"{r}/{i}.geojson": marks((1, 1), category=name)
            for r, name in (("A", "ASC-US"), ("B", "ascus"))
            for i in ("s1", "s2")
        }
    )
    found = discover(root)
    assert found.strangers == (("A", "B"),)
    proposed = [(rule.name, rule.synonyms) for rule in found.category_proposals]
    assert proposed == [("ASC-US", ("ascus",))]
    assert read_discovery(found).annotations.categories == ("ASC-US", "ascus")


def test_two_raters_who_drew_the_very_same_are_proposed_as_one_reading(folder):
    same = {f"{r}/s1.geojson": marks((1, 1), (5, 5)) for r in "AB"}
    found = discover(folder("A/s2.geojson", "B/s2.geojson", "C/s1.geojson", "C/s2.geojson", **same))
    assert [(joint.image, joint.raters) for joint in found.joint_proposals] == [("s1", ("A", "B"))]
    assert read_discovery(found).annotations.raters.apart.all()


def test_a_broken_file_is_shown_and_refused_when_read(folder):
    root = folder("A/s1.geojson", "A/s2.geojson", "B/s1.geojson",
                  **{"B/s2.geojson": marks((1, 1))[:-20]})  # fmt: skip
    found = discover(root)
    assert [file.name for file in found.files if file.error] == ["B/s2.geojson"]
    with pytest.raises(ReadError, match=r"s2\.geojson"):
        read_discovery(found)


def test_refused_rows_are_counted_and_left_out_only_when_asked(folder):
    rows = "image,rater,category,xmin,ymin,xmax,ymax\ns,A,c,1,1,2,2\ns,A,c,9,9,2,2\n"
    found = discover(folder(**{"x.csv": rows}))
    assert found.files[0].refused == 1
    with pytest.raises(RefusedError):
        read_discovery(found)
    assert len(read_discovery(found, skip_refused=True).annotations) == 1


@pytest.mark.parametrize("names", [[], ["only.txt"]])
def test_a_folder_without_annotations_is_said(folder, tmp_path, names):
    folder(*names)
    with pytest.raises(ReadError, match="no annotation file"):
        discover(tmp_path)


def test_several_paths_are_one_study(folder):
    root = folder("x/A/s1.geojson", "x/A/s2.geojson", "x/B/s1.geojson", "x/B/s2.geojson")
    assert grid(discover(root / "x" / "A", root / "x" / "B")) == grid(discover(root / "x"))


def test_a_slide_may_be_named_beside_annotations_and_not_alone(folder):
    root = folder("anna.geojson", "ben.geojson", "x.svs", "y.svs")
    found = discover(root / "anna.geojson", root / "ben.geojson", root / "x.svs")
    assert grid(found) == cells(("anna", "ben"), ("x",))
    with pytest.raises(ReadError, match="no annotation file"):
        discover(root / "x.svs")


def test_an_edited_study_file_is_decided_again_without_reading(folder):
    root = folder("A/s1.geojson", "B/s1.geojson", "A/s2.geojson", "B/s2.geojson")
    found = discover(root)
    (root / "A" / "s1.geojson").unlink()
    changed = edited(found, StudyFile(files={"A/s1.geojson": FileRule(rater="Anna", image="s2")}))
    assert grid(changed)["s2", "Anna"] == 1
    assert changed.files[0].raters[0].basis is Basis.STATED


def test_web_folders_of_four_annotators_are_four_raters():
    folder = Path(__file__).parents[3] / "shared" / "formats" / "labelme_web_multirater"
    if not folder.is_dir():
        pytest.skip("the annotations are not beside the project's folder")
    found = discover(folder)
    assert found.read.shape == (20, 4)
    assert found.read.all()
    assert (found.counts == 1).all()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_a_pipe_is_refused_by_its_name_and_passed_over_in_a_folder(folder):
    root = folder("anna.geojson", "berta.geojson")
    for name in ("pipe.csv", "pipe.json", "pipe.png"):
        os.mkfifo(root / name)
        with pytest.raises(ReadError, match=f"{name}: this is neither a file nor a folder"):
            discover(root / name)
    found = discover(root)
    assert [file.name for file in found.files] == ["anna.geojson", "berta.geojson"]
    assert not found.unmatched
    assert not found.unread
