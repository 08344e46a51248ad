"""Every two of many raters, counted at once, are what counting them one by one gives."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_consensus.aggregation import MajorityVote
from napari_consensus.data.groups import Votes
from napari_consensus.pipeline.deciding import decision_rule
from napari_consensus.reliability import errors_together, leave_raters_out

RATERS, OBJECTS, CATEGORIES = 7, 9, 3


class OneByOne:
    """Majority vote that says nothing of how it may be computed."""

    name = "one by one"

    def __call__(self, votes, **_):
        return MajorityVote()(votes)


def crowd(seed, answered):
    rng = np.random.default_rng(seed)
    of, rater = np.nonzero(rng.random((OBJECTS, RATERS)) < answered)
    category = rng.integers(-1, CATEGORIES, len(of))
    image = rng.integers(0, 2, OBJECTS)
    votes = Votes(of, rater, category, image, np.ones((2, RATERS), bool), CATEGORIES)
    return votes, rng.integers(-1, CATEGORIES, OBJECTS).astype(np.int32)


def two_by_two(votes, truth):
    """Objects, errors of both and correlation of every two raters who named an object both."""
    said = np.full((votes.n_raters, votes.n_objects), -1)
    said[votes.rater, votes.object] = votes.category
    found = {}
    for a in range(votes.n_raters):
        for b in range(a + 1, votes.n_raters):
            both = np.flatnonzero((said[a] >= 0) & (said[b] >= 0))
            if not len(both):
                continue
            wrong = []
            for k in both.tolist():
                others = np.delete(said[:, k], [a, b])
                counts = np.bincount(others[others >= 0], minlength=CATEGORIES)
                top = np.flatnonzero(counts == counts.max())
                known = int(top[0]) if counts.any() and len(top) == 1 else -1
                known = known if truth is None else int(truth[k])
                if known >= 0:
                    wrong.append((said[a, k] != known, said[b, k] != known))
            table = np.array(wrong, float).reshape(-1, 2)
            phi = float("nan")
            if len(table) and (table.std(axis=0) > 0).all():
                phi = np.corrcoef(table.T)[0, 1]
            found[str(a), str(b)] = (len(table), int(table.all(axis=1).sum()), phi)
    return found


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 999), st.sampled_from([0.2, 0.9]), st.booleans())
def test_errors_of_every_two_raters_are_those_counted_one_by_one(seed, answered, known):
    votes, truth = crowd(seed, answered)
    held = truth if known else None
    names = tuple(map(str, range(RATERS)))
    found = errors_together(votes, names, held)
    expected = two_by_two(votes, held)
    assert [(p.a, p.b) for p in found.pairs] == list(expected)
    for pair, (objects, both, phi) in zip(found.pairs, expected.values(), strict=True):
        assert (pair.objects, pair.both_wrong) == (objects, both)
        assert pair.correlation == pytest.approx(phi, abs=1e-9, nan_ok=True)
    of_3 = [pair for pair in found.pairs if "3" in (pair.a, pair.b)]
    assert [(p.a, p.b) for p in found.of(3)] == [(p.a, p.b) for p in of_3]


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, 999), st.sampled_from([0.2, 0.9]), st.sampled_from(["prior", "random", "first"])
)
def test_a_majority_without_a_rater_is_that_of_all_votes_counted_anew(seed, answered, ties):
    votes, truth = crowd(seed, answered)
    rule = decision_rule(("x", "y", "z"), ties=ties)
    names = tuple(map(str, range(RATERS)))
    quick, whole = (
        leave_raters_out(votes, names, method, rule, truth)
        for method in (MajorityVote(), OneByOne())
    )
    for one, other in zip(quick, whole, strict=True):
        assert (one.gone, one.changed, one.decided) == (other.gone, other.changed, other.decided)
        assert one.accuracy == pytest.approx(other.accuracy, nan_ok=True)
        np.testing.assert_array_equal(one.affected, other.affected)


def test_a_comparison_of_many_raters_stops_between_some_of_them():
    raters = 200
    of, rater = (np.tile([0, 1], raters), np.repeat(np.arange(raters), 2))
    read = np.ones((1, raters), bool)
    votes = Votes(of, rater, np.zeros(len(of)), np.zeros(2, int), read, 1)
    told = []
    found = errors_together(
        votes, tuple(map(str, range(raters))), progress=lambda done, total: told.append(done)
    )
    assert len(found) == len(found.pairs) == raters * (raters - 1) // 2
    assert len(told) > 2
    assert told == sorted(told)
