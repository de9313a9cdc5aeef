"""Gymnasium's tabular environments as TabularMDPs, and back. Gymnasium itself is loaded only when one is converted."""

from __future__ import annotations

import contextlib
import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from fastsoftq import checks
from fastsoftq.mdp.gymnasium.as_loaded import as_loaded
from fastsoftq.mdp.gymnasium.listed_outcomes import Table, arrays, read_table
from fastsoftq.mdp.gymnasium.making import gymnasium_module, make
from fastsoftq.mdp.gymnasium.playing import check_by_playing, standing
from fastsoftq.mdp.gymnasium.wrappers import wrapped
from fastsoftq.mdp.tabular import TabularMDP

if TYPE_CHECKING:
    from fastsoftq.mdp.gymnasium.environment import TabularEnv

__all__ = ["from_gymnasium", "to_gymnasium"]


def from_gymnasium(env: Any, **options: Any) -> TabularMDP:
    """Make a TabularMDP from a Gymnasium environment that carries its table `P`, such as those of "toy text".

    Wrappers that change single rewards or actions are taken into the table: `TransformReward`, `ClipReward`,
    `TransformAction`, `RepeatAction`. Wrappers that only watch, render or check are ignored, and so is `TimeLimit`: an
    MDP has no limit of steps, `train` has `max_steps`. Any other wrapper is refused, such as `StickyAction`,
    `NormalizeReward`, observation wrappers, and your own. A function of a wrapper must depend on its reward or action
    alone: this is checked during ten thousand steps of play, after which the environment is as it was. A function that
    reads something else, such as the clock, or that differs in states these steps do not reach, is not detected.

    Gymnasium's own environments are known to play by their tables, unless their classes were changed after loading. A
    copy of any other is played for ten thousand steps, and it is refused if its table says otherwise; rarer events are
    not found. An environment without a `step` of its own is only its table.

    Parameters
    ----------
    env : str or gymnasium.Env
        An environment or its name, "FrozenLake-v1". With a module in front, "my_module:Lake-v0", the module is
        imported, as by `gymnasium.make`.
    **options
        For `gymnasium.make`, with a name: `is_slippery=False`. `max_episode_steps` is refused.

    Returns
    -------
    TabularMDP
        With the environment's outcomes in their order, and its distribution of start states. Where its states are the
        cells of a map (`desc`, as FrozenLake's), the MDP has it too, with holes as `H`.

    Raises
    ------
    ImportError
        Gymnasium is not installed.
    ValueError
        A name that Gymnasium does not know; options that it cannot make it with, or that change nothing; an
        environment without `P` or `initial_state_distrib`, or that does not play by them (`Taxi` with
        `fickle_passenger`); a wrapper that no table can express; a table that is no MDP.
    TypeError
        Neither a name nor an environment; an option that the environment does not have, or that is not True or False
        where the environment's is; options for an environment that is already made.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> fsq.from_gymnasium("FrozenLake-v1")
    <TabularMDP 'FrozenLake-v1': 16 states, 4 actions, up to 3 outcomes>

    >>> import gymnasium
    >>> dear = gymnasium.wrappers.TransformReward(gymnasium.make("CliffWalking-v1"), lambda reward: reward / 100)
    >>> fsq.from_gymnasium(dear).outcomes(36, 1)
    [Outcome(probability=1.0, next_state=36, reward=-1.0, terminated=False)]
    """
    gymnasium = gymnasium_module()
    if isinstance(env, str):
        made = make(env, options)
    elif not isinstance(env, gymnasium.Env):
        raise TypeError(f"env is {checks.shown(env)}; it must be a gymnasium.Env or the name of one")
    elif options:
        raise TypeError(f"options are {sorted(options)}; they only go with a name, and env is made already")
    else:
        made = env
    try:
        return _read(made)
    except (TypeError, ValueError) as error:
        raise ValueError(f"env is {env!r}; {error}") from error


def to_gymnasium(mdp: TabularMDP, render_mode: str | None = None) -> TabularEnv:
    """Make a Gymnasium environment of a TabularMDP.

    Parameters
    ----------
    mdp : TabularMDP
    render_mode : {"ansi", "rgb_array"}, optional
        What its `render` returns: text, or a picture of the map as uint8 [height, width, 3].

    Returns
    -------
    TabularEnv
        With discrete observations (states) and actions, the table `P` and `initial_state_distrib`, like the
        environments of Gymnasium's "toy text". It never truncates; `gymnasium.wrappers.TimeLimit` does. It can be
        pickled and copied, and goes on as it was. `gymnasium.make(env.spec)` makes another one.

    Raises
    ------
    ImportError
        Gymnasium is not installed.
    ValueError
        A render mode that does not exist, or "rgb_array" where the MDP has no map.
    TypeError
        `mdp` is not a TabularMDP; `render_mode` is not a string.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> env = fsq.to_gymnasium(fsq.from_map(["S#.G", "..CC"]), render_mode="ansi")
    >>> env.reset(seed=0)
    (0, {'prob': 1.0})
    >>> env.step(2)
    (3, -1.0, False, False, {'prob': 1.0})
    >>> print(env.render())
    S#.G
    @.CC
    state 3 after action 2: reward -1
    """
    gymnasium_module()
    from fastsoftq.mdp.gymnasium.environment import TabularEnv

    return TabularEnv(mdp, render_mode)


def _read(env: Any) -> TabularMDP:
    import gymnasium

    wrappers = []
    while isinstance(env, gymnasium.Wrapper):
        wrappers.append(env)
        env = env.env
    table = read_table(env)
    start = checks.array("initial_state_distrib", env.initial_state_distrib, "iuf", holds="probabilities")
    start = checks.distribution("initial_state_distrib", np.atleast_1d(start))
    described = _description(env, len(table))

    def mdp(table: Table) -> TabularMDP:
        return TabularMDP(start=start, **described, **arrays(table))

    plain = mdp(table)
    if not _known_to_play_by_its_table(env):
        check_by_playing(_copied(env), table, start)
    if not wrappers:
        return plain
    outwards = wrappers[::-1]
    played = [wrapper for wrapper in outwards if type(wrapper) in _played_too()]
    return mdp(wrapped(table, start, outwards, lambda: standing(env, played, table, start)))


def _known_to_play_by_its_table(env: Any) -> bool:
    from gymnasium import Env
    from gymnasium.envs.toy_text import CliffWalkingEnv, FrozenLakeEnv, TaxiEnv

    from fastsoftq.mdp.gymnasium.environment import TabularEnv

    if type(env) in (TabularEnv, CliffWalkingEnv, FrozenLakeEnv, TaxiEnv):
        return as_loaded(env, ("step", "reset"))
    changed = {"step", "reset"} & vars(env).keys() or not as_loaded(Env(), ("step",))
    return type(env).step is Env.step and not changed


def _played_too() -> tuple[type, ...]:
    """Wrappers with state of their own in an episode, which functions of other wrappers may read."""
    from gymnasium import wrappers

    return (wrappers.Autoreset, wrappers.OrderEnforcing, wrappers.RecordEpisodeStatistics, wrappers.TimeLimit)


def _copied(env: Any) -> Any:
    """A copy to be played, without rendering."""
    try:
        played = copy.deepcopy(env)
    except Exception as error:  # whatever it holds
        raise ValueError(f"it cannot be copied, so that its P cannot be checked by playing: {error!r}") from error
    with contextlib.suppress(AttributeError):
        played.render_mode = None
    return played


def _description(env: Any, n_states: int) -> dict[str, Any]:
    """The name of an environment, and its map and cells where it has them, as arguments of `TabularMDP`."""
    from fastsoftq.mdp.gymnasium.environment import TabularEnv

    if isinstance(env, TabularEnv):
        return {"name": env.mdp.name, "map": env.mdp.map, "cells": env.mdp.cells}
    rows = _map(getattr(env, "desc", None), n_states)
    return {
        "name": env.spec.id if env.spec is not None else type(env).__name__,
        "map": rows,
        "cells": None if rows is None else [(y, x) for y, row in enumerate(rows) for x in range(len(row))],
    }


def _map(desc: Any, n_states: int) -> list[str] | None:
    """A map as Gymnasium's FrozenLake keeps it, its frozen cells as floor; None where cells are not states (Taxi)."""
    if desc is None or np.size(desc) != n_states:
        return None
    return ["".join(row).replace("F", ".") for row in np.asarray(desc).astype(str)]
