import sys

import matplotlib
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LogNorm, to_rgba
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib.quiver import Quiver

import fastsoftq as fsq
from fastsoftq.figures.grid_world import GOAL_COLOURS


@pytest.fixture(scope="module")
def room():
    return fsq.multi_goal(9, walls="u-maze")


@pytest.fixture(scope="module")
def solution(room):
    return fsq.soft_value_iteration(room, 0.95, reward_scale=3.0)


def of_kind(ax, kind):
    return [artist for artist in ax.get_children() if isinstance(artist, kind)]


def state_at(mdp, row, column):
    return int(np.flatnonzero((mdp.cells == (row, column)).all(axis=1))[0])


def test_the_map_alone(room):
    ax = fsq.plot_grid(room)
    (image,) = ax.images
    cells = image.get_array()
    assert cells.shape == (9, 9, 4)
    for row, line in enumerate(room.map):
        for column, mark in enumerate(line):
            colour = to_rgba(GOAL_COLOURS[int(mark)]) if mark.isdigit() else cells[row, column]
            assert tuple(cells[row, column]) == pytest.approx(colour)
    wall, floor = cells[4, 2], cells[0, 0]
    assert (cells[np.array([list(line) for line in room.map]) == "#"] == wall).all()
    assert wall[:3].max() < 0.5 < floor[:3].min()
    assert sorted(text.get_text() for text in ax.texts) == ["0", "1", "2", "3"]
    (ring,) = of_kind(ax, Circle)
    assert ring.center == (4, 4)
    assert ax.get_ylim() == (8.5, -0.5)
    assert not of_kind(ax, Quiver)


def test_values_lie_where_their_states_do(room, solution):
    ax = fsq.plot_grid(room, value=solution.v, title="soft")
    _, image = ax.images
    drawn = image.get_array()
    for state, (row, column) in enumerate(room.cells):
        if room.terminal[state]:
            assert drawn.mask[row, column]
        else:
            assert drawn[row, column] == solution.v[state]
    assert drawn.mask.sum() == 81 - room.n_states + 4
    assert image.get_clim() == (solution.v[~room.terminal].min(), solution.v[~room.terminal].max())
    assert ax.get_title("left") == "soft"
    assert [bar.get_ylabel() for bar in ax.child_axes] == ["value"]


def test_arrows_are_as_long_as_actions_are_likely(room, solution):
    (arrows,) = of_kind(fsq.plot_grid(room, policy=solution.policy), Quiver)
    shown = (solution.policy >= 0.02) & ~room.terminal[:, None]
    assert shown.sum() == arrows.N
    np.testing.assert_allclose(np.hypot(arrows.U, arrows.V) / 0.4, solution.policy[shown])
    up = np.flatnonzero(np.nonzero(shown)[1] == 0)
    np.testing.assert_allclose(arrows.U[up], 0.0)
    assert (arrows.V[up] < 0).all()


@pytest.mark.parametrize(
    ("mdp", "moves"),
    [
        (fsq.cliff_walking(slippery=True), [(-1, 0), (0, 1), (1, 0), (0, -1)]),
        (fsq.point_mass(1.0), [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1)]),
        (fsq.windy_gridworld(), [(-1, 0), (0, 1), (1, 0), (0, -1)]),
        (fsq.windy_gridworld(stochastic=True), [(-1, 0), (0, 1), (1, 0), (0, -1)]),
        (fsq.dyna_maze(), [(-1, 0), (0, 1), (1, 0), (0, -1)]),
        ("FrozenLake-v1", [(0, -1), (1, 0), (0, 1), (-1, 0)]),
    ],
)
def test_directions_are_read_off_the_dynamics(mdp, moves):
    if isinstance(mdp, str):
        pytest.importorskip("gymnasium")
        mdp = fsq.from_gymnasium(mdp, map_name="8x8")
    here = int(np.argmax(mdp.start))
    for action, (down, right) in enumerate(moves):
        policy = np.full((mdp.n_states, mdp.n_actions), 0.0)
        policy[:, action] = 1.0
        (arrows,) = of_kind(fsq.plot_grid(mdp, policy=policy), Quiver)
        at = np.count_nonzero(~mdp.terminal[:here] & (np.arange(here) < here))
        expected = 0.4 * np.array([right, down]) / max(1.0, np.hypot(right, down))
        np.testing.assert_allclose([arrows.U[at], arrows.V[at]], expected, atol=1e-12)


def test_the_ring_of_the_start_is_smaller_than_arrows_and_crosses_none(room, solution):
    """Seen from the middle of the start's cell, the ring ends where arrows begin; without arrows it may be larger."""
    ax = fsq.plot_grid(room, policy=solution.policy)
    (ring,), (arrows,) = of_kind(ax, Circle), of_kind(ax, Quiver)
    cell = ax.transData.transform([(0.0, 0.0), (1.0, 0.0)])
    width = ring.get_linewidth() / 72.0 * ax.figure.dpi / (cell[1, 0] - cell[0, 0])
    away = arrows.get_offsets() - ring.center
    here = np.abs(away).max(axis=1) < 0.5
    assert here.sum() == (solution.policy[state_at(room, 4, 4)] >= 0.02).sum()
    begins = np.hypot(*away[here].T)
    ends = np.hypot(away[here, 0] + arrows.U[here], away[here, 1] - -arrows.V[here])
    assert ring.radius + width / 2.0 <= begins.min() + 0.01
    assert 2.0 * ring.radius < 0.4 * solution.policy.max()
    assert ends.max() < 0.5  # arrows stay in their cells
    (alone,) = of_kind(fsq.plot_grid(room), Circle)
    assert ring.radius < alone.radius < 0.5


def test_nobody_stands_on_the_cliff():
    mdp = fsq.cliff_walking()
    solution = fsq.value_iteration(mdp, 0.95)
    ax = fsq.plot_grid(mdp, value=solution.v, policy=solution.policy)
    assert ax.images[1].get_array().mask[3].tolist() == [False, *[True] * 11]
    (arrows,) = of_kind(ax, Quiver)
    assert (solution.policy[:37] >= 0.02).sum() == arrows.N


def test_occupancy_as_heat(room, solution):
    stays = fsq.occupancy(room, solution.policy)
    ax = fsq.plot_grid(room, occupancy=stays, colorbar=False)
    image = ax.images[1]
    assert isinstance(image.norm, LogNorm)
    assert image.get_array()[4, 4] == stays.visits[state_at(room, 4, 4)] == image.get_clim()[1]
    assert not ax.child_axes
    same = fsq.plot_grid(room, occupancy=stays.visits, limits=(0.01, 2.0))
    assert same.images[1].get_clim() == (0.01, 2.0)
    nowhere = fsq.plot_grid(room, occupancy=np.zeros(room.n_states))
    assert nowhere.images[1].get_clim() == (1e-3, 1.0)


def test_trajectories_as_lines(room, solution):
    sampled = fsq.sample_trajectories(room, solution.policy, 7, horizon=100, rng=0)
    ax = fsq.plot_grid(room, trajectories=sampled)
    lines = of_kind(ax, LineCollection)[-1]
    paths = lines.get_segments()
    assert len(paths) == 7
    for path, states, length in zip(paths, sampled.states, sampled.lengths, strict=True):
        assert len(path) == length + 1
        apart = path - room.cells[states[: length + 1]][:, ::-1]
        np.testing.assert_allclose(apart, apart[:1].repeat(length + 1, axis=0), atol=1e-12)
        assert (np.abs(apart) <= 0.25).all()


def test_contours(room, solution):
    ax = fsq.plot_grid(room, value=solution.v, contours=6)
    (lines,) = of_kind(ax, ContourSet)
    assert len(lines.levels) == 6
    assert len(ax.images) == 1


@pytest.mark.parametrize("value", [2.0, -np.inf])
def test_values_that_are_all_the_same_have_no_contours(room, value):
    ax = fsq.plot_grid(room, value=np.full(room.n_states, value), contours=3)
    assert [child for child in ax.get_children() if isinstance(child, ContourSet)] == []


def test_goals_of_several_cells_are_labelled_once():
    assert sorted(text.get_text() for text in fsq.plot_grid(fsq.point_mass()).texts) == ["0", "1", "2", "3"]


def test_draws_where_told_and_touches_nothing_else(room, solution):
    before = dict(matplotlib.rcParams)
    figure = Figure()
    left, right = figure.subplots(1, 2)
    assert fsq.plot_grid(room, value=solution.v, policy=solution.policy, ax=right) is right
    assert not left.images
    assert dict(matplotlib.rcParams) == before
    if "matplotlib.pyplot" in sys.modules:
        assert not sys.modules["matplotlib.pyplot"].get_fignums()
    own = fsq.plot_grid(room)
    assert isinstance(own, Axes)
    assert own.figure.axes == [own]
    figure.draw_without_rendering()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"value": np.zeros(3)}, r"value has shape \(3,\)"),
        ({"value": np.zeros(68), "occupancy": np.zeros(68)}, "value and occupancy are both given"),
        ({"occupancy": -np.ones(68)}, r"occupancy includes -1\.0"),
        ({"policy": np.ones((68, 4))}, "policy.* sums to 4"),
        ({"policy": np.full((2, 68, 4), 0.25)}, "must be that of one step"),
        ({"contours": 5}, "contours is 5; they need a value"),
        ({"limits": (2, 1)}, r"limits is \(2, 1\)"),
        ({"value": np.zeros(68), "limits": (0, 1e308)}, r"limits\[1\] is 1e\+308; it must be within ±1e\+100"),
        ({"occupancy": np.ones(68), "limits": (0, 1)}, r"limits\[0\] is 0\.0; of occupancies"),
    ],
)
def test_bad_input(room, arguments, message):
    assert room.n_states == 68
    with pytest.raises(ValueError, match=message):
        fsq.plot_grid(room, **arguments)


def test_wrong_kinds(room):
    with pytest.raises(TypeError, match="mdp is 'room'"):
        fsq.plot_grid("room")
    with pytest.raises(TypeError, match="trajectories is"):
        fsq.plot_grid(room, trajectories=np.zeros((3, 4), int))
    with pytest.raises(TypeError, match="value has dtype"):
        fsq.plot_grid(room, value=["high"] * room.n_states)


def test_a_world_without_a_map():
    coin = fsq.TabularMDP(next_state=[[0]], reward=[[1.0]], terminated=[[True]])
    with pytest.raises(ValueError, match="has no map"):
        fsq.plot_grid(coin)


@pytest.mark.parametrize("value", [0.0, np.nan, -np.inf])
def test_values_that_are_all_the_same_or_unknown_have_no_contours(room, value):
    ax = fsq.plot_grid(room, value=np.full(room.n_states, value), contours=4)
    assert not [child for child in ax.get_children() if isinstance(child, ContourSet)]


def test_contours_need_two_rows_and_columns():
    with pytest.raises(ValueError, match="contours is 4; they need a map of two rows and two columns at least"):
        fsq.plot_grid(fsq.from_map("S..G"), value=np.zeros(4), contours=4)


@pytest.mark.parametrize("rows", ["S" + "." * 200 + "G", ["S", *["."] * 60, "G"]])
def test_long_and_narrow_maps_have_room_for_their_frame(rows):
    mdp = fsq.from_map(rows)
    ax = fsq.plot_grid(mdp, value=np.arange(mdp.n_states, dtype=float), title="corridor")
    ax.figure.draw_without_rendering()  # Matplotlib warns where there is none
