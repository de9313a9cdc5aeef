"""Maximum-likelihood reward weights by Newton's method, in coordinates that the data choose.

In these coordinates the expected information at weights of 0 is the identity. So the scales of features do not matter,
and directions without information are left out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.planning.inverse_rl.separating_weights import separating_direction
from fastsoftq.planning.inverse_rl.soft_behaviour import SoftBehaviour, total
from fastsoftq.planning.inverse_rl.visited import Observed

__all__ = ["Information", "WeightSearch"]

_SETTLED = 1e-9  # a step of Newton's method that changes no ln of a probability by more, relatively
_NEARLY = 1e-6  # the same where rounding allows no less
_SILENT = 1e-10  # of the largest: the square root of information that counts as none
_SOME = 1e-6  # of a direction: the part of a weight that counts as none
_STEPS = 8  # so many steps that are still large bring a search for separation
_STRICT = 80.0  # nats by which a weight on its way to infinity is taken further


class Information(NamedTuple):
    """The expected information of the actions taken about the weights.

    Attributes
    ----------
    basis : ndarray of float64, shape [features, known]
        Directions with information, scaled so that it is the identity.
    unknown : ndarray of bool, shape [features]
        Weights that they do not determine.
    """

    basis: NDArray[np.float64]
    unknown: NDArray[np.bool_]


class WeightSearch:
    """A search for the maximum-likelihood weights.

    Parameters
    ----------
    part : Observed
    features : ndarray of float64, shape [part, actions, features]
        Each of ordinary size.
    discount : float
        Below 1.

    Attributes
    ----------
    weights : ndarray of float64, shape [features]
        The best so far.
    converged : bool
        Whether no weights are better, as far as double precision can tell.
    unidentified, separated : ndarray of bool, shape [features]
        Weights that the demonstrations do not determine, or only together with others, and those with which the
        likelihood grows for ever.
    """

    def __init__(self, part: Observed, features: NDArray[np.float64], discount: float) -> None:
        self.part, self.features, self.discount = part, features, discount
        self.behaviour = SoftBehaviour(part.model, features, discount)
        self.weights = np.zeros(features.shape[2])
        log_policy, gradient = self.behaviour(self.weights)
        self.sizes = self._sizes(log_policy, gradient)
        self.converged = False
        self.unidentified = self.information().unknown
        self.separated = np.zeros_like(self.unidentified)

    def run(self, max_iterations: int) -> None:
        """Search, for so many steps at most."""
        left = max_iterations
        information = self.information()
        met = self._span(information.basis)
        while True:
            before = left
            left, settled, rose = self._climb(information.basis, left)
            known = information.basis.shape[1]
            direction = None
            if not settled and known and not self.separated.all():
                reward = self.features @ information.basis
                largest = float(np.abs(reward).max())
                direction = separating_direction(self.part, reward / largest, self.discount)
            if direction is not None:
                left = min(left, before - 1)  # a round counts, so that rounds end
                away = _STRICT * (information.basis @ direction) / largest
                self.weights = self.weights + away
                self.separated |= self._concerned(away)
            information = self.information()
            met = self._span(met, information.basis)
            turned = settled and rose and met.shape[1] > known
            done = left == before or (settled and not turned)
            if direction is None and done and information.basis.shape[1] <= known:
                break
            if left <= 0:
                break
            if turned:  # along one basis after the other alone, the climb would zigzag
                left, _, _ = self._climb(met, left)
                information = self.information()
        if self.separated.any():
            self.separated |= information.unknown & ~self.unidentified
        self.unidentified &= information.unknown
        self.converged = settled and not self.separated.any() and not self.unidentified.any()

    def information(self) -> Information:
        """The expected information at the current weights."""
        log_policy, gradient = self.behaviour(self.weights)
        rows = self._weighted(log_policy, gradient) / self.sizes
        _, values, directions = np.linalg.svd(np.linalg.qr(rows, mode="r"))  # no table as large as there are rows
        values = np.append(values, np.zeros(directions.shape[0] - values.size))
        told = values > _SILENT
        basis = (directions[told] / values[told, None]).T / self.sizes[:, None]
        return Information(basis, np.asarray((np.abs(directions[~told]) > _SOME).any(axis=0)))

    def _span(self, *bases: NDArray[np.float64]) -> NDArray[np.float64]:
        """A basis of all directions in some bases, orthonormal in weights scaled by their sizes."""
        size = np.where(np.isfinite(self.sizes), self.sizes, 0.0)[:, None]
        columns = np.column_stack([size * basis for basis in bases])
        directions, values, _ = np.linalg.svd(columns / np.linalg.norm(columns, axis=0), full_matrices=False)
        return np.asarray(directions[:, values > _SOME] / self.sizes[:, None])

    def _concerned(self, away: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which weights a direction changes."""
        size = np.abs(away) * np.where(np.isfinite(self.sizes), self.sizes, 0.0)
        return np.asarray(size > _SOME * size.max())

    def _weighted(self, log_policy: NDArray[np.float64], gradient: NDArray[np.float64]) -> NDArray[np.float64]:
        """Rows x such that x' x is the information."""
        weight = np.sqrt(self.part.counts.sum(axis=1)[:, None] * np.exp(log_policy))
        return np.asarray((weight[:, :, None] * gradient)[weight > 0.0])

    def _sizes(self, log_policy: NDArray[np.float64], gradient: NDArray[np.float64]) -> NDArray[np.float64]:
        """The size of each weight's own information; inf, to discard it, where it may be rounding."""
        size = np.sqrt((self._weighted(log_policy, gradient) ** 2).sum(axis=0))
        met = np.sqrt((self._weighted(log_policy, self.behaviour.size) ** 2).sum(axis=0))
        return np.where(size > 1e-13 * met, size, np.inf)

    def _climb(self, basis: NDArray[np.float64], left: int) -> tuple[int, bool, bool]:
        """Take steps of Newton's method; how many are left, whether they settled, and whether the likelihood rose."""
        counts = self.part.counts
        visited = counts.sum(axis=1) > 0.0
        # Features along the basis, and the rewards so far as one more: what nearly alike features have in common
        # cancels once, here, rather than in every step anew.
        here = np.append(np.zeros(basis.shape[1]), 1.0)
        features = np.concatenate([self.features @ basis, (self.features @ self.weights)[:, :, None]], axis=2)
        behaviour = SoftBehaviour(self.part.model, features, self.discount)
        behaviour.v = self.behaviour.v
        log_policy, gradient = behaviour(here)
        likelihood, last = total(counts, log_policy), np.inf
        first, noise = likelihood, 0.0
        settled, steps = False, 0
        while steps < min(_STEPS, left):
            told = gradient[:, :, :-1]
            slope = np.tensordot(counts, told, 2)
            curvature = behaviour.curvature(counts, log_policy, told)
            values, axes = np.linalg.eigh(curvature)
            size = np.maximum(np.abs(values), 1e-13 * np.abs(values).max(initial=1e-300))
            along = axes @ ((axes.T @ slope) / size)
            change = np.abs(told @ along)[visited] / (1.0 + np.abs(log_policy[visited]))
            shift = float(change.max(initial=0.0))
            proved = values.min(initial=1.0) > 0.0
            settled = bool(proved and (shift <= _SETTLED or last <= shift <= _NEARLY))
            if settled:
                break
            last = shift
            gain = float(slope @ along)
            noise = 1e-14 * float((counts * (1.0 + np.abs(log_policy))).sum())
            for halvings in range(40):
                there = here + 0.5**halvings * np.append(along, 0.0)
                trial = total(counts, behaviour.log_policy(there))
                if trial >= likelihood + 1e-4 * 0.5**halvings * gain or abs(trial - likelihood) <= noise:
                    break
            else:
                settled = bool(proved and shift <= _NEARLY)
                break
            here, likelihood = there, trial
            log_policy, gradient = behaviour(here)
            steps += 1
        self.weights = self.weights + basis @ here[:-1]
        self.behaviour.v = behaviour.v
        return left - steps, settled, likelihood > first + noise
