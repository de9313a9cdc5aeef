import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from fastsoftq.figures.colours import heat_colour, ink_on
from fastsoftq.figures.heat_map import heat_map
from tests.figures.drawn import elements, meet, texts
from tests.figures.test_svg import luminance


def drawn(values, best=(), xs=None, ys=None):
    ys, xs = (given or list(range(1, n + 1)) for given, n in zip((ys, xs), values.shape, strict=True))
    return heat_map(values, xs, ys, "step size α", "reward scale k", "mean return", best)


def test_the_first_row_is_lowest_and_each_cell_says_what_it_is():
    values = np.array([[-40.0, -30.0, -20.0], [-41.0, -31.0, -10.25]])
    cells = elements(drawn(values, xs=[0.1, 0.2, 0.5], ys=["a", "b"]), "cell")
    assert len(cells) == 6
    tips = [cell[0].text for cell in cells]
    assert tips[5] == "step size α 0.5, reward scale k b: −10.2"  # to a hundredth of the range, and half to even
    assert tips[0].endswith(": −40.0")
    assert float(cells[0].get("y")) > float(cells[3].get("y"))
    assert float(cells[0].get("x")) < float(cells[1].get("x"))
    lightness = [luminance(cell.get("fill")) for cell in cells]
    assert np.argsort(lightness).tolist() == np.argsort(-values.ravel()).tolist()


def test_numbers_are_within_cells_up_to_eight_either_way_and_can_be_read():
    rng = np.random.default_rng(0)
    drawing = drawn(rng.normal(-1000.0, 300.0, (8, 8)))
    cells, within = elements(drawing, "cell"), elements(drawing, "within")
    assert len(within) == 64
    width = float(cells[0].get("width"))
    for cell, text in zip(cells, within, strict=True):
        ink, ground = sorted((luminance(text.get("fill")), luminance(cell.get("fill"))))
        assert (ground + 0.05) / (ink + 0.05) >= 4.5
        assert len(text.text) * 0.62 * float(text.get("font-size")) <= width
        assert float(text.get("font-size")) >= 9.0
    assert not elements(drawn(rng.normal(size=(8, 9))), "within")


def test_what_cannot_be_told_from_the_best_is_framed_and_the_key_says_so():
    values = np.arange(6.0).reshape(2, 3)
    frames = elements(drawn(values, {(1, 2), (1, 1)}), "among-best")
    assert len(frames) == 3  # the third is in the key
    cells = elements(drawn(values), "cell")
    assert float(frames[1].get("x")) - float(cells[5].get("x")) == pytest.approx(1.5)
    assert float(frames[1].get("y")) - float(cells[5].get("y")) == pytest.approx(1.5)
    assert not elements(drawn(values), "among-best")
    assert "cannot be told from the best" not in drawn(values)


def test_cells_without_a_value_are_empty_and_everything_the_same_is_drawn():
    drawing = drawn(np.array([[-3.0, np.nan]]))
    assert [cell.get("fill") == "none" for cell in elements(drawing, "cell")] == [False, True]
    assert "no value" in drawing
    assert "nan" not in drawing
    assert len(elements(drawn(np.full((2, 2), 7.0)), "cell")) == 4


def test_a_large_map_has_as_many_ticks_as_have_room():
    drawing = drawn(np.random.default_rng(0).normal(size=(40, 60)))
    boxes = [tick.box for tick in texts(drawing, "tick")]
    assert not any(meet(a, b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert len(boxes) > 10
    height = float(re.search(r'viewBox="0 0 480 ([\d.]+)"', drawing)[1])
    assert height < 500.0


def test_the_words_name_the_range_and_the_highest():
    root = ET.fromstring(drawn(np.array([[-40.0, -30.0], [-20.0, -35.0]]), xs=[0.1, 0.5], ys=[1.0, 10.0]))
    assert root.get("aria-label") == (
        "mean return over step size α and reward scale k: from −40.0 to −20.0, the highest at step size α 0.1 and "
        "reward scale k 10."
    )


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"values has shape \(2, 3\); it must be \(3, 2\)"):
        heat_map(np.zeros((2, 3)), [1, 2], [1, 2, 3], "x", "y", "what")
    with pytest.raises(ValueError, match="none is finite"):
        heat_map(np.full((1, 1), np.nan), [1], [1], "x", "y", "what")


@pytest.mark.parametrize("share", np.linspace(0.0, 1.0, 41).tolist())
def test_colours_get_darker_and_ink_on_them_can_be_read(share):
    colour = heat_colour(share)
    assert luminance(heat_colour(min(1.0, share + 0.025))) <= luminance(colour)
    ink, ground = sorted((luminance(ink_on(colour)), luminance(colour)))
    assert (ground + 0.05) / (ink + 0.05) >= 4.5
