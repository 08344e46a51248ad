"""A study small enough to settle by hand."""

import pytest

from napari_consensus import annotations_from_boxes, reach_consensus
from napari_consensus.adjudication import Review
from napari_consensus.adjudication.file import DecisionFile
from napari_consensus.adjudication.lock import WriterLock

# Image, rater, category, box. Three objects: one of three raters, one of one, a tie of two.
ROWS = [
    ("a", "x", "mitosis", (0, 0, 10, 10)),
    ("a", "y", "mitosis", (0, 0, 10, 12)),
    ("a", "z", "debris", (0, 0, 10, 11)),
    ("a", "x", "debris", (50, 50, 60, 60)),
    ("b", "x", "mitosis", (0, 0, 20, 20)),
    ("b", "y", "debris", (0, 0, 20, 20)),
]


def table_of(rows):
    images, raters, categories, boxes = zip(*rows, strict=True)
    return annotations_from_boxes(boxes, image=images, rater=raters, category=categories)


def consensus_of(rows):
    return reach_consensus(table_of(rows))


@pytest.fixture
def consensus():
    return consensus_of(ROWS)


@pytest.fixture
def review(consensus):
    return Review(consensus, adjudicator="senior")


@pytest.fixture
def ids(consensus):
    """Ids of the object of three raters, of that of one, and of the tie."""
    return tuple(consensus.shapes.id.tolist())


@pytest.fixture
def reached():
    return consensus_of


@pytest.fixture
def rows():
    return list(ROWS)


@pytest.fixture(autouse=True)
def _closed(monkeypatch):
    """Close what a test leaves open: Python 3.13 warns of it in whatever test comes later."""
    opened = []

    def remembered(make):
        def begin(self, *place, **how):
            make(self, *place, **how)
            opened.append(self._connection)

        return begin

    for kind in (DecisionFile, WriterLock):
        monkeypatch.setattr(kind, "__init__", remembered(kind.__init__))
    yield
    for connection in opened:
        connection.close()
