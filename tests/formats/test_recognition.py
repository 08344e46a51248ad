from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from napari_consensus.formats import FORMATS


def placed(name, samples, folder):
    """Return a sample as it lies in a folder: a release is one, and labels need an image."""
    source = samples[name]
    if name == "cytocrowd":
        (folder / "Datasets").mkdir()
        shutil.copy(source, folder / "Datasets")
        return folder
    return Path(shutil.copy(source, folder))


READ = [name for name, kind in FORMATS.items() if kind.read]


@pytest.mark.parametrize("name", READ)
def test_every_sample_is_recognised_by_its_own_format_and_no_other(name, samples, tmp_path):
    path = placed(name, samples, tmp_path)
    assert [f.name for f in FORMATS.values() if f.recognises(path)] == [name]


def test_there_is_a_sample_of_every_format_that_is_read(samples):
    assert set(READ) <= set(samples)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("", "empty.xml"),
        ("", "empty.json"),
        ("", "empty.csv"),
        ("[]", "nothing.json"),
        ("{}", "nothing.json"),
        ("[1, 2, 3]", "numbers.json"),
        ("<html><body/></html>", "page.xml"),
        ("cell\nnucleus\n", "classes.txt"),
        ("images/a.png\nimages/b.png\n", "train.txt"),
        ("1 2 3 4 5\n", "matrix.txt"),
        ("Boxes are drawn by hand.\n", "README.md"),
        ("name,value\nx,1\n", "values.csv"),
        (b"\xff\xfe\x00\x01", "noise.json"),
        (b"\x89PNG\r\n\x1a\n", "picture.xml"),
    ],
)
def test_other_files_are_recognised_by_none(put, content, name):
    path = put(content, name)
    assert [f.name for f in FORMATS.values() if f.recognises(path)] == []


@pytest.mark.parametrize(("name", "content"), [("a.txt", ""), ("a.json", "```json\n[]\n```\n")])
def test_an_empty_answer_counts_where_its_image_is(put, picture, name, content):
    path = put(content, name)
    assert not any(f.recognises(path) for f in FORMATS.values())
    put(picture(6, 4), "images/a.png")
    assert sum(f.recognises(path) for f in FORMATS.values()) == 1


@pytest.mark.parametrize(
    "beside", ["images/a.png", "one/images/a.png", "data.yaml", "one/classes.txt"]
)
def test_empty_labels_of_a_rater_count_where_images_or_classes_are_shared(put, picture, beside):
    path = put("", "one/labels/a.txt")
    put(picture(6, 4) if beside.endswith("png") else "names: [cell]\n", beside)
    assert [f.name for f in FORMATS.values() if f.recognises(path)] == ["yolo"]


def test_a_voc_file_without_an_object_is_no_labelme_file(put):
    path = put("<annotation><filename>a.jpg</filename><size/></annotation>", "a.xml")
    assert [f.name for f in FORMATS.values() if f.recognises(path)] == ["voc"]


def test_a_folder_and_an_absent_file_are_recognised_by_none(tmp_path):
    (tmp_path / "labels.txt").mkdir()
    for path in (tmp_path / "labels.txt", tmp_path / "absent.ndpa", tmp_path / "absent.xml"):
        assert not any(f.recognises(path) for f in FORMATS.values())
