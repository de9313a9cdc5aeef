"""LearningCurves: what training yields."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import xarray
    from matplotlib.figure import Figure

__all__ = ["DrawnCurves", "LearningCurves", "curves_bytes"]


def curves_bytes(seeds: int, episodes: int, table: int = 0) -> int:
    """Bytes of learning curves, with `table` numbers of Q kept of each run.

    Examples
    --------
    >>> curves_bytes(seeds=1000, episodes=100)
    1308000
    """
    episode = sum(np.dtype(kind).itemsize for kind in (np.float64, np.int32, np.bool_))
    return seeds * (episodes * episode + 8 + 8 * table)


class DrawnCurves:
    """What curves of either kind have in common: they are drawn, and shown in notebooks."""

    def plot(self) -> Figure:
        """Draw return and length over episodes, or steps: means with their bands, and medians.

        Returns
        -------
        matplotlib.figure.Figure

        Examples
        --------
        >>> import fastsoftq as fsq
        >>> agent = fsq.QLearning(step_size=0.8, discount=0.95)
        >>> curves = fsq.train(fsq.cliff_walking(), agent, seeds=8, episodes=20, max_steps=100)
        >>> len(curves.plot().axes)
        2
        """
        figure: Figure = _of_figures("plot_curves")(self)
        return figure

    def _repr_html_(self) -> str:
        return str(_of_figures("curves_html")(self))


def _of_figures(name: str) -> Any:
    """A function of `figures`, which this file may not import: by name, on first use."""
    return getattr(importlib.import_module("fastsoftq.figures.notebook"), name)


@dataclass(frozen=True, eq=False)
class LearningCurves(DrawnCurves):
    """The learning curves of many runs of one agent in one environment.

    Attributes
    ----------
    returns : ndarray of float64, shape [seeds, episodes]
        The undiscounted sum of unscaled rewards of each episode.
    lengths : ndarray of int32, shape [seeds, episodes]
        Its steps, one learning update each.
    truncated : ndarray of bool, shape [seeds, episodes]
        Whether it met `max_steps`.
    seeds : ndarray of uint64, shape [seeds]
        The seed of each run.
    final_q : ndarray of float64, shape [seeds, states, actions], or None
        The tables after the last episode, if kept. Learned from rewards times the agent's `reward_scale`.
    checkpoints : tuple of int
        After how many episodes tables were kept, ascending.
    checkpoint_q : ndarray of float64, shape [seeds, checkpoints, states, actions], or None
        The tables after those episodes; None without checkpoints.
    agent : NamedTuple
        The agent that learned.
    mdp : str
        The name of the environment.
    max_steps : int
        The most steps of an episode.
    precision : str
        "double" or "mixed".

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> agent = fsq.QLearning(step_size=0.8, discount=0.95)
    >>> curves = fsq.train(fsq.cliff_walking(), agent, seeds=3, episodes=20, max_steps=500, checkpoints=[5, 10])
    >>> curves.n_seeds, curves.n_episodes, bool((curves.lengths <= 500).all())
    (3, 20, True)
    >>> curves.checkpoint_q.shape
    (3, 2, 48, 4)
    """

    returns: NDArray[np.float64]
    lengths: NDArray[np.int32]
    truncated: NDArray[np.bool_]
    seeds: NDArray[np.uint64]
    agent: Any  # an Agent, or its record where its class is not imported
    mdp: str
    max_steps: int
    precision: str
    final_q: NDArray[np.float64] | None = None
    checkpoints: tuple[int, ...] = ()
    checkpoint_q: NDArray[np.float64] | None = None

    @property
    def n_seeds(self) -> int:
        """The number of runs."""
        return int(self.returns.shape[0])

    @property
    def n_episodes(self) -> int:
        """The number of episodes of each run."""
        return int(self.returns.shape[1])

    @property
    def steps(self) -> int:
        """All environment steps taken, over all runs."""
        return int(self.lengths.sum(dtype=np.int64))

    def to_xarray(self) -> xarray.Dataset:
        """The curves as an xarray Dataset with dimensions seed, episode (and state, action, checkpoint).

        Returns
        -------
        xarray.Dataset
            Episodes are counted from 1, as in figures.

        Raises
        ------
        ImportError
            Where xarray is not installed.

        Examples
        --------
        >>> import fastsoftq as fsq
        >>> agent = fsq.QLearning(step_size=0.8, discount=0.95)
        >>> curves = fsq.train(fsq.cliff_walking(), agent, seeds=[7, 3], episodes=5)
        >>> bool(curves.to_xarray().returns.sel(seed=3, episode=5) == curves.returns[1, 4])
        True
        """
        try:
            import xarray
        except ImportError as error:
            raise ImportError("to_xarray needs xarray: pip install 'fastsoftq[xarray]'") from error

        curve = ("seed", "episode")
        data: dict[str, Any] = {
            "returns": (curve, self.returns, {"long_name": "undiscounted return"}),
            "lengths": (curve, self.lengths, {"long_name": "episode length", "units": "steps"}),
            "truncated": (curve, self.truncated, {"long_name": "episode met max_steps"}),
        }
        if self.final_q is not None:
            data["final_q"] = (("seed", "state", "action"), self.final_q, {"long_name": "action value after training"})
        coordinates: dict[str, Any] = {"seed": self.seeds, "episode": np.arange(1, self.n_episodes + 1)}
        if self.checkpoint_q is not None:
            dimensions = ("seed", "checkpoint", "state", "action")
            data["checkpoint_q"] = (dimensions, self.checkpoint_q, {"long_name": "action value at the checkpoint"})
            coordinates["checkpoint"] = ("checkpoint", np.array(self.checkpoints), {"long_name": "episodes trained"})
        attributes = {
            "agent": repr(self.agent),
            "mdp": self.mdp,
            "max_steps": self.max_steps,
            "precision": self.precision,
        }
        return xarray.Dataset(data, coordinates, attributes)

    def __repr__(self) -> str:
        return f"<LearningCurves of {self.agent} in {self.mdp}: {self.n_seeds} seeds, {self.n_episodes} episodes>"
