"""Count how often the report of a sweep of equals says that something differs, and what holds of kept summaries.

    python tests/studies/sweep_alarms.py --sweeps 400

Nothing is trained: made-up runs go through the analysis of the report, every condition with other ones of the same
kind, so that whatever it says of a difference is false: a sentence, a best set, matched settings, a plateau, a heat
map, a rank.
"""

import argparse
import math
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from fastsoftq.attainable_returns import ReturnSpan
from fastsoftq.exact_curves import ExactCurves
from fastsoftq.report.by_moments import moment_difference
from fastsoftq.report.folder import EpisodeMoments, FolderContents, ReportedAgent, Runs, Summaries
from fastsoftq.report.sections import error_rate
from fastsoftq.report.sweep.across import across_part
from fastsoftq.report.sweep.analysis import analysed
from fastsoftq.report.sweep.sentences import plateau_words, world_answers
from fastsoftq.report.sweep.swept_study import SweptStudy
from tests.statistics.populations import KINDS

SETTINGS = [(step, scale) for step in (0.2, 0.8) for scale in (1.0, 5.0, 20.0)]
TABLES = {"hard": ("q_learning", "epsilon"), "soft": ("soft_q_learning", "reward_scale")}
MEASURES = ("last:100", "area")
EPISODES = 3

#: Words of a report that say that something differs.
DIFFERS = ("beats", "is told to be", "cannot be told from the best", "is told to be ahead")


def sweep_of_equals(kind, runs, worlds, rng, ahead=0.0):
    """The contents of a folder of 2 algorithms x 6 settings in some worlds, alike but for how far soft is ahead."""
    draw, std = KINDS[kind][0].draw, KINDS[kind][1]
    columns = {name: [] for name in ("environment", "agent", "algorithm", "step_size", "epsilon", "reward_scale")}
    agents, seeds = [], np.arange(runs, dtype=np.uint64)
    for world in range(worlds):
        luck = std * rng.normal(size=(runs, 1))  # what runs of a seed have in common
        for table, (algorithm, parameter) in TABLES.items():
            for step, scale in SETTINGS:
                returns = draw(rng, (runs, 1)) + luck + 0.01 * std * rng.normal(size=(runs, EPISODES))
                returns += ahead * std * (table == "soft")
                found = Runs(returns, np.ones((runs, EPISODES), np.int32), np.zeros((runs, EPISODES), bool), seeds)
                name = f"w{world}/{table}[{step},{scale}]"
                label = f"{table}, {step:g}, {scale:g}"
                agents.append(ReportedAgent(name, label, "#0064a0", {}, lambda found=found: found, f"w{world}"))
                row = {"environment": f"w{world}", "agent": table, "algorithm": algorithm, "step_size": step}
                row |= {"epsilon": None, "reward_scale": None, parameter: scale}
                for column, value in row.items():
                    columns[column].append(value)
    mean = KINDS[kind][0].mean
    exact = ExactCurves(np.full(EPISODES, mean), np.ones(EPISODES), mean + 10.0 * std, mean - 10.0 * std)
    coordinates = {name: tuple(values) for name, values in columns.items()}
    span = ReturnSpan(mean + 10.0 * std, mean - 10.0 * std)
    swept = ("step_size", "epsilon", "reward_scale")
    sweep = SweptStudy(coordinates, swept, lambda place: exact, MEASURES, span=lambda place: span)
    run = {"episodes": EPISODES, "seeds": runs}
    return FolderContents(Path(), "equals", "Equals", run, agents=agents, sweep=sweep)


def said_of(contents):
    """What of a report of equals says that they differ, and its sentences that do."""
    found = analysed(contents, error_rate(contents))
    main, told = found.measures[0], []
    said = dict.fromkeys(("comparison", "best set", "matched", "plateau", "heat map", "rank"), False)
    for world in found.worlds:
        told += world_answers(world, found)
        lines = [(line, name) for name, each in world.lines.items() for line in each]
        told += [plateau_words(line, name, main) for line, name in lines]
        said["comparison"] |= any(one.sign for each in world.comparisons for one in each)
        said["best set"] |= len(world.best) < len(world.conditions)
        said["matched"] |= any(one.comparison.sign for one in world.matched)
        said["plateau"] |= any(len(line.plateau) < len(line.values) for line, _ in lines)
        said["heat map"] |= any(len(plane.best) < np.isfinite(plane.means).sum() for plane in world.planes)
    if len(found.worlds) > 1:
        across = across_part(found, dict.fromkeys(TABLES, "#0064a0"))
        assert not isinstance(across, str)
        told += across.answers
        ranks = [row[3] for row in across.comparisons.rows]
        said["rank"] = any(rank != f"1 to {len(ranks)}" for rank in ranks)
    return said, [words for words in told if any(saying in words for saying in DIFFERS)]


def alarms(kind, runs, worlds, seed):
    """Of one sweep of equals: which parts of its report say that something differs, and whether any sentence does."""
    said, sentences = said_of(sweep_of_equals(kind, runs, worlds, np.random.default_rng(seed)))
    return [*said.values(), bool(sentences), bool(sentences) or any(said.values())]


def summarised(returns):
    """Runs [runs, episodes] as an agent of which summaries are kept."""
    runs = len(returns)
    error = returns.std(axis=0, ddof=1) / math.sqrt(runs)
    moments = EpisodeMoments(runs, returns.mean(axis=0), error, np.zeros((5, returns.shape[1])))
    return ReportedAgent("a", "a", "#0064a0", {}, None, summaries=lambda: Summaries(moments, moments))


def by_moments(kind, runs, memory, seed):
    """Of equals compared by moments: whether they differ at the end, and anywhere on the band; 5 % each."""
    rng, (population, std) = np.random.default_rng(seed), KINDS[kind]
    sides = []
    for _ in range(2):
        level = population.draw(rng, (runs, 1)) if memory else 0.0  # runs that stay as good as they are
        sides.append(level + (0.1 * std * rng.normal(size=(runs, 40)) if memory else population.draw(rng, (runs, 40))))
    found = moment_difference(*map(summarised, sides), "a")
    return [found.sign != 0, bool((np.abs(found.center) > found.halves).any())]


def share(hits, of):
    """A share in per cent with its simulation error."""
    p = hits / of
    return f"{100 * p:.1f} ± {100 * math.sqrt(max(p * (1 - p), 1 / of) / of):.1f}"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sweeps", type=int, default=200)
    parser.add_argument("--kinds", nargs="*", default=["normal", "mixture, 90:10", "cliff, one episode"])
    of = parser.parse_args().sweeps
    kinds = parser.parse_args().kinds
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        print("| runs | worlds | comparison | best set | matched | plateau | heat map | rank | sentence | anything |")
        print("| --- " * 10 + "|")
        for kind in kinds:
            for runs, worlds in ((12, 1), (30, 1), (100, 1), (30, 2)):
                sweeps = of if worlds > 1 else 5 * of  # ranks take most of the time
                found = np.array(list(pool.map(partial(alarms, kind, runs, worlds), range(sweeps), chunksize=4)))
                cells = " | ".join(share(hits, sweeps) for hits in found.sum(axis=0))
                print(f"| {kind}, {runs} | {worlds} | {cells} |", flush=True)
        print("\n| summaries of | runs | the end differs | the band leaves out 0 |")
        print("| --- " * 4 + "|")
        for kind in KINDS:
            for memory in (False, True):
                for runs in (10, 30, 100):
                    found = np.array(
                        list(pool.map(partial(by_moments, kind, runs, memory), range(10 * of), chunksize=50))
                    )
                    cells = " | ".join(share(hits, 10 * of) for hits in found.sum(axis=0))
                    kept = "runs that stay alike" if memory else "independent episodes"
                    print(f"| {kind}, {kept} | {runs} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
