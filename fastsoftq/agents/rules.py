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

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np

from fastsoftq.kernels.rule_families import RuleFamily, check_unedited, rule, watched
from fastsoftq.kernels.updates import moved, td_target

__all__ = [
    "AGENTS",
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


AGENTS = RuleFamily("agent")
_required, _dispatched = AGENTS.required, AGENTS.dispatched


def rule_names() -> list[str]:
    """The rules by name, in alphabetical order."""
    return AGENTS.names()


def known_agents() -> list[type]:
    """The classes of agents that have been imported: every NamedTuple that has the rules it needs, oldest first.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> fsq.QLearning in known_agents()
    True
    """
    return AGENTS.classes()


def follows_rules(agent: type) -> bool:
    """Whether a class is an agent's.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> follows_rules(fsq.QLearning), follows_rules(fsq.LinearDecay)
    (True, False)
    """
    return AGENTS.has(agent)


def has_rule(agent: type, generic: Callable[..., Any]) -> bool:
    """Whether a class has an implementation of its own of a rule; one that passes on to another agent is none.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> has_rule(fsq.Frozen, learn), has_rule(fsq.QLearning, learn)
    (True, False)
    """
    implementation = AGENTS.implementations[generic].get(agent)
    return implementation is not None and not hasattr(implementation, "passes_on")


def check_code(agent: Agent) -> None:
    """Refuse an agent, or one within it, whose code has been edited in this process since it was compiled.

    Raises
    ------
    ValueError
        A constant or a function that its rules use has changed; the message names it.
    """
    check_unedited("agent", agent)


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
