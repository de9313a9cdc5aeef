"""Bounds on the best mean of scaled reward plus entropy in 60 digits, for worlds of a few states."""

from decimal import Decimal, localcontext

import numpy as np

from fastsoftq.planning.bellman import matrices
from fastsoftq.planning.mean_rewards.parts import endless_parts


def sign_of_best_mean(mdp, scale, rounds=400):
    """-1 or 1: of max over end components and policies of E[scale r + entropy] a step, proved by Odoni's bounds.

    Soft policy iteration, each policy's equations by Gauss; h is 0 in the first state.
    """
    with localcontext() as context:
        context.prec, context.Emin, context.Emax = 60, -(10**9), 10**9
        return max(
            (_sign(part, Decimal(float(scale)), rounds) for part in endless_parts(mdp, matrices(mdp))), default=-1
        )


def _sign(part, scale, rounds):
    size = part.first.size
    reward = [scale * Decimal(float(r)) for r in part.reward]
    rows = []
    for dense in part.onward.toarray():
        chances = [Decimal(float(p)) for p in dense]
        rows.append([p / sum(chances) for p in chances])
    pairs = [np.flatnonzero(part.state == s).tolist() for s in range(size)]
    h = [Decimal(0)] * size
    for _ in range(rounds):
        change, chain, paid = [], [], []
        for s in range(size):
            gains = [reward[i] + sum(p * v for p, v in zip(rows[i], h, strict=True)) for i in pairs[s]]
            best = max(gains)
            weights = [(gain - best).exp() for gain in gains]
            total = sum(weights)
            change.append(best + total.ln() - h[s])
            policy = [w / total for w in weights]
            chain.append([sum(p * rows[i][t] for p, i in zip(policy, pairs[s], strict=True)) for t in range(size)])
            terms = zip(policy, gains, pairs[s], strict=True)
            paid.append(sum(p * (reward[i] - (gain - best - total.ln())) for p, gain, i in terms))
        if min(change) > 0:
            return 1
        if max(change) < 0:
            return -1
        h = _values(chain, paid)
    raise AssertionError(f"no sign in {rounds} rounds: {min(change)}, {max(change)}")


def _values(chain, paid):
    size = len(paid)
    lines = [[Decimal(int(s == t)) - chain[s][t] for t in range(size)] + [paid[s]] for s in range(size)]
    for line in lines:
        line[0] = Decimal(1)  # the mean, in place of h of the first state
    for i in range(size):
        pivot = max(range(i, size), key=lambda j, i=i: abs(lines[j][i]))
        lines[i], lines[pivot] = lines[pivot], lines[i]
        lines[i] = [x / lines[i][i] for x in lines[i]]
        for j in range(size):
            if j != i:
                factor = lines[j][i]
                lines[j] = [x - factor * y for x, y in zip(lines[j], lines[i], strict=True)]
    return [Decimal(0)] + [line[-1] for line in lines[1:]]
