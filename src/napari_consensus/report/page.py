"""One HTML page of all sections: nothing is loaded from elsewhere, no script is needed."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from napari_consensus.data.wording import counted
from napari_consensus.progress import Progress, silent
from napari_consensus.report.cautions import cautions
from napari_consensus.report.figures import figures_of
from napari_consensus.report.markup import Html, paragraph, tag
from napari_consensus.report.sections.categories import categories
from napari_consensus.report.sections.consensus import consensus, reference
from napari_consensus.report.sections.counts import counts, prelabels, sessions
from napari_consensus.report.sections.hardest import hardest
from napari_consensus.report.sections.masks import masks
from napari_consensus.report.sections.methods import methods
from napari_consensus.report.sections.outlines import outlines, support
from napari_consensus.report.sections.provenance import provenance
from napari_consensus.report.sections.reliability import reliability
from napari_consensus.report.sections.review import review
from napari_consensus.report.sections.study import raters, study
from napari_consensus.report.sections.summary import limits, summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_consensus.report.findings import Findings
    from napari_consensus.report.section import Section

# Even where something foreign slipped into the page, a browser is told to load nothing.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def sections_of(f: Findings, *, hidden: bool, progress: Progress = silent) -> tuple[Section, ...]:
    """Return the sections that apply, in order.

    Parameters
    ----------
    f
        Everything there is to tell.
    hidden
        Whether names were hidden.
    progress
        Reports, and stops where it raises.
    """
    drawn = figures_of(f, progress)
    held = (
        summary(f),
        limits(cautions(f)),
        study(f),
        raters(f),
        outlines(f, drawn["outlines"]) if f.places else None,
        masks(f),
        support(f, drawn["support"]),
        categories(f, drawn["categories"]),
        counts(f, drawn["counts"]) if f.places else None,
        sessions(f),
        prelabels(f),
        consensus(f),
        reference(f, drawn["reference"], drawn["calibration"]),
        reliability(f),
        hardest(f),
        review(f),
        methods(f),
        provenance(f, hidden),
    )
    return tuple(section for section in held if section is not None)


def page(f: Findings, sections: Sequence[Section]) -> str:
    """Return the text of the page."""
    title = (
        f"Agreement of {counted(len(f.voting.raters), 'rater')} on "
        f"{counted(len(f.voting.images), 'image')}"
    )
    made = f.consensus.provenance
    style = files("napari_consensus.report").joinpath("page.css").read_text(encoding="utf-8")
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'),
        tag("title", title),
        tag("style", Html(style)),
    )
    body = tag(
        "body",
        tag(
            "header",
            tag("h1", title),
            paragraph("Research use, not for diagnosis.", class_="use"),
            paragraph(
                f"Made by napari-consensus {made.versions['napari-consensus']} on "
                f"{made.created[:10]}. Every number says at which threshold and of how many it "
                "is; one without a value says why."
            ),
        ),
        tag("nav", _contents(sections), aria_label="Contents"),
        tag("main", *(section.html() for section in sections)),
        tag("footer", "Research use, not for diagnosis."),
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _contents(sections: Sequence[Section]) -> Html:
    return tag(
        "ol",
        *(tag("li", tag("a", section.title, href=f"#{section.name}")) for section in sections),
    )
