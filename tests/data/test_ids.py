"""Ids: stable, scattered, and apart where two raters hand in the same file."""

import numpy as np

from napari_consensus import read
from napari_consensus.data.ids import mixed, told_apart


def test_numbers_that_differ_are_scattered_to_different_places():
    ids = mixed(np.arange(100_000))
    assert len(np.unique(ids)) == 100_000
    assert (mixed(np.arange(5), start=1) != ids[:5]).all()


def test_ids_that_occur_once_stay_and_the_others_take_on_their_name():
    ids = np.array([5, 7, 5, 9], np.uint64)
    out = told_apart(ids, np.array([0, 0, 1, 1]), ("anna", "zoe"))
    assert out[[1, 3]].tolist() == [7, 9]
    assert len(set(out.tolist())) == 4
    renumbered = told_apart(ids, np.array([1, 1, 0, 0]), ("zoe", "anna"))
    assert renumbered.tolist() == out.tolist()


def test_two_raters_with_the_very_same_file_have_annotations_of_their_own(tmp_path):
    text = "image,category,xmin,ymin,xmax,ymax\ni.png,cell,1,2,3,4\nj.png,cell,1,2,3,4\n"
    for rater in ("anna", "zoe"):
        (tmp_path / rater).mkdir()
        (tmp_path / rater / "marks.csv").write_text(text, encoding="utf-8")
    table = read(tmp_path).annotations
    assert len(table.raters) == 2
    assert len(np.unique(table.id)) == 4
