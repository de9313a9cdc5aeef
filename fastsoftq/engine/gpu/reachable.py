"""The part of an MDP that runs can come to: where memory is scarce, no other state has a row."""

from __future__ import annotations

from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from fastsoftq.mdp.tables import Renumbered, Tables, tables
from fastsoftq.mdp.tabular import TabularMDP

__all__ = ["Reachable", "reachable"]

_known: WeakKeyDictionary[TabularMDP, Reachable] = WeakKeyDictionary()


class Reachable(NamedTuple):
    """An MDP without the states that cannot be reached.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> reachable(fsq.from_map("G.S#.")).states.tolist()
    [1, 2]
    """

    states: NDArray[np.int64]  # [states kept], ascending: what each was called
    tables: Tables


def reachable(mdp: TabularMDP) -> Reachable:
    """Keep the states that can be reached from a start; what is drawn stays what it was. Found once for each MDP.

    Parameters
    ----------
    mdp : TabularMDP

    Returns
    -------
    Reachable

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> len(reachable(fsq.cliff_walking()).states)  # of 48: never on the cliff, nor in the goal
    37
    """
    if mdp not in _known:
        _known[mdp] = _reachable(mdp)
    return _known[mdp]


def _reachable(mdp: TabularMDP) -> Reachable:
    leads_to = np.where(mdp.terminated | (mdp.probability == 0.0), -1, mdp.next_state)
    kept = np.zeros(mdp.n_states, np.bool_)
    fresh = np.flatnonzero(mdp.start)
    while len(fresh):
        kept[fresh] = True
        ahead = np.unique(leads_to[fresh])
        ahead = ahead[ahead >= 0]
        fresh = ahead[~kept[ahead]]
    whole, states = tables(mdp), np.flatnonzero(kept)
    number = np.zeros(mdp.n_states, np.int32)  # of states that are left out: any, since nothing leads there
    number[states] = np.arange(len(states))

    def part(array: NDArray[Any]) -> NDArray[Any]:
        return np.ascontiguousarray(array[states]).reshape(-1)

    shape = mdp.next_state.shape
    outcome = whole.outcome
    if outcome is not None:
        # Each slot's alias is counted among all slots: it moves with its row.
        rows = (states[:, None] * shape[1] + np.arange(shape[1])).reshape(-1)
        moved = (rows - np.arange(len(rows))) * shape[2]
        slots = outcome.slots.reshape(-1, shape[2])[rows] - (moved[:, None].astype(np.uint64) << np.uint64(32))
        outcome = outcome._replace(slots=slots.reshape(-1))
    start = int(number[whole.start]) if isinstance(whole.start, int) else Renumbered(whole.start, number)
    return Reachable(
        states,
        whole._replace(
            next_state=number[part(mdp.next_state)],
            reward=part(mdp.reward),
            terminated=part(mdp.terminated | (mdp.probability == 0.0)),
            outcome=outcome,
            start=start,
        ),
    )
