"""A gold standard says of every object who settled it, and a version says who answers for it."""

import csv
import json
import sqlite3

import numpy as np
import pytest

from napari_consensus import annotations_from_boxes, reach_consensus, read, write
from napari_consensus.adjudication import (
    DecisionLog,
    Review,
    box,
    data_card,
    freeze,
    gold_standard,
    versions_of,
)
from napari_consensus.errors import ParameterError, ReadError
from napari_consensus.queueing import review_queue

SIZES = {"a": (100, 100), "b": (100, 100)}


@pytest.fixture
def settled(review, ids):
    review.reject(ids[0], text="out of focus")
    review.relabel(ids[1], "artefact", text="see slide 7")
    review.unsure(ids[2])
    review.add("b", box(30, 30, 36, 38, "mitosis"))
    return review


def signed(review, name="senior"):
    return freeze(review, signed_by=name, basis="one expert", statement="All of image a.")


def test_what_all_raters_missed_is_all_there_is_where_they_marked_nothing():
    nothing = annotations_from_boxes([(0, 0, 9, 9)], image=["a"], rater=["x"]).take(
        np.array([], int)
    )
    review = Review(reach_consensus(nothing), adjudicator="senior")
    assert len(review_queue(review)) == 0
    assert len(gold_standard(review)) == 0
    review.add("a", box(1, 2, 3, 5, "mitosis"))
    gold = gold_standard(review)
    assert gold.rows.tolist() == [-1]
    assert gold.shapes.bounds.tolist() == [[1, 2, 3, 5]]


def test_a_version_says_who_settled_what_share_and_what_is_open(settled):
    version = signed(settled)
    assert (version.number, version.signed_by, version.basis) == (1, "senior", "one expert")
    assert (version.objects, version.unsure, version.not_reviewed, version.affected) == (4, 1, 0, 0)
    assert version.decided_by == {"senior": 3}
    assert version.shares == {"senior": 0.75}
    assert version.open_items == 1
    assert versions_of(settled.log) == (version,)
    assert gold_standard(settled).version == version


def test_later_changes_make_a_new_version(settled, ids):
    first = signed(settled)
    settled.accept(ids[2])
    assert gold_standard(settled).version is None
    second = signed(settled, "panel")
    assert (second.number, second.unsure, second.open_items) == (2, 0, 0)
    assert versions_of(settled.log) == (first, second)


@pytest.mark.parametrize("missing", ["signed_by", "basis"])
def test_nobody_signs_nothing(settled, missing):
    said = {"signed_by": "senior", "basis": "panel", "statement": "", missing: " "}
    with pytest.raises(ParameterError, match=f"{missing} is empty"):
        freeze(settled, **said)


def test_a_log_that_was_changed_after_signing_is_noticed(settled, tmp_path):
    path = tmp_path / "study.decisions.sqlite"
    settled.log.move_to(path)
    version = signed(settled)
    settled.log.close()
    assert versions_of(DecisionLog.read(path)) == (version,)
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TRIGGER entry_stays")
        connection.execute("UPDATE entry SET person = 'other' WHERE number = 2")
    connection.close()
    with pytest.raises(ReadError, match="not those that senior signed"):
        versions_of(DecisionLog.read(path))


def written(gold, target, **how):
    files = write(gold, target, image_sizes=SIZES, **how)
    return [file.read_text(encoding="utf-8") for file in files]


@pytest.mark.parametrize(
    ("name", "format"),
    [("gold.geojson", None), ("gold.coco.json", None), ("gold.csv", None), ("gold.xml", "cvat")],
)
def test_every_object_keeps_its_history_in_every_format(settled, tmp_path, name, format):
    signed(settled)
    gold = gold_standard(settled)
    text, provenance = written(gold, tmp_path / name, format=format)
    for word in ("relabel", "artefact", "see slide 7", "unsure", "senior"):
        assert word in text
    assert "out of focus" not in text  # a rejected object is in the log, not in the gold standard
    review = json.loads(provenance)["review"]
    assert review["settled"] == {"add": 1, "relabel": 1, "unsure": 1}
    assert (review["version"]["signed_by"], review["version"]["open_items"]) == ("senior", 1)
    again = read(tmp_path / name)
    assert len(again.annotations) == 0
    assert again.reference.raters.names == ("gold standard",)
    assert sorted(again.reference.bounds[:, 0].tolist()) == [0.0, 30.0, 50.0]


def test_a_table_says_of_each_object_what_became_of_it(settled, tmp_path):
    text, _ = written(gold_standard(settled), tmp_path / "gold.csv")
    lines = list(csv.DictReader(text.splitlines()))
    assert [line["settled"] for line in lines] == ["relabel", "unsure", "add"]
    assert [line["support"] for line in lines] == ["1", "2", "0"]
    assert [line["adjudicator"] for line in lines] == ["senior"] * 3


def test_pseudonyms_hide_adjudicators_and_what_they_wrote(settled, tmp_path):
    signed(settled)
    for text in written(gold_standard(settled), tmp_path / "gold.geojson", pseudonyms=True):
        for word in ("senior", "see slide 7", "All of image a"):
            assert word not in text
        assert "adjudicator-1" in text


def test_the_data_card_tells_raters_adjudicators_protocol_and_agreement(settled, ids):
    settled.accept_all(ids[2:], batch="easy")
    version = signed(settled)
    card = data_card(settled, statements={"senior": "20 years | cytology", "x": "resident"})
    assert f"| 1 | senior | {version.time} | one expert | 4 | senior 100.0% | 0 |" in card
    assert "Statement of version 1: All of image a." in card
    assert version.sha256 in card
    assert "| x | human | 2 | 3 | resident |" in card
    assert "20 years \\| cytology" in card
    assert "1. group: minimum_iou = 0.3" in card
    drawn = "easy: 1 accepted at once, 0 drawn to be checked by hand; wrong among those checked: "
    assert drawn + "not measured." in card
    # x drew three of the objects: one was rejected, one added without x.
    assert "| x | 0.667 | 0.667 | 0.667 |" in card
    assert "| consensus | 0.667 | 0.667 | 0.667 |" in card
    assert "research use, not for diagnosis" in card.lower()


def test_the_card_of_an_unsigned_review_says_so(review):
    card = data_card(review)
    assert "Not signed." in card
    assert "Of 3 objects 0 are settled, 0 left unsure, 3 not reviewed" in card


def test_the_log_of_another_adjudicator_is_read_by_anyone(settled):
    other = Review(settled.consensus, settled.log, adjudicator="other")
    assert other.made == settled.made
    assert other.is_settled(settled.made[0])
