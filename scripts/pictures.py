"""Make every picture of README and docs from the sample study: pictures.py FOLDER.

Run by `make pictures` on a virtual screen, so that no picture shows what the program no
longer does.
"""

from __future__ import annotations

import sys
from pathlib import Path

import napari
from PIL import Image

from napari_consensus import cytology_study
from napari_consensus._napari import window


def main(folder: Path) -> None:
    """Photograph the window with each dock in front, in the order of the tutorial."""
    folder.mkdir(parents=True, exist_ok=True)
    sample = cytology_study()
    viewer = napari.Viewer(show=False, title="napari-consensus")
    docks = window.show_study(viewer, sample.study, dict(sample.pixels))
    viewer.window.show()
    viewer.window.resize(1500, 950)
    window.arrange(viewer)
    window.present(viewer)
    window.photograph(viewer, folder / "window.png")
    for name in ("Study", "Agreement"):
        window.raise_dock(viewer, name)
        window.photograph(viewer, folder / f"{name.lower()}.png")
    window.raise_dock(viewer, "Consensus")
    docks["Consensus"].run()
    window.settle(viewer)
    window.photograph(viewer, folder / "consensus.png")
    window.raise_dock(viewer, "Export")
    window.photograph(viewer, folder / "export.png")
    viewer.close()
    for file in folder.glob("*.png"):
        # All colours are kept: a palette would merge those that tell raters apart.
        with Image.open(file) as picture:
            whole = picture.convert("RGB")
        whole.save(file, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
