"""The likelihood of demonstrations at every inverse temperature, from 0 to where it falls for good.

Rewards are replaced by `shortfalls`: the policy at every temperature stays the same, and small differences survive
beside large rewards.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.planning.inverse_rl.advantages import shortfalls
from fastsoftq.planning.inverse_rl.soft_behaviour import SoftBehaviour, total
from fastsoftq.planning.inverse_rl.visited import Observed

__all__ = ["Likelihood", "Peak"]

_STEP = 0.5  # of the grid, in ln of the inverse temperature
_COLD = 50.0  # nats by which the next best action must be less likely to count as never taken
_HOT = 1e-3  # nats of shortfalls up to which the likelihood is as good as linear


class Peak(NamedTuple):
    """Where the likelihood is largest, as inverse temperatures: 0, or inf, at the ends.

    Attributes
    ----------
    at, low, high : float
        The maximum, and the ends of the interval in which the logarithm is within `drop` of it.
    value : float
        The logarithm there; where `at` is inf, its supremum.
    log_policy : ndarray of float64, shape [part, actions]
        Of the policy there.
    """

    at: float
    low: float
    high: float
    value: float
    log_policy: NDArray[np.float64]


class Likelihood:
    """The log-probability of the actions taken.

    Parameters
    ----------
    part : Observed
        With rewards of ordinary size.
    discount : float
        Below 1.
    """

    def __init__(self, part: Observed, discount: float) -> None:
        self.counts = part.counts
        lacks = shortfalls(part.model, discount)
        self.behaviour = SoftBehaviour(part.model, -lacks[:, :, None], discount)
        self.short = total(self.counts, lacks)
        self.lacks = lacks[lacks > 0.0]
        # No later entropy makes up for more: Q(soft) <= Q(hard) + discount T ln(actions) / (1 - discount).
        self.comfort = self.counts.sum() * discount * math.log(lacks.shape[1]) / (1.0 - discount)

    def __call__(self, beta: float) -> float:
        """At an inverse temperature."""
        return total(self.counts, self.behaviour.log_policy(np.array([beta])))

    def slope(self, beta: float) -> float:
        """Its derivative."""
        _, gradient = self.behaviour(np.array([beta]))
        return total(self.counts, gradient[:, :, 0])

    def peak(self, drop: float) -> Peak:
        """Find its maximum.

        Parameters
        ----------
        drop : float
            How far below the maximum the interval's ends are.

        Returns
        -------
        Peak
        """
        if not self.lacks.size:  # all actions are equally good: every temperature fits as well
            return Peak(math.inf, 0.0, math.inf, self(0.0), self._log_policy(0.0))
        lowest = _HOT / float(self.lacks.max())
        coldest = _COLD * (1.0 + self.comfort / self.counts.sum()) / float(self.lacks.min())
        at_zero = self(0.0)
        if self.short > 0.0:  # then it falls for good
            coldest = min(coldest, (self.comfort - at_zero + 2.0 * drop) / self.short)
        coldest = min(max(coldest, 2.0 * lowest), 1e300)
        points = 2 + math.ceil(math.log(coldest / lowest) / _STEP)
        grid = np.append(0.0, np.geomspace(lowest, coldest, points))
        values = np.array([at_zero, *(self(float(beta)) for beta in grid[1:])])
        at, best = self._largest(grid, values)
        end = math.inf if self.short == 0.0 else float(grid[-1])
        if self.short == 0.0 and values[-1] >= best:
            at, best = math.inf, float(values[-1])
        reach = best - drop
        low = self._crossing(grid[grid < at][::-1], values[grid < at][::-1], at, reach, 0.0)
        high = self._crossing(grid[grid > at], values[grid > at], at, reach, end)
        return Peak(at, low, high, best, self._log_policy(min(at, coldest)))

    def _log_policy(self, beta: float) -> NDArray[np.float64]:
        return self.behaviour.log_policy(np.array([beta]))

    def _largest(self, grid: NDArray[np.float64], values: NDArray[np.float64]) -> tuple[float, float]:
        """The highest of the peaks on the grid, by the root of the slope beside it."""
        from scipy.optimize import brentq  # here, since it is slow to import

        i = int(np.argmax(values))
        at, best = float(grid[i]), float(values[i])
        for j in np.flatnonzero(values >= best - 2.0).tolist():
            left, right = float(grid[max(j - 1, 0)]), float(grid[min(j + 1, grid.size - 1)])
            rise, fall = self.slope(left), self.slope(right)
            if rise > 1e-12 * self._steepness(left) and fall < 0.0:
                root = float(brentq(self.slope, left, right, xtol=1e-13 * right, rtol=1e-13))
                value = self(root)
                if value >= best - 1e-12 * abs(best):
                    at, best = root, max(best, value)
        return at, best

    def _steepness(self, beta: float) -> float:
        """The size of the terms of a slope."""
        _, gradient = self.behaviour(np.array([beta]))
        return float((self.counts * (np.abs(gradient) + self.behaviour.size)[:, :, 0]).sum())

    def _crossing(
        self, outward: NDArray[np.float64], values: NDArray[np.float64], at: float, reach: float, end: float
    ) -> float:
        """Where it has dropped below `reach` on one side, or the end of that side if it does not."""
        from scipy.optimize import brentq

        below = np.flatnonzero(values < reach)
        if not below.size:
            return end
        far = float(outward[below[0]])
        near = float(outward[below[0] - 1]) if below[0] else at
        return float(brentq(lambda beta: self(beta) - reach, far, near, xtol=1e-12 * max(far, near), rtol=1e-12))
