"""Prioritized sweeping as the textbook has it: what waits is a dictionary, searched for its greatest error."""

from tests.reference import random
from tests.reference.policies import epsilon_greedy
from tests.reference.training import Run, World, at
from tests.reference.updates import fused, move


def prioritized_sweeping(mdp, agent, seed, episodes, max_steps, initial_q=None):
    world = World(mdp)
    run = Run(world.table(initial_q))
    key = random.advance(random.seed(seed))
    model, waiting = {}, {}

    def target(entry):
        reward, next_state, terminated = model[entry]
        scaled = agent.reward_scale * reward
        return scaled if terminated else fused(agent.discount, max(run.q[next_state]), scaled)

    def queue(entry):
        error = abs(target(entry) - run.q[entry[0]][entry[1]])
        if error > agent.threshold:
            waiting[entry] = max(error, waiting.get(entry, 0.0))

    for episode in range(episodes):
        step_size, epsilon = at(agent.step_size, episode), at(agent.epsilon, episode)
        state, total, length, terminated = world.reset(key), 0.0, 0, False
        while not terminated and length < max_steps:
            action = epsilon_greedy(run.q[state], epsilon, *random.draw(key))
            next_state, reward, terminated = world.step(state, action, key)
            model[state, action] = reward, next_state, terminated
            queue((state, action))
            for _ in range(agent.planning_steps):
                if not waiting:
                    break
                first = min(waiting, key=lambda entry: (-waiting[entry], entry))
                del waiting[first]
                move(run.q, *first, target(first), step_size)
                for entry, (_, leads_to, ends) in model.items():
                    if leads_to == first[0] and not ends:
                        queue(entry)
            key, state, total, length = random.advance(key), next_state, total + reward, length + 1
        run.note(total, length, terminated)
    return run
