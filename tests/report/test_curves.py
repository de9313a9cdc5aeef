import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsoftq.report.curves import Panel, _label, curve, episode_blocks, in_doubt, plot_learning_curves, within_reach


@given(st.integers(1, 5000))
def test_blocks_part_the_episodes_and_the_first_ones_stand_alone(n_episodes):
    edges = episode_blocks(n_episodes)
    sizes = np.diff(edges)
    assert edges[0] == 0
    assert edges[-1] == n_episodes
    assert (sizes > 0).all()
    assert (sizes[:9] == 1).all()
    assert sizes[-1] >= sizes.max() / 3  # none at the end that would be all noise


def test_a_curve_is_the_mean_over_runs_and_the_episodes_of_each_block():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(40, 200))
    edges = episode_blocks(200)
    c = curve("a", "#000000", values)
    for i, (start, stop) in enumerate(itertools.pairwise(edges)):
        assert c.mean[i] == pytest.approx(values[:, start:stop].mean())
        assert c.median[i] == np.median(values[:, start:stop])
        assert c.episode[i] == pytest.approx(np.arange(start + 1, stop + 1).mean())
    assert (c.low < c.mean).all()
    assert (c.mean < c.high).all()
    assert c.exact is None
    assert c.meets is None


def test_a_curve_meets_the_exact_answer_where_it_comes_to_stay():
    rng = np.random.default_rng(2)
    exact = np.full(300, -20.0)
    level = np.where(np.arange(300) < 60, -100.0, -20.0)
    level[5:8] = -20.0  # crosses it on the way
    c = curve("a", "#000000", level + 0.5 * rng.normal(size=(50, 300)), exact)
    assert 55 <= c.meets <= 70
    assert curve("b", "#000000", -100.0 + rng.normal(size=(50, 300)), exact).meets is None
    assert curve("c", "#000000", -20.0 + 0.5 * rng.normal(size=(50, 300)), exact).meets == 1


@pytest.mark.parametrize(("runs", "off"), [(8, 0.1), (8, 0.15), (30, 0.08), (200, 0.06), (400, -0.07)])
def test_means_that_are_off_agree_in_hardly_any_report(runs, off):
    """Of 100 at a level of 95 % as many as 12 would be one in a thousand; and where means are right they agree."""
    rng = np.random.default_rng(runs)
    exact = np.full(60, -50.0)
    reports = 100 if runs < 100 else 25
    wrong = [curve("a", "#000000", (1 + off) * exact + rng.normal(0.0, 8.0, (runs, 60)), exact) for _ in range(reports)]
    assert sum(c.meets is not None for c in wrong) <= 11
    right = curve("a", "#000000", exact + rng.normal(0.0, 8.0, (400, 60)), exact)
    assert right.meets == 1


def test_what_agrees_has_its_band_within_five_per_cent_from_there_on():
    rng = np.random.default_rng(5)
    exact = -20.0 - 30.0 * np.exp(-np.arange(300) / 50.0)
    c = curve("a", "#000000", exact - 80.0 * np.exp(-np.arange(300) / 9.0) + rng.normal(size=(40, 300)), exact)
    first = int(np.flatnonzero(episode_blocks(300) == c.meets - 1)[0])
    near = (np.maximum(np.abs(c.low - c.exact), np.abs(c.high - c.exact)) <= 0.05 * np.abs(c.exact)).tolist()
    assert all(near[first:])
    assert not near[first - 1]


def test_nearly_all_runs_alike_agree_with_nothing_and_their_bands_are_in_doubt():
    exact = np.full(20, -100.0)
    same = np.full((60, 20), -100.0)
    few = same.copy()
    few[:9, 7] = -101.0
    for values in (same, few):
        c = curve("a", "#000000", values, exact)
        assert c.alike.any()
        assert c.meets is None
        assert in_doubt([c]) == "; where nearly all runs are alike, as somewhere of a, they know of no rarer ones"
    c = curve("a", "#000000", -100.0 + np.random.default_rng(0).normal(size=(60, 20)), exact)
    assert not c.alike.any()
    assert in_doubt([c]) == ""
    assert in_doubt([curve("a", "#000000", np.arange(20.0).reshape(10, 2))]) == (
        "; they are rough with fewer than about 50 seeds"
    )


def test_a_band_for_less_error_is_wider():
    values = np.random.default_rng(0).normal(size=(40, 30))
    usual, careful = (curve("a", "#000000", values, error=error) for error in (0.05, 0.001))
    assert (careful.low < usual.low).all()
    assert (careful.high > usual.high).all()


def test_a_figure_has_a_panel_for_each_and_names_that_keep_clear_of_each_other():
    rng = np.random.default_rng(3)
    curves = [
        curve(f"agent {i}", "#336699", -50.0 - i + rng.normal(size=(10, 30)), np.full(30, -50.0 - i)) for i in range(4)
    ]
    figure = plot_learning_curves(
        "Title", [[Panel("left", "return", curves), Panel("right", "return", curves)]], "note"
    )
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["left", "right"]
    for ax in figure.axes:
        names = [text for text in ax.texts if text.get_text().startswith("agent")]
        assert sorted(text.get_text() for text in names) == [c.label for c in curves]
        boxes = sorted((text.get_window_extent().y0, text.get_window_extent().y1) for text in names)
        assert all(below[1] <= above[0] for below, above in itertools.pairwise(boxes))


def test_names_far_apart_stand_where_their_curves_end():
    curves = [curve(f"agent {i}", "#336699", np.full((2, 30), -(10.0**i))) for i in (1, 2, 3)]
    figure = plot_learning_curves("Title", [[Panel("", "return", curves)]], "")
    (ax,) = figure.axes
    before = len(ax.texts)
    _label(ax, curves)
    for text, c in zip(sorted(ax.texts[before:], key=lambda t: t.get_position()[1], reverse=True), curves, strict=True):
        assert text.get_text() == c.label
        end = ax.transAxes.inverted().transform(ax.transData.transform((1.0, c.mean[-1])))[1]
        assert text.get_position()[1] == pytest.approx(end)


def test_a_mean_that_is_hardly_known_agrees_with_nothing():
    rng = np.random.default_rng(4)
    exact = np.full(40, -20.0)
    assert curve("a", "#000000", -20.0 + rng.normal(0.0, 30.0, (5, 40)), exact).meets is None
    assert curve("a", "#000000", -20.0 + rng.normal(0.0, 5.0, (2000, 40)), exact).meets == 1


@pytest.mark.parametrize("seeds", [2, 5])
def test_axes_show_the_curves_and_not_what_a_few_seeds_leave_open(seeds):
    rng = np.random.default_rng(5)
    level = -1000.0 * np.exp(-np.arange(60) / 10.0) - 20.0
    c = curve("a", "#336699", level * rng.uniform(0.5, 1.5, (seeds, 60)), level, bounds=(-5000.0, 0.0))
    assert c.low.min() < -1.2 * 1500.0  # where no run has been
    assert c.high.max() <= 0.0
    (ax,) = plot_learning_curves("Title", [[Panel("", "return", [c])]], "").axes
    bottom, top = ax.get_ylim()
    shown = np.concatenate([c.mean, c.median, c.exact])
    assert bottom < shown.min()
    assert shown.max() < top
    assert bottom > -2500.0
    assert top < -5.0


def test_bands_narrower_than_the_runs_are_shown_whole():
    values = -50.0 + 10.0 * np.random.default_rng(6).normal(size=(200, 40))
    c = curve("a", "#336699", values)
    low, high = within_reach(c.mean, c.low, c.high, c.reach)
    np.testing.assert_array_equal(low, c.low)
    np.testing.assert_array_equal(high, c.high)


def test_numbers_beside_markers_keep_clear_of_each_other():
    rng = np.random.default_rng(7)
    goals, starts = (-13.0, -14.0, -15.0), (40, 48, 44)
    curves = [
        curve(
            f"agent {i}",
            "#336699",
            np.where(np.arange(300) < start, -100.0, goal) + 0.1 * rng.normal(size=(50, 300)),
            np.full(300, goal),
        )
        for i, (goal, start) in enumerate(zip(goals, starts, strict=True))
    ]
    figure = plot_learning_curves("Title", [[Panel("", "return", curves)]], "")
    figure.draw_without_rendering()
    (ax,) = figure.axes
    boxes = [text.get_window_extent() for text in ax.texts if text.get_text().isdigit()]
    assert len(boxes) == 3
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))


def test_fewer_than_five_seeds_meet_nothing():
    exact = np.full(20, -100.0)
    values = -100.0 + 1e-3 * np.random.default_rng(8).normal(size=(5, 20))
    assert curve("a", "#000000", values[:4], exact).meets is None
    assert curve("a", "#000000", values, exact).meets == 1


def test_a_single_episode_is_seen():
    one = curve("one", "#336699", np.array([[-30.0], [-20.0]]), np.array([-22.0]))
    (ax,) = plot_learning_curves("Title", [[Panel("", "return", [one])]], "").axes
    points = {line.get_marker(): line.get_ydata().item() for line in ax.lines if line.get_marker() in ("o", "x", "_")}
    assert points == {"o": -25.0, "x": -25.0, "_": -22.0}
    left, right = ax.get_xlim()
    assert left < 1.0 < right
