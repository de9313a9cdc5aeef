"""Whether one can walk on for ever without a loss: the sign of the best mean reward, in fractions where need be."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fastsoftq.planning.markov_chains.classes import closed_classes
from fastsoftq.planning.mean_rewards.best_means import best_mean_reward
from fastsoftq.planning.mean_rewards.bounds import rounding, signed
from fastsoftq.planning.mean_rewards.exact_policies import FEW, Fractions, as_fractions, exact_row, improving_exactly
from fastsoftq.planning.optimal.choices import Choices

__all__ = ["losses"]

_SWEEPS = 60
_FINE = 1e-10  # relative rounding that does no harm
_EPSILON = float(np.finfo(np.float64).eps)


def losses(component: Choices) -> NDArray[np.float64] | None:
    """Shape rewards so that every one is a loss, unless some policy can walk on for ever without a loss.

    Parameters
    ----------
    component : Choices

    Returns
    -------
    ndarray of float64, shape [choices], or None
        Rewards plus E[h'] - h, with h such that all are below 0: sums over cycles stay the same (Ng, Harada & Russell
        1999), but nothing cancels. None if some policy has a mean reward of 0 or above.

    Notes
    -----
    With deterministic dynamics, or few states, the answer is exact. Only a loss that may come of rounded probabilities
    counts as none, and, beyond 24 states with several outcomes, one that may come of rounding in its computation.
    Sweeps or policy iteration decide, by bounds that allow for rounding; if they do not, policy iteration goes on in
    fractions.
    """
    reward = component.reward
    if reward.max() < 0.0:
        return reward
    if reward.min() >= 0.0:
        return None
    exactly = component.deterministic or component.first.size <= FEW
    sign, h = signed(component, reward, entropy=False, sweeps=_SWEEPS)
    if sign == 1:
        return None
    advance, margin = _advance(component, h)
    if not (advance < -margin / _FINE).all():
        mean, h, pair = best_mean_reward(component)
        advance, margin = _advance(component, h)
    if (advance < -margin / _FINE).all() or (not exactly and (advance < -margin).all()):
        return advance
    if exactly:
        return _losses_exactly(component, pair)
    chain = component.onward.taken(pair)
    label, closed = closed_classes(chain)
    return None if mean >= -margin[pair][label == closed[0]].max() else np.minimum(advance, mean)


def _advance(component: Choices, h: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rewards plus E[h'] - h, and what rounding may make of them."""
    advance = component.reward + (component.onward.expected(h) - h[component.state])
    return advance, rounding(component, component.reward, h)


def _losses_exactly(component: Choices, pair: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """The same in fractions, from a policy that is optimal up to rounding."""
    reward = as_fractions(component.reward)
    if component.remainder is not None:
        reward = reward + as_fractions(component.remainder)
    for policy in improving_exactly(component, reward, pair):
        if policy.mean >= 0 or float(policy.mean) >= -_uncertainty(component, policy.members, policy.h):
            return None
    return np.array([float(x) for x in (policy.advance + policy.mean).tolist()])


def _uncertainty(component: Choices, pair: NDArray[np.int64], h: Fractions) -> float:
    """How far rounding of probabilities that are no short binary fractions may have moved a mean over these pairs."""
    doubt = 0.0
    for i in pair.tolist():
        outcomes = exact_row(component, i)
        if any(p.denominator > 2**30 for _, p in outcomes):
            spread = max(abs(float(h[s] - h[t])) for s, _ in outcomes for t, _ in outcomes)
            doubt = max(doubt, 4.0 * _EPSILON * (spread + abs(float(component.reward[i]))))
    return doubt
