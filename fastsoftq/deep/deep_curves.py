"""DeepCurves: what training a network yields, on a grid of steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastsoftq.engine.curves import DrawnCurves

if TYPE_CHECKING:
    import xarray

__all__ = ["DeepCurves"]


@dataclass(frozen=True, eq=False)
class DeepCurves(DrawnCurves):
    """The learning curves of many runs of one deep agent in one environment, on a grid of steps.

    Episodes end where they end, so that curves are told at points: evenly many steps apart, the last after all steps.
    No number is NaN, whatever a network does.

    Attributes
    ----------
    returns : ndarray of float64, shape [seeds, points]
        Mean undiscounted return of the episodes that ended since the point before. Where none did it is the value of
        the point before; before the first has ended, that of the first point after (of a run in which none ends, what
        it has collected so far). From where a run diverged on it is the lowest that the run had before, so that a run
        that breaks down counts as one that does badly.
    lengths : ndarray of float64, shape [seeds, points]
        Mean steps of the same episodes.
    truncated : ndarray of float64, shape [seeds, points]
        The share of them that `max_steps` cut.
    episodes : ndarray of int64, shape [seeds, points]
        Episodes that have ended, from the beginning on.
    steps : ndarray of int64, shape [points]
        Environment steps of each run at each point.
    diverged : ndarray of bool, shape [seeds]
        Whether a number of the network, or of its optimiser, became infinite or NaN. Training of the run stopped there.
    diverged_at : ndarray of int64, shape [seeds]
        After how many steps that was; -1 where it did not happen.
    seeds : ndarray of uint64, shape [seeds]
        The seed of each run.
    agent : Deep
        The agent that learned.
    environment : str
        The name of the environment.
    max_steps : int
        The most steps of an episode.
    precision : str
        "double" or "mixed".
    parameters : ndarray of float32, shape [seeds, parameters], or None
        The network's after the last step, if kept.

    Raises
    ------
    ValueError
        Arrays whose shapes do not fit each other, numbers that are not finite, or a `diverged_at` that contradicts
        `diverged`.

    Examples
    --------
    >>> curves = DeepCurves(
    ...     returns=np.array([[9.0, 20.0], [8.0, 8.0]]),
    ...     lengths=np.array([[9.0, 20.0], [8.0, 8.0]]),
    ...     truncated=np.zeros((2, 2)),
    ...     episodes=np.array([[11, 16], [12, 12]]),
    ...     steps=np.array([100, 200]),
    ...     diverged=np.array([False, True]),
    ...     diverged_at=np.array([-1, 130]),
    ...     seeds=np.arange(2, dtype=np.uint64),
    ...     agent=None,
    ...     environment="cart_pole",
    ...     max_steps=500,
    ...     precision="double",
    ... )
    >>> curves.n_seeds, curves.n_points, curves.steps_taken.tolist()
    (2, 2, [200, 130])
    >>> curves
    <DeepCurves of None in cart_pole: 2 seeds, 2 points up to 200 steps; 1 diverged, first after 130 steps>
    """

    returns: NDArray[np.float64]
    lengths: NDArray[np.float64]
    truncated: NDArray[np.float64]
    episodes: NDArray[np.int64]
    steps: NDArray[np.int64]
    diverged: NDArray[np.bool_]
    diverged_at: NDArray[np.int64]
    seeds: NDArray[np.uint64]
    agent: Any  # a Deep, or its record where a class of it is not imported
    environment: str
    max_steps: int
    precision: str
    parameters: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        shape = len(self.seeds), len(self.steps)
        for name in ("returns", "lengths", "truncated", "episodes"):
            values = getattr(self, name)
            if values.shape != shape:
                raise ValueError(f"{name} has shape {values.shape}; it must be {shape}: seeds and points")
            if not np.isfinite(values).all():
                raise ValueError(f"{name} includes {values[~np.isfinite(values)][0]}; all must be finite")
        for name in ("diverged", "diverged_at"):
            if getattr(self, name).shape != shape[:1]:
                raise ValueError(f"{name} has shape {getattr(self, name).shape}; it must be {shape[:1]}: seeds")
        if not np.array_equal(self.diverged, self.diverged_at >= 0):
            raise ValueError("diverged_at contradicts diverged; it must be -1 of the runs that did not diverge alone")
        if self.parameters is not None and len(self.parameters) != shape[0]:
            raise ValueError(f"parameters has {len(self.parameters)} rows; it must have {shape[0]}, one for each seed")

    @property
    def n_seeds(self) -> int:
        """The number of runs."""
        return int(self.returns.shape[0])

    @property
    def n_points(self) -> int:
        """The number of points of each run."""
        return int(self.returns.shape[1])

    @property
    def steps_taken(self) -> NDArray[np.int64]:
        """Environment steps of each run, int64 [seeds]: all, but of those that diverged."""
        return np.where(self.diverged, self.diverged_at, self.steps[-1])

    def to_xarray(self) -> xarray.Dataset:
        """The curves as an xarray Dataset with dimensions seed, point (and parameter).

        Returns
        -------
        xarray.Dataset
            Points are counted from 1, and have a coordinate `steps`.

        Raises
        ------
        ImportError
            Where xarray is not installed.

        Examples
        --------
        >>> some = np.zeros((1, 2))
        >>> curves = DeepCurves(
        ...     some, some, some, some.astype(int), np.array([5, 10]), np.array([False]), np.array([-1]),
        ...     np.array([7], np.uint64), None, "catch", 10, "double",
        ... )
        >>> curves.to_xarray().returns.sel(seed=7).steps.values.tolist()
        [5, 10]
        """
        try:
            import xarray
        except ImportError as error:
            raise ImportError("to_xarray needs xarray: pip install 'fastsoftq[xarray]'") from error

        curve = ("seed", "point")
        data: dict[str, Any] = {
            "returns": (curve, self.returns, {"long_name": "mean undiscounted return of episodes"}),
            "lengths": (curve, self.lengths, {"long_name": "mean episode length", "units": "steps"}),
            "truncated": (curve, self.truncated, {"long_name": "share of episodes that met max_steps"}),
            "episodes": (curve, self.episodes, {"long_name": "episodes that have ended"}),
            "diverged": ("seed", self.diverged, {"long_name": "a number became infinite or NaN"}),
            "diverged_at": ("seed", self.diverged_at, {"long_name": "steps until then, or -1", "units": "steps"}),
        }
        if self.parameters is not None:
            data["parameters"] = (("seed", "parameter"), self.parameters, {"long_name": "parameter after training"})
        steps = ("point", self.steps, {"long_name": "environment steps of a run", "units": "steps"})
        coordinates: dict[str, Any] = {"seed": self.seeds, "point": np.arange(1, self.n_points + 1), "steps": steps}
        attributes = {
            "agent": repr(self.agent),
            "environment": self.environment,
            "max_steps": self.max_steps,
            "precision": self.precision,
        }
        return xarray.Dataset(data, coordinates, attributes)

    def __repr__(self) -> str:
        lost = int(self.diverged.sum())
        first = f"; {lost} diverged, first after {self.diverged_at[self.diverged].min()} steps" if lost else ""
        return (
            f"<DeepCurves of {self.agent} in {self.environment}: {self.n_seeds} seeds, {self.n_points} points up to "
            f"{self.steps[-1]} steps{first}>"
        )
