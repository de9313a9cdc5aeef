"""Expected rewards of actions with several outcomes, and what rounding took from them: terms that cancel tell."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.planning.markov_chains.compensated import two_product, two_sum
from fastsoftq.planning.markov_chains.differences import probability_as_written, reward_as_written

__all__ = ["ExpectedRewards", "expected_rewards"]


class ExpectedRewards(NamedTuple):
    """Means over outcomes.

    Attributes
    ----------
    mean : ndarray of float64, shape [states, actions]
        Rounded.
    remainder : ndarray of float64, shape [states, actions]
        What rounding took from it.
    written : ndarray of float64, shape [states, actions]
        Bound on what writing rewards and probabilities in binary did to it.

    Examples
    --------
    >>> half = np.full((1, 1, 2), 0.5)
    >>> found = expected_rewards(half, np.array([[[1e16, 3.0]]]))  # 5e15 + 1.5 is no floating-point number
    >>> isinstance(found, ExpectedRewards), found.mean.item() - 5e15, found.remainder.item()
    (True, 2.0, -0.5)
    """

    mean: NDArray[np.float64]
    remainder: NDArray[np.float64]
    written: NDArray[np.float64]


def expected_rewards(probability: NDArray[np.float64], reward: NDArray[np.float64]) -> ExpectedRewards:
    """Average rewards over outcomes.

    Parameters
    ----------
    probability, reward : ndarray of float64, shape [states, actions, outcomes]

    Returns
    -------
    ExpectedRewards

    Examples
    --------
    >>> found = expected_rewards(np.array([[[0.25, 0.5, 0.25]]]), np.array([[[1e13, -(2.0**-60), -1e13]]]))
    >>> found.mean.item() == -(2.0**-61), found.remainder.item(), found.written.item()
    (True, 0.0, 0.0)
    """
    alone = np.count_nonzero(probability, axis=2) == 1
    written = (probability * reward_as_written(reward)).sum(axis=2)
    written += (probability_as_written(probability) * np.abs(reward)).sum(axis=2) * ~alone
    high, low, errors = np.zeros(alone.shape), np.zeros(alone.shape), np.zeros(alone.shape, np.int64)
    for p, r in zip(np.moveaxis(probability, 2, 0), np.moveaxis(reward, 2, 0), strict=True):
        product, rest = two_product(p, r)
        high, lost = two_sum(high, product)
        low += rest + lost
        errors += (rest != 0.0).astype(np.int64) + (lost != 0.0)
    mean, remainder = two_sum(high, low)
    for at in np.argwhere((errors > 1) & (written == 0.0)).tolist():  # what was lost was rounded, too
        terms = [float(x) for pair in two_product(probability[*at], reward[*at]) for x in pair]
        mean[*at] = math.fsum(terms)
        remainder[*at] = math.fsum([*terms, -mean[*at]])
    return ExpectedRewards(mean, remainder, written)
