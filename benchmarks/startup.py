"""What one waits for before the first result: imports, compilation, a warm disk cache. In fresh processes."""

import os
import statistics
import subprocess
import sys
import tempfile

AGENTS = {
    "hard": "fsq.QLearning(0.8, 0.95)",
    "soft": "fsq.SoftQLearning(0.8, 0.95, reward_scale=10.0)",
}
# The seconds of a first and of a second call, with everything imported; sixteen runs, so that the lane engine takes them.
FIRST_CALLS = """
import time
import fastsoftq as fsq

train, mdp, agent, other = fsq.train, fsq.cliff_walking(), {agent}, {other}
for learner in (agent, other):
    start = time.perf_counter()
    train(mdp, learner, seeds={seeds}, episodes=1, max_steps=500, threads=1)
    print(time.perf_counter() - start)
"""


def first_calls(cache, agent, seeds):
    """Seconds to a first result of `agent`, and then of the other one, in a process of its own."""
    (other,) = set(AGENTS) - {agent}
    code = FIRST_CALLS.format(agent=AGENTS[agent], other=AGENTS[other], seeds=seeds)
    environment = {**os.environ, "FASTSOFTQ_CACHE_DIR": cache}
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
    """Engines: 1 run is learned by the one-at-a-time loop, 16 in lockstep."""

    params = (list(AGENTS), ["1", "16"])
    param_names = ("agent", "seeds")
    timeout = 300.0
    unit = "seconds"

    def setup(self, agent, seeds):
        self.folder = tempfile.TemporaryDirectory()

    def teardown(self, agent, seeds):
        self.folder.cleanup()

    def track_compiled(self, agent, seeds):
        """With an empty cache: mostly the time to compile."""
        return first_calls(self.folder.name, agent, seeds)[0]

    def track_cached(self, agent, seeds):
        first_calls(self.folder.name, agent, seeds)
        return statistics.median(first_calls(self.folder.name, agent, seeds)[0] for _ in range(3))

    def track_cached_next_agent(self, agent, seeds):
        """The other agent, once the first has run."""
        first_calls(self.folder.name, agent, seeds)
        return statistics.median(first_calls(self.folder.name, agent, seeds)[1] for _ in range(3))
