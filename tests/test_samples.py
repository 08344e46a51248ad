"""The generated study is what its description says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import napari_consensus
from napari_consensus.data.raters import RaterKind
from napari_consensus.errors import WriteError
from napari_consensus.samples import cytology_study, write_sample
from napari_consensus.samples.cells import CATEGORIES, lay_field
from napari_consensus.samples.reading import RATERS, Skill, read_field, true_marks


def test_the_same_seed_gives_the_same_study(sample):
    again = cytology_study(seed=0)
    for name, values in sample.study.annotations.to_columns().items():
        np.testing.assert_array_equal(again.study.annotations.to_columns()[name], values)
    for image, pixels in sample.pixels.items():
        np.testing.assert_array_equal(again.pixels[image], pixels)


def test_another_seed_lays_other_cells():
    first, second = (lay_field(np.random.default_rng(seed), 900, 700, 12) for seed in (0, 1))
    assert not np.array_equal(true_marks(first).boxes, true_marks(second).boxes)


def test_every_image_has_pixels(sample):
    assert tuple(sample.pixels) == sample.study.annotations.images
    for pixels in sample.pixels.values():
        assert pixels.dtype == np.uint8
        assert pixels.shape == (1240, 1180, 3)


def test_every_box_lies_in_its_image(sample):
    for table in (sample.study.annotations, sample.study.reference):
        assert (table.bounds >= 0).all()
        assert (table.bounds[:, 2] <= 1180).all()
        assert (table.bounds[:, 3] <= 1240).all()


def test_cells_are_darker_than_the_light_between_them(sample):
    reference = sample.study.reference
    pixels = sample.pixels["field-1.png"].astype(np.float64).mean(axis=2)
    inside = np.zeros(pixels.shape, np.bool_)
    for x0, y0, x1, y1 in reference.bounds[reference.image == 0].astype(int):
        inside[y0:y1, x0:x1] = True
    assert np.median(pixels[inside]) < np.median(pixels[~inside]) - 20


def test_one_rater_did_not_read_one_field(sample):
    raters = sample.study.annotations.raters
    unread = [
        (sample.study.annotations.images[i], raters.names[r]) for i, r in np.argwhere(~raters.read)
    ]
    assert unread == [("field-3.png", "D")]


def test_one_rater_looked_at_the_empty_field_and_found_nothing(sample):
    table = sample.study.annotations
    last = table.images.index("field-4.png")
    assert (sample.study.reference.image != last).all()
    marked = np.bincount(table.rater[table.image == last], minlength=len(table.raters))
    assert table.raters.read[last].all()
    assert (marked == 0).any()
    assert (marked > 0).any()


def test_the_reference_is_kept_apart_from_the_raters(sample):
    assert sample.study.reference.raters.kinds == (RaterKind.REFERENCE,)
    assert sample.study.annotations.raters.names == ("A", "B", "C", "D")
    assert sample.study.annotations.voting() is sample.study.annotations


def test_every_category_occurs_and_has_a_severity(sample):
    assert sample.study.annotations.categories == CATEGORIES
    assert set(sample.study.annotations.category) == set(range(len(CATEGORIES)))
    severities = sample.study.severities
    assert tuple(severities) == CATEGORIES
    assert sorted(severities.values()) == list(severities.values())


@pytest.mark.parametrize("skill", RATERS, ids=lambda skill: skill.name)
def test_the_rows_of_a_confusion_matrix_sum_to_one(skill):
    confusion = skill.confusion()
    assert (confusion >= 0).all()
    np.testing.assert_allclose(confusion.sum(axis=1), 1)
    np.testing.assert_allclose(np.diag(confusion), skill.accuracy)


def test_a_rater_who_overcalls_answers_graver_than_the_truth():
    over = Skill("C", 0, 0, 0, 0, 1, accuracy=0.8, severe=4.0).confusion()
    middle = len(CATEGORIES) // 2
    assert over[middle, middle + 1 :].sum() == pytest.approx(4 * over[middle, :middle].sum())


def test_a_rater_without_fault_marks_the_truth():
    rng = np.random.default_rng(5)
    field = lay_field(rng, 900, 700, 12)
    perfect = Skill("P", 0, 0, 0, 0, 1, accuracy=1.0, severe=1.0)
    marks, truth = read_field(perfect, field, rng), true_marks(field)
    np.testing.assert_array_equal(marks.boxes, truth.boxes)
    np.testing.assert_array_equal(marks.category, truth.category)


def test_a_rater_with_a_bias_of_size_draws_larger_boxes():
    rng = np.random.default_rng(5)
    field = lay_field(rng, 3000, 2500, 40)
    generous = Skill("G", 0, 0, 0, 0, enlarged=1.5, accuracy=1.0, severe=1.0)
    marks, truth = read_field(generous, field, rng), true_marks(field)
    inner = (
        (truth.boxes.min(axis=1) > 100) & (truth.boxes[:, 2] < 2900) & (truth.boxes[:, 3] < 2400)
    )
    wide = (marks.boxes[:, 2] - marks.boxes[:, 0])[inner]
    true = (truth.boxes[:, 2] - truth.boxes[:, 0])[inner]
    np.testing.assert_allclose(wide / true, 1.5, atol=0.05)


def test_raters_mark_a_cell_twice_only_where_they_are_said_to():
    rng = np.random.default_rng(2)
    field = lay_field(rng, 900, 700, 12)
    doubling = Skill("T", 0, 0, repeated=1.0, jitter=0, enlarged=1, accuracy=1, severe=1)
    assert len(read_field(doubling, field, rng).boxes) == 2 * len(field.cells)


def test_an_empty_field_gives_an_empty_table_of_marks():
    rng = np.random.default_rng(2)
    field = lay_field(rng, 900, 700, 0)
    assert true_marks(field).boxes.shape == (0, 4)
    assert read_field(Skill("A", 0.1, 0, 0, 0.1, 1, 0.9, 1), field, rng).boxes.shape == (0, 4)


def test_the_written_sample_reads_back_as_it_was(sample, sample_folder):
    back = napari_consensus.read(sample_folder)
    assert set(back.image_files) == set(sample.pixels)
    for table, again in (
        (sample.study.annotations, back.annotations),
        (sample.study.reference, back.reference),
    ):
        assert again.raters.names == table.raters.names
        assert again.raters.kinds == table.raters.kinds
        np.testing.assert_array_equal(again.raters.read, table.raters.read)
        columns, columns_again = table.to_columns(), again.to_columns()
        for name in ("image", "rater", "category", "x0", "y0", "x1", "y1"):
            assert sorted(columns_again[name]) == sorted(columns[name])
    with Image.open(back.image_files["field-2.png"]) as image:
        np.testing.assert_array_equal(np.asarray(image), sample.pixels["field-2.png"])


def test_a_folder_with_something_in_it_is_not_written_over(sample, tmp_path):
    (tmp_path / "kept.txt").write_text("kept", encoding="utf-8")
    with pytest.raises(WriteError, match="the sample cannot be written there"):
        write_sample(sample, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["kept.txt"]


def test_an_empty_folder_may_be_there_already(sample, tmp_path):
    (tmp_path / "sample").mkdir()
    corners = {name: pixels[:9, :7] for name, pixels in sample.pixels.items()}
    folder = write_sample(replace(sample, pixels=corners), tmp_path / "sample")
    assert sorted(file.name for file in folder.iterdir()) == ["annotations.csv", "images"]
