from dataclasses import dataclass, replace

import numpy as np
import pytest

from fastsoftq.comparing import compare
from fastsoftq.statistics import compare_samples


@dataclass(frozen=True)
class Curves:
    returns: np.ndarray
    lengths: np.ndarray
    truncated: np.ndarray
    seeds: np.ndarray


def curves(seed, runs=12, episodes=150):
    rng = np.random.default_rng(seed)
    shared = np.random.default_rng(99).normal(size=(runs, 1))
    return Curves(
        returns=rng.normal(size=(runs, episodes)) + shared,
        lengths=rng.integers(10, 100, (runs, episodes), dtype=np.int32),
        truncated=rng.random((runs, episodes)) < 0.2,
        seeds=np.arange(runs, dtype=np.uint64) + np.uint64(2**63),
    )


A, B = curves(1), curves(2)


def shuffled(c, order):
    return Curves(c.returns[order], c.lengths[order], c.truncated[order], c.seeds[order])


def test_compares_the_mean_of_the_last_hundred_episodes_of_each_run():
    expected = compare_samples(A.returns[:, -100:].mean(axis=1), B.returns[:, -100:].mean(axis=1))
    assert compare(A, B) == expected


@pytest.mark.parametrize(
    ("metric", "field"), [("length", "lengths"), ("truncated", "truncated"), ("return", "returns")]
)
def test_metrics_and_episodes(metric, field):
    a, b = (getattr(c, field)[:, 10:20].mean(axis=1) for c in (A, B))
    assert compare(A, B, metric, slice(10, 20)) == compare_samples(a, b)


def test_runs_are_matched_by_seed_whatever_their_order():
    order = np.random.default_rng(0).permutation(12)
    assert compare(A, shuffled(B, order)) == compare(A, B) == compare(shuffled(A, order), B)
    assert compare(A, B).correlation > 0.9


def test_mismatched_seeds_are_named():
    other = replace(B, seeds=B.seeds + np.uint64(10))
    with pytest.raises(ValueError, match=r"only curves_a has 9223372036854775808, .* and 5 more; only curves_b has"):
        compare(A, other)
    assert not compare(A, other, paired=False).paired
    with pytest.raises(ValueError, match="seeds do not match, so runs cannot be paired: only curves_a has"):
        compare(A, shuffled(B, slice(0, 8)))


def test_repeated_seeds_are_named():
    with pytest.raises(ValueError, match="curves_b has repeated seeds, so its runs cannot be paired: 7"):
        compare(A, replace(B, seeds=np.full(12, 7, dtype=np.uint64)))


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="did you mean 'return'"):
        compare(A, B, "retrun")
    with pytest.raises(ValueError, match="selects none of 150 episodes"):
        compare(A, B, episodes=slice(150, None))
    with pytest.raises(TypeError, match="episodes is 100; it must be a slice"):
        compare(A, B, episodes=100)
    with pytest.raises(ValueError, match="curves_a has 150 episodes and curves_b 20"):
        compare(A, curves(3, episodes=20), episodes=slice(-10, None))
    with pytest.raises(ValueError, match="at least 2 are needed"):
        compare(curves(1, runs=1), curves(2, runs=1))
