"""Steps a second of Gymnasium environments of one world: compiled together, in Gymnasium's own loop, and alone.

python benchmarks/gymnasium_vectors.py
"""

from __future__ import annotations

import time
from collections.abc import Callable

import gymnasium
import numpy as np

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
    import fastsoftq  # noqa: F401  registers the worlds

    main()
