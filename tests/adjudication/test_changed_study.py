"""A study that changes costs only the decisions it touches."""

import json

import pytest

from napari_consensus import annotations_from_boxes, reach_consensus
from napari_consensus.adjudication import (
    Action,
    Review,
    Verdict,
    box,
    export_log,
    freeze,
    gold_standard,
    made_ids,
    progress_of,
)
from napari_consensus.errors import ParameterError

CHANGED = "its annotations are gone, have changed, or form other objects now"
LATE_ELSEWHERE = ("b", "x", "debris", (70, 70, 80, 80))
LATE = ("a", "w", "debris", (51, 50, 60, 60))  # a late rater, on the object only x marked


@pytest.fixture
def decided(review, ids):
    review.reject(ids[0])
    review.relabel(ids[1], "artefact")
    review.take(ids[2], "y")
    return review


def test_a_late_rater_costs_the_decision_on_the_object_they_marked(decided, ids, reached, rows):
    later = Review(reached([*rows, LATE]), decided.log, adjudicator="senior")
    (affected,) = later.affected
    assert affected.decision.objects == (ids[1],)
    assert affected.why == CHANGED
    (again,) = affected.objects
    assert later.verdict(again) is Verdict.OPEN
    assert later.verdict(ids[0]) is Verdict.REJECTED
    assert later.shape(ids[2]).category == "debris"
    later.accept(again)
    assert later.affected == ()


def test_what_was_decided_does_not_follow_another_method(decided, ids, reached, rows):
    table = reached(rows).groups.annotations
    other = reach_consensus(table, "dawid-skene", fusion="medoid")
    later = Review(other, decided.log, adjudicator="senior")
    assert later.affected == ()
    assert gold_standard(later).settled == gold_standard(decided).settled


@pytest.mark.parametrize(
    ("change", "value"), [("category", "debris"), ("box", (0, 0, 10, 10.5)), ("rater", "v")]
)
def test_an_annotation_that_was_changed_costs_its_decision(decided, reached, rows, change, value):
    image, rater, category, corners = rows[0]
    new = {"category": category, "box": corners, "rater": rater, change: value}
    rows[0] = (image, new["rater"], new["category"], new["box"])
    later = Review(reached(rows), decided.log, adjudicator="senior")
    assert [held.why for held in later.affected] == [CHANGED]


def test_a_file_that_was_written_anew_costs_only_what_changed_in_it(decided, ids, reached, rows):
    # Rows in another order: every annotation has another id, as after editing a file.
    rows[3] = ("a", "x", "debris", (50, 50, 60, 61))
    later = Review(reached([*reversed(rows), LATE_ELSEWHERE]), decided.log, adjudicator="senior")
    assert not set(ids) & set(later.consensus.shapes.id.tolist())
    (affected,) = later.affected
    assert affected.decision.objects == (ids[1],)
    assert later.shape(affected.objects[0]) == box(50, 50, 60, 61, "debris")
    (taken,) = (d for d in later.in_force() if d.action is Action.TAKE)
    assert later.shape(taken.objects[0]) == box(0, 0, 20, 20, "debris")
    assert gold_standard(later).settled == ("not reviewed", "take", "not reviewed")
    assert len(later.undo()) == 1
    assert gold_standard(later).settled == ("not reviewed",) * 3


def test_a_merge_finds_its_objects_in_a_file_written_anew(review, ids, reached, rows):
    review.merge(ids[:2], box(0, 0, 60, 60, "debris"))
    later = Review(reached(rows[::-1]), review.log, adjudicator="")
    assert later.affected == ()
    assert len(gold_standard(later)) == 2


def test_grouping_otherwise_costs_the_decisions_on_other_objects(decided, ids, rows):
    apart = reach_consensus(Review(decided.consensus, adjudicator="").consensus.groups.annotations)
    assert Review(apart, decided.log, adjudicator="").affected == ()
    table = decided.consensus.groups.annotations
    finer = reach_consensus(table, grouping_iou=0.95)
    later = Review(finer, decided.log, adjudicator="")
    (affected,) = later.affected
    assert affected.decision.objects == (ids[0],)
    assert len(affected.objects) == 3


def test_an_added_object_is_looked_at_again_once_someone_marks_its_place(review, reached, rows):
    (made,) = made_ids(review.add("b", box(40, 40, 50, 52, "mitosis")))
    elsewhere = reached([*rows, ("b", "w", "debris", (70, 70, 80, 80))])
    assert Review(elsewhere, review.log, adjudicator="").affected == ()
    there = reached([*rows, ("b", "w", "debris", (41, 40, 50, 52))])
    later = Review(there, review.log, adjudicator="")
    (affected,) = later.affected
    assert affected.why == "other annotations lie there now"
    assert len(affected.objects) == 1
    assert made not in gold_standard(later).shapes.id.tolist()


def test_decisions_on_a_made_object_follow_the_one_that_made_it(review, ids, reached, rows):
    parts = made_ids(review.split(ids[1], [box(50, 50, 55, 60), box(55, 50, 60, 60)]))
    review.relabel(parts[0], "artefact")
    later = Review(reached([*rows, LATE]), review.log, adjudicator="")
    assert [str(held.decision.action) for held in later.affected] == ["split", "relabel"]
    while later.undo():
        pass
    assert gold_standard(later).settled == ("not reviewed",) * 3


def test_annotations_of_the_same_id_are_told_apart_by_what_they_say(review, ids):
    review.accept(ids[0])
    table = annotations_from_boxes(
        [(0, 0, 10, 10)] * 3, image=["a"] * 3, rater=["x", "y", "z"], category=["mitosis"] * 3
    )
    later = Review(reach_consensus(table), review.log, adjudicator="")
    assert [held.why for held in later.affected] == [CHANGED]


def test_a_decision_of_which_nothing_is_left_is_dismissed_and_brought_back(
    decided, ids, reached, rows
):
    gone = [row for k, row in enumerate(rows) if k != 3]  # the only mark of the second object
    later = Review(reached(gone), decided.log, adjudicator="head")
    (affected,) = later.affected
    number = affected.decision.number
    assert affected.objects == ()
    later.dismiss(number)
    assert later.affected == ()
    assert [held.decision.number for held in later.dismissed] == [number]
    with pytest.raises(ParameterError, match="is not to be looked at again"):
        later.dismiss(number)
    again = Review(reached(gone), decided.log, adjudicator="head")
    assert (again.affected, len(again.dismissed)) == ((), 1)
    version = freeze(again, signed_by="head", basis="panel", statement="")
    assert (version.affected, version.dismissed, version.open_items) == (0, 1, 0)
    assert progress_of(again).dismissed == 1
    lines = [json.loads(line) for line in export_log(decided.log)]
    assert [line["number"] for line in lines if line.get("dismissed")] == [number]
    assert (lines[-1]["action"], lines[-1]["target"]) == ("dismiss", number)
    again.undo()
    assert [held.decision.number for held in again.affected] == [number]
    again.redo()
    assert again.affected == ()


def test_a_dismissed_decision_holds_again_where_its_annotations_come_back(
    decided, ids, reached, rows
):
    gone = Review(reached(rows[:3] + rows[4:]), decided.log, adjudicator="head")
    gone.dismiss(gone.affected[0].decision.number)
    back = Review(reached(rows), decided.log, adjudicator="head")
    assert (back.affected, back.dismissed) == ((), ())
    assert back.shape(ids[1]).category == "artefact"


def test_what_was_drawn_for_an_audit_is_not_to_be_looked_at_again(review, ids, reached, rows):
    review.accept_all([ids[0]], batch="batch 1", sample=ids[1:])
    later = Review(reached(rows[:3] + rows[4:]), review.log, adjudicator="")
    assert later.affected == ()
    assert later.verdict(ids[2]) is Verdict.OPEN
