"""What Gymnasium's wrappers make of the table of the environment that they are around."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable
from itertools import cycle, islice
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.mdp.gymnasium.as_loaded import as_loaded
from fastsoftq.mdp.gymnasium.listed_outcomes import Table, acted_in

__all__ = ["Situations", "wrapped"]

Situations: TypeAlias = Callable[[], Generator[None, None, None]]
"""Puts an environment into one situation after the other, and back when it is closed."""

_Effect: TypeAlias = Callable[[Table, NDArray[np.float64], Any, Situations], Table]

_ASKED = 10  # values for which a function is called in each situation, which bounds the time

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
        Puts the environment into one situation after the other. A function that depends on more than its argument is
        found only if these situations show it; a dependence on the clock, say, is not.

    Returns
    -------
    Table

    Raises
    ------
    ValueError
        A wrapper that is not known, or that does more than change the outcomes and rewards of single actions; a
        function of a wrapper that does not depend on its argument alone.

    Examples
    --------
    >>> import gymnasium
    >>> from fastsoftq.mdp.gymnasium.playing import standing
    >>> from fastsoftq.mdp.gymnasium.listed_outcomes import read_table
    >>> env = gymnasium.make("CliffWalking-v1").unwrapped
    >>> table, start = read_table(env), env.initial_state_distrib
    >>> clip = gymnasium.wrappers.ClipReward(env, -10, 0)
    >>> wrapped(table, start, [clip], lambda: standing(env, [], table, start))[36][1]
    [(1.0, 36, -10.0, False)]
    """
    for wrapper in wrappers:
        table = _effect(wrapper)(table, start, wrapper, situations)
    return table


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
            f"its wrapper {type(wrapper).__name__} may change observations, actions or rewards in a way that no table "
            "of single actions can hold; leave it out, or write the wrapped environment as a TabularMDP"
        )
    return effects[type(wrapper)]


def _unchanged(table: Table, start: NDArray[np.float64], wrapper: Any, situations: Situations) -> Table:
    return table


def _other_rewards(table: Table, start: NDArray[np.float64], wrapper: Any, situations: Situations) -> Table:
    rewards = sorted({reward for row in table for outcomes in row for _, _, reward, _ in outcomes})
    paid = _mapped(wrapper, "reward", rewards, situations)
    acted = acted_in(table, start)
    return [
        # No reward is paid after the end of an episode, and terminal states must stay recognisable.
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
    """The wrapper's result for each value, which must be the same in every situation."""
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
                        f"its wrapper {name} gives different results for the same {method}: for {value} both "
                        f"{found[value]} and {one}; no table can hold that"
                    )
    return {value: int(one) if method == "action" and one.is_integer() else one for value, one in found.items()}
