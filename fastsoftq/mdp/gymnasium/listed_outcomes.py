"""The table `P` of a Gymnasium environment, read and checked."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.mdp.gymnasium.registration import registered

__all__ = ["Table", "acted_in", "arrays", "read_table"]

Table: TypeAlias = list[list[list[tuple[float, int, Any, bool]]]]
"""By state and action: (probability, next state, reward, terminated) of every outcome. Rewards are as Gymnasium has
them, since functions of wrappers are given them so."""


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
        No table, one that is not numbered 0, 1, ..., one that does not fit the spaces or the dynamics, or an entry
        that is no outcome.

    Examples
    --------
    >>> import gymnasium
    >>> table = read_table(gymnasium.make("FrozenLake-v1", is_slippery=False).unwrapped)
    >>> table[14][2]  # from the state before the goal, to the right
    [(1.0, 15, 1, True)]
    """
    for name in ("P", "initial_state_distrib"):
        if not hasattr(env, name):
            raise ValueError(
                f"it has no {name!r}, so that it cannot be read as a table; {_of_ours(env)}write it as a TabularMDP, "
                "or let networks learn in gymnasium_environment(env)"
            )
    if getattr(env, "fickle_passenger", False) and getattr(env, "fickle_probability", 1.0) > 0.0:
        raise ValueError(
            "with fickle_passenger its passenger changes destinations on the way, which its P does not hold; make it "
            "without, or write it as a TabularMDP whose states tell whether the passenger has changed"
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


def arrays(table: Table) -> dict[str, Any]:
    """Write a table as arguments of `TabularMDP`.

    Parameters
    ----------
    table : Table

    Returns
    -------
    dict of str to list
        "probability", "next_state", "reward" and "terminated", each [states, actions, outcomes]; shorter lists of
        outcomes are padded with outcomes of probability 0.

    Examples
    --------
    >>> arrays([[[(1.0, 0, -1.0, True)]]])["reward"]
    [[[-1.0]]]
    """
    longest = max((len(outcomes) for row in table for outcomes in row), default=0)
    padding = (0.0, 0, 0.0, False)
    padded = [[outcomes + [padding] * (longest - len(outcomes)) for outcomes in row] for row in table]
    names = ("probability", "next_state", "reward", "terminated")
    return {
        name: [[[outcome[field] for outcome in outcomes] for outcomes in row] for row in padded]
        for field, name in enumerate(names)
    }


def _of_ours(env: Any) -> str:
    """A hint, where the package has a world of an environment's name."""
    title = getattr(getattr(env, "spec", None), "name", None)
    maker = registered().get(f"fastsoftq/{title}-v0")
    return f"{maker}() makes a world of that name, or " if maker is not None else ""


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


def acted_in(table: Table, start: NDArray[np.float64]) -> set[int]:
    """Find the states that an episode can be in before it ends.

    Parameters
    ----------
    table : Table
    start : ndarray of float64, shape [states]

    Returns
    -------
    set of int

    Examples
    --------
    >>> sure = [[[(1.0, 1, 0.0, False)]], [[(1.0, 1, 0.0, False)]], [[(1.0, 1, 0.0, False)]]]
    >>> acted_in(sure, np.array([1.0, 0.0, 0.0]))
    {0, 1}
    """
    found = {int(state) for state in np.flatnonzero(start)}
    left = list(found)
    while left:
        for outcomes in table[left.pop()]:
            ahead = {n for p, n, _, t in outcomes if p > 0.0 and not t} - found
            found |= ahead
            left.extend(ahead)
    return found
