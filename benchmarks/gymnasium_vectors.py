"""Steps a second of Gymnasium environments of one world: compiled together, in Gymnasium's own loop, and alone.

python -m benchmarks.gymnasium_vectors
"""

from __future__ import annotations

import time
from collections.abc import Callable

import gymnasium
import numpy as np

import fastsoftq  # noqa: F401  registers the worlds
from benchmarks.measuring import per_million

SIZES = (1, 10, 100, 1000, 10_000)
SLOW = 1000  # of the environments that Gymnasium steps one by one, the most
SECONDS = 0.5
WORLD = "fastsoftq/CliffWalking-v0"


def steps_a_second(step: Callable[[], object], steps: int) -> float:
    """The fastest of five turns of some tenth of a second each."""
    step()
    best = 0.0
    for _ in range(5):
        begun, taken = time.perf_counter(), 0
        while (passed := time.perf_counter() - begun) < SECONDS / 5:
            step()
            taken += steps
        best = max(best, taken / passed)
    return best


def vector(num_envs: int, mode: str | None, slippery: bool) -> float:
    envs = gymnasium.make_vec(WORLD, num_envs, vectorization_mode=mode, slippery=slippery)
    envs.reset(seed=0)
    actions = np.random.default_rng(0).integers(4, size=num_envs)
    return steps_a_second(lambda: envs.step(actions), num_envs)


class Vectors:
    """Environments of one world, stepped together in compiled code."""

    params = ([1, 1000], ["firm", "slippery"])
    param_names = ("environments", "world")
    unit = "million steps/s"

    def setup(self, environments: int, world: str) -> None:
        self.envs = gymnasium.make_vec(WORLD, environments, slippery=world == "slippery")
        self.envs.reset(seed=0)
        self.actions = np.random.default_rng(0).integers(4, size=environments)
        self.envs.step(self.actions)
        self.timer = per_million(environments)

    def time_per_million_steps(self, environments: int, world: str) -> None:
        self.envs.step(self.actions)


def main() -> None:
    print("| environments | world | compiled, million steps/s | `sync`, million steps/s | times |")
    print("| --- | --- | --- | --- | --- |")
    for slippery in (False, True):
        for size in SIZES:
            ours = vector(size, None, slippery) / 1e6
            theirs = vector(min(size, SLOW), "sync", slippery) / 1e6
            world = "slippery" if slippery else "firm"
            print(f"| {size} | {world} | {ours:.3g} | {theirs:.2g} | {ours / theirs:.0f} |")


if __name__ == "__main__":
    main()
