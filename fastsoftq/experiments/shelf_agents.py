"""The agents of the shelf, hard and soft, by family: what is swept of each, and what it is drawn in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from fastsoftq import agents as shelf
from fastsoftq.experiments.shelf_worlds import DISCOUNT, ShelfWorld

__all__ = ["AGENTS", "EPSILON", "FAMILIES", "STEP_SIZES", "TRACE_DECAY", "N", "Pair", "ShelfAgent"]

STEP_SIZES = (0.05, 0.1, 0.25, 0.5, 1.0)
POWERS = (0.5, 0.6, 0.7, 0.85, 1.0)  # of visits, instead of a step size
EPSILON, N, TRACE_DECAY, PLANNING = 0.1, 4, 0.9, 5

Make = Callable[[ShelfWorld, float], Any]


class ShelfAgent(NamedTuple):
    """An agent of the shelf.

    Attributes
    ----------
    label : str
    family : str
        One of `FAMILIES`.
    soft : bool
        Whether it learns soft values, or a soft policy.
    plain : str
        The agent without memory that it is compared with; empty of those themselves.
    make : callable
        From the world and the value that is swept.
    sweeps : str
        What that value is.
    """

    label: str
    family: str
    soft: bool
    plain: str
    make: Make
    sweeps: str = "step size"

    @property
    def values(self) -> tuple[float, ...]:
        """The values that are swept."""
        return POWERS if self.sweeps == "power" else STEP_SIZES


class Pair(NamedTuple):
    """The hard and the soft form of a family, which are compared, in words."""

    title: str
    hard: str
    soft: str


FAMILIES = {
    "one_step": Pair("One step", "q_learning", "soft_q_learning"),
    "two_tables": Pair("Two tables", "double_q_learning", "double_soft_q_learning"),
    "n_steps": Pair("n steps", "n_step_tree_backup", "n_step_soft_q_learning"),
    "traces": Pair("Traces", "q_lambda", "soft_q_lambda"),
    "model": Pair("A model", "dyna_q", "dyna_soft_q"),
    "policy": Pair("A policy", "actor_critic", "entropy_actor_critic"),
    "visits": Pair("Step sizes by visits", "visits_q", "visits_soft_q"),
    "optimism": Pair("Optimistic start", "optimistic_q", "optimistic_soft_q"),
    "bonus": Pair("Count bonus", "bonus_q", "bonus_soft_q"),
    "confidence": Pair("Upper confidence", "confident_q", "confident_soft_q"),
}


def _hard(kind: Any, **own: Any) -> Make:
    return lambda world, step_size: kind(step_size, DISCOUNT, epsilon=EPSILON, **own)


def _soft(kind: Any, **own: Any) -> Make:
    return lambda world, step_size: kind(step_size, DISCOUNT, reward_scale=world.reward_scale, **own)


def _actor_critic(temperature: float) -> Make:
    """One step size for the actor and the critic; rewards scaled alike with and without entropy."""
    return lambda world, step_size: shelf.ActorCritic(
        step_size, DISCOUNT, step_size, temperature, reward_scale=world.reward_scale
    )


def _greedy(step_size: float) -> shelf.QLearning:
    """It leaves exploring to what is around it."""
    return shelf.QLearning(step_size, DISCOUNT, epsilon=0.0)


def _own_policy(world: ShelfWorld, step_size: float) -> shelf.SoftQLearning:
    return shelf.SoftQLearning(step_size, DISCOUNT, reward_scale=world.reward_scale)


AGENTS = {
    "q_learning": ShelfAgent("Q-learning", "one_step", False, "", _hard(shelf.QLearning)),
    "sarsa": ShelfAgent("Sarsa", "one_step", False, "", _hard(shelf.Sarsa)),
    "expected_sarsa": ShelfAgent("Expected Sarsa", "one_step", False, "", _hard(shelf.ExpectedSarsa)),
    "mellowmax": ShelfAgent(
        "Mellowmax", "one_step", True, "q_learning", _soft(shelf.MellowmaxQLearning, epsilon=EPSILON)
    ),
    "soft_q_learning": ShelfAgent("Soft Q-learning", "one_step", True, "", _soft(shelf.SoftQLearning)),
    "double_q_learning": ShelfAgent(
        "Double Q-learning", "two_tables", False, "q_learning", _hard(shelf.DoubleQLearning)
    ),
    "double_soft_q_learning": ShelfAgent(
        "Double soft Q-learning", "two_tables", True, "soft_q_learning", _soft(shelf.DoubleSoftQLearning)
    ),
    "n_step_sarsa": ShelfAgent("n-step Sarsa", "n_steps", False, "sarsa", _hard(shelf.NStepSarsa, n=N)),
    "n_step_tree_backup": ShelfAgent(
        "n-step tree backup", "n_steps", False, "q_learning", _hard(shelf.NStepTreeBackup, n=N)
    ),
    "n_step_soft_q_learning": ShelfAgent(
        "n-step soft Q-learning", "n_steps", True, "soft_q_learning", _soft(shelf.NStepSoftQLearning, n=N)
    ),
    "path_consistency": ShelfAgent(
        "Path consistency", "n_steps", True, "soft_q_learning", _soft(shelf.PathConsistency, n=N)
    ),
    "sarsa_lambda": ShelfAgent(
        "Sarsa(λ)", "traces", False, "sarsa", _hard(shelf.SarsaLambda, trace_decay=TRACE_DECAY, replacing=True)
    ),
    "q_lambda": ShelfAgent(
        "Q(λ)", "traces", False, "q_learning", _hard(shelf.QLambda, trace_decay=TRACE_DECAY, replacing=True)
    ),
    "soft_q_lambda": ShelfAgent(
        "Soft Q(λ)", "traces", True, "soft_q_learning",
        _soft(shelf.SoftQLambda, trace_decay=TRACE_DECAY, replacing=True),
    ),
    "dyna_q": ShelfAgent("Dyna-Q", "model", False, "q_learning", _hard(shelf.DynaQ, planning_steps=PLANNING)),
    "prioritized_sweeping": ShelfAgent(
        "Prioritized sweeping", "model", False, "q_learning", _hard(shelf.PrioritizedSweeping, planning_steps=PLANNING)
    ),
    "dyna_soft_q": ShelfAgent(
        "Dyna soft Q", "model", True, "soft_q_learning", _soft(shelf.DynaSoftQ, planning_steps=PLANNING)
    ),
    "actor_critic": ShelfAgent("Actor-critic", "policy", False, "q_learning", _actor_critic(0.0)),
    "entropy_actor_critic": ShelfAgent(
        "Actor-critic with entropy", "policy", True, "soft_q_learning", _actor_critic(1.0)
    ),
    "visits_q": ShelfAgent(
        "Q-learning, 1/visitsᵖ", "visits", False, "q_learning",
        lambda world, power: shelf.VisitStepSize(shelf.QLearning(1.0, DISCOUNT, EPSILON), power), "power",
    ),
    "visits_soft_q": ShelfAgent(
        "Soft Q, 1/visitsᵖ", "visits", True, "soft_q_learning",
        lambda world, power: shelf.VisitStepSize(_own_policy(world, 1.0), power), "power",
    ),
    "optimistic_q": ShelfAgent(
        "Q-learning, optimistic", "optimism", False, "q_learning",
        lambda world, step_size: shelf.OptimisticStart(_greedy(step_size), world.most),
    ),
    "optimistic_soft_q": ShelfAgent(
        "Soft Q, optimistic", "optimism", True, "soft_q_learning",
        lambda world, step_size: shelf.OptimisticStart(
            _own_policy(world, step_size), world.reward_scale * world.most
        ),
    ),
    "bonus_q": ShelfAgent(
        "Q-learning, count bonus", "bonus", False, "q_learning",
        lambda world, step_size: shelf.CountBonus(_greedy(step_size), 0.1 * world.unit),
    ),
    "bonus_soft_q": ShelfAgent(
        "Soft Q, count bonus", "bonus", True, "soft_q_learning",
        lambda world, step_size: shelf.CountBonus(_own_policy(world, step_size), 0.1 * world.unit),
    ),
    "confident_q": ShelfAgent(
        "Q-learning, upper confidence", "confidence", False, "q_learning",
        lambda world, step_size: shelf.UpperConfidence(_greedy(step_size), 0.1 * world.unit),
    ),
    "confident_soft_q": ShelfAgent(
        "Soft Q, upper confidence", "confidence", True, "soft_q_learning",
        lambda world, step_size: shelf.UpperConfidence(
            _own_policy(world, step_size), 0.1 * world.unit * world.reward_scale
        ),
    ),
}  # fmt: skip
