"""Ensembles: which models are in them, what their score is, and what is drawn."""

import math
from dataclasses import replace

import numpy as np
import pytest

from napari_consensus import pipeline
from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.data.raters import RaterKind
from napari_consensus.errors import Cancelled, ParameterError, UndefinedError
from napari_consensus.samples.models import models_study


@pytest.fixture(scope="module")
def study():
    return models_study(images=2, objects=9, models=3)


def compared(study, *sizes, **options):
    return pipeline.compare_ensembles(
        study.annotations, study.reference, study.trained_on, sizes, **options
    )


def test_rater_specific_ensembles_have_as_many_models_of_every_rater(study):
    found = compared(study, 2, 4, 6, draws=100)
    specific = [held for held in found.sizes if held.kind == "rater-specific"]
    # C(3, 1)^2, C(3, 2)^2, C(3, 3)^2 ways to take S / 2 of three models of each rater.
    assert [(held.size, held.drawn, held.possible) for held in specific] == [
        (2, 9, 9),
        (4, 9, 9),
        (6, 1, 1),
    ]
    assert found.models.by_rater == {"1": ("1-0", "1-1", "1-2"), "2": ("2-0", "2-1", "2-2")}
    assert found.models.mixed == ("both-0", "both-1", "both-2")


def test_a_size_that_cannot_be_made_is_left_out_and_said(study):
    found = compared(study, 3)
    assert [(held.kind, held.size) for held in found.sizes] == [("mixed", 3)]
    assert "no rater-specific ensembles of size 3 can be made of these models" in found.notes


def test_by_default_the_number_of_raters_is_doubled_up_to_all_models(study):
    sizes = [(held.kind, held.size) for held in compared(study, draws=1).sizes]
    assert sizes == [
        *(("rater-specific", size) for size in (2, 4, 6)),
        *(("mixed", size) for size in (1, 2, 3)),
    ]


def test_an_ensemble_of_one_is_the_model_itself(study):
    raters = study.annotations.raters
    numbers = []
    for name in ("both-0", "both-1", "both-2"):
        model = study.annotations.of_raters(np.array([name == other for other in raters.names]))
        numbers.append(pipeline.evaluate_precision(model, study.reference).ap)
    (found,) = compared(study, 1).sizes
    assert found.ap.mean == pytest.approx(np.mean(numbers))
    assert found.ap.sd == pytest.approx(np.std(numbers, ddof=1))
    assert (found.ap.n, found.ap.over) == (3, "ensembles")


def test_the_score_is_the_sum_of_scores_over_all_models_also_the_silent():
    annotations = annotations_from_boxes(
        [[0, 0, 10, 10], [0, 0, 10, 10], [40, 0, 50, 10]],
        image=["i"] * 3,
        rater=["m", "n", "n"],
        score=[0.5, 0.75, 0.5],
    )
    raters = replace(annotations.raters, kinds=(RaterKind.MODEL,) * 2)
    reference = annotations_from_boxes([[0, 0, 10, 10]], image=["i"], rater=["gold"])
    (found,) = pipeline.compare_ensembles(
        replace(annotations, raters=raters), reference, {}, [2]
    ).sizes
    # .625 of both, which is true, and .5 / 2 of one alone, which is not.
    assert found.kind == "any"
    assert found.d_ece.mean == pytest.approx((0.375 + 0.25) / 2)
    assert found.ap.mean == 1


def test_more_ensembles_than_asked_for_are_drawn_by_the_seed(study):
    one, two, other = (compared(study, 2, draws=4, seed=seed) for seed in (1, 1, 2))
    assert one == two
    assert one != other
    assert [(held.drawn, held.possible) for held in one.sizes] == [(4, 9), (3, 3)]


def test_one_ensemble_has_no_spread_and_it_says_so(study):
    found = compared(study, 6)
    assert math.isnan(found.sizes[0].ap.sd)
    assert "sd is undefined where there is one ensemble" in found.notes


def test_models_of_which_nobody_says_whom_they_learned_from_are_any(study):
    found = compared(replace(study, trained_on={}), 2, draws=2)
    assert [held.kind for held in found.sizes] == ["any"]
    assert any(note.startswith("of 9 models nobody says") for note in found.notes)


def test_studies_without_models_or_scores_are_refused(study):
    people = study.annotations.of_raters(
        ~np.isin(study.annotations.raters.names, list(study.trained_on))
    )
    with pytest.raises(ParameterError, match="no rater is a model"):
        pipeline.compare_ensembles(people, study.reference, {})
    bare = replace(study.annotations, score=np.full(len(study.annotations), np.nan))
    with pytest.raises(UndefinedError, match="needs a score"):
        pipeline.compare_ensembles(bare, study.reference, study.trained_on, [2])
    with pytest.raises(ParameterError, match="1 draw or more"):
        compared(study, 2, draws=0)


def test_a_cancel_stops_the_ensembles(study):
    def stop(done, total):
        raise Cancelled

    with pytest.raises(Cancelled):
        compared(study, 2, progress=stop)
