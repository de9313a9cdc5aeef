"""Gymnasium's tabular environments as TabularMDPs, and back. Gymnasium itself is loaded only when one is converted."""

from __future__ import annotations

import contextlib
import copy
import difflib
import importlib
import inspect
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np

from fastsoftq import checks
from fastsoftq.mdp.gymnasium_env import tabular_env
from fastsoftq.mdp.gymnasium_play import check_by_playing, standing
from fastsoftq.mdp.gymnasium_table import Table, arrays, read_table, wrapped
from fastsoftq.mdp.gymnasium_trust import as_loaded
from fastsoftq.mdp.tabular import TabularMDP, checked_mdp

__all__ = ["from_gymnasium", "maker", "to_gymnasium"]

# Options that Gymnasium's environments read only where another is true.
_ONLY_WITH = {
    "success_rate": "is_slippery",
    "rainy_probability": "is_rainy",
    "fickle_probability": "fickle_passenger",
}


def from_gymnasium(env: Any, **options: Any) -> TabularMDP:
    """Make a TabularMDP from a Gymnasium environment that carries its table `P`, such as those of "toy text".

    What wrappers do to rewards and actions is taken into the table where it is a function of a single reward or action
    (`TransformReward`, `ClipReward`, `TransformAction`, `RepeatAction`). Wrappers that only watch, render or check are
    passed over, and so is `TimeLimit`, since an MDP has no limit of steps: that is `max_steps` of `train`. Any other
    wrapper is refused, such as `StickyAction`, `NormalizeReward`, those of observations, and your own. A function of a
    wrapper that looks at more than its reward or action is refused: it is asked while the environment is played for ten
    thousand steps, and what the environment held is put back. What it takes from elsewhere, such as the clock, and what
    it does where those steps do not come, is not found.

    That Gymnasium's own environments play by their tables is known, as long as their classes are as they were loaded.
    Any other is played for ten thousand steps, as a copy, and refused where its table says otherwise; what is rarer
    than that is not found. One without a `step` of its own is nothing but its table.

    Parameters
    ----------
    env : str or gymnasium.Env
        An environment or its name, "FrozenLake-v1". With a module in front, "my_module:Lake-v0", the module is
        imported, as by `gymnasium.make`.
    **options
        For `gymnasium.make`, with a name: `is_slippery=False`. `max_episode_steps` is none of them.

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
        `fickle_passenger`); a wrapper that no table holds; a table that is no MDP.
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
    gymnasium = _gymnasium()
    if isinstance(env, str):
        made = _made(gymnasium, env, options)
    elif not isinstance(env, gymnasium.Env):
        raise TypeError(f"env is {env!r}; it must be a gymnasium.Env or the name of one")
    elif options:
        raise TypeError(f"options are {sorted(options)}; they only go with a name, and env is made already")
    else:
        made = env
    try:
        return _read(made)
    except (TypeError, ValueError) as error:
        raise ValueError(f"env is {env!r}; {error}") from error


def to_gymnasium(mdp: TabularMDP) -> Any:
    """Make a Gymnasium environment of a TabularMDP.

    Parameters
    ----------
    mdp : TabularMDP

    Returns
    -------
    gymnasium.Env
        With discrete observations (states) and actions, the table `P` and `initial_state_distrib`, like the
        environments of Gymnasium's "toy text". It never truncates; `gymnasium.wrappers.TimeLimit` does. It can be
        pickled and copied, and `step` refuses what is not one of its actions, in TypeError and ValueError.

    Raises
    ------
    ImportError
        Gymnasium is not installed.
    TypeError
        Not a TabularMDP.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> env = fsq.to_gymnasium(fsq.cliff_walking())
    >>> env.reset(seed=0)
    (36, {'prob': 1.0})
    >>> env.step(1)
    (36, -100.0, False, False, {'prob': 1.0})
    """
    _gymnasium()
    return tabular_env()(checked_mdp(mdp))


def _gymnasium() -> ModuleType:
    try:
        import gymnasium
    except ImportError as error:
        raise ImportError("Gymnasium's environments need Gymnasium: pip install gymnasium") from error
    module: ModuleType = gymnasium
    return module


def maker(name: Any) -> Any:
    """What makes the environment of this name, a class or a function, whose parameters are its options.

    Parameters
    ----------
    name : str
        As for `from_gymnasium`. Nothing is made, but a module in front of the name is imported.

    Returns
    -------
    callable or None
        None where there is none: `from_gymnasium` says why.
    """
    try:
        gymnasium = _gymnasium()
        registration = gymnasium.envs.registration
        module, _, plain = name.rpartition(":")
        if module:
            importlib.import_module(module)
        namespace, title, version = registration.parse_env_id(plain)
        if version is None:
            plain = registration.get_env_id(namespace, title, registration.find_highest_version(namespace, title))
        entry = gymnasium.spec(plain).entry_point
        return entry if callable(entry) else registration.load_env_creator(entry)
    except Exception:  # of whatever is imported on the way
        return None


def _made(gymnasium: ModuleType, name: str, options: Mapping[str, Any]) -> Any:
    """The environment of this name, or why there is none, with the option that is to blame."""
    if "max_episode_steps" in options:
        limit = options["max_episode_steps"]
        raise ValueError(
            f"max_episode_steps is {limit!r}; an MDP has no limit of steps: give it as max_steps, to train"
        )
    declared = _declared(name)
    for option in options:
        if option in declared and _is_flag(declared[option]):
            checks.flag(option, options[option])
    try:
        made = gymnasium.make(name, **options)
    except Exception as error:  # whatever a constructor raises
        known = _parameters(name)
        for option in options:
            if known and option not in (*known, "disable_env_checker", "render_mode"):
                close = difflib.get_close_matches(option, known, 1)
                hint = f"did you mean {close[0]!r}? It" if close else "it"
                names = ", ".join(map(repr, known))
                raise TypeError(f"{option} is no option of {name}; {hint} must be one of {names}") from error
        said = str(error) if isinstance(error, gymnasium.error.Error) else repr(error)
        for option, value in options.items():
            if _can_be_made(gymnasium, name, {other: options[other] for other in options if other != option}):
                raise ValueError(f"{option} is {value!r}; {name} cannot be made with it: {said}") from error
        raise ValueError(f"env is {name!r}; Gymnasium says: {said}") from error
    parameters = _parameters(name)
    given = {**{key: p.default for key, p in parameters.items()}, **getattr(made.unwrapped.spec, "kwargs", {})}
    for option, other in _ONLY_WITH.items():
        if option in options and other in parameters and not given[other]:
            raise ValueError(f"{option} is {options[option]!r}; it changes nothing in {name} without {other}")
    return made


def _can_be_made(gymnasium: ModuleType, name: str, options: Mapping[str, Any]) -> bool:
    try:
        gymnasium.make(name, **options)
    except Exception:
        return False
    return True


def _declared(name: str) -> dict[str, inspect.Parameter]:
    """The options that an environment names."""
    try:
        return dict(inspect.signature(maker(name)).parameters)
    except (TypeError, ValueError):
        return {}


def _parameters(name: str) -> dict[str, inspect.Parameter]:
    """The options of an environment, by name; none where it takes any."""
    found = _declared(name)
    any_name = any(parameter.kind is parameter.VAR_KEYWORD for parameter in found.values())
    return {} if any_name else found


def _is_flag(parameter: inspect.Parameter) -> bool:
    """Whether an option is True or False: else Python would take anything by its truth value, "no" for True."""
    says_nothing = parameter.annotation is parameter.empty
    return parameter.annotation in (bool, "bool") or (says_nothing and isinstance(parameter.default, bool))


def _read(env: Any) -> TabularMDP:
    import gymnasium

    wrappers = []
    while isinstance(env, gymnasium.Wrapper):
        wrappers.append(env)
        env = env.env
    table = read_table(env)
    start = checks.array("initial_state_distrib", env.initial_state_distrib, "iuf", holds="probabilities")
    start = checks.distribution("initial_state_distrib", np.atleast_1d(start))
    rows = _map(getattr(env, "desc", None), len(table))
    name = env.spec.id if env.spec is not None else type(env).__name__

    def mdp(table: Table) -> TabularMDP:
        return TabularMDP(
            **arrays(table),
            start=start,
            name=name,
            map=rows,
            cells=None if rows is None else [(y, x) for y, row in enumerate(rows) for x in range(len(row))],
        )

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

    if type(env) in (tabular_env(), CliffWalkingEnv, FrozenLakeEnv, TaxiEnv):
        return as_loaded(env, ("step", "reset"))
    changed = {"step", "reset"} & vars(env).keys() or not as_loaded(Env(), ("step",))
    return type(env).step is Env.step and not changed


def _played_too() -> tuple[type, ...]:
    """Wrappers that hold something of their own about an episode, at which functions of others may look."""
    from gymnasium import wrappers

    return (wrappers.Autoreset, wrappers.OrderEnforcing, wrappers.RecordEpisodeStatistics, wrappers.TimeLimit)


def _copied(env: Any) -> Any:
    """A copy to be played, which shows nothing."""
    try:
        played = copy.deepcopy(env)
    except Exception as error:  # whatever it holds
        raise ValueError(f"it cannot be copied, so that its P cannot be checked by playing: {error!r}") from error
    with contextlib.suppress(AttributeError):
        played.render_mode = None
    return played


def _map(desc: Any, n_states: int) -> list[str] | None:
    """A map as Gymnasium's FrozenLake keeps it, its frozen cells as floor; None where cells are not states (Taxi)."""
    if desc is None or np.size(desc) != n_states:
        return None
    return ["".join(row).replace("F", ".") for row in np.asarray(desc).astype(str)]
