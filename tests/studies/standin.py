"""Stands in for the sequential decision until it is there."""

from typing import NamedTuple

from fastsoftq import statistics
from fastsoftq.statistics import compare_samples


class Decision(NamedTuple):
    answered: bool
    sign: int
    low: float
    high: float
    round: int


def sequential_decision(a, b, rounds, difference, confidence=0.95):
    for k, n in enumerate(rounds, 1):
        c = compare_samples(a[:n], b[:n], True, 1 - (1 - confidence) / (k * (k + 1)))
        sign = 1 if c.low > 0 else -1 if c.high < 0 else 0
        if sign or (-difference < c.low and c.high < difference):
            return Decision(True, sign, c.low, c.high, k)
    return Decision(False, 0, c.low, c.high, k)


if not hasattr(statistics, "sequential_decision"):
    statistics.sequential_decision = sequential_decision
