"""How the speed of `train` depends on seeds, states, actions and threads: `python -m benchmarks.scaling`.

Writes the numbers to scaling.csv beside this file, and docs/figures/scaling.svg and .png. With `--redraw` it measures
nothing, and draws the figure from the numbers that are there.
"""

from __future__ import annotations

import csv
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.figure import Figure

import fastsoftq as fsq
from fastsoftq.figures.colours import GREY, agent_colour
from fastsoftq.figures.style import STYLE, save

ROOT = Path(__file__).parents[2]
NUMBERS = Path(__file__).with_name("scaling.csv")
AGENTS = {
    "hard": fsq.QLearning(0.8, 0.95, fsq.LinearDecay(0.9, 0.1, 0.001)),
    "soft, k = 10": fsq.SoftQLearning(0.8, 0.95, reward_scale=10.0),
}
MAX_STEPS, ROUNDS, STEPS_A_ROUND = 500, 5, 4e7


class Point(NamedTuple):
    """One measurement: million steps a second, the median of the rounds."""

    panel: str
    agent: str
    x: float
    speed: float


def speed(mdp: fsq.TabularMDP, agent: Any, seeds: int, threads: int, clock: Callable[[], float]) -> float:
    """Million steps a second, the median of some rounds of about STEPS_A_ROUND steps."""
    episodes = 20
    for _ in range(2):  # the first compiles; the second knows that episodes get shorter
        probe = fsq.train(mdp, agent, seeds, episodes, MAX_STEPS, threads=threads)
        episodes = max(20, int(episodes * STEPS_A_ROUND / max(probe.steps, 1)))
        episodes = min(episodes, 20_000_000 // seeds)
    rates = []
    for _ in range(ROUNDS):
        start = clock()
        steps = fsq.train(mdp, agent, seeds, episodes, MAX_STEPS, threads=threads).steps
        rates.append(steps / (clock() - start) / 1e6)
    return statistics.median(rates)


def side_by_side(mdp: fsq.TabularMDP, agent: Any) -> Iterator[tuple[int, float]]:
    """The same runs on each number of threads in turn: million steps a second by the clock, medians of the rounds."""
    rates: dict[int, list[float]] = {threads: [] for threads in range(1, (os.cpu_count() or 1) + 1)}
    for _ in range(2 * ROUNDS + 1):
        for threads, kept in rates.items():
            start = time.perf_counter()
            steps = fsq.train(mdp, agent, 2048, 1000, MAX_STEPS, threads=threads).steps
            kept.append(steps / (time.perf_counter() - start) / 1e6)
    return ((threads, statistics.median(kept[1:])) for threads, kept in rates.items())


def random_mdp(n_states: int, n_actions: int) -> fsq.TabularMDP:
    """Every action leads somewhere at random, at a cost; one transition in fifty ends the episode."""
    rng = np.random.default_rng(0)
    shape = (n_states, n_actions)
    return fsq.TabularMDP(rng.integers(0, n_states, shape), -np.ones(shape), rng.random(shape) < 0.02)


def measurements() -> Iterator[Point]:
    """All points; with one thread in processor time, so that other work on the machine counts less."""
    cliff = fsq.cliff_walking()
    for name, agent in AGENTS.items():
        for seeds in (1, 2, 4, 8, 16, 32, 64, 128, 256, 1024, 4096):
            yield Point("seeds", name, seeds, speed(cliff, agent, seeds, 1, time.process_time))
        for size in (5, 9, 15, 21, 31, 45, 63, 91, 127, 181):
            room = fsq.multi_goal(size)
            yield Point("states", name, room.n_states, speed(room, agent, 256, 1, time.process_time))
        for actions in (2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16):
            yield Point("actions", name, actions, speed(random_mdp(48, actions), agent, 256, 1, time.process_time))
        yield from (Point("threads", name, threads, fast) for threads, fast in side_by_side(cliff, agent))


def drawn(points: list[Point]) -> Figure:
    """Four panels, each with the limit that explains its shape."""
    note: dict[str, Any] = {"xycoords": ("data", "axes fraction"), "color": GREY, "va": "bottom"}
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(10, 6.8), layout="constrained")
        figure.suptitle("Speed of train", x=0.01, ha="left", fontsize=13, fontweight="bold")
        figure.supylabel("million learning steps a second", fontsize=11)
        panels = ("seeds", "states", "actions", "threads")
        for panel, axes in zip(panels, figure.subplots(2, 2).flat, strict=True):
            for name, agent in AGENTS.items():
                x, y = zip(*((p.x, p.speed) for p in points if (p.panel, p.agent) == (panel, name)), strict=True)
                axes.plot(x, y, "o-", color=agent_colour(agent), label=name, markersize=4)
                if panel == "threads":
                    axes.plot(x, [n * y[0] for n in x], ":", color=GREY)
            axes.set_xlabel(panel)
            axes.set_ylim(bottom=0)
            if panel in ("seeds", "states"):
                axes.set_xscale("log", base=2 if panel == "seeds" else 10)
                axes.xaxis.set_major_formatter("{x:,.0f}")
        seeds, states, actions, threads = figure.axes
        seeds.axvline(64, ls=":", color=GREY)
        seeds.annotate(" 64 lanes full", (64, 0.03), **note)
        states.axvline(2**20 / (64 * 4 * 8), ls=":", color=GREY)
        states.annotate(" tables of 64 lanes fill 1 MB", (512, 0.03), **note)  # below all that is measured
        for width in (4, 8, 12):
            actions.axvline(width + 0.5, ls=":", color=GREY)
            actions.annotate(f" rows of {width + 4}", (width + 0.5, 0.93), **note)
        actions.annotate("rows of 4 ", (4.5, 0.93), ha="right", **note)
        actions.set_ylim(top=1.12 * max(p.speed for p in points if p.panel == "actions"))
        threads.set_xticks(sorted({int(p.x) for p in points if p.panel == "threads"}))
        threads.annotate("dotted: n times one thread", (0.05, 0.9), xycoords="axes fraction", color=GREY)
        seeds.legend(loc="upper left")
    return figure


def measured() -> list[Point]:
    """Measure all points, and write them down."""
    points = []
    for point in measurements():
        print(f"{point.agent:14s}{point.panel:8s}{point.x:9g}{point.speed:9.1f}", flush=True)
        points.append(point)
    with NUMBERS.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["panel", "agent", "x", "million_steps_a_second"])
        writer.writerows((p.panel, p.agent, f"{p.x:g}", f"{p.speed:.1f}") for p in points)
    return points


def kept() -> list[Point]:
    """The points that were written down."""
    with NUMBERS.open(newline="") as file:
        _, *rows = csv.reader(file)
    return [Point(panel, agent, float(x), float(speed)) for panel, agent, x, speed in rows]


def main() -> None:
    """Measure, unless told to redraw only, and write the figure."""
    figure = drawn(kept() if "--redraw" in sys.argv[1:] else measured())
    for kind in ("svg", "png"):
        with (ROOT / "docs" / "figures" / f"scaling.{kind}").open("wb") as file:
            save(figure, file, kind)


if __name__ == "__main__":
    main()
