"""Decisions files that another program changed: refused by row and field, before anything else."""

import json
import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from shutil import copy

import pytest

from napari_consensus import annotations_from_boxes, reach_consensus
from napari_consensus.adjudication import (
    DecisionLog,
    Review,
    box,
    freeze,
    gold_standard,
    versions_of,
)
from napari_consensus.errors import ReadError

TRIGGERS = ("entry_is_next", "entry_stays", "entry_is_kept")
NOTE, RELABEL, ADDED, SIGNED = 1, 2, 5, 6


BOXES = [(0, 0, 10, 12), (0, 0, 10, 11), (50, 50, 60, 70)]


def reached(image):
    """One object that two raters marked, and one of one rater."""
    drawn = {"image": [image] * 3, "rater": ["x", "y", "x"], "category": ["m", "d", "d"]}
    return reach_consensus(annotations_from_boxes(BOXES, **drawn))


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A signed file: how the consensus was reached, a relabelled object, an undo, an addition."""
    path = tmp_path_factory.mktemp("signed") / "s.decisions.sqlite"
    log = DecisionLog(path)
    review = Review(reached("i"), log, adjudicator="senior")
    first, second = review.consensus.shapes.id.tolist()
    review.relabel(first, "d", seconds=2)
    review.reject(second)
    review.undo()
    review.add("i", box(200, 200, 210, 220, "m"))
    freeze(review, signed_by="senior", basis="panel", statement="")
    log.close()
    return path


@pytest.fixture
def stored(original, tmp_path):
    return Path(copy(original, tmp_path))


@pytest.fixture
def change(stored):
    """Change the file past its triggers."""

    def change(*commands):
        with closing(sqlite3.connect(stored, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("BEGIN")
            for name in TRIGGERS:
                connection.execute(f"DROP TRIGGER IF EXISTS {name}")
            for command, *values in commands:
                connection.execute(command, values)
            connection.execute("COMMIT")

    return change


def field(row, path, value):
    command = "UPDATE entry SET content = json_set(content, ?, json(?)) WHERE number = ?"
    return (command, f"$.{path}", json.dumps(value), row)


def test_a_signed_file_that_is_as_it_was_is_read(stored):
    log = DecisionLog.read(stored)
    assert (len(log.entries), len(log.decisions)) == (SIGNED, 4)
    (version,) = versions_of(log)
    said = [json.dumps(entry, sort_keys=True) + "\n" for entry in log.entries[: SIGNED - 1]]
    assert version.sha256 == sha256("".join(said).encode()).hexdigest()


@pytest.mark.parametrize(
    ("row", "path", "value", "said"),
    [
        (RELABEL, "action", "fly", "action 'fly' is none of 'accept', 'take', "),
        (RELABEL, "check", "twice", "check 'twice' is none of '', 'audit', 'repeat'"),
        (RELABEL, "objects", "12", "objects '12' must be a list"),
        (RELABEL, "objects", [], "relabel of 0 objects; there must be 1"),
        (RELABEL, "objects[0]", "-1", "object '-1' must be an id, text of a whole number"),
        (RELABEL, "objects[0]", "9" * 5000, "must be an id, text of a whole number below 2 ** 64"),
        (RELABEL, "seconds", "long", "seconds 'long' must be a number"),
        (RELABEL, "seconds", True, "seconds True must be a number"),
        (RELABEL, "text", 5, "text 5 must be text"),
        (RELABEL, "more", 5, "there is no field 'more'; there are action, "),
        (RELABEL, "judged", [1], "1 must be an object with the fields annotation, digest"),
        (RELABEL, "judged[0].digest", None, "digest None must be text"),
        (RELABEL, "shapes", [], "relabel of 0 shapes; there must be 1"),
        (RELABEL, "shapes[0]", {}, "the field category is missing"),
        (RELABEL, "shapes[0].kind", "blob", "kind 'blob' is none of box, polygon, point, mask"),
        (ADDED, "shapes[0].kind", 5, "kind 5 must be text"),
        (ADDED, "shapes[0].rings", [], "an outline needs a vertex"),
        (ADDED, "shapes[0].rings", [[]], "an outline needs a vertex"),
        (ADDED, "shapes[0].rings", [[[1, 2, 3]]], "must be lists of vertices [x, y]"),
        (ADDED, "shapes[0].rings", [[[1, 2]]], "a box needs one ring of its two corners"),
        (ADDED, "shapes[0].rings", [[[9, 9], [1, 1]]], "a box must have x0 < x1 and y0 < y1"),
        (ADDED, "shapes[0].rings[0][0][0]", "nan", "an outline must be finite"),
        (NOTE, "steps", "x", "no recipe: steps 'x' must be a list"),
        (NOTE, "steps[0]", {"action": "group"}, "no recipe: the field parameters is missing"),
        (SIGNED, "unsure", "many", "no version: unsure 'many' must be a whole number"),
        (SIGNED, "decided_by", 3, "no version: decided_by 3 must be an object"),
        (SIGNED, "decided_by.senior", "all", "no version: senior 'all' must be a whole number"),
    ],
)
def test_a_field_that_holds_something_else_is_named(stored, change, row, path, value, said):
    change(field(row, path, value))
    with pytest.raises(ReadError) as refused:
        DecisionLog.read(stored)
    assert str(refused.value).startswith(f"{stored}, row {row}: ")
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("UPDATE entry SET content = x'7b7d' WHERE number = 2", "row 2: the content is no text"),
        ("UPDATE entry SET person = x'ff' WHERE number = 2", "row 2: the person is no text"),
        ("UPDATE entry SET content = '[1, 2' WHERE number = 2", "row 2: the content is no JSON"),
        (
            "UPDATE entry SET content = replace(hex(zeroblob(50000)), '0', '[') WHERE number = 2",
            "row 2: the content is no JSON",
        ),
        ("UPDATE entry SET content = 'null' WHERE number = 2", "row 2: no decision: None must be"),
        ("DELETE FROM entry WHERE number = 3", "row 4 stands where row 3 belongs"),
        ("UPDATE entry SET number = 9 WHERE number = 6", "row 9 stands where row 6 belongs"),
        ("ALTER TABLE entry DROP COLUMN person", "cannot be read or is damaged: no such column"),
        ("DROP TABLE entry", "cannot be read or is damaged: no such table"),
    ],
)
def test_rows_that_are_damaged_or_gone_are_named(stored, change, command, said):
    change((command,))
    with pytest.raises(ReadError) as refused:
        DecisionLog.read(stored)
    assert str(refused.value).startswith(str(stored))
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "command",
    [
        "UPDATE entry SET person = 'other' WHERE number = 2",
        "UPDATE entry SET time = '2020-01-01' WHERE number = 3",
        "UPDATE entry SET content = json_set(content, '$.text', 'no') WHERE number = 2",
        "UPDATE entry SET content = json_set(content, '$.entries', -1) WHERE number = 6",
        "UPDATE entry SET content = json_set(content, '$.sha256', '0') WHERE number = 6",
    ],
)
def test_what_was_changed_after_it_was_signed_is_noticed_on_opening(stored, change, command):
    DecisionLog.read(stored)
    change((command,))
    with pytest.raises(ReadError, match=r"version 1: the decisions are not those that senior"):
        DecisionLog.read(stored)


def test_an_undo_that_was_put_in_is_noticed_on_opening(stored, change):
    change(field(4, "target", 99), ("DELETE FROM entry WHERE kind = 'version'",))
    with pytest.raises(ReadError, match=r"sqlite, decision 4: undo of decision 99, but it was "):
        DecisionLog.read(stored)


def test_a_column_that_was_put_in_is_left_alone(stored, change):
    change(("ALTER TABLE entry ADD COLUMN more TEXT",))
    assert len(DecisionLog.read(stored).entries) == SIGNED


def test_what_was_added_on_an_image_that_has_gone_is_to_be_looked_at_again(stored):
    review = Review(reached("j"), DecisionLog.read(stored), adjudicator="")
    assert [held.decision.action for held in review.affected] == ["relabel", "add"]
    assert review.affected[1].why == "its image is not in the study now"
    assert len(gold_standard(review)) == len(review.consensus)
