import itertools
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsoftq.figures.labels import Marker, apart, beside, value_text, wrapped

SPACE = (0.0, 0.0, 300.0, 200.0)
markers = st.lists(
    st.builds(Marker, st.floats(0, 300), st.floats(0, 200), st.just(4.0), st.sampled_from([8.0, 24.0]), st.booleans()),
    min_size=1,
    max_size=3,
)


def box(place, marker, height=10.0):
    return place[0] - marker.width / 2, place[1] - height / 2, place[0] + marker.width / 2, place[1] + height / 2


def meet(a, b):
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


@given(markers)
def test_labels_keep_clear_of_each_other_of_all_markers_and_of_the_edges(given_markers):
    places = beside(given_markers, 10.0, SPACE)
    boxes = [box(place, m) for place, m in zip(places, given_markers, strict=True)]
    rings = [(m.x - 4, m.y - 4, m.x + 4, m.y + 4) for m in given_markers]
    assert not any(meet(a, b) for a, b in itertools.combinations(boxes, 2))
    assert not any(meet(a, b) for a in boxes for b in rings)
    for left, bottom, right, top in boxes:
        assert left >= 0.0
        assert bottom >= 0.0
        assert right <= 300.0
        assert top <= 200.0


def test_a_label_alone_stands_where_it_is_best():
    (above,), (below,) = (beside([Marker(50.0, 50.0, 4.0, 20.0, up)], 10.0, SPACE) for up in (True, False))
    assert above == (50.0, pytest.approx(61.0))
    assert below == (50.0, pytest.approx(39.0))
    (left,) = beside([Marker(0.0, 50.0, 4.0, 20.0, True)], 10.0, SPACE)
    assert left == (10.0, pytest.approx(61.0))


def test_where_nothing_is_clear_a_label_stands_where_it_is_best():
    crowd = [Marker(50.0, 50.0, 4.0, 20.0, True)] * 40
    assert beside(crowd, 10.0, SPACE)[-1] == (50.0, pytest.approx(61.0))


def test_names_are_moved_no_further_than_needed():
    assert apart([0.0, 30.0, 60.0], 10.0).tolist() == [0.0, 30.0, 60.0]
    assert apart([50.0, 50.0], 10.0).tolist() == [45.0, 55.0]


def test_names_of_several_lines_keep_their_gaps_and_stay_within_if_there_is_room():
    assert apart([10.0, 10.0, 10.0], [20.0, 5.0], (0.0, 100.0)).tolist() == [0.0, 20.0, 25.0]
    assert apart([99.0, 99.0], 10.0, (0.0, 100.0)).tolist() == [90.0, 100.0]
    assert apart([5.0, 6.0, 7.0], 10.0, (0.0, 12.0)).tolist() == [0.0, 10.0, 20.0]  # there is none
    assert apart([4.0], 10.0, (5.0, 9.0)).tolist() == [5.0]


@given(st.text("ab ,=.0159−", max_size=60), st.integers(3, 20))
def test_labels_are_broken_and_lose_nothing(label, letters):
    lines = wrapped(label, letters).split("\n")
    assert "".join(lines) == label
    for line in lines:  # only a number is longer than a line
        assert len(line.rstrip()) <= letters or re.fullmatch(r"[\s\d.,e%−]*", max(re.split("[ab= ]", line), key=len))


@pytest.mark.parametrize(
    ("label", "letters", "lines"),
    [
        ("soft, k = 10, α = 0.5", 30, ["soft, k = 10, α = 0.5"]),
        ("soft, k = 10, α = 0.5", 14, ["soft, k = 10, ", "α = 0.5"]),
        ("expected SARSA, ε 0.9 → 0.1", 17, ["expected SARSA, ", "ε 0.9 → 0.1"]),
        ("soft,step_size=0.8,discount=0.95", 20, ["soft,step_size=0.8,", "discount=0.95"]),
        ("0.0001", 3, ["0.0001"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("", 3, [""]),
    ],
)
def test_labels_are_broken_where_a_reader_would(label, letters, lines):
    assert wrapped(label, letters).split("\n") == lines


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.1 + 0.2, "0.30000000000000004"), (1e-5, "0.00001"), (1e-6, "1e−6"), (2.5e-7, "2.5e−7"), (1e20, "1e20"),
     (1e6, "1,000,000"), (-0.5, "−0.5"), (0.0, "0"), (np.float64(2.0), "2"), (7, "7"), (float("inf"), "∞"),
     (float("nan"), "–"), (False, "false"), ("0.9 → 0.1", "0.9 → 0.1")],
)  # fmt: skip
def test_values_are_written_with_the_digits_they_have(value, text):
    assert value_text(value) == text
