"""Kill a review at random moments, and see that no decision is lost: kill_review.py [TIMES].

Each time a window of its own reviews a study by keyboard, and is killed as if the power had
failed. What it had said to be decided must be in the decisions file, and no more than one
decision beyond; the file must be whole, replay twice to the same gold standard, and go on
from there; the study's files must be as they were. Needs a screen: scripts/with-display.
"""

from __future__ import annotations

import multiprocessing
import sqlite3
import sys
from contextlib import closing
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

_START = 180.0  # seconds until the first decision, at most
_AT_ONCE = 10  # kills of one review, each going on where the last one was killed


def main(times: int = 10, seed: int = 0) -> None:
    rng = np.random.default_rng(seed)
    done = 0
    while done < times:
        with TemporaryDirectory(prefix="review-") as name:
            folder = Path(name)
            study = write_study(folder)
            before = checksums(study)
            for _ in range(min(_AT_ONCE, times - done)):
                said = killed_review(study, rng.uniform(0.0, 3.0))
                kept = check(study)
                if not said <= kept <= said + 1:
                    sys.exit(f"{said} decisions were on the screen, {kept} are in the file")
                done += 1
                print(f"killed {done} times: {said} decisions said, {kept} kept", flush=True)
            if checksums(study) != before:
                sys.exit("the study's files have changed")


def write_study(folder: Path) -> Path:
    """Write 400 objects as three raters drew them, a file each."""
    study = folder / "study"
    study.mkdir()
    for rater in "ABC":
        lines = ["image,rater,category,x0,y0,x1,y1"]
        for k in range(400):
            if rater == "A" or k % 4:
                x, y = 100 * (k % 20), 100 * (k // 20)
                category = "long" if rater == "C" and k % 3 == 0 else "round"
                lines.append(f"slide,{rater},{category},{x},{y},{x + 40},{y + 30}")
        (study / f"{rater}.csv").write_text("\n".join(lines), encoding="utf-8")
    return study


def killed_review(study: Path, seconds: float) -> int:
    """Review until some time after the first decision; how many decisions were said."""
    said = study.with_name("said")
    said.unlink(missing_ok=True)
    process = _started(study, said)
    end = monotonic() + _START
    while not count(said):
        sleep(0.01)
        if not process.is_alive() or monotonic() > end:
            process.kill()
            sys.exit("the review did not begin")
    sleep(seconds)
    process.kill()
    process.join()
    return count(said)


def _started(study: Path, said: Path) -> BaseProcess:
    """Start a review in a process of its own.

    Where a process can be copied, the copy is made before there is any window, of one that has
    loaded everything: loading takes much longer than reviewing.
    """
    copied = "fork" in multiprocessing.get_all_start_methods() and sys.platform != "darwin"
    if copied:
        _load()
    multiprocessing.set_start_method("fork" if copied else "spawn", force=True)
    process = multiprocessing.Process(target=review, args=(study, said))
    process.start()
    return process


def _load() -> None:
    """Load what a review needs, without a window."""
    for name in ("napari.viewer", "napari._qt.qt_main_window", "napari_consensus.pipeline"):
        import_module(name)
    import_module("napari_consensus._napari.review_dock")


def count(said: Path) -> int:
    """Last whole number that was said."""
    lines = said.read_bytes().split(b"\n")[:-1] if said.exists() else []
    return int(lines[-1]) if lines else 0


def check(study: Path) -> int:
    """Look whether the decisions file is whole; how many decisions it holds."""
    import napari_consensus as nc
    from napari_consensus.adjudication import DecisionLog, Review, gold_standard, recipe_of
    from napari_consensus.pipeline import reach_again

    path = place(study)
    with closing(sqlite3.connect(path)) as file:
        found = file.execute("PRAGMA integrity_check").fetchone()[0]
    if found != "ok":
        sys.exit(f"the decisions file is damaged: {found}")
    log = DecisionLog.read(path)
    consensus = reach_again(recipe_of(log), nc.read(study).annotations)
    golds = [
        gold_standard(Review(consensus, DecisionLog.read(path), adjudicator="Ada"))
        for _ in range(2)
    ]
    ids, histories = ([g.shapes.id.tolist() for g in golds], [g.history for g in golds])
    if ids[0] != ids[1] or histories[0] != histories[1]:
        sys.exit("the same decisions made another gold standard")
    return len(log.decisions)


def place(study: Path) -> Path:
    from napari_consensus.adjudication import SUFFIX

    return study.with_name(study.name + SUFFIX)


def checksums(study: Path) -> dict[str, str]:
    return {file.name: sha256(file.read_bytes()).hexdigest() for file in sorted(study.iterdir())}


def review(study: Path, said: Path) -> None:
    """Review by keyboard in a window, and say after each decision how many there are."""
    import napari
    from qtpy.QtCore import Qt
    from qtpy.QtTest import QTest
    from qtpy.QtWidgets import QApplication

    import napari_consensus as nc
    from napari_consensus._napari.review_dock import ReviewDock
    from napari_consensus._napari.tables import prepare

    viewer = napari.Viewer(show=False)
    dock = ReviewDock(viewer)
    viewer.window.add_dock_widget(dock, name="Review")
    viewer.window.show()
    dock.store.open(prepare(nc.read(study)))
    dock.form.place.setText(str(place(study)))
    dock.form.name.setText("Ada")
    dock.form.repeats.setChecked(False)
    dock.form.begin.click()
    window = dock.window().windowHandle()
    control = Qt.KeyboardModifier.ControlModifier
    keys = [Qt.Key.Key_Y, Qt.Key.Key_N, Qt.Key.Key_U, Qt.Key.Key_Y]
    with said.open("a", encoding="ascii") as lines:
        while True:
            QApplication.processEvents()
            session = dock.store.session
            if session is None or session.shown is None:
                continue
            made = len(session.review.log.decisions)
            if made % 9 == 8:
                QTest.keyClick(window, Qt.Key.Key_Z, control)
            else:
                QTest.keyClick(window, keys[made % len(keys)])
            lines.write(f"{len(session.review.log.decisions)}\n")
            lines.flush()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
