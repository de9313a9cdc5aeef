"""The rules of an agent: all that an engine knows of it.

An agent is a NamedTuple of hyperparameters, and a rule is one function here with an implementation for each agent's
type, given with `@rule`. Compiled code picks the implementation by the agent's type, so an engine's loop is written
once and compiled once for each agent. An engine takes these steps between one action and the next::

    summary = complete_summary(agent, summarise(agent, row, like))  # of the next state: its maximum, or its weights
    value = bootstrap(agent, row, summary, action)                  # what the next state is worth
    entry = learn(agent, entry, reward, terminated, value)          # the new value of the action taken
    entry_summary = summarise_entry(agent, summary, entry, like)    # its summary, in case it is in the next state's row
    summary, stale = update_summary(agent, row, summary, changed, entry_summary, like)
    action = act(agent, row, summary, draw)                         # the next action

Rules must be written in operations that take one number and vectors (`kernels/simd.py`): arithmetic, comparisons,
`select`, `maximum`, `fma`, `exp2`, `log2`, and loops over `range(len(row))`. No `if` on a number.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
from numba import types
from numba.core import errors
from numba.extending import overload

from fastsoftq.kernels.jit import INTO_CALLERS
from fastsoftq.kernels.sources import depends_on, edited_since_compiled, is_compiled
from fastsoftq.kernels.updates import moved, td_target

__all__ = [
    "PRECISIONS",
    "Agent",
    "act",
    "bootstrap",
    "check_code",
    "complete_summary",
    "double_bootstrap",
    "follows_rules",
    "has_rule",
    "known_agents",
    "learn",
    "on_policy",
    "rule",
    "rule_names",
    "summarise",
    "summarise_entry",
    "update_summary",
    "varies_by_episode",
    "watched",
]

# The precisions of exponentials by name: what `like` is in the rules.
PRECISIONS: dict[str, type[np.floating[Any]]] = {"double": np.float64, "mixed": np.float32}


class Agent(Protocol):
    """A NamedTuple of hyperparameters, floats or schedules, for whose class there are rules.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> agent: Agent = fsq.QLearning(step_size=0.8, discount=0.95)
    >>> agent._replace(discount=0.99).discount
    0.99
    """

    @property
    def _fields(self) -> tuple[str, ...]: ...

    def _asdict(self) -> dict[str, Any]: ...

    def __iter__(self) -> Iterator[Any]: ...

    def __len__(self) -> int: ...


_implementations: dict[Callable[..., Any], dict[type, Callable[..., Any]]] = {}
_watchers: list[Callable[..., None]] = []


def rule(generic: Callable[..., Any], *agents: type) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the decorated function as the rule `generic` of `agents`.

    Parameters
    ----------
    generic : function
        One of this module's rules.
    *agents : type
        NamedTuple classes.

    Raises
    ------
    TypeError
        Something that is not a rule, or not a NamedTuple class; a function that does not take the rule's arguments, or
        that prints; a new rule for an agent that is already compiled.

    Examples
    --------
    Double the values that Q-learning bootstraps on:

    >>> from typing import NamedTuple
    >>> from fastsoftq.agents.epsilon_greedy import epsilon_greedy
    >>> @epsilon_greedy  # gives it `summarise` and `act`
    ... class Doubling(NamedTuple):
    ...     step_size: float
    ...     discount: float
    ...     epsilon: float = 0.1
    ...     reward_scale: float = 1.0
    >>> @rule(bootstrap, Doubling)
    ... def _(agent, row, summary, action):
    ...     return 2.0 * summary
    >>> Doubling in known_agents()
    True
    """
    if generic not in _implementations:
        raise TypeError(f"generic is {generic!r}; it must be one of the rules {', '.join(rule_names())}")
    for agent in agents:
        if not (isinstance(agent, type) and hasattr(agent, "_fields")):
            raise TypeError(f"agents includes {agent!r}; an agent must be a typing.NamedTuple class")

    def register(implementation: Callable[..., Any]) -> Callable[..., Any]:
        if "print" in implementation.__code__.co_names:
            raise TypeError(
                f"the rule {generic.__name__!r} prints, which compiled rules cannot do from their threads; call "
                f"{implementation!r} by itself to look at what it gives"
            )
        arguments = inspect.signature(generic).parameters
        try:
            inspect.signature(implementation).bind(*arguments)
        except TypeError as error:
            raise TypeError(
                f"the rule {generic.__name__!r} is called with ({', '.join(arguments)}); {implementation!r} takes "
                f"{inspect.signature(implementation)}: {error}"
            ) from None
        for agent in agents:
            if is_compiled(agent):
                raise TypeError(
                    f"{agent.__name__} has been compiled with the rules it had, and would go on following them; define "
                    f"the class once more, and then its rule {generic.__name__!r}"
                )
            _implementations[generic][agent] = implementation
            depends_on(agent, **{generic.__name__: implementation})
        return implementation

    return register


def rule_names() -> list[str]:
    """The rules by name, in alphabetical order."""
    return sorted(generic.__name__ for generic in _implementations)


def known_agents() -> list[type]:
    """The classes of agents that have been imported: every NamedTuple that has the rules it needs, oldest first.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> fsq.QLearning in known_agents()
    True
    """
    required = [agents for generic, agents in _implementations.items() if hasattr(generic, "required")]
    return [agent for agent in required[0] if all(agent in agents for agents in required)]


def follows_rules(agent: type) -> bool:
    """Whether a class is an agent's.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> follows_rules(fsq.QLearning), follows_rules(fsq.LinearDecay)
    (True, False)
    """
    return agent in known_agents()


def has_rule(agent: type, generic: Callable[..., Any]) -> bool:
    """Whether a class has an implementation of its own of a rule.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> has_rule(fsq.Frozen, learn), has_rule(fsq.QLearning, learn)
    (True, False)
    """
    return agent in _implementations[generic]


def check_code(agent: Agent) -> None:
    """Refuse an agent, or one within it, whose code has been edited in this process since it was compiled.

    Raises
    ------
    ValueError
        A constant or a function that its rules use has changed; the message names it.
    """
    edited = edited_since_compiled(type(agent))
    if edited:
        raise ValueError(
            f"agent is {agent!r}; {', '.join(edited)} changed since it was compiled, and would have no effect. Define "
            "the class once more, and then its rules"
        )
    for inner in agent:
        if hasattr(inner, "_fields"):
            check_code(inner)


@contextmanager
def watched(watcher: Callable[[Callable[..., Any], Callable[..., Any], tuple[Any, ...]], None]) -> Iterator[None]:
    """Within, report each rule that compiled code calls: the rule, its implementation, the types of its arguments."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


def _dispatched(generic: Callable[..., Any]) -> Callable[..., Any]:
    """Let compiled code call `generic`: the agent's own implementation or, where it has none, the body given here."""
    known = _implementations[generic] = {}

    @overload(generic, jit_options=INTO_CALLERS, strict=False)
    def _resolve(agent, *arguments):
        if not isinstance(agent, types.BaseNamedTuple):
            return None
        found = known.get(agent.instance_class, None if hasattr(generic, "required") else generic)
        if found is None:
            raise errors.TypingError(f"{agent.instance_class.__name__} has no rule {generic.__name__!r}")
        for watcher in _watchers:
            watcher(generic, found, (agent, *arguments))
        return found

    return generic


def _required(generic: Callable[..., Any]) -> Callable[..., Any]:
    generic.required = True  # type: ignore[attr-defined]
    return _dispatched(generic)


@_required
def summarise(agent, row, like):
    """Summarise a state's row of action values, for `bootstrap` and `act`: as a number or a (named) tuple.

    `like` is float64 or float32: the precision of exponentials, where there are any.
    """


@_dispatched
def complete_summary(agent, partial):
    """Complete the partial summary that `summarise` gives; unchanged by default.

    The lane engine passes all lanes through one stage before the next: with the exponentials of a soft agent in a stage
    of their own, lanes overlap better (1.05 to 1.1 times as fast).
    """
    return partial


@_required
def bootstrap(agent, row, summary, action):
    """The value of the next state; `action` is the one taken there by an agent that is `on_policy`."""


@_dispatched
def learn(agent, entry, reward, terminated, value):
    """The new entry of the table: the old one, moved towards the target.

    Where `terminated`, `value` is meaningless and must be ignored, as `td_target` does.
    """
    return moved(entry, td_target(agent.reward_scale * reward, terminated, agent.discount, value), agent.step_size)


@_dispatched
def summarise_entry(agent, summary, entry, like):
    """The new `entry` as a summary holds it, such as its weight; a stage of its own, like `complete_summary`."""
    return entry


@_dispatched
def update_summary(agent, row, summary, changed, entry, like):
    """The summary after the value of the action `changed` has changed (-1: none has), and whether it is stale.

    `entry` is what `summarise_entry` gave. A stale summary is made again from the row, which is slower.
    """
    return complete_summary(agent, summarise(agent, row, like)), changed != changed


@_required
def act(agent, row, summary, draw):
    """The action to take (int32), given a `Draw`."""


@_dispatched
def varies_by_episode(agent):
    """Whether the summary of a row depends on the episode, so that it is stale in the next one."""
    return False


@_dispatched
def on_policy(agent):
    """Whether the next action is chosen before the update, which learns from it (Sarsa), or after (Q-learning)."""
    return False


@_dispatched
def double_bootstrap(agent, row, summary, values):
    """The value of the next state where `row` judges the actions and `values`, of another table, values them.

    Double learning (van Hasselt 2010) asks for it; no agent has it by default.
    """
    raise TypeError("the agent has no rule 'double_bootstrap'")
