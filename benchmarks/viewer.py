"""Look at a slide with a million boxes in napari: first paint, zoom and pan, memory.

The window is drawn by software on a virtual screen, as a machine without a graphics card
would draw it; where there is no screen to be had, these rows are left out.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.crowds import slide
from benchmarks.measure import Bound, Race, cpu
from napari_consensus.data.study import Study

_OBJECTS, _RATERS, _SIDE = 250_000, 4, 100_000
_FEW = 50_000  # boxes that napari's own layer still bears
_SCREEN = Path(__file__).parents[1] / "scripts" / "with-display"
_STEPS = {"density": 1.0, "frames": 40.0, "shapes": 160.0}  # times closer than all of the slide
_REPEATS = 5
_RUNS = 3  # processes; of each step the least counts, for it is the same step in all of them
_QUALITY = 10  # of the JPEG: what the pixels show does not matter here


def races() -> list[Race]:
    """Show boxes, and one more, against one Shapes layer that holds them all.

    What Python does until the screen can be drawn; drawing it takes both the same.
    """
    seconds = _child("few")
    peer = "napari's Shapes layer"
    return [
        Race(f"{what}, {_FEW:,} boxes", ours, peer, theirs, 10)
        for what, (ours, theirs) in seconds.items()
    ]


def bounds() -> list[Bound]:
    """Open, zoom and pan, in processes that do nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        from benchmarks.slides import write_svs

        path = Path(folder) / "slide.svs"
        write_svs(path, _SIDE, quality=_QUALITY)
        runs = [_child("many", str(path)) for _ in range(_RUNS)]
    opened, megabytes = min(run["open"] for run in runs), max(run["megabytes"] for run in runs)
    what = f"{_RATERS} x {_OBJECTS:,} boxes on a slide of {_SIDE:,} x {_SIDE:,} pixels"
    rows = [Bound(f"open to first paint of {what}", f"{opened:.1f} s", "15 s")]
    for level in _STEPS:
        taken = [min(step) for step in zip(*(run["steps"][level] for run in runs), strict=True)]
        value = f"{median(taken):.2f} s, at most {max(taken):.2f} s"
        rows.append(Bound(f"a zoom or pan step over it, drawn as {level}", value, "0.3 s"))
    return [*rows, Bound("memory of that process", f"{megabytes:.0f} MB", "2,500 MB")]


def _child(*arguments: str) -> Any:  # noqa: ANN401
    command = ["sh", str(_SCREEN), "--virtual", sys.executable, "-m", "benchmarks.viewer"]
    done = subprocess.run([*command, *arguments], check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def _few() -> dict[str, tuple[float, float]]:
    """CPU seconds of ours and of one Shapes layer."""
    import napari
    import numpy as np

    from napari_consensus._napari import layers
    from napari_consensus._napari.scene import scene_of
    from napari_consensus._napari.tables import prepare
    from napari_consensus._napari.window import settle

    tables = [slide(_FEW + more, raters=1, extent=300 * _FEW**0.5) for more in (0, 1)]
    prepared = prepare(Study(tables[0]))
    viewer = napari.Viewer(show=True)
    scene = scene_of(viewer)
    settle(viewer)

    def show_one_more() -> None:
        scene.store.raters = tuple(
            replace(rater, annotations=tables[1]) for rater in scene.store.raters
        )
        scene.outlines.begin()
        scene.refresh()

    boxes = layers.shapes(tables[0], np.arange(_FEW)).data
    look = {"shape_type": "rectangle", "edge_color": "red", "face_color": "transparent"}

    def begin() -> None:
        viewer.layers.clear()
        settle(viewer, 0.2)

    # The first layer of each kind also loads what all of them need.
    scene.store.open(prepared)
    viewer.add_shapes(boxes[:1], **look)
    begin()
    ours = cpu(lambda: scene.store.open(prepared), 1), cpu(show_one_more)
    begin()
    theirs = (
        cpu(lambda: viewer.add_shapes(boxes, **look), 1),
        cpu(lambda: viewer.layers[-1].add(boxes[:1], **look)),
    )
    viewer.close()
    return {"show": (ours[0], theirs[0]), "show one more": (ours[1], theirs[1])}


def _many(path: Path) -> dict[str, Any]:
    """Open a million boxes over a slide with every dock, then zoom and pan."""
    import resource

    import napari
    from qtpy.QtWidgets import QApplication

    from napari_consensus._napari import window
    from napari_consensus._napari.scene import scene_of

    table = slide(_OBJECTS, _RATERS, extent=_SIDE)
    study = Study(table, image_files={table.images[0]: path})
    viewer = napari.Viewer(show=False)
    window.add_docks(viewer)
    viewer.window.show()
    window.arrange(viewer)
    viewer.window.resize(1500, 950)
    window.settle(viewer)
    scene = scene_of(viewer)

    def show() -> None:
        scene.open(study)
        while scene.busy:
            QApplication.processEvents()
            time.sleep(0.01)
        QApplication.processEvents()

    opened = cpu(show, 1)
    window.settle(viewer, limit=600)  # numbers that come after the picture
    camera, whole = viewer.scene.camera, viewer.scene.camera.zoom
    steps = {}
    for level, closer in _STEPS.items():
        taken = []
        for k in range(_REPEATS):
            taken.extend(_step(viewer, "zoom", whole * zoom) for zoom in (closer, closer * 1.5))
            y, x = camera.center[-2:]
            # Nearer than all of the slide, every move is to pixels that nobody has seen.
            to = (-1) ** k if closer == 1 else 1
            moved = x + to * 0.6 * viewer.canvas.size[1] / camera.zoom
            taken.append(_step(viewer, "center", (0.0, y, moved)))
        steps[level] = taken
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    viewer.close()
    return {"open": opened, "steps": steps, "megabytes": memory}


def _step(viewer: Any, name: str, value: object) -> float:  # noqa: ANN401
    """CPU seconds until what the camera's move has led to is drawn."""
    from napari_consensus._napari.window import settle

    def move() -> None:
        setattr(viewer.scene.camera, name, value)
        settle(viewer, 0.2)

    return cpu(move, 1)


if __name__ == "__main__":
    print(json.dumps(_few() if sys.argv[1] == "few" else _many(Path(sys.argv[2]))))
