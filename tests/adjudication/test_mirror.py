"""A place that cannot lock: decisions are kept here, and their file is copied there whole."""

import os
import shutil
from threading import Event

import pytest

from napari_consensus.adjudication import DecisionLog, Mirror, Review, open_log, read_log
from napari_consensus.adjudication import lock as lock_module
from napari_consensus.adjudication import mirror as mirror_module
from napari_consensus.errors import ReadError, WriteError


@pytest.fixture
def share(tmp_path, monkeypatch):
    """A folder that cannot lock, and another where this computer keeps what belongs there."""
    monkeypatch.setattr(lock_module, "_others_can_write", lambda lock: "share" in lock.parts)
    monkeypatch.setattr(mirror_module, "kept_folder", lambda: tmp_path / "here")
    (tmp_path / "share").mkdir()
    return tmp_path / "share"


@pytest.fixture
def place(share):
    return share / "study.decisions.sqlite"


@pytest.fixture
def decide(consensus, ids):
    """Decide in a log, by the names of actions."""

    def decide(log, *names):
        review = Review(consensus, log, adjudicator="senior")
        for name in names:
            getattr(review, name)(ids[0])

    return decide


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Do something as another computer would."""

    def elsewhere(act):
        with monkeypatch.context() as there:
            there.setattr(mirror_module, "kept_folder", lambda: tmp_path / "there")
            return act()

    return elsewhere


def actions(path):
    return [str(d.action) for d in DecisionLog.read(path).decisions]


def bytes_of(*paths):
    return [path.read_bytes() for path in paths]


def test_what_is_decided_here_is_copied_there_as_a_whole_file(place, decide):
    log = open_log(place)
    assert (log.path, log.mirror.place) == (log.mirror.local, place)
    decide(log, "accept", "reject")
    assert not place.exists()
    log.mirror.copy()
    assert actions(place) == actions(log.path) == ["accept", "reject"]
    decide(log, "unsure")
    log.close()
    assert actions(place) == ["accept", "reject", "unsure"]
    assert sorted(path.name for path in place.parent.iterdir()) == [
        place.name,
        f"{place.name}.lock",
    ]


def test_a_place_that_locks_is_written_to_itself(tmp_path, share):
    log = open_log(tmp_path / "a.decisions.sqlite")
    assert (log.path, log.mirror) == (tmp_path / "a.decisions.sqlite", None)
    log.close()


def test_a_copy_that_is_equal_is_left_as_it_is(place, decide):
    log = open_log(place)
    decide(log, "accept")
    log.mirror.copy()
    before = place.stat().st_mtime_ns, place.stat().st_ino
    log.mirror.copy()
    assert (place.stat().st_mtime_ns, place.stat().st_ino) == before
    log.close()


def test_what_stood_there_before_is_gone_on_with(place, decide, tmp_path):
    first = DecisionLog(tmp_path / "first.decisions.sqlite")
    decide(first, "accept")
    first.close()
    shutil.copyfile(tmp_path / "first.decisions.sqlite", place)
    log = open_log(place)
    assert [str(d.action) for d in log.decisions] == ["accept"]
    decide(log, "reject")
    log.close()
    assert actions(place) == ["accept", "reject"]


def test_what_another_computer_added_comes_at_the_next_opening(place, decide, elsewhere):
    log = open_log(place)
    decide(log, "accept")
    log.close()

    def go_on():
        other = open_log(place)
        decide(other, "reject")
        other.close()

    elsewhere(go_on)
    assert len(read_log(place).decisions) == 2
    assert actions(Mirror(place).local) == ["accept"]
    again = open_log(place)
    assert [str(d.action) for d in again.decisions] == ["accept", "reject"]
    again.close()
    assert actions(Mirror(place).local) == ["accept", "reject"]


def test_what_another_computer_added_meanwhile_is_not_written_over(place, decide, elsewhere):
    log = open_log(place)
    decide(log, "accept")
    log.mirror.copy()
    other = elsewhere(lambda: open_log(place))
    decide(other, "reject")
    other.mirror.copy()
    with pytest.raises(WriteError, match="made elsewhere meanwhile; end this review"):
        log.mirror.copy()
    decide(log, "unsure")
    with pytest.raises(WriteError, match="hold different decisions"):
        log.mirror.copy()
    log.close()
    other.close()
    assert actions(place) == ["accept", "reject"]


def test_two_logs_that_went_apart_are_refused_by_name_and_both_stay(place, decide, elsewhere):
    log = open_log(place)
    decide(log, "accept")
    local = log.path
    log.mirror = None  # the share goes away before anything is copied
    log.close()

    def begin():
        other = open_log(place)
        decide(other, "reject")
        other.close()

    elsewhere(begin)
    before = bytes_of(place, local)
    for use in (open_log, read_log):
        with pytest.raises(WriteError, match="neither goes on from the other") as refused:
            use(place)
        assert str(place) in str(refused.value)
        assert str(local) in str(refused.value)
        assert "\n" not in str(refused.value)
    assert bytes_of(place, local) == before
    local.rename(local.with_name("aside"))
    again = open_log(place)
    assert [str(d.action) for d in again.decisions] == ["reject"]
    again.close()


@pytest.mark.parametrize("step", ["replace", "fsync"])
def test_a_copy_that_fails_leaves_the_old_one_whole(place, decide, monkeypatch, step):
    log = open_log(place)
    decide(log, "accept")
    log.mirror.copy()
    before = bytes_of(place)
    decide(log, "reject")

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, step, full)
        with pytest.raises(WriteError, match=r"cannot be written: No space left"):
            log.mirror.copy()
    assert bytes_of(place) == before
    assert not list(place.parent.glob(".*"))
    log.close()
    assert actions(place) == ["accept", "reject"]


def test_a_share_that_is_away_gets_all_when_it_is_back(place, decide):
    log = open_log(place)
    decide(log, "accept")
    log.mirror.copy()
    away = place.parent.with_name("away")
    place.parent.rename(away)
    decide(log, "reject")
    with pytest.raises(WriteError, match="its folder is not there"):
        log.mirror.copy()
    log.close()
    assert len(read_log(place).decisions) == 2
    again = open_log(place)
    decide(again, "unsure")
    away.rename(place.parent)
    assert actions(place) == ["accept"]
    again.mirror.copy()
    assert actions(place) == ["accept", "reject", "unsure"]
    again.close()


@pytest.fixture
def hung(monkeypatch):
    """Let the share hang: call it with the name of what never returns; `set` ends that."""
    monkeypatch.setattr(mirror_module, "_ANSWERS", 0.05)
    monkeypatch.setattr(mirror_module, "_ENDS", 0.05)
    back = Event()

    def hang(name):
        act = getattr(mirror_module, name)

        def wait_then_act(*args):
            back.wait(30)
            return act(*args)

        monkeypatch.setattr(mirror_module, name, wait_then_act)
        return back

    yield hang
    back.set()


def test_a_share_that_hangs_keeps_no_window_open_and_is_told_as_behind(place, decide, hung):
    log = open_log(place)
    mirror = log.mirror
    decide(log, "accept")
    mirror.bring_up()
    assert (mirror.behind, actions(place)) == ("", ["accept"])
    decide(log, "reject")
    back = hung("_replace")
    for _ in range(2):  # of which the second finds the first still hanging
        mirror.bring_up()
        assert mirror.behind == f"{place}: does not answer"
    log.close()
    assert mirror.behind == f"{place}: does not answer"
    assert actions(mirror.local) == ["accept", "reject"]
    assert actions(place) == ["accept"]
    back.set()
    again = open_log(place)
    again.mirror.bring_up()
    assert (again.mirror.behind, actions(place)) == ("", ["accept", "reject"])
    again.close()


def test_a_share_that_hangs_at_the_beginning_is_gone_on_without(place, decide, hung):
    log = open_log(place)
    decide(log, "accept")
    log.close()
    hung("has_folder")
    again = Mirror(place).open()
    assert [str(d.action) for d in again.decisions] == ["accept"]
    again.close()
    shutil.rmtree(Mirror(place).local.parent)
    with pytest.raises(WriteError, match="does not answer"):
        Mirror(place).open()


def test_a_place_that_was_never_there_is_a_mistake(share):
    with pytest.raises(WriteError, match="no such folder"):
        open_log(share / "nowhere" / "a.decisions.sqlite")
    with pytest.raises(WriteError, match="folder is not there"):
        Mirror(share / "nowhere" / "a.decisions.sqlite").open()
    with pytest.raises(ReadError, match="no such decisions file"):
        read_log(share / "a.decisions.sqlite")


def test_what_is_no_decisions_file_is_named_and_stays(place):
    place.write_text("mine", encoding="utf-8")
    with pytest.raises(ReadError, match=r"study.decisions.sqlite: this is no decisions file"):
        Mirror(place).open()
    assert place.read_text(encoding="utf-8") == "mine"


def test_a_file_half_written_there_is_not_replaced(place, decide):
    log = open_log(place)
    decide(log, "accept")
    log.mirror.copy()
    place.with_name(place.name + "-journal").write_bytes(b"half")
    decide(log, "reject")
    with pytest.raises(WriteError, match="half written"):
        log.mirror.copy()
    log.close()
    assert actions(Mirror(place).local) == ["accept", "reject"]


def test_a_file_that_another_computer_writes_there_is_left_to_it(place, decide, monkeypatch):
    log = open_log(place)
    decide(log, "accept")
    with monkeypatch.context() as there:
        there.setattr(lock_module.platform, "node", lambda: "elsewhere")
        there.setattr(lock_module, "_others_can_write", lambda _: False)
        writing = DecisionLog(place)
    with pytest.raises(WriteError, match=r"opened on elsewhere at .* not closed since"):
        log.mirror.copy()
    log.close()
    assert actions(place) == []
    # That computer stops without closing the file.
    writing._file.close()
    writing._lock._connection.close()
    with pytest.raises(WriteError, match="or take it over"):
        open_log(place)
    open_log(place, take_over=True).close()
    assert actions(place) == ["accept"]


def test_a_place_that_locks_for_no_reader_either_is_read_by_a_copy(place, decide, monkeypatch):
    log = open_log(place)
    decide(log, "accept")
    log.close()
    shutil.rmtree(Mirror(place).local.parent)
    monkeypatch.setattr(mirror_module.DecisionFile, "entries", _locked_at(place))
    assert len(read_log(place).decisions) == 1


def _locked_at(place):
    entries = mirror_module.DecisionFile.entries

    def locked(file):
        if file.path == place:
            msg = f"{place}: the file cannot be read or is damaged: database is locked"
            raise ReadError(msg)
        return entries(file)

    return locked


def test_another_place_ends_the_copying(place, decide, tmp_path):
    log = open_log(place)
    decide(log, "accept")
    log.move_to(tmp_path / "b.decisions.sqlite")
    assert log.mirror is None
    decide(log, "reject")
    log.close()
    assert actions(place) == ["accept"]
    assert actions(tmp_path / "b.decisions.sqlite") == ["accept", "reject"]


@pytest.mark.parametrize(
    ("system", "variable"), [("linux", "XDG_DATA_HOME"), ("win32", "LOCALAPPDATA")]
)
def test_decisions_are_kept_in_the_users_data_folder(tmp_path, monkeypatch, system, variable):
    monkeypatch.setattr(mirror_module.sys, "platform", system)
    monkeypatch.setenv(variable, str(tmp_path))
    assert mirror_module.kept_folder() == tmp_path / "napari-consensus" / "kept"
    there = [Mirror(tmp_path / folder / "a.decisions.sqlite").local.name for folder in "xy"]
    assert all(name.startswith("a-") for name in there)
    assert there[0] != there[1]
