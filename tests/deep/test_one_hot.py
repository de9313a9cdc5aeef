"""One-hot states, one linear layer, one step of gradient descent on the last transition: that is a table."""

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.environments.environment_rules import reset, step
from tests.deep.weights import layers_of
from tests.deep.worlds import signed
from tests.reference import deep_q_learning as twin
from tests.reference import random
from tests.reference.policies import epsilon_greedy, soft_epsilon_greedy
from tests.reference.training import at
from tests.reference.updates import fused

WORLD = fsq.from_map("S..\n.#.\n..G")
AGENTS = {
    "hard": fsq.QLearning(step_size=0.25, discount=0.9, epsilon=0.3),
    "soft": fsq.SoftQLearning(step_size=fsq.PowerDecay(0.5, 0.01, 0.6), discount=0.95, temperature=0.5, epsilon=0.1),
    "expected Sarsa": fsq.ExpectedSarsa(step_size=0.125, discount=0.9, epsilon=0.2),
}
LINEAR = {
    "network": fsq.MLP((), bias=False),
    "optimizer": fsq.SGD(),
    "replay": fsq.Replay(capacity=1, batch=1, start=0, every=1),
    "target_period": 1,
}


def table_learning(env, agent, table, seed, steps, max_steps):
    """Q-learning on a table of float32 whose targets are worked out in float64."""
    key = random.seed(seed)
    begin = key
    state, length = int(reset(env, signed(random.mixed(begin + twin.START)))), 0
    for t in range(steps):
        key = random.advance(key)
        row = [float(value) for value in table[state]]
        high, low = random.draw(key)
        epsilon = at(agent.epsilon, t)
        if isinstance(agent, fsq.SoftQLearning):
            action = soft_epsilon_greedy(row, agent.temperature, epsilon, high, low)
        else:
            action = epsilon_greedy(row, epsilon, high, low)
        ahead, reward, terminated = step(env, state, np.int64(action), signed(random.mixed(key + twin.OUTCOME)))
        value = 0.0 if terminated else twin.value(agent, [float(q) for q in table[int(ahead)]], t)
        target = np.float32(fused(agent.discount, value, reward))
        error = table[state, action] - target
        # w - step_size * error, rounded once, as float64 holds the product exactly.
        table[state, action] = np.float32(
            float(table[state, action]) - float(np.float32(at(agent.step_size, t))) * float(error)
        )
        state, length = int(ahead), length + 1
        if terminated or length >= max_steps:
            state, length = int(reset(env, signed(random.mixed(key + twin.START)))), 0
    return table


@pytest.mark.parametrize("name", AGENTS)
def test_a_linear_network_of_one_hot_states_is_a_table_of_float32(name):
    agent = AGENTS[name]
    env = fsq.observed(WORLD, "one_hot")
    deep = fsq.Deep(agent, **LINEAR)
    options = {"max_steps": 30, "keep_parameters": True}
    untrained = deep._replace(replay=fsq.Replay(start=5, batch=1))
    first = fsq.train(env, untrained, [7], steps=1, points=1, **options)
    start = layers_of(deep, first.parameters[0], WORLD.n_states, WORLD.n_actions)[0][0]
    learned = fsq.train(env, deep, [7], steps=2000, points=1, **options)
    table = layers_of(deep, learned.parameters[0], WORLD.n_states, WORLD.n_actions)[0][0]
    expected = table_learning(env, agent, np.array(start), 7, 2000, 30)
    assert (expected != start).any()
    np.testing.assert_array_equal(table, expected)


def values_of(world, agent, **options):
    """The action values of a linear network in every state, after training from a buffer."""
    env = fsq.observed(world, "one_hot")
    deep = fsq.Deep(
        agent, fsq.MLP((), bias=False), fsq.SGD(), fsq.Replay(capacity=3000, batch=16, start=50, every=1), **options
    )
    curves = fsq.train(env, deep, [1], steps=30_000, points=1, max_steps=30, keep_parameters=True)
    return fsq.action_values(env, curves, np.eye(world.n_states))[0]


def visited(world):
    """States that an episode can be in."""
    seen = [int(s) for s in np.flatnonzero(world.start)]
    for state in seen:
        for action in range(world.n_actions):
            for outcome in range(world.n_outcomes):
                entry = state, action, outcome
                ahead = int(world.next_state[entry])
                if world.probability[entry] > 0 and not world.terminated[entry] and ahead not in seen:
                    seen.append(ahead)
    return sorted(seen)


def test_hard_learning_converges_to_the_exact_values():
    agent = fsq.QLearning(step_size=1.0, discount=0.9, epsilon=0.6)
    exact = fsq.value_iteration(WORLD, 0.9).q
    states = visited(WORLD)
    np.testing.assert_allclose(values_of(WORLD, agent, target_period=20)[states], exact[states], atol=1e-5)


def test_soft_learning_converges_to_the_exact_soft_values_and_these_to_hard_ones():
    states = visited(WORLD)
    hard = fsq.value_iteration(WORLD, 0.9).q[states]
    apart = []
    for temperature in (1.0, 0.1, 0.01):
        agent = fsq.SoftQLearning(step_size=1.0, discount=0.9, temperature=temperature, epsilon=0.6)
        learned = values_of(WORLD, agent, target_period=20)[states]
        exact = fsq.soft_value_iteration(WORLD, 0.9, temperature=temperature).q[states]
        np.testing.assert_allclose(learned, exact, atol=1e-5)
        apart.append(np.abs(learned - hard).max())
    assert apart[0] > apart[1] > apart[2]
    assert apart[2] < 0.1


def test_double_learning_converges_to_the_same_values():
    agent = fsq.SoftQLearning(step_size=1.0, discount=0.9, temperature=0.5, epsilon=0.6)
    exact = fsq.soft_value_iteration(WORLD, 0.9, temperature=0.5).q
    states = visited(WORLD)
    learned = values_of(WORLD, agent, target_period=20, double=True)
    np.testing.assert_allclose(learned[states], exact[states], atol=1e-5)
