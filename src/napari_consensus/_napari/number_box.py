"""A spin box that takes 0.35 and 0,35 alike, and shows a point as all other numbers here do."""

from __future__ import annotations

from qtpy.QtCore import QLocale
from qtpy.QtGui import QValidator
from qtpy.QtWidgets import QDoubleSpinBox


class NumberBox(QDoubleSpinBox):
    """Numbers with decimals, the same in every language of the system.

    Qt's own takes the system's decimal sign alone, and drops what is typed with the other.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setLocale(QLocale.c())

    def validate(self, text: str | None, place: int) -> tuple[QValidator.State, str, int]:
        """Judge what is typed, a comma as a point."""
        return super().validate((text or "").replace(",", "."), place)

    def valueFromText(self, text: str | None) -> float:  # noqa: N802
        """Read what was typed, a comma as a point."""
        return super().valueFromText((text or "").replace(",", "."))
