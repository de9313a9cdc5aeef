"""The cells of a notebook that finds the numbers of a sweep again of which only summaries are kept."""

from __future__ import annotations

__all__ = ["SUMMARY_STEPS"]

#: What each cell does, and its code.
SUMMARY_STEPS = (
    (
        "Each condition by each measure: its mean over runs, the most that its standard error can be, and skewness.",
        """
from types import SimpleNamespace

import numpy as np
from fastsoftq.measures import measure
from fastsoftq.report.mean_errors import MeanError
from fastsoftq.studies import open_results

results = open_results(folder)
columns = results.coordinates
kinds = [measure(name, results.axis) for name in measures]
n = len(conditions)
exact = [results.exact(name) for name in conditions]

def reduced(kind, returns, lengths, optimum=0.0):
    # The measure is linear in the curves: of mean curves it is its mean over runs.
    seeds, never = np.zeros(1, np.uint64), np.zeros((1, len(returns)), bool)
    curves = SimpleNamespace(returns=returns[None], lengths=lengths[None], truncated=never, seeds=seeds)
    return kind.values(curves, SimpleNamespace(optimum=optimum, returns=returns)).values[0]

def spread(summary):
    # Runs that all agree do not spread, whatever the rounding of their sum.
    return np.where(summary.quantiles[0] == summary.quantiles[-1], 0.0, summary.standard_error)

def known(i, kind):
    found = [*results.summaries(conditions[i]).values()]
    mean = reduced(kind, *(one.mean for one in found), 0.0 if exact[i] is None else exact[i].optimum)
    error = abs(reduced(kind, *map(spread, found)))
    cubes = reduced(kind, *(spread(one) * one.skewness for one in found))
    return mean, error, cubes / error if error > 0 else 0.0, found[0].runs

measured = [[known(i, kind) for kind in kinds] for i in range(n)]
""",
    ),
    (
        "The main table: each condition by each measure.",
        """
estimates = []
for i in range(n):
    row = []
    for mean, *rest in measured[i]:
        low, high = MeanError(*map(np.asarray, (mean, *rest))).ends(described)
        row.append((float(mean), float(low), float(high)))
    estimates.append(row)
    print(worlds[i], "|", labels[i], "|", *(f"{e:.4g} [{low:.4g}, {high:.4g}]" for e, low, high in row))
""",
    ),
    (
        "Which cannot be told from the best: those that no other is told to be better than.",
        """
def among(places, k):
    # Some conditions by a measure, more being better.
    sense = 1.0 if kinds[k].higher_is_better else -1.0
    mean, error, skewness, runs = np.array([measured[i][k] for i in places]).T
    return MeanError(sense * mean, error, sense * skewness, runs)

def pairs(ours, theirs, k, error):
    # Each of ours less each of theirs: ends, of which each is wrong with the chance `error`, p-values and differences.
    a, b = MeanError(*(part[:, None] for part in among(ours, k))), among(theirs, k)
    return *a.less(b, 2 * error), a.p_value(b) / 2, a.mean - b.mean

def among_best(places):
    if len(places) == 1:
        return set(places)
    low = pairs(places, places, 0, decided / (len(places) - 1))[0]
    return {place for place, beaten in zip(places, (low > 0).any(axis=0)) if not beaten}

best = {world: among_best([i for i in range(n) if worlds[i] == world]) for world in dict.fromkeys(worlds)}
for world, members in best.items():
    print(world, "|", "; ".join(labels[i] for i in sorted(members)))
""",
    ),
    (
        "Each algorithm at its best, whichever setting that is, beside the reference at its best.",
        """
from fastsoftq.measures.choosing import reference_among

def best_of(places):
    sense = 1.0 if kinds[0].higher_is_better else -1.0
    return max(places, key=lambda i: sense * measured[i][0][0])

chosen = {}
for key in dict.fromkeys(zip(worlds, tables)):
    chosen[key] = best_of([i for i in range(n) if (worlds[i], tables[i]) == key])

def names_of_table(i):
    return {tables[i], str(columns["agent"][i]), str(columns["algorithm"][i])}

def names_of_condition(i):
    return {conditions[i], labels[i], f"{labels[i]} in {worlds[i]}", conditions[i].removeprefix(f"{worlds[i]}/")}

def references(world):
    # The settings that others are compared with: those of an algorithm, or the one that is named.
    places = [i for i in range(n) if worlds[i] == world]
    named = [tables[i] for i in places if against in names_of_table(i)]
    single = [i for i in places if against in names_of_condition(i)]
    if single and not named:
        return single[:1]
    for among in (range(n), places):
        wanted = reference_among({columns["agent"][i]: columns["algorithm"][i] for i in among})
        named = named or [tables[i] for i in places if columns["agent"][i] == wanted]
    return [i for i in places if tables[i] == named[0]]

def compared(ours, theirs, k=0):
    i, j = best_of(ours), best_of(theirs)
    share = len(ours) + len(theirs)
    if k:  # what was chosen by another measure may be any two
        share, ours, theirs = 2 * len(ours) * len(theirs), [i], [j]
    low, high, p, more = pairs(ours, theirs, k, decided / share)
    p_more, p_less = np.where(more > 0, p, 1.0), np.where(more < 0, p, 1.0)
    p_value = min(1.0, share * min(p_more.max(axis=1).min(), p_less.max(axis=0).min()))
    sense = 1.0 if kinds[k].higher_is_better else -1.0
    ends = sorted((sense * float(low.min(axis=1).max()), sense * float(high.max(axis=0).min())))
    return measured[i][k][0] - measured[j][k][0], *ends, float(p_value)

differences = {}
for (world, table), i in chosen.items():
    theirs = references(world)
    if i != best_of(theirs):
        ours = [i for i in range(n) if (worlds[i], tables[i]) == (world, table)]
        differences[world, table] = [compared(ours, theirs, k) for k in range(len(kinds))]
        for kind, (difference, low, high, p) in zip(kinds, differences[world, table]):
            said = f"{difference:.4g} [{low:.4g}, {high:.4g}], p = {min(1, p * 0.05 / decided):.2g}"
            print(world, "|", labels[i], "less", labels[best_of(theirs)], "|", kind.title, said)
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
    members = among_best(own)
    for size in (1, 2):
        for names in combinations(parameters[table], size):
            for key, places in groups(own, *names).items():
                values, i, inside = tuple(value for _, value in key), best_of(places), bool(members & set(places))
                if size == 1:
                    sensitivity[world, table, names[0], values[0]] = estimates[i][0], inside
                    print(world, table, names[0], values[0], "%.4g [%.4g, %.4g]" % estimates[i][0])
                else:
                    cells[world, table, names, values] = measured[i][0][0], inside
    other = tables[references(world)[0]]
    shared = [p for p in parameters[table] if p in parameters[other] and table != other]
    for value in dict.fromkeys(columns[shared[0]][i] for i in own) if shared else ():
        theirs = [i for i in range(n) if (worlds[i], tables[i]) == (world, other)]
        sides = [[i for i in side if columns[shared[0]][i] == value] for side in (own, theirs)]
        if all(sides):
            matched[world, table, value] = compared(*sides)
""",
    ),
    (
        "Learning curves of the chosen, block by block, with the band of the report.",
        """
from fastsoftq.figures.columns import Columns

curves = {}
for key, i in chosen.items():
    one = results.summary(conditions[i])
    along = Columns(len(one.mean), results.condition(conditions[i]).grid)
    mean, error, cubes = map(along.means, (one.mean, spread(one), spread(one) * one.skewness))
    skewness = np.divide(cubes, error, out=np.zeros_like(error), where=error > 0)
    low, high = MeanError(mean, error, skewness, np.asarray(one.runs)).ends(described / len(mean))
    curves[key] = mean, low, high
    print(*key, "|", f"last block {mean[-1]:.4g} [{low[-1]:.4g}, {high[-1]:.4g}]")
""",
    ),
)
