"""End components whose best mean reward is 0, each collapsed into one state.

Undiscounted, no good policy stays in an end component whose best mean reward is negative, and one whose best mean is
positive is worth infinitely much. Where it is 0, a policy can go round at no cost: all states have the same value but
for a potential, the reward on the way from one to another. Collapsed, they leave a problem in which staying for ever
loses (Bertsekas & Tsitsiklis 1991; de Alfaro 1997, section 3.4).

The value of staying is the limit of the expected total, or of its running mean where the total swings for ever (as
+1, -1, ... does): the limit, too, of discounted values as the discount rises to 1 (Puterman 1994, theorem 8.2.3 and
corollary 8.2.5).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csgraph

from fastsoftq.planning.markov_chains.differences import EPS
from fastsoftq.planning.markov_chains.totals import mean_reward
from fastsoftq.planning.markov_chains.transitions import merged
from fastsoftq.planning.optimal.choices import Choices, with_stops, within
from fastsoftq.planning.optimal.end_components import end_components
from fastsoftq.planning.optimal.potentials import may_stop, potentials
from fastsoftq.planning.optimal.proper_policies import shortest_ways

__all__ = ["Collapsed", "collapse"]


class Collapsed(NamedTuple):
    """A problem without idle components, and the way back.

    Attributes
    ----------
    choices : Choices
        The collapsed problem.
    group : ndarray of int64, shape [states]
        The collapsed state that each state has become.
    potential, slack : ndarray of float64, shape [states]
        The value of each state less its collapsed state's, and a bound on its error.
    origin : ndarray of int64, shape [collapsed choices]
        Which choice each was; -1 for those that stand for staying.
    idles : ndarray of bool, shape [choices]
        Those that move within idle components at no cost.
    stays : ndarray of bool, shape [choices]
        Those that make the best of staying, where the component's states are worth different amounts; else `idles`.
    gains : ndarray of bool, shape [states]
        Where some policy can stay and gain for ever.
    doubtful : ndarray of bool, shape [states]
        Where it was not told whether a mean reward is 0, so that nothing is proved.
    """

    choices: Choices
    group: NDArray[np.int64]
    potential: NDArray[np.float64]
    slack: NDArray[np.float64]
    origin: NDArray[np.int64]
    idles: NDArray[np.bool_]
    stays: NDArray[np.bool_]
    gains: NDArray[np.bool_]
    doubtful: NDArray[np.bool_]


def collapse(choices: Choices) -> Collapsed:
    """Collapse idle components.

    Parameters
    ----------
    choices : Choices

    Returns
    -------
    Collapsed
        A mean counts as 0 within the rounding of rewards and probabilities as they were written.
    """
    potential, slack, tight, gains, doubtful = potentials(choices)
    component, idles = end_components(choices, tight)
    stays = idles.copy()
    n_idle = int(component.max(initial=-1)) + 1
    if n_idle == 0:
        everything, none = np.arange(choices.state.size), np.zeros(choices.n_states)
        group = np.arange(choices.n_states)
        return Collapsed(choices, group, none, none, everything, idles, stays, gains, doubtful)
    worth, unsure = np.zeros(n_idle), np.zeros(n_idle)
    potential = np.where(component >= 0, potential, 0.0)
    slack = np.where(component >= 0, slack, 0.0)
    for this in np.unique(component[(component >= 0) & (potential != 0.0)]):
        members = component == this
        if np.ptp(potential[members]) <= 2.0 * slack[members].max():
            potential[members] = 0.0
            continue
        here = np.flatnonzero(idles & members[choices.state])
        worth[this], unsure[this], used = _best_stay(within(choices, members, idles), -potential[members])
        stays[here] = used
    # Lone states keep a number each, idle components share one.
    alone = component < 0
    group = np.where(alone, np.cumsum(alone) - 1, component + np.count_nonzero(alone))
    size = int(np.count_nonzero(alone)) + n_idle
    kept = np.flatnonzero(~idles)
    kept = kept[np.argsort(group[choices.state[kept]], kind="stable")]
    onward = choices.onward.taken(kept)
    before, after = potential[choices.state[kept]], onward.expected(potential)
    rounding = 4.0 * EPS * (np.abs(before) + onward.expected(np.abs(potential)))
    leaving = Choices(
        state=group[choices.state[kept]],
        reward=choices.reward[kept] + (after - before),
        onward=merged(onward.row, group[onward.to], onward.p, kept.size, size),
        ends=choices.ends[kept],
        terminates=choices.terminates[kept],
        slack=choices.slack[kept] + rounding + slack[choices.state[kept]] + onward.expected(slack),
    )
    collapsed, order = with_stops(leaving, worth, np.arange(size - n_idle, size), unsure)
    origin = np.append(kept, np.full(n_idle, -1))[order]
    return Collapsed(collapsed, group, potential, slack, origin, idles, stays, gains, doubtful)


def _best_stay(choices: Choices, worth: NDArray[np.float64]) -> tuple[float, float, NDArray[np.bool_]]:
    """The largest mean worth of the states in which a policy stays, its rounding, and the choices that attain it.

    A mean is the best once no policy gains for ever by the worth less that mean; one that gains is followed (Dinkelbach
    1967, with policy iteration).
    """
    mean, rounding, stay = float(worth.min()), 0.0, np.zeros(choices.n_states, np.bool_)
    chosen = choices.first
    while True:
        found = may_stop(choices.paying(worth[choices.state] - mean))
        better, unsure, where, policy = mean, rounding, stay, chosen
        if found.gains.any():
            policy = np.where(found.chosen < choices.state.size, found.chosen, choices.first)
            chain = choices.onward.taken(policy)
            _, label = csgraph.connected_components(chain.graph(), connection="strong")
            for this in np.unique(label[found.gains]):
                there = label == this
                _, low, high = mean_reward(chain.within(there, there), worth[there])
                average = low + (high - low) / 2.0
                if average > better:
                    better, unsure, where = average, high - low + EPS * abs(average), there
        if not better > mean:
            break
        mean, rounding, stay, chosen = better, unsure, where, policy
    used = np.ones(choices.state.size, np.bool_)
    if stay.any():
        used[:] = False
        used[np.where(stay, chosen, shortest_ways(choices, stay, ~used))] = True
    return mean, rounding, used
