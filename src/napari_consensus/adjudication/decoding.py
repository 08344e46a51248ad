"""Decisions as JSON held them: understood, or refused by the field that is wrong."""

from __future__ import annotations

import sys
from enum import StrEnum
from math import isfinite
from typing import Any, TypeVar, cast

from napari_consensus.adjudication.content import LIST, NUMBER, TEXT, WHOLE, check_content, shown
from napari_consensus.adjudication.decision import Action, Check, Decision, Judged, Ring, Shape
from napari_consensus.data.annotations import Outline

_Kind = TypeVar("_Kind", bound=StrEnum)
_FIELDS = {
    "action": TEXT,
    "adjudicator": TEXT,
    "image": TEXT,
    "objects": LIST,
    "shapes": LIST,
    "judged": LIST,
    "rater": TEXT,
    "text": TEXT,
    "blind": TEXT,
    "seconds": NUMBER,
    "check": TEXT,
    "batch": TEXT,
    "target": WHOLE,
}
_JUDGED = {"annotation": TEXT, "digest": TEXT}
_SHAPE = {"category": TEXT, "kind": TEXT, "rings": LIST}
_KINDS = {kind.name.lower(): kind for kind in Outline}
_NONE, _ONE, _SEVERAL = range(1), range(1, 2), range(2, sys.maxsize)
# How many objects a decision is about, and how many shapes it leaves.
_OBJECTS = {
    Action.MERGE: _SEVERAL,
    **dict.fromkeys((Action.ADD, Action.DISMISS, Action.UNDO, Action.REDO), _NONE),
}
_SHAPES = {
    Action.SPLIT: _SEVERAL,
    **dict.fromkeys(
        (Action.ACCEPT, Action.TAKE, Action.REDRAW, Action.RELABEL, Action.MERGE, Action.ADD), _ONE
    ),
}


def decision_of(document: object) -> Decision:
    """Return the decision a document of `Decision.to_document` stands for.

    Raises
    ------
    ValueError
        Where it is no such document.
    """
    check_content(document, _FIELDS, needed=("action", "adjudicator"))
    values = dict(cast("dict[str, Any]", document))
    values["action"] = _one_of(Action, values["action"], "action")
    values["check"] = _one_of(Check, values.get("check", ""), "check")
    values["objects"] = tuple(_id(held, "object") for held in values.get("objects", ()))
    values["judged"] = tuple(_judged(held) for held in values.get("judged", ()))
    values["shapes"] = tuple(_shape(held) for held in values.get("shapes", ()))
    decision = Decision(**values)
    for what, held, wanted in (
        ("objects", decision.objects, _OBJECTS.get(decision.action, _ONE)),
        ("shapes", decision.shapes, _SHAPES.get(decision.action, _NONE)),
    ):
        if len(held) not in wanted:
            msg = f"{decision.action} of {len(held)} {what}; there must be {_many(wanted)}"
            raise ValueError(msg)
    return decision


def _many(wanted: range) -> str:
    return f"{wanted.start} or more" if wanted is _SEVERAL else str(wanted.start)


def _one_of(kind: type[_Kind], value: str, field: str) -> _Kind:
    try:
        return kind(value)
    except ValueError:
        msg = f"{field} {shown(value)} is none of {', '.join(repr(str(k)) for k in kind)}"
        raise ValueError(msg) from None


def _id(text: object, what: str) -> int:
    """Return an id, which JSON holds as text."""
    # No id has more digits, and reading very many of them takes Python long.
    if type(text) is str and text.isascii() and text.isdigit() and len(text) <= 20:
        held = int(text)
        if held < 2**64:
            return held
    msg = f"{what} {shown(text)} must be an id, text of a whole number below 2 ** 64"
    raise ValueError(msg)


def _judged(document: Any) -> Judged:  # noqa: ANN401 (what JSON held)
    check_content(document, _JUDGED, needed=_JUDGED)
    return Judged(_id(document["annotation"], "annotation"), document["digest"])


def _shape(document: Any) -> Shape:  # noqa: ANN401 (what JSON held)
    check_content(document, _SHAPE, needed=_SHAPE)
    if document["kind"] not in _KINDS:
        msg = f"kind {shown(document['kind'])} is none of {', '.join(_KINDS)}"
        raise ValueError(msg)
    kind = _KINDS[document["kind"]]
    try:
        rings = tuple(tuple((float(x), float(y)) for x, y in ring) for ring in document["rings"])
    except (TypeError, ValueError, OverflowError):
        msg = f"rings {shown(document['rings'])} must be lists of vertices [x, y]"
        raise ValueError(msg) from None
    rule = _broken_rule(kind, rings)
    if rule:
        msg = f"rings {shown(document['rings'])}: {rule}"
        raise ValueError(msg)
    return Shape(document["category"], kind, rings)


def _broken_rule(kind: Outline, rings: tuple[Ring, ...]) -> str:
    """Say which rule of a table of annotations an outline breaks; "" where it breaks none."""
    if not rings or not all(rings):
        return "an outline needs a vertex, and so does each of its rings"
    if not all(isfinite(x) for ring in rings for point in ring for x in point):
        return "an outline must be finite"
    if kind is Outline.POINT and [len(ring) for ring in rings] != [1]:
        return "a point needs one ring of one vertex"
    if kind is Outline.BOX:
        if [len(ring) for ring in rings] != [2]:
            return "a box needs one ring of its two corners"
        (x0, y0), (x1, y1) = rings[0]
        if not (x0 < x1 and y0 < y1):
            return "a box must have x0 < x1 and y0 < y1"
    return ""
