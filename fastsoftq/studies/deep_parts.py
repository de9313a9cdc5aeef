"""The parts of a deep agent, by the names that a study's file and its record give them, and how one is checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastsoftq.agents import LEARNERS
from fastsoftq.agents.hyperparameters import checked
from fastsoftq.deep.learner import Deep, Munchausen, checked_deep
from fastsoftq.deep.replay import PrioritizedReplay, Replay, Rollouts
from fastsoftq.networks.architectures import MLP, Convolutional
from fastsoftq.networks.losses import Huber, Squared
from fastsoftq.networks.network import lockstep_lanes
from fastsoftq.networks.optimizers import SGD, Adam, RMSProp
from fastsoftq.studies.sweep import list_depths

__all__ = [
    "DEEP",
    "KINDS_OF_PARTS",
    "PARTS",
    "algorithm_record",
    "checked_learner",
    "depths_of_parts",
    "fixed_by_its_agent",
    "learner_of",
    "runs_at_once",
    "steps_before_learning",
    "whole_rounds",
]

DEEP = "deep"
"""The kind of a deep agent."""

PARTS: dict[str, Mapping[str, type]] = {
    "agent": LEARNERS,
    "network": {"mlp": MLP, "convolutional": Convolutional},
    "optimizer": {"sgd": SGD, "rmsprop": RMSProp, "adam": Adam},
    "replay": {"replay": Replay, "prioritized_replay": PrioritizedReplay, "rollouts": Rollouts},
    "loss": {"squared": Squared, "huber": Huber},
    "munchausen": {"munchausen": Munchausen},
}
"""What each part of a deep agent may be, by kind."""

KINDS_OF_PARTS: dict[str, type] = {
    DEEP: Deep,
    **{kind: made for name, kinds in PARTS.items() if name != "agent" for kind, made in kinds.items()},
}
"""Deep itself and its parts, the tabular agent apart."""


def checked_learner(agent: Any) -> Any:
    """Check the hyperparameters of an agent, deep or not.

    Parameters
    ----------
    agent : NamedTuple

    Returns
    -------
    NamedTuple
        The same agent, with its numbers as compiled code expects them.

    Raises
    ------
    TypeError, ValueError
        As `train`.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> checked_learner(Deep(fsq.QLearning(step_size=1, discount=0.95))).agent.step_size
    1.0
    """
    return checked_deep(agent) if isinstance(agent, Deep) else checked(agent)


def learner_of(agent: Any) -> Any:
    """The agent whose rules are played by: a deep agent's own, or the agent itself.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> learner_of(Deep(fsq.QLearning(step_size=1, discount=0.95)))
    QLearning(step_size=1, discount=0.95, epsilon=0.1, reward_scale=1.0)
    """
    return agent.agent if isinstance(agent, Deep) else agent


def runs_at_once(agent: Any) -> int:
    """How many runs of an agent this machine best trains together on a thread: more than one of small networks.

    Parameters
    ----------
    agent : Deep

    Returns
    -------
    int

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> runs_at_once(Deep(fsq.QLearning(0.8, 0.95), network=MLP((256, 256))))
    1
    """
    return 1 if isinstance(agent.replay, Rollouts) else lockstep_lanes(agent.network, agent.clip)


def steps_before_learning(agent: Deep) -> int:
    """How many steps a deep agent takes before its network first learns.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> steps_before_learning(Deep(fsq.QLearning(0.8, 0.95), replay=Replay(start=500)))
    500
    """
    return 0 if isinstance(agent.replay, Rollouts) else agent.replay.start


def whole_rounds(agent: Deep, steps: int) -> int:
    """The fewest steps, no less than these, that all environments side by side can share.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> whole_rounds(Deep(fsq.QLearning(0.8, 0.95), replay=Rollouts(environments=32)), 100)
    128
    """
    side_by_side = agent.replay.environments if isinstance(agent.replay, Rollouts) else 1
    return -(-steps // side_by_side) * side_by_side


def fixed_by_its_agent(agent: Deep, certain: bool) -> Any:
    """The tabular agent whose fixed point a deep one has, if it learns all: None where its targets are others.

    Rewards of several steps, without correction for the policy, make other values; so do returns that look ahead, and
    what Munchausen adds. Where outcomes are left to chance, the Huber loss is least between mean and median.

    Parameters
    ----------
    agent : Deep
    certain : bool
        Whether every action of the world has one outcome.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> hard = fsq.QLearning(0.8, 0.95)
    >>> fixed_by_its_agent(Deep(hard, n_step=3), certain=True) is None
    True
    >>> [fixed_by_its_agent(Deep(hard, loss=Huber()), certain) == hard for certain in (True, False)]
    [True, False]
    """
    plain = agent.n_step == 1 and agent.munchausen is None and not isinstance(agent.replay, Rollouts)
    return agent.agent if plain and (certain or not isinstance(agent.loss, Huber)) else None


def algorithm_record(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The record of the agent that learns: of a deep agent the one whose rules it plays by.

    Parameters
    ----------
    record : mapping
        As `agent_record` makes it; it may come from anybody.

    Returns
    -------
    mapping

    Examples
    --------
    >>> algorithm_record({"kind": "deep", "agent": {"kind": "q_learning"}})
    {'kind': 'q_learning'}
    """
    inner = record.get("agent")
    return inner if record.get("kind") == DEEP and isinstance(inner, Mapping) and "kind" in inner else record


def depths_of_parts() -> Callable[[tuple[str, ...]], int]:
    """Tell how deep a list each parameter of a deep agent's table is by nature.

    Returns
    -------
    callable of (tuple of str) -> int
        Of the path of a parameter.

    Examples
    --------
    >>> nature = depths_of_parts()
    >>> nature(("network", "hidden")), nature(("network",)), nature(("agent", "temperature"))
    (1, 0, 0)
    """
    known = {name: [list_depths(kind) for kind in kinds.values()] for name, kinds in PARTS.items() if name != "agent"}
    return lambda path: max((nature(path[1:]) for nature in known.get(path[0], ()) if path[1:]), default=0)
