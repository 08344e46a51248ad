"""The form of a consensus: all that `consensus` on the command line can be told."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QComboBox,
    QFormLayout,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_consensus._napari.cost_choice import CostChoice
from napari_consensus._napari.number_box import NumberBox
from napari_consensus._napari.parameter_form import ParameterForm
from napari_consensus._napari.runs import RunRequest
from napari_consensus._napari.tables import GROUPING_IOU, Prepared
from napari_consensus.aggregation import AGGREGATORS, TIE_RULES
from napari_consensus.aggregation.existence import EXISTENCE_RULES
from napari_consensus.data.annotations import Outline
from napari_consensus.fusion import FUSIONS
from napari_consensus.pairing import POINT_DISTANCE

_AS_DECLARED = "as declared"
_FUSION_TIPS = {
    "mean": "The mean of each side over the raters.",
    "median": "The median of each side: one outlier does not move it.",
    "medoid": "The rater's outline that overlaps most with the others: a drawn one.",
    "weighted": "A mean in which raters who draw more steadily count more.",
    "assisted": "The drawn box and the one a model proposed for it, together: image-assisted,\n"
    "and reported as such.",
    "wbf": "A mean weighted by scores (weighted boxes fusion); every annotation needs one.",
    "majority": "Masks: each pixel that at least half of the raters marked.",
    "staple": "Masks: each pixel by how well its raters hit and spare it (STAPLE).",
}
_TIE_TIPS = {
    _AS_DECLARED: "The most severe category where severities are declared, else as prior.",
    "prior": "The category given most often in the whole run.",
    "severe": "The most severe category; severities must be declared.",
    "first": "The first by name.",
    "random": "By a seeded draw.",
    "abstain": "Leave the category open.",
}
_EXISTS = {
    "share": ("share of readers", "Raters who marked it, of those who read that place."),
    "score": ("mean score", "Mean score over those who read the image; who is silent counts 0."),
    "em": (
        "hits and false marks",
        "From how often each rater marks what is there, and what is not; needs 4 raters.",
    ),
}
_DECISIONS = (("most probable", "probable"), ("least risk", "risk"))


class ConsensusForm(QWidget):
    """Asks how a consensus is to be reached."""

    def __init__(self) -> None:
        super().__init__()
        self.method, self.fusion, self.ties, self.scope = (QComboBox() for _ in range(4))
        self.decide, self.exists = QComboBox(), QComboBox()
        self.grouping, self.minimum_exists = NumberBox(), NumberBox()
        self.support, self.seed = QSpinBox(), QSpinBox()
        self.point_distance = NumberBox()
        self.costs = CostChoice()
        self.parameters = ParameterForm()
        self.more = QToolButton()
        self._further = QWidget()
        self._fill()
        self._lay_out()
        self._show_parameters(self.method.currentText())
        self._follow()

    def request(self, image: int) -> RunRequest:
        """Return what is asked for.

        Parameters
        ----------
        image
            The one shown, for a consensus of this image alone.
        """
        risk = self.decide.currentData() == "risk"
        return RunRequest(
            aggregator=self.parameters.made(),
            method=self.method.currentText(),
            fusion=self.fusion.currentText(),
            grouping_iou=round(self.grouping.value(), 2),
            minimum_support=self.support.value(),
            ties=None if self.ties.currentIndex() == 0 else self.ties.currentText(),
            image=image if self.scope.currentIndex() == 0 else None,
            exists=str(self.exists.currentData()),
            minimum_exists=round(self.minimum_exists.value(), 2),
            decide=str(self.decide.currentData()),
            costs=self.costs.costs if risk else None,
            seed=self.seed.value(),
            point_distance=self.point_distance.value(),
        )

    def suit(self, prepared: Prepared, readers: int) -> None:
        """Offer what a study allows.

        Parameters
        ----------
        prepared
            The study.
        readers
            Raters of the image shown.
        """
        self.support.setMaximum(max(1, readers))
        self.costs.show_severities(prepared.study.severities)
        points = bool((prepared.annotations.kind == Outline.POINT).any())
        self._rows.setRowVisible(self.point_distance, points)

    def _fill(self) -> None:
        self.method.addItems(list(AGGREGATORS))
        self.fusion.addItems(list(FUSIONS))
        self.ties.addItems([_AS_DECLARED, *TIE_RULES])
        self.scope.addItems(["this image", "all images"])
        for text, name in _DECISIONS:
            self.decide.addItem(text, name)
        for k, name in enumerate(EXISTENCE_RULES):
            text, tip = _EXISTS[name]
            self.exists.addItem(text, name)
            self.exists.setItemData(k, tip, Qt.ItemDataRole.ToolTipRole)
        for combo, tips in ((self.fusion, _FUSION_TIPS), (self.ties, _TIE_TIPS)):
            for k in range(combo.count()):
                tip = tips.get(combo.itemText(k), "")
                combo.setItemData(k, tip, Qt.ItemDataRole.ToolTipRole)
        self.grouping.setRange(0.05, 0.95)
        self.minimum_exists.setRange(0.0, 1.0)
        for spin, value in ((self.grouping, GROUPING_IOU), (self.minimum_exists, 0.0)):
            spin.setSingleStep(0.05)
            spin.setValue(value)
        self.support.setRange(1, 1)
        self.seed.setRange(0, 2**31 - 1)
        self.point_distance.setRange(0.1, 1000.0)
        self.point_distance.setValue(POINT_DISTANCE)
        self.more.setCheckable(True)
        self.more.setAutoRaise(True)
        self.more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.more.setText("Ties, risk, existence")
        self.more.setToolTip("How ties and costly mistakes are decided, and which objects stay.")
        self.method.currentTextChanged.connect(self._show_parameters)
        self.more.toggled.connect(self._follow)
        self.decide.currentIndexChanged.connect(self._follow)
        self.ties.currentIndexChanged.connect(self._follow)

    def _lay_out(self) -> None:
        form = _form(
            ("Method", self.method, "How the category of each object is decided from the votes."),
            ("", self.parameters, ""),
            (
                "Grouping IoU ≥",
                self.grouping,
                "Annotations of different raters are one object where all of them overlap so far.",
            ),
            ("Outline", self.fusion, "How one outline is made from the raters' outlines."),
            ("Minimum support", self.support, "Keep objects that at least so many raters marked."),
            ("Over", self.scope, "Methods that learn about raters do better on all images."),
        )
        self._rows = _form(
            ("Ties", self.ties, "What happens where two categories have the same probability."),
            (
                "Category",
                self.decide,
                "The most probable, or the one whose expected mistake costs least.",
            ),
            ("Costs", self.costs, "What calling one category by another costs."),
            ("Object exists by", self.exists, "How likely each object is there."),
            ("Minimum exists", self.minimum_exists, "Keep objects that are at least so likely."),
            ("Seed", self.seed, "Where random draws begin."),
            (
                "Point distance, µm",
                self.point_distance,
                "Points so far apart overlap by 0.5; pixels where the slide states no scale.",
            ),
        )
        self._further.setLayout(self._rows)
        self._rows.setContentsMargins(12, 0, 0, 0)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(4)
        rows.addLayout(form)
        rows.addWidget(self.more)
        rows.addWidget(self._further)

    def _show_parameters(self, method: str) -> None:
        kind = AGGREGATORS[method]
        self.parameters.ask_for(kind)
        self.method.setToolTip((kind.__doc__ or "").partition("\n")[0])

    def _follow(self) -> None:
        """Ask only for what has a meaning."""
        opened = self.more.isChecked()
        self.more.setArrowType(Qt.ArrowType.DownArrow if opened else Qt.ArrowType.RightArrow)
        self._further.setVisible(opened)
        self._rows.setRowVisible(self.costs, self.decide.currentData() == "risk")
        self._rows.setRowVisible(self.seed, self.ties.currentText() == "random")


def _form(*fields: tuple[str, QWidget, str]) -> QFormLayout:
    form = QFormLayout()
    form.setContentsMargins(0, 0, 0, 0)
    for text, widget, tip in fields:
        if tip:
            widget.setToolTip(tip)
        form.addRow(text, widget)
        if tip:
            form.labelForField(widget).setToolTip(tip)
    return form
