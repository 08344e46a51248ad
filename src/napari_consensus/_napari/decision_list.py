"""Who decided what, and when; and the decisions whose ground has changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_consensus._napari.session import Session
from napari_consensus._napari.store import Store
from napari_consensus._napari.table_view import Column, TableView
from napari_consensus.adjudication import Affected, Decision, made_ids

_MOST = 2000  # decisions listed; the file holds all


class _Listing(QWidget):
    """A sentence over a table whose rows go to their objects.

    Parameters
    ----------
    store
        Whose session.
    file
        Name that the table is saved under.
    objects_of
        Ids of the objects that a row is about.
    """

    def __init__(self, store: Store, file: str, objects_of: Callable[[int], Sequence[int]]) -> None:
        super().__init__()
        self._store = store
        self._objects_of = objects_of
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.table = TableView(file)
        self.table.setMinimumHeight(90)
        self.table.chosen.connect(self._go)
        self.rows = QVBoxLayout(self)
        self.rows.setContentsMargins(0, 4, 0, 0)
        self.rows.addWidget(self.note)
        self.rows.addWidget(self.table, 1)

    def _go(self, row: int) -> None:
        session, ids = self._store.session, self._objects_of(row)
        if session is not None and ids and _exists(session, ids[0]):
            session.go(ids[0])


class DecisionList(_Listing):
    """Lists every decision, undo and redo, the last one first.

    Parameters
    ----------
    store
        Whose session.
    """

    def __init__(self, store: Store) -> None:
        super().__init__(store, "decisions.csv", self._objects_decided)
        self._listed: tuple[Decision, ...] = ()

    def show_session(self, session: Session) -> None:
        """Show what was decided."""
        every = session.review.log.decisions
        if len(self._listed) == min(len(every), _MOST) and self._listed[:1] == every[-1:]:
            return
        listed = self._listed = every[: -_MOST - 1 : -1]
        in_force = {d.number for d in session.review.in_force()}
        more = f"; the last {_MOST:,} are listed" if len(every) > _MOST else ""
        self.note.setText(f"{len(every):,} entries, {len(in_force):,} decisions in force{more}.")
        self.table.show_columns(
            [
                Column("No", [d.number for d in listed], "Entry of the decisions file"),
                Column("Time", [_time(d) for d in listed], "When, in UTC"),
                Column("Who", [d.adjudicator for d in listed]),
                Column("What", [_what(d) for d in listed]),
                Column("Category", [_category(d) for d in listed], "As the decision left it"),
                Column(
                    "Stands",
                    ["yes" if d.number in in_force else "" for d in listed],
                    "Whether it is in force: not taken back, and no undo or redo itself",
                ),
                Column(
                    "Blind", [d.blind or "" for d in listed], "Said before the raters were seen"
                ),
                Column("Seconds", [d.seconds for d in listed], "Time spent", 1),
                Column("Remark", [d.text for d in listed]),
            ]
        )

    def _objects_decided(self, row: int) -> Sequence[int]:
        """Ids of the objects that a decision made, or else was about."""
        decision = self._listed[row]
        return made_ids(decision) or decision.objects


class LookAgain(_Listing):
    """Lists decisions that are not in force because the study has changed.

    Parameters
    ----------
    store
        Whose session.
    """

    def __init__(self, store: Store) -> None:
        super().__init__(store, "look-again.csv", self._objects_there)
        self._listed: tuple[Affected, ...] = ()
        self._chosen: Affected | None = None
        self.dismiss = QPushButton("Dismiss")
        self.dismiss.setToolTip(
            "Take the decision off this list, where nothing is left to decide: all that it judged\n"
            "is gone. It stays in the log, and Undo brings it back here."
        )
        self.dismiss.clicked.connect(self._dismiss)
        self.dismiss.setEnabled(False)
        self.table.chosen.connect(self._choose)
        below = QHBoxLayout()
        below.addStretch(1)
        below.addWidget(self.dismiss)
        self.rows.addLayout(below)

    def show_session(self, session: Session) -> None:
        """Show what is to be looked at again."""
        listed = session.review.affected
        if listed == self._listed and self.note.text():
            return
        self._listed, self._chosen = listed, None
        self.dismiss.setEnabled(False)
        self.note.setText(_note(listed, len(session.review.dismissed)))
        self.table.show_columns(
            [
                Column("No", [a.decision.number for a in listed], "Entry of the decisions file"),
                Column("What", [_what(a.decision) for a in listed], "What was decided"),
                Column("Category", [_category(a.decision) for a in listed]),
                Column("Who", [a.decision.adjudicator for a in listed]),
                Column(
                    "Now",
                    [f"{len(a.objects)} to decide" if a.objects else "nothing" for a in listed],
                    "Objects that lie there now; a row goes to the first",
                ),
                Column("Image", [a.decision.image for a in listed]),
                Column("Why", [a.why for a in listed], "What has changed"),
            ]
        )

    def _objects_there(self, row: int) -> Sequence[int]:
        """Ids of the objects to look at again."""
        return self._listed[row].objects

    def _choose(self, row: int) -> None:
        self._chosen = self._listed[row]
        self.dismiss.setEnabled(True)

    def _dismiss(self) -> None:
        session, held = self._store.session, self._chosen
        if session is not None and held is not None:
            session.dismiss(held.decision.number)


def _note(listed: tuple[Affected, ...], dismissed: int) -> str:
    """Say how many decisions are to be looked at again, and why."""
    said = f" {dismissed:,} dismissed." if dismissed else ""
    if not listed:
        return f"Nothing: every decision stands on the annotations it judged.{said}"
    gone = sum(not held.objects for held in listed)
    text = (
        f"{len(listed):,} decision{'s' * (len(listed) != 1)} judged annotations that have changed "
        "since. What lies there now is open again: choose a row, and decide."
    )
    if gone:
        text += f" Of {gone:,} nothing is left; dismiss {'those' if gone > 1 else 'it'}."
    return text + said


def _exists(session: Session, object_id: int) -> bool:
    review = session.review
    return review.evidence.row(object_id) >= 0 or object_id in review.made


def _time(decision: Decision) -> str:
    return decision.time[:19].replace("T", " ")


def _what(decision: Decision) -> str:
    parts = [str(decision.action)]
    if decision.rater:
        parts.append(f"of {decision.rater}")
    if decision.target:
        parts.append(f"of {decision.target}")
    parts += [text for text in (decision.batch, str(decision.check)) if text]
    return " ".join(parts)


def _category(decision: Decision) -> str:
    return " / ".join(dict.fromkeys(shape.category for shape in decision.shapes))
