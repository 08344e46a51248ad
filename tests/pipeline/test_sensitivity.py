"""Methods ranked in every setting of what comes before them."""

import numpy as np
import pytest

from napari_consensus import pipeline
from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.errors import ParameterError
from napari_consensus.formats import read
from napari_consensus.pipeline.sensitivity import Sensitivity, Setting

TWO = ("majority", "dawid-skene")


def boxes(marks):
    """Boxes side by side on one image: the categories each rater gave, a letter a place."""
    rows = [(rater, k, name) for rater, names in marks.items() for k, name in enumerate(names)]
    return annotations_from_boxes(
        [[20 * k, 0, 20 * k + 10, 10] for _, k, _ in rows],
        image=["i"] * len(rows),
        rater=[rater for rater, _, _ in rows],
        category=[name for _, _, name in rows],
    )


@pytest.fixture(scope="module")
def marks():
    return boxes({"a": "xxxx", "b": "xxxy", "c": "yyy"})


@pytest.fixture(scope="module")
def gold():
    return boxes({"gold": "xxyx"})


def test_the_best_setting_of_a_fusion_is_of_methods_that_decide_nearly_all():
    ranks = Sensitivity(
        methods=("keen", "shy"),
        settings=tuple(
            Setting(iou, fusion, strict, "prior")
            for fusion in ("mean", "medoid")
            for iou, strict in ((0.2, True), (0.3, True), (0.3, False))
        ),
        f1=np.full(6, 0.9),
        accuracy=np.array([[0.7, 0.9], [0.8, 0.9], [0.95, 0.9], *[[np.nan, 1.0]] * 3]),
        class_f1=np.array([[0.6, 0.1], [0.5, 0.1], [0.9, 0.1], *[[np.nan, 0.1]] * 3]),
        decided=np.tile([1.0, 0.6], (6, 1)),
        rank=np.ones((6, 2), np.int64),
        notes=(),
    )
    # The third setting matches by another rule; the second method decides too few.
    assert ranks.best("accuracy", "mean") == (1, 0)
    assert ranks.best("class_f1", "mean") == (0, 0)
    assert ranks.best("accuracy", "medoid") is None


def test_pixelwise_fusions_are_left_out_for_boxes_unless_named(marks, gold):
    asked = {"methods": ["majority"], "grouping_ious": (0.3,)}
    found = pipeline.rank_over_settings(marks, gold, **asked)
    assert not {"majority", "staple"} & {s.fusion for s in found.settings}
    assert any("majority, staple are left out" in note for note in found.notes)
    named = pipeline.rank_over_settings(marks, gold, fusions=["majority"], **asked)
    assert {s.fusion for s in named.settings} == {"majority"}
    with pytest.raises(ParameterError, match="melt"):
        pipeline.rank_over_settings(marks, gold, fusions=["melt"], **asked)


def test_ranks_in_every_setting(sample):
    study = sample.study
    found = pipeline.rank_over_settings(
        study.annotations, study.reference, TWO, grouping_ious=(0.3, 0.5), severities=None
    )
    fusions = {setting.fusion for setting in found.settings}
    assert {"mean", "median", "medoid", "weighted"} <= fusions
    assert len(found.settings) == 2 * len(fusions) * 2 * 2
    setting = found.settings.index(
        next(s for s in found.settings if (s.fusion, s.strict, s.ties) == ("mean", True, "first"))
    )
    for k, name in enumerate(TWO):
        alone = pipeline.evaluate(
            pipeline.reach_consensus(study.annotations, name, 0.3, ties="first"), study.reference
        )
        assert found.class_f1[setting, k] == alone.class_f1
        assert found.f1[setting] == alone.f1
    order = np.argsort(-found.class_f1, axis=1, kind="stable")
    best = np.take_along_axis(found.rank, order, axis=1)
    assert (best[:, 0] == 1).all()
    equal = found.class_f1[:, 0] == found.class_f1[:, 1]
    assert (found.rank[equal] == 1).all()
    assert (found.rank[~equal].sum(axis=1) == 3).all()


def test_severities_add_a_rule_for_ties_and_missing_data_leave_a_fusion_out(marks, gold):
    found = pipeline.rank_over_settings(
        marks, gold, ["majority"], grouping_ious=(0.3,), severities={"y": 1.0}
    )
    assert {setting.ties for setting in found.settings} == {"prior", "first", "severe"}
    assert not {"assisted", "wbf"} & {setting.fusion for setting in found.settings}
    assert any(note.startswith("fusion 'assisted' is left out") for note in found.notes)


def test_without_a_grouping_threshold_there_is_no_ranking(marks, gold):
    with pytest.raises(ParameterError, match="grouping_ious is empty"):
        pipeline.rank_over_settings(marks, gold, grouping_ious=())


def test_a_stranger_finds_the_best_setting_on_cytocrowd(cytocrowd):
    cyto = read(cytocrowd)
    ranks = pipeline.rank_over_settings(
        cyto.annotations, cyto.reference, ["lfc", "plantnet"], fusions=["weighted"]
    )
    setting, method = ranks.best("class_f1", "weighted")
    assert ranks.methods[method] == "lfc"
    assert ranks.settings[setting].grouping_iou == 0.2
    assert ranks.accuracy[setting, method] >= 0.936
    assert ranks.f1[setting] >= 0.92
