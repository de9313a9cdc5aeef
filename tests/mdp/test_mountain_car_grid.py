"""The mountain car on a grid: steps end, on average, where the car does, and values tend to the car's."""

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.environments import step


def test_the_mean_of_where_a_step_leads_is_where_the_car_is():
    """As the environment says that learns from observations."""
    positions, velocities = 35, 29
    mdp, car = fsq.mountain_car_grid(positions, velocities), fsq.mountain_car()
    place = np.linspace(-1.2, 0.5, positions)
    speed = np.linspace(-0.07, 0.07, velocities)
    for i in range(positions - 1):
        for j in range(velocities):
            for action in range(3):
                (x, v), _, over = step(car, (float(place[i]), float(speed[j])), action, 0)
                outcomes = mdp.outcomes(i * velocities + j, action)
                mean_x = sum(o.probability * place[o.next_state // velocities] for o in outcomes)
                mean_v = sum(o.probability * speed[o.next_state % velocities] for o in outcomes)
                assert mean_x == pytest.approx(min(x, 0.5), abs=1e-9)
                assert mean_v == pytest.approx(v, abs=1e-9)
                assert all(o.reward == -1.0 for o in outcomes)
                if over:
                    assert all(o.terminated for o in outcomes)


def driven(q, points):
    """How many steps the car itself takes from -0.5 at rest, by action values interpolated between points."""
    car, state, steps, over = fsq.mountain_car(), (-0.5, 0.0), 0, False
    while not over and steps < 500:
        i, j = (state[0] + 1.2) / 1.7 * (points - 1), (state[1] + 0.07) / 0.14 * (points - 1)
        a, b = min(int(i), points - 2), min(int(j), points - 2)
        beside, above = i - a, j - b
        row = (1 - beside) * ((1 - above) * q[a * points + b] + above * q[a * points + b + 1])
        row += beside * ((1 - above) * q[(a + 1) * points + b] + above * q[(a + 1) * points + b + 1])
        state, _, over = step(car, state, int(row.argmax()), 0)
        steps += 1
    return steps


def test_values_tend_to_the_cars():
    """What the car itself earns by the values of the grid: they are nearer the finer the grid, and it gets faster."""
    off, steps = [], []
    for points in (35, 69, 103):
        mdp = fsq.mountain_car_grid(points, points)
        solution = fsq.value_iteration(mdp, 0.99)
        assert solution.converged
        bottom = round(0.7 / 1.7 * (points - 1)) * points + points // 2
        steps.append(driven(solution.q, points))
        off.append(abs(solution.v[bottom] + (1 - 0.99 ** steps[-1]) / 0.01))
    assert off[0] > off[1] > off[2]
    assert off[2] < 0.5
    assert steps[0] > steps[1] >= steps[2]
    assert steps[2] <= 104


@pytest.mark.parametrize(("points", "known"), [(51, -109.0), (101, -104.5)])
def test_values_at_rest_are_as_the_docstring_says(points, known):
    mdp = fsq.mountain_car_grid(points, points)
    v = np.zeros(mdp.n_states)
    for _ in range(1000):  # sweeps; the car has arrived by then, wherever it starts
        v = np.where(mdp.terminal, 0.0, (mdp.probability * (mdp.reward + v[mdp.next_state])).sum(axis=2).max(axis=1))
    at_rest = v.reshape(points, points)[:, points // 2]
    assert round(float(np.interp(-0.5, np.linspace(-1.2, 0.5, points), at_rest)), 1) == known


def test_the_start_is_uniform_and_at_rest():
    mdp = fsq.mountain_car_grid(171, 3)
    start = mdp.start.reshape(171, 3)
    assert (start[:, [0, 2]] == 0).all()
    place = np.linspace(-1.2, 0.5, 171)
    assert start[:, 1] @ place == pytest.approx(-0.5, abs=1e-12)
    fine = np.linspace(-0.6, -0.4, 200_001)
    hat = np.clip(1 - np.abs(fine - place[65]) / 0.01, 0, None)
    assert start[65, 1] == pytest.approx(np.trapezoid(hat, fine) / 0.2, abs=1e-9)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ((7, 9), "positions is 7; it must be at least 8"),
        ((9, 4), "velocities is 4; it must be odd"),
        ((9, 1), "velocities is 1; it must be at least 3"),
        ((2_000_000, 1_000_001), "positions is 2000000 and velocities 1000001; such a grid has 2000002000000 states"),
    ],
)
def test_too_few_or_many_points_are_refused(points, message):
    with pytest.raises(ValueError, match=message):
        fsq.mountain_car_grid(*points)
