"""Keys of the review on keyboards of other countries, and paths that a person types."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QKeyEvent

from napari_consensus._napari.keys import key_of, shown
from napari_consensus._napari.review_opening import default_place
from napari_consensus._napari.settings import typed

KEY, HELD = Qt.Key, Qt.KeyboardModifier
ALTGR = HELD.ControlModifier | HELD.AltModifier  # what Windows makes of it


def pressed(key, held=HELD.NoModifier):
    return key_of(QKeyEvent(QEvent.Type.KeyPress, key, held))


@pytest.mark.parametrize("key", [KEY.Key_1, KEY.Key_Y, KEY.Key_Z, KEY.Key_At, KEY.Key_BraceLeft])
def test_what_is_typed_with_altgr_is_no_key_of_the_review(key):
    bound = {"Y", "N", "J", "K", "U", "Ctrl+Z", "Ctrl+Shift+Z", "?", *(f"Alt+{k}" for k in "123")}
    assert pressed(key, ALTGR) not in bound


def test_a_sign_is_the_same_key_whether_or_not_it_takes_shift():
    assert pressed(KEY.Key_Question, HELD.ShiftModifier) == pressed(KEY.Key_Question) == "?"
    assert pressed(KEY.Key_1, HELD.AltModifier | HELD.ShiftModifier) == "Alt+1"


def test_keys_are_shown_as_the_system_writes_them(qapp):
    assert shown("") == ""
    assert shown("J") == "J"
    assert "Z" in shown("Ctrl+Z")


@pytest.mark.parametrize("text", ["x y/z.csv", '"x y/z.csv"', '  "x y/z.csv" '])
def test_a_path_may_be_typed_in_the_quotes_that_windows_copies_it_in(text):
    assert typed(text) == Path("x y/z.csv")


def test_a_typed_path_may_begin_at_home_and_nobody_s_home_is_no_error():
    assert typed("~/x") == Path.home() / "x"
    assert typed("~nobody-of-that-name/x") == Path("~nobody-of-that-name/x")
    assert typed(' "" ') is None


def test_decisions_on_a_study_that_is_a_whole_drive_stand_in_it(tmp_path):
    def place(*paths):
        found = SimpleNamespace(walked=SimpleNamespace(paths=paths), root=tmp_path)
        return default_place(SimpleNamespace(found=found))

    drive = Path(tmp_path.anchor)
    assert place(drive) == drive / "study.decisions.sqlite"
    assert place(tmp_path / "in") == tmp_path / "in.decisions.sqlite"
