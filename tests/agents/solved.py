"""Small worlds in which learning is compared with the exact answer."""

import numpy as np

import fastsoftq as fsq
from tests.engine.running import train

DISCOUNT, TEMPERATURE = 0.9, 0.7
STATES, ACTIONS = 6, 3
FALLING = fsq.PowerDecay(0.5, 1e-6, 0.6)  # steps that average what is random


def _world(outcomes):
    rng = np.random.default_rng(5)
    shape = (STATES, ACTIONS, outcomes)
    return fsq.TabularMDP(
        rng.integers(0, STATES, shape),
        rng.normal(-1.0, 1.0, shape),
        rng.random(shape) < 0.15,
        probability=rng.dirichlet(np.ones(outcomes), shape[:2]),
        start=np.full(STATES, 1 / STATES),
    )


CERTAIN, SLIPPERY = _world(1), _world(2)


def hard(mdp):
    return fsq.value_iteration(mdp, DISCOUNT).q


def soft(mdp, temperature=TEMPERATURE):
    return fsq.soft_value_iteration(mdp, DISCOUNT, temperature=temperature).q


def uniform(mdp):
    """The values of acting at random."""
    return fsq.evaluate_policy(mdp, np.full((STATES, ACTIONS), 1 / ACTIONS), discount=DISCOUNT).q


def error(mdp, agent, exact, episodes):
    """The largest error of sixteen runs; where steps fall, that of their mean, without most of what is random."""
    learned = train(16, mdp, agent, 16, episodes, 50).final_q
    if agent.step_size == FALLING:
        learned = learned.mean(axis=0)
    return np.abs(learned - exact).max()
