"""What the kernel is called with: the arguments of the lane loop, laid out for a GPU's threads; and their parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.agents.rules import Agent
from fastsoftq.engine.gpu.layout import Layout
from fastsoftq.engine.gpu.one_thread import Place
from fastsoftq.engine.lockstep import Lockstep
from fastsoftq.engine.packing import Packed, packed_records
from fastsoftq.engine.records import Output, Work
from fastsoftq.mdp.tables import Tables

__all__ = ["Arguments", "arguments_of", "parts"]


class Arguments(NamedTuple):
    """The kernel's arguments, in order."""

    agent: Any
    mdp: Packed
    lockstep: Lockstep
    place: Place
    row: tuple[float, ...]
    like: Any
    work: Work
    out: Output


def arguments_of(
    agent: Agent, tables: Tables, layout: Layout, far: NDArray[np.float64], like: Any, work: Work, out: Output
) -> Arguments:
    """The arguments of one launch.

    Parameters
    ----------
    agent : NamedTuple
    tables : Tables
        Of states that can be reached.
    layout : Layout
    far : float64
        Room for the tables that lie in the card's memory; of no length where none do.
    like : float64 or float32
        The precision of exponentials.
    work : Work
    out : Output
        `truncated` as uint8.

    Returns
    -------
    Arguments
    """
    mdp = Packed(
        packed_records(tables, layout.row_stride), tables.n_states, layout.row_stride, None, 0,
        tables.outcome, tables.start,
    )  # fmt: skip
    place = Place(layout.near, far if layout.far else None, layout.words)
    return Arguments(agent, mdp, Lockstep(1, 1), place, (0.0,) * tables.n_actions, like, work, out)


def parts(value: Any) -> Iterator[Any]:
    """What a value becomes as parameters of compiled code: numbers, and arrays, each of which becomes several.

    Examples
    --------
    >>> list(parts((1, None, (2.0,), Lockstep(1, 1))))
    [1, None, 2.0]
    """
    if isinstance(value, Lockstep):
        return
    if isinstance(value, tuple):
        for part in value:
            yield from parts(part)
    else:
        yield value
