"""The pictures of the tour: from opening a study to the signed gold standard, step by step."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import napari
from PIL import Image, ImageColor

from napari_consensus import cytology_study
from napari_consensus._napari import window
from napari_consensus.figures.colours import (
    CASING,
    CONSENSUS,
    SELECTED,
    STATUS,
    rater_colour,
    support_colours,
)
from napari_consensus.queueing import draw_batch

if TYPE_CHECKING:
    from napari_consensus._napari.review_dock import ReviewDock
    from napari_consensus._napari.session import Session

_WINDOW = (1280, 800)


def photograph_tour(folder: Path) -> None:
    """Walk through a review and photograph the window at each step."""
    folder = folder.resolve()
    home = Path.cwd()
    with TemporaryDirectory(prefix="tour-") as name:
        # So that the field that names the decisions file shows no folder of this machine.
        os.chdir(name)
        try:
            Tour(folder).walk()
        finally:
            os.chdir(home)


class Tour:
    """One window, and a picture of it whenever a step is done.

    Parameters
    ----------
    folder
        Where the pictures go.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0
        sample = cytology_study()
        self.viewer = napari.Viewer(show=False, title="napari-consensus")
        self.docks: dict[str, Any] = window.show_study(
            self.viewer, sample.study, dict(sample.pixels)
        )
        self.viewer.window.show()
        self.viewer.window.resize(*_WINDOW)
        window.arrange(self.viewer)
        window.settle(self.viewer)

    def walk(self) -> None:
        """Go through every step."""
        dock = self.docks["Review"]
        self.picture("Study", "open")
        self.docks["Matches"].store.show_pair(None)
        self.picture("Matches", "disagreement")
        window.raise_dock(self.viewer, "Review")
        dock.form.name.setText("Ada")
        dock.form.place.setText("smear.decisions.sqlite")
        self.picture("Review", "begin")
        dock.form.begin.click()
        window.settle(self.viewer)
        self.picture("Review", "decide")
        session = dock.store.session
        session.blind_first = True
        session.moved.emit()
        self.picture("Review", "blind")
        session.blind_first = False
        session.moved.emit()
        for answer in (session.accept, session.accept, session.reject, session.accept):
            answer()
        session.relabel("LSIL")
        dock.tools.redraw()
        self.picture("Review", "redraw")
        dock.tools.finish()
        session.comment("koilocyte, nucleus enlarged")
        dock.tabs.setCurrentWidget(dock.decisions)
        self.picture("Review", "decisions")
        self.accept_the_rest(dock, session)
        dock.tabs.setCurrentWidget(dock.progress)
        self.picture("Review", "progress")
        dock.gold.statement.setText("Cytopathologist, 20 years; raters hidden at first")
        dock.tabs.setCurrentWidget(dock.gold)
        dock.gold.sign.click()
        self.picture("Review", "sign")
        self.picture("Export", "export")
        self.viewer.close()

    def accept_the_rest(self, dock: ReviewDock, session: Session) -> None:
        """Accept what all raters saw as one step, and check a sample of it."""
        queue = dock.queue
        queue.support.setCurrentText("4 raters")
        queue.support.activated.emit(queue.support.currentIndex())
        window.settle(self.viewer)
        batch = draw_batch(session.walk.left(), session.next_batch(), audit=20)
        queue.batch_asked.emit(batch)
        window.settle(self.viewer)
        for k in range(18):
            if k == 7:
                session.relabel("HSIL")
            else:
                session.accept()
        window.settle(self.viewer)

    def picture(self, dock: str, step: str) -> None:
        """Photograph the window with a dock in front."""
        self._number += 1
        window.raise_dock(self.viewer, dock)
        file = self._folder / f"tour-{self._number:02}-{step}.png"
        window.photograph(self.viewer, file, _WINDOW)
        with Image.open(file) as picture:
            small(picture.convert("RGB")).save(file, optimize=True)


def small(picture: Image.Image) -> Image.Image:
    """Draw a picture with 256 colours, those that tell raters apart among them."""
    named = [*(rater_colour(k) for k in range(4)), *STATUS, *support_colours(4)]
    kept = [ImageColor.getrgb(name) for name in (*named, CONSENSUS, SELECTED, CASING)]
    others = picture.quantize(256 - len(kept)).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([*sum(kept, ()), *others[: 3 * (256 - len(kept))]])
    return picture.quantize(palette=palette, dither=Image.Dither.NONE)
