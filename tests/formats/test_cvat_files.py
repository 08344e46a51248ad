"""Files of CVAT as it writes them."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from napari_consensus.data.annotations import Outline
from napari_consensus.errors import RefusedError
from napari_consensus.formats import read


def test_every_shape_of_a_cvat_job_is_read(samples, study_of, of):
    table = study_of("cvat", samples["cvat"]).annotations
    cells = of(table, "cell")
    assert ("BOX", 1.5, 2, 5, 7) in cells
    assert ("POLYGON", 30.5, 1, 40, 9.25) in cells
    assert ("MASK", 20, 30, 24, 32) in cells
    assert of(table, "nucleus") == [("POINT", 3, 4, 3, 4), ("POINT", 8, 9, 8, 9)]
    turned = [c for c in cells if c[0] == "POLYGON" and 12 < c[1] < 14]
    # 10 x 4 about (15, 12), a quarter turn: 4 x 10 about the same centre.
    assert turned[0][1:] == pytest.approx((13, 7, 17, 17))
    ellipse = next(c for c in cells if c[1] > 41)
    assert ellipse[1:] == pytest.approx((42, 26, 58, 34))


def test_cvat_says_who_was_to_annotate_under_a_pseudonym(samples):
    study = read(samples["cvat"])
    table = study.annotations
    assert re.fullmatch("rater-[0-9a-f]{6}", table.raters.names[0])
    assert table.images == ("a.png", "b.png")
    assert table.raters.read.tolist() == [[True], [True]]
    assert study.image_sizes == {"a.png": (60, 40), "b.png": (60, 40)}
    assert any("1 polyline" in note for note in study.notes)


def test_tracks_of_cvat_are_frames_where_the_object_is_to_be_seen(put, study_of):
    text = """<annotations><version>1.1</version><meta><source>v.mp4</source></meta>
<track id="0" label="cell">
<box frame="3" outside="0" xtl="1" ytl="2" xbr="3" ybr="4"/>
<box frame="4" outside="1" xtl="1" ytl="2" xbr="3" ybr="4"/>
<track id="0" label="part"><points frame="3" outside="0" points="1,1"/></track>
</track></annotations>"""
    table = study_of("cvat", put(text, "video.xml")).annotations
    assert table.bounds.tolist() == [[1, 2, 3, 4]]
    assert table.images == ("frame_000003", "frame_000004")
    assert table.raters.read.tolist() == [[True], [True]]


@pytest.mark.parametrize(
    ("shape", "rule"),
    [
        ('<box label="c" xtl="1" ytl="2" xbr="x" ybr="4"/>', "a number"),
        ('<box label="c" xtl="1" ytl="2" xbr="1" ybr="4"/>', "right of and below"),
        ('<box label="c"/>', "a number"),
        ('<polygon label="c" points="1,2;3"/>', "x,y;x,y"),
        ('<polygon label="c" points="1,2;3,4"/>', "3 vertices"),
        ('<ellipse label="c" cx="1" cy="2" rx="0" ry="4"/>', "radii"),
        ('<mask label="c" rle="1,x" left="0" top="0" width="2" height="1"/>', "whole numbers"),
        ('<mask label="c" rle="1,9" left="0" top="0" width="2" height="1"/>', "add up"),
    ],
)
def test_a_broken_cvat_shape_is_refused_by_its_line(put, study_of, shape, rule):
    text = f'<annotations><version>1.1</version>\n<image name="a">\n{shape}</image></annotations>'
    with pytest.raises(RefusedError, match=f"row 3, .*{rule}"):
        study_of("cvat", put(text, "a.xml"))


def test_real_cvat_files_have_as_many_shapes_as_a_search_counts(real_files):
    folder = real_files / "cvat_datumaro"
    images = read(folder / "cvat_dataset_for_images_train.xml").annotations
    # One box, one polygon, and three points in one element; no skeleton, no polyline.
    assert Counter(images.kind.tolist()) == {Outline.BOX: 1, Outline.POLYGON: 1, Outline.POINT: 3}
    video = read(folder / "cvat_dataset_for_video_annotations.xml").annotations
    assert Counter(video.kind.tolist()) == {Outline.BOX: 1, Outline.POINT: 3}


def test_each_task_of_a_cvat_project_is_by_its_assignee(put):
    tasks = "".join(
        f"<task><id>{k}</id><assignee><username>{name}</username></assignee></task>"
        for k, name in ((5, 17), (6, 18))
    )
    images = "".join(
        f'<image id="{k}" name="a.png" task_id="{task}" width="60" height="40">{shape}</image>'
        for k, (task, shape) in enumerate(
            [(5, '<box label="cell" xtl="1" ytl="2" xbr="9" ybr="7"/>'), (6, ""), (7, "")]
        )
    )
    meta = f"<meta><project><tasks>{tasks}</tasks></project></meta>"
    table = read(put(f"<annotations>{meta}{images}</annotations>", "p.xml")).annotations
    assert table.raters.names == ("17", "18", "p")
    assert [table.raters.names[k] for k in table.rater] == ["17"]
    assert table.raters.read.tolist() == [[True, True, True]]
