"""COCO's average precision against its reference implementation and a faster one."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.measure import Race, race
from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.evaluation.average_precision import COCO_SIZES, average_precision
from napari_consensus.evaluation.ranking import rank_by_score

if TYPE_CHECKING:
    from napari_consensus.data.annotations import Annotations

_IMAGES, _OBJECTS, _MARKS, _CATEGORIES = 5_000, 35_000, 150_000, 3


def races() -> list[Race]:
    """AP and AR at ten thresholds and of three sizes, from tables and from records."""
    from faster_coco_eval import COCO as FASTER
    from faster_coco_eval import COCOeval_faster
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    marks, reference = _study()
    found = average_precision(rank_by_score(marks, reference), COCO_SIZES)
    rows = []
    for name, coco, evaluator, wanted in (
        ("pycocotools", COCO, COCOeval, 3),
        ("faster-coco-eval", FASTER, COCOeval_faster, 0.7),
    ):
        truth, detections = _loaded(coco, marks, reference)
        same = _evaluated(evaluator, truth, detections)
        peer = name if np.isclose(same, found.ap, rtol=0, atol=1e-12) else f"{name} (DIFFERENT AP)"
        ours, theirs = race(
            lambda: average_precision(rank_by_score(marks, reference), COCO_SIZES),
            lambda e=evaluator, t=truth, d=detections: _evaluated(e, t, d),  # type: ignore[misc]
            2,
        )
        work = "COCO AP and AR, 5,000 images, 150,000 detections"
        rows.append(Race(work, ours, peer, theirs, wanted))
    return rows


def _study() -> tuple[Annotations, Annotations]:
    """Objects, four marks around most of them, and as many that are not there."""
    rng = np.random.default_rng(0)
    corner, size = rng.uniform(0, 900, (_OBJECTS, 2)), np.exp(rng.uniform(2.5, 5.3, (_OBJECTS, 2)))
    objects = np.hstack([corner, corner + size])
    image, category = rng.integers(_IMAGES, size=_OBJECTS), rng.integers(_CATEGORIES, size=_OBJECTS)
    about = rng.integers(_OBJECTS, size=_MARKS)
    jitter = rng.normal(0, rng.uniform(0.02, 0.4, (_MARKS, 1)), (_MARKS, 4))
    moved = objects[about] + jitter * np.tile(size[about], 2)
    marks = np.hstack(
        [np.minimum(moved[:, :2], moved[:, 2:]), np.maximum(moved[:, :2], moved[:, 2:])]
    )
    score = np.clip(1 - np.abs(jitter).mean(axis=1) * 2 + rng.normal(0, 0.2, _MARKS), 0.01, 1)
    wrong = rng.random(_MARKS) < 0.2
    called = np.where(wrong, rng.integers(_CATEGORIES, size=_MARKS), category[about])
    return (
        annotations_from_boxes(
            marks,
            image=image[about].tolist(),
            rater=["m"] * _MARKS,
            category=list(map(str, called)),
            score=score,
        ),
        annotations_from_boxes(
            objects, image=image.tolist(), rater=["r"] * _OBJECTS, category=list(map(str, category))
        ),
    )


def _loaded(coco: Any, marks: Annotations, reference: Annotations) -> tuple[Any, Any]:  # noqa: ANN401
    """Both sides as a program of COCO holds them; images of one name have one number."""
    images = {name: k + 1 for k, name in enumerate(reference.images)}

    def records(table: Annotations) -> list[dict[str, Any]]:
        return [
            {
                "id": k + 1,
                "image_id": image,
                "category_id": category + 1,
                "bbox": [x0, y0, x1 - x0, y1 - y0],
                "area": (x1 - x0) * (y1 - y0),
                "iscrowd": 0,
                "score": score,
            }
            for k, (image, category, (x0, y0, x1, y1), score) in enumerate(
                zip(
                    [images.get(table.images[i], 0) for i in table.image],
                    table.category.tolist(),
                    table.bounds.tolist(),
                    table.score.astype(float).tolist(),
                    strict=True,
                )
            )
            if image
        ]

    with contextlib.redirect_stdout(io.StringIO()):
        truth = coco()
        truth.dataset = {
            "info": {},
            "images": [{"id": k, "width": 2000, "height": 2000} for k in images.values()],
            "categories": [{"id": k + 1, "name": str(k)} for k in range(_CATEGORIES)],
            "annotations": records(reference),
        }
        truth.createIndex()
        return truth, truth.loadRes(records(marks))


def _evaluated(evaluator: Any, truth: Any, detections: Any) -> float:  # noqa: ANN401
    """AP, without the limit of 100 marks an image that these do not reach."""
    with contextlib.redirect_stdout(io.StringIO()):
        run = evaluator(truth, detections, "bbox")
        run.evaluate()
        run.accumulate()
    precision = run.eval["precision"][:, :, :, 0, 2]
    return float(precision[precision > -1].mean())
