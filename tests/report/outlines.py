"""A made-up outline of a sweep: two worlds, three algorithms, and all that a page can show of them."""

import numpy as np

from fastsoftq.figures.colours import dashes
from fastsoftq.figures.interval_chart import IntervalRow, shown_rows
from fastsoftq.figures.sensitivity import Series
from fastsoftq.report.findings import Table
from fastsoftq.report.outline import Group, Part, Section
from fastsoftq.report.sweep_drawings import heat_drawing, interval_drawing, sensitivity_drawing

COLOURS = {"hard": "#d55e00", "soft": "#0064a0", "expected SARSA": "#8a3f6b"}
STEPS = np.array([0.05, 0.1, 0.2, 0.5, 0.8])
WHAT = "mean return over the last 100 episodes"
READ = "Lines are means, each algorithm at the best of its other hyperparameters; bands are intervals."


def sweep(scales=10, worlds=("cliff", "windy cliff")):
    """A section of `15 * scales` conditions for each world."""
    parts = [_part(world, 10.0 * i, np.round(np.geomspace(1.0, 30.0, scales), 2)) for i, world in enumerate(worlds)]
    return Section(
        "a sweep",
        "Which hyperparameters, which algorithm?",
        ["Choosing on the same seeds flatters the best by 0.4 [0.1, 0.7]."],
        parts,
        facts=[("seeds", "200"), ("episodes", "500")],
        settings=Table(["agent", "discount"], [["hard", "0.95"]], title="Settings"),
        command="fastsoftq run sweep.toml --out sweep",
        picture=parts[0].groups[0].drawings[0]._replace(title="Return over the step size"),
        studied=[("worlds", " and ".join(worlds)), ("agents", "hard, soft and expected SARSA")],
    )


def _part(world, less, scales):
    rows, table, series = [], [], []
    for (agent, colour), dash in zip(COLOURS.items(), dashes(list(COLOURS.values())), strict=True):
        worse = 6.0 * list(COLOURS).index(agent)
        means = -20.0 - less - worse - 60.0 * np.log10(STEPS / 0.4) ** 2 - 8.0 * np.abs(np.log10(scales / 7.0))[:, None]
        best = np.unravel_index(int(means.argmax()), means.shape)
        for (iy, ix), mean in np.ndenumerate(means):
            label, near = f"{agent}, k = {scales[iy]:g}, α = {STEPS[ix]:g}", bool(mean > means[best] - 2.0)
            rows.append(IntervalRow(label, colour, mean, mean - 1.0, mean + 1.0, mean + 3.0, near, agent))
            values = f"{mean:.1f} [{mean - 1.0:.1f}, {mean + 1.0:.1f}]".replace("-", "−")
            table.append([label, agent, f"{STEPS[ix]:g}", f"{scales[iy]:g}", values, "yes" if near else "no"])
        line = means.max(axis=0)
        series.append(Series(agent, colour, dash, STEPS, line, line - 2.0, line + 2.0, int(best[1]), line + 3.0))
    shown, left_out = shown_rows(rows)
    cells = (
        means,
        STEPS.tolist(),
        scales.tolist(),
        "step size α",
        "reward scale k",
        WHAT,
        {(int(best[0]), int(best[1]))},
    )
    header = ["condition", "algorithm", "α", "k", "mean return", "cannot be told from the best"]
    return Part(
        world,
        [f"{world}: soft, k = 7, α = 0.5 beats hard by 9 [7, 11] an episode."],
        "",
        Table(header, table, "Intervals hold for all rows at once.", f"All conditions of {world}",
              sortable=True, filters=["algorithm", "α", "cannot be told from the best"]),
        [
            Group("Sensitivity", READ, [sensitivity_drawing("Step size", series, "step size α", WHAT)]),
            Group("Pairs of hyperparameters", "The darker the better.", [heat_drawing("expected SARSA", *cells)]),
            Group("All conditions", f"Rings cannot be told from the best. {left_out}",
                  [interval_drawing("Conditions", shown, WHAT)], folded=True),
        ],
    )  # fmt: skip
