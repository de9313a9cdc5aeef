"""TabularMDP: a finite Markov decision process as arrays, checked once at construction.

Nothing here knows how an MDP is learned or solved; `tables.py` packs one for the engines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastsoftq import checks
from fastsoftq.system.html import fields_html

__all__ = ["Outcome", "TabularMDP", "checked_mdp"]


class Outcome(NamedTuple):
    """One possible result of an action, in the order of Gymnasium's `P` tables.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> fsq.from_map("SG").outcomes(0, 1)[0].reward
    0.0
    """

    probability: float
    next_state: int
    reward: float
    terminated: bool


@dataclass(frozen=True, eq=False, repr=False, init=False)
class TabularMDP:
    """A finite Markov decision process.

    States and actions are numbered from 0. Every action in every state has up to `n_outcomes` outcomes; an
    outcome of probability 0 is padding. An MDP with one outcome everywhere is deterministic, and the engines
    run it faster.

    Parameters
    ----------
    next_state : array_like of int, shape [states, actions] or [states, actions, outcomes]
        The state that an outcome leads to.
    reward : array_like of float, broadcastable to [states, actions] or, of three axes, to [states, actions, outcomes]
        Its reward. With fewer than three axes it is the same for all outcomes of an action.
    terminated : array_like of bool, as `reward`
        Whether it ends the episode: the value of the next state is then 0.
    probability : array_like of float, shape of `next_state`, optional
        Its probability; needed if there are several outcomes. They sum to 1 over outcomes to within 1e-9; in float32
        or float16 to within one epsilon of the type for each outcome, and are then divided by their sum.
    start : int or array_like of float, shape [states]
        The start state, or the probability of starting in each state, which sums to 1 likewise.
    name : str
        Its name in figures and tables.
    map : sequence of str, optional
        An ASCII map of the states, row by row, for drawing.
    cells : array_like of int, shape [states, 2], optional
        Row and column of each state on `map`; needed with it.

    Attributes
    ----------
    next_state : ndarray of int32, shape [states, actions, outcomes]
    probability, reward : ndarray of float64, shape [states, actions, outcomes]
    terminated : ndarray of bool, shape [states, actions, outcomes]
    start : ndarray of float64, shape [states]
        All are read-only, in copies and unpickled objects too.

    Raises
    ------
    ValueError
        Shapes that do not fit, masked entries, next states out of range, rewards that are not finite or beyond ±1e100,
        probabilities that are negative or do not sum to 1, a start in a terminal state, a ragged map, cells off it.
    TypeError
        `next_state` and `cells` must hold integers, `reward` and `probability` numbers, `terminated` bools, `map`
        strings; `start` must be an integer or hold numbers, `name` must be a string.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> coin = fsq.TabularMDP(next_state=[[0, 0]], reward=[[0.0, 1.0]], terminated=[[False, True]], start=0)
    >>> coin.outcomes(0, 1)
    [Outcome(probability=1.0, next_state=0, reward=1.0, terminated=True)]
    """

    next_state: NDArray[np.int32]
    reward: NDArray[np.float64]
    terminated: NDArray[np.bool_]
    probability: NDArray[np.float64]
    start: NDArray[np.float64]
    name: str
    map: tuple[str, ...] | None
    cells: NDArray[np.int64] | None

    def __init__(
        self,
        next_state: ArrayLike,
        reward: ArrayLike,
        terminated: ArrayLike,
        probability: ArrayLike | None = None,
        start: int | ArrayLike = 0,
        name: str = "mdp",
        map: Sequence[str] | None = None,  # noqa: A002
        cells: ArrayLike | None = None,
    ) -> None:
        leads_to = _next_states(next_state)
        shape = leads_to.shape
        if probability is None and shape[2] > 1:
            raise ValueError(f"probability is missing; an MDP with {shape[2]} outcomes per action needs it")
        chance = np.ones(shape) if probability is None else _fitted("probability", probability, shape)
        chance = checks.distribution("probability", chance)
        pays = _fitted("reward", reward, shape).astype(np.float64)
        most = checks.LARGEST
        checks.every("reward", pays, np.abs(pays) <= most, f"rewards must be finite and within ±{most:g}")
        for field, value, dtype in (
            ("next_state", leads_to, np.int32),
            ("reward", pays, np.float64),
            ("terminated", _fitted("terminated", terminated, shape, "b", "bools"), np.bool_),
            ("probability", chance, np.float64),
            ("start", _start_distribution(start, shape[0]), np.float64),
            ("cells", None if cells is None else _cells(cells, shape[0]), np.int64),
        ):
            array: NDArray[Any] | None = None if value is None else np.array(value, dtype=dtype, order="C")
            if array is not None and dtype is np.float64:
                array += 0.0  # -0.0 becomes 0.0, so that both are the same MDP
            object.__setattr__(self, field, _read_only(array))
        if (map is None) != (cells is None):
            raise ValueError(f"{'cells' if cells is None else 'map'} is missing; map and cells go together")
        object.__setattr__(self, "name", checks.text("name", name))
        object.__setattr__(self, "map", None if map is None or self.cells is None else _map(map, self.cells))
        ended = self.terminal & (self.start > 0)
        if ended.any():
            raise ValueError(f"start includes state {int(np.argmax(ended))}, which is terminal; start somewhere else")

    def _repr_html_(self) -> str:
        sizes = {"states": self.n_states, "actions": self.n_actions, "outcomes": self.n_outcomes}
        return fields_html(sizes, f"TabularMDP {self.name}", "\n".join(self.map or ()))

    def __setstate__(self, state: dict[str, Any]) -> None:
        for field, value in state.items():
            object.__setattr__(self, field, _read_only(value))

    @property
    def n_states(self) -> int:
        """The number of states."""
        return int(self.next_state.shape[0])

    @property
    def n_actions(self) -> int:
        """The number of actions, the same in every state."""
        return int(self.next_state.shape[1])

    @property
    def n_outcomes(self) -> int:
        """The number of outcomes an action can have at most."""
        return int(self.next_state.shape[2])

    @property
    def deterministic(self) -> bool:
        """Whether every action has one outcome only."""
        return self.n_outcomes == 1

    @cached_property
    def terminal(self) -> NDArray[np.bool_]:
        """Which states are terminal, bool [states]: no episode takes a step there.

        Every action stays there, pays nothing and terminates, and whatever leads there has terminated. Where an episode
        arrives without having terminated, it takes one step more, in training, simulation and planning alike.
        """
        stays = self.next_state == np.arange(self.n_states)[:, None, None]
        over = stays & self.terminated & (self.reward == 0.0)
        found: NDArray[np.bool_] = (over | (self.probability == 0.0)).all(axis=(1, 2))
        found[self.next_state[(self.probability > 0.0) & ~self.terminated]] = False
        return np.asarray(_read_only(found))

    @cached_property
    def largest_reward(self) -> float:
        """The largest reward or loss of all, as a magnitude."""
        return float(np.abs(self.reward).max())

    @cached_property
    def expected_reward(self) -> NDArray[np.float64]:
        """The expected reward of each action, float64 [states, actions]."""
        expected: NDArray[np.float64] = _read_only((self.probability * self.reward).sum(axis=2))
        return expected

    def outcomes(self, state: int, action: int) -> list[Outcome]:
        """What an action can lead to, in Gymnasium's order.

        Parameters
        ----------
        state, action : int

        Returns
        -------
        list of Outcome
            `(probability, next_state, reward, terminated)` of every outcome that can happen.

        Raises
        ------
        ValueError
            A state or action that does not exist.
        TypeError
            Not an integer.

        Examples
        --------
        >>> import fastsoftq as fsq
        >>> fsq.cliff_walking(slippery=True).outcomes(0, 0)[0]
        Outcome(probability=0.3333333333333333, next_state=0, reward=-1.0, terminated=False)
        """
        state = checks.index("state", state, self.n_states)
        action = checks.index("action", action, self.n_actions)
        return [
            Outcome(float(p), int(n), float(r), bool(t))
            for p, n, r, t in zip(
                self.probability[state, action],
                self.next_state[state, action],
                self.reward[state, action],
                self.terminated[state, action],
                strict=True,
            )
            if p > 0
        ]

    def __repr__(self) -> str:
        kind = "deterministic" if self.deterministic else f"up to {self.n_outcomes} outcomes"
        return f"<TabularMDP {self.name!r}: {self.n_states} states, {self.n_actions} actions, {kind}>"


def checked_mdp(mdp: Any) -> TabularMDP:
    """Return `mdp` if it is a TabularMDP.

    Raises
    ------
    TypeError
        It is none.

    Examples
    --------
    >>> checked_mdp("cliff")
    Traceback (most recent call last):
    TypeError: mdp is 'cliff'; it must be a TabularMDP, such as cliff_walking()
    """
    if not isinstance(mdp, TabularMDP):
        from fastsoftq.mdp.changing import ChangingMDP

        wanted = "a TabularMDP, such as cliff_walking()"
        if isinstance(mdp, ChangingMDP):
            wanted = "what that is in an episode, a TabularMDP, such as mdp.at(0)"
        raise TypeError(f"mdp is {checks.shown(mdp)}; it must be {wanted}")
    return mdp


def _read_only(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
    return value


def _next_states(next_state: ArrayLike) -> NDArray[Any]:
    array = checks.array("next_state", next_state, "iu", holds="integers")
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or array.size == 0:
        raise ValueError(
            f"next_state has shape {np.shape(next_state)}; it must be [states, actions] or "
            "[states, actions, outcomes], none of them 0"
        )
    n_states = len(array)
    inside = (array >= 0) & (array < n_states)
    checks.every("next_state", array, inside, f"with {n_states} states it must lie in 0..{n_states - 1}")
    return array


def _cells(cells: ArrayLike, n_states: int) -> NDArray[Any]:
    array = checks.array("cells", cells, "iu", holds="integers")
    if array.shape != (n_states, 2):
        raise ValueError(f"cells has shape {array.shape}; it must be [states, 2] = {(n_states, 2)}")
    return array


def _map(rows: Sequence[str], cells: NDArray[np.int64]) -> tuple[str, ...]:
    lines = checks.rows("map", rows)
    for y, line in enumerate(lines):
        if len(line) != len(lines[0]):
            raise ValueError(f"map[{y}] has {len(line)} cells; map[0] has {len(lines[0])}, and all must be as wide")
    height, width = len(lines), len(lines[0]) if lines else 0
    off = ((cells < 0) | (cells >= (height, width))).any(axis=1)
    if off.any():
        state = int(np.argmax(off))
        raise ValueError(f"cells[{state}] is {cells[state].tolist()}; map has {height} rows and {width} columns")
    return lines


def _fitted(
    name: str, value: ArrayLike, shape: tuple[int, ...], kinds: str = "iuf", holds: str = "numbers"
) -> NDArray[Any]:
    """`value` as an array of `shape`; an array without the outcomes' axis is the same for all of them."""
    array = checks.array(name, value, kinds, holds=holds)
    try:
        if array.ndim < 3:
            array = np.broadcast_to(array, shape[:2])[:, :, None]
        return np.broadcast_to(array, shape)
    except ValueError:
        raise ValueError(
            f"{name} has shape {array.shape}; it must fit [states, actions] = {shape[:2]} or "
            f"[states, actions, outcomes] = {shape}"
        ) from None


def _start_distribution(start: Any, n_states: int) -> NDArray[np.float64]:
    value = checks.array("start", start, "iuf", holds="probabilities")
    if value.ndim == 0:
        if value.dtype.kind not in "iu":
            raise TypeError(f"start is {checks.shown(start)}; it must be a state or a probability for each state")
        if not 0 <= value < n_states:
            raise ValueError(f"start is {start}; with {n_states} states it must lie in 0..{n_states - 1}")
        return np.asarray(np.arange(n_states) == value, np.float64)
    if value.shape != (n_states,):
        raise ValueError(f"start has shape {value.shape}; it must be a state or have shape [states] = {(n_states,)}")
    return checks.distribution("start", value)
