"""The hardest objects: crops with the raters' outlines, and what each rater called them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from napari_consensus.data.wording import counted
from napari_consensus.figures.crops import outlines_of, read_crops, square_about
from napari_consensus.pairing import pairs_between
from napari_consensus.report.markup import Html, paragraph, tag
from napari_consensus.report.pictures import (
    PIXELS,
    REFERENCE_LOOK,
    crop_picture,
    rater_look,
    swatch,
)
from napari_consensus.report.section import Section

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_consensus.figures.crops import Crop
    from napari_consensus.report.findings import Findings


# Of more raters, those who did not mark an object are only counted.
_MANY = 12
_MEANING = {
    True: "Objects whose names are split most evenly among raters.",
    False: "Objects that several raters marked with the least overlap.",
}
_ORDER = {
    True: "Hard is: the entropy of the votes, then the difficulty by GLAD. An object that one "
    "rater alone saw has no split votes.",
    False: "Hard is: the lowest mean IoU of an object's annotations. An object that one rater "
    "alone saw has none.",
}


class _Hard(NamedTuple):
    """An object that raters find hard: its number, its place among the hardest, its rows."""

    number: int
    place: int
    rows: NDArray[np.int64]
    row: int
    reference: int


def hardest(f: Findings) -> Section:
    """Return what raters disagree on most."""
    chosen, at_hand = _chosen(f)
    table = f.voting
    squares = [
        (table.images[table.image[hard.rows[0]]], square_about(table.bounds[hard.rows]))
        for hard in chosen
    ]
    crops = read_crops(f.study.image_files or {}, squares, PIXELS)
    cards = [_card(f, hard, crop) for hard, crop in zip(chosen, crops, strict=True)]
    objects = f.reliability.groups.n_objects
    if not cards:
        said = "No two raters marked or named an object in common, so none can be called hard."
    elif at_hand:
        said = (
            f"The {counted(len(cards), 'hardest object')} of those whose image is at hand "
            f"({at_hand:,} of {counted(len(table.images), 'image')}); the number in brackets is "
            f"the object's place among all {objects:,}."
        )
    else:
        said = (
            f"The {counted(len(cards), 'hardest object')} of {objects:,}. No image is at hand, so "
            "outlines stand on grey."
        )
    return Section(
        "hardest",
        "Which objects are hardest?",
        f"{_MEANING[f.has_categories]} They are what a calibration meeting should look at first.",
        [
            paragraph(said),
            tag("div", *cards, class_="cards"),
            paragraph(_ORDER[f.has_categories], class_="note"),
        ],
    )


def _order(f: Findings) -> NDArray[np.int64]:
    """Objects from the hardest to the easiest: by their votes, or by their outlines."""
    objects = f.reliability.objects
    if f.has_categories:
        return objects.hardest()
    met = np.flatnonzero(~np.isnan(objects.mean_iou))
    return met[np.argsort(objects.mean_iou[met], kind="stable")]


def _chosen(f: Findings) -> tuple[list[_Hard], int]:
    """Hardest objects, of images with pixels where there are any; how many such images."""
    found, table = f.reliability, f.voting
    order = _order(f)
    place = {number: k for k, number in enumerate(order.tolist(), 1)}
    files = f.study.image_files or {}
    there = np.array([name in files for name in table.images], np.bool_)
    if there.any():
        order = order[there[found.groups.image[order]]]
    rows, start = found.groups.members()
    row_of = {}
    if _same_objects(f):
        row_of = {number: row for row, number in enumerate(f.consensus.objects.tolist())}
    numbers = order[: f.settings.hardest].tolist()
    kept = [row_of.get(number, -1) for number in numbers]
    return [
        _Hard(n, place[n], rows[start[n] : start[n + 1]], row, truth)
        for n, row, truth in zip(numbers, kept, _references(f, kept), strict=True)
    ], int(there.sum())


def _same_objects(f: Findings) -> bool:
    """Whether the consensus is of these objects; not so where raters were left out of it."""
    return np.array_equal(f.consensus.groups.object, f.reliability.groups.object)


def _references(f: Findings, rows: list[int]) -> list[int]:
    """Row of the reference that lies where each row of the consensus does; -1 where none."""
    held = np.array([row for row in rows if row >= 0], np.int64)
    if f.against is None or not len(held):
        return [-1] * len(rows)
    shapes = f.consensus.shapes.take(np.sort(held))
    pairs = pairs_between(
        shapes,
        f.against.table,
        f.settings.minimum_iou,
        point_distance=f.settings.point_distance,
    )
    best: dict[int, int] = {}
    for k in np.argsort(pairs.iou, kind="stable").tolist():
        best[int(np.sort(held)[pairs.first[k]])] = int(pairs.second[k])
    return [best.get(row, -1) for row in rows]


def _card(f: Findings, hard: _Hard, crop: Crop) -> Html:
    table = f.voting
    image = table.images[table.image[hard.rows[0]]]
    marked = {int(table.rater[row]): int(row) for row in hard.rows.tolist()}
    lines = [_line(f, hard, rater, marked.get(rater)) for rater in range(len(table.raters))]
    outlines = list(outlines_of(table, list(marked.values())))
    looks = [rater_look(rater) for rater in marked]
    truth = []
    if f.against is not None:
        look = REFERENCE_LOOK if hard.reference >= 0 else None
        truth = [_vote(look, "", _truth(f, hard))]
        if hard.reference >= 0:
            outlines += outlines_of(f.against.table, [hard.reference])
            looks.append(REFERENCE_LOOK)
    votes = "; ".join(f"{name}: {said}" for name, rater, said in lines if rater in marked)
    described = (
        f"Object on {image} with outlines of {counted(len(marked), 'rater')}. {votes}. "
        f"{_decided(f, hard)} {_truth(f, hard) if truth else ''}".strip()
    )
    return tag(
        "figure",
        *([crop_picture(crop, outlines, looks, described)] if f.places else []),
        tag(
            "figcaption",
            tag("p", tag("strong", image), f" [{hard.place}]"),
            tag(
                "ul",
                *(
                    _vote(rater_look(rater) if rater in marked else None, f"{name}: ", said)
                    for name, rater, said in lines
                    if rater in marked or len(lines) <= _MANY
                ),
                *([_vote(None, "", _rest(lines, marked))] if len(lines) > _MANY else []),
                _vote(None, "", _decided(f, hard)),
                *truth,
                class_="votes",
            ),
            *(
                [paragraph(f"No pixels: {crop.note}.", class_="note")]
                if crop.note and f.places
                else []
            ),
        ),
        class_="card",
    )


def _rest(lines: list[tuple[str, int, str]], marked: dict[int, int]) -> str:
    """Count the raters who did not mark an object."""
    times = Counter(said for _, rater, said in lines if rater not in marked)
    return ", ".join(f"{n} {said}" for said, n in times.items())


def _vote(look: tuple[str, str] | None, name: str, said: str) -> Html:
    shown = tag("span", class_="blank") if look is None else swatch(look)
    return tag("li", shown, name, tag("b", said) if name else said)


def _line(f: Findings, hard: _Hard, rater: int, row: int | None) -> tuple[str, int, str]:
    """Name, code and answer of one rater."""
    table = f.voting
    name = table.raters.names[rater]
    if row is not None:
        return name, rater, (*table.categories, "marked, no category")[table.category[row]]
    unread = f.reliability.groups.unread
    place = (unread[:, 0] == hard.number) & (unread[:, 1] == rater)
    read = table.raters.read[table.image[hard.rows[0]], rater] and not place.any()
    return name, rater, "not marked" if read else "did not read here"


def _decided(f: Findings, hard: _Hard) -> str:
    if hard.row < 0 and _same_objects(f):
        return "Consensus: left out for too little support."
    if hard.row < 0:
        return "Consensus: made of other objects."
    held = f.consensus
    code = int(held.shapes.category[hard.row])
    if code < 0:
        return "Consensus: no category decided."
    tied = ", a tie" if held.tied[hard.row] else ""
    probability = float(held.confidence[hard.row])
    sure = "" if probability != probability else f" ({probability:.2f}{tied})"
    return f"Consensus: {held.shapes.categories[code]}{sure}."


def _truth(f: Findings, hard: _Hard) -> str:
    if f.against is None or hard.reference < 0:
        return "Reference: nothing here."
    table = f.against.table
    return f"Reference: {(*table.categories, 'no category')[table.category[hard.reference]]}."
