"""The decisions file: what is decided is on the disk, once and for all, or said not to be."""

import json
import os
import sqlite3
import subprocess
import sys

import pytest

from napari_consensus.adjudication import DecisionLog, Review, export_log, recipe_of
from napari_consensus.adjudication import lock as lock_module
from napari_consensus.errors import ReadError, WriteError
from napari_consensus.pipeline import reach_again


@pytest.fixture
def path(tmp_path):
    return tmp_path / "study.decisions.sqlite"


@pytest.fixture
def stored(path, consensus, ids):
    """A file with three decisions, closed again."""
    log = DecisionLog(path)
    review = Review(consensus, log, adjudicator="senior")
    review.accept(ids[0], blind="", seconds=1.5)
    review.reject(ids[1], text="Staub, 尘")
    review.undo()
    log.close()
    return path


def test_what_was_decided_is_there_after_opening_again(stored, consensus, ids):
    log = DecisionLog(stored)
    first, second, undone = log.decisions
    assert (first.number, first.adjudicator, first.blind) == (2, "senior", "")
    assert second.text == "Staub, 尘"
    assert (undone.target, log.pending) == (second.number, 0)
    review = Review(consensus, log, adjudicator="senior")
    assert [d.objects for d in review.in_force()] == [(ids[0],)]
    assert review.redo()[0].objects == (ids[1],)
    log.close()
    assert len(DecisionLog.read(stored).decisions) == 4


def test_opening_alone_writes_no_decision(path, consensus):
    log = DecisionLog(path)
    Review(consensus, log, adjudicator="senior")
    assert log.entries == ()
    log.close()


def test_the_log_says_how_the_consensus_was_reached(stored, consensus):
    steps = recipe_of(DecisionLog.read(stored))
    assert steps == consensus.provenance.steps
    again = reach_again(steps, consensus.groups.annotations)
    assert again.shapes.id.tolist() == consensus.shapes.id.tolist()
    assert again.provenance.steps == steps
    assert recipe_of(DecisionLog()) == ()


def test_rows_cannot_be_changed_deleted_or_put_in_between(stored):
    connection = sqlite3.connect(stored)
    for command in (
        "UPDATE entry SET person = 'other'",
        "DELETE FROM entry WHERE number = 1",
        "INSERT INTO entry VALUES (9, '', '', 'decision', '{}')",
        "INSERT OR REPLACE INTO entry VALUES (1, '', '', 'decision', '{}')",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(command)
    connection.close()


def test_a_second_window_is_told_who_has_the_file_and_can_only_look(stored, consensus, ids):
    first = DecisionLog(stored)
    with pytest.raises(WriteError, match=rf"open in another window \(process {os.getpid()} on"):
        DecisionLog(stored)
    looking = DecisionLog.read(stored)
    Review(consensus, looking, adjudicator="other").accept(ids[2])
    assert (looking.path, looking.pending) == (None, 0)
    first.close()
    second = DecisionLog(stored)
    assert len(second.decisions) == 3
    second.close()


def test_a_window_that_wrote_in_between_is_noticed(stored, consensus, ids):
    log = DecisionLog(stored)
    other = sqlite3.connect(stored)
    other.execute("INSERT INTO entry VALUES (5, '', 'other', 'decision', '{}')")
    other.commit()
    other.close()
    with pytest.raises(WriteError, match="another window has written here"):
        Review(consensus, log, adjudicator="senior").accept(ids[2])
    log.close()


def test_a_lock_of_another_computer_is_taken_over_only_when_asked(stored, monkeypatch):
    monkeypatch.setattr(lock_module.platform, "node", lambda: "elsewhere")
    there = DecisionLog(stored)
    there._lock._connection.close()  # that computer stops without closing the file
    monkeypatch.undo()
    with pytest.raises(WriteError, match=r"opened on elsewhere at .* or take it over"):
        DecisionLog(stored)
    DecisionLog(stored, take_over=True).close()
    DecisionLog(stored).close()


def test_a_place_that_cannot_lock_is_told(path, monkeypatch):
    monkeypatch.setattr(lock_module, "_others_can_write", lambda _: True)
    with pytest.raises(WriteError, match=r"cannot lock files, .* keep the decisions on a local"):
        DecisionLog(path)
    assert not path.exists()


def test_the_lock_keeps_another_process_out(stored):
    log = DecisionLog(stored)
    assert not lock_module._others_can_write(log._lock.path)
    log.close()
    assert lock_module._others_can_write(stored.with_name(stored.name + ".lock"))


def test_what_a_full_disk_refuses_stays_in_memory_until_a_new_place_is_named(
    stored, consensus, ids, tmp_path
):
    log = DecisionLog(stored)
    pages = log._file._connection.execute("PRAGMA page_count").fetchone()[0]
    log._file._connection.execute(f"PRAGMA max_page_count = {pages}")
    review = Review(consensus, log, adjudicator="senior")
    with pytest.raises(WriteError, match="full"):
        review.reject(ids[2], text="x" * 20_000)
    assert log.pending == 1
    assert review.verdict(ids[2]) == "rejected"
    with pytest.raises(WriteError, match="full"):
        log.move_to(stored)
    other = DecisionLog(tmp_path / "other.decisions.sqlite")
    Review(consensus, other, adjudicator="other").accept(ids[0])
    other.close()
    with pytest.raises(WriteError, match="other decisions stand there already"):
        log.move_to(tmp_path / "other.decisions.sqlite")
    with pytest.raises(WriteError, match="no such folder"):
        log.move_to(tmp_path / "nowhere" / "new.sqlite")
    log.move_to(tmp_path / "new.decisions.sqlite")
    assert (log.pending, log.path.name) == (0, "new.decisions.sqlite")
    review.accept(ids[2])
    log.close()
    assert len(DecisionLog.read(tmp_path / "new.decisions.sqlite").decisions) == 5
    assert len(DecisionLog.read(stored).decisions) == 3
    DecisionLog(stored).close()


def test_a_decision_that_could_not_be_stored_is_stored_with_the_next(stored, consensus, ids):
    log = DecisionLog(stored)
    pragma = "PRAGMA query_only = "
    log._file._connection.execute(pragma + "1")
    review = Review(consensus, log, adjudicator="senior")
    with pytest.raises(WriteError, match="cannot be written"):
        review.unsure(ids[0])
    log._file._connection.execute(pragma + "0")
    review.accept(ids[0])
    log.close()
    assert [str(d.action) for d in DecisionLog.read(stored).decisions[3:]] == ["unsure", "accept"]


def test_a_place_that_cannot_be_written_to_is_told_at_once(path, consensus):
    path.with_name(path.name + ".lock").mkdir()  # as a read-only folder, where root may write all
    with pytest.raises(WriteError, match="its folder cannot be written to or locked"):
        DecisionLog(path)
    assert not path.exists()


def test_a_missing_folder_is_told_at_once(tmp_path):
    with pytest.raises(WriteError, match="no such folder"):
        DecisionLog(tmp_path / "nowhere" / "new.decisions.sqlite")


@pytest.mark.parametrize(
    "content", [b"image,rater\n1,2\n" * 40, b"SQLite format 3\0" + b"\7" * 600]
)
def test_what_is_no_decisions_file_is_refused_and_left_alone(tmp_path, content):
    file = tmp_path / "marks.csv"
    file.write_bytes(content)
    for opened in (DecisionLog, DecisionLog.read):
        with pytest.raises(ReadError, match=r"marks\.csv: .*(no decisions file|damaged)"):
            opened(file)
    assert file.read_bytes() == content
    assert list(tmp_path.iterdir()) == [file]


def test_another_database_is_no_decisions_file(tmp_path):
    file = tmp_path / "other.sqlite"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE entry (number)")
    connection.close()
    with pytest.raises(ReadError, match="this is no decisions file"):
        DecisionLog(file)


def test_a_file_that_is_not_there_or_empty_cannot_be_read(tmp_path):
    with pytest.raises(ReadError, match="there is no such decisions file"):
        DecisionLog.read(tmp_path / "none.sqlite")
    empty = tmp_path / "empty.sqlite"
    empty.touch()
    with pytest.raises(ReadError, match="no decisions file"):
        DecisionLog.read(empty)
    DecisionLog(empty).close()
    assert DecisionLog.read(empty).decisions == ()


def test_a_file_of_a_newer_version_is_refused(stored):
    connection = sqlite3.connect(stored)
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    with pytest.raises(ReadError, match=r"written by a newer napari-consensus .* update"):
        DecisionLog(stored)


def test_a_damaged_file_is_refused(stored):
    content = bytearray(stored.read_bytes())
    content[5000:] = b"\xff" * (len(content) - 5000)
    stored.write_bytes(bytes(content))
    with pytest.raises(ReadError, match="damaged"):
        DecisionLog(stored)


@pytest.mark.parametrize(
    "content", ["{", "[]", '{"action": "guess"}', '{"action": "accept", "shapes": [{}]}']
)
def test_a_row_that_cannot_be_understood_is_named(path, content):
    DecisionLog(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO entry VALUES (1, '', 'x', 'decision', ?)", (content,))
    connection.close()
    with pytest.raises(ReadError, match=r"(row|decision) 1"):
        DecisionLog.read(path)


def test_the_log_is_exported_one_decision_a_line(stored, ids):
    lines = [json.loads(line) for line in export_log(DecisionLog.read(stored))]
    assert [(line["number"], line["action"]) for line in lines] == [
        (2, "accept"),
        (3, "reject"),
        (4, "undo"),
    ]
    assert [line["in_force"] for line in lines] == [True, False, False]
    # Text, for readers of JSON lose whole numbers above 2 ** 53.
    assert lines[0]["objects"] == [str(ids[0])]
    assert lines[0]["shapes"][0]["rings"] == [[[0.0, 0.0], [10.0, 11.0]]]


def test_a_window_that_was_killed_leaves_nothing_to_clean_up(stored):
    script = (
        "import os, signal, sys\n"
        "from napari_consensus.adjudication import DecisionLog\n"
        "log = DecisionLog(sys.argv[1])\n"
        "print('open', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(stored)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as window:
        assert window.stdout.readline() == "open\n"
        with pytest.raises(WriteError, match=f"process {window.pid} on"):
            DecisionLog(stored)
        window.kill()
    DecisionLog(stored).close()
