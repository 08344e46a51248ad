"""Make every picture of README and docs from the sample study: pictures.py FOLDER.

Run by `make pictures` on a virtual screen, so that no picture shows what the program no
longer does.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import napari
from PIL import Image
from tour import photograph_tour, small

from napari_consensus import cytology_study
from napari_consensus._napari import window

if TYPE_CHECKING:
    from napari_consensus.data.study import Study


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
    window.raise_dock(viewer, "Raters")
    window.settle(viewer)
    docks["Raters"].raters.choose(1)
    window.photograph(viewer, folder / "raters.png")
    window.raise_dock(viewer, "Consensus")
    docks["Consensus"].run()
    window.settle(viewer)
    window.photograph(viewer, folder / "consensus.png")
    window.raise_dock(viewer, "Figures")
    window.settle(viewer)
    docks["Figures"].which.setCurrentText("Categories of two raters")
    window.photograph(viewer, folder / "figures.png")
    window.raise_dock(viewer, "Export")
    window.photograph(viewer, folder / "export.png")
    with TemporaryDirectory(prefix="study-") as name:
        hand_in(sample.study, Path(name) / "study")
        window.raise_dock(viewer, "Study").open_path(Path(name) / "study")
        window.settle(viewer)
        docks["Study"].found.grid.tabs.setCurrentIndex(2)
        window.settle(viewer)
        docks["Study"].grab().save(str(folder / "grid.png"))
        viewer.close()
    for file in set(folder.glob("*.png")) - set(folder.glob("tour-*.png")):
        with Image.open(file) as picture:
            reduced = small(picture.convert("RGB"))
        reduced.save(file, optimize=True)
    photograph_tour(folder)


def hand_in(study: Study, folder: Path) -> None:
    """Write a study as raters hand theirs in: a folder each, and spellings of their own."""
    table = study.annotations
    category = table.to_columns()["category"]
    spelled = {"B": ("-", " "), "C": (" ", "_")}
    for code, rater in enumerate(table.raters.names):
        (folder / rater).mkdir(parents=True)
        for number in table.raters.read[:, code].nonzero()[0].tolist():
            rows = ((table.rater == code) & (table.image == number)).nonzero()[0].tolist()
            if not rows:
                continue
            lines = ["image,category,x0,y0,x1,y1"]
            for row in rows:
                name = category[row].replace(*spelled.get(rater, ("", "")))
                corners = ",".join(f"{side:g}" for side in table.bounds[row].tolist())
                lines.append(f"{table.images[number]},{name},{corners}")
            file = folder / rater / f"{Path(table.images[number]).stem}.csv"
            file.write_text("\n".join(lines), encoding="utf-8")
    torn = '{"type": "FeatureCollection", "features": ['
    (folder / table.raters.names[0] / "draft.geojson").write_text(torn, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
