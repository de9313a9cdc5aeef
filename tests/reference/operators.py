"""Values of a row of action values, and policies, as their definitions read."""

import math


def hard_value(row):
    return max(row)


def soft_value(row, temperature):
    top = max(row)
    return top + temperature * math.log(sum(math.exp((q - top) / temperature) for q in row))


def mellowmax(row, temperature):
    top = max(row)
    return top + temperature * math.log(sum(math.exp((q - top) / temperature) for q in row) / len(row))


def softmax(row, temperature):
    value = soft_value(row, temperature)
    return [math.exp((q - value) / temperature) for q in row]


def entropy(policy):
    return -sum(p * math.log(p) for p in policy if p > 0)
