"""Learning from returns of n steps, as the textbook has it: whole episodes are kept, and each return is summed anew."""

from tests.reference import random
from tests.reference.operators import entropy, soft_value, softmax
from tests.reference.policies import epsilon_greedy, soft_epsilon_greedy
from tests.reference.training import Run, World, at
from tests.reference.updates import fused, move, target


def _trained(mdp, agent, seed, episodes, max_steps, initial_q, rules, on_policy=False):
    """`rules(episode)`: how the agent chooses, what is ahead of the last step, and what a state within is worth."""
    world = World(mdp)
    run = Run(world.table(initial_q))
    q = run.q
    key = random.advance(random.seed(seed))
    for episode in range(episodes):
        choose, ahead, within = rules(episode)
        step_size = at(agent.step_size, episode)
        states, actions, rewards, total, ended = [world.reset(key)], [], [], 0.0, False
        actions.append(choose(q[states[0]], *random.draw(key)))
        while not ended:
            next_state, reward, terminated = world.step(states[-1], actions[-1], key)
            key = random.advance(key)
            next_action = choose(q[next_state], *random.draw(key)) if on_policy else None
            rewards.append(agent.reward_scale * reward)
            total += reward
            now = len(rewards)
            ended = terminated or now == max_steps
            value = ahead(q[next_state], next_action)
            for t in range(max(now - agent.n, 0), now if ended else now - agent.n + 1):
                returned = target(rewards[-1], terminated, agent.discount, value)
                for k in range(now - 1, t, -1):
                    follows = within(q[states[k]], actions[k], returned)
                    returned = fused(agent.discount, follows, rewards[k - 1])
                move(q, states[t], actions[t], returned, step_size)
            states.append(next_state)
            actions.append(next_action if on_policy else choose(q[next_state], *random.draw(key)))
        run.note(total, len(rewards), terminated)
    return run


def n_step_sarsa(mdp, agent, seed, episodes, max_steps, initial_q=None):
    def rules(episode):
        epsilon = at(agent.epsilon, episode)
        return (
            lambda row, high, low: epsilon_greedy(row, epsilon, high, low),
            lambda row, action: row[action],
            lambda row, action, returned: returned,
        )

    return _trained(mdp, agent, seed, episodes, max_steps, initial_q, rules, on_policy=True)


def n_step_tree_backup(mdp, agent, seed, episodes, max_steps, initial_q=None):
    def within(row, action, returned):
        """The best actions share evenly: all the others of them have the largest value."""
        best = [a for a in range(len(row)) if row[a] == max(row)]
        return fused(1 / len(best), returned - max(row), max(row)) if action in best else max(row)

    def rules(episode):
        epsilon = at(agent.epsilon, episode)
        return (
            lambda row, high, low: epsilon_greedy(row, epsilon, high, low),
            lambda row, action: max(row),
            within,
        )

    return _trained(mdp, agent, seed, episodes, max_steps, initial_q, rules)


def n_step_soft_q_learning(mdp, agent, seed, episodes, max_steps, initial_q=None):
    def rules(episode):
        epsilon, temperature = at(agent.epsilon, episode), at(agent.temperature, episode)
        return (
            lambda row, high, low: soft_epsilon_greedy(row, temperature, epsilon, high, low),
            lambda row, action: soft_value(row, temperature),
            lambda row, action, returned: returned + temperature * entropy(softmax(row, temperature)),
        )

    return _trained(mdp, agent, seed, episodes, max_steps, initial_q, rules)
