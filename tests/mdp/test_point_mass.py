import numpy as np
import pytest
from scipy import stats

import fastsoftq as fsq

GOALS = np.array([(5, 0), (-5, 0), (0, 5), (0, -5)])


def position(mdp, state, spacing):
    row, column = mdp.cells[state]
    return np.array([column, -row]) * spacing + np.array([-7.0, 7.0])


@pytest.mark.parametrize("spacing", [1.0, 0.5])
def test_every_move_is_the_originals(spacing):
    mdp = fsq.point_mass(spacing)
    n = round(1 / spacing)
    velocities = [np.array([x, y]) * spacing for y in range(n, -n - 1, -1) for x in range(-n, n + 1)]
    rng = np.random.default_rng(0)
    for state, action in zip(rng.integers(mdp.n_states, size=300), rng.integers(mdp.n_actions, size=300), strict=True):
        here, a = position(mdp, state, spacing), velocities[action]
        if np.linalg.norm(here - GOALS, axis=1).min() < 1.0:
            assert mdp.terminal[state]
            continue
        there = np.clip(here + a, -7, 7)
        distance = np.linalg.norm(there - GOALS, axis=1).min()
        ((_, following, reward, terminated),) = mdp.outcomes(state, action)
        np.testing.assert_allclose(position(mdp, following, spacing), there, atol=1e-12)
        assert terminated == (distance < 1.0)
        assert reward == pytest.approx(-30 * a @ a - distance**2 + 10 * terminated)


def test_start_has_the_mass_of_the_normal_distribution():
    mdp = fsq.point_mass(0.25)
    normal = stats.norm(0, 0.1)
    positions = np.array([position(mdp, s, 0.25) for s in range(mdp.n_states)])
    cells = normal.cdf(positions + 0.125) - normal.cdf(positions - 0.125)
    np.testing.assert_allclose(mdp.start, cells.prod(axis=1), atol=1e-10)
    assert 9 < (mdp.start > 0).sum() < 60


def test_the_map_is_as_symmetric_as_the_square():
    mdp = fsq.point_mass()
    rows = np.array([list(row) for row in mdp.map])
    goal = np.char.isdigit(rows)
    for image in (goal.T, goal[::-1], goal[:, ::-1]):
        np.testing.assert_array_equal(goal, image)
    assert rows[14, 14] == "S"
    assert (rows[4, 14], rows[14, 24], rows[24, 14], rows[14, 4]) == ("0", "1", "2", "3")
    v = fsq.soft_value_iteration(mdp, 0.99).v.reshape(29, 29)
    np.testing.assert_allclose(v, v.T, atol=1e-9)
    np.testing.assert_allclose(v, v[::-1], atol=1e-9)


def test_the_reward_of_a_step_makes_finer_lattices_agree():
    """With the entropy of the lattice taken off, soft values of coarse and fine lattices come close to each other."""
    values = {}
    for spacing in (0.5, 0.25):
        mdp = fsq.point_mass(spacing, step_reward=2 * np.log(spacing) / 0.1)
        assert mdp.reward[mdp.start.argmax(), mdp.n_actions // 2, 0] == pytest.approx(-25 + 20 * np.log(spacing))
        assert (mdp.reward[mdp.terminal] == 0).all()
        values[spacing] = mdp.start @ fsq.soft_value_iteration(mdp, 0.99, reward_scale=0.1).v
    assert abs(values[0.5] - values[0.25]) < 0.3
    plain = fsq.soft_value_iteration(fsq.point_mass(), 0.99, reward_scale=0.1).v
    assert abs(plain[fsq.point_mass().start.argmax()] - values[0.5]) > 3.0


@pytest.mark.parametrize("spacing", [0.3, 2.0, 0.0, -0.5])
def test_bad_spacing(spacing):
    with pytest.raises(ValueError, match="spacing is"):
        fsq.point_mass(spacing)
