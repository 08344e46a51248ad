"""Who decided what, and when; and the decisions whose ground has changed."""

from __future__ import annotations

from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_consensus._napari.session import Session
from napari_consensus._napari.store import Store
from napari_consensus._napari.table_view import Column, TableView
from napari_consensus.adjudication import Affected, Decision, made_ids

_MOST = 2000  # decisions listed; the file holds all


class DecisionList(QWidget):
    """Lists every decision, undo and redo, the last one first; a row goes to its object.

    Parameters
    ----------
    store
        Whose session.
    """

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store
        self._listed: tuple[Decision, ...] = ()
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.table = TableView("decisions.csv")
        self.table.setMinimumHeight(90)
        self.table.chosen.connect(self._go)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 4, 0, 0)
        rows.addWidget(self.note)
        rows.addWidget(self.table, 1)

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

    def _go(self, row: int) -> None:
        session, decision = self._store.session, self._listed[row]
        ids = made_ids(decision) or decision.objects
        if session is not None and ids and _exists(session, ids[0]):
            session.go(ids[0])


class LookAgain(QWidget):
    """Lists decisions that are not in force because the study has changed.

    Parameters
    ----------
    store
        Whose session.
    """

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store
        self._listed: tuple[Affected, ...] = ()
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.table = TableView("look-again.csv")
        self.table.setMinimumHeight(90)
        self.table.chosen.connect(self._go)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 4, 0, 0)
        rows.addWidget(self.note)
        rows.addWidget(self.table, 1)

    def show_session(self, session: Session) -> None:
        """Show what is to be looked at again."""
        listed = session.review.affected
        if listed == self._listed and self.note.text():
            return
        self._listed = listed
        self.note.setText(
            f"{len(listed):,} decisions judged annotations that have changed since; the objects "
            "there now are open again."
            if listed
            else "Nothing: every decision stands on the annotations it judged."
        )
        self.table.show_columns(
            [
                Column("No", [a.decision.number for a in listed], "Entry of the decisions file"),
                Column("Why", [a.why for a in listed], "What has changed"),
                Column("Who", [a.decision.adjudicator for a in listed]),
                Column("What", [_what(a.decision) for a in listed]),
                Column("Category", [_category(a.decision) for a in listed]),
                Column("Now", [len(a.objects) for a in listed], "Objects there now"),
            ]
        )

    def _go(self, row: int) -> None:
        session, affected = self._store.session, self._listed[row]
        if session is not None and affected.objects:
            session.go(affected.objects[0])


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
