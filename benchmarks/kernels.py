"""The public kernels, each in a compiled loop over many states.

Times are of a million states, updates or numbers: 5 ms are 200 million a second.
"""

import numpy as np

from benchmarks.measuring import millions_per_second, per_million
from fastsoftq.kernels import numerics, operators, policies, random, updates
from fastsoftq.kernels.jit import compiled

STATES, PASSES = 20_000, 20


@compiled
def hard_value(q):
    total = 0.0
    for s in range(len(q)):
        total += operators.hard_value(q[s])
    return total


@compiled
def soft_value(q):
    total = 0.0
    for s in range(len(q)):
        total += operators.soft_value(q[s], 0.5)
    return total


@compiled
def mellowmax(q):
    total = 0.0
    for s in range(len(q)):
        total += operators.mellowmax(q[s], 0.5)
    return total


@compiled
def softmax(q):
    policy = np.empty_like(q)
    for s in range(len(q)):
        operators.softmax(q[s], 0.5, policy[s])
    return policy[0, 0]


@compiled
def entropy(q):
    total = 0.0
    for s in range(len(q)):
        total += operators.entropy(q[s])
    return total


@compiled
def greedy(q):
    total, key = 0, random.seed(1)
    for s in range(len(q)):
        key = random.advance(key)
        total += policies.greedy(q[s], random.draw(key))
    return total


@compiled
def epsilon_greedy(q):
    total, key = 0, random.seed(1)
    for s in range(len(q)):
        key = random.advance(key)
        total += policies.epsilon_greedy(q[s], 0.1, random.draw(key))
    return total


@compiled
def boltzmann(q):
    total, key = 0, random.seed(1)
    for s in range(len(q)):
        key = random.advance(key)
        total += policies.boltzmann(q[s], 0.5, random.draw(key))
    return total


# Updates walk through the table, so that each finds a row that the one before did not write.


@compiled
def q_learning_update(q):
    for s in range(len(q) - 1):
        updates.q_learning_update(q, s, 1, -1.0, s + 1, False, 0.1, 0.95)


@compiled
def soft_q_learning_update(q):
    for s in range(len(q) - 1):
        updates.soft_q_learning_update(q, s, 1, -1.0, s + 1, False, 0.1, 0.95, 0.5)


@compiled
def sarsa_update(q):
    for s in range(len(q) - 1):
        updates.sarsa_update(q, s, 1, -1.0, s + 1, 2, False, 0.1, 0.95)


@compiled
def expected_sarsa_update(q):
    policy = np.full(q.shape[1], 1.0 / q.shape[1])
    for s in range(len(q) - 1):
        updates.expected_sarsa_update(q, s, 1, -1.0, s + 1, policy, False, 0.1, 0.95)


@compiled
def exp2(q):
    total = 0.0
    for x in q.flat:
        total += numerics.exp2(x)
    return total


@compiled
def log2(q):
    total = 0.0
    for x in q.flat:
        total += numerics.log2(x)
    return total


@compiled
def uniform(q):
    total, key = 0.0, random.seed(1)
    for _ in range(q.size):
        key, number = random.uniform(key)
        total += number
    return total


@compiled
def integer(q):
    total, key = 0, random.seed(1)
    for _ in range(q.size):
        key, number = random.integer(key, 10)
        total += number
    return total


class _OverTables:
    """Every kernel over a table [states, actions] of numbers between 0 and 1, some times over."""

    loops = ()
    params = ([], [4, 16])
    param_names = ("kernel", "actions")

    def setup(self, kernel, actions):
        self.loop = {loop.__name__: loop for loop in self.loops}[kernel]
        self.q = np.random.default_rng(0).dirichlet(np.ones(actions), STATES)
        self.loop(self.q[:2])  # compiles
        self.timer = per_million(PASSES * STATES)

    def passes(self):
        for _ in range(PASSES):
            self.loop(self.q)


class Operators(_OverTables):
    loops = (hard_value, soft_value, mellowmax, softmax, entropy)
    params = ([loop.__name__ for loop in loops], [4, 16])
    unit = "million states/s"

    def time_per_million_states(self, kernel, actions):
        self.passes()

    def track_states_per_second(self, kernel, actions):
        return millions_per_second(self.passes, PASSES * STATES)


class Policies(_OverTables):
    loops = (greedy, epsilon_greedy, boltzmann)
    params = ([loop.__name__ for loop in loops], [4])

    def time_per_million_states(self, kernel, actions):
        self.passes()


class Updates(_OverTables):
    loops = (q_learning_update, soft_q_learning_update, sarsa_update, expected_sarsa_update)
    params = ([loop.__name__ for loop in loops], [4, 16])
    unit = "million updates/s"

    def time_per_million_updates(self, kernel, actions):
        self.passes()

    def track_updates_per_second(self, kernel, actions):
        return millions_per_second(self.passes, PASSES * STATES)


class Numbers(_OverTables):
    loops = (exp2, log2, uniform, integer)
    params = ([loop.__name__ for loop in loops],)
    param_names = ("kernel",)

    def setup(self, kernel):
        super().setup(kernel, 4)
        self.timer = per_million(PASSES * self.q.size)

    def time_per_million_numbers(self, kernel):
        self.passes()
