"""What stands beside a written consensus: how it came about, and the whole posterior."""

from __future__ import annotations

import csv
import io
import json
import math
from collections import Counter
from dataclasses import asdict
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from napari_consensus.data.gold import GoldStandard
from napari_consensus.data.pseudonyms import pseudonyms_of
from napari_consensus.formats._cells import as_text
from napari_consensus.formats._export import NOTICE, adjudicators_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from napari_consensus.data.consensus import Consensus
    from napari_consensus.data.raters import RaterSet
    from napari_consensus.errors import Refusal


def provenance_text(
    subject: Consensus | GoldStandard, refused: Sequence[Refusal], *, pseudonyms: bool
) -> str:
    """Return the provenance of a consensus or a gold standard as JSON.

    Parameters
    ----------
    subject
        What was written.
    refused
        Rows left out while reading.
    pseudonyms
        Whether raters' names, and all else that may hold one, are left out.
    """
    consensus = subject.consensus if isinstance(subject, GoldStandard) else subject
    raters = consensus.groups.annotations.raters
    # Who was left out before has a pseudonym too, which is theirs in every other file.
    shown = {**raters.pseudonyms, **pseudonyms_of(raters)} if pseudonyms else {}
    provenance = subject.provenance
    posterior = consensus.posterior
    likelihood = posterior.log_likelihood
    document: dict[str, Any] = {
        "notice": NOTICE,
        "objects": len(subject),
        "raters": [shown.get(n, n) for n in raters.names],
        "rater_statements": _statements(raters, shown),
        "sources": [
            {
                "file": _file(source.file, k, pseudonyms=pseudonyms),
                "format": source.format,
                "sha256": source.sha256,
                "size": source.size,
            }
            for k, source in enumerate(provenance.sources, 1)
        ],
        "steps": [
            {"action": step.action, "parameters": _without_names(step.parameters, shown)}
            for step in provenance.steps
        ],
        "posterior": {
            "n_iter": posterior.n_iter,
            "converged": posterior.converged,
            "log_likelihood": likelihood if math.isfinite(likelihood) else None,
            "notes": [note for note in posterior.notes if not _names_one(note, shown)],
        },
        "refused": [_refused(refusal, pseudonyms=pseudonyms) for refusal in refused],
        "versions": dict(provenance.versions),
        "created": provenance.created,
    }
    if isinstance(subject, GoldStandard):
        document["review"] = _review(subject, pseudonyms=pseudonyms)
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def posterior_pieces(consensus: Consensus) -> Iterator[str]:
    """Write the probability of every category for every object, as a table."""
    table = consensus.shapes
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["annotation_id", "image", *map(as_text, table.categories)])
    for row, own in enumerate(table.id.tolist()):
        shares = ["" if p != p else p for p in consensus.probability[row].tolist()]
        writer.writerow([own, as_text(table.images[table.image[row]]), *shares])
    yield stream.getvalue()


def _statements(raters: RaterSet, shown: Mapping[str, str]) -> dict[str, Any]:
    """Who raters are, by the names that are written; names hidden, nothing that may name one."""
    return {
        shown.get(name, name): (said.without_names() if shown else said).facts()
        for name, said in raters.statements.items()
        if name in raters.names
    }


def _review(gold: GoldStandard, *, pseudonyms: bool) -> dict[str, Any]:
    shown = adjudicators_of(gold, pseudonyms=pseudonyms)
    said: dict[str, Any] = {
        "settled": dict(sorted(Counter(gold.settled).items())),
        "adjudicators": sorted(shown.values()),
        "version": None,
    }
    version = gold.version
    if version is not None:
        signed = asdict(version)
        signed["signed_by"] = shown[version.signed_by]
        signed["decided_by"] = {shown[name]: n for name, n in version.decided_by.items()}
        if pseudonyms:
            # A statement may name someone.
            del signed["statement"]
        said["version"] = {**signed, "open_items": version.open_items}
    return said


def _file(name: str, number: int, *, pseudonyms: bool) -> str:
    """Name of a source without its folder; many are named after a rater."""
    return f"file-{number}{PurePath(name).suffix}" if pseudonyms else PurePath(name).name


def _refused(refusal: Refusal, *, pseudonyms: bool) -> dict[str, Any]:
    said = {"row": refusal.row, "field": refusal.field, "rule": refusal.rule}
    if pseudonyms:
        return said
    return {"file": PurePath(refusal.file).name, **said, "value": refusal.value}


def _without_names(parameters: Mapping[str, Any], shown: Mapping[str, str]) -> dict[str, Any]:
    said = {
        key: shown.get(value, value) if isinstance(value, str) else value
        for key, value in parameters.items()
    }
    if shown and "raters" in said:
        names = [shown.get(n, f"left-out-{k}") for k, n in enumerate(json.loads(said["raters"]), 1)]
        said["raters"] = json.dumps(names)
    return said


def _names_one(note: str, shown: Mapping[str, str]) -> bool:
    return any(name in note for name in shown)
