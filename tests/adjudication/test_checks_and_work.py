"""How far decisions can be trusted, and how the work goes."""

import math

import pytest

from napari_consensus.adjudication import (
    AdjudicatorPair,
    Check,
    Review,
    audit_result,
    compare_adjudicators,
    consistency,
    progress_of,
    work_of,
)
from napari_consensus.reliability import share_intervals


def test_the_audit_of_a_batch_counts_what_was_not_accepted(review, ids):
    review.accept_all(ids[:1], batch="easy")
    how = {"check": Check.AUDIT, "batch": "easy"}
    assert math.isnan(audit_result(review.in_force(), "easy").rate)
    review.accept(ids[1], **how)
    review.relabel(ids[2], "debris", **how)
    review.comment(ids[2], "late", **how)
    found = audit_result(review.in_force(), "easy")
    assert (found.checked, found.errors, found.rate) == (2, 1, 0.5)
    assert (found.low, found.high) == pytest.approx(share_intervals([1], [2])[0])
    review.unsure(ids[2], **how)  # the last answer counts, and unsure is none
    assert audit_result(review.in_force(), "easy").checked == 1
    assert audit_result(review.in_force(), "other").checked == 0


def test_the_same_answer_again_is_the_same_verdict_and_category(review, ids):
    review.relabel(ids[0], "debris")
    review.reject(ids[1])
    review.accept(ids[2])
    review.take(ids[0], "z", check=Check.REPEAT)  # z says debris too
    review.accept(ids[1], check=Check.REPEAT)
    found = consistency(review.in_force(), "senior")
    assert (found.repeats, found.same, found.share, found.differing) == (2, 1, 0.5, (ids[1],))
    assert consistency(review.in_force(), "other").repeats == 0


def test_progress_counts_objects_as_they_stand(review, ids):
    review.accept(ids[0], seconds=2.0, blind="mitosis")
    review.relabel(ids[0], "debris", seconds=4.0, blind="mitosis")
    review.split(ids[1], [review.shape(ids[1]), review.shape(ids[0])], seconds=9.0)
    review.unsure(ids[2])
    found = progress_of(review)
    assert (found.objects, found.settled, found.unsure, found.not_reviewed) == (4, 3, 1, 0)
    (work,) = found.by_adjudicator
    assert (work.decisions, work.in_batches, work.seconds) == (4, 0, 4.0)
    assert (work.blind, work.changed_mind) == (2, 1)


def test_time_of_a_batch_is_no_time_of_decisions(review, ids):
    review.accept_all(ids, batch="all")
    (work,) = work_of(review.in_force())
    assert (work.decisions, work.in_batches) == (3, 3)
    assert math.isnan(work.seconds)


def test_two_adjudicators_are_compared_by_their_last_answers(consensus, ids):
    first = Review(consensus, adjudicator="one")
    second = Review(consensus, adjudicator="two")
    first.reject(ids[0])
    first.accept(ids[0])
    second.relabel(ids[0], "debris")
    for review in (first, second):
        review.accept(ids[1])
    first.accept(ids[2])
    second.reject(ids[2])
    (pair,) = compare_adjudicators([*first.in_force(), *second.in_force()])
    assert pair == AdjudicatorPair(
        "one", "two", both=3, same_verdict=2, both_kept=2, same_category=1
    )
