"""Policy iteration on choices, where every policy worth following ends, with a proved bound on the error.

A policy is changed only where the gain exceeds rounding. Begun with a policy that ends, iteration stays with such
policies unless one can gain for ever: the first that never ends has a positive mean reward where it stays, since
v + reward - v summed over its stationary distribution is the gain of the change (Bertsekas & Tsitsiklis 1991,
proposition 2).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.planning.markov_chains.classes import transient_states
from fastsoftq.planning.markov_chains.differences import EPS
from fastsoftq.planning.markov_chains.resolvent import Resolvent
from fastsoftq.planning.markov_chains.transitions import Transitions
from fastsoftq.planning.optimal.choices import Choices, best_in_each
from fastsoftq.planning.optimal.proper_policies import proper, shortest_ways

__all__ = ["Optimum", "begin", "constant_bound", "improve", "shared", "sweep"]

_SWEEPS = 2000  # at most, since they only prepare for policies
_ROUNDS = 60  # of the proof, each with one choice more in some states
_MORE = 1.25  # than may have been rounded, so that a bound holds in spite of its own rounding
_STUCK = 5  # rounds without a choice more, or a nearer bound


class Optimum(NamedTuple):
    """What policy iteration found.

    Attributes
    ----------
    v : ndarray of float64, shape [states]
    chosen : ndarray of int64, shape [states]
        The policy it is the value of.
    weight : ndarray of float64, shape [choices]
        The policy that shares its probability evenly between choices that are equally good, as far as can be told.
    bound : ndarray of float64, shape [states]
        A bound on the error of `v` in relevant states; inf where nothing is proved.
    shortfall : ndarray of float64, shape [choices]
        The least amount by which a choice is worse than the best: above 0, it is not optimal.
    evaluations : int
        How many policies were evaluated.
    gains : ndarray of bool, shape [states]
        Where a policy stays that gains for ever; the rest of the answer is then without meaning.
    """

    v: NDArray[np.float64]
    chosen: NDArray[np.int64]
    weight: NDArray[np.float64]
    bound: NDArray[np.float64]
    shortfall: NDArray[np.float64]
    evaluations: int
    gains: NDArray[np.bool_]


def sweep(choices: Choices, most: int) -> tuple[NDArray[np.float64], int]:
    """Sweeps of Bellman's equation from 0 (Sutton & Barto 2018, section 4.4), until few policies change any more.

    Parameters
    ----------
    choices : Choices
    most : int
        Sweeps, at most.

    Returns
    -------
    v : ndarray of float64, shape [states]
    sweeps : int
    """
    v = np.zeros(choices.n_states)
    chosen = np.full(choices.n_states, -1)
    since, sweeps = 0, 0
    while sweeps < min(most, _SWEEPS):
        q = choices.reward + choices.onward.expected(v)
        last, v = v, np.maximum.reduceat(q, choices.first)
        sweeps += 1
        if (last == v).all():
            break
        if sweeps - since >= max(10, sweeps // 4):
            before, chosen = chosen, best_in_each(choices, q)
            if np.count_nonzero(before != chosen) <= choices.n_states // 100:
                break
            since = sweeps
    return v, sweeps


def begin(choices: Choices, v: NDArray[np.float64], *, shortest: bool = True) -> NDArray[np.int64]:
    """A policy that ends: greedy towards v where that ends, and on the shortest way among equals.

    Parameters
    ----------
    choices : Choices
        From each state some policy comes to the end for certain.
    v : ndarray of float64, shape [states]
    shortest : bool
        Whether it matters that it goes the shortest way.

    Returns
    -------
    ndarray of int64, shape [states]
    """
    q = choices.reward + choices.onward.expected(v)
    chosen = best_in_each(choices, q)
    least = q[chosen] - 8.0 * EPS * np.abs(q[chosen])
    if shortest and np.count_nonzero(q >= least[choices.state]) > chosen.size:
        short = shortest_ways(choices, np.zeros(choices.n_states, np.bool_), choices.every)
        chosen = np.where((short >= 0) & (q[short] >= least), short, chosen)
    home = proper(choices, chosen)
    if not home.all():
        chosen = np.where(home, chosen, shortest_ways(choices, home, choices.every))
    return np.asarray(chosen)


def improve(
    choices: Choices,
    chosen: NDArray[np.int64],
    most: int,
    relevant: NDArray[np.bool_] | None = None,
    weight: NDArray[np.float64] | None = None,
    *,
    bounded: bool = False,
) -> Optimum:
    """Evaluate and improve a policy until it is optimal (Howard 1960), and bound what may be left.

    Parameters
    ----------
    choices : Choices
        From each state some policy comes to the end for certain.
    chosen : ndarray of int64, shape [states]
        The policy to begin with, which comes to the end.
    most : int
        Policies to evaluate, at most.
    relevant : ndarray of bool, shape [states], optional
        Where the bound must hold: states that no choice leads out of. None: everywhere. Elsewhere it is what rounding
        can do to the value of the policy itself.
    weight : ndarray of float64, shape [choices], optional
        A policy by the weights of its choices, to begin with instead.
    bounded : bool
        Whether it is known that no policy gains for ever. Apparent gains are then rounding, and ignored.

    Returns
    -------
    Optimum
    """
    differences = choices.differences
    nowhere = np.zeros(choices.n_states, np.bool_)
    relevant = ~nowhere if relevant is None else relevant
    evaluations = 0
    last: tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]] | None = None
    while True:
        if weight is None:
            solver, pays = choices.followed(chosen), choices.reward[chosen]
        else:
            chain, ends, pays = choices.mixed(weight)
            solver = Resolvent(chain, ends)
        high, low = solver.solve_twice(pays)
        evaluations += 1
        # Bounds on the rounding of these values, and on the false gains of other choices that come of it.
        unsure = solver.solve_roughly(solver.differences.rounding(high, pays))
        fallen = last is not None and not (high >= last[1] - 8.0 * (unsure + last[3])).all()
        if fallen and last is not None:
            chosen, high, low, unsure = last  # it was rounding that had gained
            solver = choices.followed(chosen)
        gain = choices.reward + differences.rise(high, low)
        noise = differences.rounding(high, choices.reward) + choices.slack
        best = best_in_each(choices, gain)
        now = gain[chosen] + noise[chosen] if weight is None else np.full(choices.n_states, -np.inf)
        feigned = noise[best] + 4.0 * np.abs(differences.rise(unsure)[best]) * (weight is None)
        better = gain[best] - feigned > now
        if not better.any() or fallen or evaluations >= most or not np.isfinite(high).all():
            break
        changed = np.where(better, best, chosen) if weight is None else begin(choices, high)
        if not choices.always_ends and not (home := proper(choices, changed)).all():
            if not bounded:
                chain = choices.onward.taken(changed)
                transient, _ = transient_states(chain, choices.ends[changed])
                return Optimum(high, changed, gain, gain, gain, evaluations, ~transient & ~home)
            changed = np.where(home, changed, chosen)  # comes to the end, since the policy before did
            if np.array_equal(changed, chosen):
                break
        last = (chosen, high, low, unsure) if weight is None else None
        weight, chosen = None, changed
    if weight is not None:  # no policy is left to evaluate, and the greedy one need not be as good
        bound, shortfall = np.full(choices.n_states, np.inf), -gain
        return Optimum(high + low, chosen, weight, bound, shortfall, evaluations, nowhere)
    bound, shortfall = _proof(choices, chosen, solver, gain, noise, relevant)
    weight = shared(choices, chosen, high, bound, shortfall, gain, noise)
    return Optimum(high + low, chosen, weight, bound, shortfall, evaluations, nowhere)


def _proof(
    choices: Choices,
    chosen: NDArray[np.int64],
    solver: Resolvent,
    gain: NDArray[np.float64],
    noise: NDArray[np.float64],
    relevant: NDArray[np.bool_],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A bound on the error of v, and on how much worse each choice is.

    A bound w >= 0 is proved once no choice gains at v + w and the policy's own does not lose at v - w: then v + w is
    above the optimum, and v - w below the policy's value. A choice may gain `need` at v, and `need + rise(w)` at v + w.
    """
    own = np.zeros(choices.state.size, np.bool_)
    own[chosen] = True
    need = np.where(own, np.abs(gain), gain) + noise
    w = _followed_bound(choices, chosen, solver, need, relevant)
    if w is None:
        w = constant_bound(choices, chosen, need, relevant)
    if w is None:
        return np.full(choices.n_states, np.inf), -gain - noise
    reach = choices.differences.rise(w) + 2.0 * w[choices.state]  # the bound before and after the step together
    return w, -gain - noise - reach


def _followed_bound(
    choices: Choices,
    chosen: NDArray[np.int64],
    solver: Resolvent,
    need: NDArray[np.float64],
    relevant: NDArray[np.bool_],
) -> NDArray[np.float64] | None:
    """Solve the policy's equations for what its gains need, and follow another choice wherever that still gains."""
    inside = relevant[choices.state]
    follows, load = chosen, _MORE * np.maximum(need[chosen], 0.0)
    before, stuck = np.inf, 0
    for _ in range(_ROUNDS):
        if not choices.always_ends and not proper(choices, follows)[relevant].all():
            return None
        w = solver.solve(load)
        if not np.isfinite(w[relevant]).all():
            return None
        w = np.maximum(np.nan_to_num(w, nan=0.0, posinf=0.0), 0.0)
        rise = choices.differences.rise(w)
        over = np.where(inside, need + rise + choices.differences.rounding(w, need), -np.inf)
        worst = best_in_each(choices, over)
        open_ = over[worst] > 0.0
        if not open_.any():
            return w
        largest = float(over[worst][open_].max())
        stuck = stuck + 1 if (worst == follows)[open_].all() and largest > 0.5 * before else 0
        if stuck == _STUCK:
            return None  # the equations of this policy are beyond double precision
        before = largest
        more = np.where(worst == follows, 2.0 * over[worst], 0.0) + EPS * w  # beyond what rounding can hide
        load = np.where(open_, np.maximum(load, _MORE * need[worst]) + more, load)
        if (worst != follows)[open_].any():
            follows = np.where(open_, worst, follows)
            solver = choices.followed(follows)
    return None


def constant_bound(
    choices: Choices, chosen: NDArray[np.int64], need: NDArray[np.float64], relevant: NDArray[np.bool_]
) -> NDArray[np.float64] | None:
    """Bound errors by the same amount in all relevant states: a step lowers it by the probability of the end.

    It needs no policy. Where many choices are equally good, which one needs most may change for more rounds than
    `_followed_bound` has.
    """
    if not choices.always_ends:
        return None
    with np.errstate(over="ignore"):
        size = _MORE * np.maximum(need, 0.0) / choices.ends
    within = float(size[relevant[choices.state]].max(initial=0.0))
    w = np.where(relevant, within, max(within, float(size[chosen].max(initial=0.0))))
    return w if np.isfinite(w).all() else None


def shared(
    choices: Choices,
    chosen: NDArray[np.int64],
    v: NDArray[np.float64],
    bound: NDArray[np.float64],
    shortfall: NDArray[np.float64],
    gain: NDArray[np.float64],
    noise: NDArray[np.float64],
    values: Callable[[Transitions, NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]] | None = None,
) -> NDArray[np.float64]:
    """Share evenly between choices that may be equally good, if that policy is worth as much, as far as can be told.

    Parameters
    ----------
    choices : Choices
    chosen : ndarray of int64, shape [states]
    v, bound : ndarray of float64, shape [states]
    shortfall, gain, noise : ndarray of float64, shape [choices]
    values : callable of (Transitions, ndarray, ndarray) -> ndarray, optional
        Evaluates a chain that ends, its probabilities of the end, and its rewards. None: by factorisation.

    Returns
    -------
    ndarray of float64, shape [choices]
    """
    allowed = 4.0 * np.where(np.isfinite(bound), bound, 0.0) + 16.0 * EPS * np.abs(v)
    for equal in (shortfall <= 0.0, gain >= -4.0 * noise):
        tied = equal.copy()
        tied[chosen] = True
        if np.count_nonzero(tied) == chosen.size:
            return tied.astype(np.float64)
        weight = tied / np.bincount(choices.state, tied, choices.n_states)[choices.state]
        chain, ends, reward = choices.mixed(weight)
        transient, _ = transient_states(chain, ends)
        if transient.all() and (np.abs((values or _solved)(chain, ends, reward) - v) <= allowed).all():
            return np.asarray(weight)
    weight = np.zeros(choices.state.size)
    weight[chosen] = 1.0
    return weight


def _solved(chain: Transitions, ends: NDArray[np.float64], reward: NDArray[np.float64]) -> NDArray[np.float64]:
    return Resolvent(chain, ends).solve(reward)
