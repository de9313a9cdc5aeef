"""Draw docs/figures/environments.svg and .png: a picture of each environment, of an episode's states.

python docs/environment_pictures.py           draws them
python docs/environment_pictures.py --speed   prints how long a step takes, for the table in docs/environments.md
"""

import math
import sys
import time
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import fastsoftq as fsq  # noqa: E402
from fastsoftq.environments import describe, observe, reset, step  # noqa: E402
from fastsoftq.figures.colours import GREY, INK  # noqa: E402
from fastsoftq.figures.style import STYLE, save  # noqa: E402
from fastsoftq.kernels.jit import compiled  # noqa: E402
from fastsoftq.kernels.random import advance, integer, seed  # noqa: E402

BLUE, ORANGE, GREEN, PALE, LIGHT = "#0064a0", "#d55e00", "#009e73", "#8cc8ef", "#dcdcdc"
WORLDS = ("open", "hallway", "u_maze")


def played(environment, policy, number, steps):
    """The states of an episode."""
    key = seed(number)
    states = [reset(environment, key)]
    for _ in range(steps):
        key = advance(key)
        state, _, terminated = step(environment, states[-1], policy(states[-1], key), key)
        states.append(state)
        if terminated:
            break
    return states


def cart_pole(ax):
    """Three places and angles."""
    for (x, _, theta, _), shade in zip(
        [(-1.3, 0, 0.2, 0), (0.0, 0, 0.0, 0), (1.3, 0, -0.12, 0)], (PALE, BLUE, PALE), strict=True
    ):
        ax.add_patch(Rectangle((x - 0.25, -0.12), 0.5, 0.24, color=shade, zorder=2))
        ax.plot([x, x + math.sin(theta)], [0, math.cos(theta)], color=ORANGE, lw=3, solid_capstyle="round", zorder=3)
    ax.plot([-2.4, 2.4], [-0.12, -0.12], color=GREY, lw=1)
    for end in (-2.4, 2.4):
        ax.plot([end, end], [-0.3, 0.2], color=INK, lw=1.5)
    ax.set(xlim=(-2.7, 2.7), ylim=(-0.5, 1.3))


def mountain_car(ax):
    """Swinging up by always pushing the way it goes."""
    environment = fsq.mountain_car()
    x = np.linspace(-1.2, 0.6, 200)
    ax.plot(x, np.sin(3 * x), color=INK, lw=1.5)
    states = played(environment, lambda state, key: 2 if state[1] >= 0 else 0, 3, 200)[::6]
    for i, (place, _) in enumerate(states):
        ax.plot(place, math.sin(3 * place) + 0.07, "o", ms=5, color=BLUE, alpha=0.25 + 0.7 * i / len(states))
    ax.plot([0.5, 0.5], [math.sin(1.5), math.sin(1.5) + 0.35], color=GREEN, lw=2)
    ax.set(xlim=(-1.3, 0.7), ylim=(-1.15, 1.5))


def acrobot(ax):
    """The last steps before the tip is up."""
    environment = fsq.acrobot()
    states = played(environment, lambda state, key: 2 if state[3] >= 0 else 0, 1, 500)[-9:]
    for i, (first, second, _, _) in enumerate(states):
        elbow = (math.sin(first), -math.cos(first))
        tip = (elbow[0] + math.sin(first + second), elbow[1] - math.cos(first + second))
        shade = 0.15 + 0.85 * (i + 1) / len(states)
        ax.plot([0, elbow[0]], [0, elbow[1]], color=BLUE, lw=2.5, alpha=shade, solid_capstyle="round")
        ax.plot([elbow[0], tip[0]], [elbow[1], tip[1]], color=ORANGE, lw=2.5, alpha=shade, solid_capstyle="round")
    ax.plot([-2.2, 2.2], [1, 1], color=GREEN, lw=1.5, ls="--")
    ax.plot(0, 0, "o", color=INK, ms=4)
    ax.set(xlim=(-2.3, 2.3), ylim=(-2.3, 2.3))


def pendulum(ax):
    """Swinging up."""
    states = played(fsq.pendulum(), lambda state, key: 4 if state[1] >= 0 else 0, 5, 36)[::3]
    for i, (theta, _) in enumerate(states):
        shade = 0.15 + 0.85 * (i + 1) / len(states)
        ax.plot([0, math.sin(theta)], [0, math.cos(theta)], color=BLUE, lw=3, alpha=shade, solid_capstyle="round")
    ax.plot(0, 0, "o", color=INK, ms=4)
    ax.set(xlim=(-1.3, 1.3), ylim=(-1.3, 1.3))


def point_mass(ax, world):
    """Walls, goals, lines of equal cost, and eight wandering episodes."""
    environment = fsq.multi_goal_point_mass(world, directions=16)
    x = np.linspace(-7, 7, 71)
    squares = ((np.stack(np.meshgrid(x, x), -1)[:, :, None] - environment.goals) ** 2).sum(-1).min(-1)
    ax.contour(x, x, -squares, levels=[-64, -36, -16, -9, -4, -1], colors=LIGHT, linewidths=0.8, linestyles="solid")
    for goal in environment.goals:
        ax.add_patch(Circle(goal, 1.0, color=GREEN, alpha=0.5, lw=0))
    for x_0, y_0, x_1, y_1 in environment.walls:
        ax.plot([x_0, x_1], [y_0, y_1], color=INK, lw=2.5, solid_capstyle="projecting")
    for number in range(8):
        heading = 2 * number
        wandering = played(environment, lambda _, key, h=heading: (h + int(integer(key, 5)[1]) - 2) % 16, number, 30)
        ax.plot(*np.array(wandering).T, color=BLUE, lw=1, marker="o", ms=2, alpha=0.8)
    ax.set(xlim=(-7.1, 7.1), ylim=(-7.1, 7.1))


def picture(ax, environment, state, shades):
    """What a network is given of a state, a colour for each channel."""
    shape = describe(environment).shape
    out = np.empty(int(np.prod(shape)), np.float32)
    observe(environment, state, out)
    drawn = np.full((*shape[1:], 3), 0.97)
    for channel, shade in zip(out.reshape(shape), shades, strict=True):
        drawn[channel > 0] = [int(shade[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    ax.imshow(drawn, interpolation="nearest")
    ax.set_xticks(np.arange(-0.5, shape[2]), labels=[])
    ax.set_yticks(np.arange(-0.5, shape[1]), labels=[])
    ax.grid(visible=True, color="white", lw=1)


def breakout(ax):
    """Some bricks are gone."""

    def follow(state, key):
        return 1 if state[6] > state[0] else 2 if state[6] < state[0] else 0

    environment = fsq.breakout(sticky=0.0)
    picture(ax, environment, played(environment, follow, 2, 300)[188], (BLUE, ORANGE, "#f3c9ab", "#4d4d4d"))


def catch(ax):
    """The ball is half-way down."""
    environment = fsq.catch()
    picture(ax, environment, played(environment, lambda state, key: 1, 4, 5)[-1], (ORANGE, BLUE))


def cliff(ax):
    """A tabular world as a network sees it."""
    environment = fsq.observed(fsq.cliff_walking(), "picture")
    picture(ax, environment, 18, (BLUE, INK, GREEN, "#e3b9a0"))


def draw():
    """All of them on one sheet."""
    panels = {
        "cart_pole": cart_pole,
        "mountain_car": mountain_car,
        "acrobot": acrobot,
        "pendulum": pendulum,
        **{f'multi_goal_point_mass("{world}")': lambda ax, w=world: point_mass(ax, w) for world in WORLDS},
        "breakout": breakout,
        "catch": catch,
        'observed(..., "picture")': cliff,
    }
    with rc_context({**STYLE, "axes.grid": False}):
        figure = Figure(figsize=(11, 5.2), layout="constrained")
        axes = figure.subplots(2, 5)
        for ax, (title, drawn) in zip(axes.flat, panels.items(), strict=True):
            ax.set_title(title, fontsize=8.5)
            ax.set(xticks=[], yticks=[], aspect="auto" if drawn in (cart_pole, mountain_car) else "equal")
            ax.spines[:].set_visible(False)
            drawn(ax)
            ax.tick_params(length=0)
        for kind in ("svg", "png"):
            with (ROOT / "docs" / "figures" / f"environments.{kind}").open("wb") as file:
                save(figure, file, kind)


@compiled
def walk(environment, n_actions, steps, out):
    """Play at random; the observation of every state is written."""
    key = seed(1)
    state = reset(environment, key)
    total = 0.0
    for _ in range(steps):
        key, action = integer(key, n_actions)
        state, reward, terminated = step(environment, state, action, key)
        total += reward
        if terminated:
            state = reset(environment, key)
        observe(environment, state, out)
    return total


def speed(steps=1_000_000):
    """Nanoseconds a step, the least of three; of a Gymnasium environment played from Python too."""
    for title, environment in {
        "`cart_pole`": fsq.cart_pole(),
        "`mountain_car`": fsq.mountain_car(),
        "`acrobot`": fsq.acrobot(),
        "`pendulum`": fsq.pendulum(),
        "`multi_goal_point_mass`": fsq.multi_goal_point_mass(),
        "`breakout`": fsq.breakout(),
        "`catch`": fsq.catch(),
        "cliff walking, one-hot": fsq.observed(fsq.cliff_walking()),
        "cliff walking, picture": fsq.observed(fsq.cliff_walking(), "picture"),
    }.items():
        described = describe(environment)
        out = np.empty(int(np.prod(described.shape)), np.float32)
        walk(environment, described.n_actions, 1, out)
        taken = []
        for _ in range(3):
            begun = time.perf_counter()
            walk(environment, described.n_actions, steps, out)
            taken.append(time.perf_counter() - begun)
        print(f"| {title} | {min(taken) / steps * 1e9:.0f} |")
    game = fsq.gymnasium_environment("CartPole-v1").play()
    game.reset(0)
    begun = time.perf_counter()
    for t in range(20_000):
        _, _, terminated, truncated = game.step(t % 2)
        if terminated or truncated:
            game.reset()
    print(f'| `gymnasium_environment("CartPole-v1")` | {(time.perf_counter() - begun) / 20_000 * 1e9:.0f} |')


if __name__ == "__main__":
    speed() if "--speed" in sys.argv[1:] else draw()
