"""Numbers typed into a dock mean the same in every language of the system."""

from __future__ import annotations

import pytest
from qtpy.QtCore import QLocale
from qtpy.QtTest import QTest

from napari_consensus._napari.number_box import NumberBox
from napari_consensus._napari.parameter_form import NumberLine


@pytest.fixture(params=["de_DE", "fr_FR", "en_US", "C"])
def language(request):
    before = QLocale()
    QLocale.setDefault(QLocale(request.param))
    yield
    QLocale.setDefault(before)


@pytest.mark.parametrize("typed", ["0.35", "0,35", ",35"])
def test_a_point_and_a_comma_begin_decimals(qapp, language, typed):
    box = NumberBox()
    box.setRange(0.05, 0.95)
    box.setValue(0.5)
    assert box.text() == "0.50"
    box.lineEdit().selectAll()
    QTest.keyClicks(box.lineEdit(), typed)
    box.interpretText()
    assert (box.value(), box.text()) == (0.35, "0.35")


def test_small_numbers_are_read_alike(qapp):
    line = NumberLine(1e-8)
    line.setText("0,0025")
    assert line.value() == 0.0025
