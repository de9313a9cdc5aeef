import re

import numpy as np
import pytest

from fastsoftq.figures.chart import Band, Line
from fastsoftq.figures.colours import dashes
from fastsoftq.figures.sensitivity import Series, sensitivity_chart
from fastsoftq.figures.svg import svg
from tests.figures.drawn import elements, meet, texts

STEPS = np.array([0.01, 0.03, 0.1, 0.3, 1.0])


def series(label="soft", x=STEPS, dash="", colour="#0064a0", **more):
    mean = np.linspace(-60.0, -20.0, len(x))
    return Series(label, colour, dash, x, mean, mean - 2.0, mean + 2.0, **more)


def test_the_best_has_a_ring_and_other_values_a_dot():
    chart = sensitivity_chart([series(best=3)], "step size α", "return")
    assert [(ring.x, ring.filled) for ring in chart.rings] == [(x, i != 3) for i, x in enumerate(STEPS)]
    drawing = svg(chart, "words")
    assert len(elements(drawing, "ring")) == 1
    assert len(elements(drawing, "dot")) == 4
    assert [text.words for text in texts(drawing, "tick")][-5:] == ["0.01", "0.03", "0.1", "0.3", "1"]


def test_categories_have_whiskers_since_nothing_lies_between_them():
    chart = sensitivity_chart([series(x=["0.9 → 0.1", "0.1", "0.2"])], "exploration ε", "return")
    assert not [mark for mark in chart.marks if isinstance(mark, Band)]
    whiskers = [mark for mark in chart.marks if isinstance(mark, Line) and mark.kind == "whisker"]
    assert [w.x.tolist() for w in whiskers] == [[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]
    assert whiskers[0].y.tolist() == [-62.0, -58.0]


def test_exact_answers_that_are_known_of_some_values_only_are_drawn_there():
    exact = np.array([-18.0, np.nan, -16.0, -15.0, -14.0])
    lines = [mark for mark in sensitivity_chart([series(exact=exact)], "k", "return").marks if mark.kind == "exact"]
    assert [line.y.tolist() for line in lines] == [[-18.0, -18.0], [-16.0, -15.0, -14.0]]
    x = series().x
    assert lines[0].x[0] < x[0] < lines[0].x[1] < x[1]
    assert lines[1].x.tolist() == x[2:].tolist()


def test_exact_answers_and_the_spread_over_others_are_drawn_where_they_are_known():
    one = series(exact=np.full(5, -18.0), lowest=np.full(5, -90.0), highest=np.full(5, -19.0))
    chart = sensitivity_chart([one, series("hard", colour="#d55e00")], "step size α", "return")
    kinds = [mark.kind for mark in chart.marks]
    assert kinds.count("exact") == 1
    assert kinds.count("spread") == 1
    assert chart.y.high > -18.0


def test_intervals_that_leave_all_open_do_not_dwarf_the_line():
    mean = np.linspace(-60.0, -20.0, 5)
    one = Series("soft", "#0064a0", "", STEPS, mean, np.full(5, -np.inf), np.full(5, 1e9))
    chart = sensitivity_chart([one], "step size α", "return")
    assert -110.0 < chart.y.low < -60.0
    assert -20.0 < chart.y.high < 30.0
    points = [float(x) for each in re.findall('points="([^"]*)"', svg(chart, "")) for x in re.split("[ ,]", each)]
    assert np.isfinite(points).all()


def test_labels_are_whole_beside_their_lines_and_clear_of_each_other():
    labels = [f"soft, k = {k}, α = 0.5, ε 0.9 → 0.1, {'discounted ' * (k % 3)}" for k in range(9)]
    lines = [series(label.strip(), dash=dash) for label, dash in zip(labels, dashes(["#0064a0"] * 9), strict=True)]
    drawing = svg(sensitivity_chart(lines, "step size α", "mean return over the last 100 episodes"), "words")
    names = texts(drawing, "name")
    assert sorted(name.words for name in names) == sorted(" ".join(label.split()) for label in labels)
    boxes = [name.box for name in names]
    assert not any(meet(a, b) for i, a in enumerate(boxes) for b in boxes[:i])
    _, _, width, height = map(float, re.search('viewBox="([^"]*)"', drawing)[1].split())
    assert all(box[2] <= width and box[1] >= 0.0 and box[3] <= height for box in boxes)
    samples = [e for e in elements(drawing, "mean") if e.tag.endswith("line") and not e.tag.endswith("polyline")]
    assert [e.get("stroke-dasharray") for e in samples[:3]] != [None] * 3


@pytest.mark.parametrize("count", [1, 2, 12, 60, 400])
def test_ticks_keep_clear_of_each_other_and_are_all_there_where_they_have_room(count):
    x = np.unique(np.round(np.geomspace(0.001, 20000.0, count), 3))
    ticks = [t for t in texts(svg(sensitivity_chart([series(x=x)], "k", "return"), ""), "tick") if t.anchor == "middle"]
    boxes = [tick.box for tick in ticks]
    assert not any(meet(a, b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert len(ticks) >= min(count, 4)
    assert all(b[0] >= 0.0 and b[2] <= 480.0 for b in boxes)


def test_long_categories_are_broken_into_lines_and_not_cut():
    x = ["rewards are known to the agent", "rewards are not known to the agent", "nothing is known"]
    drawing = svg(sensitivity_chart([series(x=x)], "what is known", "return"), "")
    ticks = [t for t in texts(drawing, "tick") if t.anchor == "middle"]
    assert [tick.words for tick in ticks] == x
    assert all(tick.lines > 1 for tick in ticks[:2])
    (label,) = texts(drawing, "axis")
    assert label.y > max(tick.box[3] for tick in ticks)


def test_a_line_without_a_value_at_some_places_is_named_at_its_last_one():
    mean = np.array([np.nan, -60.0, -30.0, np.nan])
    one = Series("soft", "#0064a0", "", STEPS[:4], mean, mean, mean, best=2)
    chart = sensitivity_chart([one], "step size α", "return")
    assert [name.y for name in chart.names] == [-30.0]
    assert [(ring.x, ring.filled) for ring in chart.rings] == [(0.03, True), (0.1, False)]
    assert len(chart.xticks) == 4
    assert "nan" not in svg(chart, "words")


def test_whiskers_end_where_the_axis_does():
    far = np.array([-1e6, -np.inf]), np.array([1e6, np.inf])
    wide = Series("soft", "#0064a0", "", ["(16)", "(32 32)"], np.array([30.0, 60.0]), *far, best=1)
    chart = sensitivity_chart([wide], "network hidden", "return")
    whiskers = [mark for mark in chart.marks if isinstance(mark, Line) and mark.kind == "whisker"]
    assert [mark.y.tolist() for mark in whiskers] == [[chart.y.low, chart.y.high]] * 2
    assert chart.y.high < 400.0


@pytest.mark.parametrize("mean", [[-48.0, -47.0, -43.0], [-48.0, -48.0, -48.0]])
def test_intervals_of_a_parameter_that_matters_little_are_seen_whole(mean):
    low, high = np.array([-65.0, -62.0, -78.0]), np.array([-33.0, -34.0, -31.0])
    chart = sensitivity_chart(
        [Series("a", "#0064a0", "", np.array([0.0, 1.0, 5.0]), np.array(mean), low, high)], "n", ""
    )
    assert chart.y.low <= -78.0
    assert chart.y.high >= -31.0
