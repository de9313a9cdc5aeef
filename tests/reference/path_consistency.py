"""Path consistency learning from its definition: log-policies along a path, and the gradients of each."""

from tests.reference import random
from tests.reference.operators import soft_value, softmax
from tests.reference.policies import soft_epsilon_greedy
from tests.reference.training import Run, World, at


def path_consistency(mdp, agent, seed, episodes, max_steps, initial_q=None):
    world = World(mdp)
    run = Run(world.table(initial_q))
    key = random.advance(random.seed(seed))
    for episode in range(episodes):
        step_size, epsilon = at(agent.step_size, episode), at(agent.epsilon, episode)
        temperature = at(agent.temperature, episode)

        def learn(path, end, step_size=step_size, temperature=temperature):
            """Of a list of (state, action, reward), and the state behind it; None where there is none."""
            values = {state: soft_value(run.q[state], temperature) for state, _, _ in path}
            policies = {state: softmax(run.q[state], temperature) for state, _, _ in path}
            error = -values[path[0][0]]
            for i, (state, action, reward) in enumerate(path):
                log_policy = (run.q[state][action] - values[state]) / temperature
                error += agent.discount**i * (agent.reward_scale * reward - temperature * log_policy)
            if end is not None:
                error += agent.discount ** len(path) * soft_value(run.q[end], temperature)
            for i, (state, action, _) in enumerate(path):
                for b in range(mdp.n_actions):
                    of_policy = agent.discount**i * ((b == action) - policies[state][b])
                    of_value = policies[state][b] if i == 0 else 0.0
                    run.q[state][b] += step_size * error * (of_policy + of_value)

        state, total, length, terminated = world.reset(key), 0.0, 0, False
        path = []
        while not terminated and length < max_steps:
            action = soft_epsilon_greedy(run.q[state], temperature, epsilon, *random.draw(key))
            next_state, reward, terminated = world.step(state, action, key)
            path.append((state, action, reward))
            if len(path) >= agent.n:
                learn(path[-agent.n :], None if terminated else next_state)
            key, state, total, length = random.advance(key), next_state, total + reward, length + 1
        for left in range(min(agent.n - 1, len(path)), 0, -1):
            learn(path[-left:], None if terminated else state)
        run.note(total, length, terminated)
    return run
