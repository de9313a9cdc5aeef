"""Deep Q-learning: updates, acting, whole training, environments, a study. One thread.

Times are of a million: 100 s for a million updates are 100 microseconds each.
"""

import functools
import tempfile
from pathlib import Path

import numpy as np

import fastsoftq as fsq
from benchmarks.measuring import per_million
from benchmarks.peers.deep import deep_task as task
from benchmarks.peers.deep.fastsoftq_deep import Updates
from fastsoftq import studies
from fastsoftq.deep.rows import put_row
from fastsoftq.deep.run_memory import run_memory
from fastsoftq.engine.dispatch import call_compiled
from fastsoftq.environments.environment_rules import describe, observe, reset, step
from fastsoftq.kernels.jit import compiled
from fastsoftq.kernels.random import advance, integer, seed
from fastsoftq.networks.network import forward, network_for

BATCHES, ROWS, STEPS = 50, 2_000, 20_000
SIZES = {f"{'-'.join(map(str, size.hidden))}, batch {size.batch}": size for size in task.SIZES}
AGENTS = {
    "hard": fsq.QLearning(task.STEP_SIZE, task.DISCOUNT, fsq.LinearDecay(1.0, 0.05, 1e-4)),
    "soft": fsq.SoftQLearning(task.STEP_SIZE, task.DISCOUNT, temperature=1.0),
}
ENVIRONMENTS = {
    "cart pole": fsq.cart_pole,
    "mountain car": fsq.mountain_car,
    "acrobot": fsq.acrobot,
    "pendulum": fsq.pendulum,
    "point mass": fsq.multi_goal_point_mass,
    "catch": fsq.catch,
    "breakout": fsq.breakout,
    "cliff walking, one-hot": lambda: fsq.observed(fsq.cliff_walking()),
}


@functools.cache
def updates(size):
    """Updates of a network, each with a batch of its own."""
    rng = np.random.default_rng(0)
    online, target = (task.layers(SIZES[size], rng) for _ in range(2))
    return Updates([online], [target], [task.transitions(BATCHES, SIZES[size].batch, rng)])


@compiled
def act_on(network, memory, observations):
    """The values of one observation after the other; their sum."""
    numbers, places, total = memory.numbers, memory.places, 0.0
    for i in range(len(observations)):
        put_row(network, numbers, places.activations, 0, observations[i])
        forward(network, numbers, places.online, places.activations, 1)
        total += numbers[places.activations + network.head]
    return total


@functools.cache
def acting(hidden):
    """What shows a network a row at a time."""
    network = network_for(fsq.MLP(hidden), (task.INPUTS,), task.ACTIONS, 1, fsq.Adam())
    memory = run_memory(network, network, fsq.Replay(capacity=1, batch=1))
    rows = np.random.default_rng(0).normal(size=(ROWS, task.INPUTS)).astype(np.float32)
    return lambda: call_compiled(act_on, network, memory, rows)


@compiled
def walk(environment, n_actions, max_steps, steps, view):
    """So many steps by chance, each seen; what they pay."""
    key, total, length = seed(1), 0.0, 0
    state = reset(environment, key)
    for _ in range(steps):
        key = advance(key)
        _, action = integer(key, n_actions)
        state, reward, terminated = step(environment, state, action, key)
        observe(environment, state, view)
        total += reward
        length += 1
        if terminated or length == max_steps:
            state, length = reset(environment, key), 0
    return total


@functools.cache
def walking(environment):
    world = ENVIRONMENTS[environment]()
    known = describe(world)
    view = np.zeros(int(np.prod(known.shape)), np.float32)
    return lambda: call_compiled(walk, world, known.n_actions, known.max_steps, STEPS, view)


@functools.cache
def training(agent):
    """From the first step on; half of the steps learn."""
    deep = fsq.Deep(AGENTS[agent], replay=fsq.Replay(start=STEPS // 2))
    return lambda: fsq.train(fsq.cart_pole(), deep, seeds=1, steps=STEPS, points=1, threads=1)


@functools.cache
def study(seeds=4, steps=1_000):
    agents = {name: fsq.Deep(agent, replay=fsq.Replay(start=steps // 2)) for name, agent in AGENTS.items()}
    environments = {"cart pole": fsq.cart_pole()}
    return studies.Study(name="deep", seeds=seeds, steps=steps, points=10, environments=environments, agents=agents)


def run_study():
    """Into a new folder, by one thread."""
    with tempfile.TemporaryDirectory() as folder:
        studies.run(study(), Path(folder) / "study", threads=1)


class _OfAMillion:
    """A call, of which the first compiles, and so many units of work that it does."""

    def ready(self, call, units):
        self.call = call
        self.timer = per_million(units)
        call()


class Updating(_OfAMillion):
    """Target values, gradient and Adam, of one network."""

    params = (list(SIZES),)
    param_names = ("network",)

    def setup(self, network):
        self.ready(updates(network), BATCHES)

    def time_per_million_updates(self, network):
        self.call()


class Acting(_OfAMillion):
    """One observation at a time through a network."""

    params = (["64-64", "120-84", "256-256"],)
    param_names = ("network",)

    def setup(self, network):
        self.ready(acting(tuple(map(int, network.split("-")))), ROWS)

    def time_per_million_states(self, network):
        self.call()


class Stepping(_OfAMillion):
    """Actions by chance, each state seen."""

    params = (list(ENVIRONMENTS),)
    param_names = ("environment",)

    def setup(self, environment):
        self.ready(walking(environment), STEPS)

    def time_per_million_steps(self, environment):
        self.call()


class CartPole(_OfAMillion):
    """20,000 steps of the defaults; an update every ten from the middle on."""

    params = (list(AGENTS),)
    param_names = ("agent",)

    def setup(self, agent):
        self.ready(training(agent), STEPS)

    def time_per_million_steps(self, agent):
        self.call()


class Study:
    """Four seeds of 1000 steps of hard and of soft, from a study to its folder; by the clock."""

    def setup(self):
        run_study()

    def time_run(self):
        run_study()
