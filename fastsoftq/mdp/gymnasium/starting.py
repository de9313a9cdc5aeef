"""Where an episode starts: in a state that is drawn, or in one that somebody chose."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.mdp.tabular import TabularMDP

__all__ = ["checked_start", "chosen_start", "starts_of"]


def starts_of(mdp: TabularMDP) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The states that an episode can start in, and where each one's share of [0, 1) ends.

    Parameters
    ----------
    mdp : TabularMDP

    Returns
    -------
    states : ndarray of int64, shape [starts]
    below : ndarray of float64, shape [starts - 1]
        Cumulative probabilities; the last start takes the rest.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> states, below = starts_of(fsq.from_map("S.S.G"))
    >>> states.tolist(), below.tolist()
    ([0, 2], [0.5])
    """
    states = np.flatnonzero(mdp.start)
    return states, np.cumsum(mdp.start[states])[:-1]


def chosen_start(mdp: TabularMDP, options: Any) -> int | None:
    """The state that the options of `reset` ask for.

    Parameters
    ----------
    mdp : TabularMDP
    options : dict, optional

    Returns
    -------
    int or None
        None where they ask for none.

    Raises
    ------
    TypeError, ValueError
        As `TabularEnv.reset`.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> chosen_start(fsq.from_map("S.G"), {"state": 1})
    1
    """
    if options is None:
        return None
    if not isinstance(options, dict):
        raise TypeError(f"options is {checks.shown(options)}; it must be a dict or None")
    for name in options:
        if name != "state":
            raise ValueError(f"options has {name!r}; it must have 'state' alone, the state to start in")
    return checked_start("options['state']", options["state"], mdp) if options else None


def checked_start(name: str, state: Any, mdp: TabularMDP) -> int:
    """Return `state` if an episode can start there.

    Parameters
    ----------
    name : str
        What it is called.
    state : object
    mdp : TabularMDP

    Returns
    -------
    int

    Raises
    ------
    ValueError
        A state that does not exist, or that is terminal.
    TypeError
        Not an integer.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> checked_start("state", 2, fsq.from_map("S.G"))
    Traceback (most recent call last):
    ValueError: state is 2, which is terminal; start somewhere else
    """
    here = checks.index(name, state, mdp.n_states)
    if mdp.terminal[here]:
        raise ValueError(f"{name} is {here}, which is terminal; start somewhere else")
    return here
