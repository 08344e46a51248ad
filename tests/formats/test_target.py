"""What is written is there whole or not at all, also where Windows holds a file back."""

from pathlib import Path

import pytest

from napari_consensus.errors import WriteError, unreadable
from napari_consensus.formats import check_files, write_files


@pytest.fixture
def held(monkeypatch):
    """Names of files that a program has open: Windows neither moves nor replaces those."""
    names = set()
    for move in ("rename", "replace"):
        real = getattr(Path, move)

        def refuse(self, target, real=real):
            if names & {self.name, Path(target).name}:
                raise PermissionError(13, "Access is denied", str(self), 5, str(target))
            return real(self, target)

        monkeypatch.setattr(Path, move, refuse)
    return names


def test_a_file_open_in_another_program_is_told_before_any_work(held, tmp_path):
    file = tmp_path / "table.csv"
    file.write_text("old")
    held.add("table.csv")
    with pytest.raises(WriteError, match=r"table\.csv: .*: Access is denied; if .* open"):
        check_files([file], overwrite=True)


def test_a_file_that_was_opened_meanwhile_keeps_all_of_them_as_they_were(held, tmp_path):
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    first.write_text("old")
    second.write_text("old")

    def pieces():
        held.add("second.csv")
        yield "new"

    with pytest.raises(WriteError, match=r"second\.csv.*close it there"):
        write_files({first: pieces(), second: ["new"]}, overwrite=True)
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {
        "first.csv": "old",
        "second.csv": "old",
    }


def test_a_virus_scanner_that_looks_at_a_new_file_is_waited_for(monkeypatch, tmp_path):
    asked = []

    def replace(self, target, real=Path.replace):
        asked.append(target.name)
        if len(asked) < 3:
            raise PermissionError(13, "Access is denied", str(self), 5, str(target))
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    write_files({tmp_path / "a.csv": ["new"]}, overwrite=False)
    assert asked == ["a.csv"] * 3
    assert [file.read_text() for file in tmp_path.iterdir()] == ["new"]


def test_a_folder_that_is_shut_is_tried_once(monkeypatch, tmp_path):
    tried = []

    def shut(self, *mode):
        tried.append(self)
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", shut)
    with pytest.raises(WriteError, match=r"cannot be written: Permission denied$"):
        check_files([tmp_path / "a.csv"], overwrite=False)
    assert len(tried) == 1


def test_a_folder_whose_place_nobody_may_look_into_is_told_in_one_line(monkeypatch, tmp_path):
    def away(self):
        raise OSError(22, "The specified network name is no longer available", str(self))

    monkeypatch.setattr(Path, "is_dir", away)
    with pytest.raises(WriteError, match=r"a\.csv: cannot be written: The specified network name"):
        check_files([tmp_path / "a.csv"], overwrite=False)


def test_a_folder_is_told_as_such_where_windows_says_that_permission_is_denied(tmp_path):
    said = unreadable(tmp_path, PermissionError(13, "Permission denied"))
    assert str(said) == f"{tmp_path}: this is a folder, not a file"
