"""A form made from the fields of a dataclass: one declaration for code, form and provenance."""

from __future__ import annotations

from dataclasses import MISSING, Field, fields
from typing import Any

from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QLineEdit,
    QSpinBox,
    QWidget,
)

from napari_consensus._napari.number_box import NumberBox
from napari_consensus._napari.wheel import let_wheel_pass


class ParameterForm(QWidget):
    """Asks for the parameters of a frozen dataclass.

    Each field is asked for by its name and default; its metadata may hold `help`,
    `minimum`, `maximum` and `choices`.
    """

    def __init__(self) -> None:
        super().__init__()
        self._kind: type | None = None
        self._inputs: dict[str, QWidget] = {}
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)

    def ask_for(self, kind: type) -> None:
        """Ask for the parameters of a class."""
        self._kind = kind
        self._inputs = {}
        while self._form.rowCount():
            self._form.removeRow(0)
        for each in fields(kind):
            if not each.init:
                continue
            widget = _input(each)
            widget.setToolTip(str(each.metadata.get("help", "")))
            self._inputs[each.name] = widget
            self._form.addRow(each.name.replace("_", " "), widget)
            self._form.labelForField(widget).setToolTip(widget.toolTip())
        let_wheel_pass(self)
        self.setVisible(bool(self._inputs))

    def values(self) -> dict[str, Any]:
        """Return what was filled in."""
        return {name: _value(widget) for name, widget in self._inputs.items()}

    def made(self) -> Any:
        """Return the dataclass with what was filled in.

        Raises
        ------
        ParameterError
            Where the class refuses a value.
        """
        return self._kind(**self.values()) if self._kind is not None else None


def _input(each: Field[Any]) -> QWidget:
    default = each.default if each.default is not MISSING else None
    if "choices" in each.metadata:
        combo = QComboBox()
        combo.addItems([str(c) for c in each.metadata["choices"]])
        combo.setCurrentText(str(default))
        return combo
    if isinstance(default, bool):
        box = QCheckBox()
        box.setChecked(default)
        return box
    if isinstance(default, int):
        spin = QSpinBox()
        spin.setRange(*_limits(each, -(2**31), 2**31 - 1))
        spin.setValue(default)
        return spin
    if isinstance(default, float):
        return _number(each, default)
    return QLineEdit("" if default is None else str(default))


def _number(each: Field[Any], default: float) -> NumberBox | QLineEdit:
    """Return a spin box, or a line for numbers too small for a spin box's digits."""
    if 0 < abs(default) < 1e-4:
        return NumberLine(default)
    spin = NumberBox()
    spin.setDecimals(3)
    spin.setRange(*_limits(each, -1e9, 1e9))
    spin.setSingleStep(0.1)
    spin.setValue(default)
    return spin


class NumberLine(QLineEdit):
    """A number in any notation, such as 1e-08."""

    def __init__(self, value: float) -> None:
        super().__init__(f"{value:g}")
        self._value = value
        self.editingFinished.connect(self._check)

    def value(self) -> float:
        """Return the number typed."""
        self._check()
        return self._value

    def _check(self) -> None:
        """Take what was typed, or put back what stood there."""
        try:
            self._value = float(self.text().replace(",", "."))
        except ValueError:
            self.setText(f"{self._value:g}")


def _limits(each: Field[Any], low: float, high: float) -> tuple[Any, Any]:
    kind = int if isinstance(each.default, int) else float
    least, most = each.metadata.get("minimum"), each.metadata.get("maximum")
    return kind(low if least is None else least), kind(high if most is None else most)


def _value(widget: QWidget) -> Any:
    if isinstance(widget, QComboBox):
        return widget.currentText()
    if isinstance(widget, QCheckBox):
        return widget.isChecked()
    if isinstance(widget, (QSpinBox, NumberBox, NumberLine)):
        return widget.value()
    return widget.text()
