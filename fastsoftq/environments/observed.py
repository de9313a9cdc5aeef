"""A TabularMDP as a network sees it: a state is one of many, a place, or a picture of the map."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.environments.environment_rules import Description, describe, observe, reset, rule, step
from fastsoftq.environments.rule_arguments import state_check
from fastsoftq.kernels.random import outcome_draw, start_draw
from fastsoftq.mdp import tables as tabular
from fastsoftq.mdp.tables import Tables, tables
from fastsoftq.mdp.tabular import TabularMDP, checked_mdp
from fastsoftq.system.memory import check_memory

__all__ = ["VIEWS", "Coordinates", "Observed", "OneHot", "Picture", "observed"]

VIEWS = ("one_hot", "coordinates", "picture")

# The channels of a picture after the first, which is where the agent is: which marks of the map each shows.
_CHANNELS = ("#", "G0123456789", "CH")


class OneHot(NamedTuple):
    """An MDP seen one-hot; `observed` makes one.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> observed(fsq.from_map("S.G")).tables.n_states
    3
    """

    tables: Tables
    name: str
    max_steps: int


class Coordinates(NamedTuple):
    """An MDP seen by the places of its states; `observed` makes one.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> observed(fsq.from_map("S.G"), "coordinates").places.tolist()
    [[-1.0, 0.0], [0.0, 0.0], [1.0, 0.0]]
    """

    tables: Tables
    name: str
    max_steps: int
    places: NDArray[np.float32]  # [states, 2]: x, y


class Picture(NamedTuple):
    """An MDP seen as a picture of its map; `observed` makes one.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> observed(fsq.from_map("S.G"), "picture").cell.tolist()
    [0, 1, 2]
    """

    tables: Tables
    name: str
    max_steps: int
    cell: NDArray[np.int64]  # [states]: row by row
    ground: NDArray[np.float32]  # [channels * height * width], without the agent
    height: int
    width: int


Observed: TypeAlias = OneHot | Coordinates | Picture


def observed(mdp: TabularMDP, view: str = "one_hot", *, max_steps: int = 1000) -> Observed:
    """Make an environment of an MDP: it steps as its tables say, and `view` is what a network is given of a state.

    Parameters
    ----------
    mdp : TabularMDP
    view : {"one_hot", "coordinates", "picture"}
        "one_hot": as many numbers as there are states, 1 at the state's and 0 elsewhere; with a network of one linear
        layer without bias it is a table. "coordinates": x to the right and y upwards on the map, each from -1 to 1, or
        0 where the map has only one column or row. "picture": the map in four channels of 0 and 1: the agent, walls,
        goals, cliffs and holes.
    max_steps : int
        Of an episode.

    Returns
    -------
    OneHot, Coordinates or Picture
        Observations of shape (states,), (2,) or (4, height, width). The state of the environment is the state's number.

    Raises
    ------
    ValueError
        An unknown view, coordinates or a picture of an MDP without a map or with two states in one cell, a picture too
        large for the memory there is, no steps.
    TypeError
        `mdp` is not a TabularMDP, `view` not a string, `max_steps` not an integer.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> cliff = fsq.observed(fsq.cliff_walking(), view="picture")
    >>> fsq.environments.describe(cliff)
    Description(n_actions=4, shape=(4, 4, 12), max_steps=1000)
    >>> fsq.environments.step(cliff, 36, 0, 0)  # from the start upwards
    (24, -1.0, False)
    """
    mdp = checked_mdp(mdp)
    view = checks.choice("view", view, VIEWS)
    max_steps = checks.count("max_steps", max_steps)
    if view == "one_hot":
        return OneHot(tables(mdp), mdp.name, max_steps)
    if mdp.map is None or mdp.cells is None:
        raise ValueError(
            f"view is {view!r}; mdp {mdp.name!r} has no map: give it `map` and `cells`, or take the view 'one_hot'"
        )
    height, width = len(mdp.map), len(mdp.map[0])
    cell = mdp.cells[:, 0] * width + mdp.cells[:, 1]
    _check_apart(mdp, view, cell)
    if view == "coordinates":
        row, column = mdp.cells.T
        places = np.column_stack([_scaled(column, width), -_scaled(row, height) + 0.0])
        return Coordinates(tables(mdp), mdp.name, max_steps, places.astype(np.float32))
    check_memory(f"view is 'picture'; that of {mdp.name!r}", 4 * 4 * height * width, "take another view")
    marks = np.array([list(row) for row in mdp.map])
    ground = np.array([np.zeros(marks.shape), *(np.isin(marks, list(channel)) for channel in _CHANNELS)], np.float32)
    return Picture(tables(mdp), mdp.name, max_steps, np.ascontiguousarray(cell), ground.ravel(), height, width)


def _scaled(index: NDArray[np.int64], size: int) -> NDArray[np.float64]:
    """0..size - 1 as -1 to 1."""
    return np.asarray((2.0 * index - (size - 1)) / max(size - 1, 1))


def _check_apart(mdp: TabularMDP, view: str, cell: NDArray[np.int64]) -> None:
    order = np.argsort(cell, kind="stable")
    same = np.flatnonzero(np.diff(cell[order]) == 0)
    if len(same):
        first, second = order[same[0]], order[same[0] + 1]
        raise ValueError(
            f"view is {view!r}; states {first} and {second} of mdp {mdp.name!r} are in the same cell, so that they "
            "would look alike: take the view 'one_hot'"
        )


@rule(describe, OneHot)
def _(environment):
    return _description(environment, (environment.tables.n_states,))


@rule(describe, Coordinates)
def _(environment):
    return _description(environment, (2,))


@rule(describe, Picture)
def _(environment):
    return _description(environment, (1 + len(_CHANNELS), environment.height, environment.width))


def _description(environment, shape):
    return Description(n_actions=environment.tables.n_actions, shape=shape, max_steps=environment.max_steps)


@state_check(OneHot, Coordinates, Picture)
def _(environment, state):
    checks.index("state", state, environment.tables.n_states)


@rule(reset, OneHot, Coordinates, Picture)
def _(environment, key):
    return np.int64(tabular.reset(environment.tables, start_draw(key)))


@rule(step, OneHot, Coordinates, Picture)
def _(environment, state, action, key):
    return tabular.step(environment.tables, state, action, outcome_draw(key))


@rule(observe, OneHot)
def _(environment, state, out):
    for i in range(len(out)):
        out[i] = np.float32(0.0)
    out[state] = np.float32(1.0)


@rule(observe, Coordinates)
def _(environment, state, out):
    out[0], out[1] = environment.places[state, 0], environment.places[state, 1]


@rule(observe, Picture)
def _(environment, state, out):
    for i in range(len(out)):
        out[i] = environment.ground[i]
    out[environment.cell[state]] = np.float32(1.0)
