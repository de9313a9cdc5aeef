"""Whether sampled steps follow an MDP's tables: counts of outcomes beside their probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastsoftq.kernels.jit import compiled
from fastsoftq.kernels.random import advance, outcome_draw, seed, start_draw
from fastsoftq.mdp.tables import Tables, reset, step
from fastsoftq.mdp.tabular import TabularMDP

__all__ = ["frequencies"]

_STEPS = 2_000_000  # that are taken at most
_LEAST, _MOST = 16, 4096  # of each action
_FALSE_ALARM = 1e-9  # the chance that right steps are called wrong


@compiled
def _count_steps(mdp, next_state, reward, terminated, states, samples, counts, strangers):
    n_actions, n_outcomes = next_state.shape[1:]
    key = seed(1)
    for s in states:
        for a in range(n_actions):
            for _ in range(samples):
                key = advance(key)
                ahead, paid, over = step(mdp, s, a, outcome_draw(key))
                known = False
                for k in range(n_outcomes):
                    same = next_state[s, a, k] == ahead and reward[s, a, k] == paid and terminated[s, a, k] == over
                    if same and not known:
                        counts[s, a, k] += 1
                        known = True
                if not known:
                    strangers[s, a] += 1


@compiled
def _count_starts(mdp, samples, counts):
    key = seed(2)
    for _ in range(samples):
        key = advance(key)
        counts[reset(mdp, start_draw(key))] += 1


def frequencies(mdp: TabularMDP, packed: Tables) -> tuple[str, int]:
    """Compare sampled steps and starts with an MDP.

    Parameters
    ----------
    mdp : TabularMDP
    packed : Tables
        What steps are taken in.

    Returns
    -------
    fault : str
        Empty if they agree: a right sampler is found at fault once in 10**9 times.
    steps : int
        How many were taken.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> from fastsoftq.mdp.tables import tables
    >>> mdp = fsq.cliff_walking(slippery=True)
    >>> frequencies(mdp, tables(mdp))[0]
    ''
    """
    pairs = mdp.n_states * mdp.n_actions
    samples = 1 if mdp.deterministic else int(np.clip(_STEPS // pairs, _LEAST, _MOST))
    states = np.arange(mdp.n_states)
    if pairs * samples > _STEPS:
        states = np.random.default_rng(0).choice(states, max(1, _STEPS // (samples * mdp.n_actions)), replace=False)
    counts = np.zeros(mdp.next_state.shape, np.int64)
    strangers = np.zeros(mdp.next_state.shape[:2], np.int64)
    _count_steps(packed, mdp.next_state, mdp.reward, mdp.terminated, states, samples, counts, strangers)
    starts = np.zeros(mdp.n_states, np.int64)
    _count_starts(packed, _MOST, starts)
    taken = len(states) * mdp.n_actions * samples + _MOST
    if strangers.any():
        state, action = (int(i) for i in np.argwhere(strangers)[0])
        return f"action {action} in state {state} had an outcome that the tables do not know", taken
    merged = _merged(mdp, states)
    for found, expected, of in ((counts[states], merged, samples), (starts[None, None], mdp.start[None, None], _MOST)):
        far = _improbable(found, expected, of)
        if far is not None:
            place = f"state {states[far[0]]}, action {far[1]}" if expected is merged else "the start"
            what = f"outcome {far[2]}" if expected is merged else f"state {far[2]}"
            seen = f"{found[far] / of:.4g} of {of:,} times, its probability is {expected[far]:.4g}"
            return f"{place}: {what} came {seen}", taken
    return "", taken


def _merged(mdp: TabularMDP, states: NDArray[np.int64]) -> NDArray[np.float64]:
    """Probabilities [states, actions, outcomes] with those of equal outcomes added to the first of them."""
    p, n = mdp.probability[states].copy(), mdp.n_outcomes
    ahead, paid, over = mdp.next_state[states], mdp.reward[states], mdp.terminated[states]
    for later in range(1, n):
        for first in range(later):
            same = ahead[..., first] == ahead[..., later]
            same &= (paid[..., first] == paid[..., later]) & (over[..., first] == over[..., later])
            p[..., first] += np.where(same, p[..., later], 0.0)
            p[..., later] = np.where(same, 0.0, p[..., later])
    return p


def _improbable(counts: NDArray[np.int64], probability: NDArray[Any], samples: int) -> tuple[int, ...] | None:
    """The place of a count that its probability does not explain (binomial, Bonferroni), or None."""
    from scipy import stats

    p = np.clip(probability, 0.0, 1.0)
    below, above = stats.binom.cdf(counts, samples, p), stats.binom.sf(counts - 1, samples, p)
    unlikely = np.minimum(below, above) * 2 * p.size
    worst = int(np.argmin(unlikely))
    where = tuple(int(i) for i in np.unravel_index(worst, p.shape))
    return where if unlikely[where] < _FALSE_ALARM else None
