"""A review that is killed at any moment loses the decision in flight, and no other."""

import os
import pickle
import signal
import sqlite3
import subprocess
import sys
import time

import numpy as np
import pytest

from napari_consensus import annotations_from_boxes, reach_consensus
from napari_consensus.adjudication import DecisionLog, Review, gold_standard

KILLS = int(os.environ.get("NAPARI_CONSENSUS_KILLS", "10"))
# Each review is a process of its own, forked from one that has imported all they need.
SCRIPT = """
import os
import pickle
import sys
from pathlib import Path
from napari_consensus.adjudication import DecisionLog, Review, box


def work():
    consensus = pickle.loads(Path(sys.argv[2]).read_bytes())
    review = Review(consensus, DecisionLog(sys.argv[1]), adjudicator="senior")
    ids = consensus.shapes.id.tolist()
    print(os.getpid(), flush=True)
    for k in range(len(review.log.decisions), 10_000):
        held = ids[k % len(ids)]
        what = k % 7
        if what == 3:
            review.undo()
        elif what == 5:
            review.accept_all(ids[:3], batch=str(k))
        elif what == 6:
            review.redraw(held, box(k, k, k + 1, k + 2, "x"))
        else:
            (review.accept, review.reject, review.unsure)[what % 3](held)
        print(review.log.entries[-1].number, flush=True)


for _ in sys.stdin:
    child = os.fork()
    if not child:
        work()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print(" killed" if os.WIFSIGNALED(status) else " ended", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be killed so abruptly there")
def test_a_killed_review_loses_at_most_the_decision_in_flight(tmp_path):
    path = tmp_path / "study.decisions.sqlite"
    boxes = [(k, 0, k + 9, 7 + k % 2) for k in range(0, 400, 10) for _ in range(2)]
    table = annotations_from_boxes(
        boxes, image=["a"] * 80, rater=["x", "y"] * 40, category=["m"] * 80
    )
    consensus = reach_consensus(table)
    kept = tmp_path / "consensus"
    kept.write_bytes(pickle.dumps(consensus))
    rng = np.random.default_rng(0)
    stored = 0
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(path), str(kept)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as reviews:
        for _ in range(KILLS):
            reviews.stdin.write("another\n")
            reviews.stdin.flush()
            process = int(reviews.stdout.readline())
            told, enough = [], rng.integers(1, 6)
            for line in reviews.stdout:
                told.append(line)
                if len(told) == enough:
                    time.sleep(rng.uniform(0.0, 0.03))
                    os.kill(process, signal.SIGKILL)
                if line.endswith("ed\n"):
                    break
            # A line that was cut short is not counted.
            assert told.pop().endswith(" killed\n")
            with sqlite3.connect(path) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            connection.close()
            known = max(map(int, told))
            stored = len(DecisionLog.read(path).entries)
            # A batch is in flight as a whole, all three rows; the first decision notes a recipe.
            assert 0 <= stored - known <= 3
    assert stored > KILLS
    gold = [
        gold_standard(Review(consensus, DecisionLog.read(path), adjudicator=name))
        for name in ("one", "two")
    ]
    assert gold[0].shapes.vertices.tobytes() == gold[1].shapes.vertices.tobytes()
    assert gold[0].history == gold[1].history
