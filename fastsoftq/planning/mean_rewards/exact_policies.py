"""Howard's policy iteration in fractions: the best mean reward of small or deterministic problems, exactly."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.planning.markov_chains.classes import closed_classes
from fastsoftq.planning.mean_rewards.best_means import leading_to
from fastsoftq.planning.optimal.choices import Choices, best_in_each

__all__ = ["FEW", "ExactPolicy", "Fractions", "as_fractions", "exact_row", "improving_exactly"]

FEW = 24
"""States whose equations, with several outcomes, are solved in fractions."""

Fractions = NDArray[np.object_]


class ExactPolicy(NamedTuple):
    """A policy on the way to the best one.

    Attributes
    ----------
    mean : Fraction
        Its mean reward.
    members : ndarray of int64
        The choices that it goes on making.
    h : ndarray of Fraction, shape [states]
        Its relative values.
    advance : ndarray of Fraction, shape [choices]
        Reward plus E[h'] - h, less the mean: nowhere above 0 if the policy is the best.
    """

    mean: Fraction
    members: NDArray[np.int64]
    h: Fractions
    advance: Fractions


def improving_exactly(component: Choices, reward: Fractions, pair: NDArray[np.int64]) -> Iterator[ExactPolicy]:
    """Improve a policy until it is the best; the last one is.

    Parameters
    ----------
    component : Choices
        Strongly connected states, and choices that never leave them.
    reward : ndarray of Fraction, shape [choices]
        In place of the component's own.
    pair : ndarray of int64, shape [states]
        The choices of the policy to begin with.

    Yields
    ------
    ExactPolicy

    Notes
    -----
    It ends, since no policy comes twice: the mean rises; or it and the best class stay (no improvement lies in that),
    and h rises.
    """
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
        advance = reward - mean + _expected(component, h) - h[component.state]
        yield ExactPolicy(mean, pair[members], h, advance)
        best = best_in_each(component, advance)
        better = np.asarray(advance[best] > 0, np.bool_)
        if not better.any():
            return
        pair = np.where(better, best, pair)


def _taking(component: Choices, pair: NDArray[np.int64]) -> NDArray[np.float64]:
    policy = np.zeros(component.reward.size)
    policy[pair] = 1.0
    return policy


def as_fractions(values: NDArray[np.float64]) -> Fractions:
    """Write floating-point numbers as fractions, exactly.

    Parameters
    ----------
    values : ndarray of float64

    Returns
    -------
    ndarray of Fraction
    """
    return np.array([Fraction(value) for value in values.tolist()], dtype=object)


def _expected(component: Choices, h: Fractions) -> Fractions:
    """The mean of h over what follows each pair."""
    if component.deterministic:
        return np.asarray(h[component.onward.to])
    return np.array(
        [sum(p * h[s] for s, p in exact_row(component, pair)) for pair in range(component.reward.size)], object
    )


def exact_row(component: Choices, pair: int) -> list[tuple[int, Fraction]]:
    """What may follow a choice, and how likely it is, so that it sums to 1.

    Parameters
    ----------
    component : Choices
    pair : int

    Returns
    -------
    list of tuple of int and Fraction
    """
    start, end = np.searchsorted(component.onward.row, [pair, pair + 1])
    states = component.onward.to[start:end].tolist()
    chances = [Fraction(p) for p in component.onward.p[start:end].tolist()]
    whole = sum(chances)
    return [(state, p / whole) for state, p in zip(states, chances, strict=True)]


def _along_ways(
    component: Choices, pair: NDArray[np.int64], reward: Fractions, states: NDArray[np.int64]
) -> tuple[Fractions, Fraction]:
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
    component: Choices, pair: NDArray[np.int64], reward: Fractions, states: NDArray[np.int64]
) -> tuple[Fractions, Fraction]:
    """The same with several outcomes, by Gauss: h(s) - E[h(s')] + mean = reward(s), and h is 0 in the first state."""
    place = {int(state): i for i, state in enumerate(states)}
    size = len(place)
    rows = []
    for state, i in place.items():
        row = [Fraction(0)] * size + [reward[pair[state]]]
        row[i] += 1
        for following, p in exact_row(component, int(pair[state])):
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
