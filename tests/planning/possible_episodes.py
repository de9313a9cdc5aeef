"""Every episode that there can be in a small world, by trying every action and every outcome."""


def episodes_of(mdp, state, left):
    """The return and the length of each episode that there can be, from the first step on."""
    found = set()
    for action in range(mdp.n_actions):
        for p, following, reward, over in mdp.outcomes(state, action):
            if p == 0.0:
                continue
            if over or left == 1:
                found.add((reward, 1))
            elif mdp.terminal[following]:  # stepped on once more, for nothing
                found.add((reward, 2))
            else:
                found |= {(reward + more, steps + 1) for more, steps in episodes_of(mdp, following, left - 1)}
    return found
