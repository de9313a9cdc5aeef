"""Dyna as the textbook has it: a dictionary of what came last, and a few more updates from it after every step."""

import math

from tests.reference import random
from tests.reference.policies import epsilon_greedy, soft_epsilon_greedy
from tests.reference.training import Run, World, at
from tests.reference.updates import fused, q_learning_update, soft_q_learning_update

LEARNING = 0x5851F42D4C957F2D


def dyna(mdp, agent, seed, episodes, max_steps, initial_q=None):
    """Hard or soft by whether it has a temperature."""
    world = World(mdp)
    run = Run(world.table(initial_q))
    key = random.advance(random.seed(seed))
    model, seen, taken, time = {}, [], {}, 0
    for episode in range(episodes):
        step_size, epsilon = at(agent.step_size, episode), at(agent.epsilon, episode)
        soft = [at(agent.temperature, episode)] if hasattr(agent, "temperature") else []
        act, update = (soft_epsilon_greedy, soft_q_learning_update) if soft else (epsilon_greedy, q_learning_update)

        def learn(state, action, reward, next_state, terminated, update=update, step_size=step_size, soft=soft):
            scaled = agent.reward_scale * reward
            update(run.q, state, action, scaled, next_state, terminated, step_size, agent.discount, *soft)

        def remember(entry, outcome, when):
            if entry not in model:
                seen.append(entry)
            model[entry], taken[entry] = outcome, when

        state, total, length, terminated = world.reset(key), 0.0, 0, False
        while not terminated and length < max_steps:
            action = act(run.q[state], *soft, epsilon, *random.draw(key))
            next_state, reward, terminated = world.step(state, action, key)
            key = random.advance(key)
            learn(state, action, reward, next_state, terminated)
            time += 1
            if agent.time_bonus > 0:
                for other in range(mdp.n_actions):
                    if (state, other) not in model:
                        remember((state, other), (0.0, state, False), 0)
            remember((state, action), (reward, next_state, terminated), time)
            dream = random.mixed(key + LEARNING)
            for _ in range(agent.planning_steps):
                dream, k = random.integer(dream, len(seen))
                known_reward, *rest = model[seen[k]]
                if agent.time_bonus > 0:
                    known_reward = fused(agent.time_bonus, math.sqrt(time - taken[seen[k]]), known_reward)
                learn(*seen[k], known_reward, *rest)
            state, total, length = next_state, total + reward, length + 1
        run.note(total, length, terminated)
    return run
