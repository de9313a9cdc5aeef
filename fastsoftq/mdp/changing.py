"""ChangingMDP: a world that changes at an episode, as one MDP after another with the same states and actions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.system.html import fields_html

__all__ = ["ChangingMDP", "EpisodicMDP", "PhaseMet", "checked_episodic_mdp", "named_phases", "phases_met", "phases_of"]


@dataclass(frozen=True, eq=False, repr=False, init=False)
class ChangingMDP:
    """A world that changes at an episode (Sutton & Barto 2018, section 8.3): each of its phases is a TabularMDP.

    An agent is told nothing of a change, and goes on with the table that it has. Change comes between two episodes,
    never within one.

    Parameters
    ----------
    phases : mapping of int to TabularMDP
        What the world is from each episode on, counted from 0, until the next one named: `{0: before, 300: after}`. All
        have as many actions. States are matched by cell where all phases have cells, else by their numbers: a cell that
        is a wall in some phase is a state there too, which nothing leads to.
    name : str, optional
        Its name in figures and tables; the first phase's if not given.

    Attributes
    ----------
    phases : tuple of TabularMDP
        In the order of time, all with the same states.
    begins : tuple of int
        The episode that each begins with, ascending from 0.
    name : str
    n_states, n_actions, n_outcomes : int
        Of all phases; the number of outcomes is the most that any has.

    Raises
    ------
    ValueError
        No phase that begins with episode 0, an episode that is negative or beyond 32 bits, phases that differ in the
        number of actions, or, where states are matched by number, of states; several states in one cell.
    TypeError
        `phases` must be a mapping of integers to TabularMDPs, `name` a string.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> before, after = fsq.from_map(["S.G", "..."]), fsq.from_map(["S#G", "..."])
    >>> world = fsq.ChangingMDP({0: before, 300: after}, name="blocking")
    >>> world
    <ChangingMDP 'blocking': 6 states, 4 actions, deterministic, changes at episode 300>
    >>> float(fsq.value_iteration(world.at(299), 1.0).v[0]), float(fsq.value_iteration(world.at(300), 1.0).v[0])
    (-1.0, -3.0)
    >>> curves = fsq.train(world, fsq.QLearning(step_size=0.5, discount=0.9), seeds=10, episodes=600)
    >>> curves.returns.shape
    (10, 600)
    """

    phases: tuple[TabularMDP, ...]
    begins: tuple[int, ...]
    name: str

    def __init__(self, phases: Mapping[int, TabularMDP], name: str | None = None) -> None:
        given = _checked_phases(phases)
        begins = tuple(sorted(given))
        worlds = _of_the_same_states(begins, [given[begin] for begin in begins])
        object.__setattr__(self, "phases", worlds)
        object.__setattr__(self, "begins", begins)
        object.__setattr__(self, "name", worlds[0].name if name is None else checks.text("name", name))

    @property
    def n_states(self) -> int:
        """The number of states, the same in every phase."""
        return self.phases[0].n_states

    @property
    def n_actions(self) -> int:
        """The number of actions, the same in every phase."""
        return self.phases[0].n_actions

    @property
    def n_outcomes(self) -> int:
        """The number of outcomes that an action can have at most, in any phase."""
        return max(mdp.n_outcomes for mdp in self.phases)

    @property
    def deterministic(self) -> bool:
        """Whether every action has one outcome only, in every phase."""
        return self.n_outcomes == 1

    @property
    def largest_reward(self) -> float:
        """The largest reward or loss of all, as a magnitude."""
        return max(mdp.largest_reward for mdp in self.phases)

    @property
    def cells(self) -> NDArray[np.int64] | None:
        """Row and column of each state, int64 [states, 2], where all phases have cells."""
        return self.phases[0].cells if all(mdp.cells is not None for mdp in self.phases) else None

    def at(self, episode: int) -> TabularMDP:
        """What the world is in an episode: an MDP that can be planned in, drawn and played.

        Parameters
        ----------
        episode : int
            Counted from 0.

        Returns
        -------
        TabularMDP
            The same object for all episodes of a phase.

        Raises
        ------
        ValueError
            A negative episode.
        TypeError
            Not an integer.

        Examples
        --------
        >>> import fastsoftq as fsq
        >>> world = fsq.ChangingMDP({0: fsq.from_map("S.G"), 10: fsq.from_map("G.S", name="turned")})
        >>> world.at(9).name, world.at(10).name
        ('map', 'turned')
        """
        count = checks.count("episode", episode, least=0)
        return self.phases[int(np.searchsorted(self.begins, count, "right")) - 1]

    def _repr_html_(self) -> str:
        sizes = {"states": self.n_states, "actions": self.n_actions, "outcomes": self.n_outcomes}
        maps = [
            f"from episode {begin}:\n" + "\n".join(mdp.map)
            for begin, mdp in zip(self.begins, self.phases, strict=True)
            if mdp.map is not None
        ]
        return fields_html(sizes, f"ChangingMDP {self.name}, {self._changes()}", "\n\n".join(maps))

    def __repr__(self) -> str:
        kind = "deterministic" if self.deterministic else f"up to {self.n_outcomes} outcomes"
        sizes = f"{self.n_states} states, {self.n_actions} actions, {kind}"
        return f"<ChangingMDP {self.name!r}: {sizes}, {self._changes()}>"

    def _changes(self) -> str:
        episodes = self.begins[1:]
        if not episodes:
            return "changes never"
        listed = ", ".join(map(str, episodes[:5])) + (", ..." if len(episodes) > 5 else "")
        return f"changes at episode{'s' if len(episodes) > 1 else ''} {listed}"


EpisodicMDP: TypeAlias = TabularMDP | ChangingMDP
"""What tabular agents learn in, episode by episode."""


def checked_episodic_mdp(mdp: Any) -> EpisodicMDP:
    """Return `mdp` if it is a TabularMDP or a ChangingMDP.

    Raises
    ------
    TypeError
        It is neither.

    Examples
    --------
    >>> checked_episodic_mdp("cliff")
    Traceback (most recent call last):
    TypeError: mdp is 'cliff'; it must be a TabularMDP, such as cliff_walking()
    """
    if not isinstance(mdp, TabularMDP | ChangingMDP):
        raise TypeError(f"mdp is {checks.shown(mdp)}; it must be a TabularMDP, such as cliff_walking()")
    return mdp


def phases_of(mdp: EpisodicMDP) -> tuple[TabularMDP, ...]:
    """What a world is, in the order of time: a TabularMDP is always itself.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> len(phases_of(fsq.cliff_walking()))
    1
    """
    return mdp.phases if isinstance(mdp, ChangingMDP) else (mdp,)


class PhaseMet(NamedTuple):
    """What a world is in some episodes of a run.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> PhaseMet(fsq.cliff_walking(), 0, 500).episodes
    500
    """

    mdp: TabularMDP
    first: int  # episode
    stop: int  # the episode after the last

    @property
    def episodes(self) -> int:
        """How many there are."""
        return self.stop - self.first


def phases_met(mdp: EpisodicMDP, episodes: int) -> list[PhaseMet]:
    """What a world is in the course of a run: a TabularMDP is always itself.

    Parameters
    ----------
    mdp : TabularMDP or ChangingMDP
    episodes : int
        Of the run; phases that begin later are left out.

    Returns
    -------
    list of PhaseMet
        In the order of time.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> world = fsq.ChangingMDP({0: fsq.from_map("S.G"), 10: fsq.from_map("G.S"), 900: fsq.from_map("S.G")})
    >>> [(met.first, met.stop) for met in phases_met(world, 500)]
    [(0, 10), (10, 500)]
    """
    if not isinstance(mdp, ChangingMDP):
        return [PhaseMet(mdp, 0, episodes)]
    begins = [begin for begin in mdp.begins if begin < episodes]
    return [PhaseMet(*each) for each in zip(mdp.phases, begins, [*begins[1:], episodes], strict=False)]


def named_phases(mdp: EpisodicMDP) -> list[tuple[str, TabularMDP]]:
    """What a world is, in the order of time, and how a message calls it.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> world = fsq.ChangingMDP({0: fsq.from_map("S.G"), 10: fsq.from_map("G.S")}, name="turning")
    >>> [name for name, _ in named_phases(world)]
    ['turning from episode 0 on', 'turning from episode 10 on']
    """
    if not isinstance(mdp, ChangingMDP):
        return [(mdp.name, mdp)]
    named = (f"{mdp.name} from episode {begin} on" for begin in mdp.begins)
    return list(zip(named, mdp.phases, strict=True))


def _checked_phases(phases: Any) -> dict[int, TabularMDP]:
    if not isinstance(phases, Mapping):
        raise TypeError(
            f"phases is {checks.shown(phases)}; it must be a mapping of episodes to MDPs, such as {{0: a, 300: b}}"
        )
    found: dict[int, TabularMDP] = {}
    for episode, mdp in phases.items():
        begin = checks.count("phases has an episode, which", episode, least=0)
        if not isinstance(mdp, TabularMDP):
            raise TypeError(f"phases[{begin}] is {checks.shown(mdp)}; it must be a TabularMDP, such as cliff_walking()")
        found[begin] = mdp
    if 0 not in found:
        named = f"episodes {', '.join(map(str, sorted(found)))}" if found else "none"
        raise ValueError(f"phases names {named}; one must begin with episode 0")
    return found


def _of_the_same_states(begins: tuple[int, ...], worlds: list[TabularMDP]) -> tuple[TabularMDP, ...]:
    """The phases, with the same states in the same order."""
    first = worlds[0]
    for begin, mdp in zip(begins, worlds, strict=True):
        if mdp.n_actions != first.n_actions:
            raise ValueError(
                f"phases[{begin}] has {mdp.n_actions} actions; phases[0] has {first.n_actions}, and all must have as "
                "many"
            )
    if any(mdp.cells is None for mdp in worlds):
        for begin, mdp in zip(begins, worlds, strict=True):
            if mdp.n_states != first.n_states:
                raise ValueError(
                    f"phases[{begin}] has {mdp.n_states} states; phases[0] has {first.n_states}, and where not all "
                    "have cells to match states by, all must have as many"
                )
        return tuple(worlds)
    each = [_cells(mdp) for mdp in worlds]
    if all(own == each[0] for own in each):
        return tuple(worlds)
    for begin, own in zip(begins, each, strict=True):
        if len(set(own)) < len(own):
            raise ValueError(
                f"phases[{begin}] has several states in one cell, so that states cannot be matched by cell"
            )
    number = {cell: state for state, cell in enumerate(sorted(set().union(*each)))}
    return tuple(_among(mdp, number) for mdp in worlds)


def _cells(mdp: TabularMDP) -> list[tuple[int, int]]:
    assert mdp.cells is not None
    return [(y, x) for y, x in mdp.cells.tolist()]


def _among(mdp: TabularMDP, number: Mapping[tuple[int, int], int]) -> TabularMDP:
    """An MDP with a state for each of these cells: those that it has not are terminal, and nothing leads there."""
    own = np.array([number[cell] for cell in _cells(mdp)])
    shape = (len(number), *mdp.next_state.shape[1:])
    next_state: NDArray[np.int64] = np.broadcast_to(np.arange(shape[0])[:, None, None], shape).copy()
    reward, terminated, probability = np.zeros(shape), np.ones(shape, np.bool_), np.zeros(shape)
    probability[..., 0] = 1.0
    next_state[own], reward[own], terminated[own] = own[mdp.next_state], mdp.reward, mdp.terminated
    probability[own] = mdp.probability
    start = np.zeros(shape[0])
    start[own] = mdp.start
    return TabularMDP(
        next_state, reward, terminated, probability, start, mdp.name, _common_map(mdp, number), list(number)
    )


def _common_map(mdp: TabularMDP, number: Mapping[tuple[int, int], int]) -> tuple[str, ...]:
    """The MDP's map, with walls added where other phases have cells beyond it."""
    assert mdp.map is not None
    height, width = (1 + max(cell[axis] for cell in number) for axis in (0, 1))
    lines = [line.ljust(width, "#") for line in mdp.map]
    return (*lines, *["#" * len(lines[0])] * (height - len(lines)))
