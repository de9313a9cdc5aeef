"""Transfer: tables learned in one environment as the start in another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fastsoftq.mdp.tabular import TabularMDP

__all__ = ["source_states"]


def source_states(source: TabularMDP, target: TabularMDP) -> NDArray[np.intp]:
    """Find the state of one environment that each state of another takes its action values from.

    Parameters
    ----------
    source, target : TabularMDP
        States are matched by cell where both have cells, else by their numbers.

    Returns
    -------
    ndarray of intp, shape [states of target]

    Raises
    ------
    ValueError
        Different numbers of actions, a cell that `source` lacks or has twice, or, without cells, different numbers of
        states.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> source_states(fsq.from_map(["S..G", "...."]), fsq.from_map(["S..G", "#..."]))
    array([0, 1, 2, 3, 5, 6, 7])
    """
    if source.n_actions != target.n_actions:
        raise ValueError(f"{source.name} has {source.n_actions} actions and {target.name} has {target.n_actions}")
    if source.cells is None or target.cells is None:
        if source.n_states != target.n_states:
            raise ValueError(
                f"{source.name} has {source.n_states} states and {target.name} has {target.n_states}, and they do not "
                "both have cells to match states by"
            )
        return np.arange(target.n_states)
    if np.array_equal(source.cells, target.cells):
        return np.arange(target.n_states)
    cells = [tuple(cell) for cell in source.cells.tolist()]
    state_at = {cell: state for state, cell in enumerate(cells)}
    if len(state_at) < len(cells):
        raise ValueError(f"{source.name} has several states in one cell, so that states cannot be matched by cell")
    wanted = [tuple(cell) for cell in target.cells.tolist()]
    missing = next((cell for cell in wanted if cell not in state_at), None)
    if missing is not None:
        raise ValueError(f"{target.name} has the cell {missing}, which {source.name} has not")
    return np.array([state_at[cell] for cell in wanted], np.intp)
