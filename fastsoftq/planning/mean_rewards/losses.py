"""Whether one can walk on for ever without a loss: the sign of the best mean reward, in fractions where need be."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from fastsoftq.planning.markov_chains.classes import closed_classes
from fastsoftq.planning.mean_rewards.best_means import best_mean_reward, leading_to
from fastsoftq.planning.mean_rewards.bounds import rounding, signed
from fastsoftq.planning.optimal.choices import Choices, best_in_each

__all__ = ["losses"]

_SWEEPS = 60
_FINE = 1e-10  # relative rounding that does no harm
_EPSILON = float(np.finfo(np.float64).eps)
_FEW = 24  # states whose equations, with several outcomes, are solved in fractions


def losses(component: Choices) -> NDArray[np.float64] | None:
    """Shape rewards so that every one is a loss, unless some policy can walk on for ever without a loss.

    Parameters
    ----------
    component : Choices

    Returns
    -------
    ndarray of float64, shape [choices], or None
        Rewards plus E[h'] - h, with h such that all are below 0: sums over cycles stay the same (Ng, Harada & Russell
        1999), but nothing cancels. None if some policy has a mean reward of 0 or above.

    Notes
    -----
    With deterministic dynamics, or few states, the answer is exact. Only a loss that may come of rounded probabilities
    counts as none, and, beyond 24 states with several outcomes, one that may come of rounding in its computation.
    Sweeps or policy iteration decide, by bounds that allow for rounding; if they do not, policy iteration goes on in
    fractions.
    """
    reward = component.reward
    if reward.max() < 0.0:
        return reward
    if reward.min() >= 0.0:
        return None
    exactly = component.deterministic or component.first.size <= _FEW
    sign, h = signed(component, reward, entropy=False, sweeps=_SWEEPS)
    if sign == 1:
        return None
    advance, margin = _advance(component, h)
    if not (advance < -margin / _FINE).all():
        mean, h, pair = best_mean_reward(component)
        advance, margin = _advance(component, h)
    if (advance < -margin / _FINE).all() or (not exactly and (advance < -margin).all()):
        return advance
    if exactly:
        return _losses_exactly(component, pair)
    chain = component.onward.taken(pair)
    label, closed = closed_classes(chain)
    return None if mean >= -margin[pair][label == closed[0]].max() else np.minimum(advance, mean)


def _advance(component: Choices, h: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rewards plus E[h'] - h, and what rounding may make of them."""
    advance = component.reward + (component.onward.expected(h) - h[component.state])
    return advance, rounding(component, component.reward, h)


_Fractions = NDArray[np.object_]


def _losses_exactly(component: Choices, pair: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """Howard's policy iteration in fractions, from a policy that is optimal up to rounding.

    It ends, since no policy comes twice: the mean rises; or it and the best class stay (no improvement lies in that),
    and h rises.
    """
    reward = _fractions(component.reward)
    solve = _along_ways if component.deterministic else _by_elimination
    while True:
        chain = component.onward.taken(pair)
        label, closed = closed_classes(chain)
        means = [solve(component, pair, reward, np.flatnonzero(label == c))[1] for c in closed]
        best_class = max(range(len(means)), key=means.__getitem__)
        members = np.flatnonzero(label == closed[best_class])
        pair = np.flatnonzero(leading_to(component, chain, _taking(component, pair), label == closed[best_class]))
        everywhere = np.append(members, np.setdiff1d(np.arange(label.size), members))
        h, mean = solve(component, pair, reward, everywhere)
        if mean >= 0 or float(mean) >= -_uncertainty(component, pair[members], h):
            return None
        advance = reward - mean + _expected(component, h) - h[component.state]
        best = best_in_each(component, advance)
        better = np.asarray(advance[best] > 0, np.bool_)
        if not better.any():
            return np.array([float(x) for x in (advance + mean).tolist()])
        pair = np.where(better, best, pair)


def _taking(component: Choices, pair: NDArray[np.int64]) -> NDArray[np.float64]:
    policy = np.zeros(component.reward.size)
    policy[pair] = 1.0
    return policy


def _fractions(values: NDArray[np.float64]) -> _Fractions:
    return np.array([Fraction(value) for value in values.tolist()], dtype=object)


def _expected(component: Choices, h: _Fractions) -> _Fractions:
    """The mean of h over what follows each pair."""
    if component.deterministic:
        return np.asarray(h[component.onward.to])
    return np.array([sum(p * h[s] for s, p in _row(component, pair)) for pair in range(component.reward.size)], object)


def _row(component: Choices, pair: int) -> list[tuple[int, Fraction]]:
    start, end = np.searchsorted(component.onward.row, [pair, pair + 1])
    states = component.onward.to[start:end].tolist()
    chances = [Fraction(p) for p in component.onward.p[start:end].tolist()]
    whole = sum(chances)
    return [(state, p / whole) for state, p in zip(states, chances, strict=True)]


def _along_ways(
    component: Choices, pair: NDArray[np.int64], reward: _Fractions, states: NDArray[np.int64]
) -> tuple[_Fractions, Fraction]:
    """Relative values and mean of a deterministic policy: the first state lies on its one cycle."""
    following = component.onward.to[pair].tolist()
    pays = reward[pair].tolist()
    root = int(states[0])
    cycle = [root]
    while following[cycle[-1]] != root:
        cycle.append(following[cycle[-1]])
    mean = sum((pays[s] for s in cycle), Fraction(0)) / len(cycle)
    h: dict[int, Fraction] = {root: Fraction(0)}
    for state in states.tolist():
        way = []
        while state not in h:
            way.append(state)
            state = following[state]
        for s in reversed(way):
            h[s] = pays[s] - mean + h[following[s]]
    values = np.zeros(len(following), object)
    values[list(h)] = list(h.values())
    return values, mean


def _by_elimination(
    component: Choices, pair: NDArray[np.int64], reward: _Fractions, states: NDArray[np.int64]
) -> tuple[_Fractions, Fraction]:
    """The same with several outcomes, by Gauss: h(s) - E[h(s')] + mean = reward(s), and h is 0 in the first state."""
    place = {int(state): i for i, state in enumerate(states)}
    size = len(place)
    rows = []
    for state, i in place.items():
        row = [Fraction(0)] * size + [reward[pair[state]]]
        row[i] += 1
        for following, p in _row(component, int(pair[state])):
            row[place[following]] -= p
        row[0] = Fraction(1)  # in place of h of the first state, the mean
        rows.append(row)
    for i in range(size):
        pivot = next(j for j in range(i, size) if rows[j][i])
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [x / rows[i][i] for x in rows[i]]
        for j in range(size):
            if j != i and rows[j][i]:
                rows[j] = [x - rows[j][i] * y if y else x for x, y in zip(rows[j], rows[i], strict=True)]
    h = np.zeros(component.first.size, object)
    h[states] = [row[-1] for row in rows]
    h[states[0]] = Fraction(0)
    return h, rows[0][-1]


def _uncertainty(component: Choices, pair: NDArray[np.int64], h: _Fractions) -> float:
    """How far rounding of probabilities that are no short binary fractions may have moved a mean over these pairs."""
    doubt = 0.0
    for i in pair.tolist():
        outcomes = _row(component, i)
        if any(p.denominator > 2**30 for _, p in outcomes):
            spread = max(abs(float(h[s] - h[t])) for s, _ in outcomes for t, _ in outcomes)
            doubt = max(doubt, 4.0 * _EPSILON * (spread + abs(float(component.reward[i]))))
    return doubt
