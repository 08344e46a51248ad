"""Annotations of one file on their way into rows, with what was refused and left out."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from napari_consensus.data.annotations import NO_CATEGORY
from napari_consensus.formats._marks import Mark, Marks, rater_of
from napari_consensus.formats._outlines import shown
from napari_consensus.formats._rows import UNSAID

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from napari_consensus.data.annotations import Outline
    from napari_consensus.data.raters import RaterKind
    from napari_consensus.formats._outlines import Ring
    from napari_consensus.formats._rows import Rows
    from napari_consensus.formats._source import FileContent
    from napari_consensus.progress import Progress

T = TypeVar("T")
_AT_ONCE = 4096


class FileMarks:
    """Annotations of one file.

    Parameters
    ----------
    path
        The file.
    rows
        Where they go.
    image, rater
        What the file says of all its annotations; an annotation may say otherwise.
    kind
        What the raters are where their names do not say it.
    """

    def __init__(
        self,
        path: Path,
        rows: Rows,
        *,
        image: str = UNSAID,
        rater: str = UNSAID,
        kind: RaterKind | None = None,
    ) -> None:
        self.path = path
        self.rows = rows
        self.image = image
        self.rater = rater
        self.kind = kind
        self._marks = Marks()
        self._count = 0

    def add(
        self,
        outline: tuple[Outline, Sequence[Ring]],
        category: str,
        *,
        image: str = "",
        rater: str = "",
        score: float = np.nan,
        layer: str = "",
    ) -> None:
        """Take one annotation; a category, or a layer, "" is none."""
        self._count += 1
        self._marks.add(
            Mark(
                self._count,
                self.rows.images[image or self.image],
                self._rater(rater),
                self.rows.categories[category] if category else NO_CATEGORY,
                *outline,
                score=score,
                layer=self.rows.layers[layer, ""] if layer else NO_CATEGORY,
            )
        )

    def looked(self, *, image: str = "", rater: str = "") -> None:
        """Take that a rater looked at an image, with or without a mark on it."""
        seen = np.array([self.rows.images[image or self.image]], np.int64)
        self.rows.mark_read(seen, np.array([self._rater(rater)], np.int64))

    def sized(self, width: int | None, height: int | None) -> None:
        """Take the size of the image, where the file says it."""
        if width and height:
            self.rows.image_sizes[self.image] = width, height

    def refuse(self, row: int, field: str, value: object, rule: str | Exception) -> None:
        """Take that a record breaks a rule."""
        self.rows.refuse(self.path, row, field, shown(value), str(rule))

    def leave_out(self, what: str) -> None:
        """Count something that is no mark of an object, by its name in the plural."""
        self.rows.leave_out(self.path, what)

    def finish(self, content: FileContent, format_name: str) -> None:
        """Hand everything to the rows."""
        self._marks.finish(content, self.rows)
        self.rows.sources.append(content.source(format_name))

    def _rater(self, name: str) -> int:
        return self.rows.raters[rater_of(name or self.rater, self.kind)]


def numbered(items: Sequence[T], progress: Progress) -> Iterator[tuple[int, T]]:
    """Give items with their numbers, from 1, and report how far it is."""
    for k, item in enumerate(items):
        if k % _AT_ONCE == 0:
            progress(k, len(items))
        yield k + 1, item
    progress(len(items), len(items))


def bare_name(path: str) -> str:
    """Return a file's name without its folders, whichever system wrote them.

    The same image lies in another folder for every rater; its name is what they share.
    """
    return PurePath(path.replace("\\", "/")).name


def without_upload(name: str) -> str:
    """Return a file's name without the digits that an upload to Label Studio puts before it."""
    return _UPLOADED.sub("", name, count=1)


_UPLOADED = re.compile(r"^[0-9a-f]{8}-(?=.)")
