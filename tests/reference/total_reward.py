"""Undiscounted optimal values by enumeration of all deterministic policies, in fractions: no rounding, no iteration.

Each policy has a gain (mean reward a step) and, where that is 0, a bias: the limit of its expected total, or of that
total's running mean. Some deterministic policy is the best for all discounts near 1 (Blackwell 1962; Puterman 1994,
theorem 10.1.4), so that the largest pairs of gain and bias are those of the optimum.
"""

import itertools
import math
from fractions import Fraction

import numpy as np


def solve(matrix, right):
    """Gaussian elimination in fractions; `right` holds one column for each right-hand side."""
    rows = [list(row) + list(b) for row, b in zip(matrix, right, strict=True)]
    size = len(rows)
    for i in range(size):
        pivot = next(j for j in range(i, size) if rows[j][i] != 0)
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [x / rows[i][i] for x in rows[i]]
        for j in range(size):
            if j != i and rows[j][i] != 0:
                factor = rows[j][i]
                rows[j] = [x - factor * y for x, y in zip(rows[j], rows[i], strict=True)]
    return [row[size:] for row in rows]


def world(mdp, denominator=10**6):
    """Chances and rewards of an MDP as fractions, with one state more that is the end."""
    size = mdp.n_states + 1
    chance, reward = {}, {}
    for state in range(mdp.n_states):
        for action in range(mdp.n_actions):
            row, pays = [Fraction(0)] * size, Fraction(0)
            for p, following, r, terminated in mdp.outcomes(state, action):
                p = Fraction(p).limit_denominator(denominator)
                row[mdp.n_states if terminated else following] += p
                pays += p * Fraction(r).limit_denominator(denominator)
            assert sum(row) == 1
            chance[state, action], reward[state, action] = row, pays
    return chance, reward


def classes(chain):
    """Recurrent classes of a chain, and which states reach which."""
    size = len(chain)
    reach = np.array([[p > 0 for p in row] for row in chain]) | np.eye(size, dtype=bool)
    for _ in range(size):
        reach = reach | ((reach.astype(int) @ reach.astype(int)) > 0)
    found = []
    for i in range(size):
        members = [j for j in range(size) if reach[i, j]]
        if all(reach[j, i] for j in members) and members not in found:
            found.append(members)
    return found


def gain_and_bias(chain, reward):
    """Of each state, in fractions."""
    size = len(chain)
    recurrent = classes(chain)
    gain, bias = [None] * size, [None] * size
    for members in recurrent:
        # The stationary distribution, then the bias whose mean over it is 0.
        n = len(members)
        balance = [[chain[i][j] - (i == j) for i in members] for j in members]
        balance[-1] = [Fraction(1)] * n
        shares = [x[0] for x in solve(balance, [[Fraction(0)]] * (n - 1) + [[Fraction(1)]])]
        mean = sum(x * reward[i] for x, i in zip(shares, members, strict=True))
        poisson = [[(i == j) - chain[i][j] + shares[k] for k, j in enumerate(members)] for i in members]
        for i, (h,) in zip(members, solve(poisson, [[reward[i] - mean] for i in members]), strict=True):
            gain[i], bias[i] = mean, h
    passing = [i for i in range(size) if gain[i] is None]
    if passing:
        lasting = [i for i in range(size) if gain[i] is not None]
        inner = [[(i == j) - chain[i][j] for j in passing] for i in passing]
        gains = solve(inner, [[sum(chain[i][j] * gain[j] for j in lasting)] for i in passing])
        biases = solve(
            inner,
            [
                [reward[i] - g + sum(chain[i][j] * bias[j] for j in lasting)]
                for i, (g,) in zip(passing, gains, strict=True)
            ],
        )
        for i, (g,), (h,) in zip(passing, gains, biases, strict=True):
            gain[i], bias[i] = g, h
    return gain, bias


def optimal(mdp, denominator=10**6):
    """The optimal value of each state: a float, -inf or inf."""
    chance, reward = world(mdp, denominator)
    best = [(Fraction(-(10**30)), Fraction(0))] * mdp.n_states
    for actions in itertools.product(range(mdp.n_actions), repeat=mdp.n_states):
        chain = [chance[s, a] for s, a in enumerate(actions)]
        chain.append([Fraction(0)] * mdp.n_states + [Fraction(1)])
        pays = [reward[s, a] for s, a in enumerate(actions)] + [Fraction(0)]
        pairs = list(zip(*gain_and_bias(chain, pays), strict=True))
        best = [max(old, new) for old, new in zip(best, pairs[: mdp.n_states], strict=True)]
    return [float(h) if g == 0 else math.copysign(math.inf, g) for g, h in best]
