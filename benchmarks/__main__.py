"""Run every benchmark and write its table: python -m benchmarks [FILE.md]."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# One thread for ours and for peers; read by the libraries when they are first imported.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_name] = "1"

_PAGE = """# Performance

Written by `make bench`; not edited by hand. CPU seconds of one thread, the least of several
runs; ours and the peer's runs take turns in one process, so a ratio means more than a second.

Measured on: {machine}.

## Against peers

{races}

Boxes are 40 to 400 pixels, log-uniform, on a slide of 100,000 x 100,000, each object drawn by every
rater with 10 % of jitter. A peer gets them in the order in which they were drawn; ours start from a
table, which keeps its rows in order. Results are compared, and "DIFFERENT" beside a peer would say
that they are not the same.

## Dawid-Skene

The same start, the same number of iterations, posteriors compared after the peer's clipping.

{dawid_skene}

## Other models of raters

As many iterations and starts on both sides. crowd-kit's MACE starts every time alike and mixes up
the order of its counts, so its numbers are not those of the model. GLAD is given few M steps, on
both sides, because each takes crowd-kit a quarter of a minute.

{aggregators}

## Bounds

{bounds}

What each is made of: `benchmarks/`. No test of the project asserts seconds; these figures are
measured when something on their way has changed.
"""


class Row(Protocol):
    """A row of a table."""

    def markdown(self) -> str:
        """Return the row as Markdown."""


def main(target: Path | None) -> None:
    """Print every row as it is measured, and write the page."""
    from benchmarks import (
        aggregators,
        agreeing,
        average_precision,
        dawid_skene,
        fusing,
        masks,
        matching,
        pairs,
        reading,
        slides,
        viewer,
        waiting,
    )
    from benchmarks.measure import Bound, Race, machine

    tables: dict[str, tuple[str, tuple[Callable[[], Sequence[Row]], ...]]] = {
        "races": (
            Race.HEADER,
            (
                *(matching.races, fusing.races, pairs.races, slides.races, viewer.races),
                *(average_precision.races, masks.races),
            ),
        ),
        "dawid_skene": (dawid_skene.HEADER, (dawid_skene.rows,)),
        "aggregators": (aggregators.HEADER, (aggregators.rows,)),
        "bounds": (
            Bound.HEADER,
            (
                waiting.bounds,
                agreeing.bounds,
                reading.bounds,
                pairs.bounds,
                slides.bounds,
                viewer.bounds,
                masks.bounds,
            ),
        ),
    }
    written = {}
    for name, (header, parts) in tables.items():
        lines = [header]
        print(header)
        for part in parts:
            rows = [row.markdown() for row in part()]
            print(*rows, sep="\n", flush=True)
            lines += rows
        written[name] = "\n".join(lines)
    if target is not None:
        target.write_text(_PAGE.format(machine=machine(), **written), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
