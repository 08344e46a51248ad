"""What a person waits for: reading, a slider, the sample, an import."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.crowds import slide
from benchmarks.measure import Bound, children_cpu, cpu
from napari_consensus.agreement.counts import count_matches
from napari_consensus.agreement.numbers import f1_macro, mean_iou, pair_numbers
from napari_consensus.pairing import overlapping_pairs
from napari_consensus.samples import cytology_study

if TYPE_CHECKING:
    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.groups import Pairs

_CYTOCROWD = Path(__file__).parents[2] / "shared" / "cytocrowd"


def bounds() -> list[Bound]:
    """Seconds of a person's time, at most."""
    rows = [*_commands(), Bound("make the sample study", f"{cpu(cytology_study):.2f} s", "3 s")]
    for boxes, limit in ((1_000, "0.05 s"), (100_000, "0.3 s")):
        table = slide(boxes // 4, extent=300 * boxes**0.5)
        pairs = overlapping_pairs(table)
        seconds = cpu(partial(_move_slider, table, pairs))
        what = f"numbers under a moved threshold, {boxes:,} boxes in the image"
        rows.append(Bound(what, f"{seconds:.3f} s", limit))
    return rows


def _move_slider(table: Annotations, pairs: Pairs) -> None:
    counts = count_matches(table, pairs, 0.47)
    pair_numbers(counts, table.raters.names)
    mean_iou(counts)
    f1_macro(counts)


def _commands() -> list[Bound]:
    """CPU of whole commands, with the start of Python and every import."""
    commands = {"import napari_consensus": (["-c", "import napari_consensus"], "0.3 s")}
    if _CYTOCROWD.is_dir():
        start = "from napari_consensus.cli import main; main()"
        agreement = ["-c", start, "agreement", str(_CYTOCROWD), "--json"]
        commands["the command agreement on the CytoCrowd release"] = (agreement, "2 s")
    rows = []
    for what, (arguments, limit) in commands.items():
        seconds = min(_child(arguments) for _ in range(3))
        rows.append(Bound(what, f"{seconds:.2f} s", limit))
    return rows


def _child(arguments: list[str]) -> float:
    before = children_cpu()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return children_cpu() - before
