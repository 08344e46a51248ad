"""Arrays for notebooks: what raters drew, or a consensus with its votes and whole posterior."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.data.groups import Votes
from napari_consensus.formats._export import Export, shown_raters
from napari_consensus.formats._format import Format, never

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.consensus import Consensus
    from napari_consensus.progress import Progress

_OUTLINE = ("vertices", "rings", "parts", "kind")


def write_npz(export: Export, progress: Progress) -> Iterator[bytes]:
    """Write arrays that numpy loads without pickle; the page on formats lists their names."""
    arrays = (
        _drawn([layer.table for layer in export.layers])
        if export.consensus is None
        else _agreed(export.consensus, shown_raters(export))
    )
    progress(1, 1)
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **arrays)
    yield stream.getvalue()


def kept_votes(consensus: Consensus) -> Votes:
    """Votes on the objects that were kept, by their rows in the consensus."""
    votes = consensus.groups.votes()
    row = np.full(votes.n_objects, -1, np.int64)
    row[consensus.objects] = np.arange(len(consensus))
    kept, unread = row[votes.object] >= 0, row[votes.unread[:, 0]] >= 0
    return Votes(
        object=row[votes.object[kept]],
        rater=votes.rater[kept],
        category=votes.category[kept],
        image=votes.image[consensus.objects],
        read=votes.read,
        n_categories=votes.n_categories,
        unread=np.column_stack([row[votes.unread[unread, 0]], votes.unread[unread, 1]]),
    )


def _drawn(tables: Sequence[Annotations]) -> dict[str, NDArray[Any]]:
    """Columns of what raters drew, the reference's rows behind the others'."""
    first = np.cumsum([0, *(len(table.raters) for table in tables)])
    columns: dict[str, NDArray[Any]] = {
        name: np.concatenate([getattr(table, name) for table in tables])
        for name in ("image", "category", "bounds", "vertices", "kind", "score", "session", "id")
    }
    columns["rater"] = np.concatenate(
        [table.rater + start for table, start in zip(tables, first[:-1], strict=True)]
    )
    for name in ("rings", "parts"):
        lengths = [np.diff(getattr(table, name)) for table in tables]
        columns[name] = np.cumsum(np.concatenate([[0], *lengths]))
    return {
        "images": _texts(tables[0].images),
        "categories": _texts(tables[0].categories),
        "raters": _texts([name for table in tables for name in table.raters.names]),
        "kinds": _texts([str(kind) for table in tables for kind in table.raters.kinds]),
        "read": np.hstack([table.raters.read for table in tables]),
        **columns,
    }


def _agreed(consensus: Consensus, raters: Mapping[str, str]) -> dict[str, NDArray[Any]]:
    table, posterior = consensus.shapes, consensus.posterior
    votes = kept_votes(consensus)
    people = consensus.groups.annotations.raters
    read = votes.read[votes.image]
    read[votes.unread[:, 0], votes.unread[:, 1]] = False
    return {
        "images": _texts(table.images),
        "categories": _texts(table.categories),
        "raters": _texts([raters[name] for name in people.names]),
        "kinds": _texts([str(kind) for kind in people.kinds]),
        "read": read,
        **{n: getattr(table, n) for n in ("image", "category", "bounds", *_OUTLINE, "id")},
        **{
            name: getattr(consensus, name)
            for name in ("probability", "exists", "support", "readers", "tied")
        },
        **{f"vote_{n}": getattr(votes, n) for n in ("object", "rater", "category")},
        **{f"rater_{name}": values for name, values in posterior.raters.items()},
        **{f"object_{n}": values[consensus.objects] for n, values in posterior.objects.items()},
    }


def _texts(names: Sequence[str]) -> NDArray[np.str_]:
    return np.array(names, dtype=np.str_)


NPZ = Format(
    name="npz",
    title="numpy arrays for notebooks",
    suffixes=(".npz",),
    recognises=never,
    read=None,
    write=write_npz,
    keeps=(
        "outlines, categories, raters with their kinds, scores, sessions, ids and who read "
        "what; of a consensus also every vote, the whole posterior and the method's "
        "parameters of raters; numpy reads it, this package does not"
    ),
)
