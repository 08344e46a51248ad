from __future__ import annotations

import pytest

from napari_consensus._napari import image_objects, runs
from napari_consensus._napari.objects import objects_of
from napari_consensus._napari.store import Canvas, Store


@pytest.fixture
def store(prepared):
    store = Store()
    store.open(prepared)
    return store


def heard(signal):
    calls = []
    signal.connect(lambda: calls.append(1))
    return calls


def test_the_headline_says_what_is_shown_and_at_which_threshold(store):
    assert store.headline() == "image 1 of 2 · 3 raters · IoU ≥ 0.50 · 2 matched, 1 seen by one"
    store.show_pair((0, 1))
    store.set_threshold(0.6)
    assert store.headline() == (
        "image 1 of 2 · raters A and B · IoU ≥ 0.60 · 1 matched, 2 only A, 1 only B"
    )


def test_an_image_one_rater_read_is_one_rater(store):
    store.show_image(1)
    assert "1 rater ·" in store.headline()


def test_the_selection_stays_with_its_annotation_when_the_threshold_moves(store):
    store.show_pair((0, 1))
    store.select(1)
    chosen = store.objects.annotations.id[store.objects.members(1)[0]]
    store.set_threshold(0.6)
    assert store.objects.annotations.id[store.objects.members(store.selected)[0]] == chosen


def test_very_many_annotations_are_grouped_later_and_the_last_objects_stay_till_then(
    store, monkeypatch
):
    before, asked = store.objects, []
    monkeypatch.setattr(image_objects, "AT_ONCE", 0)
    store.grouped.later = lambda *wanted: asked.append(wanted)
    moved = heard(store.objects_changed)
    store.set_threshold(0.95)
    assert store.objects is before
    assert "IoU ≥ 0.50" in store.headline()
    store.put_objects(objects_of(*asked[-1]))
    assert "IoU ≥ 0.95" in store.headline()
    assert moved == [1, 1]
    store.show_image(1)
    store.put_objects(before)
    assert store.objects is None


def test_another_image_has_no_selection(store):
    store.select(0)
    store.show_image(1)
    assert store.selected is None


def test_images_out_of_range_are_the_nearest(store):
    store.show_image(99)
    assert store.image_name == "two"
    store.show_image(-5)
    assert store.image_name == "one"


def test_a_pair_who_did_not_both_read_the_next_image_gives_way_to_all(store):
    store.show_pair((0, 2))
    store.show_image(1)
    assert store.pair is None


def test_the_same_threshold_again_tells_no_one(store):
    calls = heard(store.objects_changed)
    store.set_threshold(store.threshold)
    assert not calls


def test_one_rater_alone_and_all_again(store):
    store.show_rater_alone("B")
    assert [r.name for r in store.raters if r.visible] == ["B"]
    store.show_rater_alone("B")
    assert all(r.visible for r in store.raters)


def test_the_reference_is_a_rater_that_is_hidden_at_first(store):
    assert [(r.name, r.visible) for r in store.raters] == [
        ("A", True),
        ("B", True),
        ("C", True),
        ("R", False),
    ]
    assert store.raters[-1].title == "Reference R"


def test_runs_are_numbered_on_even_after_one_was_removed(store, prepared):
    request = runs.RunRequest(tables_majority(), "majority", "mean", 0.3, 1, None, None)
    run = runs.merge(prepared, request)
    assert store.add_run(run).number == 1
    assert store.add_run(run).number == 2
    assert store.canvas == Canvas.CONSENSUS
    store.remove_run(2)
    assert store.run == 1
    assert store.add_run(run).number == 3


def tables_majority():
    from napari_consensus.aggregation import AGGREGATORS

    return AGGREGATORS["majority"]()


def test_a_store_without_a_study_answers_everything(qapp):
    store = Store()
    assert store.table is None
    assert store.objects is None
    assert store.selected is None
    assert store.headline() == ""
    assert store.image_name == ""
    store.show_image(3)
    store.select(0, focus=True)
    store.set_threshold(0.7)
    store.show_pair((0, 1))
    assert store.pair is None
