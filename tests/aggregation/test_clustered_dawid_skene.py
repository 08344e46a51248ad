"""Dawid-Skene with clusters: its equations in plain sums, published results, odd numbers."""

import numpy as np
import pytest

from napari_consensus.aggregation import ClusteredDawidSkene, DawidSkene
from napari_consensus.formats import read
from napari_consensus.grouping import group


def by_the_equations(rows, n_raters, k, clusters, iterations):
    """Follow the equations over a dense table, with raters in clusters as they are cut."""
    said = np.zeros((rows[:, 0].max() + 1, n_raters, k))
    said[rows[:, 0], rows[:, 1], rows[:, 2]] = 1
    truth = said.sum(axis=1) / said.sum(axis=(1, 2))[:, None]
    counts = np.einsum("ik,ijl->jkl", truth, said)
    matrices = counts / counts.sum(axis=2, keepdims=True)
    norm = [np.linalg.svd(matrix, compute_uv=False).sum() for matrix in matrices]
    order = sorted(range(n_raters), key=lambda j: -norm[j])
    edges = [n_raters * c // clusters for c in range(clusters + 1)]
    member = np.zeros((n_raters, clusters))
    for c in range(clusters):
        member[order[edges[c] : edges[c + 1]], c] = 1
    shared = np.array([matrices[member[:, c] > 0].mean(axis=0) for c in range(clusters)])
    prevalence, share = truth.mean(axis=0), member.mean(axis=0)
    for _ in range(iterations):
        log_shared = np.log(np.maximum(shared, 1e-10))
        of_truth = np.einsum("ijl,jc,ckl->ik", said, member, log_shared) + np.log(prevalence)
        of_member = np.einsum("ijl,ik,ckl->jc", said, truth, log_shared) + np.log(share)
        truth = np.exp(of_truth - of_truth.max(axis=1, keepdims=True))
        truth /= truth.sum(axis=1, keepdims=True)
        last, member = member, np.exp(of_member - of_member.max(axis=1, keepdims=True))
        member /= member.sum(axis=1, keepdims=True)
        shared = np.einsum("ik,jc,ijl->ckl", truth, member, said)
        shared /= shared.sum(axis=2, keepdims=True)
        prevalence, share = truth.mean(axis=0), member.mean(axis=0)
    return truth, last


@pytest.mark.parametrize(("n_raters", "clusters"), [(6, 2), (7, 3)])
def test_it_follows_its_equations(n_raters, clusters, votes_of, crowd_of):
    rows, _ = crowd_of(1, n_objects=80, n_raters=n_raters, answered=0.9, skills=(0.2, 0.9))
    ask = ClusteredDawidSkene(clusters=clusters, max_iterations=5, tolerance=0)
    found = ask(votes_of(rows, 81, n_raters + 1, 4))
    truth, member = by_the_equations(rows, n_raters, 3, clusters, 5)
    np.testing.assert_allclose(found.probability[:80, :3], truth, atol=1e-7)
    np.testing.assert_allclose(found.raters["cluster"][:-1], member, atol=1e-7)
    assert np.isnan(found.raters["cluster"][-1]).all()


def test_the_start_by_hand(votes_of):
    # Raters 0 and 1 always agree; rater 2 always says 0 and has the flattest matrix. Shares of
    # the votes are 1 | 0 and, where they differ, 1/3 | 2/3. Of three raters the first cluster
    # gets one and the second two.
    rows = [(i, j, 0 if j == 2 else i % 2) for i in range(4) for j in range(3)]
    found = ClusteredDawidSkene(max_iterations=1)(votes_of(rows))
    np.testing.assert_array_equal(found.raters["cluster"], [[1, 0], [0, 1], [0, 1]])
    # Truth 0 counts 2 * 1 + 2 * 1/3, of which raters 0 and 1 called 2 by its name.
    exact = np.array([[3 / 4, 1 / 4], [0, 1]])
    np.testing.assert_allclose(found.raters["confusion"][0], exact, atol=1e-9)
    flat = np.array([[1, 0], [1, 0]])
    np.testing.assert_allclose(found.raters["confusion"][2], (exact + flat) / 2, atol=1e-9)


# Of the simulated crowds: clusters, and the accuracy published for that many.
PUBLISHED = [
    ("independent", 5, 0.775),
    ("independent", 10, 0.770),
    ("imbalanced", 5, 0.845),
    ("imbalanced", 10, 0.840),
    ("student_teacher", 5, 0.795),
    ("student_teacher", 6, 0.780),
    ("student_teacher", 10, 0.815),
    ("discrete_difficulty", 2, 0.600),
    ("discrete_difficulty", 5, 0.660),
]


@pytest.mark.parametrize(("name", "clusters", "accuracy"), PUBLISHED)
def test_the_published_accuracy_is_reached(name, clusters, accuracy, simulated):
    votes, truth = simulated(name)
    found = ClusteredDawidSkene(clusters=clusters)(votes)
    assert found.converged
    assert np.mean(found.probability.argmax(axis=1) == truth) == pytest.approx(accuracy)


@pytest.mark.parametrize("seed", range(4))
def test_the_bound_only_rises(seed, votes_of, crowd_of):
    votes = votes_of(crowd_of(seed, n_raters=7)[0], 40, 7, 3)
    reached = [
        ClusteredDawidSkene(clusters=3, max_iterations=n, tolerance=0)(votes).log_likelihood
        for n in range(1, 20)
    ]
    assert (np.diff(reached) > -1e-7).all()


def test_two_kinds_of_raters_are_told_apart(votes_of):
    rng = np.random.default_rng(0)
    rows = [(i, j, i % 3 if j < 4 else rng.integers(3)) for i in range(90) for j in range(7)]
    cluster = ClusteredDawidSkene()(votes_of(rows)).raters["cluster"].argmax(axis=1)
    assert len(set(cluster[:4])) == len(set(cluster[4:])) == 1
    assert cluster[0] != cluster[4]


def test_one_cluster_is_dawid_skene_of_a_single_pooled_rater(votes_of, crowd_of):
    rows, _ = crowd_of(2, answered=0.9)
    found = ClusteredDawidSkene(clusters=1)(votes_of(rows, 40, 5, 3))
    np.testing.assert_allclose(found.raters["cluster"], 1)
    confusion = found.raters["confusion"]
    np.testing.assert_allclose(confusion, np.broadcast_to(confusion[0], confusion.shape))
    np.testing.assert_allclose(confusion[0].sum(axis=1), 1)


def test_as_many_clusters_as_raters_or_more_give_each_their_own(votes_of, crowd_of):
    votes = votes_of(crowd_of(3, skills=(0.7, 0.95))[0], 40, 5, 3)
    five, many = (ClusteredDawidSkene(clusters=n)(votes) for n in (5, 8))
    np.testing.assert_array_equal(five.probability, many.probability)
    assert five.notes == ()
    assert "no more than 5 clusters" in many.notes[0]
    assert many.raters["cluster"].shape == (5, 8)
    own = DawidSkene(smoothing=0)(votes).probability.argmax(axis=1)
    assert np.mean(many.probability.argmax(axis=1) == own) > 0.9


def test_many_answers_do_not_underflow_and_iterations_end(votes_of, crowd_of):
    rows, truth = crowd_of(5, n_objects=60, n_raters=150, answered=1.0, skills=(0.5, 0.9))
    found = ClusteredDawidSkene(clusters=4, max_iterations=60)(votes_of(rows, 60, 150, 3))
    assert found.n_iter <= 60
    np.testing.assert_array_equal(found.probability.argmax(axis=1), truth)


def test_slow_ridges_of_the_bound_are_climbed_to_the_end(cytocrowd):
    votes = group(read(cytocrowd).annotations.voting(), 0.3).votes()
    found = ClusteredDawidSkene()(votes)
    assert found.converged
    assert 500 < found.n_iter < 2000
    # The bound still rises after as many iterations as other methods have at most.
    early = ClusteredDawidSkene(max_iterations=500)(votes)
    assert not early.converged
    assert found.log_likelihood > early.log_likelihood
