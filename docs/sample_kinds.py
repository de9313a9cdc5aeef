"""Coverage, false alarms and power by kind of sample and number of runs, with their simulation error.

    python docs/simulations.py kinds           prints the tables
    python docs/simulations.py kinds --quick   of a twentieth of the replications
    python docs/simulations.py kinds --write   writes them into docs/statistics.md, all or none

Each cell of a table has a seed of its own, so that what it holds depends on no other, nor on the processes at work.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import product
from pathlib import Path
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
    welch_test,
)

RUNS = (5, 10, 20, 50)
EPISODES = 50

#: Sizes of a and b that are not alike, and how many times the spread of b that of a is.
UNEQUAL = ((10, 40, 1.0), (10, 40, 3.0), (40, 10, 3.0), (20, 20, 3.0), (50, 50, 3.0))

#: Between these lines the page holds what `write` puts there.
BEGIN, END = "<!-- by python docs/simulations.py {} --write -->", "<!-- end -->"

#: One replication: from a kind, its standard deviation, and a generator, what is true of it.
Measure = Callable[[Population, float, np.random.Generator], tuple[bool, ...]]


class Plan(NamedTuple):
    """Tables that one measure fills: a title for each of its answers, a measure for each column."""

    titles: tuple[str, ...]
    columns: dict[str, Measure]
    replications: int


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

    @property
    def heading(self) -> str:
        """The title with the simulation error."""
        return f"{self.title} (per cent, ± {100.0 * self.error:.1f})"


def tables(scale: float = 1.0, processes: int | None = None, plans: tuple[Plan, ...] | None = None) -> Iterator[Table]:
    """Yield the tables, of ``scale`` times the replications, measured by so many processes; None: one a processor."""
    plans = PLANS if plans is None else plans
    cells = [(i, name, column) for i, p in enumerate(plans) for name, column in product(KINDS, p.columns)]
    if processes == 1:
        yield from _collected(map(partial(_cell, scale, plans=plans), cells), scale, plans)
        return
    with ProcessPoolExecutor(processes or len(os.sched_getaffinity(0))) as pool:
        yield from _collected(pool.map(partial(_cell, scale, plans=plans), cells), scale, plans)


def write(page: Path, found: list[Table], name: str = "kinds") -> None:
    """Put the tables where the page has its old ones."""
    text, begin = page.read_text(encoding="utf-8"), BEGIN.format(name)
    before, _, rest = text.partition(begin)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"{page} has no place between {begin!r} and {END!r}")
    new = page.with_suffix(".new")
    new.write_text(f"{before}{begin}\n\n{''.join(map(_markdown, found))}{END}{after}", encoding="utf-8")
    new.replace(page)


def _markdown(found: Table) -> str:
    rows = [["", *found.columns], ["---"] * (1 + len(found.columns))]
    rows += [[name, *("" if np.isnan(rate) else f"{100.0 * rate:.1f}" for rate in rates)] for name, rates in found.rows]
    return f"{found.heading}:\n\n" + "".join(f"| {' | '.join(row)} |\n" for row in rows) + "\n"


def _collected(rates: Iterator[list[float]], scale: float, plans: tuple[Plan, ...]) -> Iterator[Table]:
    for plan in plans:
        found = {name: [next(rates) for _ in plan.columns] for name in KINDS}
        for i, title in enumerate(plan.titles):
            rows = [(name, [rate[i] for rate in cells]) for name, cells in found.items()]
            yield Table(title, list(plan.columns), rows, _replications(plan, scale))


def _replications(plan: Plan, scale: float) -> int:
    return max(2, round(scale * plan.replications))


def _cell(scale: float, cell: tuple[int, str, str], plans: tuple[Plan, ...] | None = None) -> list[float]:
    """Return how often each is true; where there is no answer, as a pilot without variation has none, none counts."""
    number, name, column = cell
    plan, (kind, std) = (PLANS if plans is None else plans)[number], KINDS[name]
    rng = np.random.default_rng([number, list(KINDS).index(name), list(plan.columns).index(column)])
    found = []
    for _ in range(_replications(plan, scale)):
        try:
            found.append(plan.columns[column](kind, std, rng))
        except ValueError as refusal:
            if "not vary" not in str(refusal):
                raise
    return [float(rate) for rate in (np.mean(found, axis=0) if found else np.full(len(plan.titles), np.nan))]


def _holds(interval, truth):
    return bool(interval.low <= truth <= interval.high)


def mean(runs, kind, std, rng):
    """Return whether an interval holds the mean, and whether it does or is cautious."""
    ci = confidence_interval(kind.draw(rng, (runs,)))
    return _holds(ci, kind.mean), _holds(ci, kind.mean) or bool(ci.caution)


def bounded_mean(runs, kind, std, rng):
    """Return the same where it is known between which values runs lie: those of 2000 others."""
    others = kind.draw(np.random.default_rng(1), (2000,))
    bounds = float(others.min()), float(others.max())
    return (_holds(confidence_interval(kind.draw(rng, (runs,)).clip(*bounds), bounds=bounds), kind.mean),)


def deviation(runs, kind, std, rng):
    """Return whether an interval for a function of the runs holds its value, and whether it does or is cautious."""
    ci = confidence_interval(kind.draw(rng, (runs,)), np.std, rng=rng, resamples=1999)
    return _holds(ci, std), _holds(ci, std) or bool(ci.caution)


def band(runs, kind, std, rng):
    """Return whether a band holds a whole curve of independent episodes."""
    found = confidence_band(kind.draw(rng, (runs, EPISODES)), rng=rng, resamples=300)
    return (bool(((found.low <= kind.mean) & (kind.mean <= found.high)).all()),)


def _alarms(a, b, paired, rng):
    result = compare_samples(a, b, paired, rng=rng, resamples=499)
    return result.p_value <= 0.05, not result.low <= 0.0 <= result.high


def paired(runs, kind, std, rng):
    """Return whether equals are told apart in pairs, by p and by the interval."""
    return _alarms(*kind.draw(rng, (2, runs)), True, rng)


def unpaired(runs, kind, std, rng):
    """Return the same where they are not paired."""
    return _alarms(*kind.draw(rng, (2, runs)), False, rng)


def unequal(runs_a, runs_b, ratio, kind, std, rng):
    """Return the same where means are equal, but not sizes or spreads."""
    a, b = (kind.draw(rng, (size,)) - kind.mean for size in (runs_a, runs_b))
    return _alarms(ratio * a, b, False, rng)


def apart(runs_a, runs_b, ratio, kind, std, rng):
    """Return whether means a standard deviation apart are told apart, by p and by Welch's test."""
    a, b = (kind.draw(rng, (size,)) - kind.mean for size in (runs_a, runs_b))
    a = ratio * (a + std)
    by_welch = np.ptp(a) > 0.0 < np.ptp(b) and welch_test(a, b).p_value <= 0.05
    return compare_samples(a, b, False, rng=rng, resamples=499).p_value <= 0.05, bool(by_welch)


def curves(in_pairs, runs, kind, std, rng):
    """Return whether equal curves part somewhere."""
    a, b = kind.draw(rng, (2, runs, EPISODES))
    return (bool(significant_stretches(difference_band(a, b, in_pairs, rng=rng, resamples=300))),)


def plan(runs, kind, std, rng):
    """Return whether a plan rests on no less than the true spread, and so has the power asked for."""
    return (seeds_needed(*kind.draw(rng, (2, runs)), std, paired=False).planning_std >= (1.0 - 1e-9) * std,)


def by_runs(titles, measure, replications, runs=RUNS):
    """Return the plan of a measure whose first argument is the number of runs."""
    return Plan(titles, {f"n = {n}": partial(measure, n) for n in runs}, replications)


def _by_sizes(titles, measure, replications):
    columns = {f"{a} against {b}, spread {r:g}:1": partial(measure, a, b, r) for a, b, r in UNEQUAL}
    return Plan(titles, columns, replications)


PLANS = (
    by_runs(("Means: the interval holds the mean", "Means: it holds the mean, or says why it may not"), mean, 2000),
    by_runs(("Means, lowest and highest value known: the interval holds the mean",), bounded_mean, 1000),
    by_runs(
        (
            "Standard deviations (`numpy.std`): the interval holds it",
            "Standard deviations: it holds it, or says why it may not",
        ),
        deviation,
        300,
        (*RUNS, 200),
    ),
    by_runs((f"Bands: hold whole mean curves of {EPISODES} episodes",), band, 400),
    by_runs(("Paired, equals: p is at most 0.05", "Paired, equals: the interval leaves out 0"), paired, 1000),
    by_runs(("Not paired, equals: p is at most 0.05", "Not paired, equals: the interval leaves out 0"), unpaired, 1000),
    by_runs((f"Paired curves of {EPISODES} episodes, equals: they part somewhere",), partial(curves, True), 400),
    by_runs(("Curves that are not paired, equals: they part somewhere",), partial(curves, False), 400),
    by_runs(("Plans from a pilot of n: their power is what was asked for",), plan, 500),
    _by_sizes(
        ("Not paired, equal means: p is at most 0.05", "Not paired, equal means: the interval leaves out 0"),
        unequal,
        1000,
    ),
    _by_sizes(
        (
            "Not paired, means of a and b a standard deviation of a apart: p is at most 0.05",
            "The same by Welch's test, which does not hold",
        ),
        apart,
        200,
    ),
)
