"""The object under review: what is said of it, who marked it, and every way to answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from qtpy.QtCore import QEvent, QObject, Qt, Signal
from qtpy.QtGui import QAction, QKeyEvent
from qtpy.QtWidgets import (
    QCompleter,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_consensus._napari.keys import shown
from napari_consensus._napari.session import Session
from napari_consensus._napari.store import Store
from napari_consensus._napari.vote_bar import Vote, VoteBar
from napari_consensus.adjudication import Action, Check, Decision, Verdict

# By name of the command: what the button says, and what its tooltip adds to the key.
BUTTONS = {
    "previous": ("‹ Back", "The object before in the queue."),
    "accept": ("Accept", "Keep it as it stands."),
    "reject": ("Reject", "There is no such object."),
    "unsure": ("Unsure", "Leave it open, as looked at."),
    "next": ("Next ›", "Leave it for later; show the next open object."),
    "redraw": ("Redraw", "Draw its outline anew, on the canvas."),
    "merge": ("Merge", "Make one of this object and those marked by Shift+click."),
    "split": ("Split", "Draw the outlines of its parts, on the canvas."),
    "add": ("Add", "Draw an object that all raters missed."),
    "undo": ("Undo", "Take the last step back."),
    "redo": ("Redo", "Do the last step taken back again."),
}
_ANSWERS = 5  # buttons of the first row; the others change and take back
_LINES = 3
_WITH_KEYS = 5  # raters beside whose names there is room for a key


class ReviewCard(QWidget):
    """Says what is under review, and takes the answer.

    `pressed` is emitted with the name of a button's command.

    Parameters
    ----------
    store
        Whose session.
    """

    pressed = Signal(str)

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store
        self.title, self.why, self.history = QLabel(), QLabel(), QLabel()
        for label in (self.title, self.why, self.history):
            label.setWordWrap(True)
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        bold = self.title.font()
        bold.setBold(True)
        self.title.setFont(bold)
        self.title.setToolTip("What the object is now, after all decisions about it.")
        self.why.setToolTip("Why it is worth your time, and where in the queue it stands.")
        self.history.setToolTip("Who decided what about it, and when (UTC).")
        self.votes = VoteBar()
        self.category, self.comment = QLineEdit(), QLineEdit()
        self.category.setPlaceholderText("Category: first letters, then Enter")
        self.comment.setPlaceholderText("Comment, then Enter")
        self.choose = QToolButton()
        self.choose.setToolTip("All categories.")
        self.choose.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._names: tuple[str, ...] = ()
        self._bound: Mapping[str, str] = {}
        self.category.returnPressed.connect(self._say_category)
        self.comment.returnPressed.connect(self._say_comment)
        for field in (self.category, self.comment):
            field.installEventFilter(self)
        self.buttons = {name: QPushButton(text) for name, (text, _) in BUTTONS.items()}
        for name, button in self.buttons.items():
            button.setObjectName(name)
            button.clicked.connect(self._clicked)
            # A button that had the focus would answer to the space bar.
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.then: Callable[[str], None] | None = None
        self._lay_out()

    def show_keys(self, bound: Mapping[str, str]) -> None:
        """Say which key does what."""
        self._bound = bound
        for name, button in self.buttons.items():
            text, tip = BUTTONS[name]
            button.setText(f"{text} {bound[name]}" if len(bound[name]) == 1 else text)
            button.setToolTip(f"{tip} Key: {shown(bound[name]) or 'none'}")
        for field, name in ((self.category, "category"), (self.comment, "comment")):
            field.setToolTip(f"Key: {shown(bound[name]) or 'none'}; Escape leaves the field.")

    def show_session(self, session: Session) -> None:
        """Show what lies before the expert."""
        self._offer(session.review.consensus.shapes.categories)
        shown, shape = session.shown, session.shape()
        there = shown is not None and shape is not None
        self.title.setText(_title(session))
        self.why.setText("" if session.hidden else " · ".join(session.reasons()))
        self.why.setVisible(bool(self.why.text()))
        self.votes.empty = "Answer first; then the raters are shown." if session.hidden else ""
        self.votes.show_votes([] if session.hidden or not there else self._votes(session))
        self.history.setText("" if session.hidden else _history(session.history()))
        self.history.setVisible(bool(self.history.text()))
        for name, button in self.buttons.items():
            button.setEnabled(there or name in ("previous", "next", "add", "undo", "redo"))
        self.buttons["undo"].setEnabled(session.review.can_undo)
        self.buttons["redo"].setEnabled(session.review.can_redo)
        for field in (self.category, self.comment):
            field.setEnabled(there or self.then is not None)

    def ask_category(self, then: Callable[[str], None]) -> None:
        """Ask for the category of something new."""
        self.then = then
        self.category.setEnabled(True)
        self.category.setPlaceholderText("Category of the new object, then Enter")
        self.category.setFocus()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """Leave a field on Escape, without an answer."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
            and event.key() == Qt.Key.Key_Escape
        ):
            self.leave()
            return True
        return super().eventFilter(watched, event)

    def leave(self) -> None:
        """Empty the fields, and give the keys back."""
        self.then = None
        self.category.setPlaceholderText("Category: first letters, then Enter")
        for field in (self.category, self.comment):
            field.clear()
            field.clearFocus()

    def _lay_out(self) -> None:
        fields = QHBoxLayout()
        fields.setSpacing(2)
        fields.addWidget(self.category, 3)
        fields.addWidget(self.choose)
        fields.addSpacing(4)
        fields.addWidget(self.comment, 2)
        answers, changes = QHBoxLayout(), QHBoxLayout()
        for place, button in enumerate(self.buttons.values()):
            (answers if place < _ANSWERS else changes).addWidget(button)
        for row in (answers, changes):
            row.setSpacing(3)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(4)
        rows.addWidget(self.title)
        rows.addWidget(self.why)
        rows.addWidget(self.votes)
        rows.addLayout(fields)
        rows.addLayout(answers)
        rows.addLayout(changes)
        rows.addWidget(self.history)

    def _offer(self, names: tuple[str, ...]) -> None:
        if names == self._names:
            return
        self._names = names
        completer = QCompleter(list(names), self.category)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setCompletionMode(QCompleter.CompletionMode.InlineCompletion)
        self.category.setCompleter(completer)
        menu = QMenu(self.choose)
        for name in names:
            # An ampersand would underline the letter after it.
            action = menu.addAction(name.replace("&", "&&"))
            action.setData(name)
        menu.triggered.connect(self._choose)
        self.choose.setMenu(menu)

    def _votes(self, session: Session) -> list[Vote]:
        raters = session.review.consensus.groups.annotations.raters
        image = session.review.image(session.shown.object_id) if session.shown else ""
        read = raters.read[session.review.consensus.shapes.images.index(image)]
        colours = {rater.name: rater.colour for rater in self._store.raters}
        members = session.members()
        return [
            Vote(
                self._with_key(k, name, len(raters)),
                colours.get(name, "#808080"),
                members[name].category if name in members else None,
            )
            for k, name in enumerate(raters.names, 1)
            if read[k - 1] or name in members
        ]

    def _with_key(self, number: int, name: str, raters: int) -> str:
        """Name of a rater and the key that takes what they drew, where there is room for it."""
        key = self._bound.get(f"take {number}", "")
        return f"{name} · {key}" if key and raters <= _WITH_KEYS else name

    def _clicked(self) -> None:
        self.pressed.emit(self.sender().objectName())

    def _choose(self, action: QAction) -> None:
        self._take_category(action.data())

    def _say_category(self) -> None:
        text = self.category.text().strip().casefold()
        found = [name for name in self._names if name.casefold() == text]
        found = found or [name for name in self._names if name.casefold().startswith(text)]
        session = self._store.session
        if session is None or not text:
            return
        if not found:
            session.hinted.emit(f"No category begins with “{self.category.text().strip()}”.")
        else:
            self._take_category(found[0])

    def _take_category(self, name: str) -> None:
        then, session = self.then, self._store.session
        self.leave()
        if then is not None:
            then(name)
        elif session is not None:
            session.relabel(name)

    def _say_comment(self) -> None:
        text, session = self.comment.text(), self._store.session
        self.leave()
        if session is not None:
            session.comment(text)


def _title(session: Session) -> str:
    shape = session.shape()
    if shape is None:
        if session.walk.queue is None or session.walk.due:
            return "Putting the queue in order …"
        return "Nothing is left in this queue. Change the filter, or go on to Gold."
    if session.hidden:
        return "Blind: give a category, N for no object, or U."
    return " · ".join([shape.category or "no category", *_circumstances(session)])


def _circumstances(session: Session) -> Iterator[str]:
    """Say how the object shown stands, and why it is shown."""
    shown, consensus = session.shown, session.review.consensus
    row = session.review.evidence.row(shown.object_id) if shown is not None else -1
    if row >= 0:
        yield f"{consensus.support[row]} of {consensus.readers[row]} raters"
    if session.standing() is not Verdict.OPEN:
        yield str(session.standing())
    if session.answer is not None:
        yield f"you said {session.answer or 'no object'}; Y keeps that"
    if shown is not None and shown.check is Check.AUDIT:
        yield f"check of {shown.batch}, {session.walk.audit_left} left"
    if session.marked:
        yield f"{len(session.marked)} marked to be merged"


def _history(decisions: tuple[Decision, ...]) -> str:
    """Return the last few decisions, one a line."""
    return "\n".join(said(decision) for decision in decisions[-_LINES:])


def said(decision: Decision) -> str:
    """Return who decided what, and when, in one line."""
    what = str(decision.action)
    if decision.action is Action.SAMPLE:
        what = f"drawn from {decision.batch}, to be checked by hand"
    if decision.rater:
        what += f" of {decision.rater}"
    if decision.shapes and decision.shapes[0].category:
        what += f" {decision.shapes[0].category}"
    text = f" “{decision.text}”" if decision.text else ""
    return f"{decision.time[:16].replace('T', ' ')} {decision.adjudicator}: {what}{text}"
