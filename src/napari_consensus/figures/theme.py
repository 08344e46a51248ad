"""Inks of a figure on white paper and on a dark screen, and the style that all figures share."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock
from typing import TYPE_CHECKING, Any

from napari_consensus.figures.fonts import families

if TYPE_CHECKING:
    from collections.abc import Iterator

# Matplotlib keeps its settings for the whole process, and figures are drawn in threads too.
_SETTINGS = RLock()

LETTERS, SMALL = 9.0, 8.0  # points


@dataclass(frozen=True, slots=True)
class Theme:
    """Inks as #RRGGBB.

    Parameters
    ----------
    name
        "light" or "dark".
    text
        Of letters, axes and what is drawn in black on paper.
    muted
        Of what matters less, such as lines of single pairs.
    accent
        Of the data where one ink is enough.
    grid
        Of lines behind the data.
    empty
        Fills what has no value.
    background
        Of the whole figure.
    shades
        Of values from low to high.
    """

    name: str
    text: str
    muted: str
    accent: str
    grid: str
    empty: str
    background: str
    shades: tuple[str, ...]

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Draw what is made inside in this theme, whatever a person's own settings are."""
        import matplotlib.style

        with _SETTINGS, matplotlib.style.context(["default", self._settings()]):
            yield

    def _settings(self) -> dict[str, Any]:
        return {
            "font.family": list(families()),
            "font.size": LETTERS,
            "text.color": self.text,
            "text.parse_math": False,  # a category may be called p16 $ + $
            "figure.facecolor": self.background,
            "figure.dpi": 100,
            "axes.facecolor": self.background,
            "axes.edgecolor": self.text,
            "axes.labelcolor": self.text,
            "axes.labelsize": LETTERS,
            "axes.titlesize": LETTERS,
            "axes.titlelocation": "left",
            "axes.linewidth": 0.8,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.axisbelow": True,
            "axes.formatter.use_mathtext": False,
            "grid.color": self.grid,
            "grid.linewidth": 0.6,
            "xtick.color": self.text,
            "ytick.color": self.text,
            "xtick.labelsize": SMALL,
            "ytick.labelsize": SMALL,
            "legend.fontsize": SMALL,
            "legend.frameon": False,
            "lines.linewidth": 1.5,
            "hatch.linewidth": 0.6,
            "hatch.color": self.muted,
            "savefig.facecolor": "auto",
            # Text stays text, and the same figure the same bytes.
            "svg.fonttype": "none",
            "svg.hashsalt": "napari-consensus",
            "pdf.fonttype": 42,
        }


LIGHT = Theme(
    name="light",
    text="#1A1A1A",
    muted="#6E6E6E",
    accent="#0072B2",
    grid="#DDDDDD",
    empty="#F4F4F4",
    background="#FFFFFF",
    shades=("#F0F5FA", "#9CC5E3", "#3B84C0", "#08376F"),
)
DARK = Theme(
    name="dark",
    text="#E6E6E6",
    muted="#A0A0A0",
    accent="#6DB9EA",
    grid="#4A4D55",
    empty="#2E3138",
    background="#262930",
    shades=("#353943", "#335F8A", "#5FA5D6", "#DCEEFA"),
)
