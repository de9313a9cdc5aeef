"""Agents that keep their last n steps: no more of them than an episode has, and only where there is memory for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from fastsoftq.agents.memory_rules import steps
from fastsoftq.agents.rules import has_rule
from fastsoftq.system.memory import check_memory

__all__ = ["check_last_steps", "keeps_last_steps", "within_episodes"]

AgentType = TypeVar("AgentType", bound=type)

_STEP_BYTES = 24  # of a state, an action and a reward
_BYTES_OF_STEP: dict[type, Callable[[int], int]] = {}  # of agents whose `memory` keeps steps


def keeps_last_steps(bytes_of_step: Callable[[int], int]) -> Callable[[AgentType], AgentType]:
    """Declare that an agent's `memory` keeps the last `n` steps of an episode, `n` being a hyperparameter.

    A run is then trained with no larger an `n` than an episode has steps, which must make no difference.

    Parameters
    ----------
    bytes_of_step : function
        What a step takes, given the number of actions.

    Examples
    --------
    >>> from typing import NamedTuple
    >>> @keeps_last_steps(lambda n_actions: 8)
    ... class Recalling(NamedTuple):
    ...     n: int
    >>> within_episodes(Recalling(n=10**9), max_steps=1000)
    Recalling(n=1000)
    """

    def declared(agent: AgentType) -> AgentType:
        _BYTES_OF_STEP[agent] = bytes_of_step
        return agent

    return declared


def within_episodes(agent: Any, max_steps: int) -> Any:
    """An agent as a run is trained with it: what it keeps in its `memory` is no longer than an episode.

    Parameters
    ----------
    agent : NamedTuple
    max_steps : int
        The most steps of an episode.

    Returns
    -------
    NamedTuple
        It learns the same, to the bit.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> within_episodes(fsq.PathConsistency(0.1, 0.95, n=10**9), max_steps=1000).n
    1000
    """
    changed = {name: within_episodes(value, max_steps) for name, value in _parts(agent)}
    if type(agent) in _BYTES_OF_STEP:
        changed["n"] = min(agent.n, max_steps)
    return agent._replace(**changed)


def check_last_steps(agent: Any, n_actions: int, max_steps: int, threads: int) -> None:
    """Refuse to keep more steps than there is memory for.

    Parameters
    ----------
    agent : NamedTuple
    n_actions : int
    max_steps : int
        The most steps of an episode.
    threads : int
        How many runs are trained at once, at most.

    Raises
    ------
    TooLargeError
        The message names `n` and what it takes.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> check_last_steps(fsq.NStepSarsa(0.1, 0.95, n=10**9), n_actions=4, max_steps=1000, threads=8)
    """
    own = _BYTES_OF_STEP.get(type(agent))
    if own is not None or (has_rule(type(agent), steps) and "n" in agent._fields):
        each = _STEP_BYTES if own is None else own(n_actions)
        asked = f"{type(agent).__name__}.n is {agent.n}; with max_steps of {max_steps} on {threads} threads it"
        check_memory(asked, threads * min(agent.n, max_steps) * each, "take a smaller n, or fewer max_steps or threads")
    for _, inner in _parts(agent):
        check_last_steps(inner, n_actions, max_steps, threads)


def _parts(agent: Any) -> Iterator[tuple[str, Any]]:
    """What of an agent is a NamedTuple too, by name."""
    yield from ((name, value) for name, value in agent._asdict().items() if hasattr(value, "_fields"))
