"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

StudyPath = Annotated[Path, typer.Argument(metavar="PATH", help="A file or folder of annotations.")]
AsJson = Annotated[bool, typer.Option("--json", help="Write one JSON document to stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no remarks on stderr.")]
SkipRefused = Annotated[
    bool,
    typer.Option("--skip-refused", help="Leave out rows that break a rule, and list them."),
]
MatchingIou = Annotated[
    float, typer.Option("--iou", min=0, max=1, help="Overlap two annotations must reach to match.")
]
GroupingIou = Annotated[
    float,
    typer.Option("--grouping-iou", min=0, max=1, help="Overlap of annotations of one object."),
]
PointDistance = Annotated[
    float,
    typer.Option(
        "--point-distance",
        help="Microns at which two points overlap by 0.5; pixels where the scale is unknown.",
    ),
]
Method = Annotated[
    str, typer.Option("--method", "-m", help="Aggregator; `napari-consensus methods` lists them.")
]
Parameters = Annotated[
    list[str],
    typer.Option("-p", metavar="KEY=VALUE", help="Parameter of the aggregator; repeatable."),
]
Fusion = Annotated[str, typer.Option("--fusion", help="How outlines of an object become one.")]
MinimumSupport = Annotated[
    int, typer.Option("--minimum-support", min=1, help="Keep objects so many raters marked.")
]
Ties = Annotated[str | None, typer.Option("--ties", help="How a tie of categories is decided.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of everything random.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")]
Pseudonyms = Annotated[
    bool, typer.Option("--pseudonyms", help="Write rater-1, rater-2, ... instead of their ids.")
]
