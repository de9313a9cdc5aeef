"""Choosing an action, given the two halves of a draw."""

from tests.reference.operators import softmax


def any_action(low, actions):
    return (low >> 8) * actions >> 24


def greedy(row, low):
    best = [a for a in range(len(row)) if row[a] == max(row)]
    return best[any_action(low, len(best))]


def epsilon_greedy(row, epsilon, high, low):
    if (high >> 2) < int(epsilon * 2**30):
        return any_action(low, len(row))
    return greedy(row, low)


def by_weight(weights, low):
    threshold = low / 2**32 * sum(weights)
    for a in range(len(weights) - 1):
        if threshold < sum(weights[: a + 1]):
            return a
    return len(weights) - 1


def boltzmann(row, temperature, low):
    return by_weight(softmax(row, temperature), low)


def soft_epsilon_greedy(row, temperature, epsilon, high, low):
    """The soft policy with uniform exploration on top."""
    if (high >> 2) < int(epsilon * 2**30):
        return any_action(low, len(row))
    return boltzmann(row, temperature, low)
