"""An MDP as the engines take it: a NamedTuple of arrays, and how to step in it.

The type of the tuple says what is drawn: nothing in a deterministic MDP, an outcome in a stochastic one, a start state
where there are several; and whether the MDP changes at an episode.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import types
from numpy.typing import NDArray

from fastsoftq.kernels.jit import by_type, inlined
from fastsoftq.kernels.simd import select
from fastsoftq.mdp.changing import ChangingMDP, EpisodicMDP, phases_of
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

_32 = 2.0**32
_WORD, _LOW = np.uint64(32), np.uint64(2**32 - 1)


class Alias(NamedTuple):
    """Distributions over K things, to be sampled with one draw each (Walker 1977; Vose 1991).

    A slot is chosen evenly; it yields itself below its threshold and its alias from there on. Both are in one word, so
    that a sample takes one look-up: the lower half is the threshold times 2**32, the upper half the index of the alias.

    Examples
    --------
    >>> alias = alias_table(np.array([[0.25, 0.75]]))
    >>> divmod(int(alias.slots[0]), 2**32)  # slot 0 is itself half the time, and else slot 1
    (1, 2147483648)
    """

    slots: NDArray[np.uint64]  # [distributions * K]
    size: int  # K


class Renumbered(NamedTuple):
    """A distribution over things that are called something else: `number[thing]`.

    Examples
    --------
    >>> from fastsoftq.kernels.random import Draw
    >>> even = alias_table(np.array([[0.5, 0.5]]))
    >>> sampled(Renumbered(even, np.array([7, 9], np.int32)), 0, Draw(np.uint32(2**32 - 1), np.uint32(0)))
    9
    """

    distribution: Any
    number: NDArray[np.int32]


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


def alias_table(probability: NDArray[np.float64]) -> Alias:
    """Prepare distributions for sampling.

    Parameters
    ----------
    probability : float64 [distributions, K]
        Rows that sum to 1.

    Returns
    -------
    Alias

    Examples
    --------
    >>> alias_table(np.array([[0.5, 0.5], [0.0, 1.0]])).size
    2
    """
    rows, k = probability.shape
    threshold, alias = (_filled_side_by_side if rows > k else _filled_in_turn)(probability * k)
    alias += np.arange(0, rows * k, k)[:, None]
    # A threshold of 2**32 does not fit; such a slot is its own alias, so that what it yields is the same.
    threshold = np.minimum(np.round(threshold), _32 - 1)
    return Alias((alias.astype(np.uint64) << _WORD | threshold.astype(np.uint64)).ravel(), k)


def _filled_in_turn(scaled: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Fill each slot up with a thing that has more than its own: thresholds times 2**32, and aliases; for few rows."""
    threshold, alias = np.full(scaled.shape, _32), np.tile(np.arange(scaled.shape[1]), (len(scaled), 1))
    for row, left in enumerate(scaled.tolist()):
        small = [i for i, x in enumerate(left) if x < 1.0]
        large = [i for i, x in enumerate(left) if x >= 1.0]
        while small and large:
            poor, rich = small.pop(), large.pop()
            threshold[row, poor], alias[row, poor] = left[poor] * _32, rich
            left[rich] -= 1.0 - left[poor]
            (small if left[rich] < 1.0 else large).append(rich)
    return threshold, alias


def _filled_side_by_side(scaled: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The same for many rows at once: a round fills one slot in each row that has any left, in the same order."""
    rows, k = scaled.shape
    threshold, alias = np.full(scaled.shape, _32), np.tile(np.arange(k), (rows, 1))
    # Two stacks a row: slots of less than one thing, and of more, in ascending order.
    small, large = (np.argsort(~mine, axis=1, kind="stable") for mine in (scaled < 1.0, scaled >= 1.0))
    smalls = np.count_nonzero(scaled < 1.0, axis=1)
    larges = k - smalls
    row = np.flatnonzero((smalls > 0) & (larges > 0))
    while row.size:
        smalls[row] -= 1
        larges[row] -= 1
        poor, rich = small[row, smalls[row]], large[row, larges[row]]
        threshold[row, poor], alias[row, poor] = scaled[row, poor] * _32, rich
        scaled[row, rich] -= 1.0 - scaled[row, poor]
        poorer = scaled[row, rich] < 1.0
        for stack, count, here in ((small, smalls, poorer), (large, larges, ~poorer)):
            stack[row[here], count[row[here]]] = rich[here]
            count[row[here]] += 1
        row = row[(smalls[row] > 0) & (larges[row] > 0)]
    return threshold, alias


def tables(mdp: EpisodicMDP) -> Tables:
    """Pack an MDP for the engines.

    Parameters
    ----------
    mdp : TabularMDP or ChangingMDP

    Returns
    -------
    Tables

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> tables(fsq.from_map("SG")).reward.tolist()  # of state 0 up, right, down, left, then of state 1
    [-1.0, 0.0, -1.0, -1.0, 0.0, 0.0, 0.0, 0.0]
    """
    n_states, n_actions, n_outcomes = mdp.n_states, mdp.n_actions, mdp.n_outcomes
    worlds = phases_of(mdp)

    def flat(field: str) -> NDArray[Any]:
        arrays = [_padded(getattr(world, field), n_outcomes) for world in worlds]
        return np.concatenate(arrays).ravel() if len(arrays) > 1 else arrays[0].ravel()

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
    return np.pad(array, ((0, 0), (0, 0), (0, n_outcomes - array.shape[2])))


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


@by_type
def sampled(distribution, row, chance):
    """Sample a distribution.

    Parameters
    ----------
    distribution : Alias, int, None or Renumbered
        An integer is its own only sample; None stands for distributions of one thing each.
    row : int
        Which of the distributions.
    chance : Draw

    Returns
    -------
    int
        `row * K + thing` of an Alias, the integer itself, `row` for None, or another number for any of these.

    Examples
    --------
    >>> from fastsoftq.kernels.random import Draw
    >>> even = alias_table(np.array([[0.5, 0.5]]))
    >>> sampled(even, 0, Draw(np.uint32(2**32 - 1), np.uint32(0)))  # the upper slot
    1
    >>> sampled(None, 7, Draw(np.uint32(0), np.uint32(0)))
    7
    """
    if distribution == types.none:
        return lambda distribution, row, chance: row
    if isinstance(distribution, types.Integer):
        return lambda distribution, row, chance: distribution
    if distribution.instance_class is Renumbered:
        return lambda distribution, row, chance: np.int64(
            distribution.number[np.uint64(sampled(distribution.distribution, row, chance))]
        )

    def from_alias(distribution, row, chance):
        size = np.uint64(distribution.size)
        slot = np.uint64(row) * size + (np.uint64(chance.high) * size >> _WORD)
        thing = distribution.slots[slot]
        return np.int64(select(np.uint64(chance.low) < (thing & _LOW), slot, thing >> _WORD))

    return from_alias


@inlined
def step(tables, state, action, chance, phase=0):
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
def reset(tables, chance, phase=0):
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
