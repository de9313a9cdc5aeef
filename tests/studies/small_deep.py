"""A deep study that takes a second: small networks, few steps."""

from typing import Any

import fastsoftq as fsq
from fastsoftq.deep.learner import Deep
from fastsoftq.deep.replay import Replay
from fastsoftq.environments import cart_pole
from fastsoftq.networks.architectures import MLP
from fastsoftq.networks.optimizers import SGD
from fastsoftq.studies import Study


def deep(agent: Any, **options: Any) -> Deep:
    """An agent with a network of eight units, which learns after a hundred steps."""
    return Deep(agent, **{"network": MLP((8,)), "replay": Replay(start=100, batch=16)} | options)


HARD = deep(fsq.QLearning(step_size=1e-3, discount=0.99))
SLOW = deep(fsq.QLearning(step_size=1e-4, discount=0.99))
# Rewards that leave float32 with the first steps.
WILD = deep(fsq.QLearning(step_size=1.0, discount=0.99, reward_scale=1e20), optimizer=SGD())


def deep_study(**changes: Any) -> Study:
    """Two agents on the cart pole, 5 seeds of 600 steps at 6 points, or what is asked for instead."""
    fields = {
        "name": "deep",
        "steps": 600,
        "points": 6,
        "seeds": 5,
        "environments": {"pole": cart_pole()},
        "agents": {"hard": HARD, "slow": SLOW},
    }
    return Study(**(fields | changes))
