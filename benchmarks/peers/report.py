"""A measurement as a table on the terminal, a CSV file, and a bar chart."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure
from rich.table import Table

from benchmarks.peers import task
from benchmarks.peers.measure import Entry

OURS = "fastsoftq"


def table(entries: Sequence[Entry]) -> Table:
    shown = Table(title="Million environment steps a second, one core (times plain C)")
    shown.add_column("")
    for case in task.LEARNING:
        shown.add_column(case.label, justify="right")
    for label in dict.fromkeys(entry.label for entry in entries):
        cells = {_column(entry): entry for entry in entries if entry.label == label}
        shown.add_row(label, *(_cell(cells.get(case)) for case in task.LEARNING))
    return shown


def write_csv(entries: Sequence[Entry], path: Path) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(
            ["contender", "algorithm", "reward_scale", "seeds", "episodes", "rounds",
             "million_steps_per_second", "lowest", "highest", "times_plain_c"]
        )  # fmt: skip
        for entry in entries:
            speeds = (entry.speed, min(entry.speeds), max(entry.speeds))
            writer.writerow(
                [entry.label, entry.case.algorithm, f"{entry.case.reward_scale:g}", entry.seeds, entry.episodes,
                 len(entry.speeds), *(f"{speed / 1e6:.4g}" for speed in speeds), f"{entry.ratio:.4g}"]
            )  # fmt: skip


def draw(entries: Sequence[Entry]) -> Figure:
    labels = list(dict.fromkeys(entry.label for entry in entries))[::-1]
    figure = Figure(figsize=(11.0, 0.9 + 0.34 * len(labels)), layout="constrained")
    panels = figure.subplots(1, len(task.LEARNING), sharex=True, sharey=True)
    for panel, case in zip(panels, task.LEARNING, strict=True):
        for entry in entries:
            if _column(entry) != case:
                continue
            ours = entry.label.startswith(OURS)
            panel.barh(
                labels.index(entry.label),
                entry.speed / 1e6,
                color="#c2410c" if ours else "#94a3b8",
                hatch="///" if entry.case == task.RANDOM else None,
                edgecolor="white",
                height=0.75,
            )
            panel.annotate(
                times(entry.ratio),
                (entry.speed / 1e6, labels.index(entry.label)),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=9,
                fontweight="bold" if ours else "normal",
            )
        panel.set_title(case.label, fontsize=11)
        panel.set_yticks(range(len(labels)), labels)
        panel.set_xscale("log")
        panel.xaxis.set_major_formatter("{x:g}")
        panel.grid(axis="x", color="#e2e8f0", linewidth=0.8)
        panel.set_axisbelow(True)
        panel.tick_params(axis="y", length=0)
        panel.spines[["top", "right", "left"]].set_visible(False)
    fastest = max(entry.speed for entry in entries) / 1e6
    panels[0].set_xlim(0.03, fastest * 5.0)  # room for the last label
    figure.supxlabel(
        "million environment steps a second on one core, one learning update each; at the bars: times plain C",
        fontsize=10,
    )
    return figure


def _column(entry: Entry) -> task.Case:
    return task.HARD if entry.case == task.RANDOM else entry.case


def _cell(entry: Entry | None) -> str:
    return "" if entry is None else f"{entry.speed / 1e6:.3g} ({times(entry.ratio)})"


def times(ratio: float) -> str:
    if math.isnan(ratio):
        return "?"
    return (
        f"{ratio:.1f}×" if ratio >= 0.95 else f"{ratio:.2f}×" if ratio >= 0.1 else f"1/{float(f'{1 / ratio:.2g}'):.0f}"
    )
