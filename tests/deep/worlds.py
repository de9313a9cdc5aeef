"""Environments' rules as plain Python calls them, for twins."""

import numpy as np

from fastsoftq.environments.environment_rules import observe, reset, step


def signed(key):
    key &= 2**64 - 1
    return np.int64(key - 2**64 if key >= 2**63 else key)


class Stepped:
    """An environment's rules, for the twin."""

    def __init__(self, env, size):
        self.env, self.size = env, size

    def reset(self, key):
        return reset(self.env, signed(key))

    def step(self, state, action, key):
        return step(self.env, state, np.int64(action), signed(key))

    def observe(self, state):
        out = np.zeros(self.size, np.float32)
        observe(self.env, state, out)
        return out
