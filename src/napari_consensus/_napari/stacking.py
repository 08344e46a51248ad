"""Docks opened one by one from a menu lie over each other, as tabs: side by side none has room."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDockWidget, QMainWindow, QTabBar

_TABS = "QTabBar::tab {padding: 4px 2px; margin: 0px; min-width: 0px; font-size: 11px;}"


def lay_over(frame: QDockWidget, others: list[QDockWidget]) -> None:
    """Lay a dock over the last of others that stand in its place, unless it lies so already."""
    # The menu's names, "Study (Consensus)", would leave room for three tabs.
    frame.setWindowTitle(frame.windowTitle().partition(" (")[0])
    window = frame.parent()
    if not isinstance(window, QMainWindow) or window.tabifiedDockWidgets(frame):
        return
    area = window.dockWidgetArea(frame)
    there = [f for f in others if not f.isFloating() and window.dockWidgetArea(f) == area]
    if there and not frame.isFloating():
        window.tabifyDockWidget(there[-1], frame)
        frame.show()
        frame.raise_()
        squeeze_tabs(window, frame.windowTitle())


def squeeze_tabs(window: QMainWindow, title: str) -> None:
    """Give the tabs of a dock, and of those beside it, room for their names."""
    for bar in window.findChildren(QTabBar):
        names = {bar.tabText(k) for k in range(bar.count())}
        if bar.parent() is window and title in names:
            # napari's own margins would leave "St…", "Fig…" of the names.
            bar.setStyleSheet(_TABS)
            bar.setElideMode(Qt.TextElideMode.ElideNone)
