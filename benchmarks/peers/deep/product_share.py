"""The product that networks are made of, as a share of what the core can do.

In a process of its own for each kind of processor, for what Numba compiles for is fixed when it is imported:
`python -m benchmarks.peers.deep.product_share ROUNDS` is that process.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.peers.deep.speed_table import Figure

ROOT = Path(__file__).parents[3]
ROWS, DEPTH, COLUMNS = 128, 120, 84
PRODUCTS, TURNS = 400, 1_000_000  # of one call: some ten milliseconds each
AVX2 = {"NUMBA_CPU_NAME": "x86-64-v3", "NUMBA_CPU_FEATURES": ""}  # the empty one keeps Numba from adding what is here


class Share(NamedTuple):
    register_bytes: int
    peak: float  # floating-point operations a second
    product: float
    share: float  # the median of rounds' own


def figures(rounds: int) -> list[Figure]:
    """For this machine's own instructions, and for AVX2 if that is not the same."""
    found = [_in_a_process({}, rounds)]
    if found[0].register_bytes > 32:
        found.append(_in_a_process(AVX2, rounds))
    return [
        Figure(
            f"product of {ROWS} × {DEPTH} and {DEPTH} × {COLUMNS}, vectors of {8 * one.register_bytes} bits",
            100.0 * one.share,
            "% of the core's peak",
            f"{one.product / 1e9:.3g} of {one.peak / 1e9:.3g} GFLOP/s",
        )
        for one in found
    ]


def _in_a_process(variables: dict[str, str], rounds: int) -> Share:
    command = [sys.executable, "-m", __name__, str(rounds)]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **variables}, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"the product could not be measured: {done.stderr}")
    return Share(**json.loads(done.stdout))


def measure(rounds: int) -> Share:
    """The fastest chains are the peak; product and peak take turns."""
    from benchmarks.peers.deep.fma_peak import loops
    from fastsoftq.kernels.targets import here

    width = here().register_bytes // 4
    each = {
        chains: (lambda loop=loop: loop(TURNS, np.float32(0.5), np.float32(1.0)), 2.0 * TURNS * chains * width)
        for chains, loop in loops(width).items()
    }
    product = _products()
    rates: dict[Any, list[float]] = {name: [] for name in (*each, "product")}
    for number in range(rounds + 1):
        for name, (call, operations) in (*each.items(), ("product", product)):
            start = time.process_time()
            call()
            if number:
                rates[name].append(operations / (time.process_time() - start))
    best = max(each, key=lambda chains: statistics.median(rates[chains]))
    shares = [own / most for own, most in zip(rates["product"], rates[best], strict=True)]
    return Share(
        here().register_bytes,
        *(statistics.median(rates[name]) for name in (best, "product")),
        statistics.median(shares),
    )


def _products() -> tuple[Callable[[], None], float]:
    """A layer as a batch goes forward, many times; and the operations that count, without the padding."""
    import fastsoftq as fsq
    from fastsoftq.deep.run_memory import run_memory
    from fastsoftq.engine.dispatch import call_compiled
    from fastsoftq.kernels.jit import compiled
    from fastsoftq.networks.network import forward, network_for

    network = network_for(fsq.MLP(hidden=()), (DEPTH,), COLUMNS, ROWS, fsq.SGD(), columns=True)
    memory = run_memory(network, network, fsq.Replay(capacity=1, batch=ROWS))
    memory.numbers[:] = np.random.default_rng(0).normal(size=len(memory.numbers))

    @compiled
    def multiply(network, memory, times):
        for _ in range(times):
            forward(network, memory.numbers, memory.places.online, memory.places.activations, ROWS)

    return lambda: call_compiled(multiply, network, memory, PRODUCTS), 2.0 * ROWS * DEPTH * COLUMNS * PRODUCTS


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))._asdict()))
