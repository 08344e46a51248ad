"""Keys of the review, whatever widget of the window has the focus."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QKeyEvent, QKeySequence
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QKeySequenceEdit,
    QLineEdit,
    QMainWindow,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from napari_consensus._napari.settings import remember, remembered

_TEXT_FIELDS = (QLineEdit, QTextEdit, QPlainTextEdit, QAbstractSpinBox, QKeySequenceEdit)
_KEY_EVENTS = (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress, QEvent.Type.KeyRelease)
_MODIFIERS = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.MetaModifier,
)


@dataclass(frozen=True, slots=True)
class Command:
    """What a key does.

    Parameters
    ----------
    name
        What it is remembered by.
    title
        What the list of keys says.
    key
        As it is at first, as Qt writes keys: "Ctrl+Z".
    press
        Called when the key goes down.
    release
        Called when it comes up again, where it is to be held.
    repeats
        Whether it is pressed again and again while the key is held. What decides is not: a
        finger that rests on a key would answer for objects nobody has seen.
    """

    name: str
    title: str
    key: str
    press: Callable[[], None]
    release: Callable[[], None] | None = None
    repeats: bool = False


class Keys(QObject):
    """Takes the keys of a dock before any widget of its window gets them.

    napari's layers, its canvas and every table own keys of their own, and what has the focus
    would decide; so keys are taken from the application's events, as long as the dock can be
    seen. Fields that take text keep all of theirs.

    Parameters
    ----------
    dock
        Whose keys; it owns this.
    commands
        What keys do.
    asleep
        Whether the keys are to be left alone now.
    """

    def __init__(self, dock: QWidget, commands: list[Command], asleep: Callable[[], bool]) -> None:
        super().__init__(dock)
        self._dock = dock
        self._asleep = asleep
        self._held: Command | None = None
        self.commands = {command.name: command for command in commands}
        self.bound = {c.name: remembered(f"keys/{c.name}", c.key) for c in commands}
        self._own: Mapping[str, Callable[[], None]] = {}
        # The key may come up while another window has the focus.
        QApplication.instance().focusWindowChanged.connect(self._let_go)

    def listen(self, *, on: bool) -> None:
        """Begin or stop to take keys."""
        application = QApplication.instance()
        application.removeEventFilter(self)
        if on:
            application.installEventFilter(self)
        else:
            self._let_go()

    def borrow(self, own: Mapping[str, Callable[[], None]]) -> None:
        """Take other keys, and these alone, as long as something is drawn; none ends that."""
        self._own = own

    def bind(self, name: str, key: str) -> str:
        """Give a command another key; says why not, "" where it is done."""
        taken = next((n for n, k in self.bound.items() if k == key and n != name), None)
        if taken is not None:
            title = self.commands[taken].title
            return f"{shown(key)} is the key of “{title}”; change that one first."
        self.bound[name] = key
        remember(f"keys/{name}", key)
        return ""

    def reset(self) -> None:
        """Give every command its first key again."""
        for name, command in self.commands.items():
            self.bound[name] = command.key
            remember(f"keys/{name}", command.key)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """Do what a key stands for, and keep it from everyone else."""
        if event is None or event.type() not in _KEY_EVENTS:
            return False
        if not isinstance(watched, QWidget) or not self._is_ours(watched):
            return False
        event = _as_key(event)
        if event.type() == QEvent.Type.KeyRelease:
            return self._released(event)
        act = self._act(event)
        if act is None:
            return False
        # Accepted, an override keeps menus from taking the key; it then comes as a press.
        event.accept()
        if event.type() == QEvent.Type.KeyPress:
            act()
        return True

    def _is_ours(self, widget: QWidget) -> bool:
        """Whether a key that a widget gets is for the dock."""
        dock = self._dock
        window = main_window(dock)
        if window is None or main_window(widget) is not window:
            return False
        if QApplication.activeModalWidget() is not None:
            return False
        if isinstance(widget, QComboBox) and widget.isEditable():
            return False
        return not isinstance(widget, _TEXT_FIELDS) and is_seen(dock) and not self._asleep()

    def _act(self, event: QKeyEvent) -> Callable[[], None] | None:
        key = key_of(event)
        if self._own:
            return self._own.get(key)
        command = next((self.commands[n] for n, k in self.bound.items() if k == key), None)
        if command is None:
            return None
        return lambda: self._press(command, again=event.isAutoRepeat())

    def _press(self, command: Command, *, again: bool) -> None:
        if again and not command.repeats:
            return
        if command.release is not None:
            self._held = command
        command.press()

    def _released(self, event: QKeyEvent) -> bool:
        held = self._held
        if held is None or event.isAutoRepeat() or self.bound[held.name] != key_of(event):
            return False
        self._let_go()
        return True

    def _let_go(self, *_: object) -> None:
        held, self._held = self._held, None
        if held is not None and held.release is not None:
            held.release()


def _as_key(event: QEvent) -> QKeyEvent:
    """Return the event of a key as one.

    PyQt takes it for the click that stood in the same memory before, as long as somebody holds
    that: vispy does.
    """
    if isinstance(event, QKeyEvent):
        return event
    from qtpy import sip

    return sip.wrapinstance(sip.unwrapinstance(event), QKeyEvent)


def key_of(event: QKeyEvent) -> str:
    """Return a key as it is written: "J", "Alt+1", "?"; Shift counts with letters alone."""
    key = event.key()
    held = [flag for flag in _MODIFIERS if event.modifiers() & flag]
    letter = Qt.Key.Key_A <= key <= Qt.Key.Key_Z
    named = key >= Qt.Key.Key_Escape  # arrows, Enter: keys without a sign of their own
    if event.modifiers() & Qt.KeyboardModifier.ShiftModifier and (letter or named):
        held.append(Qt.KeyboardModifier.ShiftModifier)
    value = int(key)
    for flag in held:
        value |= int(flag.value)
    return str(QKeySequence(value).toString(QKeySequence.SequenceFormat.PortableText))


def shown(key: str) -> str:
    """Return a key as the system writes it: on a Mac, Ctrl+Z is ⌘Z."""
    return str(QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText))


def main_window(widget: QWidget) -> QMainWindow | None:
    """Return the window a widget belongs to, also where its dock floats beside it."""
    parent: QObject | None = widget
    while parent is not None and not isinstance(parent, QMainWindow):
        parent = parent.parent()
    return parent


def is_seen(dock: QWidget) -> bool:
    """Whether a dock can be seen; one behind another in the same place cannot."""
    return dock.isVisible() and not dock.visibleRegion().isEmpty()
