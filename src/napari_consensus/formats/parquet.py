"""A table for notebooks: a row an annotation, or an object with its votes and posterior."""

from __future__ import annotations

import io
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.data.groups import NO_CATEGORY, NOT_MARKED, NOT_READ
from napari_consensus.formats._export import Export, shown_raters
from napari_consensus.formats._format import Format, never
from napari_consensus.formats.npz import kept_votes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from napari_consensus.data.consensus import Consensus
    from napari_consensus.progress import Progress


def is_possible() -> bool:
    """Whether the library that writes Parquet is there."""
    return find_spec("pyarrow") is not None


def write_parquet(export: Export, progress: Progress) -> Iterator[bytes]:
    """Write a table in Parquet; the page on formats lists its columns."""
    import pandas as pd

    if export.consensus is None:
        frame = pd.concat(
            [pd.DataFrame(layer.table.to_columns()) for layer in export.layers], ignore_index=True
        )
    else:
        frame = pd.DataFrame(_objects(export.consensus, shown_raters(export)))
    progress(1, 1)
    stream = io.BytesIO()
    frame.to_parquet(stream, index=False)
    yield stream.getvalue()


def _objects(consensus: Consensus, raters: Mapping[str, str]) -> dict[str, Any]:
    table = consensus.shapes
    votes = kept_votes(consensus).dense()
    said = np.array([*table.categories, "", "", ""], dtype=object)
    # Codes below 0 count from the end.
    said[[NOT_READ, NOT_MARKED, NO_CATEGORY]] = "not read", "not marked", "no category"
    columns = table.to_columns()
    for name in ("rater", "score", "session"):
        del columns[name]
    return {
        **columns,
        **{n: getattr(consensus, n) for n in ("exists", "support", "readers", "tied")},
        **{
            f"probability: {name}": consensus.probability[:, k]
            for k, name in enumerate(table.categories)
        },
        **{
            f"vote: {raters[name]}": said[votes[:, k]]
            for k, name in enumerate(consensus.groups.annotations.raters.names)
        },
    }


PARQUET = Format(
    name="parquet",
    title="Parquet table for notebooks",
    suffixes=(".parquet",),
    recognises=never,
    read=None,
    write=write_parquet,
    keeps=(
        "bounds, categories, raters, scores, sessions and ids; of a consensus every vote and "
        "the whole posterior; pandas reads it, this package does not"
    ),
)
