"""A notebook that finds a sweep's numbers again, from the folder, with nothing but what anybody can import."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from fastsoftq.report.decision import ErrorRate
from fastsoftq.report.folder import FolderContents
from fastsoftq.report.sweep.analysis import measures_of
from fastsoftq.report.sweep.summary_notebook import SUMMARY_STEPS

__all__ = ["notebook_text"]


def notebook_text(contents: FolderContents, rate: ErrorRate) -> str:
    """Write the notebook of a sweep.

    Parameters
    ----------
    contents : FolderContents
        With a sweep.
    rate : ErrorRate
        Of the whole report.

    Returns
    -------
    str
        JSON of nbformat 4.5. Its cells leave what they find in `estimates`, `best`, `chosen`, `differences`,
        `sensitivity`, `cells`, `matched`, `curves` and `scores`, and print it; of summaries there are no `scores`.
    """
    assert contents.sweep is not None
    sweep, agents = contents.sweep, contents.agents or contents.summarised
    measures = measures_of(sweep.measures, contents.n_columns, sweep.axis)
    given = {
        "folder": str(contents.folder.resolve()),
        "measures": [each.name for each in measures],
        "against": sweep.against,
        "select": sweep.select,
        "described": rate.of_description,
        "decided": rate.of_comparison,
        "conditions": [agent.name for agent in agents],
        "labels": [agent.label for agent in agents],
        "worlds": [agent.world for agent in agents],
        "tables": sweep.tables,
        "parameters": {table: sweep.parameters(table) for table in dict.fromkeys(sweep.tables)},
    }
    cells = [_words(f"# {contents.heading}\n\nThe numbers of its report, found again from the folder.")]
    settings = "\n".join(f"{name} = {value!r}" for name, value in given.items())
    cells += [_words("What the report was asked, and how seldom each statement may be wrong."), _code(settings)]
    for words, code in SUMMARY_STEPS if contents.summarised else _STEPS:
        cells += [_words(words), _code(code)]
    return json.dumps(_notebook(cells), indent=1, ensure_ascii=False) + "\n"


def _notebook(cells: Sequence[dict[str, Any]]) -> dict[str, Any]:
    numbered = [{**cell, "id": f"cell-{place}"} for place, cell in enumerate(cells)]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {
        "cells": numbered,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _words(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": text.splitlines(keepends=True)}


def _code(text: str) -> dict[str, Any]:
    lines = text.strip("\n").splitlines(keepends=True)
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": lines}


_STEPS = (
    (
        "Every run as a number by each measure; times in a world are cut at the horizon that all of its runs have.",
        """
import numpy as np
from fastsoftq.measures import common_horizon, measure
from fastsoftq.statistics import best_set, confidence_band, suite_interval
from fastsoftq.studies import open_results

results = open_results(folder)
columns = results.coordinates
kinds = [measure(name, results.axis) for name in measures]
n = len(conditions)
exact = [results.exact(name) for name in conditions]
span = [results.return_span(name) for name in conditions]

def values(kind, curves, i):
    answer = exact[i] if kind.needs_exact else span[i]
    return None if kind.needs_planning and answer is None else kind.values(curves, answer)

measured, bounds = [], []
for i, name in enumerate(conditions):
    runs = min(results.condition(name).seeds or 10_000, 10_000)
    curves = results.curves(name, runs)
    measured.append([values(kind, curves, i) for kind in kinds])
    bounds.append([kind.bounds(results.episode_bounds(name), curves.returns.shape[1], span[i]) for kind in kinds])

def bounds_of_all(places, k=0):
    horizon = common_horizon(measured[i][k] for i in places)
    known = [(0, horizon) if horizon else bounds[i][k] for i in places]
    return None if None in known else (min(low for low, _ in known), max(high for _, high in known))

for world in dict.fromkeys(worlds):
    for j in range(len(kinds)):
        places = [i for i in range(n) if worlds[i] == world and measured[i][j] is not None]
        horizon = common_horizon(measured[i][j] for i in places)
        for i in places:
            measured[i][j] = measured[i][j].restricted(horizon)
""",
    ),
    (
        "The main table: each condition by each measure.",
        """
estimates = [
    [
        None if kind.comparison_only or found is None else kind.estimate(found, level=1 - described, bounds=own)
        for kind, found, own in zip(kinds, *rows)
    ]
    for rows in zip(measured, bounds)
]
for i in range(n):
    said = [f"{e.estimate:.4g} [{e.low:.4g}, {e.high:.4g}]" for e in estimates[i] if e is not None]
    print(worlds[i], "|", labels[i], "|", *said)
""",
    ),
    (
        "Which cannot be told from the best, in each world.",
        """
main = kinds[0]
sense = 1.0 if main.higher_is_better else -1.0

def among_best(places, rows=slice(None)):
    if not main.is_mean:
        return set()
    if len(places) == 1:
        return set(places)
    found = [measured[i][0].part(rows) for i in places]
    shared = found[0].seeds
    for one in found[1:]:
        shared = np.intersect1d(shared, one.seeds)
    samples = [sense * one.values for one in found]
    if len(shared) > 1:
        samples = [s[np.intersect1d(one.seeds, shared, return_indices=True)[1]] for s, one in zip(samples, found)]
    ends = bounds_of_all(places)
    ends = ends and tuple(sorted(sense * end for end in ends))
    members = best_set(samples, level=1 - decided, paired=len(shared) > 1, bounds=ends).members
    return {place for place, member in zip(places, members) if member}

best = {world: among_best([i for i in range(n) if worlds[i] == world]) for world in dict.fromkeys(worlds)}
for world, members in best.items():
    print(world, "|", "; ".join(labels[i] for i in sorted(members)))
""",
    ),
    (
        "Each algorithm at its best: chosen on some seeds, and worth on the others.",
        """
from fastsoftq.measures import best_of as best_by

runs, most = [len(row[0].values) for row in measured], {}
for key, own in zip(zip(worlds, tables), runs):
    most[key] = max(most.get(key, 0), own)
choice = len(most) < n
if choice and select and select[0] + 2 <= min(most.values()):
    tune = select[0]
else:
    tune = min(runs) // 3 if choice and min(runs) >= 6 else 0
choosing = slice(tune) if tune else slice(None)
testing = slice(tune, None) if tune else slice(None)

def score(i, rows):
    found = measured[i][0].part(rows)
    return sense * main.point_estimate(found)

def best_of(places):
    return places[best_by(main, [measured[i][0] for i in places], choosing.stop).place]

def rows_of(places):
    return testing if all(len(measured[i][0].values) >= tune + 2 for i in places) else slice(None)

chosen, worth, seemed = {}, {}, {}
for key in dict.fromkeys(zip(worlds, tables)):
    i = chosen[key] = best_of([i for i in range(n) if (worlds[i], tables[i]) == key])
    seemed[key] = sense * score(i, choosing)
    worth[key] = main.estimate(measured[i][0].part(testing), level=1 - described, bounds=bounds[i][0])
    e = worth[key]
    print(*key, "|", labels[i], "|", f"{e.estimate:.4g} [{e.low:.4g}, {e.high:.4g}], seemed {seemed[key]:.4g}")
""",
    ),
    (
        "Each beside the reference. An interval holds 0 wherever the permutation test does not tell the two apart.",
        """
from fastsoftq.report.decision import decided as decide
from fastsoftq.measures.choosing import reference_among

def names_of_table(i):
    return {tables[i], str(columns["agent"][i]), str(columns["algorithm"][i])}

def names_of_condition(i):
    return {conditions[i], labels[i], f"{labels[i]} in {worlds[i]}", conditions[i].removeprefix(f"{worlds[i]}/")}

def reference_in(world):
    places = [i for i in range(n) if worlds[i] == world]
    for i in places:
        if against in names_of_table(i):
            return chosen[world, tables[i]]
    for i in places:
        if against in names_of_condition(i):
            return i
    for among in (range(n), places):
        wanted = reference_among({columns["agent"][i]: columns["algorithm"][i] for i in among})
        for i in places:
            if columns["agent"][i] == wanted:
                return chosen[world, tables[i]]

def compared(i, j, k=0, rows=slice(None)):
    if measured[i][k] is None or measured[j][k] is None:
        return None
    a, b = measured[i][k].part(rows), measured[j][k].part(rows)
    common, rows_a, rows_b = np.intersect1d(a.seeds, b.seeds, return_indices=True)
    paired = len(common) > 1
    if paired:
        a, b = a.part(rows_a), b.part(rows_b)
    if not kinds[k].is_mean:
        return kinds[k].compare(a, b, paired, level=1 - decided, bounds=bounds_of_all([i, j], k))
    return decide(a.values, b.values, paired, decided, bounds_of_all([i, j], k))

differences = {}
for (world, table), i in chosen.items():
    reference = reference_in(world)
    if i != reference:
        differences[world, table] = [compared(i, reference, k, testing) for k in range(len(kinds))]
        for kind, c in zip(kinds, differences[world, table]):
            if c is None:
                continue
            said = f"{c.difference:.4g} [{c.low:.4g}, {c.high:.4g}], p = {min(1, c.p_value * 0.05 / decided):.2g}"
            print(world, "|", labels[i], "less", labels[reference], "|", kind.title, said)
""",
    ),
    (
        "Sensitivity: over each parameter, and over each two, the others at their best; and matched settings.",
        """
from itertools import combinations

def groups(places, *names):
    found = {}
    for i in places:
        found.setdefault(tuple((isinstance(columns[c][i], bool), columns[c][i]) for c in names), []).append(i)
    return found

sensitivity, cells, matched = {}, {}, {}
for world, table in chosen:
    own = [i for i in range(n) if (worlds[i], tables[i]) == (world, table)]
    for size in (1, 2):
        for names in combinations(parameters[table], size):
            found = groups(own, *names)
            picked = {key: best_of(places) for key, places in found.items()}
            others = any(len(places) > 1 for places in found.values())
            judged = own if size == 1 else list(picked.values())
            rows = rows_of(judged) if others else slice(None)
            if size == 1 and len(found) < 2:
                continue
            plateau = among_best(list(picked.values()), rows)
            for key, i in picked.items():
                values = tuple(value for _, value in key)
                one = measured[i][0].part(rows)
                if size == 1:
                    e = main.estimate(one, level=1 - described, bounds=bounds[i][0])
                    sensitivity[world, table, names[0], values[0]] = e, i in plateau
                    print(world, table, names[0], values[0], f"{e.estimate:.4g} [{e.low:.4g}, {e.high:.4g}]")
                else:
                    mean = main.point_estimate(one)
                    cells[world, table, names, values] = mean, i in plateau
    reference = reference_in(world)
    shared = [p for p in parameters[table] if p in parameters[tables[reference]] and table != tables[reference]]
    for value in dict.fromkeys(columns[shared[0]][i] for i in own) if shared else ():
        theirs = [i for i in range(n) if (worlds[i], tables[i]) == (world, tables[reference])]
        sides = [[i for i in side if columns[shared[0]][i] == value] for side in (own, theirs)]
        if all(sides):
            i, j = map(best_of, sides)
            matched[world, table, value] = compared(i, j, 0, rows_of([i, j]))
""",
    ),
    (
        "Learning curves of the chosen, block by block, with the band of the report.",
        """
from fastsoftq.figures.columns import columns_of
from fastsoftq.statistics.resampling import resamples_for

curves = {}
for key, i in chosen.items():
    own = results.curves(conditions[i], min(results.condition(conditions[i]).seeds or 10_000, 10_000))
    blocks = columns_of(own).means(own.returns)
    ends = measure("last", results.axis).bounds(results.episode_bounds(conditions[i]), own.returns.shape[1])
    curves[key] = confidence_band(blocks, 1 - described, resamples=resamples_for(described), bounds=ends)
    print(*key, "|", f"last block {curves[key].center[-1]:.4g} [{curves[key].low[-1]:.4g}, {curves[key].high[-1]:.4g}]")
""",
    ),
    (
        "Across worlds: scores with 0 for the random policy and 1 for the exact optimum, where that is known.",
        """
import math

scores = {}
names = list(dict.fromkeys(worlds))
everywhere = [t for t in dict.fromkeys(tables) if all((world, t) in chosen for world in names)]
known = all(span[i] is not None and span[i].optimum > span[i].random for i in chosen.values())
changes = known and any(span[i].of_run for i in chosen.values())  # what there is to earn, in the course of a run
if len(names) > 1 and known and main.name.partition(":")[0] in (("area",) if changes else ("last", "area")):
    for table in everywhere:
        held = []
        for world in names:
            i = chosen[world, table]
            runs = measured[i][0].values[testing]
            held.append((runs - span[i].random) / (span[i].optimum - span[i].random))
        few = min(map(len, held))
        matrix = np.column_stack([column[:few] for column in held])
        resamples = max(resamples_for(decided), math.ceil(20 / decided))
        try:
            e = suite_interval(matrix, "interquartile_mean", level=1 - decided, resamples=resamples)
        except ValueError:
            print(table, "| so few seeds have no interval of an interquartile mean at this confidence")
            continue
        scores[table] = e
        print(table, "|", f"interquartile mean {e.estimate:.6g} [{e.low:.6g}, {e.high:.6g}]")
""",
    ),
)
