"""What tests of average precision share: rows as tables, their numbers, scenes with scores."""

import numpy as np
import pytest

from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.evaluation.average_precision import average_precision
from napari_consensus.evaluation.ranking import rank_by_score


@pytest.fixture(scope="session")
def table():
    return _table


@pytest.fixture(scope="session")
def numbers():
    """Average precision of rows held against rows."""

    def numbers(marks, reference, sizes=None, **options):
        return average_precision(rank_by_score(_table(marks), _table(reference), **options), sizes)

    return numbers


@pytest.fixture(scope="session")
def scene():
    return _scene


def _table(rows, rater="model", read=None):
    """Annotations of (image, box, category, score) rows by one rater."""
    return annotations_from_boxes(
        np.array([box for _, box, _, _ in rows], float).reshape(-1, 4),
        image=[image for image, _, _, _ in rows],
        rater=[rater] * len(rows),
        category=[category for _, _, category, _ in rows],
        score=[np.nan if score is None else score for _, _, _, score in rows],
        read=read,
    )


def _scene(seed, images=7, most=12, categories=3, lattice=False):
    """Objects and scored marks around them, some of them missed, invented, or drawn twice."""
    rng = np.random.default_rng(seed)
    reference, marks = [], []
    for image in range(images):
        for _ in range(rng.integers(0, most)):
            corner, size = rng.uniform(0, 150, 2), np.exp(rng.uniform(2, 5.2, 2))
            category = rng.integers(categories)
            if lattice:
                corner, size = np.rint(corner / 4) * 4, np.rint(size / 8) * 8
            reference.append((f"{image}", [*corner, *(corner + size)], f"{category}", None))
            for _ in range(rng.integers(0, 4)):
                moved = rng.normal(0, 0.12, 4) * np.tile(size, 2)
                box = np.array([*corner, *(corner + size)]) + (
                    np.rint(moved / 4) * 4 if lattice else moved
                )
                if (box[2:] - box[:2] > 1).all():
                    said = category if rng.random() < 0.8 else rng.integers(categories + 1)
                    score = rng.integers(0, 5) / 4 if lattice else float(np.float32(rng.random()))
                    marks.append((f"{image}", box.tolist(), f"{said}", score))
    read = np.ones((len({row[0] for row in reference}), 1), bool)
    return _table(marks), _table(reference, "reference", read=read)
