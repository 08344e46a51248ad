"""What a rater's name says of what the rater is."""

from __future__ import annotations

import re

from napari_consensus.data.raters import RaterKind

# Whole names, case-folded, without separators and trailing digits.
_WHOLE = {
    RaterKind.REFERENCE: frozenset(
        {
            "gt",
            "truth",
            "groundtruth",
            "reference",
            "referencestandard",
            "gold",
            "goldstandard",
            "adjudicated",
        }
    ),
    RaterKind.CONSENSUS: frozenset({"consensus"}),
    RaterKind.MODEL: frozenset({"pred", "prediction", "predictions", "model", "yolo", "wbf"}),
    RaterKind.PRELABEL: frozenset({"prelabel", "prelabels"}),
}
# Parts of names; "gold" is left out, for it is also a surname.
_PART = {
    RaterKind.REFERENCE: _WHOLE[RaterKind.REFERENCE] - {"gold"},
    RaterKind.CONSENSUS: _WHOLE[RaterKind.CONSENSUS],
    RaterKind.MODEL: _WHOLE[RaterKind.MODEL],
    RaterKind.PRELABEL: _WHOLE[RaterKind.PRELABEL],
}
_VERSION = re.compile(r"v?\d+[a-z]?$")


def kind_of(name: str) -> RaterKind:
    """Kind of rater that a name speaks of; people where it says nothing.

    Parameters
    ----------
    name
        A rater's id or name, or a file's stem.
    """
    parts = [p for p in re.split(r"[\W_]+", name.casefold()) if p]
    bare = [_VERSION.sub("", part) for part in parts]
    whole = "".join(bare)
    for kind, words in _WHOLE.items():
        if whole in words or not _PART[kind].isdisjoint(bare):
            return kind
    return RaterKind.HUMAN
