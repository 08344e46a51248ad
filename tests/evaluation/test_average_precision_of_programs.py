"""Average precision as COCO's own programs have it, and where those are wrong."""

import contextlib
import io
import math

import numpy as np
import pytest

from napari_consensus.evaluation.average_precision import COCO_SIZES, average_precision
from napari_consensus.evaluation.ranking import rank_by_score


def at(x, width=10):
    return [x, 0, x + width, 10]


def by_pycocotools(module, marks, reference, max_detections=100):
    """The twelve numbers of a program of COCO, the first of them unless it is broken."""
    coco, evaluator = module
    images = {name: k + 1 for k, name in enumerate(reference.images)}
    names = sorted({*marks.categories, *reference.categories})
    categories = {name: k + 1 for k, name in enumerate(names)}

    def records(held):
        return [
            {
                "id": k + 1,  # 0 would count as unmatched
                "image_id": images[held.images[held.image[k]]],
                "category_id": categories[held.categories[held.category[k]]],
                "bbox": [x0, y0, x1 - x0, y1 - y0],
                "area": (x1 - x0) * (y1 - y0),
                "iscrowd": 0,
                "score": float(held.score[k]),
            }
            for k, (x0, y0, x1, y1) in enumerate(held.bounds.tolist())
            if held.images[held.image[k]] in images
        ]

    with contextlib.redirect_stdout(io.StringIO()):
        truth = coco()
        truth.dataset = {
            "info": {},
            "images": [{"id": k, "width": 999, "height": 999} for k in images.values()],
            "categories": [{"id": k, "name": name} for name, k in categories.items()],
            "annotations": records(reference),
        }
        truth.createIndex()
        run = evaluator(truth, truth.loadRes(records(marks)), "bbox")
        run.params.maxDets = [1, 10, max_detections]
        run.evaluate()
        run.accumulate()
    return run.eval["precision"], run.eval["recall"]


def agree(module, marks, reference, max_detections=100):
    """Hold every category, threshold and size against a program of COCO."""
    precision, recall = by_pycocotools(module, marks, reference, max_detections)
    found = average_precision(rank_by_score(marks, reference), COCO_SIZES)
    mean = lambda values: values[values > -1].mean() if (values > -1).any() else math.nan  # noqa: E731
    close = lambda ours, theirs: np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)  # noqa: E731
    for size, ours in enumerate((found, *found.by_size)):
        close(ours.ap, mean(precision[:, :, :, size, 2]))
        close(ours.ap50, mean(precision[0, :, :, size, 2]))
        close(ours.ap75, mean(precision[5, :, :, size, 2]))
        close(ours.ar, mean(recall[:, :, size, 2]))
    names = sorted({*marks.categories, *reference.categories})
    for part in found.by_category:
        k = names.index(part.name)
        close(part.ap, mean(precision[:, :, k, 0, 2]))
        close(part.ar, mean(recall[:, k, 0, 2]))


def pycocotools():
    module = pytest.importorskip("pycocotools.cocoeval", reason="pycocotools is not installed")
    return pytest.importorskip("pycocotools.coco").COCO, module.COCOeval


def faster_coco_eval():
    module = pytest.importorskip("faster_coco_eval", reason="faster-coco-eval is not installed")
    return module.COCO, module.COCOeval_faster


@pytest.mark.parametrize("program", [pycocotools, faster_coco_eval])
@pytest.mark.parametrize("lattice", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_programs_of_coco_say_the_same_on_images_with_few_marks(scene, program, lattice, seed):
    agree(program(), *scene(seed, lattice=lattice))


# pycocotools 2.0.11 on scene(11), on a lattice with many equal scores and overlaps or not:
# ap, ap50, ap75, ar, then ap of small, medium and large, then ar of one mark an image.
FROZEN = {
    False: (
        *(0.19073812143119073, 0.4101838755304102, 0.0728115668709728, 0.2840909090909091),
        *(0.1604785478547855, 0.3095159515951595, 0.0, 0.19053030303030302),
    ),
    True: (
        *(0.3307774660249907, 0.49582139532634584, 0.3743813392328244, 0.4266666666666666),
        *(0.39429042904290423, 0.2062784849913563, 0.5519801980198019, 0.23666666666666666),
    ),
}


@pytest.mark.parametrize("lattice", [False, True])
def test_numbers_of_pycocotools_are_met_where_it_is_not_installed(scene, lattice):
    marks, reference = scene(11, lattice=lattice)
    found = average_precision(rank_by_score(marks, reference), COCO_SIZES)
    first = average_precision(rank_by_score(marks, reference, max_detections=1))
    ours = [found.ap, found.ap50, found.ap75, found.ar, *(part.ap for part in found.by_size)]
    np.testing.assert_allclose([*ours, first.ar], FROZEN[lattice], rtol=0, atol=1e-12)


def crowd(table, n):
    marks = [("i", at(20 * k), "a", 1 - k / 200) for k in range(n)]
    return table(marks), table([(i, box, c, None) for i, box, c, _ in marks])


def test_an_image_with_more_than_a_hundred_marks_is_counted_whole(table):
    found = average_precision(rank_by_score(*crowd(table, 150)))
    assert found.ap == found.ar == 1
    # What pycocotools says by default, and what a limit of 100 makes of it.
    limited = average_precision(rank_by_score(*crowd(table, 150), max_detections=100))
    assert (limited.ap, limited.ar) == (pytest.approx(0.66336633663), pytest.approx(2 / 3))


@pytest.mark.parametrize("program", [pycocotools, faster_coco_eval])
def test_programs_of_coco_say_the_same_of_crowds_where_their_limit_is_raised(table, scene, program):
    agree(program(), *crowd(table, 150), max_detections=1000)
    agree(program(), *scene(3, images=2, most=120), max_detections=1000)
