"""Double Q-learning as the textbook has it: a fair coin says which of two tables learns."""

from tests.reference import random
from tests.reference.policies import epsilon_greedy
from tests.reference.training import Run, World, at
from tests.reference.updates import fused

LEARNING = 0x5851F42D4C957F2D


def mean(first, second):
    return [0.5 * (x + y) for x, y in zip(first, second, strict=True)]


def double_q_learning(mdp, agent, seed, episodes, max_steps, initial_q=None):
    world = World(mdp)
    run = Run(world.table(initial_q))
    tables = [world.table(initial_q), world.table(initial_q)]
    key = random.advance(random.seed(seed))
    for episode in range(episodes):
        step_size, epsilon = at(agent.step_size, episode), at(agent.epsilon, episode)
        state, total, length, terminated = world.reset(key), 0.0, 0, False
        while not terminated and length < max_steps:
            action = epsilon_greedy(mean(tables[0][state], tables[1][state]), epsilon, *random.draw(key))
            next_state, reward, terminated = world.step(state, action, key)
            key = random.advance(key)
            learns, values = tables if random.draw(key + LEARNING)[1] < 2**31 else tables[::-1]
            best = learns[next_state].index(max(learns[next_state]))
            ahead = 0.0 if terminated else values[next_state][best]
            target = fused(agent.discount, ahead, agent.reward_scale * reward)
            learns[state][action] = fused(step_size, target - learns[state][action], learns[state][action])
            state, total, length = next_state, total + reward, length + 1
        run.q = [mean(a, b) for a, b in zip(*tables, strict=True)]
        run.note(total, length, terminated)
    return run
