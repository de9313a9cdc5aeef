"""Ranks over suites: estimates against SciPy's, ends that hold together, and what is refused."""

import numpy as np
import pytest
from scipy.stats import rankdata

from fastsoftq.statistics import suite_ranks

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("paired", [True, False])
def test_ranks_are_those_of_the_means(paired):
    x = RNG.normal(size=(5, 20, 3)) + RNG.normal(size=(5, 1, 3))
    found = suite_ranks(x, paired=paired)
    by_world = np.array([rankdata(-column) for column in x.mean(axis=1).T]).T
    assert found.world_rank.tolist() == by_world.astype(int).tolist()
    assert found.mean_rank == pytest.approx(by_world.mean(axis=1))
    assert found.score == pytest.approx(x.mean(axis=(1, 2)))
    assert found.rank.tolist() == rankdata(-x.mean(axis=(1, 2))).astype(int).tolist()
    for low, rank, high in (
        (found.low, found.rank, found.high),
        (found.world_low, found.world_rank, found.world_high),
        (found.mean_low, found.mean_rank, found.mean_high),
    ):
        assert (low <= rank).all()
        assert (rank <= high).all()


@pytest.mark.parametrize("paired", [True, False])
def test_what_lies_far_apart_has_one_rank_and_equals_share_theirs(paired):
    x = RNG.normal(size=(4, 30, 2)) + np.array([0.0, 50.0, 50.0, 99.0])[:, None, None]
    found = suite_ranks(x, paired=paired)
    assert found.low.tolist() == [4, 2, 2, 1]
    assert found.high.tolist() == [4, 3, 3, 1]
    turned = suite_ranks(-x, paired=paired, higher_is_better=False)
    assert turned.low.tolist() == found.low.tolist()
    assert turned.score == pytest.approx(-found.score)


@pytest.mark.parametrize("paired", [True, False])
def test_no_rank_is_wrong_more_often_than_it_says(paired):
    rng, means, wrong = np.random.default_rng(1), np.array([0.0, 0.0, 1.0]), []
    for _ in range(300):
        x = rng.normal(size=(3, 20, 2)) + means[:, None, None]
        found = suite_ranks(x, paired=paired, rng=rng, resamples=400)
        lows, highs = np.column_stack([found.world_low, found.low]), np.column_stack([found.world_high, found.high])
        # Equals may have either rank, 2 or 3: both must lie within.
        right = (lows[:2] <= 2).all() and (highs[:2] >= 3).all() and (lows[2] <= 1).all()
        wrong.append(not right)
    assert np.mean(wrong) <= 0.05 + 3.0 * np.sqrt(0.05 * 0.95 / 300)


def test_runs_that_agree_rank_once_they_are_enough():
    def high(runs):
        return suite_ranks(np.tile(np.array([1.0, 2.0])[:, None, None], (1, runs, 2))).high.tolist()

    assert high(4) == [2, 2]
    assert high(10) == [2, 1]


def test_numbers_of_runs_may_differ_where_they_are_not_paired():
    x = [RNG.normal(size=(10, 2)), RNG.normal(size=(30, 2)) + 9.0]
    assert suite_ranks(x, paired=False).rank.tolist() == [2, 1]
    with pytest.raises(ValueError, match="scores hold 10, 30 runs"):
        suite_ranks(x)


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ([np.zeros((5, 2))], "scores holds 1 algorithm"),
        ([np.zeros((5, 2)), np.zeros((5, 3))], "scores hold 2, 3 environments"),
        ([np.zeros((5, 2)), np.zeros(5)], r"scores\[1\] has shape"),
    ],
)
def test_bad_scores_are_refused_by_name(scores, message):
    with pytest.raises(ValueError, match=message):
        suite_ranks(scores)
