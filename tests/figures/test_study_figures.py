"""All figures of a study at once."""

from __future__ import annotations

import numpy as np
import pytest

from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.data.study import Study
from napari_consensus.errors import Cancelled, ParameterError
from napari_consensus.figures.study_figures import FIGURES, study_figures
from napari_consensus.figures.study_numbers import FigureSettings
from napari_consensus.samples.models import models_study

QUICK = FigureSettings(replicates=10)
_OF_MODELS = {
    "ensemble_size": "no rater is a model; where one is, study.json says so by its kind",
    "models_beside_raters": "not every annotation is a mask, whose pixels could be compared",
}


def one_rater() -> Study:
    return Study(annotations_from_boxes([(0, 0, 9, 8)], image=["i"], rater=["A"]))


def test_a_study_with_a_reference_gives_all_figures_but_those_of_models(sample):
    names = [name for name in FIGURES if name != "method_comparison"]
    found = study_figures(sample.study, names=names, settings=QUICK)
    drawn = [drawing.name for drawing in found.drawings]
    assert len(set(drawn)) == len(drawn)
    assert {name.rstrip("_123456") for name in drawn} == set(names) - {*_OF_MODELS}
    assert found.not_drawn == _OF_MODELS
    for drawing in found.drawings:
        lengths = {len(column) for column in drawing.numbers.values()}
        assert len(lengths) == 1
        assert drawing.caption.endswith(".")


def test_a_study_of_one_rater_says_why_there_is_nothing_to_draw():
    found = study_figures(one_rater(), settings=QUICK)
    assert [drawing.name for drawing in found.drawings] == [
        "raters_per_object",
        "objects_per_image",
    ]
    assert found.not_drawn["rater_matrix"] == "it needs two raters who read an image in common"
    assert (
        found.not_drawn["reliability_diagram"] == "there is no reference to hold anything against"
    )
    assert set(found.not_drawn) == set(FIGURES) - {"raters_per_object", "objects_per_image"}


def test_a_study_without_annotations_gives_no_figure():
    empty = annotations_from_boxes(
        np.empty((0, 4)), image=[], rater=[], read=np.empty((0, 0), np.bool_)
    )
    found = study_figures(Study(empty), settings=QUICK)
    assert found.drawings == ()
    assert found.not_drawn["rater_matrix"] == "no rater marked anything"


def test_models_are_fused_to_ensembles():
    study = models_study(images=2, objects=5, models=2)
    (drawing,) = study_figures(study, names=["ensemble_size"], settings=QUICK).drawings
    assert set(drawing.numbers["kind"]) == {"rater-specific", "mixed"}
    assert drawing.numbers["size"] == [2, 4, 1, 2]


def test_an_unknown_figure_is_refused_and_a_cancel_stops():
    with pytest.raises(ParameterError, match="rater_matrix, f1_over_iou"):
        study_figures(one_rater(), names=["matrix"])

    def stop(done, total, /):
        raise Cancelled

    with pytest.raises(Cancelled):
        study_figures(one_rater(), progress=stop)
