"""Where a disk is full or a folder read-only, decisions wait in memory, in order, none lost."""

import pytest

from napari_consensus.adjudication import (
    SUFFIX,
    DecisionLog,
    Rescue,
    Review,
    gold_standard,
    rescued,
)
from napari_consensus.errors import WriteError


def decide_until_it_fails(review, ids):
    """Answer by turns until an answer cannot be stored; how many were made."""
    for k in range(10_000):
        try:
            (review.accept, review.reject)[k % 2](ids[k % 3], text="x" * 200)
        except WriteError as error:
            return k + 1, str(error)
    pytest.fail("the disk was never full")
    return None


def test_what_a_really_full_disk_refuses_is_written_elsewhere_in_order(
    tiny_disk, tmp_path, consensus, ids
):
    place = tiny_disk / f"study{SUFFIX}"
    review = Review(consensus, DecisionLog(place), adjudicator="senior")
    made, why = decide_until_it_fails(review, ids)
    assert "full" in why
    assert review.log.unsaved == 1
    for held in ids:
        with pytest.raises(WriteError):
            review.unsure(held, text="y" * 5000)
    assert review.log.unsaved == 4
    assert len(DecisionLog.read(place).decisions) == made - 1
    rescue = Rescue(tmp_path / "user" / "rescued", place)
    copy = rescue.keep(review.log)
    assert DecisionLog.read(copy).decisions == review.log.decisions
    review.log.move_to(tmp_path / f"elsewhere{SUFFIX}")
    rescue.drop()
    assert not copy.exists()
    assert review.log.unsaved == 0
    review.accept(ids[0])
    review.log.close()
    again = DecisionLog.read(tmp_path / f"elsewhere{SUFFIX}")
    assert again.decisions == review.log.decisions
    assert [d.number for d in again.decisions] == list(range(2, made + 6))
    later = Review(consensus, again, adjudicator="")
    assert gold_standard(later).history == gold_standard(review).history


def test_a_full_disk_that_has_room_again_takes_all_that_waited(tiny_disk, consensus, ids):
    place, ballast = tiny_disk / f"study{SUFFIX}", tiny_disk / "ballast"
    review = Review(consensus, DecisionLog(place), adjudicator="senior")
    ballast.write_bytes(b"\0" * 8192)
    made, _ = decide_until_it_fails(review, ids)
    ballast.unlink()
    review.log.move_to(place)
    assert review.log.unsaved == 0
    review.log.close()
    assert len(DecisionLog.read(place).decisions) == made


def test_a_disk_that_is_full_from_the_start_is_told_at_once(tiny_disk):
    (tiny_disk / "ballast").write_bytes(b"\0" * 65536)
    with pytest.raises(WriteError, match=SUFFIX):
        DecisionLog(tiny_disk / f"study{SUFFIX}")


def test_a_folder_that_becomes_read_only_is_told_and_taken_up_again(shut, consensus, ids):
    place = shut(False) / f"study{SUFFIX}"
    review = Review(consensus, DecisionLog(place), adjudicator="senior")
    review.accept(ids[0])
    shut(True)
    for k in (1, 2):
        with pytest.raises(WriteError, match="cannot be written"):
            review.reject(ids[k])
    assert (review.log.unsaved, len(DecisionLog.read(place).decisions)) == (2, 1)
    assert review.verdict(ids[2]) == "rejected"
    shut(False)
    review.undo()
    review.log.close()
    assert [str(d.action) for d in DecisionLog.read(place).decisions] == [
        *("accept", "reject", "reject", "undo"),
    ]


def test_a_folder_that_is_read_only_from_the_start_is_told_at_once(shut):
    with pytest.raises(WriteError, match="cannot be written to or locked"):
        DecisionLog(shut(True) / f"study{SUFFIX}")


@pytest.fixture
def stuck(tmp_path, consensus, ids):
    """A review of which the last two decisions could not be stored."""
    review = Review(consensus, DecisionLog(tmp_path / f"study{SUFFIX}"), adjudicator="senior")
    review.accept(ids[0])
    review.log._file._connection.execute("PRAGMA query_only = 1")
    for held in ids[1:]:
        with pytest.raises(WriteError):
            review.reject(held)
    return review


def test_a_copy_grows_with_the_log_and_is_found_by_the_file_it_belongs_to(stuck, tmp_path, ids):
    place, folder = stuck.log.path, tmp_path / "user"
    assert rescued(folder, place) is None
    rescue = Rescue(folder, place)
    copy = rescue.keep(stuck.log)
    assert rescued(folder, place) == (copy, 2)
    with pytest.raises(WriteError):
        stuck.undo()
    assert rescue.keep(stuck.log) == copy
    assert rescued(folder, place) == (copy, 3)
    assert rescued(folder, tmp_path / "other" / place.name) is None
    stuck.log.close()
    back = DecisionLog.read(copy)
    back.move_to(place)
    back.close()
    assert DecisionLog.read(place).decisions == stuck.log.decisions
    assert rescued(folder, place) is None


def test_a_copy_of_another_review_is_not_taken_for_one(stuck, tmp_path, consensus, ids):
    place, folder = stuck.log.path, tmp_path / "user"
    Rescue(folder, place).keep(stuck.log)
    stuck.log.close()
    place.unlink()
    other = Review(consensus, DecisionLog(place), adjudicator="other")
    other.accept(ids[1])
    other.log.close()
    assert rescued(folder, place) is None


def test_a_copy_that_cannot_be_written_is_told(stuck, tmp_path):
    (tmp_path / "user").write_text("a file, no folder", encoding="utf-8")
    with pytest.raises(WriteError, match="cannot be made"):
        Rescue(tmp_path / "user", stuck.log.path).keep(stuck.log)


def test_a_log_without_a_file_is_copied_too(tmp_path, consensus, ids):
    review = Review(consensus, adjudicator="senior")
    review.accept(ids[0])
    assert review.log.unsaved == 1
    copy = Rescue(tmp_path, None).keep(review.log)
    assert DecisionLog.read(copy).decisions == review.log.decisions
