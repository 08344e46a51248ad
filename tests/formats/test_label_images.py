"""Label images are told from pictures, and are raters of one image."""

import json

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_consensus.errors import ParameterError, ReadError, WriteError
from napari_consensus.formats import discover, read, write
from napari_consensus.formats._label_pixels import Likeness, likeness
from napari_consensus.pipeline import reach_consensus
from napari_consensus.raster.runs import painted, runs_of_outlines

RNG = np.random.default_rng(7)


def cells(shift=0, size=(60, 80)):
    """Sixteen cells, each moved by some columns."""
    image = np.zeros(size, np.uint16)
    for k in range(16):
        y, x = 3 + 14 * (k // 4), 4 + 19 * (k % 4) + shift
        image[y : y + 9, x : x + 12 - k % 3] = k + 1
    return image


def save(image, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".npy":
        np.save(path, image)
    elif path.suffix == ".png":
        Image.fromarray(image).save(path)
    else:
        tifffile.imwrite(path, image, compression="zlib" if "packed" in path.stem else None)
    return path


def smooth(kind):
    y, x = np.mgrid[:90, :110]
    waves = 2 + np.sin(y / 7) + np.cos(x / 5)
    return (waves / 4 * np.iinfo(kind).max).astype(kind)


@pytest.mark.parametrize("name", ["a.tif", "packed.tiff", "a.png", "a.npy", "a.ome.tif"])
def test_cells_are_labels_in_every_kind_of_file(tmp_path, name):
    assert likeness(save(cells(), tmp_path / name)) is Likeness.CERTAIN


@pytest.mark.parametrize(
    "image",
    [
        RNG.integers(0, 255, (70, 90), np.uint8),
        smooth(np.uint8),
        smooth(np.uint16),
        (smooth(np.uint8) > 120).astype(np.uint8) * 255,
        smooth(np.uint8) // 60,
        RNG.integers(0, 255, (70, 90, 3), np.uint8),
        smooth(np.uint8).astype(np.float32),
    ],
    ids=["noise", "grey", "grey16", "binary", "classes", "colours", "float"],
)
def test_pictures_are_no_labels(tmp_path, image):
    assert likeness(save(image, tmp_path / "a.tif")) is Likeness.NO


def test_a_large_packed_image_is_told_from_some_of_its_rows(tmp_path, monkeypatch):
    monkeypatch.setattr("napari_consensus.formats._label_pixels._LOOKED_AT", 100)
    assert likeness(save(cells(), tmp_path / "packed.tif")) is Likeness.CERTAIN
    noise = RNG.integers(0, 255, (70, 90), np.uint8)
    assert likeness(save(noise, tmp_path / "packed noise.tif")) is Likeness.NO


def test_two_label_images_in_a_folder_are_two_raters_of_one_image(tmp_path):
    save(cells(), tmp_path / "nuclei" / "anna.tif")
    save(cells(1), tmp_path / "nuclei" / "ben.png")
    study = read(tmp_path / "nuclei")
    assert study.annotations.images == ("nuclei",)
    assert study.annotations.raters.names == ("anna", "ben")
    assert len(study.annotations) == 32
    assert dict(study.image_sizes) == {"nuclei": (80, 60)}


def test_label_images_whose_cells_lie_apart_are_of_two_images(tmp_path):
    save(cells(), tmp_path / "p1.tif")
    save(np.roll(cells(), (6, 9), (0, 1)), tmp_path / "p2.tif")
    assert read(tmp_path).annotations.images == ("p1", "p2")


def test_a_folder_for_every_rater_has_a_file_for_every_image(tmp_path):
    for k, rater in enumerate(("anna", "ben", "model")):
        save(cells(k), tmp_path / rater / "s1.tif")
        save(cells(k, (70, 90)), tmp_path / rater / "s2.tif")
    save(smooth(np.uint16)[:60, :80], tmp_path / "images" / "s1.tif")
    study = read(tmp_path)
    assert study.annotations.images == ("s1", "s2")
    assert study.annotations.raters.names == ("anna", "ben", "model")
    assert study.image_files == {"s1": tmp_path / "images" / "s1.tif"}


def test_a_patch_without_cells_was_read_and_left_empty(tmp_path):
    for rater, second in (("anna", cells(1)), ("ben", np.zeros_like(cells()))):
        save(cells(), tmp_path / rater / "s1.tif")
        save(second, tmp_path / rater / "s2.tif")
    table = read(tmp_path).annotations
    assert table.raters.read.all()
    assert len(table) == 48


def test_a_study_file_says_what_pixels_leave_open(tmp_path):
    for rater in ("anna", "ben"):
        save(cells() == 1, tmp_path / f"{rater}.npy")
        save((cells() == 1).astype(np.uint8), tmp_path / f"{rater}.tif")
    save(cells(), tmp_path / "sum.tif")
    rule = {"rater": "anna", "image": "i", "label_image": True}
    said = {
        "anna.tif": rule,
        "ben.tif": {**rule, "rater": "ben"},
        "sum.tif": {"label_image": False},
    }
    (tmp_path / "study.json").write_text(json.dumps({"version": 1, "files": said}))
    table = read(tmp_path).annotations
    assert (table.images, table.raters.names, len(table)) == (("i",), ("anna", "ben"), 2)


def test_what_is_no_label_image_is_refused_in_one_line(tmp_path):
    path = save(RNG.integers(0, 255, (70, 90), np.uint8), tmp_path / "photo.tif")
    with pytest.raises(ReadError, match="no annotation file that is known, and no label image"):
        read(path)
    stack = save(np.stack([cells(), cells()]), tmp_path / "stack.npy")
    with pytest.raises(ReadError, match=r"uint16, 2 x 60 x 80; a label image is one plane"):
        read(stack)
    below = save(cells().astype(np.int16) - 1, tmp_path / "below.npy")
    with pytest.raises(ReadError, match="holds the label -1"):
        read(below)


def test_a_label_image_is_written_and_read_back(tmp_path):
    study = read(save(cells(), tmp_path / "anna.tif"), save(cells(1), tmp_path / "ben.tif"))
    one = study.annotations.of_raters(np.array([True, False]))
    (path,) = write(one, tmp_path / "again.tif", image_sizes=study.image_sizes)
    seen = tifffile.imread(path)
    assert seen.dtype == np.uint16
    assert ((seen > 0) == (cells() > 0)).all()
    order = painted(runs_of_outlines(one), np.arange(1, 17), np.arange(16), 60, 80)
    assert (seen == order).all()


def test_each_image_gets_a_label_image_in_a_folder(tmp_path):
    for name, shift in (("p1", 0), ("p2", 2)):
        save(cells(shift), tmp_path / "in" / "anna" / f"{name}.tif")
        save(cells(shift + 1), tmp_path / "in" / "ben" / f"{name}.tif")
    study = read(tmp_path / "in")
    consensus = reach_consensus(study.annotations, fusion="majority", minimum_support=2)
    sizes = study.image_sizes
    written = write(consensus, tmp_path / "out", format="label-image", image_sizes=sizes)
    found = {path.name for path in written}
    assert {"p1.tiff", "p2.tiff"} <= found
    # Of two, the majority is what both marked.
    seen = tifffile.imread(tmp_path / "out" / "p2.tiff")
    assert (np.where(cells(2) == cells(3), cells(2), 0) > 0).tolist() == (seen > 0).tolist()
    # The consensus of one of several images fits into one file.
    one = study.annotations.take(study.annotations.image == 1)
    first, *_ = write(reach_consensus(one), tmp_path / "one.tif", image_sizes=sizes)
    assert tifffile.imread(first).shape == (60, 80)


def test_labels_are_written_as_nothing_but_tiff(tmp_path):
    study = read(save(cells(), tmp_path / "anna.tif"))
    for suffix in (".png", ".npy"):
        with pytest.raises(ParameterError, match="no format ends like this"):
            write(study, tmp_path / f"out{suffix}", image_sizes=study.image_sizes)


def test_two_raters_do_not_fit_into_one_label_image(tmp_path):
    study = read(save(cells(), tmp_path / "anna.tif"), save(cells(1), tmp_path / "ben.tif"))
    with pytest.raises(WriteError, match="holds one rater's annotations of one image"):
        write(study, tmp_path / "both.tif")
    one = study.annotations.of_raters(np.array([True, False]))
    with pytest.raises(ParameterError, match="pass image_sizes"):
        write(one, tmp_path / "one.tif")


def test_the_grid_of_what_was_found_shows_label_images(tmp_path):
    save(cells(), tmp_path / "anna.tif")
    save(cells(1), tmp_path / "ben.tif")
    found = discover(tmp_path)
    assert found.counts.tolist() == [[16, 16]]
    assert {file.format for file in found.files} == {"label-image"}
