import itertools
import re

import numpy as np
import pytest

from fastsoftq.figures.curve import curve
from fastsoftq.figures.learning_chart import learning_chart, learning_scale
from fastsoftq.figures.learning_figure import Panel, plot_learning_curves
from fastsoftq.figures.svg import svg


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
    for text, c in zip(sorted(ax.texts, key=lambda t: t.get_position()[1], reverse=True), curves, strict=True):
        assert text.get_text() == c.label
        end = ax.transAxes.inverted().transform(ax.transData.transform((1.0, c.mean[-1])))[1]
        assert text.get_position()[1] == pytest.approx(end)


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


def test_a_single_episode_is_seen():
    one = curve("one", "#336699", np.array([[-30.0], [-20.0]]), np.array([-22.0]))
    (ax,) = plot_learning_curves("Title", [[Panel("", "return", [one])]], "").axes
    assert [set(line.get_ydata()) for line in ax.lines] == [{-25.0}, {-25.0}, {-22.0}]  # median, mean, exact
    left, right = ax.get_xlim()
    for line in ax.lines:
        start, stop = line.get_xdata()
        assert left < start < 1.0 < stop < right
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["1"]


def test_a_long_note_is_broken_into_lines():
    c = curve("a", "#336699", np.random.default_rng(9).normal(size=(10, 30)))
    (legend,) = plot_learning_curves("Title", [[Panel("", "return", [c])]], "words " * 40).legends
    lines = legend.get_title().get_text().splitlines()
    assert len(lines) > 1
    assert max(map(len, lines)) <= 88


def test_the_key_explains_what_is_drawn_and_nothing_else():
    """No exact line and no ring where there is no exact value; no band where there is one run."""
    noise = np.random.default_rng(0).normal(size=(40, 60))
    known, unknown = curve("a", "#336699", noise - 50.0, np.full(60, -50.0)), curve("a", "#336699", noise - 50.0)
    far, single = curve("a", "#336699", noise - 80.0, np.full(60, -50.0)), curve("a", "#336699", noise[:1])

    def key(c):
        (legend,) = plot_learning_curves("Title", [[Panel("", "return", [c])]], "").legends
        return [text.get_text().split()[0].strip(",") for text in legend.get_texts()]

    assert known.meets is not None
    assert key(known) == ["mean", "median", "exact", "band"]
    assert key(far) == ["mean", "median", "exact"]
    assert key(unknown) == ["mean", "median"]
    (legend,) = plot_learning_curves("Title", [[Panel("", "return", [single])]], "").legends
    assert [text.get_text() for text in legend.get_texts()] == ["mean", "median"]


def test_a_page_and_a_picture_are_drawn_from_one_chart():
    """Limits, ticks and names of the two are those of one description."""
    rng = np.random.default_rng(1)
    curves = [curve(f"agent {k}", "#336699", -(10.0**k) + rng.normal(size=(10, 200))) for k in (1, 4)]
    scale = learning_scale(curves)
    chart = learning_chart(curves, scale, "return")
    drawing = svg(chart, "words")
    (ax,) = plot_learning_curves("Title", [[Panel("", "return", curves)]], "").axes
    assert scale.kind == "symlog"
    assert ax.get_ylim() == pytest.approx((scale.low, scale.high))
    assert ax.get_xlim() == (chart.x.low, chart.x.high)
    places = ax.transAxes.inverted().transform(ax.transData.transform([(1.0, -9000.0), (200.0, -12.0)]))
    np.testing.assert_allclose(places[:, 1], scale(np.array([-9000.0, -12.0])), atol=1e-9)
    texts = set(re.findall(r'<text class="tick"[^>]*>([^<]*)<', drawing))
    drawn = {tick.get_text() for axis in (ax.xaxis, ax.yaxis) for tick in axis.get_ticklabels()}
    assert {"1", "10", "100", "−10", "−100", "−1,000", "−10,000"} <= texts & drawn
    assert [text.get_text() for text in ax.texts] == ["agent 4", "agent 1"]
    assert re.findall(r'<text class="name"[^>]*>([^<]*)<', drawing) == ["agent 4", "agent 1"]
