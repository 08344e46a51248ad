"""What is about to be written, the same for every format."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from napari_consensus.data.annotations import Annotations, Outline
from napari_consensus.data.consensus import Consensus
from napari_consensus.data.gold import GoldStandard
from napari_consensus.data.pseudonyms import pseudonyms_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from napari_consensus.data.raters import RaterKind, RaterSet
    from napari_consensus.data.study import Study
    from napari_consensus.formats._outlines import Ring
    from napari_consensus.progress import Progress

FACTS = (
    *("probability", "exists", "support", "readers", "tied", "raters", "ids"),
    *("settled", "adjudicator", "decided", "history"),
)
NOTICE = "research use, not for diagnosis"
# What has no category is called so in formats whose programs read nothing without one.
NO_LABEL = "no category"
_ROWS_AT_ONCE = 4096


class Row(NamedTuple):
    """One annotation, as Python values.

    Parameters
    ----------
    number
        Its row in the layer's table.
    image, rater, category
        Codes into the layer's names; category -1 is none.
    kind
        What the rings mean.
    rings
        Vertices, ring by ring; a box is its two corners.
    score
        None where none was given.
    session, id
        As in `Annotations`.
    assisted
        Box a model drew, or None.
    facts
        What a consensus says of the object, by name; empty for what raters drew.
    native
        What the format it was read from had that no column holds.
    """

    number: int
    image: int
    rater: int
    category: int
    kind: Outline
    rings: list[Ring]
    score: float | None
    session: int
    id: int
    assisted: list[float] | None
    facts: Mapping[str, Any]
    native: bytes = b""


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """Annotations to be written.

    Parameters
    ----------
    table
        The annotations; names are as they shall appear.
    facts
        Columns of a consensus or a gold standard by the names of `FACTS`. Empty for what
        raters drew.
    """

    table: Annotations
    facts: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    def rows(self, progress: Progress) -> Iterator[Row]:
        """All annotations in order."""
        n = len(self.table)
        for start in range(0, n, _ROWS_AT_ONCE):
            stop = min(start + _ROWS_AT_ONCE, n)
            yield from self._rows(start, stop)
            progress(stop, n)

    def of_image(self, code: int) -> Layer:
        """Return the part of the layer that lies on one image."""
        table = self.table
        rows = np.flatnonzero(table.image == code)
        part = table.take(rows)
        one = replace(
            part,
            images=(table.images[code],),
            raters=replace(table.raters, read=table.raters.read[[code]], regions=None, joint=None),
            image=np.zeros(len(rows), np.int32),
            microns=None if table.microns is None else table.microns[[code]],
        )
        facts = {name: [values[k] for k in rows.tolist()] for name, values in self.facts.items()}
        return Layer(one, facts)

    def _rows(self, start: int, stop: int) -> Iterator[Row]:
        table = self.table
        codes = [c[start:stop].tolist() for c in (table.image, table.rater, table.category)]
        # Text of a float32 is its shortest decimal; through float64 0.1 would be 0.10000000149.
        scores = table.score[start:stop].astype(str).tolist()
        assisted = None if table.assisted is None else table.assisted[start:stop].tolist()
        for k in range(stop - start):
            row = start + k
            box = None if assisted is None or assisted[k][0] != assisted[k][0] else assisted[k]
            score = float(scores[k])
            yield Row(
                row,
                codes[0][k],
                codes[1][k],
                codes[2][k],
                Outline(int(table.kind[row])),
                self._rings(row),
                score if np.isfinite(score) else None,
                int(table.session[row]),
                int(table.id[row]),
                None if box is None else [plain(x) for x in box],
                {name: values[row] for name, values in self.facts.items()},
                b"" if table.native is None else table.native[row],
            )

    def _rings(self, row: int) -> list[Ring]:
        table = self.table
        first, last = table.parts[row], table.parts[row + 1]
        edges = table.rings[first : last + 1].tolist()
        points = table.vertices[edges[0] : edges[-1]].tolist()
        rings = [points[a - edges[0] : b - edges[0]] for a, b in pairwise(edges)]
        return [[(plain(x), plain(y)) for x, y in ring] for ring in rings]


@dataclass(frozen=True, slots=True, eq=False)
class Export:
    """What is about to be written.

    Parameters
    ----------
    layers
        What raters drew and, where there is one, the reference; or a consensus. All use the
        same images and categories.
    sizes
        Width and height of images in pixels, by name, as far as they are known.
    consensus
        The whole of what is written, where it is one.
    pseudonyms
        Whether people's names are replaced.
    about
        As in `Study`.
    """

    layers: tuple[Layer, ...]
    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    consensus: Consensus | None = None
    pseudonyms: bool = False
    about: Mapping[tuple[str, str, str], bytes] = field(default_factory=dict)

    @property
    def images(self) -> tuple[str, ...]:
        """Names of images."""
        return self.layers[0].table.images

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of categories."""
        return self.layers[0].table.categories

    def raters(self) -> list[tuple[str, RaterKind, NDArray[np.bool_]]]:
        """Name and kind of every rater, and (images,) which images they read."""
        sets = [layer.table.raters for layer in self.layers]
        return [
            (name, kind, raters.read[:, k])
            for raters in sets
            for k, (name, kind) in enumerate(zip(raters.names, raters.kinds, strict=True))
        ]

    def of_image(self, code: int) -> Export:
        """Return the part that lies on one image."""
        return Export(tuple(layer.of_image(code) for layer in self.layers), self.sizes)


def export_of(
    subject: Annotations | Consensus | GoldStandard | Study,
    *,
    pseudonyms: bool,
    sizes: Mapping[str, tuple[int, int]] | None = None,
) -> Export:
    """Gather what is written of a table, a consensus, a gold standard or a study.

    Parameters
    ----------
    subject
        What to write.
    pseudonyms
        Whether people are called rater-1, rater-2, ... in the natural order of their names;
        what only the format it was read from understands is left out then, for it may name
        them.
    sizes
        Width and height of images by name, beside those that a study knows.
    """
    if isinstance(subject, Consensus):
        # Whoever reads the file finds a score where every program looks for one.
        scored = replace(subject.shapes, score=subject.exists.astype(np.float32))
        layer = Layer(scored, _facts(subject, pseudonyms=pseudonyms))
        return Export((layer,), sizes or {}, subject, pseudonyms)
    if isinstance(subject, GoldStandard):
        layer = Layer(subject.shapes, _gold_facts(subject, pseudonyms=pseudonyms))
        return Export((layer,), sizes or {})
    tables = [subject] if isinstance(subject, Annotations) else _tables(subject)
    known = {} if isinstance(subject, Annotations) else subject.image_sizes or {}
    about = {} if isinstance(subject, Annotations) else subject.about or {}
    if pseudonyms:
        tables = [replace(t, raters=_renamed(t.raters), native=None) for t in tables]
        about = {}
    layers = tuple(Layer(table) for table in tables)
    return Export(layers, {**known, **(sizes or {})}, about=about)


def shown_raters(export: Export) -> dict[str, str]:
    """Name, as it is written, of each rater of the consensus that is written."""
    if export.consensus is None:
        return {}
    raters = export.consensus.groups.annotations.raters
    return pseudonyms_of(raters) if export.pseudonyms else {name: name for name in raters.names}


def adjudicators_of(gold: GoldStandard, *, pseudonyms: bool) -> dict[str, str]:
    """Name for each adjudicator and signer of a gold standard, as it is written."""
    names = {entry.adjudicator for about in gold.history for entry in about}
    if gold.version is not None:
        names |= {gold.version.signed_by, *gold.version.decided_by}
    ordered = sorted(names)
    return {n: f"adjudicator-{k}" if pseudonyms else n for k, n in enumerate(ordered, 1)}


def plain(value: float) -> float:
    """Return the same number, whole ones without a fraction."""
    return int(value) if value.is_integer() else value


def _tables(study: Study) -> list[Annotations]:
    return [t for t in (study.annotations, study.reference) if t is not None]


def _renamed(raters: RaterSet) -> RaterSet:
    shown = pseudonyms_of(raters)
    return replace(raters, names=tuple(shown[name] for name in raters.names))


def _facts(consensus: Consensus, *, pseudonyms: bool) -> dict[str, Sequence[Any]]:
    table = consensus.groups.annotations
    shown = pseudonyms_of(table.raters) if pseudonyms else {n: n for n in table.raters.names}
    names = [shown[name] for name in table.raters.names]
    rows, start = consensus.groups.members()
    members = [rows[start[k] : start[k + 1]] for k in consensus.objects.tolist()]
    probability = [None if p != p else p for p in consensus.confidence.tolist()]
    return {
        "probability": probability,
        "exists": consensus.exists.tolist(),
        "support": consensus.support.tolist(),
        "readers": consensus.readers.tolist(),
        "tied": consensus.tied.tolist(),
        "raters": [[names[k] for k in table.rater[m].tolist()] for m in members],
        "ids": [table.id[m].tolist() for m in members],
    }


def _gold_facts(gold: GoldStandard, *, pseudonyms: bool) -> dict[str, Sequence[Any]]:
    """Columns of a gold standard: who marked each object, and what became of it."""
    held = _facts(gold.consensus, pseudonyms=pseudonyms)
    rows = gold.rows.tolist()
    known = {name: held[name] for name in ("support", "readers", "raters", "ids")}
    nobody: dict[str, Any] = {"support": 0, "readers": None, "raters": [], "ids": []}
    shown = adjudicators_of(gold, pseudonyms=pseudonyms)
    last = [about[-1] if about else None for about in gold.history]
    return {
        **{
            name: [values[k] if k >= 0 else nobody[name] for k in rows]
            for name, values in known.items()
        },
        "settled": list(gold.settled),
        "adjudicator": [None if entry is None else shown[entry.adjudicator] for entry in last],
        "decided": [None if entry is None else entry.time for entry in last],
        "history": [
            [
                {
                    "number": entry.number,
                    "time": entry.time,
                    "adjudicator": shown[entry.adjudicator],
                    "action": entry.action,
                    # A remark may name someone.
                    **({"text": entry.text} if entry.text and not pseudonyms else {}),
                }
                for entry in about
            ]
            for about in gold.history
        ],
    }
