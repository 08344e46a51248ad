"""One quiet line: what the slide that is shown says of itself."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtGui import QPainter, QPaintEvent, QPalette
from qtpy.QtWidgets import QLabel, QSizePolicy

from napari_consensus.slides import SlideHeader

_FAINT = 165  # of 255: quieter than other text, and still read in either theme


class SlideLine(QLabel):
    """Size, scale, objective and notes of a slide, cut at the width there is.

    Pointing at it shows all of it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setVisible(False)

    def show_header(self, header: SlideHeader | None) -> None:
        """Show a header; nothing where there is none."""
        facts = slide_facts(header) if header is not None else []
        self.setText(" · ".join(facts))
        self.setToolTip("\n".join(facts))
        self.setVisible(bool(facts))

    def paintEvent(self, _: QPaintEvent | None) -> None:  # noqa: N802
        """Draw as much as fits, fainter than what is about the annotations."""
        painter = QPainter(self)
        colour = self.palette().color(QPalette.ColorRole.WindowText)
        colour.setAlpha(_FAINT)
        painter.setPen(colour)
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, text)
        painter.end()


def slide_facts(header: SlideHeader) -> list[str]:
    """Return what a header says, a fact each; its notes come last."""
    facts = [f"{header.width:,} × {header.height:,} px"]
    if header.mpp is None:
        facts.append("no scale: in pixels")
    else:
        x, y = header.mpp
        facts.append(f"{x:.4g} µm/px" if x == y else f"{x:.4g} × {y:.4g} µm/px")
    if header.objective is not None:
        facts.append(f"objective {header.objective:g}×")
    return [*facts, *header.notes]
