"""One-step actor-critic as the textbook has it, on lists; the table is that of preferences."""

import math

from tests.reference import random
from tests.reference.operators import softmax
from tests.reference.policies import by_weight
from tests.reference.training import Run, World, at


def actor_critic(mdp, agent, seed, episodes, max_steps, initial_q=None):
    world = World(mdp)
    run = Run(world.table(initial_q))
    values = [0.0] * mdp.n_states
    key = random.advance(random.seed(seed))
    for episode in range(episodes):
        step_size, critic = at(agent.step_size, episode), at(agent.critic_step_size, episode)
        temperature, weight = at(agent.temperature, episode), 1.0
        state, total, length, terminated = world.reset(key), 0.0, 0, False
        while not terminated and length < max_steps:
            policy = softmax(run.q[state], 1.0)
            action = by_weight(policy, random.draw(key)[1])
            next_state, reward, terminated = world.step(state, action, key)
            entropy = -temperature * math.log(policy[action]) if temperature else 0.0
            ahead = 0.0 if terminated else agent.discount * values[next_state]
            error = agent.reward_scale * reward + entropy + ahead - values[state]
            values[state] += critic * error
            for b in range(mdp.n_actions):
                run.q[state][b] += step_size * weight * error * ((b == action) - policy[b])
            if agent.discounted:
                weight *= agent.discount
            key, state, total, length = random.advance(key), next_state, total + reward, length + 1
        run.note(total, length, terminated)
    return run
