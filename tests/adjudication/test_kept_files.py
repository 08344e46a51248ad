"""Files of decisions on shares and drives, under any name, and what is kept elsewhere of them."""

import sqlite3
from contextlib import closing
from pathlib import PurePosixPath, PureWindowsPath

import pytest

from napari_consensus.adjudication import SUFFIX, DecisionLog, Rescue, Review, rescued
from napari_consensus.adjudication import rescue as rescue_module
from napari_consensus.adjudication.file import DecisionFile, kept_name, read_only


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (PurePosixPath("/home/a b/50%?#.sqlite"), "file:///home/a%20b/50%25%3F%23.sqlite?mode=ro"),
        (PureWindowsPath(r"C:\Users\Müller\x.sqlite"), "file:///C:/Users/M%C3%BCller/x.sqlite?mode=ro"),
        (PureWindowsPath(r"\\server\share\x.sqlite"), "file:////server/share/x.sqlite?mode=ro"),
    ],
)  # fmt: skip
def test_sqlite_is_told_drives_and_shares_as_it_knows_them(path, said):
    assert read_only(path) == said


@pytest.mark.parametrize("name", ["a b", "50%", "what#1", "肿瘤", "study[1]"])
def test_sqlite_opens_any_name_and_changes_nothing(tmp_path, name):
    path = tmp_path / f"{name}.sqlite"
    with closing(sqlite3.connect(path)) as made, made:
        made.execute("CREATE TABLE entry (number)")
    with closing(sqlite3.connect(read_only(path), uri=True)) as opened:
        assert opened.execute("SELECT count(*) FROM entry").fetchone() == (0,)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            opened.execute("INSERT INTO entry VALUES (1)")
    with pytest.raises(sqlite3.OperationalError):
        sqlite3.connect(read_only(tmp_path / "absent"), uri=True)


def test_what_is_kept_of_a_file_is_found_by_every_way_to_write_its_place(tmp_path, monkeypatch):
    place = tmp_path / "in" / f"study{SUFFIX}"
    place.parent.mkdir()
    monkeypatch.chdir(place.parent)
    names = {kept_name(p) for p in (place, place.parent / ".." / "in" / place.name)}
    assert names == {kept_name(type(place)(place.name))}
    assert kept_name(tmp_path / place.name) not in names


def test_a_copy_is_not_kept_open_and_found_also_for_a_name_with_brackets(
    tmp_path, monkeypatch, consensus, ids
):
    opened = []

    class Watched(DecisionFile):
        def __init__(self, path):
            super().__init__(path)
            opened.append(path)

        def close(self):
            super().close()
            opened.remove(self.path)

    monkeypatch.setattr(rescue_module, "DecisionFile", Watched)
    place = tmp_path / f"study[1]{SUFFIX}"
    review = Review(consensus, DecisionLog(), adjudicator="senior")
    review.accept(ids[0])
    rescue = Rescue(tmp_path / "user", place)
    copy = rescue.keep(review.log)
    review.accept(ids[1])
    assert rescue.keep(review.log) == copy
    assert rescued(tmp_path / "user", place) == (copy, 2)
    # Windows removes no file that is open.
    assert opened == []
    rescue.drop()
    assert not copy.exists()
