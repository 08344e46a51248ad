"""Decisions settle objects, undo takes them back, and nothing is ever forgotten."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_consensus.adjudication import (
    Action,
    Check,
    DecisionLog,
    Review,
    Verdict,
    box,
    gold_standard,
    made_ids,
)
from napari_consensus.errors import ParameterError, ReadError

ELSEWHERE = box(30, 30, 36, 38, "mitosis")


def bytes_of(review):
    gold = gold_standard(review)
    shapes = gold.shapes
    columns = (shapes.image, shapes.category, shapes.vertices, shapes.kind, shapes.id, gold.rows)
    return b"".join(column.tobytes() for column in columns), gold.settled, shapes.categories


def test_nothing_is_decided_at_first_and_the_gold_standard_is_the_consensus(review, consensus):
    gold = gold_standard(review)
    assert gold.settled == ("not reviewed",) * 3
    assert gold.rows.tolist() == [0, 1, 2]
    assert np.array_equal(gold.shapes.vertices, consensus.shapes.vertices)
    assert gold.shapes.raters.names == ("gold standard",)
    assert not review.can_undo
    assert review.undo() == ()


def test_accepting_keeps_the_outline_and_the_category_that_were_shown(review, ids):
    done = review.accept(ids[0], seconds=2.5, blind="debris", text="clear")
    assert (done.action, done.adjudicator, done.image) == (Action.ACCEPT, "senior", "a")
    assert done.objects == (ids[0],)
    assert done.shapes == (box(0, 0, 10, 11, "mitosis"),)
    assert [judged.annotation for judged in done.judged] == [0, 1, 2]
    assert (done.seconds, done.blind, done.text) == (2.5, "debris", "clear")
    assert review.verdict(ids[0]) is Verdict.KEPT
    assert review.verdict(ids[1]) is Verdict.OPEN


def test_rejecting_leaves_the_object_out(review, ids):
    review.reject(ids[1])
    assert review.verdict(ids[1]) is Verdict.REJECTED
    gold = gold_standard(review)
    assert gold.shapes.id.tolist() == [ids[0], ids[2]]
    assert gold.rows.tolist() == [0, 2]


def test_taking_a_raters_annotation_takes_outline_and_category(review, ids):
    review.take(ids[0], "z")
    assert review.shape(ids[0]) == box(0, 0, 10, 11, "debris")
    with pytest.raises(ParameterError, match="'z' did not mark this object; x did"):
        review.take(ids[1], "z")


def test_a_new_outline_and_a_new_category_add_up(review, ids):
    review.redraw(ids[1], box(50, 50, 61, 62, "debris"))
    review.relabel(ids[1], "artefact")
    review.accept(ids[1])
    assert review.shape(ids[1]) == box(50, 50, 61, 62, "artefact")
    gold = gold_standard(review)
    assert gold.shapes.categories == ("debris", "mitosis", "artefact")
    assert gold.shapes.bounds[1].tolist() == [50, 50, 61, 62]
    assert [entry.action for entry in gold.history[1]] == ["redraw", "relabel", "accept"]


def test_merging_puts_one_object_in_the_place_of_several(review, ids):
    done = review.merge([ids[0], ids[1]], box(0, 0, 60, 60, "debris"))
    (made,) = made_ids(done)
    assert [review.verdict(k) for k in (ids[0], ids[1], made)] == [
        Verdict.REPLACED,
        Verdict.REPLACED,
        Verdict.KEPT,
    ]
    gold = gold_standard(review)
    assert sorted(gold.shapes.id.tolist()) == sorted([ids[2], made])
    assert gold.rows[gold.shapes.id == made].tolist() == [-1]
    with pytest.raises(ParameterError, match="two or more objects of one image"):
        review.merge([ids[0], ids[2]], ELSEWHERE)


def test_parts_of_a_split_can_be_decided_on_like_any_object(review, ids):
    parts = made_ids(review.split(ids[2], [box(0, 0, 9, 20), box(11, 0, 20, 20)]))
    assert len(set(parts)) == 2
    review.relabel(parts[1], "debris")
    review.reject(parts[0])
    assert gold_standard(review).shapes.id.tolist() == [ids[0], ids[1], parts[1]]
    review.undo()
    assert review.verdict(parts[0]) is Verdict.KEPT
    assert review.shape(ids[2]).rings == box(0, 0, 20, 20).rings
    with pytest.raises(ParameterError, match="two or more outlines; 1 given"):
        review.split(ids[2], [ELSEWHERE])


def test_an_object_that_all_missed_is_added(review):
    done = review.add("b", ELSEWHERE, text="faint")
    (made,) = made_ids(done)
    assert done.objects == done.judged == ()
    gold = gold_standard(review)
    at = gold.shapes.id.tolist().index(made)
    assert (gold.settled[at], gold.history[at][0].text) == ("add", "faint")
    with pytest.raises(ParameterError, match="no image is named 'c'"):
        review.add("c", ELSEWHERE)


def test_unsure_objects_stay_open_and_can_be_left_out(review, ids):
    review.unsure(ids[0])
    review.comment(ids[1], "ask again")
    review.accept(ids[2])
    assert review.verdict(ids[0]) is Verdict.UNSURE
    assert review.verdict(ids[1]) is Verdict.OPEN
    gold = gold_standard(review)
    assert gold.settled == ("unsure", "not reviewed", "accept")
    assert [entry.text for entry in gold.history[1]] == ["ask again"]
    assert gold_standard(review, keep_open=False).shapes.id.tolist() == [ids[2]]


def test_undo_and_redo_are_appended_and_a_new_decision_ends_what_can_be_redone(review, ids):
    first = review.reject(ids[0])
    review.accept(ids[1])
    assert [d.action for d in review.undo()] == [Action.ACCEPT]
    assert review.redo()[0].objects == (ids[1],)
    review.undo()
    review.undo()
    assert review.verdict(ids[0]) is Verdict.OPEN
    review.unsure(ids[2])
    assert not review.can_redo
    actions = [str(d.action) for d in review.log.decisions]
    assert actions == ["reject", "accept", "undo", "redo", "undo", "undo", "unsure"]
    assert review.log.decisions[5].target == first.number


def test_a_batch_is_one_step(review, ids):
    review.accept_all(ids[:2], batch="one")
    review.reject(ids[2], check=Check.AUDIT, batch="one")
    review.undo()
    assert [d.objects[0] for d in review.undo()] == list(ids[:2])
    assert not review.can_undo
    assert len(review.redo()) == 2
    assert review.verdict(ids[1]) is Verdict.KEPT


def test_an_object_shown_again_settles_nothing(review, ids):
    review.relabel(ids[0], "debris")
    again = review.accept(ids[0], check=Check.REPEAT)
    assert again.shapes[0].category == "mitosis"  # what the consensus says, as at first
    assert review.shape(ids[0]).category == "debris"


def test_an_object_that_is_not_there_is_named(review):
    with pytest.raises(ParameterError, match="no object 12345 in this consensus"):
        review.accept(12345)


def test_a_log_whose_undo_is_not_of_the_last_step_is_refused(consensus, ids):
    log = DecisionLog()
    review = Review(consensus, log, adjudicator="senior")
    review.accept(ids[0])
    wrong = review.undo()[0]
    log.append([type(wrong)(Action.REDO, "senior", target=99)])
    with pytest.raises(ReadError, match="redo of decision 99, but it was the turn of decision 2"):
        Review(consensus, log, adjudicator="senior")


DO = {
    "accept": lambda review, k: review.accept(k),
    "reject": lambda review, k: review.reject(k),
    "redraw": lambda review, k: review.redraw(k, ELSEWHERE),
    "relabel": lambda review, k: review.relabel(k, "other"),
    "split": lambda review, k: review.split(k, [ELSEWHERE, box(1, 1, 2, 2)]),
    "unsure": lambda review, k: review.unsure(k),
    "comment": lambda review, k: review.comment(k, "hm"),
    "add": lambda review, _: review.add("b", ELSEWHERE),
    "batch": lambda review, k: review.accept_all([k], batch="batch"),
    "undo": lambda review, _: review.undo(),
    "redo": lambda review, _: review.redo(),
}


@settings(max_examples=12, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(DO)), st.integers(0, 2)), max_size=14))
def test_any_review_replays_to_the_same_and_undoes_to_the_start(shared_consensus, steps):
    review = Review(shared_consensus, adjudicator="senior")
    start = bytes_of(review)
    ids = shared_consensus.shapes.id.tolist()
    for name, k in steps:
        DO[name](review, ids[k])
    replayed = Review(shared_consensus, review.log, adjudicator="other")
    end = bytes_of(review)
    assert bytes_of(replayed) == end
    back = 0
    while review.undo():
        back += 1
    assert bytes_of(review) == start
    for _ in range(back):
        review.redo()
    assert bytes_of(review) == end


@pytest.fixture(scope="module")
def shared_consensus():
    from napari_consensus import annotations_from_boxes, reach_consensus

    return reach_consensus(
        annotations_from_boxes(
            [(0, 0, 10, 10), (0, 0, 10, 12), (50, 50, 60, 60), (0, 0, 20, 20)],
            image=["a", "a", "a", "b"],
            rater=["x", "y", "x", "x"],
            category=["m", "d", "m", None],
        )
    )
