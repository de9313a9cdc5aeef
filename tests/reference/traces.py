"""Learning along eligibility traces, as the textbook has it: a trace for every entry of the table."""

from tests.reference import random
from tests.reference.operators import soft_value, softmax
from tests.reference.policies import epsilon_greedy, soft_epsilon_greedy
from tests.reference.training import Run, World, at
from tests.reference.updates import fused, target

NEGLIGIBLE = 2.0**-53


def _trained(mdp, agent, seed, episodes, max_steps, initial_q, rules, on_policy=False):
    """`rules(episode)`: how the agent chooses, what is ahead of a step, and what goes on through an action."""
    world = World(mdp)
    run = Run(world.table(initial_q))
    q = run.q
    entries = [(s, a) for s in range(mdp.n_states) for a in range(mdp.n_actions)]
    key = random.advance(random.seed(seed))
    for episode in range(episodes):
        choose, ahead, coefficient = rules(episode)
        step_size = at(agent.step_size, episode)
        trace = dict.fromkeys(entries, 0.0)  # times the step size
        state, total, length, terminated = world.reset(key), 0.0, 0, False
        action = choose(q[state], *random.draw(key))
        while not terminated and length < max_steps:
            next_state, reward, terminated = world.step(state, action, key)
            key = random.advance(key)
            next_action = choose(q[next_state], *random.draw(key)) if on_policy else None
            value = ahead(q[next_state], next_action)
            error = target(agent.reward_scale * reward, terminated, agent.discount, value) - q[state][action]
            fade = agent.discount * coefficient(q[state], action)
            for entry in entries:
                trace[entry] *= fade
                if trace[entry] < step_size * NEGLIGIBLE:
                    trace[entry] = 0.0
            trace[state, action] = step_size if agent.replacing else trace[state, action] + step_size
            for s, a in entries:
                if trace[s, a] > 0:
                    q[s][a] = fused(trace[s, a], error, q[s][a])
            if not on_policy:
                next_action = choose(q[next_state], *random.draw(key))
            state, action, total, length = next_state, next_action, total + reward, length + 1
        run.note(total, length, terminated)
    return run


def sarsa_lambda(mdp, agent, seed, episodes, max_steps, initial_q=None):
    def rules(episode):
        epsilon, decay = at(agent.epsilon, episode), at(agent.trace_decay, episode)
        return (
            lambda row, high, low: epsilon_greedy(row, epsilon, high, low),
            lambda row, action: row[action],
            lambda row, action: decay,
        )

    return _trained(mdp, agent, seed, episodes, max_steps, initial_q, rules, on_policy=True)


def q_lambda(mdp, agent, seed, episodes, max_steps, initial_q=None):
    def rules(episode):
        epsilon, decay = at(agent.epsilon, episode), at(agent.trace_decay, episode)
        return (
            lambda row, high, low: epsilon_greedy(row, epsilon, high, low),
            lambda row, action: max(row),
            lambda row, action: decay if row[action] == max(row) else 0.0,
        )

    return _trained(mdp, agent, seed, episodes, max_steps, initial_q, rules)


def soft_q_lambda(mdp, agent, seed, episodes, max_steps, initial_q=None):
    def rules(episode):
        epsilon, decay = at(agent.epsilon, episode), at(agent.trace_decay, episode)
        temperature = at(agent.temperature, episode)

        def retrace(row, action):
            target_policy = softmax(row, temperature)
            behaviour = [(1 - epsilon) * p + epsilon / len(row) for p in target_policy]
            return decay * min(1.0, target_policy[action] / behaviour[action])

        return (
            lambda row, high, low: soft_epsilon_greedy(row, temperature, epsilon, high, low),
            lambda row, action: soft_value(row, temperature),
            retrace,
        )

    return _trained(mdp, agent, seed, episodes, max_steps, initial_q, rules)
