"""Q-learning, hard or soft, with what wrappers add: a table of counts, and what follows from it."""

import math

import fastsoftq as fsq
from tests.reference import random
from tests.reference.policies import epsilon_greedy, soft_epsilon_greedy
from tests.reference.training import Run, World, at
from tests.reference.updates import q_learning_update, soft_q_learning_update


def wrapped(mdp, agent, seed, episodes, max_steps, initial_q=None):
    wrappers = {}
    while hasattr(agent, "agent"):
        wrappers[type(agent)] = agent
        agent = agent.agent
    visits, bonus = wrappers.get(fsq.VisitStepSize), wrappers.get(fsq.CountBonus)
    bounds, optimism = wrappers.get(fsq.UpperConfidence), wrappers.get(fsq.OptimisticStart)
    world = World(mdp)
    if initial_q is None and optimism is not None:
        initial_q = [[optimism.value] * mdp.n_actions for _ in range(mdp.n_states)]
    run = Run(world.table(initial_q))
    counts = [[0] * mdp.n_actions for _ in range(mdp.n_states)]
    key = random.advance(random.seed(seed))

    def seen(state):
        if bounds is None:
            return run.q[state]
        return [
            math.inf if n == 0 else q + bounds.confidence * math.sqrt(math.log(sum(counts[state])) / n)
            for q, n in zip(run.q[state], counts[state], strict=True)
        ]

    def choose(row, soft, epsilon, draw):
        if not soft:
            return epsilon_greedy(row, epsilon, *draw)
        if math.inf in row:  # by weights: all of them on what was never tried
            row = [0.0 if value == math.inf else -1e30 * soft[0] for value in row]
        return soft_epsilon_greedy(row, *soft, epsilon, *draw)

    for episode in range(episodes):
        step_size, epsilon = at(agent.step_size, episode), at(agent.epsilon, episode)
        soft = [at(agent.temperature, episode)] if hasattr(agent, "temperature") else []
        update = soft_q_learning_update if soft else q_learning_update
        state, total, length, terminated = world.reset(key), 0.0, 0, False
        while not terminated and length < max_steps:
            action = choose(seen(state), soft, epsilon, random.draw(key))
            next_state, reward, terminated = world.step(state, action, key)
            counts[state][action] += 1
            n = counts[state][action]
            paid = reward if bonus is None else reward + bonus.bonus / math.sqrt(n)
            rate = step_size if visits is None else 1 / n if visits.power == 1 else n**-visits.power
            scaled = agent.reward_scale * paid
            update(run.q, state, action, scaled, next_state, terminated, rate, agent.discount, *soft)
            key, state, total, length = random.advance(key), next_state, total + reward, length + 1
        run.note(total, length, terminated)
    return run
