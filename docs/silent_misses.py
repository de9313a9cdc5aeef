"""How often intervals miss and give no caution, by kind of sample and number of runs.

    python docs/simulations.py silent           prints the tables
    python docs/simulations.py silent --quick   of a twentieth of the replications
    python docs/simulations.py silent --write   writes them into docs/statistics.md, all or none

What is promised of an interval is that it holds, or says why it may not: so no figure is to be above the error.
"""

from functools import cache, partial

import numpy as np
from populations import KINDS
from sample_kinds import Plan, by_runs

from fastsoftq.statistics import (
    compare_samples,
    confidence_interval,
    interquartile_mean,
    pointwise_intervals,
    suite_interval,
    tail_interval,
    tail_mean,
)

RUNS = (20, 36, 50, 100)
ENVIRONMENTS = 3

#: How far a true value taken from a million runs may be off, in standard deviations.
SLACK = 0.003


@cache
def _many(name):
    return KINDS[name][0].draw(np.random.default_rng(9), (1_000_000,))


@cache
def _true(name, statistic):
    return float(statistic(_many(name)))


def _name(kind):
    return next(name for name, (other, _) in KINDS.items() if other is kind)


def _silent(found, truth, slack=0.0):
    return not found.low - slack <= truth <= found.high + slack and not found.caution


def mean(runs, kind, std, rng):
    """Return whether the interval of a mean misses it, no bounds known, and where the lowest and highest are."""
    x, many = kind.draw(rng, (runs,)), _many(_name(kind))
    bounds = float(many.min()), float(many.max())
    known = confidence_interval(x.clip(*bounds), bounds=bounds)
    return _silent(confidence_interval(x), kind.mean), _silent(known, kind.mean)


def others(runs, kind, std, rng):
    """Return the same of a median, an interquartile mean and the worst 5 %."""
    x, name, slack = kind.draw(rng, (runs,)), _name(kind), SLACK * std
    return (
        _silent(confidence_interval(x, "median"), _true(name, np.median), slack),
        _silent(
            confidence_interval(x, "interquartile_mean", rng=rng, resamples=499), _true(name, interquartile_mean), slack
        ),
        _silent(tail_interval(x), _true(name, tail_mean), slack),
    )


def one_episode(runs, kind, std, rng):
    """Return the same of the interval at an episode, and of a suite of environments of one kind."""
    x = kind.draw(rng, (runs, ENVIRONMENTS))
    at = pointwise_intervals(x[:, :1])
    missed = not at.low[0] <= kind.mean <= at.high[0] and not at.caution
    return missed, _silent(suite_interval(x, "mean"), kind.mean)


def from_normal(in_pairs, runs, kind, std, rng):
    """Return the same of the difference to normal runs of the same spread."""
    a, b = kind.draw(rng, (runs,)), rng.normal(0.0, std, runs)
    return (_silent(compare_samples(a, b, in_pairs, rng=rng, resamples=100), kind.mean),)


PLANS: tuple[Plan, ...] = (
    by_runs(
        (
            "Means: the interval misses and gives no caution",
            "Means, lowest and highest value known: it misses and gives no caution",
        ),
        mean,
        2000,
        RUNS,
    ),
    by_runs(
        (
            "Medians: the interval misses and gives no caution",
            "Interquartile means: the interval misses and gives no caution",
            "Worst 5 %: the interval misses and gives no caution",
        ),
        others,
        400,
        RUNS,
    ),
    by_runs(
        (
            "One episode of `pointwise_intervals`: it misses and gives no caution",
            f"Mean of a suite of {ENVIRONMENTS} environments: the interval misses and gives no caution",
        ),
        one_episode,
        2000,
        RUNS,
    ),
    by_runs(
        ("Paired difference to normal runs: the interval misses and gives no caution",),
        partial(from_normal, True),
        1000,
        RUNS,
    ),
    by_runs(
        ("Difference to normal runs, not paired: the interval misses and gives no caution",),
        partial(from_normal, False),
        200,
        RUNS,
    ),
)

__all__ = ["PLANS"]
