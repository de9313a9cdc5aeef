"""Environments made by name: an option that is wrong, or that changes nothing, is refused by its name."""

from __future__ import annotations

import difflib
import importlib
import inspect
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from fastsoftq import checks

__all__ = ["gymnasium_module", "make", "maker"]

# Options that Gymnasium's environments read only where another is true.
_ONLY_WITH = {
    "success_rate": "is_slippery",
    "rainy_probability": "is_rainy",
    "fickle_probability": "fickle_passenger",
}


def gymnasium_module() -> ModuleType:
    """Import Gymnasium.

    Returns
    -------
    module

    Raises
    ------
    ImportError
        It is not installed.

    Examples
    --------
    >>> gymnasium_module().make("FrozenLake-v1").action_space
    Discrete(4)
    """
    try:
        import gymnasium
    except ImportError as error:
        raise ImportError("Gymnasium's environments need Gymnasium: pip install 'fastsoftq[gymnasium]'") from error
    module: ModuleType = gymnasium
    return module


def maker(name: Any) -> Any:
    """Find the class or function that makes an environment; its parameters are the environment's options.

    Parameters
    ----------
    name : str
        As for `from_gymnasium`. Nothing is made, but a module in front of the name is imported.

    Returns
    -------
    callable or None
        None where there is none: `from_gymnasium` says why.

    Examples
    --------
    >>> maker("FrozenLake-v1").__name__
    'FrozenLakeEnv'
    """
    try:
        gymnasium = gymnasium_module()
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


def make(name: str, options: Mapping[str, Any]) -> Any:
    """Make an environment.

    Parameters
    ----------
    name : str
    options : mapping of str to object
        As for `gymnasium.make`, without `max_episode_steps`.

    Returns
    -------
    gymnasium.Env

    Raises
    ------
    ImportError
        Gymnasium is not installed.
    ValueError
        A name that Gymnasium does not know, an option that the environment cannot be made with, or one that changes
        nothing.
    TypeError
        An option that the environment does not have; one that must be True or False and is not.

    Examples
    --------
    >>> make("FrozenLake-v1", {"map_name": "8x8"}).observation_space
    Discrete(64)
    """
    gymnasium = gymnasium_module()
    if "max_episode_steps" in options:
        limit = options["max_episode_steps"]
        raise ValueError(
            f"max_episode_steps is {checks.shown(limit)}; an MDP has no limit of steps: give it as max_steps, to train"
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
            if _can_be_made(name, {other: options[other] for other in options if other != option}):
                raise ValueError(f"{option} is {checks.shown(value)}; {name} cannot be made with it: {said}") from error
        raise ValueError(f"env is {name!r}; Gymnasium says: {said}") from error
    parameters = _parameters(name)
    given = {**{key: p.default for key, p in parameters.items()}, **getattr(made.unwrapped.spec, "kwargs", {})}
    for option, other in _ONLY_WITH.items():
        if option in options and other in parameters and not given[other]:
            raise ValueError(f"{option} is {options[option]!r}; it changes nothing in {name} without {other}")
    return made


def _can_be_made(name: str, options: Mapping[str, Any]) -> bool:
    try:
        gymnasium_module().make(name, **options)
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
