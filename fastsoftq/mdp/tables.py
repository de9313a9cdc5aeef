"""An MDP as the engines take it: a NamedTuple of arrays, and how to step in it.

The type of the tuple says what is drawn: nothing in a deterministic MDP, an outcome in a stochastic one, a start state
where there are several; and whether the MDP changes at an episode.
"""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple, TypeAlias

import numpy as np
from numba import types
from numpy.typing import NDArray

from fastsoftq.checks import shown
from fastsoftq.kernels.arguments import Kind
from fastsoftq.kernels.jit import by_type, inlined
from fastsoftq.kernels.number_kinds import WholeKind
from fastsoftq.kernels.random import ADraw
from fastsoftq.mdp.changing import ChangingMDP, EpisodicMDP, checked_episodic_mdp, phases_of
from fastsoftq.mdp.sampling import Alias, Renumbered, alias_table, sampled
from fastsoftq.mdp.tabular import TabularMDP

__all__ = [
    "Alias",
    "Phases",
    "Renumbered",
    "Tables",
    "alias_table",
    "changes_in",
    "first_state",
    "phase_of",
    "reset",
    "sampled",
    "step",
    "tables",
]


class Phases(NamedTuple):
    """When an MDP changes. State s of phase p is the (p * n_states + s)th of the outcomes' tables.

    Examples
    --------
    >>> Phases(begins=np.array([0, 300], np.int32), n_states=54).begins.tolist()
    [0, 300]
    """

    begins: NDArray[np.int32]  # [phases]: the episode that each begins with, ascending from 0
    n_states: int  # of each phase


class Tables(NamedTuple):
    """The arrays of an MDP, flat over (state, action, outcome); of one that changes, over (phase, state, ...).

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> packed = tables(fsq.from_map("S.G"))
    >>> packed.n_states, packed.n_actions, packed.n_outcomes, packed.start
    (3, 4, 1, 0)
    """

    next_state: NDArray[np.int32]  # [phases * states * actions * outcomes]
    reward: NDArray[np.float64]  # [phases * states * actions * outcomes]
    terminated: NDArray[np.bool_]  # [phases * states * actions * outcomes]
    n_actions: int
    n_outcomes: int
    outcome: Any  # Alias [phases * states * actions, outcomes], or None where every action has one outcome
    start: Any  # the start state, or an Alias [1, states] where there are several; of phases Renumbered, [phases, ...]
    phases: Any = None  # Phases, or None where the MDP never changes

    @property
    def n_phases(self) -> int:
        """The number of phases, 1 where the MDP never changes."""
        return 1 if self.phases is None else len(self.phases.begins)

    @property
    def n_states(self) -> int:
        """The number of states, the same in every phase."""
        return len(self.next_state) // (self.n_phases * self.n_actions * self.n_outcomes)


def tables(mdp: EpisodicMDP) -> Tables:
    """Pack an MDP for the engines.

    Parameters
    ----------
    mdp : TabularMDP or ChangingMDP

    Returns
    -------
    Tables

    Raises
    ------
    TypeError
        What is no MDP.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> tables(fsq.from_map("SG")).reward.tolist()  # of state 0 up, right, down, left, then of state 1
    [-1.0, 0.0, -1.0, -1.0, 0.0, 0.0, 0.0, 0.0]
    """
    mdp = checked_episodic_mdp(mdp)
    n_states, n_actions, n_outcomes = mdp.n_states, mdp.n_actions, mdp.n_outcomes
    worlds = phases_of(mdp)

    def flat(field: str) -> NDArray[Any]:
        arrays = [_padded(getattr(world, field), n_outcomes) for world in worlds]
        return np.concatenate(arrays, axis=None)

    return Tables(
        next_state=flat("next_state"),
        reward=flat("reward"),
        terminated=flat("terminated"),
        n_actions=n_actions,
        n_outcomes=n_outcomes,
        outcome=None if mdp.deterministic else alias_table(flat("probability").reshape(-1, n_outcomes)),
        start=_starts(worlds),
        phases=Phases(np.array(mdp.begins, np.int32), n_states) if isinstance(mdp, ChangingMDP) else None,
    )


def _padded(array: NDArray[Any], n_outcomes: int) -> NDArray[Any]:
    """With outcomes of no probability, which pay and lead to whatever nought says, where a phase has fewer."""
    return array if array.shape[2] == n_outcomes else np.pad(array, ((0, 0), (0, 0), (0, n_outcomes - array.shape[2])))


def _starts(worlds: tuple[TabularMDP, ...]) -> Any:
    """The start state if all phases have the same, else what samples one."""
    chances = np.array([world.start for world in worlds])
    starts = np.unique(np.nonzero(chances)[1])
    if len(starts) == 1:
        return int(starts[0])
    alias = alias_table(chances)
    n_phases, n_states = chances.shape
    return alias if n_phases == 1 else Renumbered(alias, np.tile(np.arange(n_states, dtype=np.int32), n_phases))


@by_type
def phase_of(tables, episode):
    """Which phase of an MDP an episode belongs to; known when compiling where the MDP never changes.

    Parameters
    ----------
    tables : Tables or Packed
    episode : int

    Returns
    -------
    int

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> world = tables(fsq.ChangingMDP({0: fsq.from_map("S.G"), 10: fsq.from_map("G.S")}))
    >>> phase_of(world, 9), phase_of(world, 10), phase_of(tables(fsq.from_map("S.G")), 10)
    (0, 1, 0)
    """
    if _never_changes(tables):
        return lambda tables, episode: 0

    def search(tables, episode):
        low, high = 0, len(tables.phases.begins)
        while high - low > 1:
            middle = (low + high) >> 1
            if tables.phases.begins[np.uint64(middle)] <= episode:
                low = middle
            else:
                high = middle
        return low

    return search


@by_type
def changes_in(tables, episode):
    """Whether a phase of an MDP begins with an episode.

    Parameters
    ----------
    tables : Tables or Packed
    episode : int

    Returns
    -------
    bool

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> world = tables(fsq.ChangingMDP({0: fsq.from_map("S.G"), 10: fsq.from_map("G.S")}))
    >>> bool(changes_in(world, 10)), bool(changes_in(world, 11))
    (True, False)
    """
    if _never_changes(tables):
        return lambda tables, episode: False
    return lambda tables, episode: tables.phases.begins[np.uint64(phase_of(tables, episode))] == episode


@by_type
def first_state(tables, phase):
    """Where a phase's first state is among those of all phases.

    Parameters
    ----------
    tables : Tables or Packed
    phase : int

    Returns
    -------
    int

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> first_state(tables(fsq.ChangingMDP({0: fsq.from_map("S.G"), 10: fsq.from_map("G.S")})), 1)
    3
    """
    if _never_changes(tables):
        return lambda tables, phase: 0
    return lambda tables, phase: phase * tables.phases.n_states


def _never_changes(tables: Any) -> bool:
    return bool(tables.types[tables.fields.index("phases")] == types.none)


class _TablesKind(Kind):
    """The tables of an MDP."""

    allowed = "what tables(mdp) gives"

    def takes(self, t: types.Type) -> bool:
        return isinstance(t, types.BaseNamedTuple) and t.instance_class is Tables

    def checked(self, name: str, value: Any) -> Any:
        if not isinstance(value, Tables):
            raise TypeError(f"{name} is {shown(value)}; it must be {self.allowed}")
        return value


_Tables: TypeAlias = Annotated[Any, _TablesKind()]
_State: TypeAlias = Annotated[Any, WholeKind(0, lambda given: given["tables"].n_states - 1)]
_Action: TypeAlias = Annotated[Any, WholeKind(0, lambda given: given["tables"].n_actions - 1)]
_Phase: TypeAlias = Annotated[Any, WholeKind(0, lambda given: given["tables"].n_phases - 1)]


@inlined
def step(tables: _Tables, state: _State, action: _Action, chance: ADraw, phase: _Phase = 0):
    """Take an action.

    Parameters
    ----------
    tables : Tables
    state, action : int
    chance : Draw
    phase : int, optional
        What the MDP is, as `phase_of` says of the episode; of one that never changes it need not be told.

    Returns
    -------
    next_state : int64
    reward : float64
    terminated : bool

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> from fastsoftq.kernels.random import outcome_draw, seed
    >>> next_state, reward, terminated = step(tables(fsq.from_map("S.G")), 0, 1, outcome_draw(seed(0)))
    >>> next_state, float(reward), bool(terminated)
    (1, -1.0, False)
    """
    edge = (first_state(tables, phase) + state) * tables.n_actions + action
    entry = sampled(tables.outcome, edge, chance)
    return np.int64(tables.next_state[entry]), tables.reward[entry], tables.terminated[entry]


@inlined
def reset(tables: _Tables, chance: ADraw, phase: _Phase = 0):
    """Start an episode.

    Parameters
    ----------
    tables : Tables
    chance : Draw
    phase : int, optional
        As for `step`.

    Returns
    -------
    int
        The state that it starts in.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> from fastsoftq.kernels.random import seed, start_draw
    >>> reset(tables(fsq.cliff_walking()), start_draw(seed(0)))
    36
    """
    return sampled(tables.start, phase, chance)
