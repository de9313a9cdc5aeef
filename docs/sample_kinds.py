"""Coverage and false alarms by kind of sample and number of runs, with their simulation error.

python docs/simulations.py kinds

prints the tables of docs/statistics.md; ``--quick`` takes a twentieth of the replications.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from populations import KINDS, Population

from fastsoftq.statistics import (
    compare_samples,
    confidence_band,
    confidence_interval,
    difference_band,
    seeds_needed,
    significant_stretches,
)

RUNS = (5, 10, 20, 50)
EPISODES = 50

#: Sizes of a and b that are not alike, and how many times the spread of b that of a is.
UNEQUAL = ((10, 40, 1.0), (10, 40, 3.0), (40, 10, 3.0), (20, 20, 3.0), (50, 50, 3.0))

#: One replication: from a kind, its standard deviation, how many runs, and a generator, what is true of it.
Measure = Callable[[Population, float, int, np.random.Generator], tuple[bool, ...]]


class Table(NamedTuple):
    """Rates by kind of sample: rows of (kind, rates), each of so many replications; NaN where all were refused."""

    title: str
    columns: list[str]
    rows: list[tuple[str, list[float]]]
    replications: int

    @property
    def error(self) -> float:
        """Half the width of the 95 % interval of a rate near 5 or 95 %."""
        return 1.96 * float(np.sqrt(0.05 * 0.95 / self.replications))


def tables(scale: float = 1.0) -> Iterator[Table]:
    """Yield the tables, of ``scale`` times the replications."""
    plans = (
        (("Means: the interval holds the mean", "Means: it holds the mean, or says why it may not"), mean, 2000),
        (("Means, lowest and highest value known: the interval holds the mean",), bounded_mean, 1000),
        (("Standard deviations (`numpy.std`): the interval holds it",), deviation, 300),
        ((f"Bands: hold whole mean curves of {EPISODES} episodes",), band, 400),
        (("Paired, equals: p is at most 0.05", "Paired, equals: the interval leaves out 0"), paired, 1000),
        (("Not paired, equals: p is at most 0.05", "Not paired, equals: the interval leaves out 0"), unpaired, 1000),
        ((f"Paired curves of {EPISODES} episodes, equals: they part somewhere",), curves(True), 400),
        (("Curves that are not paired, equals: they part somewhere",), curves(False), 100),
        (("Plans from a pilot of n: their power is what was asked for",), plan, 500),
    )
    for titles, measure, replications in plans:
        measures = [(f"n = {runs}", measure, runs) for runs in RUNS]
        yield from _tables(titles, measures, max(2, round(scale * replications)))
    measures = [(f"{a} against {b}, spread {ratio:g}:1", unequal(a, b, ratio), 0) for a, b, ratio in UNEQUAL]
    titles = "Not paired, equal means: p is at most 0.05", "Not paired, equal means: the interval leaves out 0"
    yield from _tables(titles, measures, max(2, round(scale * 1000)))


def _tables(titles, measures, replications):
    rates = {}
    for name, (kind, std) in KINDS.items():
        rng = np.random.default_rng(0)
        rates[name] = [_rate(measure, kind, std, runs, rng, replications, len(titles)) for _, measure, runs in measures]
    for i, title in enumerate(titles):
        rows = [(name, [float(rate[i]) for rate in found]) for name, found in rates.items()]
        yield Table(title, [column for column, _, _ in measures], rows, replications)


def _rate(measure, kind, std, runs, rng, replications, width):
    """Return how often each is true; where there is no answer, as a pilot without variation has none, none counts."""
    found = []
    for _ in range(replications):
        try:
            found.append(measure(kind, std, runs, rng))
        except ValueError as refusal:
            if "not vary" not in str(refusal):
                raise
    return np.mean(found, axis=0) if found else np.full(width, np.nan)


def _holds(interval, truth):
    return bool(interval.low <= truth <= interval.high)


def mean(kind, std, runs, rng):
    """Return whether an interval holds the mean, and whether it does or is cautious."""
    ci = confidence_interval(kind.draw(rng, (runs,)))
    return _holds(ci, kind.mean), _holds(ci, kind.mean) or bool(ci.caution)


def bounded_mean(kind, std, runs, rng):
    """Return the same where it is known between which values runs lie: those of 2000 others."""
    others = kind.draw(np.random.default_rng(1), (2000,))
    bounds = float(others.min()), float(others.max())
    return (_holds(confidence_interval(kind.draw(rng, (runs,)).clip(*bounds), bounds=bounds), kind.mean),)


def deviation(kind, std, runs, rng):
    """Return whether an interval for a function of the runs holds its value."""
    sample = kind.draw(rng, (runs,))
    return (np.ptp(sample) > 0.0 and _holds(confidence_interval(sample, np.std, rng=rng, resamples=1999), std),)


def band(kind, std, runs, rng):
    """Return whether a band holds a whole curve of independent episodes."""
    found = confidence_band(kind.draw(rng, (runs, EPISODES)), rng=rng, resamples=300)
    return (bool(((found.low <= kind.mean) & (kind.mean <= found.high)).all()),)


def _alarms(a, b, paired, rng):
    result = compare_samples(a, b, paired, rng=rng, resamples=499)
    return result.p_value <= 0.05, not result.low <= 0.0 <= result.high


def paired(kind, std, runs, rng):
    """Return whether equals are told apart in pairs, by p and by the interval."""
    return _alarms(*kind.draw(rng, (2, runs)), True, rng)


def unpaired(kind, std, runs, rng):
    """Return the same where they are not paired."""
    return _alarms(*kind.draw(rng, (2, runs)), False, rng)


def unequal(runs_a, runs_b, ratio):
    """Return the measure of the same where means are equal, but not sizes or spreads."""

    def measure(kind, std, runs, rng):
        a, b = (kind.draw(rng, (size,)) - kind.mean for size in (runs_a, runs_b))
        return _alarms(ratio * a, b, False, rng)

    return measure


def curves(in_pairs):
    """Return the measure of whether equal curves part somewhere."""

    def measure(kind, std, runs, rng):
        a, b = kind.draw(rng, (2, runs, EPISODES))
        return (bool(significant_stretches(difference_band(a, b, in_pairs, rng=rng, resamples=300))),)

    return measure


def plan(kind, std, runs, rng):
    """Return whether a plan rests on no less than the true spread, and so has the power asked for."""
    return (seeds_needed(*kind.draw(rng, (2, runs)), std, paired=False).planning_std >= (1.0 - 1e-9) * std,)
