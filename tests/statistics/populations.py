"""Populations with known means, for simulations: normal, skewed, and like returns on cliff walking."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Population:
    draw: Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]
    mean: float
    quantile: Callable[[float], float] | None = None


def _episode(rng, size):
    """One exploring episode: eleven steps, then a geometric number more, and a Poisson number of falls at -110."""
    return -(11.0 + rng.geometric(0.25, size) + 110.0 * rng.poisson(0.33, size))


def _last_hundred(rng, size):
    """The mean of one hundred such episodes."""
    return -(11.0 + (100 + rng.negative_binomial(100, 0.25, size) + 110.0 * rng.poisson(33.0, size)) / 100.0)


POPULATIONS = {
    "normal": Population(lambda rng, size: rng.normal(size=size), 0.0),
    "exponential": Population(lambda rng, size: rng.exponential(size=size), 1.0),
    "Student, 3 degrees": Population(lambda rng, size: rng.standard_t(3.0, size), 0.0),
    "lognormal 0.5": Population(lambda rng, size: rng.lognormal(0.0, 0.5, size), float(np.exp(0.125))),
    "lognormal 1": Population(lambda rng, size: rng.lognormal(0.0, 1.0, size), float(np.exp(0.5))),
    "cliff, last 100 episodes": Population(_last_hundred, -(11.0 + 4.0 + 110.0 * 0.33)),
    "cliff, one episode": Population(_episode, -(11.0 + 4.0 + 110.0 * 0.33)),
}


def _mixture(rng, size):
    """Nine episodes in ten are good, one fails by a hundred; all vary by one."""
    return np.where(rng.random(size) < 0.1, -112.0, -12.0) + rng.normal(size=size)


#: Kinds of samples, by what makes them hard: tails, skewness, ties, rare events; with standard deviations.
KINDS = {
    "normal": (POPULATIONS["normal"], 1.0),
    "Student, 3 degrees": (POPULATIONS["Student, 3 degrees"], np.sqrt(3.0)),
    "exponential": (POPULATIONS["exponential"], 1.0),
    "lognormal, sigma 1": (POPULATIONS["lognormal 1"], np.sqrt((np.e - 1.0) * np.e)),
    "fails once in ten (0 or 1)": (Population(lambda rng, size: rng.binomial(1, 0.1, size) * 1.0, 0.1), 0.3),
    "mixture, 90:10": (Population(_mixture, -22.0), np.sqrt(901.0)),
    "Poisson, mean 1": (Population(lambda rng, size: rng.poisson(1.0, size) * 1.0, 1.0), 1.0),
    "Poisson, mean 3": (Population(lambda rng, size: rng.poisson(3.0, size) * 1.0, 3.0), np.sqrt(3.0)),
    "cliff, one episode": (POPULATIONS["cliff, one episode"], np.sqrt(12.0 + 110.0**2 * 0.33)),
    "rounded normal": (Population(lambda rng, size: np.round(rng.normal(size=size)), 0.0), np.sqrt(1.0 + 1.0 / 12.0)),
    "+1 or -1, with jitter": (
        Population(lambda rng, size: rng.choice([-1.0, 1.0], size) + 0.001 * rng.normal(size=size), 0.0),
        np.sqrt(1.0 + 1e-6),
    ),
    "0, 1 or 10": (
        Population(lambda rng, size: rng.choice([0.0, 1.0, 10.0], size, p=[0.8, 0.17, 0.03]), 0.47),
        np.sqrt(3.17 - 0.47**2),
    ),
}


def cliff_curves(rng, runs, episodes, block=1):
    """Learning curves [runs, episodes] whose falls and detours die away, averaged over blocks, and their mean curve."""
    k = np.arange(episodes * block)
    falls, stop = 0.33 + 2.0 * np.exp(-k / 20.0), 0.25 / (1.0 + 10.0 * np.exp(-k / 10.0))
    curves = -(11.0 + rng.geometric(stop, (runs, len(k))) + 110.0 * rng.poisson(falls, (runs, len(k))))
    mean = -(11.0 + 1.0 / stop + 110.0 * falls)
    return curves.reshape(runs, episodes, block).mean(axis=2), mean.reshape(episodes, block).mean(axis=1)


def smooth_curves(rng, runs, episodes, memory=0.9):
    """Gaussian curves [runs, episodes] of mean 0 and variance 1 with correlation ``memory`` from episode to episode."""
    x = rng.normal(size=(runs, episodes))
    for k in range(1, episodes):
        x[:, k] = memory * x[:, k - 1] + np.sqrt(1.0 - memory**2) * x[:, k]
    return x, np.zeros(episodes)
