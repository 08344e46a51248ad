"""One line on the canvas that says what of the outlines in view is drawn."""

from __future__ import annotations

from string import ascii_lowercase, digits
from typing import Any

from napari.components.overlays import TextOverlay

_NAME, _REHEARSED = "napari_consensus_badge", "napari_consensus_letters"
_POINTS = 8  # so that the longest line fits between the docks of a small screen


def show_badge(viewer: Any, text: str) -> None:
    """Write a line into a corner of the canvas; "" takes it away."""
    overlays = viewer.canvas.overlays
    if _REHEARSED in overlays:
        del overlays[_REHEARSED]
    if _NAME not in overlays:
        if not text:
            return
        overlays[_NAME] = TextOverlay(box=True, font_size=_POINTS)
    # In a divided canvas the name of a view stands at its top.
    overlays[_NAME].position = "bottom_left" if viewer.canvas.grid.enabled else "top_left"
    # The box behind the text ends a little before it does.
    overlays[_NAME].text = f" {text}  "
    overlays[_NAME].visible = bool(text)


def rehearse_badge(viewer: Any) -> None:
    """Draw the letters of all that a badge can say, out of sight, until it next says something.

    The first time a letter is drawn takes as long as all the others of a line.
    """
    letters = f"{ascii_lowercase}{digits},;"
    viewer.canvas.overlays[_REHEARSED] = TextOverlay(
        text=letters, font_size=_POINTS, opacity=0, position="bottom_right", visible=True
    )


def badge_of(viewer: Any) -> str:
    """Return the line that is shown, "" where there is none."""
    overlay = viewer.canvas.overlays.get(_NAME)
    return overlay.text.strip() if overlay is not None and overlay.visible else ""
