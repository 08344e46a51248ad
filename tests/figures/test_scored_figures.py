"""Figures of what is held against a reference, from tables made by hand."""

from __future__ import annotations

from types import MappingProxyType
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from napari_consensus import annotations_from_boxes
from napari_consensus.errors import ParameterError
from napari_consensus.evaluation.calibration import reliability_diagram as diagram_of
from napari_consensus.figures.drawing import png, svg
from napari_consensus.figures.ensemble_size import ensemble_size
from napari_consensus.figures.method_comparison import method_comparison
from napari_consensus.figures.models_beside_raters import models_beside_raters
from napari_consensus.figures.reliability_diagram import reliability_diagram
from napari_consensus.pipeline import Calibration, compare
from napari_consensus.pipeline.ensembles import Ensembles, EnsembleSize, Models
from napari_consensus.pipeline.segmentations import BesideRaters
from napari_consensus.resampling import Estimate, Spread

NAN = float("nan")


def ids_of(drawing) -> set[str]:
    return {e.get("id") for e in ET.fromstring(svg(drawing)).iter()}  # noqa: S314 (we wrote it)


@pytest.fixture(scope="module")
def calibrated() -> Calibration:
    """Twelve said .25, of which three are right; two said 1, of which one is."""
    probability = np.array([0.25] * 12 + [1.0, 1.0])
    right = np.array([True] * 3 + [False] * 9 + [True, False])
    nothing = diagram_of(np.empty(0), np.empty(0, np.bool_))
    return Calibration(
        detection=diagram_of(probability, right),
        category=nothing,
        scored_by="exists",
        minimum_iou=0.5,
        by_category=False,
        interval=Estimate(1 / 14, 0.01, 0.2),
        category_interval=Estimate(NAN),
        notes=(),
    )


def test_a_reliability_diagram_shows_every_bin_with_its_n(calibrated):
    drawn = reliability_diagram(calibrated, subject="the consensus")
    assert drawn.numbers["n"] == [0, 0, 12, 0, 0, 0, 0, 0, 0, 2]
    assert drawn.numbers["right"][2] == 0.25
    assert drawn.numbers["right"][9] == 0.5
    assert np.isnan(drawn.numbers["right"][0])
    # z^2 = 3.8415: (3 + 1.9207 -+ 1.96 sqrt(3 * 9 / 12 + .9604)) / 15.8415.
    assert drawn.numbers["right_low"][2] == pytest.approx(0.0889, abs=1e-4)
    assert drawn.numbers["right_high"][2] == pytest.approx(0.5323, abs=1e-4)
    assert np.isnan(drawn.numbers["right_low"][0])
    spans = [line for line in drawn.figure.axes[0].lines if line.get_marker() == "_"]
    assert [line.get_ydata()[0] for line in spans] == [
        low for low in drawn.numbers["right_low"] if not np.isnan(low)
    ]
    assert drawn.parts == {"bin-2": ("bin", 2), "bin-9": ("bin", 9)}
    assert set(drawn.parts) <= ids_of(drawn)
    # The mean distance of said and right, by n: 12 x 0 + 2 x .5 over 14.
    assert "D-ECE 0.071 (95 % bootstrap interval 0.010 to 0.200), n = 14" in drawn.caption
    below = [text.get_text() for text in drawn.figure.axes[1].texts]
    assert below == ["0", "0", "12", "0", "0", "0", "0", "0", "0", "2"]
    assert drawn.notes == (
        "1 bins hold fewer than 10 (hatched): their bars say little",
        "8 bins are empty and have no bar",
    )


def test_nothing_to_hold_against_a_reference_is_no_error_of_nought(calibrated):
    drawn = reliability_diagram(calibrated, "category")
    assert drawn.name == "category_reliability_diagram"
    assert drawn.parts == {}
    assert "ECE –" in drawn.caption
    assert drawn.notes == ("there is nothing to draw: the calibration error is undefined",)


def ensembles(*sizes: EnsembleSize) -> Ensembles:
    models = Models(MappingProxyType({"1": ("a",), "2": ("b",)}), ("c", "d"), ())
    return Ensembles(sizes, models, 0.5, 0.3, ("said",))


def test_ensembles_have_a_mark_for_each_kind_and_size():
    def spread(mean: float, sd: float) -> Spread:
        return Spread("ensembles", mean, sd, 3)

    sizes = (
        EnsembleSize("rater-specific", 2, 3, 9, spread(0.1, 0.1), spread(0.6, 0.1), spread(0.8, 0)),
        EnsembleSize("mixed", 2, 1, 1, spread(0.2, NAN), spread(NAN, NAN), spread(0.7, NAN)),
    )  # fmt: skip
    drawn = ensemble_size(ensembles(*sizes))
    assert drawn.numbers["d_ece"] == [0.1, 0.2]
    assert np.isnan(drawn.numbers["ap"][1])
    assert drawn.parts == {
        "d_ece-rater-specific-2": ("ensemble", "rater-specific", 2),
        "d_ece-mixed-2": ("ensemble", "mixed", 2),
        "ap-rater-specific-2": ("ensemble", "rater-specific", 2),
    }
    assert set(drawn.parts) <= ids_of(drawn)
    assert "up to 3 of each size" in drawn.caption
    assert drawn.notes == ("said",)


def test_models_stand_in_the_band_of_people_or_beside_it():
    models = [
        BesideRaters("m", "dice", 0.9, 0.8, 0.85, 0.95),
        BesideRaters("n", "dice", NAN, 0.8, 0.85, 0.95),
        BesideRaters("m", "sorted_ap", 0.4, NAN, NAN, NAN),
        BesideRaters("n", "sorted_ap", 0.4, NAN, NAN, NAN),
    ]
    drawn = models_beside_raters(models)
    assert list(drawn.numbers["mean"])[::2] == [0.9, 0.4]
    assert drawn.parts == {
        "dice-0": ("model", "m", "dice"),
        "sorted_ap-0": ("model", "m", "sorted_ap"),
        "sorted_ap-1": ("model", "n", "sorted_ap"),
    }
    assert set(drawn.parts) <= ids_of(drawn)
    assert [text.get_text() for text in drawn.figure.legends[0].get_texts()] == ["m", "n"]
    assert len(drawn.notes) == 2


@pytest.fixture(scope="module")
def compared(sample):
    methods = ["majority", "dawid-skene"]
    return compare(sample.study.annotations, sample.study.reference, methods, replicates=30)


def test_a_method_without_a_number_leaves_the_names_of_all_others_room():
    drawn = {"rater": ["a", "a"], "category": ["m", "d"]}
    boxes = [(0, 0, 10, 10), (0, 0, 10, 8)]
    table = annotations_from_boxes(boxes, image=["i", "j"], **drawn)
    methods = ["majority", "two-third", "iterated-weighted-majority"]
    drawing = method_comparison(compare(table, table, methods, replicates=2))
    png(drawing, 50)
    assert any("two-third" in note for note in drawing.notes)
    left = drawing.figure.axes[0]
    assert min(name.get_window_extent().x0 for name in left.get_yticklabels()) >= 0


def test_methods_stand_in_order_with_their_distance_from_the_baseline(compared):
    drawn = method_comparison(compared)
    accuracy = drawn.numbers["accuracy"]
    assert accuracy == sorted(accuracy, reverse=True)
    at = drawn.numbers["method"].index("majority")
    assert drawn.numbers["difference"][at] == 0
    assert accuracy[at] == compared.evaluations["majority"].accuracy
    assert set(drawn.parts.values()) == {("method", name) for name in ("majority", "dawid-skene")}
    assert set(drawn.parts) <= ids_of(drawn)
    assert "matched with the reference at IoU > 0.50" in drawn.caption
    assert "30 bootstrap draws of images" in drawn.caption


def test_a_number_that_was_not_computed_is_refused(compared):
    with pytest.raises(ParameterError, match="raters were not left out"):
        method_comparison(compared, "held_out")
    with pytest.raises(ParameterError, match="accuracy, class_f1"):
        method_comparison(compared, "kappa")
