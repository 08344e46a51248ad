"""The one road: from what raters drew to agreement, consensus and evaluation."""

import math
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_consensus import pipeline
from napari_consensus.aggregation import DawidSkene
from napari_consensus.data.annotations import Annotations, annotations_from_boxes
from napari_consensus.data.raters import RaterKind, RaterSet
from napari_consensus.errors import Cancelled, ParameterError

# Image i: all three raters on one cell (two say mitosis), a and b on another (a tie),
# c alone on a third. Image j: a and b on one cell; c did not read it.
ROWS = [
    ("i", "a", [0, 0, 10, 10], "mitosis"),
    ("i", "b", [0, 0, 10, 9], "mitosis"),
    ("i", "c", [0, 1, 10, 10], "debris"),
    ("i", "a", [40, 40, 50, 50], "debris"),
    ("i", "b", [40, 40, 50, 48], "mitosis"),
    ("i", "c", [80, 80, 90, 85], "debris"),
    ("j", "a", [5, 5, 9, 9], "mitosis"),
    ("j", "b", [5, 5, 9, 8], "mitosis"),
]


def study(rows=ROWS, **changes):
    return annotations_from_boxes(
        np.array([r[2] for r in rows], dtype=float).reshape(-1, 4),
        image=[r[0] for r in rows],
        rater=[r[1] for r in rows],
        category=[r[3] for r in rows],
        **changes,
    )


def as_kind(table, *kinds):
    raters = RaterSet(table.raters.names, kinds, table.raters.read)
    columns = {f.name: getattr(table, f.name) for f in fields(table) if f.init}
    return Annotations(**{**columns, "raters": raters})


def test_agreement_says_how_many_raters_marked_each_object():
    found = pipeline.agreement(study())
    assert (found.images, found.annotations, found.objects) == (2, 8, 4)
    assert found.raters_per_object == {1: 1, 2: 2, 3: 1}
    assert found.matched == 3 + 1 + 1
    assert any("different images" in note for note in found.notes)


def test_agreement_at_a_lower_threshold_for_matching_than_for_grouping():
    rows = [("i", "a", [0, 0, 10, 10], "c"), ("i", "b", [0, 0, 10, 4], "c")]
    low = pipeline.agreement(study(rows), 0.3, 0.5)
    assert (low.matched, low.objects) == (1, 2)
    high = pipeline.agreement(study(rows), 0.5, 0.3)
    assert (high.matched, high.objects) == (0, 1)


def test_a_reference_among_the_raters_is_neither_compared_nor_aggregated():
    table = as_kind(study(), RaterKind.HUMAN, RaterKind.HUMAN, RaterKind.REFERENCE)
    found = pipeline.agreement(table)
    assert [(p.a, p.b) for p in found.pairs] == [("a", "b")]
    assert found.annotations == 6
    consensus = pipeline.reach_consensus(table)
    assert consensus.groups.annotations.raters.names == ("a", "b")


def test_one_rater_has_no_agreement_and_is_told_so():
    found = pipeline.agreement(study(ROWS[:1]))
    assert found.pairs == ()
    assert math.isnan(found.mean_iou)
    assert "fewer than two raters: agreement is undefined" in found.notes


def test_a_majority_consensus_holds_the_category_most_raters_gave_and_the_mean_box():
    made = pipeline.reach_consensus(study())
    first = made.shapes.take(np.array([0]))
    assert first.categories[first.category[0]] == "mitosis"
    np.testing.assert_allclose(first.bounds[0], [0, 1 / 3, 10, 29 / 3])
    assert made.support.tolist() == [3, 2, 1, 2]
    assert made.readers.tolist() == [3, 3, 3, 2]
    np.testing.assert_allclose(made.exists, [1, 2 / 3, 1 / 3, 1])
    np.testing.assert_allclose(made.probability[0], [1 / 3, 2 / 3])
    np.testing.assert_allclose(made.confidence, [2 / 3, 1 / 2, 1, 1])
    assert made.raters_of(0) == ("a", "b", "c")


def test_a_tie_is_reported_and_decided_by_the_rule():
    def category(**rule):
        made = pipeline.reach_consensus(study(), **rule)
        assert made.tied.tolist() == [False, True, False, False]
        code = made.shapes.category[1]
        return "" if code < 0 else made.shapes.categories[code]

    assert category() == "mitosis"  # five votes of eight in the whole run
    assert category(ties="first") == "debris"
    assert category(ties="abstain") == ""
    assert category(severities={"debris": 3, "mitosis": 1}) == "debris"
    assert category(severities={"debris": 3, "mitosis": 1}, ties="prior") == "mitosis"


def test_objects_of_too_few_raters_are_left_out_but_inform_the_rest():
    made = pipeline.reach_consensus(study(), minimum_support=2)
    assert made.support.tolist() == [3, 2, 2]
    assert len(made.posterior.probability) == 4
    assert made.groups.n_objects == 4


def test_objects_that_are_hardly_there_are_left_out():
    assert pipeline.reach_consensus(study(), minimum_exists=0.5).exists.min() == 2 / 3
    scored = study(score=[0.9, 0.6, 0.3, 0.5, 0.1, 1.0, 0.5, 0.25])
    made = pipeline.reach_consensus(scored, exists="score", minimum_exists=0.3)
    np.testing.assert_allclose(made.exists, [1.8 / 3, 1 / 3, 0.75 / 2], rtol=1e-6)
    assert made.support.tolist() == [3, 1, 2]


def test_risk_takes_the_category_whose_miss_costs_most():
    def categories(**rule):
        shapes = pipeline.reach_consensus(study(), **rule).shapes
        return [shapes.categories[k] for k in shapes.category]

    severities = {"debris": 5.0, "mitosis": 2.0}
    assert categories(severities=severities) == ["mitosis", "debris", "debris", "mitosis"]
    # A third of debris outweighs two thirds of mitosis: 5 / 3 against 4 / 3.
    risk = categories(severities=severities, decide="risk")
    assert risk == ["debris", "debris", "debris", "mitosis"]


def test_rates_of_marks_stand_beside_the_parameters_of_the_method():
    rows = [(f"{k}", r, [0, 0, 10, 10], "x") for k in range(8) for r in "abcd"[: 1 + k % 4]]
    read = np.ones((8, 4), bool)
    made = pipeline.reach_consensus(study(rows, read=read), "dawid-skene", exists="em")
    assert {"confusion", "hit_rate", "false_mark_rate"} <= made.posterior.raters.keys()
    assert made.exists[made.support == 4].min() > made.exists[made.support == 1].max()


def test_provenance_holds_every_step_with_the_parameters_it_had():
    made = pipeline.reach_consensus(
        study(), DawidSkene(smoothing=0.25), 0.4, "median", 2, ties="random", seed=7
    )
    steps = {step.action: step.parameters for step in made.provenance.steps}
    assert steps["group"] == {"minimum_iou": 0.4, "point_distance": 4.0}
    assert steps["aggregate"]["method"] == "dawid-skene"
    assert steps["aggregate"]["smoothing"] == 0.25
    assert steps["decide"] == {"by": "probable", "ties": "random", "seed": 7}
    assert steps["exists"] == {"method": "share"}
    assert steps["fuse"] == {"method": "median"}
    assert steps["keep"] == {"minimum_support": 2, "minimum_exists": 0.0}
    assert made.provenance.versions.keys() == {"napari-consensus", "numpy", "scipy", "shapely"}


def test_an_object_keeps_its_id_while_its_members_stay():
    one = pipeline.reach_consensus(study())
    fewer = pipeline.reach_consensus(one.groups.annotations.take(np.arange(8) != 7))
    assert set(one.shapes.id[:3]) <= set(fewer.shapes.id)
    assert one.shapes.id[3] not in fewer.shapes.id


@settings(max_examples=10)
@given(st.permutations(range(len(ROWS))), st.sampled_from(["majority", "dawid-skene"]))
def test_any_row_order_gives_the_same_consensus(order, method):
    one = pipeline.reach_consensus(study(), method, fusion="weighted")
    other = pipeline.reach_consensus(study([ROWS[k] for k in order]), method, fusion="weighted")
    for name in ("bounds", "category"):
        assert getattr(one.shapes, name).tobytes() == getattr(other.shapes, name).tobytes()
    for name in ("probability", "support", "exists", "tied"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes()


def test_an_empty_study_has_an_empty_consensus():
    empty = study([])
    for method in ("majority", "dawid-skene"):
        for fusion in ("mean", "median", "medoid", "weighted"):
            assert len(pipeline.reach_consensus(empty, method, fusion=fusion)) == 0


def test_annotations_without_categories_have_a_consensus_of_outlines():
    made = pipeline.reach_consensus(study([(i, r, b, None) for i, r, b, _ in ROWS]), "dawid-skene")
    assert len(made) == 4
    assert (made.shapes.category == -1).all()
    assert not made.tied.any()


def test_evaluating_counts_hits_against_the_reference():
    reference = study(
        [("i", "gold", [0, 0, 10, 10], "mitosis"), ("j", "gold", [0, 0, 2, 2], "debris")]
    )
    found = pipeline.evaluate(pipeline.reach_consensus(study()), reference)
    assert (found.tp, found.fp, found.fn) == (1, 3, 1)
    assert found.accuracy == 1.0


def test_evaluating_several_raters_at_once_is_refused():
    with pytest.raises(ParameterError, match="3 raters"):
        pipeline.evaluate(study(), study(ROWS[:1]))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"aggregator": "oracle"}, "oracle"),
        ({"fusion": "melt"}, "melt"),
        ({"grouping_iou": 1.5}, "grouping_iou is 1.5"),
        ({"minimum_support": 0}, "minimum_support is 0"),
        ({"ties": "coin"}, "coin"),
        ({"exists": "faith"}, "faith"),
        ({"minimum_exists": 2.0}, "minimum_exists is 2"),
        ({"decide": "chance"}, "chance"),
    ],
)
def test_a_parameter_that_breaks_a_rule_is_refused_by_name(arguments, said):
    with pytest.raises(ParameterError, match=said):
        pipeline.reach_consensus(study(), **arguments)


def test_a_cancelled_run_leaves_nothing():
    calls = []

    def stop_late(done, total):
        calls.append((done, total))
        if len(calls) == 4:
            raise Cancelled

    with pytest.raises(Cancelled):
        pipeline.reach_consensus(study(), "dawid-skene", progress=stop_late)
