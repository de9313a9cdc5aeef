"""Decision problems as a list of choices, ordered by state: the reward, next states and end of each.

The form that exact solvers work on: states may have different numbers of choices, and a discount is a chance to end.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fastsoftq.planning.bellman import Matrices
from fastsoftq.planning.markov_chains.differences import Differences, reward_as_written
from fastsoftq.planning.markov_chains.m_matrices import is_narrow
from fastsoftq.planning.markov_chains.resolvent import Resolvent
from fastsoftq.planning.markov_chains.transitions import Transitions

__all__ = [
    "Choices",
    "all_choices",
    "best_in_each",
    "reachable",
    "with_stops",
    "within",
]


@dataclass(frozen=True, eq=False)
class Choices:
    """What can be done, one entry a choice, ordered by state; every state has a choice.

    Attributes
    ----------
    state : ndarray of int64, shape [choices]
        The state of each choice.
    reward : ndarray of float64, shape [choices]
        Its expected reward.
    onward : Transitions
        The probability of going on in each state, times the discount; a row for each choice.
    ends : ndarray of float64, shape [choices]
        What `onward` lacks of 1, free of cancellation.
    terminates : ndarray of bool, shape [choices]
        Whether the episode can end, other than by being discounted.
    slack : ndarray of float64, shape [choices]
        Bound on the error of `reward`.
    remainder, written : ndarray of float64, shape [choices]
        What rounding took from `reward`, and a bound on what writing numbers in binary did to it; known where choices
        are an MDP's own.
    """

    state: NDArray[np.int64]
    reward: NDArray[np.float64]
    onward: Transitions
    ends: NDArray[np.float64]
    terminates: NDArray[np.bool_]
    slack: NDArray[np.float64]
    remainder: NDArray[np.float64] | None = None
    written: NDArray[np.float64] | None = None

    @property
    def n_states(self) -> int:
        """The number of states."""
        return self.onward.n_states

    @cached_property
    def first(self) -> NDArray[np.int64]:
        """The first choice of each state, shape [states]."""
        return np.searchsorted(self.state, np.arange(self.n_states))

    @cached_property
    def every(self) -> NDArray[np.bool_]:
        """All choices, as a mask, shape [choices]."""
        return np.ones(self.state.size, np.bool_)

    @cached_property
    def always_ends(self) -> bool:
        """Whether every choice can end, so that every policy does."""
        return bool((self.ends > 0.0).all())

    @cached_property
    def deterministic(self) -> bool:
        """Whether every choice leads to one state for certain."""
        return self.onward.row.size == self.state.size and bool((self.onward.p == 1.0).all())

    @cached_property
    def differences(self) -> Differences:
        """The choices, ready to be compared exactly."""
        return Differences(self.onward, self.state, self.ends)

    def steps(self, kept: NDArray[np.bool_]) -> Transitions:
        """What follows the choices kept, a mask of shape [choices]; their numbers stay."""
        return self.onward.only(kept[self.onward.row])

    @cached_property
    def narrow(self) -> bool:
        """Whether the equations of policies that take any choice are factorised with little fill-in."""
        return is_narrow(self.state[self.onward.row], self.onward.to, self.n_states)

    def paying(self, reward: NDArray[np.float64]) -> Choices:
        """The same choices for other rewards, shape [choices], with all cached facts of their graph."""
        other = copy(self)
        object.__setattr__(other, "reward", reward)
        return other

    def averaged(self, weight: NDArray[np.float64]) -> Resolvent:
        """The equations of a policy by the weights of its choices, shape [choices]."""
        ends = np.add.reduceat(weight * self.ends, self.first)
        if self.narrow:
            return Resolvent(self.onward.mixed(weight, self.state, self.n_states), ends, True)
        likely = (weight > 0.0)[self.onward.row]  # iteration adds up what leads to the same as it goes
        row, to, p = self.onward.row[likely], self.onward.to[likely], self.onward.p[likely]
        return Resolvent(Transitions(self.state[row], to, p * weight[row], ends.size, ends.size), ends, False)

    def followed(self, chosen: NDArray[np.int64]) -> Resolvent:
        """The equations of the policy that makes one given choice in each state.

        Parameters
        ----------
        chosen : ndarray of int64, shape [states]
        """
        return Resolvent(self.onward.taken(chosen), self.ends[chosen])

    def mixed(self, weight: NDArray[np.float64]) -> tuple[Transitions, NDArray[np.float64], NDArray[np.float64]]:
        """The chain of a policy by the weights of its choices: transitions, probability of the end, reward.

        Parameters
        ----------
        weight : ndarray of float64, shape [choices]
            Sums to 1 in each state.
        """
        size = self.n_states
        ends, paid = (np.add.reduceat(weight * values, self.first) for values in (self.ends, self.reward))
        return self.onward.mixed(weight, self.state, size), ends, paid

    def soft_maximum(
        self, value: NDArray[np.float64], temperature: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """T ln sum exp(value / T) over the choices of each state, and the soft policy.

        Parameters
        ----------
        value : ndarray of float64, shape [choices]
        temperature : float

        Returns
        -------
        soft : ndarray of float64, shape [states]
        policy : ndarray of float64, shape [choices]
        behind : ndarray of float64, shape [choices]
            The value of each choice less the best one's: at most 0.
        """
        best = np.maximum.reduceat(value, self.first)
        behind = value - best[self.state]
        with np.errstate(under="ignore", over="ignore"):
            weight = np.exp(behind / temperature)
        total = np.add.reduceat(weight, self.first)
        return best + temperature * np.log(total), weight / total[self.state], behind


def all_choices(model: Matrices, discount: float) -> Choices:
    """Write an MDP as choices: one for each action, and a single one in terminal states.

    Parameters
    ----------
    model : Matrices
    discount : float

    Returns
    -------
    Choices
        The states are the MDP's; choices follow its actions, row by row, less those left out.
    """
    n_states, n_actions = model.reward.shape
    kept = (~model.terminal[:, None] | (np.arange(n_actions) == 0)).ravel()
    onward = model.continuation
    if not kept.all():
        onward = onward.within(kept, np.ones(n_states, np.bool_))
    if discount != 1.0:
        onward = onward.discounted(discount)
    termination = model.termination.ravel()[kept]
    exact = np.zeros_like(termination)
    reward = model.reward.ravel()[kept]
    return Choices(
        state=np.repeat(np.arange(n_states), n_actions)[kept],
        reward=reward,
        onward=onward,
        ends=(1.0 - discount) + discount * termination,
        terminates=termination > 0.0,
        slack=exact if model.rounding is None else model.rounding.ravel()[kept],
        remainder=exact if model.remainder is None else model.remainder.ravel()[kept],
        written=reward_as_written(reward) if model.written is None else model.written.ravel()[kept],
    )


def within(choices: Choices, states: NDArray[np.bool_], kept: NDArray[np.bool_]) -> Choices:
    """Keep some states and choices; transitions elsewhere count as the end.

    Parameters
    ----------
    choices : Choices
    states : ndarray of bool, shape [states]
        They are numbered anew, in their order.
    kept : ndarray of bool, shape [choices]
        At least one in each of these states; choices of other states are dropped in any case.

    Returns
    -------
    Choices
    """
    if states.all() and kept.all():
        return choices
    kept = kept & states[choices.state]
    ends, terminates = choices.ends[kept], choices.terminates[kept]
    if not states.all():
        outside = choices.onward.expected((~states).astype(np.float64))[kept]
        ends, terminates = ends + outside, terminates | (outside > 0.0)
    return Choices(
        state=(np.cumsum(states) - 1)[choices.state[kept]],
        reward=choices.reward[kept],
        onward=choices.onward.within(kept, states),
        ends=ends,
        terminates=terminates,
        slack=choices.slack[kept],
        remainder=None if choices.remainder is None else choices.remainder[kept],
        written=None if choices.written is None else choices.written[kept],
    )


def with_stops(
    choices: Choices, worth: NDArray[np.float64], where: NDArray[np.int64], slack: NDArray[np.float64] | None = None
) -> tuple[Choices, NDArray[np.int64]]:
    """Let some states end at once, by one choice more.

    Parameters
    ----------
    choices : Choices
    worth : ndarray of float64, shape [stops]
        What each stop pays.
    where : ndarray of int64, shape [stops]
        The state of each, none twice.
    slack : ndarray of float64, shape [stops], optional
        Bound on the error of `worth`. None: no error.

    Returns
    -------
    choices : Choices
        In each state the stop comes last.
    origin : ndarray of int64
        Which choice each was; stops are numbered behind them.
    """
    state = np.append(choices.state, where)
    origin = np.argsort(state, kind="stable")
    place = np.empty(origin.size, np.int64)
    place[origin] = np.arange(origin.size)
    ended = np.ones(where.size)
    extended = Choices(
        state=state[origin],
        reward=np.append(choices.reward, worth)[origin],
        onward=choices.onward._replace(row=place[choices.onward.row], n_rows=origin.size),
        ends=np.append(choices.ends, ended)[origin],
        terminates=np.append(choices.terminates, ended > 0.0)[origin],
        slack=np.append(choices.slack, np.zeros(where.size) if slack is None else slack)[origin],
    )
    return extended, origin


def reachable(model: Matrices, starts: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which states some policy can reach.

    Parameters
    ----------
    model : Matrices
    starts : ndarray of bool, shape [states]
        At least one.

    Returns
    -------
    ndarray of bool, shape [states]
    """
    n_states, n_actions = model.reward.shape
    return model.continuation.reached(starts, np.repeat(np.arange(n_states), n_actions))


def best_in_each(choices: Choices, value: NDArray[np.float64]) -> NDArray[np.int64]:
    """The choice of the largest value in each state, the first of equals.

    Parameters
    ----------
    choices : Choices
    value : ndarray of float64, shape [choices]

    Returns
    -------
    ndarray of int64, shape [states]
    """
    largest = np.maximum.reduceat(value, choices.first)
    best = np.flatnonzero(value == largest[choices.state])[::-1]
    chosen = choices.first.copy()
    chosen[choices.state[best]] = best
    return chosen
