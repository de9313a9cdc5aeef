"""Temporal-difference updates on a table of lists; each returns the error from before."""

from fractions import Fraction

from tests.reference.operators import hard_value, soft_value


def fused(x, y, z):
    """x*y + z, rounded once. Ties between action values hang on the last bit, so the twins round as the kernels do."""
    return float(Fraction(x) * Fraction(y) + Fraction(z))


def move(q, state, action, target, step_size):
    error = target - q[state][action]
    q[state][action] = fused(step_size, error, q[state][action])
    return error


def target(reward, terminated, discount, next_value):
    return reward if terminated else fused(discount, next_value, reward)


def q_learning_update(q, state, action, reward, next_state, terminated, step_size, discount):
    y = target(reward, terminated, discount, hard_value(q[next_state]))
    return move(q, state, action, y, step_size)


def soft_q_learning_update(q, state, action, reward, next_state, terminated, step_size, discount, temperature):
    y = target(reward, terminated, discount, soft_value(q[next_state], temperature))
    return move(q, state, action, y, step_size)


def sarsa_update(q, state, action, reward, next_state, next_action, terminated, step_size, discount):
    y = target(reward, terminated, discount, q[next_state][next_action])
    return move(q, state, action, y, step_size)


def expected_sarsa_update(q, state, action, reward, next_state, policy, terminated, step_size, discount):
    mean = sum(p * value for p, value in zip(policy, q[next_state], strict=True))
    return move(q, state, action, target(reward, terminated, discount, mean), step_size)
