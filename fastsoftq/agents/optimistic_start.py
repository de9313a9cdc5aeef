"""OptimisticStart: another agent whose table begins at a value of one's choice, so that it tries what it has not."""

from __future__ import annotations

from typing import Any, NamedTuple

from fastsoftq.agents.rules import Agent
from fastsoftq.agents.wrapping import wrapper

__all__ = ["OptimisticStart", "first_value"]


@wrapper
class OptimisticStart(NamedTuple):
    """An agent whose table begins at `value` everywhere, not at 0.

    Above all that can be earned, it makes an agent try every action of every state that it meets: each disappoints
    (Sutton & Barto 2018, section 2.6; Even-Dar & Mansour 2001, "Convergence of optimistic and incremental Q-learning").
    Of two tables both begin so. Where `initial_q` says what tables start from, it alone counts.

    Parameters
    ----------
    agent : NamedTuple
        The agent that learns.
    value : float
        In units of Q, thus of the scaled reward; within ±1e100.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> agent = fsq.OptimisticStart(fsq.QLearning(step_size=0.5, discount=0.95, epsilon=0.0), value=10.0)
    >>> fsq.train(fsq.cliff_walking(), agent, seeds=2, episodes=1, max_steps=1, keep_q=True).final_q.max()
    np.float64(10.0)
    """

    agent: Agent
    value: float


def first_value(agent: Any) -> float:
    """At what an agent's table begins: at the value of the outermost `OptimisticStart`, or at 0.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> first_value(fsq.VisitStepSize(OptimisticStart(fsq.QLearning(1.0, 0.95), value=10.0)))
    10.0
    >>> first_value(fsq.QLearning(1.0, 0.95))
    0.0
    """
    if isinstance(agent, OptimisticStart):
        return float(agent.value)
    inner = getattr(agent, "agent", None)
    return 0.0 if inner is None else first_value(inner)
