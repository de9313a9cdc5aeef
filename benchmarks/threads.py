"""Threads: what more of them bring, on the same runs."""

import statistics
import time

import fastsoftq as fsq
from benchmarks.engines import AGENTS, learning, train
from fastsoftq.system.processors import processors

SEEDS = 4096


class Threads:
    params = (["hard", "soft"], sorted({1, 2, processors()}))
    param_names = ("agent", "threads")

    def setup(self, agent, threads):
        self.learn = learning(agent, (fsq.cliff_walking,), SEEDS, 100, threads=threads)
        self.timer = self.learn.timer(time.perf_counter)

    def time_per_million_steps(self, agent, threads):
        self.learn()


class Shared:
    params = (["hard", "soft"],)
    param_names = ("agent",)
    unit = "of one thread's time"

    def setup(self, agent):
        if processors() < 2:
            raise NotImplementedError("one processor only")
        self.mdp, self.agent = fsq.cliff_walking(), AGENTS[agent]
        train(self.mdp, self.agent, 16, 1)

    def track_two_threads(self, agent):
        """Medians of five turns each, one after the other; a half would be perfect."""
        took = {1: [], 2: []}
        for _ in range(5):
            for threads, times in took.items():
                start = time.perf_counter()
                train(self.mdp, self.agent, SEEDS, 100, threads=threads)
                times.append(time.perf_counter() - start)
        return statistics.median(took[2]) / statistics.median(took[1])
