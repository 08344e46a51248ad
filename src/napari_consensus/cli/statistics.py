"""The statistics of agreement, as a document and as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_consensus.cli.console import show_table, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_consensus.agreement.counting import CountAgreement
    from napari_consensus.pipeline.agreement_statistics import AgreementStatistics, PairStatistics
    from napari_consensus.resampling import Estimate

# Numbers that stand in the document as plain numbers, their intervals apart.
_PLAIN = ("map_dsb", "map_dsb_micro", "sorted_ap", "sorted_ap_macro", "unmatched")
_COEFFICIENTS = (
    *("existence_agreement", "krippendorff_alpha", "krippendorff_alpha_ordinal"),
    *("krippendorff_alpha_interval", "fleiss_kappa", "gwet_ac1"),
)


def statistics_document(found: AgreementStatistics) -> dict[str, Any]:
    """Every number by its key in the JSON document of `agreement --curves`."""
    numbers = found.numbers
    return {
        "bootstrap": found.replicates,
        "drawn": found.units,
        "f1_curve": [
            {"iou": point.iou, "f1": point.f1.value, "low": point.f1.low, "high": point.f1.high}
            | {"f1_macro": point.f1_macro.value}
            for point in found.curve
        ],
        "ap_dsb": {f"{point.iou:.2f}": point.ap_dsb.value for point in found.curve},
        "ap_dsb_micro": {f"{point.iou:.2f}": point.ap_dsb_micro.value for point in found.curve},
        **{name: numbers[name].value for name in _PLAIN},
        "intervals": {
            name: {"low": held.low, "high": held.high}
            for name, held in numbers.items()
            if name not in _COEFFICIENTS
        },
        **{name: _estimate(numbers[name]) for name in _COEFFICIENTS if name in numbers},
        "specific_agreement": {
            name: _estimate(held) for name, held in found.specific_agreement.items()
        },
        "categorised_objects": dict(found.objects),
        "categories": list(found.categories),
        "category_pairs": [_pair(pair) for pair in found.pairs],
        "raters_of_readers": found.raters_of_readers,
        "raters_per_reference_object": found.raters_per_reference_object,
        "counts": [_counts(counts) for counts in found.counts],
        "spreads": [_fields(held) for held in found.spreads],
        "rereadings": [
            {"rater": held.rater, "images": held.images, **_fields(held.numbers)}
            for held in found.rereadings
        ],
        "prelabels": [_fields(held) for held in found.prelabels],
    }


def show_statistics(found: AgreementStatistics) -> None:
    """Write the main numbers as tables to stdout."""
    draws = f", 95 % intervals of {found.replicates} draws of {found.units}"
    show_table(
        "All raters" + (draws if found.replicates else ""),
        ("number", "value", "low", "high"),
        [(name, held.value, held.low, held.high) for name, held in found.numbers.items()],
    )
    show_table(
        "Over thresholds of the IoU",
        ("IoU", "F1", "low", "high", "AP (DSB)"),
        [(f"{p.iou:.2f}", p.f1.value, p.f1.low, p.f1.high, p.ap_dsb.value) for p in found.curve],
    )
    show_table(
        "Specific agreement on categories",
        ("category", "value", "low", "high"),
        [(name, e.value, e.low, e.high) for name, e in found.specific_agreement.items()],
    )
    if found.replicates:
        show_table(
            "95 % intervals of every two raters",
            ("rater a", "rater b", "F1 from", "to", "mean IoU from", "to"),
            [(p.a, p.b, p.f1.low, p.f1.high, p.mean_iou.low, p.mean_iou.high) for p in found.pairs],
        )
    show_table(
        "Cohen's kappa on matches",
        ("rater a", "rater b", "kappa", "low", "high"),
        [(p.a, p.b, p.kappa.value, p.kappa.low, p.kappa.high) for p in found.pairs],
    )
    for counts in found.counts:
        show_table(
            f"Counts per {counts.unit}: "
            + ", ".join(
                f"{icc.kind} {text(icc.value)} ({text(icc.low)} to {text(icc.high)})"
                for icc in counts.correlations
            ),
            ("rater a", "rater b", "bias a - b", "lower limit", "upper limit"),
            [(d.a, d.b, d.bias, d.lower, d.upper) for d in counts.differences],
        )
    if found.rereadings:
        show_table(
            "Raters with themselves",
            ("rater", "sessions", "matched", "F1", "mean IoU"),
            [
                (r.rater, f"{r.numbers.a} and {r.numbers.b}")
                + (r.numbers.matched, r.numbers.f1, r.numbers.mean_iou)
                for r in found.rereadings
            ],
        )
    if found.prelabels:
        names = ("rater", "prelabel", "kept", "moved", "deleted", "added", "renamed")
        rows = [tuple(getattr(held, name) for name in names) for held in found.prelabels]
        show_table("What became of prelabels", names, rows)


def _estimate(held: Estimate) -> dict[str, float]:
    return {"value": held.value, "low": held.low, "high": held.high}


def _pair(pair: PairStatistics) -> dict[str, Any]:
    weighted = pair.weighted_kappa
    return {
        "a": pair.a,
        "b": pair.b,
        "f1": _estimate(pair.f1),
        "mean_iou": _estimate(pair.mean_iou),
        "cohen_kappa": _estimate(pair.kappa),
        **({} if weighted is None else {"weighted_kappa": _estimate(weighted)}),
        "confusion": pair.confusion.tolist(),
    }


def _counts(counts: CountAgreement) -> dict[str, Any]:
    return {
        "per": counts.unit,
        "raters": [
            {"rater": rater, "mean": held.mean, "sd": held.sd, "images": held.n}
            for rater, held in counts.of_raters.items()
        ],
        "icc": [_fields(icc) for icc in counts.correlations],
        "bland_altman": [_fields(held) for held in counts.differences],
    }


def _fields(record: Any) -> Mapping[str, Any]:  # noqa: ANN401 (any of the frozen records)
    return {name: getattr(record, name) for name in record.__slots__}
