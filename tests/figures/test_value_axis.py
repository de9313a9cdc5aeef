import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsoftq.figures.value_axis import is_spread_by_factors, value_axis


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0.01, 0.03, 0.1, 0.3, 1.0], "log"),
        ([1.0, 2.0, 5.0, 10.0, 20.0], "log"),
        ([0.1, 0.2, 0.3, 0.4, 0.5], "linear"),
        ([0.0, 1.0, 10.0, 100.0], "linear"),  # 0 has no logarithm
        ([0.9, 0.95, 0.99], "linear"),
        ([1.0, 2.0], "linear"),
        ([1.0, 30.0], "log"),
        ([7.0], "linear"),
    ],
)
def test_the_axis_is_logarithmic_where_values_are_spread_by_factors(values, kind):
    axis = value_axis([values])
    assert axis.scale.kind == kind
    places = axis.scale(axis.places(values))
    assert ((places > 0.0) & (places < 1.0)).all()
    assert [value for value, _ in axis.ticks] == values


@given(st.floats(0.001, 10.0), st.floats(1.2, 10.0), st.integers(3, 12))
def test_steps_of_a_factor_are_and_even_steps_are_not(first, factor, count):
    by_factors = first * factor ** np.arange(count)
    evenly = first + factor * np.arange(count)
    assert is_spread_by_factors(by_factors)
    assert not is_spread_by_factors(evenly)


def test_values_of_several_lines_share_an_axis():
    axis = value_axis([[0.5, 0.1], np.array([0.1, 0.3])])
    assert [text for _, text in axis.ticks] == ["0.1", "0.3", "0.5"]


def test_texts_and_numbers_without_a_value_are_categories_in_their_order():
    axis = value_axis([["0.9 → 0.1", "0.1"], ["0.2", "0.1"]])
    assert [text for _, text in axis.ticks] == ["0.9 → 0.1", "0.1", "0.2"]
    assert axis.places(["0.2", "0.1"]).tolist() == [2.0, 1.0]
    assert [text for _, text in value_axis([[True, False]]).ticks] == ["true", "false"]
    assert value_axis([[0.1, float("nan")]]).categories == ["0.1", "–"]


def test_what_has_no_logarithm_is_refused_by_value():
    with pytest.raises(ValueError, match=r"log is True, and the lowest value is -1; it must be above 0"):
        value_axis([[-1.0, 1.0]], log=True)
    with pytest.raises(ValueError, match=r"log is True, and values are not all numbers: tied"):
        value_axis([["tied"]], log=True)
    with pytest.raises(ValueError, match="values: there are none"):
        value_axis([[]])
    assert value_axis([[1.0, 2.0, 3.0]], log=True).scale.kind == "log"
    assert value_axis([[1.0, 10.0, 100.0]], log=False).scale.kind == "linear"
