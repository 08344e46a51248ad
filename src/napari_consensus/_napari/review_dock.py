"""Review dock: an expert settles the objects of a consensus, worst first, by keyboard."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from napari.utils.notifications import show_info
from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QHideEvent, QShowEvent
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QTabWidget, QWidget

from napari_consensus._napari.decision_list import DecisionList, LookAgain
from napari_consensus._napari.dock import Dock
from napari_consensus._napari.gold_form import GoldForm
from napari_consensus._napari.gold_writing import write_card
from napari_consensus._napari.key_list import KeyList
from napari_consensus._napari.keys import Command, Keys
from napari_consensus._napari.leaving import leaving_of
from napari_consensus._napari.place_row import PlaceRow
from napari_consensus._napari.progress_page import ProgressPage
from napari_consensus._napari.queue_list import QueueList, accept_batch, build_queue
from napari_consensus._napari.review_canvas import canvas_of
from napari_consensus._napari.review_card import ReviewCard
from napari_consensus._napari.review_form import ReviewForm
from napari_consensus._napari.review_opening import Beginning, open_review
from napari_consensus._napari.review_tools import ReviewTools
from napari_consensus._napari.session import Session
from napari_consensus._napari.settings import rescue_folder
from napari_consensus._napari.tables import Prepared
from napari_consensus.adjudication import Rescue, Review, Verdict
from napari_consensus.errors import ReadError, WriteError
from napari_consensus.queueing import Batch, Queue

_TAKEN = 9  # raters who can be taken by a key
_REPEATING = ("next", "previous", "undo", "redo")  # while their key is held


class ReviewDock(Dock):
    """Review: how to begin, the object, the queue, decisions, progress, gold standard, keys.

    Parameters
    ----------
    napari_viewer
        The viewer it belongs to.
    """

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__(napari_viewer)
        canvas_of(self.scene)
        self._leaving = leaving_of(self.scene)
        self._session: Session | None = None
        self._ordering = False
        self._accepting = False
        self.form = ReviewForm(self.store)
        self.form.asked.connect(self._begin)
        self.add_page(self.form)
        self.tools = ReviewTools(self.scene, self)
        self.keys = Keys(self, self._commands(), self._is_asleep)
        self.card = ReviewCard(self.store)
        self.card.pressed.connect(self._press)
        self.tools.ask_category = self.card.ask_category
        self.tools.changed.connect(self._show_drawing)
        self.queue = QueueList(self.scene)
        self.queue.batch_asked.connect(self._accept)
        self.decisions, self.again = DecisionList(self.store), LookAgain(self.store)
        self.progress, self.gold = ProgressPage(), GoldForm(self.store)
        self.gold.card_asked.connect(self._write_card)
        self.key_list = KeyList(self.keys)
        self.key_list.changed.connect(self._show_keys)
        self.place = PlaceRow()
        self.drawing, self.done = QLabel(), QPushButton("Done")
        self.cancel, self.end = QPushButton("Cancel"), QPushButton("End this review")
        self.tabs = QTabWidget()
        self._lay_out()
        self._show_keys()
        self._show_drawing()
        store = self.store
        self.listen(store.study_changed, store.runs_changed)
        self.listen(store.review_changed, store.review_moved, then=self._refresh_once)
        elsewhere = (store.review_moved, store.image_changed, store.canvas_changed)
        self.listen(*elsewhere, then=self._leave_drawing)

    def refresh(self) -> None:
        """Show the form, or the session."""
        session = self.store.session
        if session is not self._session:
            self._meet(session)
        if session is None:
            self.form.offer()
            self.show_other_page(self.form)
            return
        self.headline.setText(self._headline(session))
        self.headline.setToolTip(f"Decisions: {session.review.log.path or 'in memory only'}")
        self.card.show_session(session)
        affected = len(session.review.affected)
        self.tabs.setTabText(2, f"Again {affected}" if affected else "Again")
        self._show_tab()
        # Filled while another page was before it, the layout would keep its old heights.
        self.rows.invalidate()
        self._order()

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802
        """Take the keys of the window."""
        super().showEvent(event)
        self.keys.listen(on=True)
        self._leaving.watch(self)

    def hideEvent(self, event: QHideEvent | None) -> None:  # noqa: N802
        """Leave the keys to others; a dock that is removed is hidden, not closed."""
        self.keys.listen(on=False)
        # A window that is made small hides it too, and comes back with what was drawn.
        if event is not None and not event.spontaneous():
            self.tools.cancel()
        super().hideEvent(event)

    def event(self, event: QEvent | None) -> bool:
        """Tell of decisions in memory only, where the dock is removed."""
        if event is not None and event.type() == QEvent.Type.ParentChange:
            self._leaving.moved(self)
        return bool(super().event(event))

    def _refresh_once(self) -> None:
        """Refresh after what is going on: one answer changes several things."""
        self._stale = True
        self._soon.start(0)

    # How a review begins and ends.

    def _begin(self, beginning: Beginning) -> None:
        prepared = self.store.prepared
        if prepared is None or self.job_bar.busy:
            return
        self.form.setEnabled(False)
        then = partial(self._opened, beginning, prepared)
        # The file would be open in another window: this one's own.
        self.store.end_review()
        job = self.start("Opening the decisions", open_review, prepared, beginning, then=then)
        job.ended.connect(self._form_ready)

    def _opened(
        self, beginning: Beginning, prepared: Prepared, outcome: Review | ReadError | WriteError
    ) -> None:
        if not isinstance(outcome, Review):
            self.form.tell(outcome)
        elif self.store.prepared is not prepared:
            outcome.log.close()
        else:
            session = Session(
                outcome,
                prepared.study.severities,
                blind_first=beginning.blind_first,
                repeats=beginning.repeats,
                rescue=Rescue(rescue_folder(), outcome.log.path),
            )
            self.store.begin_review(session)

    def _form_ready(self) -> None:
        self.form.setEnabled(True)

    def _meet(self, session: Session | None) -> None:
        self._session = session
        self.tools.cancel()
        self.place.meet(session)
        if session is not None:
            session.hinted.connect(self._hint)
            self.queue.offer(session)
            self.gold.meet(session)
            if session.walk.audit_left:
                left = f"{session.walk.audit_left:,} drawn from a batch"
                self._hint(f"{left} are still to be checked by hand; they come first.")

    def _end(self) -> None:
        if self.store.may_leave():
            self.store.end_review()

    # The queue.

    def _order(self) -> None:
        """Put the queue in order in a thread, where that is due."""
        session = self.store.session
        if session is None or self._ordering or self._accepting or not session.walk.due:
            return
        self._ordering, session.walk.due = True, False
        asked = (session.walk.wanted, session.walk.verdict)
        job = self.start(
            "Putting the queue in order",
            build_queue,
            session.review,
            *asked,
            session.severities,
            session.walk.queue,
            then=partial(self._ordered, session, asked),
        )
        job.ended.connect(self._order_ended)

    def _ordered(self, session: Session, asked: Any, queue: Queue) -> None:
        if asked == (session.walk.wanted, session.walk.verdict):
            session.set_queue(queue)
        else:
            session.walk.due = True

    def _order_ended(self) -> None:
        self._ordering = False
        self._mark_stale()

    def _accept(self, batch: Batch) -> None:
        session = self.store.session
        if session is None or self._accepting or self.job_bar.busy:
            return
        self._accepting = True
        self.body.setEnabled(False)
        then = partial(self._accepted, session, batch)
        job = self.start("Accepting", accept_batch, session.review, batch, then=then)
        job.ended.connect(self._accept_ended)

    def _accepted(self, session: Session, batch: Batch, message: str) -> None:
        session.safe.told(message)
        session.batch_accepted()
        self._hint(f"{len(batch.accept):,} accepted. Now check {len(batch.audit):,} by hand.")

    def _accept_ended(self) -> None:
        self._accepting = False
        self.body.setEnabled(True)
        self._mark_stale()

    # Keys.

    def _commands(self) -> list[Command]:
        tools = self.tools
        plain = [
            ("next", "Next open object", "J", self._for_session(lambda s: s.step(1))),
            ("previous", "The object before", "K", self._for_session(lambda s: s.step(-1))),
            (
                "accept",
                "Accept; after a blind answer, keep it",
                "Y",
                self._for_session(Session.accept),
            ),
            ("reject", "Reject: no such object", "N", self._for_session(Session.reject)),
            ("unsure", "Unsure: leave it open", "U", self._for_session(Session.unsure)),
            ("category", "Category, by its first letters", "C", self._to_category),
            ("redraw", "Redraw its outline", "G", tools.redraw),
            ("merge", "Merge with what is marked, or overlaps", "M", tools.merge),
            ("split", "Split into parts", "S", tools.split),
            ("add", "Add an object all missed", "A", tools.add),
            ("comment", "Comment", "T", self._to_comment),
            ("undo", "Undo", "Ctrl+Z", self._for_session(Session.undo)),
            ("redo", "Redo", "Ctrl+Shift+Z", self._for_session(Session.redo)),
            ("keys", "This list", "?", self._toggle_keys),
        ]
        commands = [Command(*each, repeats=each[0] in _REPEATING) for each in plain]
        commands.append(Command("hide", "Hide all, while held", "H", tools.hide, tools.unhide))
        for k in range(1, _TAKEN + 1):
            take = self._for_session(partial(_take, k))
            commands.append(Command(f"take {k}", f"Take what rater {k} drew", f"Alt+{k}", take))
        return commands

    def _for_session(self, act: Any) -> Any:
        def run() -> None:
            if self.store.session is not None and not self._accepting:
                self._hint("")
                act(self.store.session)

        return run

    def _press(self, name: str) -> None:
        self.keys.commands[name].press()

    def _is_asleep(self) -> bool:
        return self.store.session is None or self._accepting

    def _to_category(self) -> None:
        self.card.category.setFocus()

    def _to_comment(self) -> None:
        self.card.comment.setFocus()

    def _toggle_keys(self) -> None:
        shown = self.tabs.currentWidget() is self.key_list
        self.tabs.setCurrentWidget(self.queue if shown else self.key_list)

    def _show_keys(self) -> None:
        self.card.show_keys(self.keys.bound)

    # What is shown.

    def _lay_out(self) -> None:
        self.end.setToolTip("Close the decisions file; you can go on with it at any time.")
        self.end.clicked.connect(self._end)
        self.done.clicked.connect(self.tools.finish)
        self.cancel.clicked.connect(self.tools.cancel)
        self.draw_row = QWidget()
        drawing = QHBoxLayout(self.draw_row)
        drawing.setContentsMargins(0, 0, 0, 0)
        self.drawing.setWordWrap(True)
        drawing.addWidget(self.drawing, 1)
        drawing.addWidget(self.cancel)
        drawing.addWidget(self.done)
        self.progress.layout().addWidget(self.end, 0, Qt.AlignmentFlag.AlignRight)
        for page, title, tip in (
            (self.queue, "Queue", "What is to be decided, worst first."),
            (self.decisions, "Decisions", "Who decided what, and when."),
            (self.again, "Again", "Decisions whose annotations have changed since."),
            (self.progress, "Progress", "How far, how fast, how sure."),
            (self.gold, "Gold", "Freeze and sign the gold standard."),
            (self.key_list, "Keys", "Every key, and how to change it."),
        ):
            self.tabs.setTabToolTip(self.tabs.addTab(page, title), tip)
        self.tabs.currentChanged.connect(self._show_tab)
        self.rows.addWidget(self.place)
        self.rows.addWidget(self.card)
        self.rows.addWidget(self.draw_row)
        self.rows.addWidget(self.tabs, 1)

    def _show_tab(self) -> None:
        """Fill the page in front: only what is seen is counted."""
        session, page = self.store.session, self.tabs.currentWidget()
        if session is not None and page is not self.key_list and self.isVisible():
            page.show_session(session)

    def _headline(self, session: Session) -> str:
        counts, review = session.counts, session.review
        settled = counts[Verdict.KEPT] + counts[Verdict.REJECTED]
        parts = [
            f"{settled:,} of {counts.total():,} settled",
            f"{counts[Verdict.UNSURE]:,} unsure",
            f"image {self.store.image + 1} of {self.store.n_images}{self._no_picture()}",
            _consensus_name(review),
            review.adjudicator,
        ]
        return " · ".join(parts)

    def _no_picture(self) -> str:
        """Say where there is nothing to look at, so that nobody waits for it."""
        there = self.scene.pixels.pictured()
        return "" if not there or self.store.image_name in there else " (no picture of it)"

    def _hint(self, message: str) -> None:
        self.drawing.setText(message)
        self._show_drawing()

    def _show_drawing(self) -> None:
        drawn = self.tools.drawing
        self.keys.borrow(self.tools.keys if drawn else {})
        if drawn:
            self.drawing.setText(self.tools.prompt)
        elif self.drawing.text() == self.tools.prompt:
            self.drawing.setText("")
        self.draw_row.setVisible(bool(self.drawing.text()))
        for button in (self.done, self.cancel):
            button.setVisible(drawn)

    def _leave_drawing(self) -> None:
        """Give up a drawing where something else is shown: it would be taken for that."""
        if self.tools.elsewhere():
            self.tools.cancel()
            self._hint("Your drawing was given up: something else is shown now.")

    def _write_card(self, path: Path) -> None:
        session = self.store.session
        if session is not None and not self.job_bar.busy:
            review = session.review
            what = (review.consensus, review.log.copy(), path)
            self.start("Writing the data card", write_card, *what, then=_tell_card)


def _take(number: int, session: Session) -> None:
    session.take(number)


def _tell_card(path: Path) -> None:
    show_info(f"Wrote {path}")


def _consensus_name(review: Review) -> str:
    said = {step.action: step.parameters for step in review.consensus.provenance.steps}
    method = said.get("aggregate", {}).get("method", "consensus")
    iou = said.get("group", {}).get("minimum_iou")
    return f"{method}, grouped at IoU ≥ {iou:.2f}" if isinstance(iou, float) else str(method)
