"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

StudyPath = Annotated[Path, typer.Argument(metavar="PATH", help="A file or folder of annotations.")]
StudyPaths = Annotated[
    list[Path], typer.Argument(metavar="PATH...", help="Files or folders of annotations.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Write one JSON document to stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no remarks on stderr.")]
SkipRefused = Annotated[
    bool,
    typer.Option("--skip-refused", help="Leave out rows that break a rule, and list them."),
]
MatchingIou = Annotated[
    float, typer.Option("--iou", min=0, max=1, help="IoU from which two annotations match.")
]
DropCut = Annotated[
    bool,
    typer.Option(
        "--drop-cut", help="Leave out what the edge of an image cuts, and what matches it."
    ),
]
GroupingIou = Annotated[
    float,
    typer.Option(
        "--grouping-iou", min=0, max=1, help="IoU from which annotations are of one object."
    ),
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
Fusion = Annotated[
    str, typer.Option("--fusion", help="How outlines become one; `methods` lists the ways.")
]
MinimumSupport = Annotated[
    int, typer.Option("--minimum-support", min=1, help="Keep objects so many raters marked.")
]
Exists = Annotated[
    str,
    typer.Option("--exists", help="Rule for how likely an object is there; `methods` lists them."),
]
MinimumExists = Annotated[
    float, typer.Option("--minimum-exists", min=0, max=1, help="Keep objects at least so likely.")
]
Decide = Annotated[
    str,
    typer.Option("--decide", help="Take the most `probable` category, or that of least `risk`."),
]
CostFile = Annotated[
    Path | None,
    typer.Option(
        "--costs",
        metavar="FILE",
        help="CSV of what calling a category (row) by another (column) costs; for risk, in place "
        "of severities.",
    ),
]
Ties = Annotated[
    str | None,
    typer.Option(
        "--ties",
        help="How a tie of categories is decided; by default `severe` where severities are known, "
        "else `prior`.",
    ),
]
Reference = Annotated[
    str | None,
    typer.Option(
        "--reference",
        metavar="RATER|PATH",
        help="Rater or file to hold it against; by default the study's own.",
    ),
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of everything random.")]
LeaveOutOpen = Annotated[
    bool, typer.Option("--leave-out-open", help="Write only what somebody settled.")
]
CardFile = Annotated[
    Path | None, typer.Option("--card", metavar="FILE", help="Data card to write, Markdown.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a file that is there.")]
Pseudonyms = Annotated[
    bool, typer.Option("--pseudonyms", help="Write rater-1, rater-2, ... instead of raters' ids.")
]
Curves = Annotated[
    bool,
    typer.Option("--curves", help="Every number of agreement: curves, coefficients, counts."),
]
Bootstrap = Annotated[
    int,
    typer.Option(
        "--bootstrap",
        min=0,
        metavar="N",
        help="Draw images again so often for 95 % intervals; 0 for none.",
    ),
]
Clusters = Annotated[
    Path | None,
    typer.Option(
        "--clusters",
        metavar="FILE",
        help="CSV of image and patient, or slide: images of one are drawn together.",
    ),
]
