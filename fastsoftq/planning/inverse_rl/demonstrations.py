"""Demonstrations: states and actions, as arrays or from a CSV file, checked before any fit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.mdp.tabular import TabularMDP, checked_mdp
from fastsoftq.planning.inverse_rl.csv_rows import rows_of
from fastsoftq.planning.trajectories import Trajectories
from fastsoftq.system.html import NotebookTable

__all__ = ["Demonstrations", "load_demonstrations"]

_COLUMNS = ("trajectory", "step", "state", "action")
_ALLOWED = {"trajectory": "a label", "reward": "a finite number"} | dict.fromkeys(
    _COLUMNS[1:], "a whole number of at least 0"
)


@dataclass(frozen=True, eq=False)
class Demonstrations(NotebookTable):
    """Trajectories of states and actions, one after the other.

    Attributes
    ----------
    trajectory : ndarray of int64, shape [steps]
        Which trajectory a step belongs to: 0, 1, ..., never falling.
    state, action : ndarray of int64, shape [steps]
    reward : ndarray of float64, shape [steps], or None
        The reward of each step, if known. No fit needs it.

    Raises
    ------
    ValueError
        Arrays of other shapes, or of unequal length; masked entries; trajectories that are not numbered 0, 1, ... in
        their order; negative states or actions; rewards that are not finite.
    TypeError
        Arrays that do not hold integers, or rewards that are not numbers.

    Examples
    --------
    >>> Demonstrations([0, 0, 1], state=[0, 1, 0], action=[1, 1, 1])
    <Demonstrations: 2 trajectories, 3 steps>
    """

    trajectory: NDArray[np.int64] = field(repr=False)
    state: NDArray[np.int64] = field(repr=False)
    action: NDArray[np.int64] = field(repr=False)
    reward: NDArray[np.float64] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name in ("trajectory", "state", "action"):
            steps = checks.array(name, getattr(self, name), "iu", holds="integers")
            self._check_shape(name, steps)
            object.__setattr__(self, name, _natural(name, steps))
        rises = np.diff(self.trajectory, prepend=-1)
        if ((rises < 0) | (rises > 1) | (self.trajectory[:1] > 0).any()).any():
            raise ValueError(f"trajectory is {self.trajectory}; it must count 0, 1, ... and never fall")
        if self.reward is not None:
            paid = checks.array("reward", self.reward, "iuf").astype(np.float64)
            self._check_shape("reward", paid)
            if not np.isfinite(paid).all():
                raise ValueError(f"reward includes {paid[~np.isfinite(paid)][0]}; rewards must be finite")
            object.__setattr__(self, "reward", paid)

    def _check_shape(self, name: str, steps: NDArray[Any]) -> None:
        expected = (np.size(self.trajectory),)
        if steps.shape != expected:
            raise ValueError(f"{name} has shape {steps.shape}; it must be [steps] = {expected}")

    @classmethod
    def of(cls, trajectories: Trajectories | Sequence[Sequence[tuple[int, int]]]) -> Demonstrations:
        """Take trajectories as demonstrations.

        Parameters
        ----------
        trajectories : Trajectories, or sequence of sequence of (int, int)
            As sampled, or written down as the (state, action) of every step.

        Returns
        -------
        Demonstrations

        Raises
        ------
        ValueError
            A trajectory without steps.
        TypeError
            `trajectories` holds no trajectories.

        Examples
        --------
        >>> Demonstrations.of([[(0, 1), (1, 1)], [(0, 1)]])
        <Demonstrations: 2 trajectories, 3 steps>
        """
        if isinstance(trajectories, Trajectories):
            taken = np.arange(trajectories.actions.shape[1]) < trajectories.lengths[:, None]
            which, states, actions = (
                np.nonzero(taken)[0],
                trajectories.states[:, :-1][taken],
                trajectories.actions[taken],
            )
            return cls(which, states.astype(np.int64), actions.astype(np.int64), trajectories.rewards[taken])
        if not isinstance(trajectories, Sequence):
            raise TypeError(f"trajectories is {checks.shown(trajectories)}; it must be as sampled, or a sequence")
        arrays = []
        for i, steps in enumerate(trajectories):
            pairs = checks.array(f"trajectories[{i}]", steps, "iu", holds="(state, action) of every step")
            if not pairs.size:
                raise ValueError(f"trajectories[{i}] has no steps; leave it out")
            if pairs.ndim != 2 or pairs.shape[1] != 2:
                raise TypeError(
                    f"trajectories[{i}] is {checks.shown(steps)}; it must hold (state, action) of every step"
                )
            arrays.append(_natural(f"trajectories[{i}]", pairs))
        pairs = np.concatenate([np.empty((0, 2), np.int64), *arrays])
        which = np.repeat(np.arange(len(arrays)), [len(steps) for steps in arrays])
        return cls(which, pairs[:, 0], pairs[:, 1])

    @property
    def n_steps(self) -> int:
        """The number of steps, over all trajectories."""
        return int(self.state.size)

    @property
    def n_trajectories(self) -> int:
        """The number of trajectories."""
        return int(self.trajectory[-1]) + 1 if self.n_steps else 0

    def counts(self, mdp: TabularMDP) -> NDArray[np.float64]:
        """How often each action was taken in each state.

        Parameters
        ----------
        mdp : TabularMDP
            The environment.

        Returns
        -------
        ndarray of float64, shape [states, actions]

        Raises
        ------
        ValueError
            No steps, a state or action that the MDP does not have, an action in a terminal state, or an impossible
            transition.
        """
        checked_mdp(mdp)
        if not self.n_steps:
            raise ValueError("demonstrations holds no steps; at least one is needed")
        for i, problem in _problems(self, mdp):
            step = i - int(np.searchsorted(self.trajectory, self.trajectory[i]))
            raise ValueError(f"demonstrations: step {step} of trajectory {self.trajectory[i]}: {problem}")
        pair = self.state * mdp.n_actions + self.action
        counts = np.bincount(pair, minlength=mdp.n_states * mdp.n_actions)
        return counts.reshape(mdp.n_states, mdp.n_actions).astype(np.float64)

    def __repr__(self) -> str:
        return f"<Demonstrations: {self.n_trajectories} trajectories, {self.n_steps} steps>"


def counted(demonstrations: Demonstrations, mdp: TabularMDP) -> NDArray[np.float64]:
    """How often each action was taken in each state, as `Demonstrations.counts` says.

    Raises
    ------
    TypeError
        `demonstrations` is not a Demonstrations.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> counted(Demonstrations.of([[(0, 1), (1, 1)]]), fsq.from_map("S.G"))[:2].tolist()
    [[0.0, 1.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]]
    """
    if not isinstance(demonstrations, Demonstrations):
        raise TypeError(
            f"demonstrations is {checks.shown(demonstrations)}; it must be a Demonstrations, such as Demonstrations.of"
        )
    return demonstrations.counts(mdp)


def load_demonstrations(path: str | Path, mdp: TabularMDP | None = None) -> Demonstrations:
    r"""Read demonstrations from a CSV file.

    Parameters
    ----------
    path : str or Path
        A file in UTF-8 whose first line names its columns, each once: `trajectory` (any label), `step`, `state`,
        `action`, and `reward` if it is known; others are ignored. Every row has a field for each column. The rows of a
        trajectory follow each other, and its steps count up by one. Empty lines and blanks around fields are ignored.
    mdp : TabularMDP, optional
        The environment: states, actions and transitions are then checked too.

    Returns
    -------
    Demonstrations

    Raises
    ------
    ValueError
        A column that is missing, has no name or is there twice, a row with more or fewer fields than there are
        columns, or one that does not fit; the message names the line and the column.
    TypeError
        `path` is not a path.
    OSError
        The file cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
    ...     _ = file.write("trajectory,step,state,action\nfirst,0,0,1\nfirst,1,1,1\n")
    ...     file.flush()
    ...     load_demonstrations(file.name)
    <Demonstrations: 1 trajectories, 2 steps>
    """
    if not isinstance(path, str | Path):
        raise TypeError(f"path is {checks.shown(path)}; it must be a path")
    path = Path(path)
    labels: dict[str, int] = {}
    rows: list[tuple[int, int, int]] = []
    rewards: list[float] = []
    lines: list[int] = []
    expected = 0
    for line, row in rows_of(path, _COLUMNS, _ALLOWED):
        where = f"{path}, line {line}"
        label = row["trajectory"]
        if not label:
            raise ValueError(f"{where}: trajectory is {label!r}; it must be {_ALLOWED['trajectory']}")
        step, state, action = (_whole(where, name, row[name]) for name in _COLUMNS[1:])
        if label not in labels:
            labels[label], expected = len(labels), step
        elif rows[-1][0] != labels[label]:
            raise ValueError(f"{where}: trajectory {label!r} goes on after another; its rows must be together")
        if step != expected:
            raise ValueError(f"{where}: step is {step}; after step {expected - 1} it must be {expected}")
        expected += 1
        rows.append((labels[label], state, action))
        lines.append(line)
        if "reward" in row:
            rewards.append(_reward(where, row["reward"]))
    if not rows:
        raise ValueError(f"{path} holds no steps; at least one is needed")
    trajectory, states, actions = np.array(rows, np.int64).T
    found = Demonstrations(trajectory, states, actions, np.array(rewards) if rewards else None)
    if mdp is not None:
        for i, problem in _problems(found, mdp):
            raise ValueError(f"{path}, line {lines[i]}: {problem}")
    return found


def _natural(name: str, whole: NDArray[Any]) -> NDArray[np.int64]:
    outside = (whole < 0) | (whole > np.iinfo(np.int64).max)
    if outside.any():
        raise ValueError(f"{name} includes {whole[outside][0]}; it must hold numbers from 0 to 2**63 - 1")
    return whole.astype(np.int64)


def _whole(where: str, name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise ValueError(f"{where}: {name} is {text!r}; it must be {_ALLOWED[name]}")
    return int(text)


def _reward(where: str, text: str) -> float:
    try:
        value = float(text) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{where}: reward is {text!r}; it must be {_ALLOWED['reward']}")
    return value


def _problems(found: Demonstrations, mdp: TabularMDP) -> list[tuple[int, str]]:
    """The first impossible step in this MDP, if there is one, and what is wrong with it."""
    for name, values, count in (("state", found.state, mdp.n_states), ("action", found.action, mdp.n_actions)):
        outside = (values < 0) | (values >= count)
        if outside.any():
            i = int(np.argmax(outside))
            return [(i, f"{name} is {values[i]}; in {mdp.name} it must lie in 0..{count - 1}")]
    over = mdp.terminal[found.state]
    if over.any():
        i = int(np.argmax(over))
        return [(i, f"state {found.state[i]} is terminal in {mdp.name}; nothing is done there")]
    goes_on = found.trajectory[1:] == found.trajectory[:-1]
    before, action, after = found.state[:-1], found.action[:-1], found.state[1:]
    can = (mdp.next_state[before, action] == after[:, None]) & ~mdp.terminated[before, action]
    cannot = goes_on & ~(can & (mdp.probability[before, action] > 0.0)).any(axis=1)
    if cannot.any():
        i = int(np.argmax(cannot))
        return [(i + 1, f"state {after[i]} cannot follow action {action[i]} in state {before[i]} of {mdp.name}")]
    return []
