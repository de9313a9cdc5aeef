"""Gymnasium's own environments beside ours, and how an action of ours is one of theirs."""

import numpy as np

import fastsoftq as fsq


def same_action(action):
    return action


def same_torque(action):
    return np.array([-2.0 + 4.0 * action / 6.0], np.float32)


# By name: ours, what Gymnasium calls an action, and random states.
PAIRS = {
    "CartPole-v1": (
        fsq.cart_pole(),
        same_action,
        lambda rng: rng.uniform(-1, 1, 4) * np.array([2.4, 3.0, 0.2095, 3.0]),
    ),
    "MountainCar-v0": (
        fsq.mountain_car(),
        same_action,
        lambda rng: np.array([rng.uniform(-1.2, 0.6), rng.uniform(-0.07, 0.07)]),
    ),
    "Acrobot-v1": (
        fsq.acrobot(),
        same_action,
        lambda rng: rng.uniform(-np.pi, np.pi, 4) * np.array([1.0, 1.0, 1.0, 2.0]),
    ),
    "Pendulum-v1": (
        fsq.pendulum(torques=7),
        same_torque,
        lambda rng: np.array([rng.uniform(-20, 20), rng.uniform(-8, 8)]),
    ),
}
