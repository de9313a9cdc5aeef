"""`train`: agents x environments x precision, one thread; how its cost grows; each engine by itself."""

import numpy as np

import fastsoftq as fsq
from fastsoftq.training import Training

EXPLORATION = fsq.LinearDecay(0.9, 0.1, 0.001)
AGENTS = {
    "hard": fsq.QLearning(0.8, 0.95, EXPLORATION),
    "soft": fsq.SoftQLearning(0.8, 0.95, reward_scale=10.0),
    "soft, exploring": fsq.SoftQLearning(0.8, 0.95, reward_scale=10.0, epsilon=EXPLORATION),
    "Expected Sarsa": fsq.ExpectedSarsa(0.8, 0.95, EXPLORATION),
    "Sarsa": fsq.Sarsa(0.8, 0.95, EXPLORATION),
}
ENVIRONMENTS = {
    "cliff walking": fsq.cliff_walking,
    "slippery cliff walking": lambda: fsq.cliff_walking(slippery=True),
    "room": lambda: fsq.multi_goal(21),
}
MAX_STEPS = 500


def train(mdp, agent, seeds, episodes, precision="double", threads=1):
    return fsq.train(mdp, agent, seeds, episodes, MAX_STEPS, precision=precision, threads=threads)


def train_by(engine, mdp, agent, seeds, episodes):
    return Training.checked(mdp, agent, seeds, episodes, MAX_STEPS, threads=1, engine=engine).curves()


class Train:
    """256 runs of 100 episodes."""

    params = (list(AGENTS), list(ENVIRONMENTS), ["double", "mixed"])
    param_names = ("agent", "environment", "precision")

    def setup(self, agent, environment, precision):
        self.mdp, self.agent = ENVIRONMENTS[environment](), AGENTS[agent]
        train(self.mdp, self.agent, 16, 1, precision)  # compiles

    def time_train(self, agent, environment, precision):
        train(self.mdp, self.agent, 256, 100, precision)


class Engines:
    """The same runs by each engine: one run at a time, 32 and 64 in lockstep; they yield the same bits."""

    params = (["hard", "soft"], ["one_run", "lanes_32", "lanes_64"])
    param_names = ("agent", "engine")

    def setup(self, agent, engine):
        self.mdp, self.agent = fsq.cliff_walking(), AGENTS[agent]
        train_by(engine, self.mdp, self.agent, 16, 1)

    def time_train(self, agent, engine):
        train_by(engine, self.mdp, self.agent, 256, 100)


class Seeds:
    """From a single run to many: below sixteen another engine takes over."""

    params = (["hard", "soft"], [1, 8, 16, 64, 256, 1024])
    param_names = ("agent", "seeds")

    def setup(self, agent, seeds):
        self.mdp, self.agent = fsq.cliff_walking(), AGENTS[agent]
        train(self.mdp, self.agent, seeds, 1)

    def time_train(self, agent, seeds):
        train(self.mdp, self.agent, seeds, 100)


class States:
    """Random deterministic MDPs of 4 actions: how the tables' size in the caches tells."""

    params = (["hard", "soft"], [50, 500, 5_000, 50_000])
    param_names = ("agent", "states")

    def setup(self, agent, states):
        rng = np.random.default_rng(0)
        next_state = rng.integers(states, size=(states, 4))
        self.mdp = fsq.TabularMDP(next_state, -rng.random((states, 4)), np.zeros((states, 4), bool))
        self.agent = AGENTS[agent]
        train(self.mdp, self.agent, 16, 1)

    def time_train(self, agent, states):
        train(self.mdp, self.agent, 64, 100)


class Actions:
    """Random deterministic MDPs of 100 states."""

    params = (["hard", "soft"], [2, 4, 8, 16, 32])
    param_names = ("agent", "actions")

    def setup(self, agent, actions):
        rng = np.random.default_rng(0)
        next_state = rng.integers(100, size=(100, actions))
        self.mdp = fsq.TabularMDP(next_state, -rng.random((100, actions)), np.zeros((100, actions), bool))
        self.agent = AGENTS[agent]
        train(self.mdp, self.agent, 16, 1)

    def time_train(self, agent, actions):
        train(self.mdp, self.agent, 64, 100)


class Memory:
    """Peak memory: what the curves take (13 bytes an episode), and little besides."""

    params = ([1_000, 10_000],)
    param_names = ("seeds",)

    def setup(self, seeds):
        train(fsq.cliff_walking(), AGENTS["soft"], 16, 1)

    def peakmem_train(self, seeds):
        train(fsq.cliff_walking(), AGENTS["soft"], seeds, 1_000)

    def peakmem_train_keeping_tables(self, seeds):
        fsq.train(fsq.cliff_walking(), AGENTS["soft"], seeds, 10, MAX_STEPS, threads=1, keep_q=True)
