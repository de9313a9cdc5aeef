"""Optimisers' steps on NumPy arrays of float32, operation by operation; no moment is ever subnormal."""

import math

import numpy as np


def fused(x, y, z):
    """x*y + z in float32, rounded once.

    In float64 the product is exact, and the sum is rounded to odd (Boldo & Melquiond 2008), so that rounding it again,
    to float32, is as rounding once.
    """
    x, y, z = (np.asarray(number, np.float32).astype(np.float64) for number in (x, y, z))
    product = x * y
    total = product + z
    part = total - product
    error = (product - (total - part)) + (z - part)
    even = total.view(np.int64) % 2 == 0
    odd = np.nextafter(total, np.where(error > 0, np.inf, -np.inf))
    return np.where((error != 0) & np.isfinite(error) & even, odd, total).astype(np.float32)


def flushed(x, least):
    return np.where(np.abs(x) <= np.float32(least), np.float32(0), x)


def shares(decay):
    """The decay in float32, and what is left to 1."""
    return np.float32(decay), np.float32(1 - float(np.float32(decay)))


class SGD:
    def __init__(self, momentum):
        self.momentum, self.m = np.float32(momentum), np.float32(0)

    def step(self, w, g, step_size):
        if self.momentum:
            self.m = flushed(fused(self.momentum, self.m, g), 1e-30)
        return fused(np.float32(-step_size), self.m if self.momentum else g, w)


class RMSProp:
    def __init__(self, decay, epsilon):
        (self.keeps, self.takes), self.epsilon, self.v = shares(decay), np.float32(epsilon), np.float32(0)

    def step(self, w, g, step_size):
        self.v = flushed(fused(self.keeps, self.v, self.takes * (g * g)), 1e-36)
        return fused(np.float32(-step_size), g / (np.sqrt(self.v) + self.epsilon), w)


class Adam:
    def __init__(self, beta_1, beta_2, epsilon):
        self.first, self.second, self.epsilon = shares(beta_1), shares(beta_2), epsilon
        self.powers, self.m, self.v = [1.0, 1.0], np.float32(0), np.float32(0)

    def step(self, w, g, step_size):
        self.powers = [self.powers[0] * float(self.first[0]), self.powers[1] * float(self.second[0])]
        root = math.sqrt(1 - self.powers[1])
        self.m = flushed(fused(self.first[0], self.m, self.first[1] * g), 1e-30)
        self.v = flushed(fused(self.second[0], self.v, self.second[1] * (g * g)), 1e-36)
        step = self.m / (np.sqrt(self.v) + np.float32(self.epsilon * root))
        return fused(np.float32(-(step_size * root / (1 - self.powers[0]))), step, w)
