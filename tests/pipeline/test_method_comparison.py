"""Methods compared on the same objects: by hand, and against every method run for itself."""

import math

import numpy as np
import pytest

from napari_consensus import pipeline
from napari_consensus.aggregation import AGGREGATORS, MajorityVote
from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.data.groups import Votes
from napari_consensus.data.raters import RaterKind
from napari_consensus.data.tasks import annotations_of_answers
from napari_consensus.errors import Cancelled, ParameterError
from napari_consensus.formats import read
from napari_consensus.pipeline.deciding import decision_rule
from napari_consensus.pipeline.held_out import predict_held_out, without_rater
from napari_consensus.pipeline.method_runs import MethodRun, shares_alike

TWO = ("majority", "dawid-skene")


def table(rows):
    """Annotations of (image, rater, place, category) rows; a place is a box of its own."""
    return annotations_from_boxes(
        np.array([[20 * p, 0, 20 * p + 10, 10] for _, _, p, _ in rows], float).reshape(-1, 4),
        image=[row[0] for row in rows],
        rater=[row[1] for row in rows],
        category=[row[3] for row in rows],
    )


# a and b agree on places 0 to 2; c calls all of them y. Place 3 is a tie.
ROWS = [
    *(("i", r, p, "x") for r in "ab" for p in range(3)),
    *(("i", "c", p, "y") for p in range(3)),
    ("j", "a", 3, "x"),
    ("j", "b", 3, "y"),
]
GOLD = [("i", "gold", 0, "x"), ("i", "gold", 1, "x"), ("i", "gold", 2, "y"), ("j", "gold", 3, "x")]


@pytest.fixture(scope="module")
def cyto(cytocrowd):
    return read(cytocrowd)


def test_a_method_has_its_time_its_ties_and_its_scores():
    found = pipeline.compare(table(ROWS), table(GOLD), ["majority"], replicates=10)
    (run,) = found.runs
    assert (run.method, int(run.tied.sum()), run.undecided) == ("majority", 1, 0)
    assert (run.n_iter, run.converged) == (1, True)
    assert run.seconds >= 0
    scored = found.evaluations["majority"]
    assert (scored.f1, scored.accuracy) == (1, 3 / 4)
    assert scored.macro_recall == pytest.approx((3 / 3 + 0 / 1) / 2)
    assert {c.category: c.recall for c in scored.by_category} == {"x": 1, "y": 0}
    assert found.held_out == {}


def test_what_is_compared_is_what_each_method_makes_by_itself(sample):
    study = sample.study
    found = pipeline.compare(study.annotations, study.reference, TWO, 0.3, "weighted", replicates=5)
    for name in TWO:
        alone = pipeline.evaluate(
            pipeline.reach_consensus(study.annotations, name, 0.3, "weighted"), study.reference
        )
        for number in ("tp", "fp", "fn", "accuracy", "covered", "class_f1", "macro_recall"):
            assert getattr(found.evaluations[name], number) == getattr(alone, number)


def test_how_alike_two_methods_decide():
    def run(*category):
        nothing = np.empty((4, 0))
        category = np.array(category, np.int32)
        return MethodRun("m", nothing, category, category < 0, 4, 0, 1, True, 0.0, ())

    alike = shares_alike([run(0, 1, 1, -1), run(0, 1, 0, -1), run(-1, 1, 1, -1)])
    expected = [[1, 2 / 3, 2 / 3], [2 / 3, 1, 1 / 3], [2 / 3, 1 / 3, 1]]
    np.testing.assert_allclose(alike, expected)


def test_a_method_that_cannot_work_here_is_left_out_and_it_says_why():
    three = table([*ROWS, ("j", "a", 4, "z")])
    found = pipeline.compare(three, methods=["majority", "kos"])
    assert [run.method for run in found.runs] == ["majority"]
    assert "two categories" in found.left_out["kos"]
    assert any(note.startswith("kos is left out") for note in found.notes)


def test_a_method_that_decides_only_some_objects_is_said_to():
    found = pipeline.compare(table(ROWS), table(GOLD), ["majority", "two-third"], replicates=0)
    assert [run.undecided for run in found.runs] == [0, 1]
    assert any("two-third leaves 1 objects without a category" in n for n in found.notes)


def test_differences_are_paired():
    rows, gold = [], []
    rng = np.random.default_rng(0)
    for image in range(12):
        for place in range(3):
            truth = "xy"[rng.integers(2)]
            gold.append((f"i{image}", "gold", place, truth))
            for rater, right in (("a", 0.95), ("b", 0.6), ("c", 0.6)):
                said = truth if rng.random() < right else "xy"[truth == "x"]
                rows.append((f"i{image}", rater, place, said))
    found = pipeline.compare(table(rows), table(gold), TWO, replicates=200, seed=3)
    same = found.differences["majority"]
    assert all((d.value, d.low, d.high, d.p) == (0, 0, 0, 1) for d in same.values())
    other = found.differences["dawid-skene"]
    for number in ("accuracy", "class_f1", "macro_recall"):
        one, base = (getattr(found.evaluations[name], number) for name in TWO[::-1])
        assert other[number].value == one - base
        assert other[number].low <= other[number].value <= other[number].high
    # Outlines are the same for all methods.
    assert (other["f1"].low, other["f1"].high) == (0, 0)
    again = pipeline.compare(table(rows), table(gold), TWO, replicates=200, seed=3)
    assert again.differences == found.differences


def two_halves(right):
    """Ten images of two places; a is right on each, b and c as often as `right` says."""
    rows, gold = [], []
    rng = np.random.default_rng(1)
    for image in range(10):
        for place in range(2):
            truth = "xy"[(image + place) % 2]
            gold.append((f"i{image}", "gold", place, truth))
            rows.append((f"i{image}", "a", place, truth))
            for rater in "bc":
                said = truth if rng.random() < right else "xy"[truth == "x"]
                rows.append((f"i{image}", rater, place, said))
    return table(rows), table(gold)


def test_images_of_one_cluster_are_drawn_together():
    rows, gold = two_halves(0.6)

    def width(clusters):
        found = pipeline.compare(rows, gold, TWO, replicates=400, clusters=clusters)
        held = found.differences["dawid-skene"]["accuracy"]
        return held.high - held.low, held.p, found.notes

    alone, _, notes = width(None)
    assert any("drawn one by one" in note for note in notes)
    assert any("intervals over 10 images or clusters are rough" in note for note in notes)
    # Each image a cluster of its own draws as none does.
    own = width({f"i{k}": f"patient {k}" for k in range(10)})
    assert own[0] == alone
    assert not any("drawn one by one" in note for note in own[2])
    pairs = width({f"i{k}": f"patient {k // 5}" for k in range(10)})
    assert pairs[0] != alone
    # Two patients can change places in two ways that matter: p is never small.
    assert pairs[1] > 0.3


def test_a_single_image_has_no_intervals_and_nothing_is_told_apart():
    found = pipeline.compare(table(ROWS[:9]), table(GOLD[:3]), ["majority", "two-third"])
    held = found.differences["two-third"]["accuracy"]
    assert math.isnan(held.low)
    assert math.isnan(held.p)
    assert found.standings["accuracy"].not_separable() == ()
    assert any("no intervals" in note for note in found.notes)
    one = {"i": "p", "j": "p"}
    found = pipeline.compare(table(ROWS), table(GOLD), ["majority"], clusters=one)
    assert math.isnan(found.differences["majority"]["accuracy"].low)


def test_the_best_method_decides_nearly_all_objects():
    # Place 3 is a tie of two votes: two-third leaves it open, and is right on 2 of 3 others.
    found = pipeline.compare(table(ROWS), table(GOLD), ["majority", "two-third"], replicates=20)
    assert [run.decided for run in found.runs] == [1, 3 / 4]
    standing = found.standings["accuracy"]
    assert (standing.best, standing.value) == ("majority", 3 / 4)
    assert standing.behind["majority"].value == 0
    assert standing.behind["two-third"].value == pytest.approx(2 / 3 - 3 / 4)
    assert "f1" not in found.standings
    # Where no method decides nearly all, any may be the best.
    alone = pipeline.compare(
        table(ROWS), table(GOLD), ["two-third"], baseline="two-third", replicates=20
    )
    assert alone.standings["accuracy"].best == "two-third"


def test_equal_methods_are_not_separable_from_the_first_of_them():
    rows, gold = two_halves(0.7)
    found = pipeline.compare(rows, gold, ["majority", "naive-soft"], replicates=50)
    standing = found.standings["class_f1"]
    assert standing.best == "majority"
    assert standing.not_separable() == ("naive-soft",)


def test_recall_of_severe_categories_is_counted_and_drawn():
    found = pipeline.compare(
        table(ROWS), table(GOLD), ["majority"], severities={"x": 0.0, "y": 2.0}, replicates=30
    )
    # Ties go to the severe: place 3 is called y, place 2 is y and called x.
    assert found.severe == ("y",)
    assert found.severe_recall == {"majority": 0.0}
    assert found.evaluations["majority"].accuracy == 2 / 4
    assert found.differences["majority"]["severe_recall"].value == 0
    assert found.standings["severe_recall"].best == "majority"


def test_severe_categories_are_above_the_least():
    severe = pipeline.method_comparison.severe_categories
    assert severe({"low": 0, "b": 2, "high": 3, "a": 2}) == ("high", "a", "b")
    assert severe({"only": 5}) == severe({}) == ()


def answers(rater_kind, rows):
    """Answers to tasks of (task, rater, label) rows, in codes."""
    task, rater, label = (np.array(column) for column in zip(*rows, strict=True))
    names = [tuple(map(str, range(values.max() + 1))) for values in (task, rater, label)]
    return annotations_of_answers(
        task, rater, label, tasks=names[0], raters=names[1], categories=names[2], kind=rater_kind
    )


@pytest.mark.parametrize("fusion", ["mean", "median", "medoid", "weighted"])
def test_answers_without_a_place_have_no_f1(fusion):
    rows = [(t, r, (t + (r == 2)) % 2) for t in range(5) for r in range(3)]
    given = answers(RaterKind.HUMAN, rows)
    truth = answers(RaterKind.REFERENCE, [(t, 0, t % 2) for t in range(5)])
    found = pipeline.compare(given, truth, TWO, fusion=fusion, replicates=20)
    for held in found.evaluations.values():
        assert all(math.isnan(v) for v in (held.f1, held.f1_macro, held.precision, held.recall))
        assert (held.accuracy, held.class_f1) == (1, 1)
    assert math.isnan(found.differences["dawid-skene"]["f1"].value)
    assert math.isnan(found.differences["dawid-skene"]["f1"].p)
    assert sum("no place" in note for note in found.notes) == 1


def test_raters_left_out_are_predicted_from_the_others_by_hand():
    # Places 0 to 2. Without a: x of b and y of c tie, y is commoner (4 of 7); a said x.
    # Without b: x of a and y of c tie, x is commoner (4 of 7); b said x. Without c: x; c said y.
    found = pipeline.compare(table(ROWS), methods=["majority"])
    predicted = found.held_out["majority"]
    # Place 3 on image j: without a it is b's y, without b it is a's x; both are misses.
    assert predicted.answers.tolist() == [[3, 3, 3], [1, 1, 0]]
    assert predicted.hits.tolist() == [[0, 3, 0], [0, 0, 0]]
    assert predicted.accuracy == 3 / 11
    np.testing.assert_allclose(predicted.by_rater, [0, 3 / 4, 0])
    assert pipeline.method_comparison.SHARED_BIAS in found.notes
    assert any("there is no reference" in note for note in found.notes)
    assert found.differences["majority"]["held_out"].value == 0


def test_a_rater_left_out_is_gone_from_votes_and_readings():
    read = np.array([[1, 1, 0], [1, 1, 1]], bool)
    votes = Votes(
        *([0, 0, 1, 1], [0, 1, 0, 2], [3, 2, 1, 0], [0, 1], read, 4),
        unread=np.array([[1, 1], [0, 0]]),
    )
    left = without_rater(votes, 1)
    assert (left.object.tolist(), left.rater.tolist()) == ([0, 1, 1], [0, 0, 1])
    assert left.category.tolist() == [3, 1, 0]
    assert left.read.tolist() == [[1, 0], [1, 1]]
    assert left.unread.tolist() == [[0, 0]]
    assert (left.n_objects, left.n_raters) == (2, 2)


def test_one_rater_has_no_one_to_predict_them():
    votes = Votes([0, 1], [0, 0], [1, 0], [0, 0], np.ones((1, 1), bool), 2)
    found = predict_held_out(votes, [MajorityVote.name], decision_rule(("x", "y")))
    assert math.isnan(found["majority"].accuracy)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"methods": ["oracle"]}, "oracle"),
        ({"methods": ["majority", "majority"]}, "named twice"),
        ({"methods": ["dawid-skene"]}, "baseline 'majority' is not among"),
        ({"methods": ["majority", "kos"], "baseline": "kos"}, "baseline 'kos' cannot work"),
        ({"replicates": -1}, "replicates is -1"),
        ({"grouping_iou": 2}, "grouping_iou is 2"),
        ({"minimum_iou": 2}, "minimum_iou is 2"),
    ],
)
def test_what_cannot_be_compared_is_refused(arguments, says):
    with pytest.raises(ParameterError, match=says):
        pipeline.compare(table([*ROWS, ("j", "a", 4, "z")]), **arguments)


def test_a_cancel_stops_it():
    def stop(done, total):
        if done:
            raise Cancelled

    with pytest.raises(Cancelled):
        pipeline.compare(table(ROWS), progress=stop)


def test_an_empty_study_is_compared_without_a_number():
    found = pipeline.compare(table([]), table(GOLD), ["majority"])
    assert found.evaluations["majority"].fn == 4
    assert math.isnan(found.differences["majority"]["accuracy"].low)


def test_the_best_category_accuracy_of_methods_on_cytocrowd(cyto):
    found = pipeline.compare(
        cyto.annotations, cyto.reference, grouping_iou=0.25, fusion="weighted", replicates=0
    )
    assert len(found.runs) >= min(14, len(AGGREGATORS) - 1)
    decided = [found.evaluations[run.method] for run in found.runs if not run.undecided]
    assert max(held.accuracy for held in decided) >= 0.936
    assert min(held.f1 for held in decided) >= 0.92


def test_assisted_boxes_find_more_of_the_reference_on_cytocrowd(cyto):
    made = pipeline.reach_consensus(cyto.annotations, fusion="assisted")
    found = pipeline.evaluate(made, cyto.reference)
    assert found.f1 >= 0.945
    assert found.class_f1 >= 0.872
    steps = {step.action: step.parameters for step in made.provenance.steps}
    assert steps["fuse"]["image_assisted"] is True
    assert any("image-assisted" in note for note in made.posterior.notes)
    assert any("image-assisted" in note for note in found.notes)
    compared = pipeline.compare(
        cyto.annotations, cyto.reference, ["majority"], fusion="assisted", replicates=0
    )
    assert any("image-assisted" in note for note in compared.notes)
