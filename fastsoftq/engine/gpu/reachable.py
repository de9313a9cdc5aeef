"""The part of an MDP that runs can come to: where memory is scarce, no other state has a row."""

from __future__ import annotations

from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from fastsoftq.mdp.changing import EpisodicMDP, phases_of
from fastsoftq.mdp.graph_search import reached_states
from fastsoftq.mdp.tables import Phases, Renumbered, Tables, tables

__all__ = ["Reachable", "reachable"]

_known: WeakKeyDictionary[EpisodicMDP, Reachable] = WeakKeyDictionary()


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


def reachable(mdp: EpisodicMDP) -> Reachable:
    """Keep the states that can be reached from a start; what is drawn stays what it was. Found once for each MDP.

    Parameters
    ----------
    mdp : TabularMDP or ChangingMDP
        Of the latter, states that can be reached in some phase are kept.

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


def _reachable(mdp: EpisodicMDP) -> Reachable:
    whole, states = tables(mdp), np.flatnonzero(np.any([reached_states(world)[0] for world in phases_of(mdp)], axis=0))
    number = np.zeros(mdp.n_states, np.int32)  # of states that are left out: any, since nothing leads there
    number[states] = np.arange(len(states))
    of_all_phases = (np.arange(0, whole.n_phases * mdp.n_states, mdp.n_states)[:, None] + states).ravel()

    def part(array: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(array.reshape(-1, whole.n_actions * whole.n_outcomes)[of_all_phases].reshape(-1))

    outcome, phases = whole.outcome, whole.phases
    if outcome is not None:
        # Each slot's alias is counted among all slots: it moves with its row.
        rows = (of_all_phases[:, None] * whole.n_actions + np.arange(whole.n_actions)).reshape(-1)
        moved = (rows - np.arange(len(rows))) * whole.n_outcomes
        slots = outcome.slots.reshape(-1, whole.n_outcomes)[rows] - (moved[:, None].astype(np.uint64) << np.uint64(32))
        outcome = outcome._replace(slots=slots.reshape(-1))
    return Reachable(
        states,
        whole._replace(
            next_state=number[part(whole.next_state)],
            reward=part(whole.reward),
            terminated=part(whole.terminated),
            outcome=outcome,
            start=_renumbered(whole.start, number),
            phases=None if phases is None else Phases(phases.begins, len(states)),
        ),
    )


def _renumbered(start: Any, number: NDArray[np.int32]) -> Any:
    if isinstance(start, int):
        return int(number[start])
    if isinstance(start, Renumbered):
        return Renumbered(start.distribution, number[start.number])
    return Renumbered(start, number)
