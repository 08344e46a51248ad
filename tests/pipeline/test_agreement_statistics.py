"""Agreement in full: the numbers of `agreement` again, intervals, and what is undefined."""

import math
from dataclasses import replace

import numpy as np
import pytest

from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.data.raters import RaterKind
from napari_consensus.errors import ParameterError
from napari_consensus.pipeline import agreement, agreement_statistics


def study(seed=0, images=range(6)):
    """Three raters' boxes; what is on an image depends on its number alone."""
    rows = []
    for copy, image in enumerate(images):
        rng = np.random.default_rng((seed, image))
        for k in range(3 + image % 4):
            for rater in "abc":
                if rng.random() < 0.8:
                    x, y = 30 * k + rng.uniform(-1.5, 1.5), rng.uniform(-1.5, 1.5)
                    category = "uvw"[(k + (rng.random() < 0.3)) % 3]
                    rows.append((f"{copy:02}", rater, [x, y, x + 10, y + 11], category))
    return annotations_from_boxes(
        [row[2] for row in rows],
        image=[row[0] for row in rows],
        rater=[row[1] for row in rows],
        category=[row[3] for row in rows],
    )


@pytest.fixture(scope="module")
def found():
    return agreement_statistics(
        study(), replicates=200, severities={"u": 0.0, "v": 1.0, "w": 3.0}, image_sizes={}
    )


def test_the_numbers_of_agreement_come_again_with_an_interval_around_them(found):
    short = agreement(study())
    for name in ("f1_micro", "f1_macro", "mean_iou"):
        held = found.numbers[name]
        assert held.value == pytest.approx(getattr(short, name))
        assert held.low < held.value < held.high
    (at_half,) = [point for point in found.curve if point.iou == 0.5]
    assert at_half.f1.value == pytest.approx(short.f1_micro)
    assert found.numbers["unmatched"].value == pytest.approx(1 - short.f1_micro)


def test_every_rater_is_counted_on_every_image(found):
    (counts,) = found.counts
    assert counts.counts.shape == (6, 3)
    assert counts.counts.sum() == len(study())
    assert [icc.images for icc in counts.correlations] == [6, 6]


def test_objects_are_counted_by_who_read_their_place(found):
    short = agreement(study())
    assert found.raters_of_readers == {3: short.raters_per_object}
    assert found.objects["objects"] == short.objects


def test_severities_order_categories(found):
    assert {"krippendorff_alpha_ordinal", "krippendorff_alpha_interval"} < set(found.numbers)
    assert all(pair.weighted_kappa is not None for pair in found.pairs)
    plain = agreement_statistics(study(), replicates=0, severities={"u": 0.0})
    assert "krippendorff_alpha_ordinal" not in plain.numbers
    assert all(pair.weighted_kappa is None for pair in plain.pairs)


def test_the_same_seed_gives_the_same_intervals_and_another_does_not():
    one, same, other = (
        agreement_statistics(study(), replicates=30, seed=seed).numbers["f1_micro"]
        for seed in (1, 1, 2)
    )
    assert one == same
    assert one.value == other.value
    assert (one.low, one.high) != (other.low, other.high)


def test_images_of_one_patient_are_drawn_together():
    # Every image of every patient alike: as patients are drawn, nothing can vary.
    alike = study(images=[3, 2, 3, 2])
    patients = {"00": "p", "01": "p", "02": "q", "03": "q"}
    together = agreement_statistics(alike, replicates=50, clusters=patients)
    apart = agreement_statistics(alike, replicates=50)
    held = together.numbers["f1_micro"]
    assert together.units == 2
    assert held.low == pytest.approx(held.high)
    assert apart.numbers["f1_micro"].low < apart.numbers["f1_micro"].high
    assert any("one patient" in note for note in apart.notes)
    assert not any("one patient" in note for note in together.notes)


def test_a_table_of_clusters_that_does_not_fit_is_told():
    notes = agreement_statistics(study(), replicates=5, clusters={"00": "p", "zz": "p"}).notes
    assert "5 images belong to no cluster and were drawn one by one" in notes
    assert "1 image of the table of clusters is not in the study" in notes


def test_models_and_images_have_their_own_plus_minus():
    table = study()
    kinds = (RaterKind.HUMAN, RaterKind.MODEL, RaterKind.MODEL)
    models = replace(table, raters=replace(table.raters, kinds=kinds))
    pairs = {(p.a, p.b): p for p in agreement(table).pairs}
    images, raters, of_models = agreement_statistics(models, replicates=0).spreads
    assert (images.over, images.n) == ("images", 6)
    assert (raters.over, raters.n) == ("raters", 3)
    # Each model with the people, never with another model.
    with_people = [pairs["a", "b"].f1, pairs["a", "c"].f1]
    assert (of_models.over, of_models.n) == ("models", 2)
    assert of_models.mean == pytest.approx(np.mean(with_people))
    assert of_models.sd == pytest.approx(np.std(with_people, ddof=1))
    assert len(agreement_statistics(table, replicates=0).spreads) == 2


def test_counts_are_per_mm2_where_the_area_of_images_is_known():
    microns = np.array([0.5, 0.5, 0.25, np.nan, 0.5, 0.5])
    sizes = {f"{k:02}": (2000, 4000) for k in range(5)}
    plain, dense = agreement_statistics(
        replace(study(), microns=microns), replicates=0, image_sizes=sizes
    ).counts
    assert (plain.unit, dense.unit) == ("image", "mm2")
    # 1 mm x 2 mm, and half of both.
    np.testing.assert_allclose(dense.counts[[0, 1, 4]], plain.counts[[0, 1, 4]] / 2)
    np.testing.assert_allclose(dense.counts[2], plain.counts[2] / 0.5)
    assert np.isnan(dense.counts[[3, 5]]).all()
    assert dense.correlations[0].images == 4


def test_without_overlap_and_categories_every_number_is_undefined_with_a_reason():
    lone = annotations_from_boxes(
        [[0, 0, 5, 5], [50, 0, 55, 5]], image=["i", "i"], rater=["a", "b"]
    )
    found = agreement_statistics(lone, replicates=10)
    assert found.numbers["f1_micro"].value == 0
    for name in ("mean_iou", "krippendorff_alpha", "fleiss_kappa", "gwet_ac1"):
        assert math.isnan(found.numbers[name].value)
    said = " ".join(found.notes)
    for reason in ("no intervals", "no object has the categories", "Cohen's kappa", "ICC(2,1)"):
        assert reason in said
    assert "mean_iou is undefined" in said


@pytest.mark.parametrize("boxes", [0, 1])
def test_a_study_of_nothing_or_of_one_rater_has_no_numbers(boxes):
    lone = annotations_from_boxes(
        np.array([[0, 0, 5, 5]] * boxes, float).reshape(-1, 4),
        image=["i"] * boxes,
        rater=["a"] * boxes,
        category=["x"] * boxes,
    )
    found = agreement_statistics(lone, lone, replicates=10)
    assert all(math.isnan(held.value) for held in found.numbers.values())
    assert found.pairs == ()
    assert any("curves are undefined" in note for note in found.notes)


def test_a_negative_number_of_replicates_is_refused():
    with pytest.raises(ParameterError, match="replicates is -3"):
        agreement_statistics(study(), replicates=-3)


def test_an_interval_of_counts_that_does_not_exist_says_why():
    # On both images a has two marks and b one: images do not differ, raters do.
    rows = [
        (image, rater, k) for image in "ij" for rater, n in (("a", 2), ("b", 1)) for k in range(n)
    ]
    table = annotations_from_boxes(
        [[20 * k, 0, 20 * k + 10, 10] for *_, k in rows],
        image=[image for image, *_ in rows],
        rater=[rater for _, rater, _ in rows],
    )
    found = agreement_statistics(table, replicates=0)
    (absolute, _) = found.counts[0].correlations
    assert (absolute.value, np.isnan(absolute.low)) == (0, True)
    assert any(
        "the interval of ICC(2,1) of counts per image is undefined" in n for n in found.notes
    )
