"""Gymnasium's tabular environments as TabularMDPs, and back. Gymnasium itself is loaded only when one is converted."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from fastsoftq.mdp.tabular import TabularMDP, checked_mdp

__all__ = ["from_gymnasium", "to_gymnasium"]


def from_gymnasium(env: Any, **options: Any) -> TabularMDP:
    """Make a TabularMDP from a Gymnasium environment that carries its table `P`, such as those of "toy text".

    Parameters
    ----------
    env : str or gymnasium.Env
        An environment or its name, "FrozenLake-v1".
    **options
        For `gymnasium.make`, with a name: `is_slippery=False`.

    Returns
    -------
    TabularMDP
        With the environment's outcomes in their order, and its distribution of start states. Where its states are the
        cells of a map (`desc`, as FrozenLake's), the MDP has it too, with holes as `H`.

    Raises
    ------
    ImportError
        Gymnasium is not installed.
    ValueError
        A name that Gymnasium does not know; an environment without `P` or `initial_state_distrib`; a table that is no
        MDP.
    TypeError
        Neither a name nor an environment; options for an environment that is already made.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> fsq.from_gymnasium("FrozenLake-v1")
    <TabularMDP 'FrozenLake-v1': 16 states, 4 actions, up to 3 outcomes>
    """
    gymnasium = _gymnasium()
    if isinstance(env, str):
        try:
            made = gymnasium.make(env, **options).unwrapped
        except gymnasium.error.Error as error:
            raise ValueError(f"env is {env!r}; Gymnasium says: {error}") from error
    elif not isinstance(env, gymnasium.Env):
        raise TypeError(f"env is {env!r}; it must be a gymnasium.Env or the name of one")
    elif options:
        raise TypeError(f"options are {sorted(options)}; they only go with a name, and env is made already")
    else:
        made = env.unwrapped
    for table in ("P", "initial_state_distrib"):
        if not hasattr(made, table):
            raise ValueError(f"env is {env!r}; it has no {table!r}, so that it cannot be read as a table")
    name = made.spec.id if made.spec is not None else type(made).__name__
    rows = _map(getattr(made, "desc", None), len(made.P))
    return TabularMDP(
        **_arrays(made.P),
        start=np.asarray(made.initial_state_distrib, np.float64),
        name=name,
        map=rows,
        cells=None if rows is None else [(y, x) for y, row in enumerate(rows) for x in range(len(row))],
    )


def to_gymnasium(mdp: TabularMDP) -> Any:
    """Make a Gymnasium environment of a TabularMDP.

    Parameters
    ----------
    mdp : TabularMDP

    Returns
    -------
    gymnasium.Env
        With discrete observations (states) and actions, the table `P` and `initial_state_distrib`, like the
        environments of Gymnasium's "toy text". It never truncates; `gymnasium.wrappers.TimeLimit` does.

    Raises
    ------
    ImportError
        Gymnasium is not installed.
    TypeError
        Not a TabularMDP.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> env = fsq.to_gymnasium(fsq.cliff_walking())
    >>> env.reset(seed=0)
    (36, {'prob': 1.0})
    >>> env.step(1)
    (36, -100.0, False, False, {'prob': 1.0})
    """
    return _tabular_env()(checked_mdp(mdp))


def _gymnasium() -> ModuleType:
    try:
        import gymnasium
    except ImportError as error:
        raise ImportError("Gymnasium's environments need Gymnasium: pip install gymnasium") from error
    module: ModuleType = gymnasium
    return module


@functools.cache
def _tabular_env() -> Any:
    """The class of the environments that `to_gymnasium` makes; it inherits from Gymnasium's, which may be missing."""
    gymnasium = _gymnasium()

    class TabularEnv(gymnasium.Env):  # type: ignore[misc, name-defined]
        metadata: ClassVar[dict[str, Any]] = {"render_modes": []}

        def __init__(self, mdp: TabularMDP) -> None:
            self.mdp = mdp
            self.observation_space = gymnasium.spaces.Discrete(mdp.n_states)
            self.action_space = gymnasium.spaces.Discrete(mdp.n_actions)
            self.P = {s: {a: _plain(mdp, s, a) for a in range(mdp.n_actions)} for s in range(mdp.n_states)}
            self.initial_state_distrib = mdp.start
            self.state = -1  # until the first reset

        def reset(
            self, *, seed: int | None = None, options: dict[str, Any] | None = None
        ) -> tuple[int, dict[str, Any]]:
            super().reset(seed=seed)
            self.state = self._draw(self.initial_state_distrib)
            return self.state, {"prob": float(self.initial_state_distrib[self.state])}

        def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
            if self.state < 0:
                raise gymnasium.error.ResetNeeded("call reset before step")
            outcomes = self.P[self.state][int(action)]
            chance, self.state, reward, terminated = outcomes[self._draw([outcome[0] for outcome in outcomes])]
            return self.state, reward, terminated, False, {"prob": chance}

        def _draw(self, probability: Any) -> int:
            cumulative = np.cumsum(probability)
            return int(np.searchsorted(cumulative, self.np_random.random() * cumulative[-1], side="right"))

    return TabularEnv


def _plain(mdp: TabularMDP, state: int, action: int) -> list[tuple[float, int, float, bool]]:
    return [(p, n, r, t) for p, n, r, t in mdp.outcomes(state, action)]


def _arrays(table: Mapping[int, Mapping[int, Sequence[tuple[float, int, float, bool]]]]) -> dict[str, NDArray[Any]]:
    """A table of lists as arrays, shorter lists padded with outcomes of probability 0."""
    n_states, n_actions = len(table), len(table[0])
    shape = (n_states, n_actions, max(len(outcomes) for row in table.values() for outcomes in row.values()))
    arrays: dict[str, NDArray[Any]] = {
        "probability": np.zeros(shape),
        "next_state": np.zeros(shape, np.int64),
        "reward": np.zeros(shape),
        "terminated": np.zeros(shape, np.bool_),
    }
    for state in range(n_states):
        for action in range(n_actions):
            for k, outcome in enumerate(table[state][action]):
                for array, value in zip(arrays.values(), outcome, strict=True):
                    array[state, action, k] = value
    return arrays


def _map(desc: Any, n_states: int) -> list[str] | None:
    """A map as Gymnasium's FrozenLake keeps it, its frozen cells as floor; None where cells are not states (Taxi)."""
    if desc is None or np.size(desc) != n_states:
        return None
    return ["".join(row).replace("F", ".") for row in np.asarray(desc).astype(str)]
