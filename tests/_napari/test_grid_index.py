from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from napari_consensus._napari.density import density
from napari_consensus._napari.grid_index import GridIndex

BOXES = np.array([[0, 0, 10, 20], [100, 0, 130, 10], [90, 200, 110, 240]], float)


def view(*corners):
    return np.array(corners, float)


def test_what_touches_a_view_is_found_with_the_rows_of_its_table():
    index = GridIndex(BOXES, first=7)
    assert index.within(view(50, -5, 120, 50)).tolist() == [8]
    assert index.within(view(10, 20, 90, 200)).tolist() == [7, 9]
    assert index.within(view(-9, -9, 999, 999)).tolist() == [7, 8, 9]
    assert index.within(view(500, 500, 600, 600)).tolist() == []


def test_a_place_is_looked_up_with_some_reach():
    index = GridIndex(BOXES)
    assert index.at(5, 5).tolist() == [0]
    assert index.at(12, 5).tolist() == []
    assert index.at(12, 5, reach=3).tolist() == [0]


def test_an_image_without_annotations_holds_nothing():
    index = GridIndex(np.empty((0, 4)))
    assert index.within(view(0, 0, 1, 1)).tolist() == []
    assert index.at(0, 0).tolist() == []


@settings(max_examples=40)
@given(
    arrays(np.float64, (31, 4), elements=st.integers(0, 60)),
    arrays(np.float64, (2, 2), elements=st.integers(-20, 90)),
    st.integers(1, 1000),
)
def test_every_view_finds_what_looking_at_all_finds(numbers, corners, huge):
    bounds = np.hstack([numbers[:, :2], numbers[:, :2] + numbers[:, 2:] + 1])
    bounds[5] = (0, 0, huge, huge)
    low, high = corners.min(axis=0), corners.max(axis=0)
    touching = (bounds[:, :2] <= high).all(axis=1) & (bounds[:, 2:] >= low).all(axis=1)
    found = GridIndex(bounds).within(np.concatenate([low, high]))
    assert found.tolist() == np.flatnonzero(touching).tolist()


def test_without_looking_it_is_known_roughly_how_many_there_are():
    rng = np.random.default_rng(0)
    corner = rng.uniform(0, 1000, (5000, 2))
    index = GridIndex(np.hstack([corner, corner + 5]))
    assert 4900 < index.about(index.extent) <= 5000
    assert 1000 < index.about(view(0, 0, 500, 500)) < 1500


def test_density_is_strongest_where_most_is_and_of_the_mean_colour():
    bounds = np.array([[0, 0, 2, 2]] * 14 + [[98, 48, 100, 50]] * 2, float)
    index = GridIndex(bounds)
    picture = density(index, np.repeat([0, 1], [7, 9]), ["#FF0000", "#0000FF"])
    assert picture.shape == (1, 2, 4)
    crowded, lonely = picture[0]
    assert crowded[:3].tolist() == [128, 0, 128]
    assert lonely[:3].tolist() == [0, 0, 255]
    assert crowded[3] > lonely[3] > 0


def test_what_is_not_to_be_seen_has_no_density():
    index = GridIndex(BOXES)
    assert density(index, np.full(3, -1), ["#FF0000"]).max() == 0
