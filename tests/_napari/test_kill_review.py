from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_SCRIPT = Path(__file__).parents[2] / "scripts" / "kill_review.py"


@pytest.mark.screen
def test_a_killed_review_loses_no_decision():
    times = os.environ.get("KILL_REVIEW_TIMES", "2")
    done = subprocess.run([sys.executable, _SCRIPT, times], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("killed") == int(times)
