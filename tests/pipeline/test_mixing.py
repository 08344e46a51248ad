"""What mixes of raters would give: its numbers hang together as their definitions say."""

import numpy as np
import pytest

from napari_consensus import pipeline


def test_what_is_named_rightly_of_all_is_recall_times_accuracy(sample):
    found = pipeline.rate_raters(sample.study.annotations)
    few, many = pipeline.simulate_mixes(
        found, [{"C": 1}, {"A": 2, "C": 1}], np.random.default_rng(3), objects=300, repetitions=1
    )
    for mix in (few, many):
        assert mix.class_recall == pytest.approx(mix.recall * mix.accuracy)
        assert 0 < mix.macro_recall <= 1
    assert few.recall < many.recall
    assert (few.cost, many.cost) == (1, 3)
