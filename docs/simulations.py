"""Measure what docs/statistics.md claims: how often intervals and bands hold what they should. Takes some minutes.

    python docs/simulations.py                 all tables
    python docs/simulations.py kinds           those by kind of sample (docs/sample_kinds.py)
    python docs/simulations.py sweeps          those of sweeps (docs/sweep_intervals.py)
    python docs/simulations.py silent          those of intervals that miss without a caution (docs/silent_misses.py)
    python docs/simulations.py kinds --quick   the same, of a twentieth of the replications
    python docs/simulations.py kinds --write   and write them into docs/statistics.md, once all are measured

Half the width of a figure's own 95 % interval is below 0.2 points for means (100 000 replications) and near 1 point
where 2000 replications are used; tables by kind of sample say it themselves.
"""

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # processes share the processors; read when NumPy is imported

import numpy as np
from scipy import stats

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "statistics"), str(ROOT / "docs")]

from populations import POPULATIONS, cliff_curves, smooth_curves  # noqa: E402
from sample_kinds import PLANS, tables, write  # noqa: E402
from silent_misses import PLANS as SILENT_PLANS  # noqa: E402
from sweep_intervals import PLANS as SWEEP_PLANS  # noqa: E402

import fastsoftq as fsq  # noqa: E402
from fastsoftq.figures.columns import episode_blocks  # noqa: E402
from fastsoftq.statistics import (  # noqa: E402
    confidence_band,
    confidence_interval,
    difference_band,
    interquartile_mean,
    pointwise_intervals,
    sequential_comparison,
    significant_stretches,
    suite_interval,
    suite_profile,
    tail_mean,
)
from fastsoftq.statistics.moments import moments, student_interval  # noqa: E402

FEW, MANY, RESAMPLES = 2000, 100_000, 999


def table(title, header, rows):
    """Print rates in per cent as a Markdown table."""
    print(f"\n{title}\n\n| {' | '.join(header)} |\n|{' --- |' * len(header)}")
    for row in rows:
        cells = [cell if isinstance(cell, str) else f"{100.0 * cell:.1f}" for cell in row]
        print(f"| {' | '.join(cells)} |", flush=True)


def covers(low, high, truth):
    """Return the share of intervals that hold the truth."""
    return float(np.mean((low <= truth) & (truth <= high)))


def mean_skew(population, runs, rng):
    """Coverage of the default interval; each replication is one column."""
    band = pointwise_intervals(population.draw(rng, (runs, MANY)))
    return covers(band.low, band.high, population.mean)


def mean_student(population, runs, rng):
    """Coverage of the t interval."""
    return covers(*student_interval(moments([population.draw(rng, (runs, MANY))]), 0.05), population.mean)


def mean_bootstrap(method):
    """Coverage of a bootstrap of SciPy, a hundred replications at a time."""

    def measure(population, runs, rng):
        ends = []
        for _ in range(FEW // 100):
            x = population.draw(rng, (runs, 100))
            result = stats.bootstrap((x,), np.mean, axis=0, n_resamples=RESAMPLES, method=method, rng=rng)
            ends.append(result.confidence_interval)
        low, high = np.concatenate(ends, axis=1)
        return covers(low, high, population.mean)

    return measure


def single(statistic, method="auto"):
    """Coverage for a statistic whose true value is taken from two million runs."""

    def measure(population, runs, rng):
        truth = float(statistic_of(statistic)(population.draw(rng, (2_000_000,))))
        samples = population.draw(rng, (FEW, runs))
        cis = [confidence_interval(x, statistic, method=method, rng=rng, resamples=RESAMPLES) for x in samples]
        return covers(np.array([ci.low for ci in cis]), np.array([ci.high for ci in cis]), truth)

    return measure


def statistic_of(statistic):
    """Return the function behind a name."""
    return {"median": np.median, "interquartile_mean": interquartile_mean, "tail_mean": tail_mean}[statistic]


def over_populations(title, measures, counts, names=tuple(POPULATIONS)):
    """Print one row per population and method, one column per number of runs."""
    rows = []
    for name in names:
        for label, measure in measures.items():
            rng = np.random.default_rng(0)
            rows.append([name, label, *(measure(POPULATIONS[name], runs, rng) for runs in counts)])
    table(title, ["returns", "method", *map(str, counts)], rows)


def bands():
    """Print how often bands, and pointwise intervals, hold whole curves."""
    kinds = {
        "smooth, 100 episodes": lambda rng, n: smooth_curves(rng, n, 100),
        "white, 100 episodes": lambda rng, n: smooth_curves(rng, n, 100, memory=0.0),
        "cliff, 100 episodes": lambda rng, n: cliff_curves(rng, n, 100),
        "cliff, 100 blocks of 10": lambda rng, n: cliff_curves(rng, n, 100, block=10),
        "cliff, 20 blocks of 100": lambda rng, n: cliff_curves(rng, n, 20, block=100),
    }
    counts, rows = (10, 20, 50, 100, 200), []
    for name, draw in kinds.items():
        whole, pointwise = [], []
        for runs in counts:
            rng, found = np.random.default_rng(0), []
            for _ in range(FEW // 2):
                x, truth = draw(rng, runs)
                pair = confidence_band(x, rng=rng, resamples=500), pointwise_intervals(x)
                found.append([bool(((b.low <= truth) & (truth <= b.high)).all()) for b in pair])
            band, points = np.mean(found, axis=0)
            whole.append(band)
            pointwise.append(points)
        rows += [[name, "band", *whole], [name, "pointwise", *pointwise]]
    table("Whole curves covered", ["curves", "method", *map(str, counts)], rows)


def learned_bands():
    """Print the same for curves that agents learn, in the blocks of episodes of a report, and how often equals part."""
    decay = fsq.LinearDecay(0.9, 0.1, 0.001)
    agents = {"hard": fsq.QLearning(0.8, 0.95, decay)}
    agents |= {f"soft, k = {k}": fsq.SoftQLearning(0.8, 0.95, reward_scale=float(k)) for k in (10, 2, 1)}
    edges = episode_blocks(1000)
    counts, coverage, parted = (2, 3, 5, 10, 20, 50, 100, 200), [], []
    for name, agent in agents.items():
        returns = fsq.train(fsq.cliff_walking(), agent, seeds=4096, episodes=1000, max_steps=1000).returns
        blocks = np.add.reduceat(returns, edges[:-1], axis=1) / np.diff(edges)
        truth, held, told = blocks.mean(axis=0), [], {True: [], False: []}
        for runs in counts:
            rng, found = np.random.default_rng(0), []
            for _ in range(FEW // 5):
                a, b = blocks[rng.integers(len(blocks), size=(2, runs))]
                band = confidence_band(a, rng=rng, resamples=400)
                apart = [bool(significant_stretches(difference_band(a, b, p, rng=rng, resamples=400))) for p in told]
                found.append([bool(((band.low <= truth) & (truth <= band.high)).all()), *apart])
            inside, *apart = np.mean(found, axis=0)
            held.append(inside)
            for paired, rate in zip(told, apart, strict=True):
                told[paired].append(rate)
        coverage.append([name, *held])
        parted += [[name, "paired" if paired else "not paired", *rates] for paired, rates in told.items()]
    table("Whole learned curves covered", ["curves", *map(str, counts)], coverage)
    table("Equals whose curves part somewhere", ["curves", "", *map(str, counts)], parted)


def suites():
    """Print the coverage of aggregates and profiles over ten environments."""
    rows = []
    taus = np.linspace(0.0, 20.0, 60)
    for runs, environments in ((3, 10), (5, 10), (10, 10), (20, 10)):
        rng, scale = np.random.default_rng(0), np.arange(1.0, environments + 1.0)
        population = rng.gamma(2.0, size=(200_000, environments)) * scale
        truth = {
            "mean": 2.0 * scale.mean(),
            "median": float(np.median(2.0 * scale)),
            "interquartile_mean": float(interquartile_mean(population)),
        }
        profile = np.mean([stats.gamma(2.0, scale=s).sf(taus) for s in scale], axis=0)
        found = []
        for _ in range(FEW // 2):
            x = rng.gamma(2.0, size=(runs, environments)) * scale
            cis = [suite_interval(x, name, rng=rng, resamples=500) for name in truth]
            band = suite_profile(x, taus, rng=rng, resamples=500)
            inside = [ci.low <= t <= ci.high for ci, t in zip(cis, truth.values(), strict=True)]
            found.append([*inside, bool(((band.low <= profile) & (profile <= band.high)).all())])
        rows.append([f"{runs} runs x {environments}", *np.mean(found, axis=0)])
    table("Suites", ["suite", "mean", "median of means", "interquartile mean", "profile band"], rows)


def sequences():
    """Print how often a comparison of equals is ever decided."""
    rng, rows = np.random.default_rng(0), []
    for name, draw in (
        ("uniform", lambda: rng.random(1000)),
        ("one in twenty a disaster", lambda: (rng.random(1000) > 0.05).astype(float)),
    ):
        wrong = [sequential_comparison(draw(), draw(), (0.0, 1.0)).decided_at is not None for _ in range(400)]
        rows.append([name, float(np.mean(wrong))])
    table("Equals told apart within 1000 looks, at an error of 5 %", ["returns", "rate"], rows)


def kinds(name, plans, scale, to_page):
    """Print coverage and false alarms by kind of sample and number of runs; write them into the page."""
    found = []
    for each in tables(scale, plans=plans):
        table(each.heading, ["", *each.columns], [[name, *rates] for name, rates in each.rows])
        found.append(each)
    if to_page:
        write(ROOT / "docs" / "statistics.md", found, name)


def populations():
    """Print coverage by population, method and number of runs."""
    counts = (10, 20, 50, 100, 200)
    over_populations("Means", {"skew": mean_skew, "student": mean_student}, counts)
    peers = {"percentile": mean_bootstrap("percentile"), "bca": mean_bootstrap("BCa")}
    over_populations("Means, bootstraps", peers, (20, 50))
    typical = ("normal", "exponential", "lognormal 1", "cliff, last 100 episodes", "cliff, one episode")
    over_populations("Medians", {"order": single("median")}, counts, typical)
    over_populations("Interquartile means", {"expanded": single("interquartile_mean")}, counts, typical)
    tails = {"skew": single("tail_mean"), "expanded": single("tail_mean", "expanded")}
    over_populations("Worst 5 %", tails, (20, 50, 100, 200, 400), typical)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Print the tables of docs/statistics.md.")
    parser.add_argument(
        "tables", nargs="*", default="all", choices=("all", "kinds", "silent", "sweeps"), help="which ones"
    )
    parser.add_argument("--quick", action="store_true", help="a twentieth of the replications, by kind of sample")
    parser.add_argument("--write", action="store_true", help="write the tables by kind of sample into the page")
    arguments = parser.parse_args()
    if arguments.write and arguments.quick:
        parser.error("--write takes all replications: leave out --quick")
    for name, plans in (("kinds", PLANS), ("silent", SILENT_PLANS), ("sweeps", SWEEP_PLANS)):
        if name in arguments.tables or "all" in arguments.tables:
            kinds(name, plans, 0.05 if arguments.quick else 1.0, arguments.write)
    if "all" in arguments.tables:
        for print_tables in (populations, bands, learned_bands, suites, sequences):
            print_tables()
