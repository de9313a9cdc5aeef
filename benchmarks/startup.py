"""What one waits for before the first result: imports, compilation, a warm disk cache. In fresh processes."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

AGENTS = {
    "hard": "fsq.QLearning(0.8, 0.95)",
    "soft": "fsq.SoftQLearning(0.8, 0.95, reward_scale=10.0)",
}
# Prints the seconds that each agent's first result takes, with everything imported.
FIRST_CALLS = """
import time
import fastsoftq as fsq

train, mdp, agents = fsq.train, fsq.cliff_walking(), [{agents}]
for agent in agents:
    start = time.perf_counter()
    train(mdp, agent, seeds={seeds}, episodes=1, max_steps=500, threads=1)
    print(time.perf_counter() - start)
"""


def first_calls(cache, agents, seeds):
    """Seconds to each agent's first result, in a process of its own that keeps compiled code in the folder `cache`."""
    code = FIRST_CALLS.format(agents=", ".join(AGENTS[agent] for agent in agents), seeds=seeds)
    environment = {**os.environ, "FASTSOFTQ_CACHE_DIR": str(cache)}
    shown = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return [float(line) for line in shown.stdout.split()]


class Imports:
    """`import fastsoftq` itself is to take no time; the first use of `train` imports Numba."""

    def timeraw_import_fastsoftq(self):
        return "import fastsoftq"

    def timeraw_import_train(self):
        return "from fastsoftq import train"

    def timeraw_import_planning(self):
        return "from fastsoftq import value_iteration"

    def timeraw_import_statistics(self):
        return "import fastsoftq.statistics"

    def timeraw_import_numba_alone(self):
        return "import numba"


class _Reported:
    """Seconds that processes of their own report: asv's timer of calls that only wait for them."""

    def __init__(self):
        self.total = 0.0

    def __call__(self):
        return self.total

    def add(self, seconds):
        self.total += seconds


class _FirstCall:
    """16 runs are learned in lockstep, a single one by the one-at-a-time loop; each compiles code of its own."""

    params = (list(AGENTS), [16, 1])
    param_names = ("agent", "seeds")
    timeout = 300.0
    number, warmup_time = 1, 0.0
    timer = _Reported()  # one for all samples: asv sets up anew before each, and goes on reading the first


class Compiled(_FirstCall):
    """With an empty cache: mostly the time to compile."""

    repeat, rounds = 2, 2

    def time_first_call(self, agent, seeds):
        with tempfile.TemporaryDirectory() as empty:
            self.timer.add(first_calls(empty, [agent], seeds)[0])


class Cached(_FirstCall):
    """With everything in the cache."""

    repeat, rounds = 5, 2

    def setup_cache(self):
        warm = Path("warm").absolute()  # asv keeps the working directory until the benchmarks of this class are done
        for seeds in (16, 1):
            first_calls(warm, AGENTS, seeds)
        return warm

    def time_first_call(self, warm, agent, seeds):
        self.timer.add(first_calls(warm, [agent], seeds)[0])


class CachedNext(Cached):
    """The other agent, once this one has run."""

    params = (list(AGENTS), [16])

    def time_first_call(self, warm, agent, seeds):
        order = [agent, *(other for other in AGENTS if other != agent)]
        self.timer.add(first_calls(warm, order, seeds)[1])
