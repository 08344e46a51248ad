"""How a review begins: which consensus, who decides, where the decisions are kept."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_consensus._napari.jobs import Job, start
from napari_consensus._napari.review_opening import Beginning, There, default_place, look_at
from napari_consensus._napari.runs import Run
from napari_consensus._napari.settings import (
    last_folder,
    remember,
    remember_folder,
    remembered,
    rescue_folder,
    typed,
)
from napari_consensus._napari.store import Store
from napari_consensus._napari.tables import GROUPING_IOU
from napari_consensus.adjudication import SUFFIX, CannotLockError, NotClosedError
from napari_consensus.errors import ReadError, WriteError

_TYPED = 200  # milliseconds after the last letter of a place
_TELL = 150  # milliseconds of looking that nobody need hear of


class ReviewForm(QWidget):
    """Asks how to begin; `asked` is emitted with a `Beginning`.

    What stands at the place of the decisions is looked up in a thread: a share may hang.

    Parameters
    ----------
    store
        Whose runs can be reviewed.
    """

    asked = Signal(object)

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store
        self._offered: tuple[Any, ...] = ()
        self._there = There()
        self._looked = False  # whether that is what stands at the place named now
        self._look: Job | None = None
        self._after_look: Callable[[], None] | None = None
        self._typed, self._slow = QTimer(self), QTimer(self)
        self.consensus = QComboBox()
        self.consensus.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.consensus.setMinimumContentsLength(16)
        self.name = QLineEdit(remembered("adjudicator"))
        self.name.setPlaceholderText("Your name or id")
        self.place = QLineEdit()
        self.place.setPlaceholderText("In memory only, until you choose a file")
        self.browse = QPushButton("Browse…")
        self.looking = QLabel()
        self.looking.setWordWrap(True)
        self.blind = QCheckBox("Blind first: I answer before I see the raters")
        self.blind.setChecked(remembered("blind first") == "yes")
        self.repeats = QCheckBox("Show some objects again, unannounced")
        self.repeats.setChecked(remembered("repeats", "yes") == "yes")
        self.bring_back = QCheckBox()
        self.begin = QPushButton("Begin review")
        self.take_over = QPushButton("Take it over")
        self.keep_here = QPushButton("Keep it here and copy it there")
        self.message = QLabel()
        self.message.setWordWrap(True)
        self._make_inputs()
        self._lay_out()

    def offer(self) -> None:
        """Offer what the store holds, and what the decisions file goes on with."""
        store = self._store
        if not self._offered or self._offered[0] is not store.prepared:
            self._there = There()
            self.tell("")
            self.place.setText(str(default_place(store) or ""))
        self._offer_consensus()
        self._look_anew()

    def beginning(self, *, take_over: bool = False, mirrored: bool = False) -> Beginning:
        """Return what the form asks for."""
        run: Run | None = self.consensus.currentData()
        rescued = self._there.rescued
        return Beginning(
            consensus=run.consensus if run is not None else None,
            place=typed(self.place.text()),
            adjudicator=self.name.text().strip(),
            blind_first=self.blind.isChecked(),
            repeats=self.repeats.isChecked(),
            take_over=take_over,
            rescued=rescued.path if rescued and self.bring_back.isChecked() else None,
            mirrored=mirrored,
        )

    def tell(self, why: str | ReadError | WriteError) -> None:
        """Say why the review did not begin, and offer the way there is."""
        self.message.setText(str(why))
        self.message.setVisible(bool(str(why)))
        self.take_over.setVisible(isinstance(why, NotClosedError))
        self.keep_here.setVisible(isinstance(why, CannotLockError))

    def _make_inputs(self) -> None:
        self.consensus.setToolTip(
            "What is reviewed. Runs of the Consensus dock are offered here; a review that was\n"
            "begun goes on with the consensus it was begun with."
        )
        self.name.setToolTip("Stands beside every decision. It is remembered.")
        self.place.setToolTip(
            "Every decision is on the disk before the next object is shown. Leave it empty to\n"
            "try a review out."
        )
        self.blind.setToolTip(
            "You name the category before raters and consensus are shown, then keep or change\n"
            "it; both answers are recorded. So the raters cannot lead you."
        )
        self.repeats.setToolTip(
            "About every fifteenth object is one that you settled before. It measures how often\n"
            "you answer alike, and changes nothing."
        )
        self.begin.setToolTip("Open the decisions file, or make it, and show what is first.")
        self.keep_here.setToolTip(
            "Decisions are kept on this computer, and their file is copied to its place after\n"
            "each. Whenever you go on with it here, it is done so again."
        )
        self.browse.clicked.connect(self._ask_place)
        self.begin.clicked.connect(self._ask)
        self.name.returnPressed.connect(self._ask)
        self.take_over.clicked.connect(self._ask_over)
        self.keep_here.clicked.connect(self._ask_here)
        self.place.textChanged.connect(self._retyped)
        for timer, milliseconds in ((self._typed, _TYPED), (self._slow, _TELL)):
            timer.setSingleShot(True)
            timer.setInterval(milliseconds)
        self._typed.timeout.connect(self._look_anew)
        self._slow.timeout.connect(partial(self._say_place, "Looking …"))
        self._say_place("")
        self.tell("")

    def _lay_out(self) -> None:
        where = QWidget()
        row = QHBoxLayout(where)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.place, 1)
        row.addWidget(self.browse)
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow("Consensus", self.consensus)
        form.addRow("Adjudicator", self.name)
        form.addRow("Decisions", where)
        form.addRow("", self.looking)
        form.addRow("", self.bring_back)
        form.addRow("", self.blind)
        form.addRow("", self.repeats)
        go = QHBoxLayout()
        go.addStretch(1)
        go.addWidget(self.take_over)
        go.addWidget(self.keep_here)
        go.addWidget(self.begin)
        self.begin.setMinimumWidth(110)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        note = QLabel(
            f"Objects are grouped at IoU ≥ {GROUPING_IOU:.2f} unless a run says otherwise. What "
            "raters drew is never changed; your decisions are kept beside it, and every one can "
            "be undone."
        )
        note.setWordWrap(True)
        rows.addWidget(note)
        rows.addLayout(form)
        rows.addLayout(go)
        rows.addWidget(self.message)
        rows.addStretch(1)

    def _retyped(self) -> None:
        self._stop_looking()
        self._after_look = None
        self.tell("")
        self._typed.start()

    def _look_anew(self) -> None:
        """Look what stands at the place; what was looked for before is of no use any more."""
        self._stop_looking()
        place = typed(self.place.text())
        if place is None:
            self._found(None, There())
            return
        then = partial(self._found, place)
        self._look = start(self, "Looking", look_at, place, rescue_folder(), then=then)
        self._look.ended.connect(self._look_ended)
        self._slow.start()

    def _stop_looking(self) -> None:
        self._looked = False
        look, self._look = self._look, None
        for timer in (self._typed, self._slow):
            timer.stop()
        self._say_place("")
        if look is not None:
            look.stop()

    def _look_ended(self) -> None:
        if self.sender() is self._look:
            self._look = None
            self._stop_looking()

    def _found(self, place: Path | None, there: There | None) -> None:
        """Offer what stands at a place, unless another has been typed since."""
        if place != typed(self.place.text()):
            return
        then, self._after_look = self._after_look, None
        if there is None:
            self._say_place("This place does not answer. Try again, or name another.")
            return
        self._looked = True
        if there.rescued != self._there.rescued:
            self.bring_back.setChecked(True)
        self._there = there
        self._offer_consensus()
        self._offer_rescued()
        if then is not None:
            then()

    def _say_place(self, what: str) -> None:
        self.looking.setText(what)
        self.looking.setVisible(bool(what))

    def _offer_consensus(self) -> None:
        store, resumes = self._store, self._there.begun
        wanted = (store.prepared, store.runs, resumes)
        if self._offered == wanted:
            return
        self._offered = wanted
        self.begin.setText("Go on with the review" if resumes else "Begin review")
        self.consensus.clear()
        as_before = "as in the decisions file" if resumes else "majority vote, mean outline"
        self.consensus.addItem(f"{as_before}, all images", None)
        for run in reversed(store.runs):
            self.consensus.addItem(run.name, run)
        self.consensus.setCurrentIndex(int(bool(store.runs) and not resumes))

    def _offer_rescued(self) -> None:
        """Offer decisions that the file did not take, and that were copied elsewhere."""
        found = self._there.rescued
        self.bring_back.setVisible(found is not None)
        if found is not None:
            one = found.decisions == 1
            self.bring_back.setText(
                f"Bring back {found.decisions:,} decision{'s' * (not one)} that could not be stored"
            )
            self.bring_back.setToolTip(f"Copied to {found.path}")

    def _ask_over(self) -> None:
        self._ask(take_over=True)

    def _ask_here(self) -> None:
        self._ask(mirrored=True)

    def _ask(self, *, take_over: bool = False, mirrored: bool = False) -> None:
        if not self.name.text().strip():
            self.tell("Say who decides: a name or an id.")
            self.name.setFocus()
            return
        self.tell("")
        if not self._looked:
            self._after_look = partial(self._ask, take_over=take_over, mirrored=mirrored)
            if self._look is None:
                self._look_anew()
            return
        beginning = self.beginning(take_over=take_over, mirrored=mirrored)
        remember("adjudicator", beginning.adjudicator)
        remember("blind first", "yes" if beginning.blind_first else "no")
        remember("repeats", "yes" if beginning.repeats else "no")
        self.asked.emit(beginning)

    def _ask_place(self) -> None:
        path = ask_place(self, self.place.text())
        if path is not None:
            self.place.setText(str(path))


def ask_place(parent: QWidget, beside: str = "") -> Path | None:
    """Ask for a decisions file, new or there already."""
    name, _ = QFileDialog.getSaveFileName(
        parent,
        "Keep decisions in",
        beside or str(Path(last_folder()) / f"review{SUFFIX}"),
        f"Decisions (*{SUFFIX})",
        options=QFileDialog.Option.DontConfirmOverwrite,
    )
    if not name:
        return None
    path = Path(name)
    remember_folder(path)
    return path if path.name.endswith(SUFFIX) else path.with_name(path.name + SUFFIX)
