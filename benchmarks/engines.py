"""`train`: agents, environments, precision, devices; how its cost grows; each engine by itself. One thread.

Times are of a million environment steps, each with its learning update: 2.5 ms are 400 million steps a second.
"""

from __future__ import annotations

import functools
import time
import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

import fastsoftq as fsq
from benchmarks.measuring import Clock, millions_per_second, per_million, require
from fastsoftq.tabular_training import Training

EXPLORATION = fsq.LinearDecay(0.9, 0.1, 0.001)
AGENTS = {
    "hard": fsq.QLearning(0.8, 0.95, EXPLORATION),
    "soft": fsq.SoftQLearning(0.8, 0.95, reward_scale=10.0),
    "soft, exploring": fsq.SoftQLearning(0.8, 0.95, reward_scale=10.0, epsilon=EXPLORATION),
    "Expected Sarsa": fsq.ExpectedSarsa(0.8, 0.95, EXPLORATION),
    "Sarsa": fsq.Sarsa(0.8, 0.95, EXPLORATION),
    "double": fsq.DoubleQLearning(0.1, 0.95, EXPLORATION),
    "double soft": fsq.DoubleSoftQLearning(0.1, 0.95, reward_scale=10.0),
    "4-step Sarsa": fsq.NStepSarsa(0.1, 0.95, 4, EXPLORATION),
    "4-step tree backup": fsq.NStepTreeBackup(0.1, 0.95, 4, EXPLORATION),
    "4-step soft": fsq.NStepSoftQLearning(0.1, 0.95, 4, reward_scale=10.0),
    "Sarsa(lambda)": fsq.SarsaLambda(0.1, 0.95, 0.9, epsilon=EXPLORATION),
    "Q(lambda)": fsq.QLambda(0.1, 0.95, 0.9, epsilon=EXPLORATION),
    "soft Q(lambda)": fsq.SoftQLambda(0.1, 0.95, 0.9, reward_scale=10.0),
    "mellowmax": fsq.MellowmaxQLearning(0.8, 0.95, epsilon=EXPLORATION),
    "Dyna-Q": fsq.DynaQ(0.8, 0.95, 5, epsilon=EXPLORATION),
    "Dyna soft Q": fsq.DynaSoftQ(0.8, 0.95, 5, reward_scale=10.0),
    "prioritized sweeping": fsq.PrioritizedSweeping(0.8, 0.95, 5, epsilon=EXPLORATION),
    "path consistency": fsq.PathConsistency(0.1, 0.95, 4, reward_scale=10.0),
    "actor-critic": fsq.ActorCritic(0.1, 0.95, 0.2, reward_scale=0.1),
    "upper confidence": fsq.UpperConfidence(fsq.QLearning(0.8, 0.95, 0.0), 1.0),
    "step sizes by visits": fsq.VisitStepSize(fsq.QLearning(1.0, 0.95, EXPLORATION), 0.8),
    "count bonus": fsq.CountBonus(fsq.QLearning(0.8, 0.95, EXPLORATION), 1.0),
}
ONE_BY_ONE = (
    "Sarsa(lambda)",
    "Q(lambda)",
    "soft Q(lambda)",
    "prioritized sweeping",
    "path consistency",
    "actor-critic",
)
ENVIRONMENTS = {
    "cliff walking": fsq.cliff_walking,
    "slippery cliff walking": lambda: fsq.cliff_walking(slippery=True),
    "room": lambda: fsq.multi_goal(21),
}
MAX_STEPS = 500
repeat = (5, 20, 0.5)  # least, most, seconds: of every benchmark here


def train(mdp, agent, seeds, episodes, precision="double", threads=1, **options):
    with warnings.catch_warnings():  # in large random worlds the reward scale is below the critical one: no matter here
        warnings.simplefilter("ignore", UserWarning)
        return fsq.train(mdp, agent, seeds, episodes, MAX_STEPS, precision=precision, threads=threads, **options)


def train_by(engine, mdp, agent, seeds, episodes):
    return Training.checked(mdp, agent, seeds, episodes, MAX_STEPS, threads=1, engine=engine).curves()


ENGINES = {engine: functools.partial(train_by, engine) for engine in ("one_run", "lanes_32", "lanes_64")}


def random_world(states, actions):
    """Every action leads to some state; no episode ends before its last step."""
    rng = np.random.default_rng(0)
    shape = states, actions
    return fsq.TabularMDP(rng.integers(states, size=shape), -rng.random(shape), np.zeros(shape, bool))


class Learning(NamedTuple):
    """A workload: a function of `train`'s kind, what it is given, and how many steps it takes."""

    function: Callable
    arguments: tuple
    options: dict
    steps: int

    def __call__(self):
        return self.function(*self.arguments, **self.options)

    def timer(self, clock: Clock = time.process_time) -> Clock:
        return per_million(self.steps, clock)


@functools.cache  # asv sets up anew before every sample
def learning(agent, world, seeds, episodes, function=train, **options):
    """Prepare a workload: `world` is a function and its arguments. Running it once compiles and counts."""
    arguments = world[0](*world[1:]), AGENTS[agent], seeds, episodes
    return Learning(function, arguments, options, function(*arguments, **options).steps)


class Train:
    """100 episodes of 1024 runs, or of 32 where they are trained one after the other anyway."""

    params = (list(AGENTS), list(ENVIRONMENTS))
    param_names = ("agent", "environment")

    def setup(self, agent, environment):
        self.learn = learning(agent, (ENVIRONMENTS[environment],), 32 if agent in ONE_BY_ONE else 1024, 100)
        self.timer = self.learn.timer()

    def time_per_million_steps(self, agent, environment):
        self.learn()


class Precision:
    """Exponentials in double or single precision. 1024 runs of 100 episodes of cliff walking."""

    params = (["soft", "soft, exploring"], ["double", "mixed"])
    param_names = ("agent", "precision")

    def setup(self, agent, precision):
        self.learn = learning(agent, (fsq.cliff_walking,), 1024, 100, precision=precision)
        self.timer = self.learn.timer()

    def time_per_million_steps(self, agent, precision):
        self.learn()


class Devices:
    """4096 runs of 100 episodes of cliff walking: one core, or one GPU with results in host memory."""

    params = (["hard", "soft"], ["cpu", "cuda"])
    param_names = ("agent", "device")
    unit = "million steps/s"

    def setup(self, agent, device):
        require(device)
        chosen = {} if device == "cpu" else {"device": device}
        self.clock = time.process_time if device == "cpu" else time.perf_counter
        self.learn = learning(agent, (fsq.cliff_walking,), 4096, 100, **chosen)
        self.timer = self.learn.timer(self.clock)

    def time_per_million_steps(self, agent, device):
        self.learn()

    def track_steps_per_second(self, agent, device):
        return millions_per_second(self.learn, self.learn.steps, self.clock)


class Engines:
    """The same runs by each engine: one run at a time, 32 and 64 in lockstep; they yield the same bits."""

    params = (["hard", "soft"], list(ENGINES))
    param_names = ("agent", "engine")

    def setup(self, agent, engine):
        self.learn = learning(agent, (fsq.cliff_walking,), 256, 100, ENGINES[engine])
        self.timer = self.learn.timer()

    def time_per_million_steps(self, agent, engine):
        self.learn()


class Seeds:
    """From a single run to many, 1000 episodes: below sixteen another engine takes over."""

    params = (["hard", "soft"], [1, 16, 64, 256])
    param_names = ("agent", "seeds")

    def setup(self, agent, seeds):
        self.learn = learning(agent, (fsq.cliff_walking,), seeds, 1000)
        self.timer = self.learn.timer()

    def time_per_million_steps(self, agent, seeds):
        self.learn()


class States:
    """Random worlds of 4 actions: how the tables' size in the caches tells."""

    params = (["hard", "soft"], [100, 10_000, 100_000])
    param_names = ("agent", "states")

    def setup(self, agent, states):
        self.learn = learning(agent, (random_world, states, 4), 64, 100)
        self.timer = self.learn.timer()

    def time_per_million_steps(self, agent, states):
        self.learn()


class Actions:
    """Random worlds of 100 states."""

    params = (["hard", "soft"], [2, 8, 32])
    param_names = ("agent", "actions")

    def setup(self, agent, actions):
        self.learn = learning(agent, (random_world, 100, actions), 64, 100)
        self.timer = self.learn.timer()

    def time_per_million_steps(self, agent, actions):
        self.learn()


class Memory:
    """Peak memory: what the curves take (13 bytes an episode), and little besides."""

    params = ([1_000, 10_000],)
    param_names = ("seeds",)

    def setup(self, seeds):
        train(fsq.cliff_walking(), AGENTS["soft"], 16, 1)

    def peakmem_train(self, seeds):
        train(fsq.cliff_walking(), AGENTS["soft"], seeds, 1_000)

    def peakmem_train_keeping_tables(self, seeds):
        train(fsq.cliff_walking(), AGENTS["soft"], seeds, 10, keep_q=True)
