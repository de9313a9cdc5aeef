"""Coverage and false alarms of what is said of sweeps, by kind of sample and number of runs.

python docs/simulations.py sweeps           prints the tables
python docs/simulations.py sweeps --quick   of a twentieth of the replications
python docs/simulations.py sweeps --write   writes them into docs/statistics.md, all or none
"""

from functools import cache, partial

import numpy as np
from populations import KINDS
from sample_kinds import RUNS, Plan, by_runs

from fastsoftq.measures import Measured, measure
from fastsoftq.statistics import (
    best_set,
    compare_tails,
    kaplan_meier,
    selection_bias,
    sequential_decision,
    suite_ranks,
    tail_interval,
    tail_mean,
)

CONDITIONS = 10
AHEAD = 0.25  # of a standard deviation: how far the best condition is ahead of its equals
FIRST_ROUNDS, LAST_RUN = (10, 25, 50), 400
TAIL_RUNS = (20, 50, 100, 200)


def one_ahead(in_pairs, runs, kind, std, rng):
    """Return whether the best set holds the best, and whether all its intervals hold, if one of ten is ahead."""
    ahead = AHEAD * std * (np.arange(CONDITIONS) == 0)
    found = best_set(kind.draw(rng, (CONDITIONS, runs)) + ahead[:, None], paired=in_pairs, rng=rng, resamples=500)
    truth = np.where(ahead > 0.0, 1.0, -1.0) * AHEAD * std
    slack = 1e-9 * std
    hold = bool(((found.low <= truth + slack) & (truth <= found.high + slack)).all())
    return bool(found.members[0]), hold


def equals(in_pairs, runs, kind, std, rng):
    """Return whether the best set of ten equals holds the first, which is as good as any."""
    found = best_set(kind.draw(rng, (CONDITIONS, runs)), paired=in_pairs, rng=rng, resamples=500)
    return (bool(found.members[0]),)


def in_rounds(in_pairs, first, kind, std, rng):
    """Return whether equals are told apart in any round, and whether a difference that matters is called smaller."""
    a, b = kind.draw(rng, (2, LAST_RUN))
    rounds = [n for n in (first * 2**r for r in range(10)) if n <= LAST_RUN]
    wrong = sequential_decision(a, b, rounds, difference=std / 2.0, paired=in_pairs, rng=rng).sign != 0
    apart = sequential_decision(a + std / 2.0, b, rounds, difference=std / 2.0, paired=in_pairs, rng=rng)
    return bool(wrong), apart.smaller


@cache
def _worst(name):
    kind, _ = KINDS[name]
    return float(tail_mean(kind.draw(np.random.default_rng(2), (2_000_000,))))


@cache
def _times(name):
    kind, _ = KINDS[name]
    return np.sort(np.abs(kind.draw(np.random.default_rng(3), (400_000,))))


def _name(kind):
    return next(name for name, (other, _) in KINDS.items() if other is kind)


def worst(runs, kind, std, rng):
    """Return whether an interval holds the mean of the worst 5 %, or says why it may not."""
    ci, truth = tail_interval(kind.draw(rng, (runs,))), _worst(_name(kind))
    holds = bool(ci.low - 0.002 * std <= truth <= ci.high + 0.002 * std)  # what two million runs leave open
    return holds, holds or bool(ci.caution)


def worst_apart(runs, kind, std, rng):
    """Return whether equals are told apart by their worst 5 %."""
    found = compare_tails(*kind.draw(rng, (2, runs)), paired=False, rng=rng, resamples=499)
    return (not found.low <= 0.0 <= found.high,)


def better(in_pairs, runs, kind, std, rng):
    """Return whether equals are told apart by the probability of improvement."""
    seeds = np.arange(runs, dtype=np.uint64)
    a, b = (Measured(x, seeds) for x in kind.draw(rng, (2, runs)))
    found = measure("improvement").compare(a, b, in_pairs, rng=rng)
    return (not found.low <= 0.0 <= found.high,)


def watched(runs, kind, std, rng):
    """Return whether the survival band holds the whole curve, and the interval the restricted mean; some censored."""
    times = _times(_name(kind))
    time = rng.choice(times, runs)
    until = rng.exponential(2.0 * times.mean(), runs)
    seen = np.minimum(time, until)
    curve = kaplan_meier(seen, until < time)
    left = 1.0 - np.searchsorted(times, curve.time, side="right") / len(times)
    later = np.append(curve.time[1:], curve.horizon)
    right = 1.0 - np.searchsorted(times, later, side="left") / len(times)
    mean = curve.restricted_mean
    truth = float(np.minimum(times, curve.horizon).mean())
    slack = 0.003
    return (
        bool((curve.low <= right + slack).all() and (left <= curve.high + slack).all()),
        bool(mean.low - slack * std <= truth <= mean.high + slack * std),
    )


def chosen(runs, kind, std, rng):
    """Return whether the interval for what the choice adds holds it, best of ten equals."""
    found = selection_bias(*kind.draw(rng, (2, CONDITIONS, runs)), rng=rng, repetitions=1)
    return (bool(found.optimism.low <= found.tuned - kind.mean <= found.optimism.high),)


def ranks(in_pairs, runs, kind, std, rng):
    """Return whether any of four equal algorithms is ranked, in three environments or over all."""
    found = suite_ranks(kind.draw(rng, (4, runs, 3)), paired=in_pairs, rng=rng, resamples=500)
    return (bool((found.world_low > 1).any() or (found.low > 1).any()),)


def _by_first_round(titles, measure, replications):
    return Plan(titles, {f"rounds of {n}, {2 * n}, ...": partial(measure, n) for n in FIRST_ROUNDS}, replications)


PLANS = (
    by_runs((f"Best set, paired: of {CONDITIONS} equals it holds the first",), partial(equals, True), 300),
    by_runs((f"Best set, not paired: of {CONDITIONS} equals it holds the first",), partial(equals, False), 300),
    by_runs(
        (
            f"Best set, paired, one of {CONDITIONS} ahead by a quarter of a standard deviation: it holds that one",
            "The same: all intervals hold together",
        ),
        partial(one_ahead, True),
        300,
    ),
    _by_first_round(
        (
            f"Rounds up to {LAST_RUN} runs, paired: equals are told apart",
            "The same, half a standard deviation apart: it is called smaller than that",
        ),
        partial(in_rounds, True),
        400,
    ),
    _by_first_round(
        (
            f"Rounds up to {LAST_RUN} runs, not paired: equals are told apart",
            "The same, not paired, half a standard deviation apart: it is called smaller than that",
        ),
        partial(in_rounds, False),
        80,
    ),
    by_runs(
        ("Worst 5 %: the interval holds their mean", "Worst 5 %: it holds it, or says why it may not"),
        worst,
        1000,
        TAIL_RUNS,
    ),
    by_runs(("Worst 5 %, not paired, equals: they are told apart",), worst_apart, 200, TAIL_RUNS),
    by_runs(("Probability of improvement, paired, equals: they are told apart",), partial(better, True), 200),
    by_runs(
        (
            "Times, some runs watched in vain: the band holds the whole survival curve",
            "Times, some runs watched in vain: the interval holds the restricted mean",
        ),
        watched,
        300,
    ),
    by_runs((f"Selection, best of {CONDITIONS} equals: the interval holds what the choice adds",), chosen, 400),
    by_runs(("Ranks, paired, four equals in three environments: any is ranked",), partial(ranks, True), 400),
    by_runs(("Ranks, not paired, four equals in three environments: any is ranked",), partial(ranks, False), 200),
)

__all__ = ["PLANS", "RUNS"]
