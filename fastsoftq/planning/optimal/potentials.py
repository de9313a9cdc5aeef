"""Potentials at which no choice of an end component gains: what they leave of rewards tells what can be had for ever.

Over the stationary distribution of a policy, what its choices gain at a potential is its mean reward, whatever the
potential. So where no choice gains, no mean is above 0, and it is 0 where all choices made gain 0. Gains are computed
exactly, as the difference of two large numbers may be a small one; the potential is a sum of parts, each of which
takes away what the last has left (iterative refinement: Higham 2002, chapter 12).
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.planning.markov_chains.differences import EPS, reward_as_written
from fastsoftq.planning.markov_chains.resolvent import Resolvent
from fastsoftq.planning.mean_rewards.exact_policies import FEW, as_fractions, improving_exactly
from fastsoftq.planning.optimal.choices import Choices, with_stops, within
from fastsoftq.planning.optimal.end_components import end_components
from fastsoftq.planning.optimal.howard import Optimum, begin, improve, sweep
from fastsoftq.planning.optimal.proper_policies import shortest_ways

__all__ = ["Potentials", "may_stop", "potentials"]

_MOST = 10_000  # sweeps and policies in search of gains for ever
_PARTS, _PARTS_OF_SEVERAL = 12, 4  # of a potential: with one outcome the last is exact


class Potentials(NamedTuple):
    """What end components are worth staying in.

    Attributes
    ----------
    potential : ndarray of float64, shape [states]
        No inner choice gains at it; 0 where nothing is ever gained, or lost.
    slack : ndarray of float64, shape [states]
        Bound on what rounding did to it.
    tight : ndarray of bool, shape [choices]
        Inner choices that lose nothing at it.
    gains : ndarray of bool, shape [states]
        Where some policy can stay and gain for ever.
    doubtful : ndarray of bool, shape [states]
        Where it was not told whether a mean reward is 0: the rest is then a guess.
    """

    potential: NDArray[np.float64]
    slack: NDArray[np.float64]
    tight: NDArray[np.bool_]
    gains: NDArray[np.bool_]
    doubtful: NDArray[np.bool_]


def potentials(choices: Choices) -> Potentials:
    """Find a potential in each end component, the choices that lose nothing, and where some policy gains.

    Parameters
    ----------
    choices : Choices

    Returns
    -------
    Potentials
        What can be earned if one may stop anywhere is a potential; where rewards are of one sign, none is needed.
    """
    component, inner = end_components(choices, choices.every)
    potential, slack = np.zeros(choices.n_states), np.zeros(choices.n_states)
    doubtful = np.zeros(choices.n_states, np.bool_)
    count = int(component.max(initial=-1)) + 1
    if count == 0:
        return Potentials(potential, slack, inner, doubtful, doubtful)
    of_choice = component[choices.state]
    more, less = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    more[of_choice[inner & (choices.reward > choices.slack)]] = True
    less[of_choice[inner & (choices.reward < -choices.slack)]] = True
    positive, mixed = more & ~less, more & less
    tight = inner & (np.abs(choices.reward) <= choices.slack)
    while mixed.any():
        members = mixed[component] & (component >= 0)
        found = _settle(within(choices, members, inner))
        if not found.gains.any():
            potential[members], slack[members], doubtful[members] = found.potential, found.slack, found.doubtful
            tight[inner & members[choices.state]] = found.tight
            break
        winners = component[np.flatnonzero(members)[found.gains]]
        positive[winners], mixed[winners] = True, False
    gains = positive[component] & (component >= 0)
    return Potentials(potential, slack, tight & ~gains[choices.state], gains, doubtful)


def may_stop(choices: Choices) -> Optimum:
    """Solve a problem in which one may also stop, anywhere, for nothing.

    Parameters
    ----------
    choices : Choices

    Returns
    -------
    Optimum
        Choices keep their numbers in the policy; stops are numbered behind them.
    """
    extended, order = with_stops(choices, np.zeros(choices.n_states), np.arange(choices.n_states))
    # What only goes round at no cost is as good as what stops, so that no more than the policy's own value is proved.
    nowhere_else = np.zeros(choices.n_states, np.bool_)
    found = improve(extended, begin(extended, sweep(extended, _MOST)[0]), _MOST, nowhere_else)
    return found._replace(chosen=order[found.chosen])


def _settle(choices: Choices) -> Potentials:
    """The same for end components with rewards of both signs; where there are gains, no more is found than some.

    Rewards, and what follows a choice, are known to within what writing them in binary may have changed. They are first
    taken to be as low as that allows: what gains then gains for certain. A class of states that is never left counts
    as 0 if it does not lose for certain, either.
    """
    nowhere = np.zeros(choices.n_states, np.bool_)
    found = may_stop(choices)
    if found.gains.any() or not np.isfinite(found.v).all():  # else beyond double precision
        doubtful = nowhere if found.gains.any() else ~nowhere
        return Potentials(np.zeros_like(found.v), np.zeros_like(found.v), ~choices.every, found.gains, doubtful)
    component, _ = end_components(choices, choices.every)
    reward, written = _lowest(choices, found.v)
    low = _refined(choices, component, reward, found)
    potential = np.sum(low.parts[::-1], axis=0)
    slack, tight, gains, doubtful = EPS * np.abs(potential), low.gain >= 0.0, low.gains.copy(), nowhere.copy()
    if gains.any():
        return Potentials(potential, slack, tight, gains, doubtful)
    if written.any():
        before = 1.1 * _Way(choices, found.chosen).until_stop(written)
        tight, doubtful = _as_written(choices, component, low, written, before)
        idle, idles = end_components(choices, tight)
        homes = np.zeros(choices.n_states, np.bool_)
        homes[np.unique(idle, return_index=True)[1]] = True
        to_home = shortest_ways(choices, homes | (idle < 0), idles)
        slack += 1.1 * _Way(choices, to_home).until_stop(np.abs(low.gain) + 2.0 * written)
        doubtful |= ~np.isfinite(before + slack)
    for this in np.unique(component[choices.state[low.gain > 0.0]]):
        members = component == this
        here = members[choices.state]
        if np.count_nonzero(members) > FEW:
            doubtful |= members
            continue
        part = within(choices, members, here)
        lowest = np.asarray(sum(as_fractions(term[here]) for term in reward))
        for policy in improving_exactly(part, lowest, part.first):
            if policy.mean > 0:
                break
        if policy.mean > 0:
            gains |= members
        elif policy.mean < -2.0 * written[here].max():  # no policy's mean is known to be as near to 0
            tight[here] = False
        elif written[here].any():
            doubtful |= members
        else:
            tight[here] = policy.advance >= 0
            potential[members] = policy.h.astype(np.float64)
            slack[members] = EPS * np.abs(potential[members])
    return Potentials(potential, slack, tight, gains, doubtful)


def _lowest(
    choices: Choices, values: NDArray[np.float64]
) -> tuple[tuple[NDArray[np.float64], ...], NDArray[np.float64]]:
    """Rewards, as sums, less what writing them in binary, and what follows at about these values, may have added."""
    remainder, written = choices.remainder, choices.written
    if remainder is None or written is None:
        remainder, written = np.zeros_like(choices.reward), choices.slack + reward_as_written(choices.reward)
    written = written + choices.differences.written(values)
    return (choices.reward, remainder, -written), written


class _Refined(NamedTuple):
    """A potential and rewards as sums, the exact gains, and where some policy gains for ever."""

    reward: tuple[NDArray[np.float64], ...]
    parts: list[NDArray[np.float64]]
    gain: NDArray[np.float64]
    gains: NDArray[np.bool_]


def _refined(
    choices: Choices,
    component: NDArray[np.int64],
    reward: tuple[NDArray[np.float64], ...],
    found: Optimum,
    parts: tuple[NDArray[np.float64], ...] = (),
) -> _Refined:
    """Add parts to a potential until nothing gains at it; rewards are a sum, too. Some gains may be left."""
    added, differences = [*parts, found.v], choices.differences
    nowhere = np.zeros(choices.n_states, np.bool_)
    most = len(added) + (_PARTS if choices.deterministic else _PARTS_OF_SEVERAL)
    while True:
        gain = differences.exact_rise(added, reward)
        largest = np.zeros(component.max() + 1)
        np.maximum.at(largest, component[choices.state], gain)
        if not largest.any():
            return _Refined(reward, added, gain, nowhere)
        # A slope towards where the policy stops takes away what its own choices gain by rounding.
        steps = _Way(choices, found.chosen).until_stop(np.ones_like(gain))
        slope = 2.0 * largest[component] * (steps if np.isfinite(steps).all() else 0.0)
        sloping = differences.exact_rise([*added, slope], reward)
        rises = np.zeros_like(largest)
        np.maximum.at(rises, component[choices.state], sloping)
        slope[rises[component] > 0.0] = 0.0
        added.append(slope)
        gain = np.where(rises[component[choices.state]] > 0.0, gain, sloping)
        if not rises.any() or len(added) >= most:
            return _Refined(reward, added, gain, nowhere)
        found = may_stop(replace(choices, reward=gain, slack=np.zeros_like(gain)))
        if found.gains.any():
            return _Refined(reward, added, gain, found.gains)
        if not np.isfinite(found.v).all():
            return _Refined(reward, added, gain, nowhere)
        added.append(found.v)


class _Way:
    """How a policy comes to a stop: where what it chooses is no choice."""

    def __init__(self, choices: Choices, chosen: NDArray[np.int64]) -> None:
        goes = (chosen >= 0) & (chosen < choices.state.size)
        self._goes, self._chosen = goes, np.where(goes, chosen, choices.first)
        taken = choices.onward.taken(self._chosen)
        onward = taken.within(goes, np.ones(goes.size, np.bool_))
        onward = onward._replace(row=np.flatnonzero(goes)[onward.row], n_rows=goes.size)
        self._solver = Resolvent(onward, np.where(goes, choices.ends[self._chosen], 1.0))

    def until_stop(self, paid: NDArray[np.float64]) -> NDArray[np.float64]:
        """What choices pay until the policy stops: about the expected total, from each state."""
        return np.maximum(self._solver.solve_roughly(np.where(self._goes, paid[self._chosen], 0.0)), 0.0)


def _as_written(
    choices: Choices,
    component: NDArray[np.int64],
    low: _Refined,
    written: NDArray[np.float64],
    before: NDArray[np.float64],
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The choices of classes whose mean may be 0 for all that is known, and the states where that is not told.

    Each choice may gain up to twice `written` more than at its lowest. That is judged by what all states of a component
    may gain together, and by what each choice may if that comes to too much or to too little.
    """
    own = 2.0 * written
    of_state = np.zeros(choices.n_states)
    np.maximum.at(of_state, choices.state, own)
    most = low.gain + own
    raised = most + 2.0 * choices.differences.rise(before)  # the same at another potential: equal in sum over a class
    tight, doubtful = np.zeros(own.size, np.bool_), np.ones(choices.n_states, np.bool_)
    for allowed in np.bincount(component, of_state)[component[choices.state]], own:
        judged = np.where(doubtful[choices.state], low.gain >= -allowed, tight)
        strict = _too_strict(choices, component, most, judged) & _too_strict(choices, component, raised, judged)
        tight, doubtful = judged, strict | _too_lenient(choices, component, low, written, judged)
        if not doubtful.any():
            break
    return tight, doubtful


def _too_strict(
    choices: Choices, component: NDArray[np.int64], most: NDArray[np.float64], tight: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Where choices that are not tight may be made up for by others in a class whose mean may be 0.

    A cycle with such a choice gains no more than it and, in each state, the best of the others.
    """
    of_state, others = np.zeros(choices.n_states), np.full(component.max() + 1, -np.inf)
    np.maximum.at(of_state, choices.state, np.where(tight, most, 0.0))
    np.maximum.at(others, component[choices.state[~tight]], most[~tight])
    return np.asarray((np.bincount(component, of_state) + others >= 0.0)[component])


def _too_lenient(
    choices: Choices,
    component: NDArray[np.int64],
    low: _Refined,
    written: NDArray[np.float64],
    tight: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Where choices that count as tight make a class that loses for certain, as far as can be told."""
    idle, idles = end_components(choices, tight)
    doubtful = np.zeros(choices.n_states, np.bool_)
    gain = low.gain + 2.0 * written  # of rewards as high as they can be
    suspect = np.unique(idle[choices.state[idles & (gain < 0.0)]])
    while suspect.size:
        members = np.isin(idle, suspect)
        here = idles & members[choices.state]
        part = within(choices, members, idles)
        found = may_stop(replace(part, reward=-gain[here], slack=np.zeros(part.state.size)))
        if not found.gains.any():
            label = np.unique(idle[members], return_inverse=True)[1]
            reward = *(-term[here] for term in low.reward[:-1]), -written[here]
            found_again = _refined(part, label, reward, found, tuple(-p[members] for p in low.parts))
            if not found_again.gains.any():
                break
            found = found._replace(gains=found_again.gains)
        loses = np.unique(idle[np.flatnonzero(members)[found.gains]])
        doubtful |= np.isin(component, component[np.isin(idle, loses)])
        suspect = np.setdiff1d(suspect, loses)
    return doubtful
