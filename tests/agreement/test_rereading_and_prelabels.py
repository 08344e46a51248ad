"""Raters with themselves, with what they were shown first, and with a reference."""

from dataclasses import replace

import numpy as np

from napari_consensus import pipeline
from napari_consensus.agreement.prelabels import prelabel_changes
from napari_consensus.agreement.references import raters_per_reference_object
from napari_consensus.agreement.sessions import first_readings, rereadings
from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.data.raters import RaterKind, RaterSet
from napari_consensus.pipeline import agreement


def table_of(rows, kinds=None, read=None):
    """Rows of image, rater, x of a box ten wide, category, session."""
    plain = annotations_from_boxes(
        [[x, 0, x + 10, 10] for _, _, x, _, _ in rows],
        image=[row[0] for row in rows],
        rater=[row[1] for row in rows],
        category=[row[3] for row in rows],
        read=read,
    )
    # The id is the number of the row as passed, whatever its place now.
    session = np.array([row[4] for row in rows], np.int16)[plain.id.astype(int)]
    raters = plain.raters
    if kinds is not None:
        raters = RaterSet(raters.names, tuple(kinds[n] for n in raters.names), raters.read)
    return replace(plain, session=session, raters=raters)


# Rater a read image i twice: two boxes again (one a fifth aside: IoU 2/3), one dropped, one
# new; image j only in the first session. Rater b read once, in session 1.
READINGS = [
    ("i", "a", 0, "x", 0),
    ("i", "a", 50, "x", 0),
    ("i", "a", 100, "x", 0),
    ("i", "a", 0, "x", 1),
    ("i", "a", 52, "y", 1),
    ("i", "a", 200, "x", 1),
    ("j", "a", 0, "x", 0),
    ("i", "b", 0, "x", 1),
]


def test_two_readings_of_one_rater_are_matched_as_two_raters_are():
    (found,) = rereadings(table_of(READINGS))
    assert (found.rater, found.images) == ("a", 1)
    numbers = found.numbers
    assert (numbers.a, numbers.b) == ("0", "1")
    assert (numbers.matched, numbers.only_a, numbers.only_b) == (2, 1, 1)
    assert numbers.f1 == 4 / 6
    assert numbers.mean_iou == (1 + 80 / 120) / 2
    assert numbers.category_agreement == 1 / 2


def test_who_read_once_has_no_agreement_with_themselves():
    assert rereadings(table_of([row for row in READINGS if row[4] == 0])) == ()
    apart = [("i", "a", 0, "x", 0), ("j", "a", 0, "x", 1)]
    assert rereadings(table_of(apart)) == ()


def test_raters_are_compared_by_their_first_reading():
    table = table_of(READINGS)
    kept = first_readings(table)
    assert sorted(kept.id.tolist()) == [0, 1, 2, 6, 7]
    found = agreement(table)
    assert found.annotations == 8
    assert [(p.matched, p.only_a, p.only_b) for p in found.pairs] == [(1, 2, 0)]
    assert any("3 annotations of later readings" in note for note in found.notes)


def test_a_second_reading_makes_no_objects_no_answers_and_no_false_positives():
    table = table_of(READINGS)
    note = "3 annotations of later readings"
    # In i both marked 0, a alone 50 and 100; in j a alone.
    consensus = pipeline.reach_consensus(table)
    assert sorted(consensus.support.tolist()) == [1, 1, 1, 2]
    assert any(note in said for said in consensus.posterior.notes)
    found = pipeline.rate_raters(table)
    assert found.marking.annotations.tolist() == found.skills.answers.tolist() == [4, 1]
    assert any(note in said for said in found.notes)
    a = table.of_raters(np.array([True, False]))
    gold = table_of([row for row in READINGS if row[4] == 0])
    against = pipeline.evaluate(a, gold)
    assert (against.tp, against.fp, against.fn) == (4, 0, 0)
    assert any(note in said for said in against.notes)
    twice = pipeline.evaluate(gold, a)
    assert (twice.tp, twice.fp, twice.fn) == (4, 0, 0)
    assert any(note in said for said in twice.notes)
    compared = pipeline.compare(table, gold, methods=("majority", "wawa"), replicates=0)
    assert compared.evaluations["wawa"].fp == 0
    assert any(note in said for said in compared.notes)


SHOWN = [
    ("i", "model", 0, "x", 0),
    ("i", "model", 50, "x", 0),
    ("i", "model", 100, "x", 0),
    ("i", "model", 150, "x", 0),
    ("i", "anna", 0, "x", 0),
    ("i", "anna", 50, "y", 0),
    ("i", "anna", 102, "x", 0),
    ("i", "anna", 200, "x", 0),
    ("i", "anna", 250, "x", 0),
    ("j", "anna", 0, "x", 0),
    ("k", "ben", 0, "x", 0),
]
KINDS = {"model": RaterKind.PRELABEL, "anna": RaterKind.HUMAN, "ben": RaterKind.HUMAN}


def test_prelabels_are_kept_moved_deleted_and_added_to():
    # Image j was never prelabelled and ben read none that was: neither counts.
    (found,) = prelabel_changes(table_of(SHOWN, KINDS))
    assert (found.rater, found.prelabel) == ("anna", "model")
    assert (found.kept, found.moved, found.deleted, found.added) == (2, 1, 1, 2)
    assert found.renamed == 1


def test_what_a_second_reading_adds_is_no_change_of_prelabels():
    (found,) = prelabel_changes(table_of([*SHOWN, ("i", "anna", 300, "x", 1)], KINDS))
    assert found.added == 2


def test_what_moved_too_far_was_deleted_and_added():
    (found,) = prelabel_changes(table_of(SHOWN, KINDS), 0.7)
    assert (found.kept, found.moved, found.deleted, found.added) == (2, 0, 2, 3)


def test_without_prelabels_there_is_nothing_to_change():
    assert prelabel_changes(table_of(SHOWN)) == ()


def test_each_rater_finds_an_object_of_the_reference_once():
    raters = [
        ("i", "a", 0, None, 0),
        ("i", "a", 1, None, 0),
        ("i", "b", 1, None, 0),
        ("i", "b", 100, None, 0),
        ("j", "b", 300, None, 0),
    ]
    gold = [("i", "gold", x, None, 0) for x in (0, 100, 200)] + [("j", "gold", 0, None, 0)]
    found = raters_per_reference_object(table_of(raters), table_of(gold))
    assert found == {0: 2, 1: 1, 2: 1}


def test_an_object_of_the_reference_on_an_image_that_no_one_read_does_not_count():
    gold = [("i", "gold", 0, None, 0), ("j", "gold", 0, None, 0)]
    raters = table_of([("i", "a", 0, None, 0)])
    both = replace(
        raters,
        images=("i", "j"),
        raters=RaterSet(("a",), (RaterKind.HUMAN,), np.array([[True], [False]])),
    )
    assert raters_per_reference_object(both, table_of(gold)) == {0: 0, 1: 1}
