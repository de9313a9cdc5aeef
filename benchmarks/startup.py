"""What one waits for before the first result: imports, compilation, a warm disk cache. In fresh processes."""

import os
import statistics
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


class FirstCall:
    """16 runs are learned in lockstep, a single one by the one-at-a-time loop; each compiles code of its own."""

    params = (list(AGENTS), [16, 1])
    param_names = ("agent", "seeds")
    timeout = 300.0
    unit = "seconds"

    def setup_cache(self):
        warm = Path("warm").absolute()  # asv keeps the working directory until the benchmarks of this class are done
        for seeds in (16, 1):
            first_calls(warm, AGENTS, seeds)
        return warm

    def track_compiled(self, warm, agent, seeds):
        """With an empty cache: mostly the time to compile."""
        with tempfile.TemporaryDirectory() as empty:
            return first_calls(empty, [agent], seeds)[0]

    def track_cached(self, warm, agent, seeds):
        return statistics.median(first_calls(warm, [agent], seeds)[0] for _ in range(3))

    def track_cached_next_agent(self, warm, agent, seeds):
        """The other agent, once this one has run."""
        order = [agent, *(other for other in AGENTS if other != agent)]
        return statistics.median(first_calls(warm, order, seeds)[1] for _ in range(3))
