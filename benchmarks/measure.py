"""CPU seconds of work, of peers side by side, and the memory it takes at its peak."""

from __future__ import annotations

import gc
import os
import platform
import time
import tracemalloc
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Race:
    """The same work done by this package and by a peer; CPU seconds."""

    work: str
    ours: float
    peer: str
    theirs: float
    wanted: float

    HEADER = (
        "| work | napari-consensus, CPU s | peer | peer, CPU s | ratio | aim |\n"
        "|---|---:|---|---:|---:|---:|"
    )

    def markdown(self) -> str:
        """One row of the table."""
        ratio = self.theirs / self.ours
        return (
            f"| {self.work} | {_seconds(self.ours)} | {self.peer} | {_seconds(self.theirs)} "
            f"| **{ratio:.{0 if ratio >= 10 else 1}f}x** | {self.wanted:g}x |"
        )


@dataclass(frozen=True, slots=True)
class Bound:
    """Work that has to stay below a limit."""

    work: str
    value: str
    limit: str

    HEADER = "| work | measured | limit |\n|---|---:|---:|"

    def markdown(self) -> str:
        """One row of the table."""
        return f"| {self.work} | {self.value} | {self.limit} |"


def race(
    ours: Callable[[], object], theirs: Callable[[], object], repeats: int = 3
) -> tuple[float, float]:
    """Least CPU seconds of each, taken in turn so that a busy machine is busy for both."""
    times = [(cpu(ours, 1), cpu(theirs, 1)) for _ in range(repeats)]
    return min(a for a, _ in times), min(b for _, b in times)


def cpu(work: Callable[[], object], repeats: int = 3) -> float:
    """Least CPU seconds of some runs, without the collection of garbage of others."""
    least = float("inf")
    for _ in range(repeats):
        gc.collect()
        start = time.process_time()
        work()
        least = min(least, time.process_time() - start)
    return least


def peak_megabytes(work: Callable[[], object]) -> float:
    """Most memory that one run held on top of what was there before."""
    gc.collect()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def children_cpu() -> float:
    """CPU seconds of finished child processes so far."""
    times = os.times()
    return times.children_user + times.children_system


def machine() -> str:
    """Name the processor, system and versions that the figures belong to."""
    from importlib.metadata import version

    name = platform.processor() or platform.machine()
    listed = Path("/proc/cpuinfo")
    if listed.is_file():
        lines = listed.read_text(encoding="utf-8").splitlines()
        models = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
        name = next(iter(models), name)
    libraries = ", ".join(
        f"{library} {version(library)}"
        for library in (
            *("numpy", "scipy", "shapely", "crowd-kit", "ensemble-boxes"),
            *("pycocotools", "faster-coco-eval"),
        )
    )
    return (
        f"{name}, {os.cpu_count()} cores (one used), {platform.system()}, "
        f"Python {platform.python_version()}, {libraries}"
    )


def _seconds(value: float) -> str:
    return f"{value:.3g}" if value < 100 else f"{value:,.0f}"
