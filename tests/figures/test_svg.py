import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fastsoftq.figures.chart import Chart, Ring, Scale
from fastsoftq.figures.colours import agent_colour, on_dark
from fastsoftq.figures.curve import curve
from fastsoftq.figures.labels import apart, typeset
from fastsoftq.figures.learning_chart import learning_chart, learning_scale
from fastsoftq.figures.learning_figure import Panel, plot_learning_curves
from fastsoftq.figures.svg import svg

numbers = st.floats(-1e6, 1e6).map(lambda x: round(x, 3))


@given(numbers, numbers, st.booleans())
def test_a_scale_holds_its_values_in_order_with_ticks_that_keep_apart(a, b, wide):
    wide = wide and max(abs(a), abs(b)) > max(100.0, 8.0 * min(abs(a), abs(b)))
    scale = Scale.over([np.array([a, b])], wide=wide)
    places = scale(np.sort([a, b]))
    assert 0.0 <= places[0] <= places[1] <= 1.0
    if abs(a - b) > 1e-3:
        ticks = scale.ticks(250.0, 20.0)
        at = scale(np.array(ticks))
        assert len(ticks) >= 1
        assert ((at >= 0.0) & (at <= 1.0)).all()
        assert (np.diff(at) * 250.0 >= 20.0 - 1e-6).all()


@pytest.mark.parametrize(
    ("scale", "expected"),
    [
        (Scale(0.0, 1.0), pytest.approx([0.0, 0.2, 0.4, 0.6, 0.8, 1.0])),
        (Scale(1.0, 1000.0, "log"), [1.0, 10.0, 100.0, 1000.0]),
        (Scale(-1000.0, -10.0, "symlog"), [-1000.0, -500.0, -200.0, -100.0, -50.0, -20.0, -10.0]),
    ],
)
def test_ticks_are_round(scale, expected):
    assert scale.ticks(250.0 if scale.kind != "linear" else 120.0, 30.0 if scale.kind == "log" else 20.0) == expected


@given(st.lists(st.floats(0.0, 100.0), min_size=1, max_size=12).map(sorted))
def test_names_are_moved_apart_in_order_and_no_further_than_needed(places):
    moved = apart(places, 10.0)
    assert (np.diff(moved) >= 10.0 - 1e-6).all()
    if (np.diff(places) >= 10.0).all():
        np.testing.assert_allclose(moved, places)
    assert moved.mean() == pytest.approx(np.mean(places), abs=1e-6)


def test_numbers_are_typeset():
    assert [typeset(-1234.5, 1), typeset(-0.004, 2), typeset(1e6)] == ["−1,234.5", "0.00", "1,000,000"]


def luminance(colour):
    encoded = np.array([int(colour[i : i + 2], 16) / 255.0 for i in (1, 3, 5)])
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@given(st.integers(0, 2**24 - 1))
@example(0xFFFFFF)
@example(0x001628)
@example(0x280021)
def test_every_colour_has_one_for_dark_ground_that_is_no_darker(number):
    """Those of a result folder may be any: white, and these dark ones, were once numbers out of range."""
    colour = f"#{number:06x}"
    lifted = on_dark(colour)
    assert re.fullmatch("#[0-9a-f]{6}", lifted)
    assert luminance(lifted) >= luminance(colour) - 1e-9
    wanted = luminance(colour) + 0.17 * (1.0 - luminance(colour))
    assert luminance(lifted) == pytest.approx(wanted, abs=0.01)


def test_bands_that_leave_all_open_are_drawn_as_far_as_the_axes_go():
    c = curve("a", "#336699", np.random.default_rng(0).normal(-20.0, 1.0, (10, 30)))
    wide = replace(c, low=np.full(len(c.low), -np.inf), high=np.full(len(c.high), np.inf))
    scale = learning_scale([wide])
    assert (scale.low, scale.high) == pytest.approx((-23.0, -17.0), abs=3.0)
    chart = svg(learning_chart([wide], scale, "return"), "words")
    numbers = [float(x) for points in re.findall('points="([^"]*)"', chart) for x in re.split("[ ,]", points)]
    assert np.isfinite(numbers).all()
    assert min(numbers) >= 0.0
    figure = plot_learning_curves("Title", [[Panel("", "return", [wide])]], "")
    figure.draw_without_rendering()
    (ax,) = figure.axes
    assert ax.get_ylim() == pytest.approx((scale.low, scale.high))


def test_a_single_episode_is_a_stroke_that_can_be_seen():
    c = curve("a", "#336699", np.array([[-30.0], [-20.0]]), np.array([-22.0]))
    chart = svg(learning_chart([c], learning_scale([c]), "return"), "words")
    lines = re.findall(r'<polyline class="(\w+)"[^>]*points="([\d.]+),([\d.]+) ([\d.]+),([\d.]+)"', chart)
    assert [kind for kind, *_ in lines] == ["median", "mean", "exact"]
    for _, x1, y1, x2, y2 in lines:
        assert float(x2) - float(x1) > 20.0
        assert y1 == y2
    assert re.findall(r'text-anchor="middle">(\d+)<', chart) == ["1"]


def test_colours_on_dark_ground_can_be_seen_and_keep_their_order():
    from tests.report.folders import HARD, SOFT

    agents = [HARD, *(SOFT._replace(reward_scale=k) for k in (0.3, 1.0, 2.0, 10.0, 30.0))]
    colours = [agent_colour(agent) for agent in agents]
    lifted = [luminance(on_dark(colour)) for colour in colours]
    ground = luminance("#14171a")
    assert all((value + 0.05) / (ground + 0.05) > 3.5 for value in [*lifted, luminance(on_dark("#000000"))])
    assert np.argsort(lifted).tolist() == np.argsort([luminance(colour) for colour in colours]).tolist()


@pytest.mark.parametrize(
    ("low", "high", "some"),
    [(-1.2e-9, 0.0, {"−1e−9", "−8e−10", "0"}), (0.0, 6e98, {"0", "1e98", "4e98"}), (0.0, 6e12, {"2,000,000,000,000"})],
)
def test_ticks_of_tiny_and_of_huge_values_are_told_apart(low, high, some):
    ticks = Chart(Scale(0.0, 1.0), Scale(low, high), "x", "y").ticks_up(248.0)
    assert some <= {text for _, text in ticks}
    read = [float(text.replace("−", "-").replace(",", "")) for _, text in ticks]
    np.testing.assert_allclose(read, [value for value, _ in ticks], rtol=1e-9, atol=1e-9 * (high - low))


def test_rings_upon_each_other_with_the_same_number_tell_it_once():
    chart = Chart(Scale(1.0, 9.0), Scale(0.0, 100.0), "episode", "return")
    chart.rings += [Ring(1.0, y, "#0064a0", text) for y, text in ((50.0, "1"), (51.0, "1"), (52.0, "2"), (90.0, "1"))]
    assert [(ring.y, ring.text) for _, ring in chart.numbered(200.0, 248.0)] == [(50.0, "1"), (52.0, "2"), (90.0, "1")]
