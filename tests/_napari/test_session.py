from __future__ import annotations

import pytest

from napari_consensus._napari.session import Session, enclosing
from napari_consensus.adjudication import (
    Action,
    Check,
    DecisionLog,
    Review,
    Shape,
    Verdict,
    audit_result,
    box,
    gold_standard,
)
from napari_consensus.data.annotations import Outline
from napari_consensus.errors import WriteError
from napari_consensus.pipeline import reach_consensus
from napari_consensus.queueing import ReviewFilter, draw_batch, review_queue


@pytest.fixture
def consensus(disputed):
    return reach_consensus(disputed(40).annotations)


@pytest.fixture
def session(consensus):
    return begun(consensus, repeats=False)


def begun(consensus, log=None, **how):
    session = Session(Review(consensus, log, adjudicator="Ada"), **how)
    order(session)
    return session


def order(session):
    walk = session.walk
    walk.due = False
    session.set_queue(review_queue(session.review, walk.wanted, verdict=walk.verdict))


def last(session):
    return session.review.log.decisions[-1]


def test_a_session_begins_with_the_first_of_the_queue(session):
    assert session.shown.object_id == session.walk.queue.ids[0]
    assert session.reasons()


def test_an_answer_goes_on_to_the_next(session):
    first, second = session.walk.queue.ids[:2]
    session.accept()
    assert session.shown.object_id == second
    assert session.review.verdict(first) is Verdict.KEPT
    assert session.counts[Verdict.KEPT] == 1
    assert session.counts.total() == 40


def test_next_leaves_an_object_open_until_the_others_are_done(session):
    first, *others = session.walk.queue.ids
    session.step(1)
    for _ in others:
        assert session.shown.object_id != first
        session.reject()
    assert session.shown.object_id == first


def test_back_shows_what_was_decided(session):
    first = session.shown.object_id
    session.reject()
    session.step(-1)
    assert session.shown.object_id == first
    assert session.standing() is Verdict.REJECTED
    assert [d.action for d in session.history()] == [Action.REJECT]
    session.step(-1)
    assert session.shown.object_id == first


def test_the_category_there_is_is_accepted_and_another_relabels(session):
    was = session.shape().category
    other = "long" if was == "round" else "round"
    session.relabel(was)
    assert last(session).action is Action.ACCEPT
    session.relabel(other if session.shape().category == was else was)
    assert last(session).action is Action.RELABEL


def test_an_object_left_unsure_comes_back_when_asked_for(session):
    first = session.shown.object_id
    session.unsure()
    assert session.shown.object_id != first
    session.look_for(ReviewFilter(), Verdict.UNSURE)
    order(session)
    assert session.walk.queue.ids == (first,)
    assert session.shown.object_id == first


def test_the_queue_is_asked_for_anew_every_25_decisions(session):
    for _ in range(24):
        session.accept()
    assert not session.walk.due
    session.accept()
    assert session.walk.due


def test_a_rater_who_did_not_mark_it_cannot_be_taken(session, consensus):
    hints = []
    session.hinted.connect(hints.append)
    alone = next(k for k in session.walk.queue.ids if len(session.review.members(k)) == 1)
    session.go(alone)
    session.take(2)
    assert "did not mark" in hints[0]
    assert not session.review.log.decisions
    session.take(1)
    assert last(session).rater == "A"


def test_blind_first_hides_the_raters_until_the_answer_and_records_it(consensus):
    session = begun(consensus, blind_first=True)
    hints = []
    session.hinted.connect(hints.append)
    session.accept()
    session.take(1)
    assert len(hints) == 2
    assert session.hidden
    was = session.shape().category
    other = "long" if was == "round" else "round"
    session.relabel(other)
    assert hints[2:] == [""]
    assert not session.hidden
    assert session.answer == other
    session.accept()
    assert (last(session).action, last(session).blind) == (Action.RELABEL, other)
    session.reject()
    assert session.answer == ""
    session.relabel(session.shape().category)
    assert (last(session).action, last(session).blind) == (Action.ACCEPT, "")
    session.reject()
    session.accept()
    assert (last(session).action, last(session).blind) == (Action.REJECT, "")


def test_a_settled_object_comes_back_unannounced_and_settles_nothing(consensus):
    session = begun(consensus)
    while session.shown is not None and session.shown.check is not Check.REPEAT:
        session.reject()
    held = session.shown.object_id
    assert session.standing() is Verdict.OPEN
    assert session.history() == ()
    session.accept()
    assert last(session).check is Check.REPEAT
    assert session.review.verdict(held) is Verdict.REJECTED
    assert session.counts[Verdict.KEPT] == 0


def test_without_repeats_none_comes_back(consensus):
    session = begun(consensus, repeats=False)
    for _ in range(40):
        session.reject()
    assert session.shown is None
    assert all(d.check is Check.NONE for d in session.review.log.decisions)


def test_merging_makes_one_object_in_the_common_box(session):
    first, second = session.walk.queue.ids[:2]
    joint = enclosing([session.review.shape(first), session.review.shape(second)])
    session.toggle_mark(second)
    session.merge()
    made = session.review.made[0]
    assert session.review.shape(made) == joint
    assert session.counts.total() == 39
    session.undo()
    assert session.shown.object_id == first
    assert session.counts.total() == 40


def test_a_second_mark_takes_the_first_away(session):
    second = session.walk.queue.ids[1]
    session.toggle_mark(second)
    session.toggle_mark(second)
    session.toggle_mark(session.shown.object_id)
    assert session.marked == ()


def test_what_overlaps_most_is_found(session):
    session.add("image-0", box(*session.shape().bounds, "long"))
    assert session.overlapping() == session.review.made[0]
    session.undo()
    assert session.overlapping() is None


def test_points_merge_in_their_middle():
    points = [Shape("", Outline.POINT, (((x, 4.0),),)) for x in (1.0, 5.0)]
    assert enclosing(points) == Shape("", Outline.POINT, (((3.0, 4.0),),))


def test_the_audit_of_a_batch_comes_first_and_is_marked(session):
    batch = draw_batch(session.walk.left(), session.next_batch(), audit=3)
    session.review.accept_all(batch.accept, batch=batch.name, sample=batch.audit)
    session.batch_accepted()
    assert session.walk.audit_left == 3
    held = session.shown.object_id
    session.step(1)
    assert session.shown.object_id != held
    for _ in range(3):
        session.reject()
    assert [d.check for d in session.review.log.decisions[-3:]] == [Check.AUDIT] * 3
    assert session.walk.audit_left == 0
    assert session.next_batch() == "batch 2"
    session.undo()
    assert (session.walk.audit_left, session.shown.check) == (1, Check.AUDIT)
    for _ in range(3):
        session.undo()
    assert session.counts[Verdict.OPEN] == 40
    assert session.walk.audit_left == 0


def test_an_audit_that_was_not_finished_goes_on_in_another_window(session, consensus):
    batch = draw_batch(session.walk.left(), "batch 1", audit=5)
    session.review.accept_all(batch.accept, batch=batch.name, sample=batch.audit)
    session.batch_accepted()
    session.reject()
    session.unsure()
    later = begun(consensus, session.review.log.copy(), repeats=False)
    assert later.walk.audit_left == 3
    assert (later.shown.check, later.shown.batch) == (Check.AUDIT, "batch 1")
    for _ in range(3):
        later.accept()
    assert later.shown is None
    found = audit_result(later.review.in_force(), "batch 1")
    assert (found.drawn, found.checked, found.errors) == (5, 4, 1)
    # Clopper and Pearson for 1 of 4, from tables.
    assert (round(found.low, 3), round(found.high, 3)) == (0.006, 0.806)


def test_undo_to_the_start_restores_the_first_state(session):
    before = gold_standard(session.review)
    session.accept()
    session.split([box(0, 0, 5, 5, "round"), box(5, 0, 9, 5, "round")])
    session.comment("pale")
    session.add("image-0", box(500, 500, 520, 530, "long"))
    session.take(1)
    session.unsure()
    n = len(session.review.log.decisions)
    for _ in range(n):
        session.undo()
    after = gold_standard(session.review)
    assert after.shapes.id.tolist() == before.shapes.id.tolist()
    assert after.shapes.vertices.tolist() == before.shapes.vertices.tolist()
    assert after.shapes.category.tolist() == before.shapes.category.tolist()
    assert (after.settled, after.history) == (before.settled, before.history)
    assert session.counts == {Verdict.OPEN: 40}
    for _ in range(n):
        session.redo()
    assert session.review.in_force() == list(session.review.log.decisions[:n])


def test_nothing_to_undo_is_said(session):
    hints = []
    session.hinted.connect(hints.append)
    session.undo()
    session.redo()
    assert hints == ["There is nothing to undo.", "There is nothing to redo."]


def test_a_decision_that_cannot_be_stored_holds_and_is_told(consensus, tmp_path, monkeypatch):
    log = DecisionLog(tmp_path / "a.decisions.sqlite")
    session = begun(consensus, log)
    failed = []
    session.safe.failed.connect(failed.append)

    def full(entries):
        msg = "a.decisions.sqlite: cannot be written: database or disk is full"
        raise WriteError(msg)

    session.accept()
    with monkeypatch.context() as patched:
        patched.setattr(log._file, "append", full)
        session.reject()
        session.undo()
    assert len(failed) == 2
    assert log.pending == 2
    assert session.counts[Verdict.KEPT] == 1
    log.move_to(tmp_path / "b.decisions.sqlite")
    assert log.pending == 0
    session.accept()
    log.close()
    assert DecisionLog.read(tmp_path / "b.decisions.sqlite").decisions == log.decisions


def test_time_is_counted_from_when_an_object_is_shown(session, monkeypatch):
    now = [100.0]
    monkeypatch.setattr("napari_consensus._napari.session.monotonic", lambda: now[0])
    session.step(1)
    now[0] = 103.25
    session.accept()
    assert last(session).seconds == pytest.approx(3.2, abs=0.06)
