"""The parts of an MDP in which one can walk on for ever, as problems of their own."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.planning.bellman import Matrices
from fastsoftq.planning.optimal.choices import Choices, all_choices, reachable
from fastsoftq.planning.optimal.end_components import end_components

__all__ = ["endless_parts"]


def endless_parts(mdp: TabularMDP, model: Matrices) -> list[Choices]:
    """Find the maximal end components within reach of the start.

    Parameters
    ----------
    mdp : TabularMDP
    model : Matrices
        Of the same MDP.

    Returns
    -------
    list of Choices
        Strongly connected states, and the choices that never leave them: rows of `onward` sum to 1.
    """
    choices = all_choices(model, 1.0)
    seen = reachable(model, mdp.start > 0.0)
    label, inner = end_components(choices, seen[choices.state])
    pairs = np.flatnonzero(inner)
    return _split(pairs[np.argsort(label[choices.state[pairs]], kind="stable")], label, choices)


def _split(pairs: NDArray[np.int64], label: NDArray[np.int64], choices: Choices) -> list[Choices]:
    """Make a problem of the choices of each label; `pairs` are ordered by label, then by state."""
    if not pairs.size:
        return []
    states = np.flatnonzero(label >= 0)
    states = states[np.argsort(label[states], kind="stable")]
    number = np.empty(label.size, np.int64)
    number[states] = np.arange(states.size)
    chosen = choices.onward.taken(pairs)
    total = np.bincount(chosen.row, chosen.p, pairs.size)  # 1 to within 1e-9: what stays for ever must not leak
    to, p = number[chosen.to], chosen.p / total[chosen.row]
    state = number[choices.state[pairs]]
    borders = np.append(np.flatnonzero(np.diff(label[states], prepend=-1)), states.size)
    low = np.searchsorted(state, borders)
    entry = np.searchsorted(chosen.row, low)
    parts = []
    for i, (begin, end) in enumerate(pairwise(borders.tolist())):
        here, inside = slice(low[i], low[i + 1]), slice(entry[i], entry[i + 1])
        count = int(low[i + 1] - low[i])
        onward = chosen._replace(row=chosen.row[inside] - low[i], to=to[inside] - begin, p=p[inside])
        parts.append(
            Choices(
                state=state[here] - begin,
                reward=choices.reward[pairs[here]],
                onward=onward._replace(n_rows=count, n_states=end - begin),
                ends=np.zeros(count),
                terminates=np.zeros(count, np.bool_),
                slack=choices.slack[pairs[here]],
                remainder=None if choices.remainder is None else choices.remainder[pairs[here]],
            )
        )
    return parts
