from __future__ import annotations

from dataclasses import replace

import numpy as np

from napari_consensus._napari import runs, tables
from napari_consensus._napari.grid_index import GridIndex
from napari_consensus._napari.objects import objects_of
from napari_consensus.aggregation import AGGREGATORS
from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.data.raters import Regions
from napari_consensus.data.study import Study
from napari_consensus.pipeline import reach_again


def request(**changes):
    given = {
        "aggregator": AGGREGATORS["majority"](),
        "method": "majority",
        "fusion": "mean",
        "grouping_iou": 0.3,
        "minimum_support": 1,
        "ties": None,
        "image": None,
    }
    return runs.RunRequest(**(given | changes))


def test_one_image_is_cut_out_with_its_own_pairs(prepared):
    table = tables.image_table(prepared, 0)
    assert len(table.annotations) == 6
    assert len(table.pairs) == 4
    assert set(table.annotations.image.tolist()) == {0}
    assert table.pairs.iou.max() == 0.9


def test_two_raters_objects_are_matched_then_only_first_then_only_second(prepared):
    table = tables.image_table(prepared, 0)
    objects = objects_of(table, (0, 1), 0.5)
    assert objects.status.tolist() == [0, 0, 1]
    assert (objects.matched, objects.alone) == (2, 1)
    np.testing.assert_allclose(objects.iou, [0.9, 0.5, np.nan])


def test_a_higher_threshold_parts_them(prepared):
    objects = objects_of(tables.image_table(prepared, 0), (0, 1), 0.6)
    assert objects.status.tolist() == [0, 1, 1, 2]


def test_objects_of_all_count_their_raters(prepared):
    objects = objects_of(tables.image_table(prepared, 0), None, 0.5)
    assert sorted(objects.status.tolist()) == [1, 2, 3]
    assert (objects.matched, objects.alone, objects.readers) == (2, 1, 3)
    of_all = int(np.argmax(objects.status))
    assert np.isclose(objects.iou[of_all], (0.9 + 0.8 + 80 / 90) / 3)
    assert objects.bounds[of_all].tolist() == [0, 0, 100, 100]


def test_categories_are_listed_once_each(prepared):
    objects = objects_of(tables.image_table(prepared, 0), None, 0.5)
    of_all = int(np.argmax(objects.status))
    texts, text = objects.categories()
    assert texts[text[of_all]] == "long / round"


def test_the_smallest_object_under_the_mouse_is_found(prepared):
    objects = objects_of(tables.image_table(prepared, 0), None, 0.5)
    index = GridIndex(objects.annotations.bounds)
    assert objects.status[objects.smallest(index.at(420, 410))] == 1
    assert objects.status[objects.smallest(index.at(50, 85))] == 3
    assert objects.smallest(index.at(600, 600)) is None


def test_the_image_list_counts_each_image(prepared):
    columns = tables.image_list(prepared)
    assert columns["annotations"].tolist() == [6, 1]
    assert columns["objects"].tolist() == [3, 1]
    assert columns["alone"].tolist() == [1, 1]
    # Two of two pairs of A and B (3 + 2 marks), one of A and C (3 + 1), one of B and C (2 + 1).
    assert np.isclose(columns["f1"][0], 2 * (2 + 1 + 1) / (5 + 4 + 3))


def test_agreement_of_one_image_is_not_that_of_all(prepared):
    table = tables.image_table(prepared, 1)
    here = tables.agreement_of(
        table.annotations, table.pairs, prepared.groups, 0.5, image=1, curve=False
    )
    everywhere = tables.agreement_of(
        prepared.annotations, prepared.pairs, prepared.groups, 0.5, curve=True
    )
    assert here.raters_per_object.tolist() == [1, 0, 0]
    assert everywhere.raters_per_object.tolist() == [2, 1, 1]
    assert len(everywhere.curve) == len(tables.CURVE)
    assert sum(pair.matched for pair in everywhere.pairs) == 4


def test_a_run_on_one_image_is_scored_on_that_image_alone(prepared):
    run = runs.merge(prepared, request(image=0))
    assert set(run.consensus.shapes.image.tolist()) == {0}
    assert (run.evaluation.tp, run.evaluation.fn) == (1, 0)
    everywhere = runs.merge(prepared, request())
    assert (everywhere.evaluation.tp, everywhere.evaluation.fn) == (2, 0)


def test_minimum_support_leaves_out_what_too_few_saw(prepared):
    assert len(runs.merge(prepared, request(minimum_support=2)).consensus) == 2


def test_more_categories_than_bits_are_told_apart():
    names = [f"c{k:03}" for k in range(130)]
    n = len(names)
    boxes = np.stack([np.arange(n) * 9.0, np.zeros(n), np.arange(n) * 9.0 + 5, np.ones(n)], axis=1)
    table = annotations_from_boxes(
        np.vstack([boxes, boxes]),
        image=["i"] * 2 * n,
        rater=["A"] * n + ["B"] * n,
        category=names + [names[0]] * n,
    )
    objects = objects_of(tables.image_table(tables.prepare(Study(table)), 0), None, 0.5)
    texts, text = objects.categories()
    said = [texts[k] for k in text]
    assert said[0] == "c000"
    assert said[1:] == [f"c000 / {name}" for name in names[1:]]


def test_who_did_not_read_a_place_has_not_missed_what_lies_there(study):
    # B declares to have read the left of image "one" alone, and marks there all that A does.
    square = np.array([[0, 0], [150, 0], [150, 150], [0, 150]], float)
    regions = Regions(np.array([0]), np.array([1]), square, np.array([0, 4]), np.array([0, 1]))
    table = study.annotations.take(study.annotations.rater < 2)
    raters = replace(table.raters, read=np.array([[1, 1, 0], [1, 0, 0]], bool), regions=regions)
    prepared = tables.prepare(Study(replace(table, raters=raters)))
    objects = objects_of(tables.image_table(prepared, 0), None, 0.5)
    assert objects.complete[objects.bounds[:, 0] == 400].tolist() == [True]
    assert objects.complete[objects.bounds[:, 0] == 0].tolist() == [True]


def test_a_run_over_one_image_says_which_and_is_repeated_on_it(prepared):
    run = runs.merge(prepared, request(image=1))
    steps = run.consensus.provenance.steps
    assert steps[0].parameters == {"image": prepared.study.annotations.images[1]}
    again = reach_again(steps, prepared.study.annotations)
    assert set(again.shapes.image.tolist()) == {1}
    assert again.shapes.bounds.tolist() == run.consensus.shapes.bounds.tolist()
    everywhere = runs.merge(prepared, request()).consensus.provenance.steps
    assert everywhere[0].action == "group"
