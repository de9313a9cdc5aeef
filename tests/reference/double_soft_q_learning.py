"""Double soft Q-learning: a fair coin says which of two tables learns; the other one values that one's policy."""

import math

from tests.reference import random
from tests.reference.double_q_learning import LEARNING, mean
from tests.reference.operators import softmax
from tests.reference.policies import soft_epsilon_greedy
from tests.reference.training import Run, World, at
from tests.reference.updates import move, target


def double_soft_q_learning(mdp, agent, seed, episodes, max_steps, initial_q=None):
    world = World(mdp)
    run = Run(world.table(initial_q))
    tables = [world.table(initial_q), world.table(initial_q)]
    key = random.advance(random.seed(seed))
    for episode in range(episodes):
        step_size, epsilon = at(agent.step_size, episode), at(agent.epsilon, episode)
        temperature = at(agent.temperature, episode)
        state, total, length, terminated = world.reset(key), 0.0, 0, False
        while not terminated and length < max_steps:
            row = mean(tables[0][state], tables[1][state])
            action = soft_epsilon_greedy(row, temperature, epsilon, *random.draw(key))
            next_state, reward, terminated = world.step(state, action, key)
            key = random.advance(key)
            learns, values = tables if random.draw(key + LEARNING)[1] < 2**31 else tables[::-1]
            policy = softmax(learns[next_state], temperature)
            ahead = sum(
                p * (q - temperature * math.log(p)) for p, q in zip(policy, values[next_state], strict=True) if p > 0
            )
            y = target(agent.reward_scale * reward, terminated, agent.discount, ahead)
            move(learns, state, action, y, step_size)
            state, total, length = next_state, total + reward, length + 1
        run.q = [mean(a, b) for a, b in zip(*tables, strict=True)]
        run.note(total, length, terminated)
    return run
