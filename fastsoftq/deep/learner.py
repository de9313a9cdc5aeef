"""Deep: an agent whose action values a network gives."""

from __future__ import annotations

from typing import Any, NamedTuple

from fastsoftq import checks
from fastsoftq.agents.hyperparameters import checked
from fastsoftq.agents.memory_rules import remembers
from fastsoftq.agents.optimistic_start import OptimisticStart
from fastsoftq.agents.q_learning import QLearning
from fastsoftq.agents.rules import AGENTS, check_code, double_bootstrap, follows_rules, has_rule, learn, on_policy
from fastsoftq.agents.schedules import SCHEDULES
from fastsoftq.agents.soft_q_learning import SoftQLearning
from fastsoftq.deep.replay import PrioritizedReplay, Replay, Rollouts, checked_replay
from fastsoftq.engine.memory_checks import check_memory_rules
from fastsoftq.networks.architectures import MLP, Convolutional, checked_architecture
from fastsoftq.networks.losses import Huber, Squared, checked_loss
from fastsoftq.networks.optimizers import SGD, Adam, RMSProp, checked_optimizer

__all__ = ["Deep", "Munchausen", "checked_deep"]


class Munchausen(NamedTuple):
    """Part of the log-policy of the action taken is added to its reward (Vieillard et al. 2020, equation 1).

    It is worked out as the target network's Q - V, which is T log pi where the policy is soft. With a hard agent it is
    advantage learning (Baird 1999; Bellemare et al. 2016).

    Parameters
    ----------
    weight : float
        The part, in [0, 1].
    floor : float
        What is added is no less than `weight * floor`; at most 0, in units of scaled reward.

    Examples
    --------
    >>> Munchausen(weight=0.9)
    Munchausen(weight=0.9, floor=-1.0)
    """

    weight: float = 0.9
    floor: float = -1.0


class Deep(NamedTuple):
    """An agent on the rows that a network gives: deep Q-learning with `QLearning` (Mnih et al. 2015), soft with others.

    Parameters
    ----------
    agent : NamedTuple
        `QLearning`, `SoftQLearning`, `ExpectedSarsa` or one of your own. Its rules choose actions and give targets; its
        `step_size` is the optimiser's. Schedules count environment steps here, not episodes.
    network : MLP or Convolutional
    optimizer : SGD, RMSProp or Adam
    replay : Replay, PrioritizedReplay or Rollouts
        Where the transitions come from that are learned.
    target_period : int
        Environment steps between two copies of the network to the one that gives the targets. `Rollouts` need none.
    loss : Squared or Huber
    double : bool
        The online network judges the next actions, the other values them (van Hasselt et al. 2016).
    n_step : int
        Rewards of so many steps are summed before the next value (Sutton 1988), without correction for the policy.
    munchausen : Munchausen, optional
    clip : float, optional
        The greatest norm of a gradient; a longer one is made so long (Pascanu et al. 2013).

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> soft = fsq.SoftQLearning(step_size=2.5e-4, discount=0.99, temperature=0.5)
    >>> deep = fsq.Deep(soft, network=fsq.MLP((32,)), replay=fsq.Replay(batch=32, start=200))
    >>> fsq.train(fsq.cart_pole(), deep, seeds=2, steps=1000, points=4).returns.shape
    (2, 4)
    """

    agent: Any
    network: MLP | Convolutional = MLP()
    optimizer: SGD | RMSProp | Adam = Adam()
    replay: Replay | PrioritizedReplay | Rollouts = Replay()
    target_period: int = 500
    loss: Squared | Huber = Squared()
    double: bool = False
    n_step: int = 1
    munchausen: Munchausen | None = None
    clip: float | None = None


def checked_deep(deep: Any) -> Deep:
    """Check a deep agent, and make its numbers plain.

    Raises
    ------
    TypeError
        Something else, or a part that is not of its type.
    ValueError
        A part out of bounds, or parts that do not go together; the message names them.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> checked_deep(fsq.Deep(fsq.QLearning(step_size=1, discount=0.9))).agent.step_size
    1.0
    """
    if not isinstance(deep, Deep):
        raise TypeError(f"agent is {checks.shown(deep)}; it must be a Deep, such as Deep(QLearning(...))")
    kind = type(deep.agent)
    if not (hasattr(kind, "_fields") and follows_rules(kind)):
        missing = AGENTS.missing(kind) if hasattr(kind, "_fields") and kind is not Deep else []
        lacks = f", for which there are the rules {', '.join(missing)}" if missing else ""
        raise TypeError(f"Deep.agent is {checks.shown(deep.agent)}; it must be an agent, such as QLearning(...){lacks}")
    agent = checked(deep.agent)
    check_code(agent)
    result = Deep(
        agent=agent,
        network=checked_architecture(deep.network),
        optimizer=checked_optimizer(deep.optimizer),
        replay=checked_replay(deep.replay),
        target_period=checks.count("Deep.target_period", deep.target_period),
        loss=checked_loss(deep.loss),
        double=checks.flag("Deep.double", deep.double),
        n_step=checks.count("Deep.n_step", deep.n_step),
        munchausen=_checked_munchausen(deep.munchausen),
        clip=None if deep.clip is None else checks.positive("Deep.clip", deep.clip),
    )
    _check_together(result)
    return result


def changes_meanwhile(agent: Any) -> bool:
    """Whether what an agent bootstraps on may change while the target network stays."""
    within = {"step_size", "epsilon"} if type(agent) in (QLearning, SoftQLearning) else {"step_size"}
    return any(
        isinstance(value, SCHEDULES) or (hasattr(value, "_fields") and changes_meanwhile(value))
        for name, value in zip(agent._fields, agent, strict=True)
        if name not in within
    )


def _checked_munchausen(given: Any) -> Munchausen | None:
    if given is None:
        return None
    if not isinstance(given, Munchausen):
        raise TypeError(f"Deep.munchausen is {checks.shown(given)}; it must be a Munchausen or None")
    weight = checks.in_unit_interval("Munchausen.weight", given.weight)
    floor = checks.number("Munchausen.floor", given.floor)
    if floor > 0:
        raise ValueError(f"Munchausen.floor is {floor}; it must be at most 0")
    return Munchausen(weight, floor)


def _check_together(deep: Deep) -> None:
    """Refuse what does not go together."""
    name = type(deep.agent).__name__
    kind = type(deep.agent)
    if isinstance(deep.agent, OptimisticStart):
        raise ValueError(
            f"Deep.agent is of type {name}, which says what a table begins at; a network has none, so it must be the "
            "agent within"
        )
    if remembers(deep.agent):
        raise ValueError(
            f"Deep.agent is of type {name}, which remembers more than the values of its actions, and a network gives "
            "no more than these; it must be an agent like QLearning, SoftQLearning or ExpectedSarsa"
        )
    check_memory_rules(deep.agent)
    if has_rule(kind, on_policy):
        raise ValueError(
            f"Deep.agent is of type {name}, which learns from the action that it takes next; a buffer holds others' "
            "actions, so it must be an agent like QLearning, SoftQLearning or ExpectedSarsa"
        )
    if has_rule(kind, learn):
        raise ValueError(
            f"Deep.agent is of type {name}, which changes entries by a rule of its own; a network is moved towards "
            "targets, so it must be an agent without a rule 'learn'"
        )
    if deep.double and not has_rule(kind, double_bootstrap):
        raise ValueError(f"Deep.double is True; {name} has no rule 'double_bootstrap', so it must be False")
    if deep.munchausen is not None and deep.n_step > 1:
        raise ValueError(f"Deep.n_step is {deep.n_step}; with munchausen it must be 1")
    if isinstance(deep.replay, Rollouts):
        for option, unused in (("double", False), ("n_step", 1), ("munchausen", None)):
            value = getattr(deep, option)
            if value != unused:
                raise ValueError(f"Deep.{option} is {checks.shown(value)}; with Rollouts it must be {unused!r}")
    elif deep.n_step > deep.replay.capacity:
        raise ValueError(f"Deep.n_step is {deep.n_step}; it must be at most the capacity, {deep.replay.capacity}")
