"""How far a review is, how long decisions take, and how far they can be trusted."""

from __future__ import annotations

from collections import Counter
from math import isnan

from qtpy.QtWidgets import QLabel, QProgressBar, QVBoxLayout, QWidget

from napari_consensus._napari.session import Session
from napari_consensus._napari.table_view import Column, TableView
from napari_consensus.adjudication import (
    audit_result,
    compare_adjudicators,
    consistency,
    progress_of,
    to_be_checked,
)


class ProgressPage(QWidget):
    """Shows progress, audits, consistency and what each adjudicator did."""

    def __init__(self) -> None:
        super().__init__()
        self._counted = (-1, False)
        self.bar = QProgressBar()
        self.bar.setToolTip("Objects kept or rejected, of all under review.")
        self.text = QLabel()
        self.text.setWordWrap(True)
        self.text.setToolTip(
            "Intervals are exact (Clopper and Pearson, 95 %): in 95 of 100 such samples they\n"
            "hold the true share."
        )
        self.work = TableView("adjudicators.csv")
        self.work.setMinimumHeight(70)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 4, 0, 0)
        rows.addWidget(self.bar)
        rows.addWidget(self.text)
        rows.addWidget(self.work, 1)

    def show_session(self, session: Session) -> None:
        """Count anew, where there is something new."""
        review = session.review
        counted = (len(review.log.decisions), bool(session.walk.audit_left))
        if counted == self._counted:
            return
        self._counted = counted
        done = progress_of(review)
        self.bar.setMaximum(max(done.objects, 1))
        self.bar.setValue(done.settled)
        self.bar.setFormat(f"{done.settled:,} of {done.objects:,} settled")
        to_do = f"{done.not_reviewed:,} not reviewed, {done.unsure:,} unsure"
        lines = [f"{to_do}, {done.affected:,} to look at again{_dismissed(done.dismissed)}."]
        in_force = review.in_force()
        left = Counter(to_be_checked(in_force).values())
        again = consistency(in_force, review.adjudicator)
        if again.repeats:
            lines.append(
                f"Shown again: the same answer {again.same} of {again.repeats} times, "
                f"{_interval(again.share, again.low, again.high)}."
            )
        for name in dict.fromkeys(d.batch for d in in_force if d.batch):
            found = audit_result(in_force, name)
            lines.append(
                f"{name}: {found.errors} of {found.checked} checked were wrong, "
                f"{_interval(found.rate, found.low, found.high)}{_left(name, left)}."
            )
        lines += [
            f"{pair.a} and {pair.b} both decided {pair.both:,}: {pair.same_verdict:,} alike; "
            f"{pair.same_category:,} of {pair.both_kept:,} both kept under the same category."
            for pair in compare_adjudicators(in_force)
        ]
        self.text.setText("\n".join(lines))
        work = done.by_adjudicator
        self.work.show_columns(
            [
                Column("Adjudicator", [w.adjudicator for w in work]),
                Column("Decisions", [w.decisions for w in work], "Decisions in force"),
                Column("By batch", [w.in_batches for w in work], "Accepted unseen in a batch"),
                Column(
                    "Seconds",
                    [w.seconds for w in work],
                    "Median time of a decision made by hand; a dash where none was timed",
                    1,
                ),
                Column("Blind", [w.blind for w in work], "Decisions with a blind answer"),
                Column(
                    "Changed",
                    [w.changed_mind for w in work],
                    "Of these, how many ended otherwise once the raters were seen",
                ),
            ]
        )


def _dismissed(count: int) -> str:
    return f", {count:,} dismissed" if count else ""


def _left(name: str, left: Counter[str]) -> str:
    return f"; {left[name]} still to be checked" if left[name] else ""


def _interval(share: float, low: float, high: float) -> str:
    said = "no share yet" if isnan(share) else f"{share:.0%}"
    return f"{said} (95 %: {low:.0%} to {high:.0%})"
