"""Draw docs/figures/worlds.svg and other_worlds.svg: a picture of each world, with its optimal values or policy.

python docs/world_pictures.py
"""

import math
import sys
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch
from scipy.ndimage import distance_transform_edt

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import fastsoftq as fsq  # noqa: E402
from fastsoftq.figures.colours import GREY, INK  # noqa: E402
from fastsoftq.figures.grid_world import VALUE_COLOURS  # noqa: E402
from fastsoftq.figures.labels import typeset  # noqa: E402
from fastsoftq.figures.style import STYLE, save  # noqa: E402

BLUE, ORANGE, LIGHT = "#0064a0", "#d55e00", "#dcdcdc"
BOTH_WAYS = LinearSegmentedColormap.from_list("both ways", ["#8cc8ef", "#fbfbfb", "#f0a878"])
SMALL = 7.0


def grid(ax, mdp, discount=1.0, arrows=True):
    """A map with its optimal values and actions."""
    solution = fsq.value_iteration(mdp, discount)
    fsq.plot_grid(mdp, value=solution.v, policy=solution.policy if arrows else None, colorbar=False, ax=ax)
    return solution


def on_the_way(ax, mdp, solution):
    """An optimal episode, as a line."""
    first_best = np.eye(mdp.n_actions)[solution.q.round(9).argmax(axis=1)]
    way = fsq.sample_trajectories(mdp, first_best, 1, horizon=100, rng=0)
    y, x = mdp.cells[way.states[0, : way.lengths[0] + 1]].T
    ax.plot(x, y, color=BLUE, lw=1.6, marker="o", ms=2.5, zorder=5)


def cliff_walking(ax):
    """Along the edge, undiscounted."""
    grid(ax, fsq.cliff_walking())


def multi_goal(ax):
    """All four goals are optimal."""
    grid(ax, fsq.multi_goal(11))


def windy_gridworld(ax):
    """One of the best ways, and the wind of each column below."""
    mdp = fsq.windy_gridworld()
    on_the_way(ax, mdp, grid(ax, mdp, arrows=False))
    height, width = len(mdp.map), len(mdp.map[0])
    lowest = np.arange(width) + (height - 1) * width
    wind = height - 1 - mdp.cells[mdp.next_state[lowest, 1, 0]][:, 0]  # of a step to the right
    for x, strength in enumerate(wind.tolist()):
        if strength:
            ax.annotate(
                "", (x, height - 0.55), (x, height - 0.45 + 0.75 * strength),
                arrowprops={"arrowstyle": "->", "color": GREY, "lw": 1.0, "shrinkA": 0, "shrinkB": 0},
                annotation_clip=False,
            )  # fmt: skip
    ax.text(0, height, "wind", color=GREY, fontsize=SMALL, va="center", ha="left")


def blocking_maze(ax, changed):
    """Before and after its gap has moved."""
    grid(ax, fsq.dyna_maze("blocking", changed=changed), 0.95)


def four_rooms(ax):
    """Every third move slips."""
    grid(ax, fsq.four_rooms(), 0.99)


def frozen_lake(ax):
    """Two of three moves slip: the best actions keep away from holes."""
    grid(ax, fsq.frozen_lake())


def deep_sea(ax):
    """From the upper left, right all the way."""
    mdp = fsq.deep_sea()
    on_the_way(ax, mdp, grid(ax, mdp, arrows=False))


def taxi(ax):
    """The best way to a passenger and on to where they want to go; colours: what it is worth to be anywhere."""
    mdp = fsq.taxi()
    solution = fsq.value_iteration(mdp, 1.0)
    places, aboard, at, to = np.arange(25), 4, 2, 1

    def state(place, passenger):
        return (place * 5 + passenger) * 4 + to

    ax.imshow(solution.v[state(places, at)].reshape(5, 5), cmap=VALUE_COLOURS, zorder=0)
    for place in places:
        y, x = divmod(place, 5)
        if x < 4 and mdp.next_state[state(place, at), 2, 0] == state(place, at):  # east leads nowhere
            ax.plot([x + 0.5, x + 0.5], [y - 0.5, y + 0.5], color=INK, lw=2.5, solid_capstyle="butt", zorder=3)
    fetched = [p for p in places if mdp.next_state[state(p, at), 4, 0] != state(p, at)]  # by picking up
    set_down = [p for p in places if mdp.terminated[state(p, aboard), 5, 0]]
    for (place,), word in ((fetched, "P"), (set_down, "G")):
        y, x = divmod(int(place), 5)
        ax.text(x - 0.3, y - 0.28, word, ha="center", va="center", weight="bold", zorder=6)
    here, way = state(12, at), []
    while True:
        way.append((here // 20, here // 4 % 5 == aboard))
        action = solution.q[here].argmax()
        if mdp.terminated[here, action, 0]:
            break
        here = int(mdp.next_state[here, action, 0])
    for carrying, colour, aside in ((False, BLUE, -0.08), (True, ORANGE, 0.08)):
        y, x = np.divmod([place for place, full in way if full is carrying], 5)
        ax.plot(x + aside, y + aside, color=colour, lw=1.6, marker="o", ms=2.5, zorder=5)
    ax.add_patch(Circle((2 - 0.08, 2 - 0.08), 0.14, facecolor="white", edgecolor=BLUE, lw=1.2, zorder=6))
    ax.set(xlim=(-0.5, 4.5), ylim=(4.5, -0.5), xticks=[], yticks=[])
    ax.spines[:].set(visible=True, color=INK, linewidth=1.5)


def point_mass(ax):
    """24 episodes of the best policy."""
    mdp = fsq.point_mass()
    solution = fsq.value_iteration(mdp, 0.99)
    ways = fsq.sample_trajectories(mdp, solution.policy, 24, horizon=30, rng=1)
    fsq.plot_grid(mdp, value=solution.v, trajectories=ways, colour=BLUE, colorbar=False, ax=ax)


def mountain_car_grid(ax):
    """The number of steps to the goal, by position and velocity."""
    mdp = fsq.mountain_car_grid()
    v = fsq.value_iteration(mdp, 1.0).v
    values = np.full((101, 101), np.nan)
    values[tuple(mdp.cells.T)] = np.where(mdp.terminal, np.nan, v)
    ax.imshow(values, cmap=VALUE_COLOURS, extent=(-1.2, 0.5, -0.07, 0.07), aspect="auto")
    lines = ax.contour(values[::-1], levels=[-100, -75, -50, -25], colors=GREY, linewidths=0.7, linestyles="solid",
                       extent=(-1.2, 0.5, -0.07, 0.07))  # fmt: skip
    ax.clabel(lines, fontsize=SMALL, colors=INK, fmt=lambda value: typeset(-value))
    ax.plot(-0.5, 0, "o", mfc="none", mec=INK, ms=5)
    axes(ax, "position", "velocity", [-1.2, -0.5, 0.5], [-0.07, 0, 0.07])


def blackjack(ax, usable):
    """Values, and where to hit and where to stick (figure 5.2)."""
    solution = fsq.value_iteration(fsq.blackjack(), 1.0)
    of_hands = [
        table[:200].reshape(10, 10, 2, *table.shape[1:])[:, :, int(usable)] for table in (solution.v, solution.q)
    ]
    ax.imshow(
        of_hands[0], cmap=VALUE_COLOURS, origin="lower", extent=(0.5, 10.5, 11.5, 21.5), aspect="auto", vmin=-1, vmax=1
    )
    hits = of_hands[1][:, :, 1] > of_hands[1][:, :, 0]
    borders(ax, hits, np.arange(1, 11), np.arange(12, 22))
    for region, word in ((hits, "hit"), (~hits, "stick")):
        x, y = roomiest(region)
        ax.text(x + 1, y + 12, word, ha="center", va="center")
    axes(ax, "the dealer shows", "one’s sum", range(1, 11), range(12, 22, 3))
    ax.set_xticklabels(["A", *map(str, range(2, 11))])


def jacks_car_rental(ax):
    """How many cars are moved overnight (figure 4.2)."""
    mdp = fsq.jacks_car_rental()
    solution = fsq.value_iteration(mdp, 0.9)
    cars, most = math.isqrt(mdp.n_states), mdp.n_actions // 2
    first, second = np.indices((cars, cars))
    chosen = solution.q.round(9).argmax(axis=1).reshape(cars, cars) - most
    moved = np.clip(chosen, -second, first)  # no more than there are
    ax.imshow(moved, cmap=BOTH_WAYS, origin="lower", vmin=-most, vmax=most, aspect="equal")
    counts = np.arange(cars)
    for number in np.unique(moved):
        borders(ax, moved >= number, counts, counts, width=0.7)
        x, y = roomiest(moved == number)
        ax.text(x, y, typeset(float(number)), fontsize=SMALL, ha="center", va="center")
    axes(ax, "cars at the second", "cars at the first", [0, 10, 20], [0, 10, 20])


def inventory(ax):
    """What there is, and what is ordered besides."""
    mdp = fsq.inventory(20, demand=6.0)
    solution = fsq.value_iteration(mdp, 0.99)
    stock = np.arange(mdp.n_states)
    ordered = np.minimum(solution.q.round(9).argmax(axis=1), stock[::-1])
    ax.bar(stock, stock, color=LIGHT, width=0.8)
    ax.bar(stock, ordered, bottom=stock, color=BLUE, width=0.8)
    ax.text(0.3, stock[ordered > 0].max() + ordered[ordered > 0].min() + 1, "ordered", color=BLUE, fontsize=SMALL)
    ax.text(15.5, 5, "in stock", color=GREY, fontsize=SMALL, ha="center")
    axes(ax, "units in stock", "after the order", [0, 10, 20], [0, 10, 20])


def borders(ax, within, xs, ys, width=1.6):
    """The line around a region of cells."""
    for (i, j), inside in np.ndenumerate(within):
        if i + 1 < len(ys) and within[i + 1, j] != inside:
            ax.plot([xs[j] - 0.5, xs[j] + 0.5], [ys[i] + 0.5] * 2, color=INK, lw=width, solid_capstyle="projecting")
        if j + 1 < len(xs) and within[i, j + 1] != inside:
            ax.plot([xs[j] + 0.5] * 2, [ys[i] - 0.5, ys[i] + 0.5], color=INK, lw=width, solid_capstyle="projecting")


def roomiest(region):
    """Column and row of the cell of a region that is farthest from its border."""
    away = distance_transform_edt(np.pad(region, 1))[1:-1, 1:-1]
    farthest = np.argwhere(away == away.max())
    row, column = farthest[((farthest - farthest.mean(axis=0)) ** 2).sum(axis=1).argmin()]  # in the middle of equals
    return int(column), int(row)


def axes(ax, xlabel, ylabel, xticks, yticks):
    """Axes with few numbers."""
    ax.set_xlabel(xlabel, fontsize=SMALL + 0.5, labelpad=2)
    ax.set_ylabel(ylabel, fontsize=SMALL + 0.5, labelpad=2)
    ax.set(xticks=xticks, yticks=yticks)
    ax.tick_params(labelsize=SMALL, length=2)
    ax.spines[["left", "bottom"]].set_visible(True)


def diagram(ax, mdp, places, discount, drawn, radius):
    """States as discs in the colour of their values, outcomes as arrows as wide as they are likely."""
    v = fsq.value_iteration(mdp, discount).v
    shade = VALUE_COLOURS((v - v.min()) / (v.max() - v.min()))
    discs = [
        ax.add_patch(Circle(place, radius, facecolor=colour, edgecolor=INK, lw=0.8, zorder=3))
        for place, colour in zip(places, shade, strict=True)
    ]
    for state, action, outcome in np.argwhere(mdp.probability > 0.0).tolist():
        target, likely = int(mdp.next_state[state, action, outcome]), float(mdp.probability[state, action, outcome])
        if (bend_and_colour := drawn(state, action, target)) is None:
            continue
        bend, colour = bend_and_colour
        ends = {"posA": places[state], "posB": places[target], "patchA": discs[state], "patchB": discs[target]}
        if state == target:  # round and back, above or below
            (x, y), aside = places[state], math.copysign(radius, bend)
            ends = {"posA": (x - 0.45 * radius, y + 0.95 * aside), "posB": (x + 0.45 * radius, y + 0.95 * aside)}
            bend = -2.2 * math.copysign(1.0, bend)
        look = {"lw": 0.4 + 1.2 * likely, "color": colour, "alpha": 0.35 + 0.65 * likely, "zorder": 2}
        look |= {"arrowstyle": "-|>,head_length=2.6,head_width=1.5", "mutation_scale": 1.0}
        path = f"arc3,rad={bend}"
        ax.add_patch(FancyArrowPatch(**ends, connectionstyle=path, shrinkA=0, shrinkB=0, **look))
    ax.set(xticks=[], yticks=[], aspect="equal")


def line_of_states(ax, mdp, discount, upper, radius=0.3):
    """States in a line; what action `upper` leads to is drawn above, what the other does below."""
    places = [(float(state), 0.0) for state in range(mdp.n_states)]

    def drawn(state, action, target):
        turn = 1.0 if action == upper else -1.0
        if state == target:
            return turn, BLUE if action == upper else ORANGE
        onward = 1.0 if target > state else -1.0
        return -0.45 * turn * onward, BLUE if action == upper else ORANGE

    diagram(ax, mdp, places, discount, drawn, radius)
    ax.set(xlim=(-0.7, mdp.n_states - 0.3), ylim=(-1.9, 1.9))
    return mdp


def pays(ax, mdp, state, action, place):
    """The largest reward of an action."""
    colour = BLUE if place[1] > 0 else ORANGE
    ax.text(*place, "+" + typeset(float(mdp.reward[state, action].max())), color=colour, fontsize=SMALL + 0.5,
            ha="center", va="center")  # fmt: skip


def river_swim(ax):
    """To the right above, to the left, with the current, below."""
    mdp = line_of_states(ax, fsq.river_swim(), 0.99, upper=1)
    pays(ax, mdp, 5, 1, (5.0, 1.2))
    pays(ax, mdp, 0, 0, (0.0, -1.2))


def chain(ax):
    """On above, back below."""
    mdp = line_of_states(ax, fsq.chain(), 0.99, upper=0)
    pays(ax, mdp, 4, 0, (4.0, 1.2))
    pays(ax, mdp, 0, 1, (0.0, -1.2))


def garnet(ax):
    """Where the best actions lead."""
    mdp = fsq.garnet(20, 3, 2, seed=1)
    best = fsq.value_iteration(mdp, 0.95).q.argmax(axis=1)
    around = 2.0 * math.pi * np.arange(mdp.n_states) / mdp.n_states
    places = list(zip((5.0 * np.sin(around)).tolist(), (5.0 * np.cos(around)).tolist(), strict=True))
    diagram(ax, mdp, places, 0.95, lambda state, action, _: (0.15, BLUE) if action == best[state] else None, 0.5)
    ax.set(xlim=(-6, 6), ylim=(-6, 6))


MAPS = {
    "cliff_walking": cliff_walking,
    "windy_gridworld": windy_gridworld,
    "multi_goal(11)": multi_goal,
    'dyna_maze("blocking")': lambda ax: blocking_maze(ax, changed=False),
    "dyna_maze(…, changed=True)": lambda ax: blocking_maze(ax, changed=True),
    "four_rooms": four_rooms,
    "frozen_lake": frozen_lake,
    "deep_sea": deep_sea,
    "taxi": taxi,
}
OTHERS = {
    "mountain_car_grid": mountain_car_grid,
    "point_mass": point_mass,
    "jacks_car_rental": jacks_car_rental,
    "blackjack, no usable ace": lambda ax: blackjack(ax, usable=False),
    "blackjack, usable ace": lambda ax: blackjack(ax, usable=True),
    "inventory(20, demand=6)": inventory,
    "river_swim": river_swim,
    "chain": chain,
    "garnet(20, 3, 2, seed=1)": garnet,
}


def sheet(panels, heights, file):
    """Nine worlds on a sheet."""
    with rc_context({**STYLE, "axes.grid": False}):
        figure = Figure(figsize=(7, sum(heights)), layout="constrained")
        cells = figure.subplots(3, 3, height_ratios=heights).flat
        for ax, (title, drawn) in zip(cells, panels.items(), strict=True):
            ax.spines[:].set_visible(False)
            ax.set_anchor("NW")
            drawn(ax)
            ax.set_title(title, fontsize=9)
        save(figure, file, "svg")


def draw(folder):
    """Both sheets."""
    for name, panels, heights in (("worlds", MAPS, (2.5, 2.5, 2.5)), ("other_worlds", OTHERS, (2.6, 2.6, 2.0))):
        with (folder / f"{name}.svg").open("wb") as file:
            sheet(panels, heights, file)


if __name__ == "__main__":
    draw(ROOT / "docs" / "figures")
