"""The queue asks first what the consensus most probably gets wrong, and says why."""

import numpy as np
import pytest

from napari_consensus import annotations_from_boxes, reach_consensus
from napari_consensus.adjudication import Check, Review, Verdict, box
from napari_consensus.errors import ParameterError
from napari_consensus.queueing import (
    Findings,
    ReviewFilter,
    draw_batch,
    draw_repeats,
    findings_of,
    patterns_of,
    review_queue,
    risk_of,
)

# Image, rater, category, box; three raters read a, and two of them b.
ROWS = [
    ("a", "x", "mitosis", (0, 0, 10, 10)),
    ("a", "y", "mitosis", (0, 0, 10, 10)),
    ("a", "z", "mitosis", (0, 0, 10, 10)),
    ("a", "x", "debris", (8, 0, 18, 10)),
    ("a", "x", "mitosis", (50, 50, 60, 60)),
    ("a", "y", "debris", (50, 50, 60, 60)),
    ("a", "z", "debris", (50, 50, 60, 60)),
    ("b", "x", "mitosis", (0, 0, 20, 20)),
    ("b", "y", "debris", (0, 0, 20, 9)),
]
AGREED, LONE, DISPUTED, LOOSE = range(4)
SEVERITIES = {"mitosis": 3.0, "debris": 1.0}


@pytest.fixture(scope="module")
def consensus():
    images, raters, categories, boxes = zip(*ROWS, strict=True)
    table = annotations_from_boxes(boxes, image=images, rater=raters, category=categories)
    return reach_consensus(table)


@pytest.fixture
def review(consensus):
    return Review(consensus, adjudicator="senior")


@pytest.fixture
def ids(consensus):
    return consensus.shapes.id.tolist()


def no_findings():
    return Findings(np.empty(0, int), np.empty(0, bool), np.empty(0, bool))


def test_before_any_decision_risk_is_what_the_votes_leave_open(consensus):
    assert consensus.support.tolist() == [3, 1, 3, 2]
    risk = risk_of(consensus, patterns_of(consensus), no_findings())
    assert risk.absent == pytest.approx([0.02, 2 / 3, 0.02, 0.02])
    assert risk.wrong == pytest.approx([0.02, 0.02, 1 / 3, 0.5])
    there = (1 - risk.absent).sum()
    f = 2 * ((1 - risk.absent) * (1 - risk.wrong)).sum() / (4 + there)
    gain = risk.absent * f + (1 - risk.absent) * risk.wrong * 2
    assert risk.gain == pytest.approx(gain)


def test_patterns_say_what_objects_have_in_common(consensus):
    found = patterns_of(consensus)
    assert found.crowding == pytest.approx([20 / 180, 20 / 180, 0, 0])
    # Mean of a 20 x 20 and a 20 x 9 box is 20 x 14.5.
    assert found.fit == pytest.approx([1, np.nan, 1, (14.5 / 20 + 9 / 14.5) / 2], nan_ok=True)
    support = found.of["support"]
    assert support[AGREED] == support[DISPUTED]
    assert len(set(support.tolist())) == 3


def test_the_tie_comes_first_and_what_all_agree_on_last(review, ids):
    queue = review_queue(review)
    assert queue.ids == tuple(ids[k] for k in (LOOSE, DISPUTED, LONE, AGREED))
    assert (np.diff(queue.gain) <= 0).all()
    assert queue.rows.tolist() == [LOOSE, DISPUTED, LONE, AGREED]
    assert queue.reasons(0) == ("tie: debris 1, mitosis 1",)
    assert queue.reasons(1) == ("votes: debris 2, mitosis 1",)
    assert queue.reasons(2) == ("1 of 3 raters marked it", "overlaps another object, IoU 0.11")
    assert queue.reasons(3) == ("overlaps another object, IoU 0.11",)


def test_settled_objects_leave_the_queue_and_unsure_ones_have_their_own(review, ids):
    review.reject(ids[LONE])
    review.unsure(ids[DISPUTED])
    review.comment(ids[AGREED], "nice")
    assert set(review_queue(review).ids) == {ids[LOOSE], ids[AGREED]}
    assert review_queue(review, verdict=Verdict.UNSURE).ids == (ids[DISPUTED],)
    while review.undo():
        pass
    assert len(review_queue(review)) == 4


def test_decisions_say_what_the_consensus_got_wrong(review, ids):
    review.redraw(ids[AGREED], box(30, 30, 40, 40, "mitosis"))  # not where it was drawn
    review.reject(ids[LONE])
    review.relabel(ids[DISPUTED], "mitosis")
    review.split(ids[LOOSE], [box(0, 0, 20, 3, "debris"), box(0, 3, 20, 20, "mitosis")])
    found = findings_of(review)
    assert found.rows.tolist() == [AGREED, LONE, DISPUTED, LOOSE]
    assert found.absent.tolist() == [True, True, False, False]
    assert found.wrong.tolist() == [False, False, True, False]


def test_a_rejection_makes_what_is_like_it_more_doubtful():
    boxes = [(k * 30, 0, k * 30 + 10, 10) for k in range(12)]
    raters = ["x"] * 6 + ["y"] * 6
    table = annotations_from_boxes(boxes, image=["a"] * 12, rater=raters, category=["m"] * 12)
    consensus = reach_consensus(table)
    review = Review(consensus, adjudicator="senior")
    ids = consensus.shapes.id.tolist()
    before = review_queue(review)
    assert len(set(before.absent.round(9).tolist())) == 1
    by = {name: [k for k in ids if name in review.members(k)] for name in "xy"}
    for k in by["x"][:4]:
        review.reject(k)
    for k in by["y"][:4]:
        review.accept(k)
    after = review_queue(review)
    assert set(after.ids[:2]) == set(by["x"][4:])
    assert after.absent[0] > before.absent[0] > after.absent[-1]


def test_severity_weighs_a_mistake(review, ids):
    queue = review_queue(review, severities=SEVERITIES)
    plain = review_queue(review)
    gain = dict(zip(plain.ids, plain.gain.tolist(), strict=True))
    weighed = dict(zip(queue.ids, queue.gain.tolist(), strict=True))
    assert weighed[ids[LONE]] == pytest.approx(gain[ids[LONE]] / 2)  # debris: 1 of a mean of 2
    assert weighed[ids[DISPUTED]] == pytest.approx(gain[ids[DISPUTED]] * 1.5)
    assert queue.reasons(0) == ("tie: debris 1, mitosis 1", "changes the diagnosis")


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"categories": ("debris",)}, {LONE, DISPUTED, LOOSE}),
        ({"raters": ("z",)}, {AGREED, DISPUTED}),
        ({"support": (1, 2)}, {LONE, LOOSE}),
        ({"images": ("b",)}, {LOOSE}),
        ({"region": (55, 55, 90, 90)}, {DISPUTED}),
        ({"changes_diagnosis": True}, {DISPUTED, LOOSE}),
        ({"changes_diagnosis": True, "images": ("a",)}, {DISPUTED}),
    ],
)
def test_filters_keep_what_meets_all_of_them(review, ids, wanted, expected):
    queue = review_queue(review, ReviewFilter(**wanted), severities=SEVERITIES)
    assert set(queue.ids) == {ids[k] for k in expected}


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"categories": ("mitose",)}, "no category is named 'mitose'; there are debris, mitosis"),
        ({"raters": ("w",)}, "no rater is named 'w'"),
        ({"images": ("c",)}, "no image is named 'c'"),
        ({"changes_diagnosis": True}, "no severity of a category is declared"),
    ],
)
def test_a_filter_of_what_is_not_there_is_refused(review, wanted, message):
    with pytest.raises(ParameterError, match=message):
        review_queue(review, ReviewFilter(**wanted))


def test_the_order_does_not_depend_on_the_order_of_rows(consensus):
    shuffled = [ROWS[k] for k in np.random.default_rng(5).permutation(len(ROWS))]
    images, raters, categories, boxes = zip(*shuffled, strict=True)
    other = reach_consensus(
        annotations_from_boxes(boxes, image=images, rater=raters, category=categories)
    )
    queues = [review_queue(Review(held, adjudicator="")) for held in (consensus, other)]
    assert queues[0].rows.tolist() == queues[1].rows.tolist()
    assert queues[0].gain == pytest.approx(queues[1].gain)


def test_a_batch_sets_a_random_sample_aside():
    batch = draw_batch(list(range(100, 150)), "easy", audit=8, seed=2)
    assert len(batch.audit) == 8
    assert sorted(batch.accept + batch.audit) == list(range(100, 150))
    assert batch == draw_batch(list(range(100, 150)), "easy", audit=8, seed=2)
    assert batch.audit != draw_batch(list(range(100, 150)), "easy", audit=8, seed=3).audit
    assert draw_batch([4, 5], "small", audit=9).accept == ()
    for name, audit in (("", 5), ("easy", 0)):
        with pytest.raises(ParameterError, match="needs a name and an audit of 1 or more"):
            draw_batch([1], name, audit=audit)


def test_every_object_of_a_batch_is_audited_equally_often():
    drawn = [draw_batch(range(6), "b", audit=2, seed=seed).audit for seed in range(300)]
    counts = np.bincount(np.concatenate(drawn), minlength=6)
    assert counts == pytest.approx(np.full(6, 100), abs=35)


def test_only_old_answers_by_hand_come_back_and_only_once(review, ids):
    review.accept_all([ids[AGREED]], batch="easy")
    review.reject(ids[LONE])
    review.relabel(ids[DISPUTED], "mitosis")
    review.accept(ids[LOOSE])
    assert set(draw_repeats(review, 9, apart=1)) == {ids[LONE], ids[DISPUTED]}
    assert len(draw_repeats(review, 1, apart=1)) == 1
    assert draw_repeats(review, 9, apart=20) == ()
    review.accept(ids[LONE], check=Check.REPEAT)
    assert set(draw_repeats(review, 9, apart=0)) == {ids[DISPUTED], ids[LOOSE]}
    review.adjudicator = "other"
    assert draw_repeats(review, 9, apart=0) == ()
