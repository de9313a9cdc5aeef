"""Kinds of a study's own: `module:name`, an agent's class or what makes a world, of modules that are named for it.

A file may come from anybody, so that it alone imports and calls nothing: whoever reads it says of which modules.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from fastsoftq.agents.rules import follows_rules
from fastsoftq.checks import shown
from fastsoftq.environments.environment_rules import ENVIRONMENTS

__all__ = ["OwnKinds", "kinds_of_modules", "module_of"]


class OwnKinds(NamedTuple):
    """What may be a `kind` besides those of the package, by that name.

    Attributes
    ----------
    agents : mapping of str to type
        Classes with the rules of an agent.
    worlds : mapping of str to callable
        Functions, and classes with the rules of an environment, which make a world of a table's entries.

    Examples
    --------
    >>> kinds_of_modules(["fastsoftq.mdp.chain"]).agents
    {}
    """

    agents: Mapping[str, type]
    worlds: Mapping[str, Callable[..., Any]]


def kinds_of_modules(modules: Iterable[str]) -> OwnKinds:
    """The kinds that modules have: what they define under a public name, or hold of modules within them.

    Parameters
    ----------
    modules : iterable of str
        Their names; each is imported unless it is already.

    Returns
    -------
    OwnKinds

    Raises
    ------
    TypeError
        A name that is no string.
    ImportError
        No such module.

    Examples
    --------
    >>> kinds_of_modules(["fastsoftq.agents.q_learning"]).agents
    {'fastsoftq.agents.q_learning:QLearning': <class 'fastsoftq.agents.q_learning.QLearning'>}
    >>> list(kinds_of_modules(["fastsoftq.mdp.chain"]).worlds)
    ['fastsoftq.mdp.chain:chain']
    """
    agents: dict[str, type] = {}
    worlds: dict[str, Callable[..., Any]] = {}
    if isinstance(modules, str):
        raise TypeError(f"modules is {shown(modules)}; it must be an iterable of names of modules")
    for name in modules:
        if not isinstance(name, str):
            raise TypeError(f"modules includes {name!r}; it must be the name of a module")
        try:
            module = importlib.import_module(name)
        except (ImportError, ValueError, TypeError) as error:  # those of names that are empty or relative
            raise ImportError(f"modules includes {name!r}; it cannot be imported: {error}") from error
        for own, value in vars(module).items():
            home = str(getattr(value, "__module__", None))
            if own.startswith("_") or not callable(value) or not f"{home}.".startswith(f"{name}."):
                continue
            if isinstance(value, type) and follows_rules(value):
                agents[f"{name}:{own}"] = value
            elif not isinstance(value, type) or ENVIRONMENTS.has(value):
                worlds[f"{name}:{own}"] = value
    return OwnKinds(agents, worlds)


def module_of(kind: Any) -> str | None:
    """The module that a kind names, if it names one.

    Examples
    --------
    >>> module_of("my_module:Mine"), module_of("q_learning")
    ('my_module', None)
    """
    module, colon, name = kind.partition(":") if isinstance(kind, str) else ("", "", "")
    return module if colon and module and name else None
