"""Progress of a part is reported as its share of the whole."""

from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.pipeline import agreement, reach_consensus
from napari_consensus.progress import stage


def test_a_stage_reports_its_share():
    told = []
    second = stage(lambda done, total: told.append(done / total), 1, 4)
    for done in (0, 5, 10):
        second(done, 10)
    assert told == [0.25, 0.375, 0.5]


def test_a_stage_without_steps_reports_its_start():
    told = []
    stage(lambda done, total: told.append((done, total)), 2, 4)(0, 0)
    assert told == [(2, 4)]


def test_a_long_computation_never_goes_back_and_ends_at_the_end():
    table = annotations_from_boxes(
        [[0, 0, 9, 9], [0, 0, 9, 8], [40, 40, 49, 47]],
        image=["i"] * 3,
        rater=["a", "b", "c"],
        category=["x", "y", "x"],
    )
    for computation in (
        agreement,
        lambda t, progress: reach_consensus(t, "dawid-skene", progress=progress),
    ):
        told = []
        computation(table, progress=lambda done, total, told=told: told.append(done / total))
        assert told == sorted(told)
        assert told[-1] == 1.0
