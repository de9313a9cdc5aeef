"""Mellowmax Q-learning: the backup of Q-learning with another operator."""

from tests.reference import random
from tests.reference.operators import mellowmax
from tests.reference.policies import epsilon_greedy
from tests.reference.training import Run, World, at
from tests.reference.updates import move, target


def mellowmax_q_learning(mdp, agent, seed, episodes, max_steps, initial_q=None):
    world = World(mdp)
    run = Run(world.table(initial_q))
    key = random.advance(random.seed(seed))
    for episode in range(episodes):
        step_size, epsilon = at(agent.step_size, episode), at(agent.epsilon, episode)
        temperature = at(agent.temperature, episode)
        state, total, length, terminated = world.reset(key), 0.0, 0, False
        while not terminated and length < max_steps:
            action = epsilon_greedy(run.q[state], epsilon, *random.draw(key))
            next_state, reward, terminated = world.step(state, action, key)
            ahead = mellowmax(run.q[next_state], temperature)
            y = target(agent.reward_scale * reward, terminated, agent.discount, ahead)
            move(run.q, state, action, y, step_size)
            key, state, total, length = random.advance(key), next_state, total + reward, length + 1
        run.note(total, length, terminated)
    return run
