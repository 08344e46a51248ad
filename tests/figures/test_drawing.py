"""A drawing and its files."""

from __future__ import annotations

import subprocess
import sys
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from napari_consensus.agreement.numbers import RaterPair
from napari_consensus.errors import ParameterError, WriteError
from napari_consensus.figures import drawing as drawings
from napari_consensus.figures.axes import line_look, shade
from napari_consensus.figures.colours import ink_on, rgb
from napari_consensus.figures.drawing import Drawing, captions, png, svg, table, write
from napari_consensus.figures.fonts import drawable, fitted, lettering_notes, shortened
from napari_consensus.figures.rater_matrix import rater_matrix
from napari_consensus.figures.theme import DARK, LIGHT

NAN = float("nan")


@pytest.fixture(scope="module")
def pair() -> RaterPair:
    return RaterPair("A", "B", 3, 1, 2, 0.8, 2 / 3, NAN)


@pytest.fixture(scope="module")
def drawn(pair) -> Drawing:
    return rater_matrix((pair,), 0.5, ("f1",))


def test_every_format_is_written_by_the_name_of_the_drawing(drawn, tmp_path):
    files = write(drawn, tmp_path / "new")
    assert [file.name for file in files] == [
        f"rater_matrix.{k}" for k in ("png", "svg", "pdf", "csv")
    ]
    starts = (b"\x89PNG", b"<?xml", b"%PDF", b"a,b,matched")
    for file, start in zip(files, starts, strict=True):
        assert file.read_bytes().startswith(start)


def test_one_format_goes_to_exactly_the_file_that_was_named(drawn, tmp_path):
    target = tmp_path / "my figure.svg"
    assert write(drawn, target, ("svg",)) == (target,)
    assert target.is_file()


def test_a_file_that_stands_is_replaced_only_when_asked(drawn, tmp_path):
    target = tmp_path / "a.csv"
    target.write_text("mine", encoding="utf-8")
    with pytest.raises(WriteError, match="stands already"):
        write(drawn, target, ("csv",))
    assert target.read_text(encoding="utf-8") == "mine"
    write(drawn, target, ("csv",), overwrite=True)
    assert target.read_text(encoding="utf-8").startswith("a,b")


def test_an_unknown_format_is_refused_by_name(drawn, tmp_path):
    with pytest.raises(ParameterError, match=r"'gif'.*png, svg, pdf, csv"):
        write(drawn, tmp_path, ("png", "gif"))
    assert not list(tmp_path.iterdir())


def test_numbers_are_written_in_full_and_undefined_ones_as_empty_cells(drawn):
    lines = table(drawn).splitlines()
    assert lines == [
        "a,b,matched,only_a,only_b,mean_iou,f1,category_agreement",
        "A,B,3,1,2,0.8,0.6666666666666666,",
    ]


def test_a_name_that_a_spreadsheet_would_compute_is_written_as_text(pair):
    from dataclasses import replace

    drawn = rater_matrix((replace(pair, a="=1+1"),), 0.5, ("f1",))
    assert table(drawn).splitlines()[1].startswith("'=1+1,B")


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_the_same_figure_is_the_same_file_to_the_last_byte(drawn, pair, kind, tmp_path):
    again = rater_matrix((pair,), 0.5, ("f1",))
    first = write(drawn, tmp_path / f"1.{kind}", (kind,))[0]
    second = write(again, tmp_path / f"2.{kind}", (kind,))[0]
    assert first.read_bytes() == second.read_bytes()


def test_nothing_in_a_file_says_when_or_by_which_version_it_was_made(drawn, tmp_path):
    for file in write(drawn, tmp_path, ("svg", "pdf")):
        held = file.read_bytes()
        assert b"CreationDate" not in held
        assert b"dc:date" not in held
        assert b"Matplotlib v" not in held


def test_a_part_has_its_id_in_the_svg_and_text_stays_text(drawn):
    root = ET.fromstring(svg(drawn))  # noqa: S314 (we wrote it)
    ids = {element.get("id") for element in root.iter()}
    assert set(drawn.parts) <= ids
    texts = {
        "".join(element.itertext()).strip()
        for element in root.iter()
        if element.tag.endswith("text")
    }
    assert {"A", "B", "0.67", "F1"} <= texts


def test_the_caption_goes_with_the_svg(drawn):
    assert "annotations matched one to one at IoU ≥ 0.50" in svg(drawn)


def test_a_persons_own_settings_change_nothing(pair):
    import matplotlib as mpl

    before = png(rater_matrix((pair,), 0.5, ("f1",)), 60)
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "red", "savefig.bbox": "tight"}):
        assert png(rater_matrix((pair,), 0.5, ("f1",)), 60) == before
        assert mpl.rcParams["font.size"] == 30


def test_pages_of_captions_name_each_figure(drawn):
    page = captions([drawn])
    assert "## Agreement of every two raters" in page
    assert "`rater_matrix`" in page
    assert drawn.caption in page
    assert "not for diagnosis" in page


def test_several_drawings_are_written_all_or_none(drawn, tmp_path):
    (tmp_path / "rater_matrix.svg").write_text("mine", encoding="utf-8")
    with pytest.raises(WriteError):
        drawings.write_drawings([drawn], tmp_path, ("csv", "svg"))
    assert [file.name for file in tmp_path.iterdir()] == ["rater_matrix.svg"]


def test_figures_need_no_window_and_no_pyplot():
    code = (
        "import sys\n"
        "from napari_consensus.figures.rater_matrix import rater_matrix\n"
        "from napari_consensus.figures.drawing import png\n"
        "png(rater_matrix((), 0.5, ('f1',)), 50)\n"
        "held = {'matplotlib.pyplot', 'qtpy', 'PyQt6', 'napari', 'tkinter'} & set(sys.modules)\n"
        "assert not held, held\n"
    )
    others = "ignore::DeprecationWarning"  # of matplotlib, where it is older than pyparsing
    subprocess.run([sys.executable, "-W", "error", "-W", others, "-c", code], check=True)


def test_letters_that_no_font_has_become_boxes_and_are_said():
    lost = "\ue123"
    assert drawable(f"HSIL{lost}") == "HSIL□"
    assert lettering_notes(["HSIL", f"x{lost}"]) == (
        "no font here has 1 characters that names hold; a box stands for each",
    )
    assert lettering_notes(["HSIL", "Übergang, größer"]) == ()


def test_dollars_and_lost_letters_in_a_name_draw_without_a_warning(pair):
    from dataclasses import replace

    odd = replace(pair, a="$p16$ \\frac{", b="高级\ue123\u0007")
    assert png(rater_matrix((odd,), 0.5, ("f1",)), 50)


def test_long_names_are_cut_by_letters_or_by_width():
    assert shortened("a" * 30, 10) == "a" * 9 + "…"
    assert fitted("iiii", 100, 10) == "iiii"
    cut = fitted("w" * 50, 100, 10)
    assert cut.endswith("…")
    assert len(cut) < len(fitted("i" * 50, 100, 10))


def test_more_is_more_ink_on_paper_and_more_light_on_a_dark_screen():
    def light(colour: str) -> float:
        return float(rgb(colour) @ (0.2126, 0.7152, 0.0722))

    on_paper = [light(shade(share, LIGHT)) for share in np.linspace(0, 1, 21)]
    on_dark = [light(shade(share, DARK)) for share in np.linspace(0, 1, 21)]
    assert (np.diff(on_paper) < 0).all()
    assert (np.diff(on_dark) > 0).all()
    assert ink_on(shade(0, LIGHT)) == "#000000"
    assert ink_on(shade(1, LIGHT)) == "#FFFFFF"


def test_lines_differ_by_more_than_their_hue():
    looks = [line_look(k, LIGHT) for k in range(42)]
    assert len({(look.colour, look.dash, look.marker) for look in looks}) == 42
    assert len({look.dash for look in looks[:6]}) == 6
