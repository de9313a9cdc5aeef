"""Learning curves over steps, and ways through a plane: what is drawn is what was given."""

import io

import numpy as np
import pytest
from matplotlib.figure import Figure

from fastsoftq.figures.plane import draw_plane
from fastsoftq.figures.steps_figure import Level, StepPanel, plot_step_curves, step_curve
from fastsoftq.figures.style import save

STEPS = np.arange(1, 11) * 100


def made(label="soft", runs=12, seed=0, **more):
    values = np.random.default_rng(seed).normal(50.0, 5.0, (runs, len(STEPS))) + 0.1 * STEPS
    return values, step_curve(label, "#0064a0", STEPS, values, **more)


def test_a_curve_is_the_mean_of_its_runs_within_its_band():
    values, c = made()
    np.testing.assert_allclose(c.mean, values.mean(axis=0))
    spread = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    assert (c.high - c.mean > 2.0 * spread).all()  # wider than an interval at each point by itself
    assert (c.mean - c.low > 2.0 * spread).all()


def test_less_error_makes_a_wider_band_and_bounds_end_it():
    _, usual = made()
    _, surer = made(error=0.005)
    assert (surer.high - surer.low > usual.high - usual.low).all()
    _, bounded = made(bounds=(0.0, 200.0))
    assert bounded.high.max() <= 200.0


def test_one_run_has_no_band():
    values, c = made(runs=1)
    np.testing.assert_array_equal(c.low, c.high)
    np.testing.assert_array_equal(c.mean, values[0])


def test_panels_have_their_curves_levels_and_one_key_for_all():
    _, soft = made()
    _, hard = made("hard", seed=1)
    panels = [
        [StepPanel("Cart pole", "return", [hard, soft], [Level(120.0, "threshold")]), StepPanel("Acrobot", "", [soft])],
        [StepPanel("Cliff", "return", [hard], [Level(90.0, "exact")])],
    ]
    figure = plot_step_curves("Two seeds", panels, "A note.")
    first, second, third, empty = figure.axes
    np.testing.assert_array_equal(first.lines[0].get_ydata(), hard.mean)
    np.testing.assert_array_equal(first.lines[1].get_ydata(), soft.mean)
    assert first.lines[2].get_ydata() == [120.0, 120.0]
    assert len(first.collections) == 2
    assert [len(ax.lines) for ax in (second, third)] == [1, 2]
    assert not empty.axison
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "hard",
        "soft",
        "threshold",
        "exact, from planning",
    ]
    low, high = first.get_ylim()
    assert low < min(hard.mean.min(), soft.mean.min())
    assert high > 120.0
    picture = io.BytesIO()
    save(figure, picture, "png")
    assert len(picture.getvalue()) > 10_000


def test_an_axis_ends_where_it_is_told_to():
    _, c = made()
    low, _ = plot_step_curves("", [[StepPanel("", "", [c], least=100.0)]], "").axes[0].get_ylim()
    assert c.mean.min() < low < 100.0


def test_a_single_point_is_seen():
    c = step_curve("soft", "#0064a0", np.array([100]), np.array([[1.0], [2.0]]))
    assert plot_step_curves("", [[StepPanel("", "", [c])]], "").axes[0].lines[0].get_marker() == "o"


@pytest.mark.parametrize("walls", [0, 3])
def test_a_plane_has_its_ways_walls_and_goals(walls):
    ax = Figure().subplots()
    ways = [np.array([[0.0, 0.0], [0.0, 1.0], [0.5, 2.0]]), np.array([[0.1, 0.0], [1.0, 0.0]])]
    goals, sides = np.array([[0.0, 5.0], [5.0, 0.0]]), np.tile([-1.0, 2.0, 1.0, 2.0], (walls, 1))
    value = np.add.outer(np.arange(5.0), np.arange(5.0))
    draw_plane(ax, 7.0, goals, sides, value, ways, "#0064a0")
    drawn = [line.get_xydata().tolist() for line in ax.lines]
    assert all(way.tolist() in drawn for way in ways)
    assert drawn.count([[-1.0, 2.0], [1.0, 2.0]]) == walls
    assert drawn[-1] == goals.tolist()
    assert ax.collections  # lines of equal value
