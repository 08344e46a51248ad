"""The page in a few sentences, and what limits its numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from napari_consensus.data.wording import counted
from napari_consensus.report.markup import bullets, share, tag
from napari_consensus.report.section import Section

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari_consensus.report.cautions import Caution
    from napari_consensus.report.findings import Findings
    from napari_consensus.resampling import Estimate


def summary(f: Findings) -> Section:
    """Return the page in a few sentences."""
    return Section(
        "summary",
        "In short",
        "The main numbers, each with its 95 % interval where there is one. What limits them comes "
        "next.",
        [bullets(_sentences(f), class_="summary")],
    )


def limits(held: Sequence[Caution]) -> Section:
    """Return what limits the numbers."""
    return Section(
        "limits",
        "Read this before the numbers",
        "Each of these applies to the data at hand.",
        [
            tag(
                "ul",
                *(
                    tag("li", tag("strong", f"{c.title}. "), c.text, id=f"limit-{c.name}")
                    for c in held
                ),
                class_="limits",
            )
        ],
    )


def _sentences(f: Findings) -> Iterator[str]:
    numbers, objects = f.statistics.numbers, f.statistics.objects
    drawn = f.voting
    yield (
        f"{counted(len(drawn.raters), 'rater')} drew {counted(len(drawn), 'annotation')} on "
        f"{counted(len(drawn.images), 'image')}: {counted(f.agreement.objects, 'object')}."
    )
    if f.places and not math.isnan(numbers["f1_micro"].value):
        yield (
            f"Raters mark the same places with F1 {_said(numbers['f1_micro'])} at IoU ≥ "
            f"{f.settings.minimum_iou:.2f}; mean IoU of what matches "
            f"{_said(numbers['mean_iou'])}, {numbers['unmatched'].value:.0%} unmatched."
        )
    times = f.agreement.raters_per_object
    if len(times) > 1 and f.agreement.objects:
        yield (
            f"{share(times[1], f.agreement.objects)} of the objects were marked by one rater "
            f"alone, {share(times[len(times)], f.agreement.objects)} by all {len(times)}."
        )
    if not math.isnan(numbers["krippendorff_alpha"].value):
        yield (
            f"On the {counted(objects['pairable'], 'object')} that two or more raters named: "
            f"Krippendorff's alpha {_said(numbers['krippendorff_alpha'])}, Gwet's AC1 "
            f"{_said(numbers['gwet_ac1'])}."
        )
    if f.against is not None:
        held = f.against.intervals
        found = f"F1 {_said(held['f1'])}; among its matches, " if f.places else ""
        yield (
            f"Against the reference the consensus has {found}accuracy of the category "
            f"{_said(held['accuracy'])}."
        )
    if f.reviewed is not None:
        done = f.reviewed.progress
        yield (
            f"Experts settled {share(done.settled, done.objects)} of "
            f"{counted(done.objects, 'object')}."
        )


def _said(held: Estimate) -> str:
    if math.isnan(held.value):
        return "not defined"
    if math.isnan(held.low):
        return f"{held.value:.3f}"
    return f"{held.value:.3f} ({held.low:.3f} to {held.high:.3f})"
