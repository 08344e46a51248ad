from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_consensus.data.raters import RaterKind
from napari_consensus.errors import ReadError, RefusedError
from napari_consensus.formats import read

WORKERS = """worker_bbox,author,author_id,img_name,weight,cluster,category,sam_conf,sam_bbox
[   6. 1272.  407. 1777.],Xanthippe,7,%5B1%5D.jpg,,,其他正常细胞,0.97,[   0. 1320.  424. 1759.]
[3.197e+03 3.000e+00 3.540e+03 5.220e+02],Zebedee,4,%5B1%5D.jpg,,,ASC-US,0.88,
[1.5 2.  30. 40.],Zebedee,4,two.png,,,ASC-US,0.88,[1. 2. 3. 4.]
[1. 2. 31. 41.],Xanthippe,7,two.png,,,,0.88,[1. 2. 3. 4.]
"""
TRUTH = """bbox,author,author_id,img_name,weight,cluster,category,sam_conf
"[5, 1270, 400, 1770]",groundtruth,4,%5B1%5D.jpg,,,ASC-US,
"""
COLUMNS = WORKERS.splitlines()[0].split(",")


@pytest.fixture
def release(tmp_path):
    folder = tmp_path / "release"
    (folder / "Datasets").mkdir(parents=True)
    (folder / "Datasets" / "WorkerData.csv").write_text(WORKERS, encoding="utf-8")
    (folder / "Datasets" / "GroundTruth.csv").write_text(TRUTH, encoding="utf-8")
    return folder


def test_boxes_printed_by_numpy_are_read_in_every_notation(release):
    table = read(release).annotations
    boxes = {tuple(box) for box in table.bounds.tolist()}
    assert (6.0, 1272.0, 407.0, 1777.0) in boxes
    assert (3197.0, 3.0, 3540.0, 522.0) in boxes
    assert (1.5, 2.0, 30.0, 40.0) in boxes


def test_raters_are_named_by_their_id_and_people_by_nothing(release):
    study = read(release)
    assert study.annotations.raters.names == ("4", "7")
    assert study.annotations.raters.kinds == (RaterKind.HUMAN, RaterKind.HUMAN)
    assert "Xanthippe" not in repr(study)
    assert "Zebedee" not in repr(study)


def test_a_reference_with_the_id_of_a_worker_keeps_apart_from_that_worker(release):
    study = read(release)
    assert study.reference is not None
    assert study.reference.raters.kinds == (RaterKind.REFERENCE,)
    assert study.reference.raters.names == ("4 (reference)",)
    assert len(study.reference) == 1
    assert len(study.annotations) == 4
    assert any("'4'" in note for note in study.notes)


def test_the_box_of_the_assisting_model_is_kept_and_its_confidence_is_no_score(release):
    table = read(release).annotations
    assert np.isnan(table.score).all()
    assert table.assisted is not None
    first = np.flatnonzero(table.bounds[:, 0] == 6)[0]
    assert table.assisted[first].tolist() == [0, 1320, 424, 1759]
    assert np.isnan(table.assisted[table.bounds[:, 0] == 3197]).all()


def test_an_empty_category_is_none_given(release):
    table = read(release).annotations
    assert table.categories == ("ASC-US", "其他正常细胞")
    assert (table.category == -1).sum() == 1


@pytest.mark.parametrize("on_disk", ["%5B1%5D.jpg", "[1].jpg"])
def test_an_image_is_found_by_its_name_as_it_stands_or_unquoted(release, on_disk):
    (release / "imgs").mkdir()
    (release / "imgs" / on_disk).write_bytes(b"x")
    files = read(release).image_files
    assert files == {"%5B1%5D.jpg": release / "imgs" / on_disk}


def test_two_spellings_of_one_image_are_one_image(release):
    truth = release / "Datasets" / "GroundTruth.csv"
    truth.write_text(TRUTH.replace("%5B1%5D", "[1]"), encoding="utf-8")
    study = read(release)
    assert study.annotations.images == ("%5B1%5D.jpg", "two.png")
    assert study.reference is not None
    assert study.reference.image.tolist() == [0]


def test_the_release_is_found_one_level_below_and_from_within(release):
    for place in (release.parent, release, release / "Datasets"):
        assert len(read(place).annotations) == 4


def test_without_a_ground_truth_there_is_no_reference(release):
    (release / "Datasets" / "GroundTruth.csv").unlink()
    assert read(release).reference is None


def test_a_worker_reads_the_images_on_which_they_drew(release):
    workers = release / "Datasets" / "WorkerData.csv"
    workers.write_text(WORKERS.replace("4,two.png", "9,two.png"), encoding="utf-8")
    raters = read(release).annotations.raters
    assert raters.names == ("4", "7", "9")
    assert raters.read.tolist() == [[True, True, False], [False, True, True]]


def test_a_name_that_only_one_row_of_one_rater_knows_is_an_unknown_image(release):
    workers = release / "Datasets" / "WorkerData.csv"
    workers.write_text(WORKERS.replace("4,two.png", "4,tow.png"), encoding="utf-8")
    with pytest.raises(RefusedError, match=r"row 4, img_name 'tow\.png'"):
        read(release)
    study = read(release, skip_refused=True)
    assert study.annotations.images == ("%5B1%5D.jpg",)
    assert [refusal.value for refusal in study.refused] == ["tow.png", "two.png"]


def test_an_image_of_the_ground_truth_that_nobody_annotated_is_fine_and_said(release):
    truth = release / "Datasets" / "GroundTruth.csv"
    truth.write_text(TRUTH + TRUTH.splitlines()[1].replace("%5B1%5D", "3") + "\n", encoding="utf-8")
    study = read(release)
    assert len(study.annotations.images) == 3
    assert any("3.jpg" in note for note in study.notes)


@pytest.mark.parametrize("column", ["worker_bbox", "author_id", "img_name", "category"])
def test_a_missing_column_is_named(release, column):
    workers = release / "Datasets" / "WorkerData.csv"
    workers.write_text(WORKERS.replace(column, "other", 1), encoding="utf-8")
    with pytest.raises(ReadError, match=rf"WorkerData.csv, row 1: the column '{column}'"):
        read(release)


def test_half_of_the_published_release_reads_as_it_was_counted():
    folder = Path(__file__).parents[2].parent / "shared" / "cytocrowd"
    if not folder.is_dir():
        pytest.skip("the CytoCrowd release is not beside the repository")
    study = read(folder)
    table = study.annotations
    counts = np.bincount(table.rater).tolist()
    assert dict(zip(table.raters.names, counts, strict=True)) == {
        "3": 2233, "4": 809, "5": 2442, "7": 2059,
    }  # fmt: skip
    assert study.reference is not None
    assert (len(study.reference), len(table.images), len(table.categories)) == (3307, 229, 15)
    assert table.raters.read.all()
    assert len(study.image_files) == 16
    assert len(np.unique(table.id)) == len(table)
