"""The mouse wheel scrolls a dock, also over what it would turn: only what has the focus turns."""

from __future__ import annotations

from functools import cache

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import (
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QScrollBar,
    QTabBar,
    QWidget,
)


def let_wheel_pass(widget: QWidget) -> None:
    """Keep the wheel from turning what is not in use: lists, numbers, sliders and tabs in a widget.

    A threshold that moves while a person scrolls past it changes every number unseen.
    """
    for kind in (QComboBox, QAbstractSpinBox, QAbstractSlider, QTabBar):
        for turned in widget.findChildren(kind):
            if not isinstance(turned, QScrollBar):
                # Qt gives what the wheel turns the focus first, where its policy says so.
                if turned.focusPolicy() == Qt.FocusPolicy.WheelFocus:
                    turned.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
                turned.installEventFilter(_passes())


class _Passes(QObject):
    """Hands the wheel on to what lies around a widget without the focus."""

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """Ignore a turn of the wheel; Qt then offers it to the parent."""
        if event is None or event.type() != QEvent.Type.Wheel or not isinstance(watched, QWidget):
            return False
        if watched.hasFocus():
            return False
        event.ignore()
        return True


@cache
def _passes() -> _Passes:
    """Return the one that all widgets share; installed again, it is there once."""
    return _Passes()
