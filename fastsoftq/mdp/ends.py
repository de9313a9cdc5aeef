"""Whether episodes can terminate: a search of the graph of outcomes, backwards from those that do."""

from __future__ import annotations

import warnings
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from fastsoftq.mdp.changing import EpisodicMDP, named_phases
from fastsoftq.mdp.graph_search import leading_to
from fastsoftq.mdp.tabular import TabularMDP

__all__ = ["endless_starts", "warn_of_endless_starts"]

_SWEEPS = 32  # most goals are nearer; to import a graph search takes a tenth of a second
_known: WeakKeyDictionary[TabularMDP, NDArray[np.intp]] = WeakKeyDictionary()


def endless_starts(mdp: TabularMDP) -> NDArray[np.intp]:
    """The start states from which no terminal outcome can be reached, though the MDP has some.

    Parameters
    ----------
    mdp : TabularMDP

    Returns
    -------
    intp [starts]
        Ascending; none for an MDP without terminal outcomes, whose task is a continuing one.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> endless_starts(fsq.from_map("S.#G")).tolist(), endless_starts(fsq.from_map("S..G")).tolist()
    ([0], [])
    """
    if mdp not in _known:
        starts = np.flatnonzero(mdp.start)
        ends = np.asarray((mdp.terminated & (mdp.probability > 0.0)).any(axis=(1, 2)))
        _known[mdp] = starts[~_reaching(mdp, ends, starts)[starts]] if ends.any() else starts[:0]
    return _known[mdp]


def warn_of_endless_starts(mdp: EpisodicMDP, stacklevel: int = 3) -> None:
    """Warn of start states whose episodes cannot terminate, such as those walled off from the goal.

    Parameters
    ----------
    mdp : TabularMDP or ChangingMDP
        Of the latter, each phase is looked at.
    stacklevel : int
        As for `warnings.warn`.

    Warns
    -----
    UserWarning
        The message names the states.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> with warnings.catch_warnings(record=True, action="always") as caught:
    ...     warn_of_endless_starts(fsq.from_map("S.#G", name="walled"))
    >>> print(caught[0].message)
    no terminal outcome of walled can be reached from start state 0: every episode from there is truncated
    """
    for name, world in named_phases(mdp):
        starts = endless_starts(world).tolist()
        if starts:
            states = f"state{'s' if len(starts) > 1 else ''} {', '.join(map(str, starts[:5]))}"
            more = f" and {len(starts) - 5} more" if len(starts) > 5 else ""
            message = f"no terminal outcome of {name} can be reached from start {states}{more}"
            warnings.warn(f"{message}: every episode from there is truncated", UserWarning, stacklevel=stacklevel)


def _reaching(mdp: TabularMDP, goals: NDArray[np.bool_], starts: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which states can reach a goal, bool [states]; the search stops once all starts are decided."""
    possible = (mdp.probability > 0.0) & ~mdp.terminated
    found = goals
    for _ in range(_SWEEPS):
        wider = found | (possible & found[mdp.next_state]).any(axis=(1, 2))
        if wider[starts].all() or (wider == found).all():
            return wider
        found = wider
    return leading_to(mdp, found)
