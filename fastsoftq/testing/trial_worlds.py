"""Small worlds in which an agent is tried: deterministic and stochastic, one start or several, 1 to 9 actions."""

from __future__ import annotations

import numpy as np

from fastsoftq.mdp.tabular import TabularMDP

__all__ = ["TRIALS", "ergodic_world", "trial_world"]

# States, actions, outcomes, starts.
TRIALS = {
    "4 actions": (9, 4, 1, 1),
    "2 actions, stochastic": (6, 2, 3, 1),
    "1 action, several starts": (5, 1, 1, 3),
    "9 actions, stochastic, several starts": (7, 9, 2, 4),
}


def trial_world(name: str) -> TabularMDP:
    """One of `TRIALS`, the same each time: some outcomes terminate, some rewards tie.

    Examples
    --------
    >>> trial_world("2 actions, stochastic")
    <TabularMDP '2 actions, stochastic': 6 states, 2 actions, up to 3 outcomes>
    """
    states, actions, outcomes, starts = TRIALS[name]
    rng = np.random.default_rng(states)
    shape = states, actions, outcomes
    probability = rng.random(shape) + 0.05
    start = np.zeros(states)
    start[:starts] = rng.random(starts) + 0.1
    return TabularMDP(
        next_state=rng.integers(0, states, shape),
        reward=rng.integers(-3, 2, shape) - 0.25 * (rng.random(shape) < 0.5),
        terminated=rng.random(shape) < 0.15,
        probability=probability / probability.sum(axis=2, keepdims=True),
        start=start / start.sum(),
        name=name,
    )


def ergodic_world() -> TabularMDP:
    """A continuing world of 4 states and 3 actions, where everything is reached from everywhere, and actions matter.

    Examples
    --------
    >>> world = ergodic_world()
    >>> bool(world.terminated.any()), float(world.probability.min()) > 0.05
    (False, True)
    """
    rng = np.random.default_rng(4)
    shape = states, actions, outcomes = 4, 3, 4
    probability = rng.dirichlet(np.ones(outcomes), (states, actions)) * 0.7 + 0.3 / outcomes
    reward = np.broadcast_to(rng.normal(0.0, 1.0, (states, actions))[:, :, None], shape)
    return TabularMDP(
        next_state=np.broadcast_to(np.arange(states), shape),
        reward=reward,
        terminated=np.zeros(shape, bool),
        probability=probability / probability.sum(axis=2, keepdims=True),
        start=np.full(states, 1 / states),
        name="ergodic",
    )
