"""How long one waits for a deep agent's first result: with nothing compiled yet, and with everything on disk."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile

from benchmarks.peers.deep.speed_table import Figure

# Prints the processor time of the first result, with everything imported.
FIRST_CALL = """
import time
import fastsoftq as fsq

train, environment, deep = fsq.train, fsq.cart_pole(), fsq.Deep(fsq.QLearning(step_size=2.5e-4, discount=0.99))
start = time.process_time()
train(environment, deep, seeds=1, steps=1, points=1, threads=1)
print(time.process_time() - start)
"""


def seconds(cache: str) -> float:
    """Of a process of its own that keeps compiled code in a folder."""
    environment = {**os.environ, "FASTSOFTQ_CACHE_DIR": cache}
    done = subprocess.run([sys.executable, "-c", FIRST_CALL], env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"a first call failed: {done.stderr}")
    return float(done.stdout)


def figures(rounds: int) -> list[Figure]:
    """Each round compiles into an empty folder, and loads from it."""
    compiled, cached = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as empty:
            compiled.append(seconds(empty))
            cached.append(seconds(empty))
    return [
        Figure("first call, compiling", statistics.median(compiled), "s"),
        Figure("first call, from the cache", statistics.median(cached), "s"),
    ]
