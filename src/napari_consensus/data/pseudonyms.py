"""What raters are called where their names are hidden, the same in all that a study becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_consensus.data.raters import RaterKind

if TYPE_CHECKING:
    from napari_consensus.data.raters import RaterSet

_PEOPLE = {RaterKind.HUMAN: "rater", RaterKind.REFERENCE: "reference"}


def pseudonyms_of(raters: RaterSet) -> dict[str, str]:
    """Name for each rater that says nothing of the person; what is no person keeps its own.

    People are numbered in the order of the set: rater-1, rater-2, ..., and reference-1, ...
    for references. Whoever has a pseudonym already keeps it: one that was declared, or the
    number they had among all raters before some were left out.
    """
    taken = {
        name for name, kind in zip(raters.names, raters.kinds, strict=True) if kind not in _PEOPLE
    }
    taken.update(raters.pseudonyms.values())
    shown = {}
    count = dict.fromkeys(_PEOPLE, 0)
    for name, kind in zip(raters.names, raters.kinds, strict=True):
        shown[name] = name
        if name in raters.pseudonyms:
            shown[name] = raters.pseudonyms[name]
            continue
        while kind in _PEOPLE and (shown[name] == name or shown[name] in taken):
            count[kind] += 1
            shown[name] = f"{_PEOPLE[kind]}-{count[kind]}"
            if shown[name] == name:
                break
    return shown


def kept_pseudonyms(raters: RaterSet) -> dict[str, str]:
    """Pseudonyms that people keep once some raters are left out, also those who are."""
    shown = pseudonyms_of(raters)
    numbered = {
        name: shown[name]
        for name, kind in zip(raters.names, raters.kinds, strict=True)
        if kind in _PEOPLE
    }
    return {**raters.pseudonyms, **numbered}
