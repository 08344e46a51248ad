"""How many objects raters count on an image; raters with themselves; what became of prelabels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_consensus.report.markup import Cell, Html, interval, number, table, table_of_pairs
from napari_consensus.report.section import Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_consensus.agreement.counting import CountAgreement
    from napari_consensus.report.findings import Findings

_NO_ICC = (
    "fewer than two images that all raters read, or fewer than two raters, or counts that are "
    "all equal"
)
_ONE = "fewer than two images"


def counts(f: Findings, figures: Sequence[Html]) -> Section:
    """Return how far raters count the same number."""
    body: list[Html] = []
    for held in f.statistics.counts:
        body += [_means(held), _correlations(held), _differences(held)]
    return Section(
        "counts",
        "Do raters count the same number?",
        "Where a count is what matters, such as cells on an image, raters may agree on it without "
        "marking the same cells. ICC near 1 says that raters order images alike; the bias says by "
        "how much one counts more than the other.",
        [*figures, *body],
    )


def sessions(f: Findings) -> Section | None:
    """Return how far raters agree with themselves; None where nobody read twice."""
    held = f.statistics.rereadings
    if not held:
        return None
    rows: list[tuple[Cell, ...]] = [
        (
            r.rater,
            f"{r.numbers.a} and {r.numbers.b}",
            r.images,
            r.numbers.matched,
            number(r.numbers.f1, "nothing was marked"),
            number(r.numbers.mean_iou, "nothing matches"),
            number(r.numbers.category_agreement, "no match has a category in both readings"),
        )
        for r in held
    ]
    return Section(
        "sessions",
        "Do raters agree with themselves?",
        "Some raters read an image more than once. No rater can be expected to agree better with "
        "others than with themselves. All other numbers use the first reading.",
        [
            table(
                f"Readings of the same images, IoU ≥ {f.settings.minimum_iou:.2f}",
                ("rater", "sessions", "images", "matched", "F1", "mean IoU", "same category"),
                rows,
            )
        ],
    )


def prelabels(f: Findings) -> Section | None:
    """Return what became of the outlines raters were shown first; None without any."""
    held = f.statistics.prelabels
    if not held:
        return None
    rows: list[tuple[Cell, ...]] = [
        (f"{p.rater}, shown {p.prelabel}", p.kept, p.moved, p.deleted, p.added, p.renamed)
        for p in held
    ]
    return Section(
        "prelabels",
        "What became of the prelabels?",
        "Raters were shown outlines and changed them. What most keep may be right, or only "
        "convenient.",
        [
            table(
                "Prelabels kept (IoU ≥ 0.95), moved "
                f"(IoU ≥ {f.settings.minimum_iou:.2f}), deleted; annotations added; of those kept "
                "or moved, given another category",
                ("rater", "kept", "moved", "deleted", "added", "renamed"),
                rows,
            )
        ],
    )


def _means(held: CountAgreement) -> Html:
    rows: list[tuple[Cell, ...]] = [
        (name, number(s.mean, "read no image", 2), number(s.sd, _ONE, 2), s.n)
        for name, s in held.of_raters.items()
    ]
    return table(
        f"Marks per {_unit(held)} by rater",
        ("rater", "mean", "standard deviation", "images"),
        rows,
    )


def _correlations(held: CountAgreement) -> Html:
    rows: list[tuple[Cell, ...]] = [
        (
            icc.kind,
            number(icc.value, _NO_ICC),
            interval(icc.low, icc.high, _NO_ICC),
            icc.images,
            icc.raters,
        )
        for icc in held.correlations
    ]
    return table(
        f"Intraclass correlation of counts per {_unit(held)}: ICC(2,1) of raters drawn from many, "
        "ICC(3,1) of these raters but for their means",
        ("coefficient", "value", "95 % interval", "images", "raters"),
        rows,
    )


def _differences(held: CountAgreement) -> Html:
    rows: list[tuple[Cell, ...]] = [
        (
            f"{d.a} minus {d.b}",
            number(d.bias, _ONE, 2),
            interval(d.bias_low, d.bias_high, _ONE, 2),
            interval(d.lower, d.upper, _ONE, 2),
            number(d.limit_error, _ONE, 2),
            d.images,
        )
        for d in held.differences
    ]
    return table_of_pairs(
        f"Differences of counts per {_unit(held)} (Bland and Altman): between the limits of "
        "agreement lie about 95 % of the differences",
        ("pair", "bias", "95 % interval", "limits of agreement", "each limit ±", "images"),
        rows,
        [d.bias for d in held.differences],
        "bias",
    )


def _unit(held: CountAgreement) -> str:
    return "mm²" if held.unit == "mm2" else held.unit
