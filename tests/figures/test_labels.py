import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsoftq.figures.labels import Marker, apart, beside

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
