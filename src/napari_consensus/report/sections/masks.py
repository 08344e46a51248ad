"""Instance masks: every two raters, models beside the raters, cells by patch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_consensus.report.markup import (
    Cell,
    Html,
    estimate,
    number,
    paragraph,
    table,
    table_of_pairs,
)
from napari_consensus.report.section import Section
from napari_consensus.resampling import Estimate

if TYPE_CHECKING:
    from napari_consensus.agreement.masks import MaskPair
    from napari_consensus.pipeline import Segmentations
    from napari_consensus.report.findings import Findings

_PATCHES = 200
_EMPTY = "nothing was marked"
_LABEL = {"map_dsb": "mAP (DSB)", "sorted_ap": "SortedAP", "dice": "Dice"}
_DICE = "nothing was marked, or masks of one rater overlap"


def masks(f: Findings) -> Section | None:
    """Return how far masks agree, pixel by pixel; None for other outlines."""
    found = f.segmentations
    if found is None:
        return None
    rows: list[tuple[Cell, ...]] = [
        (
            f"{p.a} and {p.b}",
            *_estimated(f, p, "map_dsb", _EMPTY),
            *_estimated(f, p, "sorted_ap", _EMPTY),
            *_estimated(f, p, "dice", _DICE),
        )
        for p in found.pairs
    ]
    return Section(
        "masks",
        "Do the masks agree?",
        "mAP and SortedAP ask whether the same cells were outlined, and how tightly; Dice asks "
        "only which pixels were marked. No model can be expected to agree better with a rater "
        "than raters do with each other: that is the band.",
        [
            table_of_pairs(
                "Masks of every two raters, pooled over the images both read",
                (
                    *("pair", "mAP (DSB), IoU ≥ .50 to .95", "95 % interval"),
                    *("SortedAP", "95 % interval", "Dice", "95 % interval"),
                ),
                rows,
                [p.map_dsb for p in found.pairs],
                "mAP",
            ),
            *_models(found),
            *_patches(found),
        ],
    )


def _estimated(f: Findings, pair: MaskPair, name: str, why: str) -> tuple[Cell, Cell]:
    """Return cells of a number of two raters and of its interval over images drawn again."""
    held = Estimate(getattr(pair, name), *pair.intervals[name])
    return estimate(held, why, f.no_interval)


def _models(found: Segmentations) -> list[Html]:
    if not found.models:
        return []
    nobody, no_pair = "shares no image with a person", "no two people read an image in common"
    rows: list[tuple[Cell, ...]] = [
        (
            f"{m.model}, {_LABEL[m.number]}",
            number(m.mean, nobody),
            number(m.low, no_pair),
            number(m.middle, no_pair),
            number(m.high, no_pair),
            _place(m.mean, m.low, m.high),
        )
        for m in found.models
    ]
    header = ("model and number", "with raters", "raters, least", "raters, mean")
    return [
        table(
            "Models beside the agreement of raters with each other",
            (*header, "raters, largest", "the model is"),
            rows,
        )
    ]


def _place(mean: float, low: float, high: float) -> str:
    if any(value != value for value in (mean, low, high)):
        return "not compared"
    if mean < low:
        return "below the band"
    return "above the band" if mean > high else "within the band"


def _patches(found: Segmentations) -> list[Html]:
    names = list(dict.fromkeys(name for patch in found.patches for name in patch.cells))
    rows: list[tuple[Cell, ...]] = [
        (
            patch.image,
            "not known" if patch.size is None else " x ".join(map(str, patch.size)),
            *(patch.cells.get(name, "not read") for name in names),
        )
        for patch in found.patches[:_PATCHES]
    ]
    more = len(found.patches) - len(rows)
    said = [paragraph(f"{more:,} more patches are not listed.", class_="note")] if more else []
    return [table("Cells by patch and rater", ("patch", "pixels", *names), rows), *said]
