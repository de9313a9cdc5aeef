"""Training as the textbook has it: one loop an agent, on lists. Each gives the curve of one run and its table."""

from dataclasses import dataclass, field

import numpy as np

from fastsoftq.agents.schedules import LinearDecay, PowerDecay
from fastsoftq.mdp.changing import ChangingMDP
from fastsoftq.mdp.tables import alias_table
from tests.reference import random
from tests.reference.policies import epsilon_greedy, soft_epsilon_greedy
from tests.reference.updates import (
    expected_sarsa_update,
    fused,
    q_learning_update,
    sarsa_update,
    soft_q_learning_update,
)


@dataclass
class Run:
    q: list
    returns: list = field(default_factory=list)
    lengths: list = field(default_factory=list)
    truncated: list = field(default_factory=list)
    tables: list = field(default_factory=list)  # after each episode

    def note(self, total, length, terminated):
        self.returns.append(total)
        self.lengths.append(length)
        self.truncated.append(not terminated)
        self.tables.append([row[:] for row in self.q])


class World:
    """An MDP that is stepped with the environment's own draws; one that changes is another when an episode begins."""

    def __init__(self, mdp):
        self.given, self.episode = mdp, -1
        self.become(mdp.at(0) if isinstance(mdp, ChangingMDP) else mdp)

    def become(self, mdp):
        self.mdp = mdp
        self.starts = alias_table(mdp.start[None])
        padding = [(0, 0), (0, 0), (0, self.given.n_outcomes - mdp.n_outcomes)]
        self.outcomes = alias_table(np.pad(mdp.probability, padding).reshape(-1, self.given.n_outcomes))

    def table(self, initial_q=None):
        if initial_q is None:
            return [[0.0] * self.mdp.n_actions for _ in range(self.mdp.n_states)]
        return [[float(value) for value in row] for row in initial_q]

    def reset(self, key):
        self.episode += 1
        if isinstance(self.given, ChangingMDP) and self.given.at(self.episode) is not self.mdp:
            self.become(self.given.at(self.episode))
        return sampled(self.starts, 0, random.start_draw(key))

    def step(self, state, action, key):
        entry = sampled(self.outcomes, state * self.mdp.n_actions + action, random.outcome_draw(key))
        at = state, action, entry % self.given.n_outcomes
        return int(self.mdp.next_state[at]), float(self.mdp.reward[at]), bool(self.mdp.terminated[at])


def sampled(distributions, row, draw):
    """Walker's alias method: a slot chosen evenly yields itself below its threshold, its alias from there on."""
    high, low = draw
    slot = row * distributions.size + (high * distributions.size >> 32)
    alias, threshold = divmod(int(distributions.slots[slot]), 2**32)
    return slot if low < threshold else alias


def at(schedule, episode):
    if isinstance(schedule, LinearDecay):
        return max(schedule.stop, fused(episode, -schedule.decrease, schedule.start))
    if isinstance(schedule, PowerDecay):
        return max(schedule.stop, schedule.start / (episode + 1) ** schedule.power)
    return schedule


def q_learning(mdp, agent, seed, episodes, max_steps, initial_q=None):
    world = World(mdp)
    run = Run(world.table(initial_q))
    key = random.advance(random.seed(seed))
    for episode in range(episodes):
        step_size, epsilon = at(agent.step_size, episode), at(agent.epsilon, episode)
        state, total, length, terminated = world.reset(key), 0.0, 0, False
        while not terminated and length < max_steps:
            action = epsilon_greedy(run.q[state], epsilon, *random.draw(key))
            next_state, reward, terminated = world.step(state, action, key)
            scaled = agent.reward_scale * reward
            q_learning_update(run.q, state, action, scaled, next_state, terminated, step_size, agent.discount)
            key, state, total, length = random.advance(key), next_state, total + reward, length + 1
        run.note(total, length, terminated)
    return run


def soft_q_learning(mdp, agent, seed, episodes, max_steps, initial_q=None):
    world = World(mdp)
    run = Run(world.table(initial_q))
    key = random.advance(random.seed(seed))
    for episode in range(episodes):
        step_size, epsilon = at(agent.step_size, episode), at(agent.epsilon, episode)
        temperature = at(agent.temperature, episode)
        state, total, length, terminated = world.reset(key), 0.0, 0, False
        while not terminated and length < max_steps:
            action = soft_epsilon_greedy(run.q[state], temperature, epsilon, *random.draw(key))
            next_state, reward, terminated = world.step(state, action, key)
            soft_q_learning_update(
                run.q, state, action, agent.reward_scale * reward, next_state, terminated,
                step_size, agent.discount, temperature,
            )  # fmt: skip
            key, state, total, length = random.advance(key), next_state, total + reward, length + 1
        run.note(total, length, terminated)
    return run


def sarsa(mdp, agent, seed, episodes, max_steps, initial_q=None):
    world = World(mdp)
    run = Run(world.table(initial_q))
    key = random.advance(random.seed(seed))
    for episode in range(episodes):
        step_size, epsilon = at(agent.step_size, episode), at(agent.epsilon, episode)
        state, total, length, terminated = world.reset(key), 0.0, 0, False
        action = epsilon_greedy(run.q[state], epsilon, *random.draw(key))
        while not terminated and length < max_steps:
            next_state, reward, terminated = world.step(state, action, key)
            key = random.advance(key)
            next_action = epsilon_greedy(run.q[next_state], epsilon, *random.draw(key))
            sarsa_update(
                run.q, state, action, agent.reward_scale * reward, next_state, next_action, terminated,
                step_size, agent.discount,
            )  # fmt: skip
            state, action, total, length = next_state, next_action, total + reward, length + 1
        run.note(total, length, terminated)
    return run


def expected_sarsa(mdp, agent, seed, episodes, max_steps, initial_q=None):
    world = World(mdp)
    run = Run(world.table(initial_q))
    key = random.advance(random.seed(seed))
    for episode in range(episodes):
        step_size, epsilon = at(agent.step_size, episode), at(agent.epsilon, episode)
        state, total, length, terminated = world.reset(key), 0.0, 0, False
        while not terminated and length < max_steps:
            action = epsilon_greedy(run.q[state], epsilon, *random.draw(key))
            next_state, reward, terminated = world.step(state, action, key)
            policy = epsilon_greedy_policy(run.q[next_state], epsilon)
            expected_sarsa_update(
                run.q, state, action, agent.reward_scale * reward, next_state, policy, terminated,
                step_size, agent.discount,
            )  # fmt: skip
            key, state, total, length = random.advance(key), next_state, total + reward, length + 1
        run.note(total, length, terminated)
    return run


def epsilon_greedy_policy(row, epsilon):
    best = [q == max(row) for q in row]
    return [epsilon / len(row) + (1 - epsilon) * b / sum(best) for b in best]


def frozen(mdp, agent, seed, episodes, max_steps, initial_q=None):
    """What another agent would do if it never learned; hard or soft by whether it has a temperature."""
    world, agent = World(mdp), agent.agent
    run = Run(world.table(initial_q))
    key = random.advance(random.seed(seed))
    for episode in range(episodes):
        epsilon = at(agent.epsilon, episode)
        state, total, length, terminated = world.reset(key), 0.0, 0, False
        while not terminated and length < max_steps:
            row, (high, low) = run.q[state], random.draw(key)
            if hasattr(agent, "temperature"):
                action = soft_epsilon_greedy(row, at(agent.temperature, episode), epsilon, high, low)
            else:
                action = epsilon_greedy(row, epsilon, high, low)
            state, reward, terminated = world.step(state, action, key)
            key, total, length = random.advance(key), total + reward, length + 1
        run.note(total, length, terminated)
    return run
