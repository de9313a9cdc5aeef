"""The slow, obvious twins of planning: plain Python over `mdp.outcomes`, one state at a time."""

import math

import numpy as np


def value_iteration(mdp, discount, sweeps, temperature=0.0, reward_scale=1.0):
    """Q after so many sweeps from V = 0; soft where the temperature is above 0."""
    v = [0.0] * mdp.n_states
    for _ in range(sweeps):
        q = action_values(mdp, v, discount, reward_scale)
        for state in range(mdp.n_states):
            if mdp.terminal[state]:
                v[state] = 0.0
            elif temperature == 0.0:
                v[state] = max(q[state])
            else:
                best = max(q[state])
                v[state] = best + temperature * math.log(sum(math.exp((x - best) / temperature) for x in q[state]))
    return action_values(mdp, v, discount, reward_scale)


def action_values(mdp, v, discount, reward_scale=1.0):
    q = [[0.0] * mdp.n_actions for _ in range(mdp.n_states)]
    for state in range(mdp.n_states):
        for action in range(mdp.n_actions):
            for p, following, reward, terminated in mdp.outcomes(state, action):
                q[state][action] += p * (reward_scale * reward + (0.0 if terminated else discount * v[following]))
    return q


def roll_out(mdp, policies):
    """Expected return, expected length and termination probability of a policy given step by step."""
    mass = list(mdp.start)
    total = length = ended = 0.0
    for policy in policies:
        later = [0.0] * mdp.n_states
        for state in range(mdp.n_states):
            length += mass[state]
            for action in range(mdp.n_actions):
                for p, following, reward, terminated in mdp.outcomes(state, action):
                    flow = mass[state] * policy[state][action] * p
                    total += flow * reward
                    if terminated:
                        ended += flow
                    else:
                        later[following] += flow
        mass = later
    return total, length, ended


def spectral_radius(mdp, reward_scale):
    """Of M(k)[s, s'] = sum_a exp(k r(s, a)), deterministic dynamics, over what can be reached from the start."""
    reached = {int(state) for state in np.flatnonzero(mdp.start)}
    frontier = list(reached)
    while frontier:
        state = frontier.pop()
        for action in range(mdp.n_actions):
            ((_, following, _, terminated),) = mdp.outcomes(state, action)
            if not terminated and following not in reached:
                reached.add(following)
                frontier.append(following)
    matrix = np.zeros((mdp.n_states, mdp.n_states))
    for state in reached:
        for action in range(mdp.n_actions):
            ((_, following, reward, terminated),) = mdp.outcomes(state, action)
            if not terminated:
                matrix[state, following] += math.exp(reward_scale * reward)
    return float(np.abs(np.linalg.eigvals(matrix)).max())


def trajectories(mdp, horizon, reward_scale=1.0):
    """Every trajectory: its probability under the dynamics alone (actions count 1), and its scaled reward.

    A trajectory is a tuple of (state, action, next state, terminated), step by step.
    """
    found = {}

    def extend(state, path, probability, reward):
        if len(path) == horizon or (path and path[-1][3]):
            found[path] = (probability, reward)
            return
        for action in range(mdp.n_actions):
            for (following, terminated), (p, mean) in transitions(mdp, state, action).items():
                step = (state, action, following, terminated)
                extend(following, (*path, step), probability * p, reward + reward_scale * mean)

    for start in range(mdp.n_states):
        if mdp.start[start] > 0:
            extend(start, (), mdp.start[start], 0.0)
    return found


def transitions(mdp, state, action):
    """Probability and mean reward of each next state."""
    p, total = {}, {}
    for outcome in mdp.outcomes(state, action):
        to = (outcome.next_state, outcome.terminated)
        p[to] = p.get(to, 0.0) + outcome.probability
        total[to] = total.get(to, 0.0) + outcome.probability * outcome.reward
    return {to: (p[to], total[to] / p[to]) for to in p}
