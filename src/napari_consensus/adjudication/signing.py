"""A gold standard frozen and signed, as a version of its own."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, Any

from napari_consensus.adjudication.content import OBJECT, TEXT, WHOLE, check_content
from napari_consensus.adjudication.standing import Verdict
from napari_consensus.data.gold import Version
from napari_consensus.errors import ParameterError, ReadError

if TYPE_CHECKING:
    from napari_consensus.adjudication.file import Entry
    from napari_consensus.adjudication.log import DecisionLog
    from napari_consensus.adjudication.review import Review

_KIND = "version"
_FIELDS = {
    **dict.fromkeys(("basis", "statement", "sha256"), TEXT),
    **dict.fromkeys(("entries", "objects"), WHOLE),
    "decided_by": OBJECT,
    **dict.fromkeys(("unsure", "not_reviewed", "affected"), WHOLE),
    "dismissed": WHOLE,  # not in the first files
}


def freeze(review: Review, *, signed_by: str, basis: str, statement: str) -> Version:
    """Sign what a review has come to; what is decided later belongs to the next version.

    Parameters
    ----------
    review
        The decisions over a consensus.
    signed_by
        Who signs.
    basis
        What the gold standard rests on: one expert, a panel, a joint session, a biopsy.
    statement
        What the signer says of it.

    Raises
    ------
    ParameterError
        Where nobody signs, no basis is named, or the same was signed already.
    WriteError
        Where the signature cannot be stored; it is in the log and pending then.
    """
    for name, value in (("signed_by", signed_by), ("basis", basis)):
        if not value.strip():
            msg = f"{name} is empty; a version says who signed it and what it rests on"
            raise ParameterError(msg)
    check_is_new(review.log, signed_by, basis, statement)
    counts = count_verdicts(review)
    content: dict[str, Any] = {
        "basis": basis,
        "statement": statement,
        "entries": len(review.log.entries),
        "sha256": review.log.checksum(len(review.log.entries)),
        "objects": sum(counts.values()),
        "decided_by": dict(sorted(_settled_by(review).items())),
        "unsure": counts[Verdict.UNSURE],
        "not_reviewed": counts[Verdict.OPEN],
        "affected": len(review.affected),
        "dismissed": len(review.dismissed),
    }
    entry = review.log.state(_KIND, signed_by, content)
    number = len(review.log.statements(_KIND))
    return Version(number=number, time=entry.time, signed_by=signed_by, **content)


def versions_of(log: DecisionLog) -> tuple[Version, ...]:
    """Every version signed so far, in order.

    Raises
    ------
    ReadError
        Where one cannot be understood, or the decisions it signed are not those of the log.
    """
    return tuple(
        _version(entry, number, log) for number, entry in enumerate(log.statements(_KIND), 1)
    )


def count_verdicts(review: Review) -> Counter[Verdict]:
    """How many objects stand how; those replaced by others do not count."""
    ids = chain(review.decided, review.made)
    counts = Counter(review.verdict(held) for held in ids)
    counts[Verdict.OPEN] += len(review.consensus) - len(review.decided)
    del counts[Verdict.REPLACED]
    return counts


def check_is_new(log: DecisionLog, signed_by: str, basis: str, statement: str) -> None:
    """Refuse to sign twice the same; another person, or another statement, is another version.

    Raises
    ------
    ParameterError
        Where the same was signed already.
    """
    versions = versions_of(log)
    if not versions:
        return
    last = versions[-1]
    said = (last.signed_by, last.basis, last.statement)
    if said == (signed_by, basis, statement) and last.entries == len(log.entries) - 1:
        msg = f"{signed_by} has signed this already, as version {last.number}; nothing has changed"
        raise ParameterError(msg)


def _version(entry: Entry, number: int, log: DecisionLog) -> Version:
    try:
        check_content(entry.content, _FIELDS, needed=[*_FIELDS][:-1])
        decided_by = entry.content["decided_by"]
        check_content(decided_by, dict.fromkeys(decided_by, WHOLE), needed=())
    except ValueError as error:
        msg = f"row {entry.number}: no version: {error}"
        raise ReadError(msg) from None
    version = Version(number=number, time=entry.time, signed_by=entry.person, **entry.content)
    # All that stands before a signature is what was signed.
    before = entry.number - 1
    if version.entries != before or log.checksum(before) != version.sha256:
        msg = (
            f"version {number}: the decisions are not those that {version.signed_by} signed; "
            "the file was changed from outside; go back to a copy of it"
        )
        raise ReadError(msg)
    return version


def _settled_by(review: Review) -> Counter[str]:
    out: Counter[str] = Counter()
    for held in chain(review.decided, review.made):
        last = review.last(held)
        if last is not None and review.verdict(held) in (Verdict.KEPT, Verdict.REJECTED):
            out[last.adjudicator] += 1
    return out
