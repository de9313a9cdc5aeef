"""The point mass in continuous space: the original's costs, walls that hold, no direction better than another."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastsoftq as fsq
from fastsoftq.environments import describe, reset, step
from fastsoftq.kernels.random import seed
from tests.environments.playing import seen

WORLDS = ("open", "hallway", "u_maze")
INSIDE = st.floats(-7, 7)


def blocked(here, there, wall):
    """Whether a straight way meets a wall, in fractions."""
    (x, y), (u, v) = (tuple(map(Fraction, place)) for place in (here, there))
    x_0, y_0, x_1, y_1 = map(Fraction, wall)
    if y_0 == y_1:  # turned by a right angle
        x, y, u, v, x_0, y_0, x_1, y_1 = y, x, v, u, y_0, x_0, y_1, x_1
    before, after = x - x_0, u - x_0
    if before * after > 0 or before == after:
        return False
    met = y + (v - y) * before / (before - after)
    return y_0 <= met <= y_1


@pytest.mark.parametrize("world", WORLDS)
@given(INSIDE, INSIDE, st.integers(0, 23))
def test_no_step_passes_through_a_wall_or_out_of_the_box(world, x, y, action):
    environment = fsq.multi_goal_point_mass(world, directions=8, lengths=3)
    if any(
        blocked((x, y), (x, y), wall) or x == wall[0] == wall[2] or y == wall[1] == wall[3]
        for wall in environment.walls
    ):
        return
    there, _, _ = step(environment, (x, y), action, 0)
    assert abs(there[0]) <= 7
    assert abs(there[1]) <= 7
    assert not any(blocked((x, y), there, wall) for wall in environment.walls)
    free = (min(max(x + environment.moves[action, 0], -7), 7), min(max(y + environment.moves[action, 1], -7), 7))
    if not any(blocked((x, y), free, wall * (1 + 1e-8)) for wall in environment.walls):
        assert there == free or world != "open"
        assert there in (free, (x, y))
    if world == "open":
        assert there == free


def test_nobody_leaves_a_hallway_or_a_u_but_by_its_opening():
    rng = np.random.default_rng(0)
    for world in ("hallway", "u_maze"):
        environment = fsq.multi_goal_point_mass(world, directions=8, lengths=2)
        state, moved = reset(environment, 0), 0
        for t in range(20_000):
            before = state
            state, _, terminated = step(environment, state, int(rng.integers(16)), t)
            moved += state != before
            if world == "hallway":
                assert abs(state[1]) < 1.5
            elif max(map(abs, before)) < 2.5:
                assert max(map(abs, state)) < 2.5 or state[1] > 2.5 or before[1] + 1.0 > 2.5
            if terminated:
                state = reset(environment, t)
        assert moved > 10_000


def test_the_reward_is_the_originals():
    rng = np.random.default_rng(1)
    environment = fsq.multi_goal_point_mass(lengths=2, step_reward=0.25)
    for _ in range(500):
        state, action = tuple(rng.uniform(-7, 7, 2).tolist()), int(rng.integers(32))
        there, reward, terminated = step(environment, state, action, 0)
        nearest = min(math.dist(there, goal) ** 2 for goal in ((0, 5), (5, 0), (0, -5), (-5, 0)))
        length = (action // 16 + 1) / 2
        assert terminated == (nearest < 1)
        assert reward == pytest.approx(0.25 - 30 * length**2 - nearest + 10 * terminated, abs=1e-9)


def test_it_agrees_with_the_lattice():
    """Where both take the same move from the same place they pay the same."""
    lattice, environment = fsq.point_mass(0.5), fsq.multi_goal_point_mass(directions=4, lengths=2)
    position = lattice.cells[:, ::-1] * np.array([0.5, -0.5]) + np.array([-7.0, 7.0])
    vectors = [(x / 2, y / 2) for y in (2, 1, 0, -1, -2) for x in (-2, -1, 0, 1, 2)]
    for state in np.flatnonzero(~lattice.terminal)[::7]:
        for action, move in enumerate(environment.moves):
            there, reward, terminated = step(environment, tuple(position[state].tolist()), action, 0)
            outcome = lattice.outcomes(state, vectors.index(tuple(move.tolist())))[0]
            assert there == tuple(position[outcome.next_state])
            assert (reward, terminated) == (outcome.reward, outcome.terminated)


@pytest.mark.parametrize("directions", [4, 8, 12, 16, 20])
def test_a_quarter_turn_changes_nothing(directions):
    environment = fsq.multi_goal_point_mass(directions=directions, lengths=2)
    quarter = directions // 4
    rng = np.random.default_rng(2)
    for _ in range(200):
        x, y = rng.uniform(-7, 7, 2).tolist()
        length, direction = int(rng.integers(2)), int(rng.integers(directions))
        (a, b), reward, terminated = step(environment, (x, y), length * directions + direction, 0)
        turned = step(environment, (y, -x), length * directions + (direction + quarter) % directions, 0)
        assert turned == ((b, -a), pytest.approx(reward, rel=1e-15), terminated)
    assert np.unique(np.abs(environment.moves), axis=0).shape[0] <= 2 * (quarter + 1)
    np.testing.assert_allclose(np.hypot(*environment.moves.T), np.repeat([0.5, 1.0], directions), rtol=4e-16)


def test_directions_are_those_of_multi_goal():
    assert fsq.multi_goal_point_mass(directions=4).moves.tolist() == [[0, 1], [1, 0], [0, -1], [-1, 0]]
    for k, (x, y) in enumerate(fsq.multi_goal_point_mass(directions=7).moves):
        assert (x, y) == pytest.approx((math.sin(2 * math.pi * k / 7), math.cos(2 * math.pi * k / 7)), abs=1e-15)


def test_starts_are_normal():
    starts = np.array([reset(fsq.multi_goal_point_mass(), seed(n)) for n in range(20_000)]) / 0.1
    from scipy import stats

    for each in (starts[:, 0], starts[:, 1], (starts[:, 0] + starts[:, 1]) / math.sqrt(2)):
        assert stats.kstest(each, "norm").pvalue > 1e-3
    assert reset(fsq.multi_goal_point_mass(start_deviation=0), 5) == (0.0, 0.0)


def test_closed_goals_are_not_there():
    environment = fsq.multi_goal_point_mass(closed=[0, 1, 3])
    there, reward, terminated = step(environment, (0.0, 4.0), 0, 0)
    assert (there, terminated) == ((0.0, 5.0), False)
    assert reward == -30 - 100
    assert step(environment, (0.0, -3.5), 8, 0)[2]


def test_scaled_observations_are_within_one():
    environment = fsq.multi_goal_point_mass(scaled=True)
    assert seen(environment, (7.0, -3.5)).tolist() == [1.0, -0.5]
    assert seen(environment._replace(scaled=False), (7.0, -3.5)).tolist() == [7.0, -3.5]
    assert describe(environment) == (16, (2,), 30)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"world": "maze"}, ValueError, "world is 'maze'; did you mean 'u_maze'"),
        ({"directions": 2}, ValueError, "directions is 2; it must be at least 3"),
        ({"directions": 600, "lengths": 2}, ValueError, "lengths is 2; it must be at most 1"),
        ({"closed": 3}, TypeError, "closed is 3; it must be a collection of goals"),
        ({"closed": [4]}, ValueError, r"closed is 4; it must lie in 0..3"),
        ({"closed": [0, 1, 2, 3]}, ValueError, r"closed is \[0, 1, 2, 3\]; one of the goals \[0, 1, 2, 3\] must stay"),
        ({"world": "hallway", "closed": [1, 3]}, ValueError, r"one of the goals \[1, 3\] must stay open"),
        ({"start_deviation": 1.0}, ValueError, r"start_deviation is 1.0; it must lie in \[0, 0.15\]"),
        ({"goal_reward": 1e200}, ValueError, "goal_reward is 1e"),
    ],
)
def test_bad_options_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        fsq.multi_goal_point_mass(**options)
