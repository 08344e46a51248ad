"""What the name of a file says, and names of many files taken apart into raters and images."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_consensus.formats import read
from napari_consensus.formats.discovery._splits import best_split
from napari_consensus.formats.discovery._stems import longest_part, stem_of, without
from napari_consensus.formats.discovery._ways import FileName


@pytest.mark.parametrize(
    ("name", "stem"),
    [("slide.ndpi.ndpa", "slide"), ("slide.svs.geojson.gz", "slide"), ("a%5B1%5D.xml", "a[1]"),
     ("slide_annotations.json", "slide"), ("annotations.json", "annotations"),
     ("v1.2.csv", "v1.2"), ("x.coco.json", "x")],
)  # fmt: skip
def test_a_stem_is_what_a_name_means(name, stem):
    assert stem_of(name) == stem


@pytest.mark.parametrize(
    ("stem", "part", "rest"),
    [("slide1_anna", "slide1", "anna"), ("anna-slide1", "SLIDE1", "anna"), ("slide1", "Slide1", ""),
     ("slide10", "slide1", None), ("slide1_anna", "", None)],
)  # fmt: skip
def test_a_part_counts_up_to_a_separator(stem, part, rest):
    assert without(stem, part) == rest


def test_the_longest_known_image_in_a_name_wins():
    assert longest_part("Slide_1_b_anna", {"slide_1", "slide_1_b", "anna"}) == "slide_1_b"
    assert longest_part("slide10", {"slide1"}) == ""


def test_names_that_contradict_the_images_in_the_files_are_not_taken_apart():
    names = ["p1_a", "p1_b", "p2_a", "p2_b"]
    files = [FileName((), name, frozenset({name})) for name in names]
    assert best_split(files, ()) is None
    assert best_split([FileName((), name) for name in names], ()) is not None


def test_too_few_files_or_images_make_no_rater():
    def split(*stems):
        return best_split([FileName((), stem) for stem in stems], ())

    assert split("s1_anna", "s1_ben") is None
    fitting = [f"s{i}_{r}" for i in (1, 2) for r in ("anna", "ben")]
    assert split(*fitting, "other") is not None
    assert split(*fitting, "other", "another") is None


TWO_MARKS = json.dumps(
    {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {
                    "type": "Polygon",
                    "coordinates": [[[x, 2], [x + 9, 2], [x + 9, 8], [x, 8], [x, 2]]],
                },
                "properties": {"classification": {"name": "cell"}},
            }
            for x in (1, 30)
        ],
    }
)
words = st.text("abcdefghijk", min_size=2, max_size=5)


@st.composite
def layouts(draw):
    raters = draw(st.lists(words, min_size=2, max_size=4, unique=True))
    images = [f"s{k}" for k in range(draw(st.integers(2, 4)))]
    held = [(i, r) for i in images for r in raters]
    missing = draw(st.sampled_from([None, *held]))
    names = [(i, r) for i, r in held if (i, r) != missing or len(raters) < 3]
    return raters, names, draw(st.sampled_from(["folder", "suffix", "prefix"]))


def file_name(image, rater, how):
    stems = {"folder": image, "suffix": f"{image}_{rater}", "prefix": f"{rater}_{image}"}
    return FileName((rater,) if how == "folder" else (), stems[how])


@given(layouts(), st.randoms(use_true_random=False))
def test_the_order_of_files_does_not_matter(layout, random):
    _, names, how = layout
    files = [file_name(i, r, how) for i, r in names]
    shuffled = random.sample(range(len(files)), len(files))
    straight, mixed = best_split(files, ()), best_split([files[k] for k in shuffled], ())
    assert (straight is None) == (mixed is None)
    if straight is not None:
        assert mixed.parts == tuple(straight.parts[k] for k in shuffled)


@given(layouts())
def test_renaming_all_raters_renames_only_raters(layout):
    raters, names, how = layout
    new = {rater: f"person{'xyzuv'[k]}" for k, rater in enumerate(raters)}
    before = best_split([file_name(i, r, how) for i, r in names], ())
    after = best_split([file_name(i, new[r], how) for i, r in names], ())
    assert before is not None
    assert [(new[p.rater], p.image) for p in before.parts] == [
        (p.rater, p.image) for p in after.parts
    ]


@settings(max_examples=15, deadline=None)
@given(layouts())
def test_every_annotation_of_a_guessed_layout_arrives_once(tmp_path_factory, layout):
    _, names, how = layout
    root = tmp_path_factory.mktemp("study")
    for image, rater in names:
        name = file_name(image, rater, how)
        path = root.joinpath(*name.folders, f"{name.stem}.geojson")
        path.parent.mkdir(exist_ok=True)
        path.write_text(TWO_MARKS, encoding="utf-8")
    table = read(root).annotations
    drawn = Counter(
        (table.images[i], table.raters.names[r])
        for i, r in zip(table.image, table.rater, strict=True)
    )
    assert drawn == dict.fromkeys(names, 2)
    assert table.raters.read.sum() == len(names)
    assert np.isnan(table.score).all()
