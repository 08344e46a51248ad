"""Pseudonyms for people whose names or addresses a format writes beside their marks."""

from __future__ import annotations

import hashlib

from napari_consensus.data.raters import RaterKind
from napari_consensus.formats._rater_kinds import kind_of


def pseudonym(name: str) -> str:
    """Return a name that says nothing of a person, the same for the same name in every file.

    Names that say that they are no person's, as those of models, stay; so do numbers.

    Parameters
    ----------
    name
        A user name, a full name or an e-mail address.
    """
    bare = name.strip()
    if not bare or bare.isdigit() or kind_of(bare) is not RaterKind.HUMAN:
        return bare
    digest = hashlib.sha256(f"napari-consensus {bare.casefold()}".encode(errors="replace"))
    return f"rater-{digest.hexdigest()[:6]}"
