"""What a Gymnasium environment's table `P` says, and what the wrappers around the environment make of it."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Callable, Generator, Hashable, Iterable
from itertools import cycle, islice
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.mdp.gymnasium_trust import as_loaded

__all__ = ["Situations", "Table", "acted_in", "arrays", "read_table", "wrapped"]

Table: TypeAlias = list[list[list[tuple[float, int, Any, bool]]]]
"""By state and action: (probability, next state, reward, terminated) of every outcome. Rewards are as Gymnasium has
them, since functions of wrappers are given them so."""

Situations: TypeAlias = Callable[[], Generator[None, None, None]]
"""Puts an environment into one situation after the other, and back when it is closed."""

_Effect: TypeAlias = Callable[[Table, NDArray[np.float64], Any, Situations], Table]

_ASKED = 10  # values that a function is asked for in each situation, so that many take no longer

# Wrappers that leave alone what an action leads to and pays. A limit of steps is no part of an MDP; `train` has one.
_HARMLESS = (
    "AddWhiteNoise",
    "Autoreset",
    "HumanRendering",
    "ObstructView",
    "OrderEnforcing",
    "PassiveEnvChecker",
    "RecordEpisodeStatistics",
    "RecordVideo",
    "RenderCollection",
    "TimeLimit",
)


def read_table(env: Any) -> Table:
    """Read the table of an environment without wrappers.

    Parameters
    ----------
    env : gymnasium.Env

    Returns
    -------
    Table

    Raises
    ------
    ValueError
        No table, one that is not numbered 0, 1, ..., one that the spaces or the dynamics go beyond, or an entry that
        is no outcome.
    """
    for name in ("P", "initial_state_distrib"):
        if not hasattr(env, name):
            raise ValueError(f"it has no {name!r}, so that it cannot be read as a table")
    if getattr(env, "fickle_passenger", False) and getattr(env, "fickle_probability", 1.0) > 0.0:
        raise ValueError(
            "with fickle_passenger its passenger changes destinations on the way, which its P does not hold"
        )
    try:
        n_states = len(env.P)
        n_actions = len(env.P[0])
        table = [[list(env.P[state][action]) for action in range(n_actions)] for state in range(n_states)]
        ragged = [state for state in range(n_states) if len(env.P[state]) != n_actions]
    except (LookupError, TypeError) as error:
        raise ValueError(f"its P is not numbered 0, 1, ... by state and action: {error!r}") from None
    if ragged:
        raise ValueError(f"its P[{ragged[0]}] has {len(env.P[ragged[0]])} actions and P[0] {n_actions}")
    _check_space("observation_space", getattr(env, "observation_space", None), n_states)
    _check_space("action_space", getattr(env, "action_space", None), n_actions)
    return [
        [_outcomes(f"P[{state}][{action}]", outcomes) for action, outcomes in enumerate(row)]
        for state, row in enumerate(table)
    ]


def wrapped(table: Table, start: NDArray[np.float64], wrappers: Iterable[Any], situations: Situations) -> Table:
    """Change a table as wrappers change the environment.

    Parameters
    ----------
    table : Table
    start : ndarray of float64, shape [states]
        Where one can start.
    wrappers : iterable of gymnasium.Wrapper
        From the innermost outwards.
    situations : callable of () -> generator
        Puts the environment into one situation after the other. What a function of a wrapper does in none of them, in
        two of them alike, or by what is outside the environment, such as the clock, is not found.

    Returns
    -------
    Table

    Raises
    ------
    ValueError
        A wrapper that is not known, or whose effect is not one on outcomes and rewards of single actions; a function
        of one that does not depend on its argument alone.
    """
    for wrapper in wrappers:
        table = _effect(wrapper)(table, start, wrapper, situations)
    return table


def arrays(table: Table) -> dict[str, list[Any]]:
    """A table as the arguments of `TabularMDP`, shorter lists of outcomes padded with some of probability 0."""
    longest = max((len(outcomes) for row in table for outcomes in row), default=0)
    padding = (0.0, 0, 0.0, False)
    padded = [[outcomes + [padding] * (longest - len(outcomes)) for outcomes in row] for row in table]
    names = ("probability", "next_state", "reward", "terminated")
    return {
        name: [[[outcome[field] for outcome in outcomes] for outcomes in row] for row in padded]
        for field, name in enumerate(names)
    }


def _check_space(name: str, space: Any, size: int) -> None:
    import gymnasium

    if space is None:
        return
    if not isinstance(space, gymnasium.spaces.Discrete) or (space.n, space.start) != (size, 0):
        raise ValueError(f"its {name} is {space}; for its P it must be Discrete({size})")


def _outcomes(name: str, entries: list[Any]) -> list[tuple[float, int, Any, bool]]:
    found, probabilities = [], []
    for k, entry in enumerate(entries):
        here = f"{name}[{k}]"
        try:
            probability, next_state, reward, terminated = entry
        except (TypeError, ValueError):
            raise ValueError(f"{here} is {entry!r}; it must be (probability, next state, reward, terminated)") from None
        plain = checks.number(f"the reward of {here}", reward)
        checks.number(f"the probability of {here}", probability)
        probabilities.append(probability)
        found.append(
            (
                checks.count(f"the next state of {here}", next_state, least=0),
                reward if isinstance(reward, Hashable) else plain,
                checks.flag(f"terminated of {here}", terminated),
            )
        )
    exact = checks.distribution(name, checks.array(name, probabilities, "iuf")).tolist()
    return [(p, n, r, t) for p, (n, r, t) in zip(exact, found, strict=True)]


def _effect(wrapper: Any) -> _Effect:
    """What a wrapper does to a table: judged by its very type, as loaded, since any other may do anything."""
    from gymnasium import wrappers

    effects: dict[Any, _Effect] = {
        **{getattr(wrappers, name, None): _unchanged for name in _HARMLESS},
        wrappers.ClipReward: _other_rewards,
        wrappers.TransformReward: _other_rewards,
        wrappers.TransformAction: _other_actions,
        getattr(wrappers, "RepeatAction", None): _repeated,
    }
    if type(wrapper) not in effects or not as_loaded(wrapper, ("step", "reset", "reward", "action")):
        raise ValueError(
            f"its wrapper {type(wrapper).__name__} may change what is observed, done or paid in a way that no table of "
            "single actions holds; leave it out, or write what it makes of the environment as a TabularMDP"
        )
    return effects[type(wrapper)]


def _unchanged(table: Table, start: NDArray[np.float64], wrapper: Any, situations: Situations) -> Table:
    return table


def _other_rewards(table: Table, start: NDArray[np.float64], wrapper: Any, situations: Situations) -> Table:
    rewards = sorted({reward for row in table for outcomes in row for _, _, reward, _ in outcomes})
    paid = _mapped(wrapper, "reward", rewards, situations)
    acted = acted_in(table, start)
    return [
        # Nobody is ever paid where an episode has ended; such a state stays what tells that it has.
        row
        if state not in acted and all(t and n == state and r == 0 for outcomes in row for _, n, r, t in outcomes)
        else [[(p, n, paid[r], t) for p, n, r, t in outcomes] for outcomes in row]
        for state, row in enumerate(table)
    ]


def _other_actions(table: Table, start: NDArray[np.float64], wrapper: Any, situations: Situations) -> Table:
    import gymnasium

    space = wrapper.action_space
    if not isinstance(space, gymnasium.spaces.Discrete) or space.start != 0:
        raise ValueError(f"its wrapper TransformAction takes actions of {space}; they must be numbered from 0")
    taken = _mapped(wrapper, "action", range(space.n), situations)
    chosen = [checks.index(f"what its wrapper TransformAction makes of {a}", taken[a], len(table[0])) for a in taken]
    return [[row[action] for action in chosen] for row in table]


def _repeated(table: Table, start: NDArray[np.float64], wrapper: Any, situations: Situations) -> Table:
    """An action taken several times, its rewards added up; termination ends it early."""

    def after(state: int, action: int) -> list[tuple[float, int, Any, bool]]:
        running, ended = {(state, 0.0): 1.0}, defaultdict[tuple[int, float], float](float)
        for _ in range(wrapper.num_repeats):
            ahead = defaultdict[tuple[int, float], float](float)
            for (here, total), probability in running.items():
                for p, n, r, t in table[here][action]:
                    (ended if t else ahead)[n, total + float(r)] += probability * p
            running = ahead
        return [(p, n, r, t) for t, found in ((False, running), (True, ended)) for (n, r), p in found.items()]

    return [[after(state, action) for action in range(len(row))] for state, row in enumerate(table)]


def _mapped(wrapper: Any, method: str, values: Iterable[Any], situations: Situations) -> dict[Any, float]:
    """What a wrapper makes of each value; found in every situation, since it must depend on nothing else."""
    given = list(values)
    name = type(wrapper).__name__
    turns = cycle(given)
    found: dict[Any, float] = {}
    with contextlib.closing(situations()) as places:
        for visited, _ in enumerate(places):
            # All of them in two orders; later a few at a time, the next ones in each situation.
            asked = (given, given[::-1])[visited] if visited < 2 else islice(turns, min(_ASKED, len(given)))
            for value in asked:
                try:
                    made = getattr(wrapper, method)(value)
                except Exception as error:  # whatever a function of somebody else's raises
                    raise ValueError(f"its wrapper {name} fails on a {method} of its table: {error!r}") from error
                one = checks.number(f"what its wrapper {name} makes of {value}", made)
                if found.setdefault(value, one) != one:
                    raise ValueError(
                        f"its wrapper {name} does not make the same of the same {method} each time and wherever the "
                        f"environment is: of {value} both {found[value]} and {one}; no table holds that"
                    )
    return {value: int(one) if method == "action" and one.is_integer() else one for value, one in found.items()}


def acted_in(table: Table, start: NDArray[np.float64]) -> set[int]:
    """Find the states that an episode can be in before it ends.

    Parameters
    ----------
    table : Table
    start : ndarray of float64, shape [states]

    Returns
    -------
    set of int
    """
    found = {int(state) for state in np.flatnonzero(start)}
    left = list(found)
    while left:
        for outcomes in table[left.pop()]:
            ahead = {n for p, n, _, t in outcomes if p > 0.0 and not t} - found
            found |= ahead
            left.extend(ahead)
    return found
