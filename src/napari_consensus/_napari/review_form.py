"""How a review begins: which consensus, who decides, where the decisions are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qtpy.QtCore import Signal
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
from napari_consensus._napari.tables import GROUPING_IOU, Prepared
from napari_consensus.adjudication import (
    SUFFIX,
    CannotLockError,
    DecisionLog,
    Mirror,
    NotClosedError,
    Rescued,
    Review,
    recipe_of,
    rescued,
    size_of,
)
from napari_consensus.adjudication.rescue import forget
from napari_consensus.data.consensus import Consensus
from napari_consensus.errors import ReadError, WriteError
from napari_consensus.pipeline import reach_again, reach_consensus
from napari_consensus.progress import Progress, silent


@dataclass(frozen=True, slots=True, eq=False)
class Beginning:
    """How a review is asked for.

    Parameters
    ----------
    consensus
        What is reviewed; None for the one the decisions file names, or else a majority vote.
    place
        Decisions file, None to keep them in memory.
    adjudicator
        Who decides.
    blind_first, repeats
        As in `Session`.
    take_over
        Open the file although another computer did not close it.
    rescued
        Copy whose decisions are brought back into the file, None for none.
    mirrored
        Keep the file on this computer, and copy it to its place; so it is, too, where that was
        asked for before.
    """

    consensus: Consensus | None
    place: Path | None
    adjudicator: str
    blind_first: bool
    repeats: bool
    take_over: bool = False
    rescued: Path | None = None
    mirrored: bool = False


def open_review(
    prepared: Prepared, beginning: Beginning, *, progress: Progress = silent
) -> Review | ReadError | WriteError:
    """Open the decisions and replay them over the consensus; an error says why that failed."""
    try:
        log = _open_log(beginning)
    except (ReadError, WriteError) as error:
        return error
    try:
        consensus = beginning.consensus or _consensus(log, prepared, progress)
        return Review(consensus, log, adjudicator=beginning.adjudicator)
    except ReadError as error:
        log.close()
        return error
    except BaseException:
        log.close()
        raise


def default_place(store: Store) -> Path | None:
    """Decisions file beside the study, None where the study is in no file."""
    found = store.found
    if found is None:
        return None
    paths = found.walked.paths
    study = paths[0] if len(paths) == 1 else found.root / "study"
    study = study.resolve()
    # A drive has no name, and nothing beside it.
    return study.with_name(study.name + SUFFIX) if study.name else study / f"study{SUFFIX}"


class ReviewForm(QWidget):
    """Asks how to begin; `asked` is emitted with a `Beginning`.

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
        self._rescued: Rescued | None = None
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
        store, resumes = self._store, self._resumes()
        if not self._offered or self._offered[0] is not store.prepared:
            self._offered = (store.prepared,)
            self.tell("")
            self.place.setText(str(default_place(store) or ""))
            resumes = self._resumes()
        self._offer_rescued()
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

    def beginning(self, *, take_over: bool = False, mirrored: bool = False) -> Beginning:
        """Return what the form asks for."""
        run: Run | None = self.consensus.currentData()
        return Beginning(
            consensus=run.consensus if run is not None else None,
            place=typed(self.place.text()),
            adjudicator=self.name.text().strip(),
            blind_first=self.blind.isChecked(),
            repeats=self.repeats.isChecked(),
            take_over=take_over,
            rescued=self._rescued.path if self._rescued and self.bring_back.isChecked() else None,
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
        self.place.textChanged.connect(self.offer)
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

    def _offer_rescued(self) -> None:
        """Offer decisions that the file did not take, and that were copied elsewhere."""
        place = typed(self.place.text())
        found = rescued(rescue_folder(), _kept_at(place)) if place is not None else None
        if found != self._rescued:
            self.bring_back.setChecked(True)
        self._rescued = found
        self.bring_back.setVisible(found is not None)
        if found is not None:
            one = found.decisions == 1
            self.bring_back.setText(
                f"Bring back {found.decisions:,} decision{'s' * (not one)} that could not be stored"
            )
            self.bring_back.setToolTip(f"Copied to {found.path}")

    def _resumes(self) -> bool:
        place = typed(self.place.text())
        return place is not None and size_of(_kept_at(place)) is not None

    def _ask_over(self) -> None:
        self._ask(take_over=True)

    def _ask_here(self) -> None:
        self._ask(mirrored=True)

    def _ask(self, *, take_over: bool = False, mirrored: bool = False) -> None:
        beginning = self.beginning(take_over=take_over, mirrored=mirrored)
        if not beginning.adjudicator:
            self.tell("Say who decides: a name or an id.")
            self.name.setFocus()
            return
        remember("adjudicator", beginning.adjudicator)
        remember("blind first", "yes" if beginning.blind_first else "no")
        remember("repeats", "yes" if beginning.repeats else "no")
        self.tell("")
        self.asked.emit(beginning)

    def _ask_place(self) -> None:
        path = ask_place(self, self.place.text())
        if path is not None:
            self.place.setText(str(path))


def _open_log(beginning: Beginning) -> DecisionLog:
    """Open the decisions file, with what it did not take the last time."""
    place, take_over = beginning.place, beginning.take_over
    if place is None:
        return DecisionLog()
    mirror = Mirror(place)
    mirrored = beginning.mirrored or mirror.begun
    if beginning.rescued is None and mirrored:
        return mirror.open(take_over=take_over)
    if beginning.rescued is None:
        return DecisionLog(place, take_over=take_over)
    log = DecisionLog.read(beginning.rescued)
    if mirrored:
        # What stands at the place comes first.
        mirror.open(take_over=take_over).close()
    log.move_to(mirror.local if mirrored else place, take_over=take_over)
    log.mirror = mirror if mirrored else None
    forget(beginning.rescued)
    return log


def _kept_at(place: Path) -> Path:
    """Where decisions are written that belong in a place: there, or on this computer."""
    mirror = Mirror(place)
    return mirror.local if mirror.begun else place


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


def _consensus(log: DecisionLog, prepared: Prepared, progress: Progress) -> Consensus:
    """Reach the consensus that was last decided on, or a majority vote."""
    study, steps = prepared.study, recipe_of(log)
    if steps:
        return reach_again(steps, study.annotations, sources=study.sources, progress=progress)
    severities: Mapping[str, float] | None = study.severities or None
    return reach_consensus(
        study.annotations,
        grouping_iou=GROUPING_IOU,
        severities=severities,
        sources=study.sources,
        progress=progress,
    )
