"""A grid world drawn: its map, and on it values, policies, occupancy or trajectories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap, LogNorm, Normalize, is_color_like
from matplotlib.patches import Circle
from numpy.typing import ArrayLike, NDArray

from fastsoftq import checks
from fastsoftq.figures.colours import GREY, INK
from fastsoftq.figures.labels import typeset
from fastsoftq.figures.style import STYLE, ShownAxes, ShownFigure
from fastsoftq.mdp.tabular import TabularMDP, checked_mdp
from fastsoftq.planning.evaluation import checked_policy
from fastsoftq.planning.occupancy import Occupancy
from fastsoftq.planning.trajectories import Trajectories

__all__ = ["GOAL_COLOURS", "VALUE_COLOURS", "can_act", "plot_grid"]

#: Of goals 0, 1, 2, ...: bluish green, orange, sky blue and reddish purple of Okabe & Ito (2008), then round again.
GOAL_COLOURS = ("#009e73", "#e69f00", "#56b4e9", "#cc79a7")
_WALL, _FALL, _FLOOR, _CONTOUR = "#5a5a5a", "#e3b9a0", "#fbfbfb", "#a8a8a8"

#: Of values: light enough everywhere for dark arrows and lines on top; ordered in lightness, so that it survives print
#: in grey.
VALUE_COLOURS = LinearSegmentedColormap.from_list("values", ["#7c8fb8", "#8fb8c9", "#b5d9b8", "#f4ecab"])
_VISITS = LinearSegmentedColormap.from_list(
    "visits", ["#f8f1e3", "#fad9a1", "#f4a261", "#dd5f57", "#a13670"]
).with_extremes(under=_FLOOR)
_DECADES = 3.0  # how far below the largest occupancy colours reach
_LEAST_WIDTH, _LEAST_HEIGHT = 2.2, 1.1  # of a figure, in inches: a title, or a bar and its numbers, need them
_LEAST_ARROW = 0.02  # a smaller probability has no arrow
_HUB, _REACH = 0.08, 0.4  # of a cell: where arrows begin, around its middle; length of a sure action's


def plot_grid(
    mdp: TabularMDP,
    *,
    value: ArrayLike | None = None,
    policy: ArrayLike | None = None,
    occupancy: ArrayLike | Occupancy | None = None,
    trajectories: Trajectories | None = None,
    contours: int = 0,
    limits: tuple[float, float] | None = None,
    colour: str = INK,
    colorbar: bool = True,
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw a grid world, and on it values, a policy, occupancy or trajectories.

    Walls are dark, cliffs and holes reddish, goals in the colour of their number, and the start has a ring. Nothing
    global is touched: no pyplot, no style.

    Parameters
    ----------
    mdp : TabularMDP
        With a map, as grid worlds have one: `from_map`, `cliff_walking`, `four_rooms`, Gymnasium's FrozenLake.
    value : array_like of float, shape [states], optional
        Drawn as colours, or as `contours` lines of equal value.
    policy : array_like of float, shape [states, actions], optional
        Drawn as arrows as long as actions are likely.
    occupancy : Occupancy, or array_like of float, shape [states], optional
        Drawn as heat, on a logarithmic scale.
    trajectories : Trajectories, optional
        Drawn as lines, a little apart where they share their way.
    contours : int
        How many lines of equal value; 0 for colours.
    limits : (float, float), optional
        The values, or occupancies, at the ends of the colours; from the data if not given.
    colour : str
        Of arrows and trajectories.
    colorbar : bool
        Whether a bar beside the map explains the colours.
    title : str
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a figure of its own is made if not given.

    Returns
    -------
    matplotlib.axes.Axes
        Columns of the map are x, rows are y, downwards; `ax.figure` is the figure. A notebook shows it, unless it is
        in a figure of yours.

    Raises
    ------
    ValueError
        An MDP without a map, both value and occupancy, arrays of the wrong shape, occupancies below 0, contours without
        value or on a map of one row or column, limits that do not rise, or of occupancies do not begin above 0.
    TypeError
        `ax` that is not a Matplotlib Axes, `trajectories` that are not Trajectories, arrays that are not numbers,
        `limits` that are not a pair.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> mdp = fsq.cliff_walking()
    >>> solution = fsq.soft_value_iteration(mdp, 0.95, reward_scale=2.0)
    >>> ax = fsq.plot_grid(mdp, value=solution.v, policy=solution.policy, title="soft, k = 2")
    >>> ax.figure.savefig("cliff.svg")
    """
    rows = checked_mdp(mdp).map
    if rows is None or mdp.cells is None:
        raise ValueError(f"mdp is {mdp.name!r}, which has no map; only grid worlds can be drawn")
    if value is not None and occupancy is not None:
        raise ValueError("value and occupancy are both given; both are colours, so draw them on axes of their own")
    contours, colorbar = checks.count("contours", contours, least=0), checks.flag("colorbar", colorbar)
    if contours and value is None:
        raise ValueError(f"contours is {contours}; they need a value")
    if contours and min(len(rows), len(rows[0])) < 2:
        raise ValueError(f"contours is {contours}; they need a map of two rows and two columns at least")
    if limits is not None:
        _check_limits(limits, logarithmic=occupancy is not None)
    if ax is not None and not isinstance(ax, Axes):
        raise TypeError(f"ax is {checks.shown(ax)}; it must be the Axes of a figure")
    if not is_color_like(colour):
        raise ValueError(f"colour is {checks.shown(colour)}; it must be a colour that Matplotlib knows")
    heat = occupancy.visits if isinstance(occupancy, Occupancy) else occupancy
    values = None if value is None else _of_states("value", value, mdp)
    visits = None if heat is None else _of_states("occupancy", heat, mdp)
    if visits is not None and (visits < 0.0).any():
        raise ValueError(f"occupancy includes {visits.min()}; it must be at least 0")
    chances = None if policy is None else checked_policy(mdp, policy)[0]
    if chances is not None and chances.ndim == 3:
        raise ValueError(f"policy has shape {chances.shape}; it must be that of one step, [states, actions]")
    if trajectories is not None and not isinstance(trajectories, Trajectories):
        raise TypeError(f"trajectories is {checks.shown(trajectories)}; it must be as sample_trajectories yields them")

    with matplotlib.rc_context(STYLE):
        if ax is None:
            ax = _new_axes(mdp)
        _draw_map(ax, mdp, lines=contours == 0, arrows=chances is not None)
        if values is not None and contours:
            _draw_contours(ax, mdp, values, contours, limits)
        elif values is not None:
            shown = values[can_act(mdp)]
            norm = Normalize(*limits or (float(shown.min()), float(shown.max())))
            _draw_colours(ax, mdp, values, VALUE_COLOURS, norm, "value" if colorbar else "")
        elif visits is not None:
            most = float(visits[np.isfinite(visits)].max(initial=0.0)) or 1.0
            norm = LogNorm(*limits or (most / 10**_DECADES, most))
            _draw_colours(ax, mdp, visits, _VISITS, norm, "visits an episode" if colorbar else "")
        if chances is not None:
            _draw_arrows(ax, mdp, chances, colour)
        if trajectories is not None:
            _draw_paths(ax, mdp, trajectories, colour)
        ax.set_title(title)
    return ax


def _check_limits(limits: tuple[float, float], logarithmic: bool) -> None:
    if not isinstance(limits, Sequence) or isinstance(limits, str) or len(limits) != 2:
        raise TypeError(f"limits is {checks.shown(limits)}; it must be a pair (lowest, highest)")
    low, high = (checks.reward(f"limits[{i}]", value) for i, value in enumerate(limits))
    if logarithmic and low <= 0.0:
        raise ValueError(f"limits[0] is {low}; of occupancies, whose scale is logarithmic, it must be above 0")
    if not low < high:
        raise ValueError(f"limits is {limits}; the first must be below the second")


def _new_axes(mdp: TabularMDP) -> Axes:
    height, width = len(mdp.map or ()), len((mdp.map or "")[0])
    cell = min(0.5, 7.0 / max(height, width))
    size = max(width * cell + 1.2, _LEAST_WIDTH), max(height * cell + 0.6, _LEAST_HEIGHT)
    figure = ShownFigure(figsize=size, layout="constrained")
    return figure.add_subplot(axes_class=ShownAxes)


def _of_states(name: str, given: ArrayLike, mdp: TabularMDP) -> NDArray[np.float64]:
    array = checks.array(name, given, "iuf")
    if array.shape != (mdp.n_states,):
        raise ValueError(f"{name} has shape {array.shape}; it must have shape [states] = {(mdp.n_states,)}")
    return array.astype(np.float64)


def can_act(mdp: TabularMDP) -> NDArray[np.bool_]:
    """The states that an agent can act in: not terminal ones, and not cliffs, which put it back at once.

    Parameters
    ----------
    mdp : TabularMDP
        With a map.

    Returns
    -------
    ndarray of bool, shape [states]

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> int(can_act(fsq.cliff_walking()).sum())
    37
    """
    marks = np.array([list(row) for row in mdp.map or ()])
    return np.asarray(~mdp.terminal & (marks[tuple(np.asarray(mdp.cells).T)] != "C"))


def _on_map(mdp: TabularMDP, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values of states, at their places on the map; nan elsewhere."""
    grid = np.full((len(mdp.map or ()), len((mdp.map or "")[0])), np.nan)
    grid[tuple(np.asarray(mdp.cells).T)] = np.where(can_act(mdp), values, np.nan)
    return grid


def _draw_map(ax: Axes, mdp: TabularMDP, lines: bool, arrows: bool) -> None:
    marks = np.array([list(row) for row in mdp.map or ()])
    height, width = marks.shape
    background = np.empty((height, width, 4))
    background[:] = matplotlib.colors.to_rgba(_FLOOR)
    background[marks == "#"] = matplotlib.colors.to_rgba(_WALL)
    background[(marks == "C") | (marks == "H")] = matplotlib.colors.to_rgba(_FALL)
    goals = sorted({str(mark) for mark in marks.flat if mark == "G" or mark.isdigit()})
    for goal in goals:
        background[marks == goal] = matplotlib.colors.to_rgba(_goal_colour(goal))
    ax.imshow(background, interpolation="nearest", zorder=0)
    font = 10.0 if max(height, width) <= 15 else 8.0
    for goal in goals:
        for y, x in _middles(marks == goal):
            ax.text(x, y, goal, ha="center", va="center", color=INK, weight="bold", fontsize=font, zorder=6)
    for y, x in np.argwhere(marks == "S"):
        ring: dict[str, Any] = (
            {"radius": _HUB - 0.015, "facecolor": "white"} if arrows else {"radius": 0.3, "fill": False}
        )
        ax.add_patch(Circle((x, y), edgecolor=INK, linewidth=0.9 if arrows else 1.2, zorder=6, **ring))
    if lines:
        borders = [[(x - 0.5, -0.5), (x - 0.5, height - 0.5)] for x in range(1, width)]
        borders += [[(-0.5, y - 0.5), (width - 0.5, y - 0.5)] for y in range(1, height)]
        ax.add_collection(LineCollection(borders, colors="white", linewidths=0.5, zorder=2), autolim=False)
    ax.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5), xticks=[], yticks=[], aspect="equal")
    ax.grid(False)
    for spine in ax.spines.values():
        spine.set(visible=True, color=GREY, linewidth=0.8)


def _goal_colour(mark: str) -> str:
    return GOAL_COLOURS[int(mark) % len(GOAL_COLOURS)] if mark.isdigit() else GOAL_COLOURS[0]


def _middles(cells: NDArray[np.bool_]) -> list[tuple[float, float]]:
    """Row and column of the middle of each patch of cells."""
    from scipy.ndimage import center_of_mass, label

    patches, count = label(cells)
    return [(float(y), float(x)) for y, x in center_of_mass(cells, patches, range(1, count + 1))]


def _draw_colours(
    ax: Axes, mdp: TabularMDP, values: NDArray[np.float64], colours: Any, norm: Normalize, label: str
) -> None:
    grid = _on_map(mdp, values)
    image = ax.imshow(grid, cmap=colours, norm=norm, interpolation="nearest", zorder=1)
    if label:
        beside = ax.inset_axes((1.02, 0.0, 0.03 * max(1.0, grid.shape[0] / grid.shape[1]), 1.0))
        bar = ax.figure.colorbar(image, cax=beside, label=label)
        bar.outline.set_visible(False)


def _draw_contours(
    ax: Axes, mdp: TabularMDP, values: NDArray[np.float64], count: int, limits: tuple[float, float] | None
) -> None:
    grid = np.ma.masked_invalid(_on_map(mdp, values))
    known = grid.compressed()
    low, high = limits or (float(known.min(initial=np.inf)), float(known.max(initial=-np.inf)))
    if not low < high:  # nothing rises or falls, so that there are no lines
        return
    levels = np.linspace(low, high, count + 2)[1:-1]
    lines = ax.contour(grid, levels=levels, colors=_CONTOUR, linewidths=0.8, linestyles="solid", zorder=1)
    ax.clabel(
        lines,
        levels[:: max(1, count // 5)],
        fontsize=7,
        colors=GREY,
        fmt=typeset,
    )


def _draw_arrows(ax: Axes, mdp: TabularMDP, policy: NDArray[np.float64], colour: str) -> None:
    shown = (policy >= _LEAST_ARROW) & can_act(mdp)[:, None]
    state, action = np.nonzero(shown)
    direction = _directions(mdp)[action]
    tail = np.asarray(mdp.cells)[state] + _HUB * direction
    down, right = (_REACH * policy[shown][:, None] * direction).T
    ax.quiver(
        tail[:, 1], tail[:, 0], right, down,
        angles="xy", scale_units="xy", scale=1.0, units="xy", width=0.045, headwidth=3.4, headlength=3.2,
        headaxislength=3.0, minlength=0.0, color=colour, zorder=4,
    )  # fmt: skip


def _directions(mdp: TabularMDP) -> NDArray[np.float64]:
    """The direction of each action, as unit vectors (down, right) [actions, 2]: its mean move in most states."""
    cells = np.asarray(mdp.cells)
    move = cells[mdp.next_state] - cells[:, None, None, :]
    mean = (mdp.probability[..., None] * move).sum(axis=2)[can_act(mdp)].round(6)
    direction = np.zeros((mdp.n_actions, 2))
    for action in range(mdp.n_actions):
        moves, count = np.unique(mean[mean[:, action].any(axis=1), action], axis=0, return_counts=True)
        if count.size:
            direction[action] = moves[count.argmax()] / np.linalg.norm(moves[count.argmax()])
    return direction


def _draw_paths(ax: Axes, mdp: TabularMDP, trajectories: Trajectories, colour: str) -> None:
    cells = np.asarray(mdp.cells, np.float64)[:, ::-1]
    size = len(trajectories.lengths)
    # Points of a lattice spread evenly over a square (generalised golden ratio): neighbours in it are far in the list.
    apart = (np.arange(1, size + 1)[:, None] * (0.7548776662466927, 0.5698402909980532)) % 1.0 - 0.5
    paths = [
        cells[states[: length + 1]] + 0.5 * shift
        for states, length, shift in zip(trajectories.states, trajectories.lengths, apart, strict=True)
    ]
    faint = float(np.clip(20.0 / size, 0.15, 0.8))
    ax.add_collection(LineCollection(paths, colors=colour, alpha=faint, linewidths=1.2, zorder=5), autolim=False)
