import re

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from fastsoftq.agents import LinearDecay, PowerDecay
from fastsoftq.report.rounding import apart, distinct, interval_text, p_text, plain_text, setting_text, share_text

finite = st.floats(-1e9, 1e9)


def numbers(text):
    return [
        float(x.replace("\N{MINUS SIGN}", "-").replace(",", ""))
        for x in re.findall(r"[\u2212\d][\d,.]*(?:e[\u2212+]\d+)?", text)
    ]


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ((37.0312, 36.44, 37.62), "37.0 [36.4, 37.6]"),
        ((-0.00123, -0.0042, 0.0031), "−0.001 [−0.004, 0.003]"),
        ((-1214.6, -1216.6, -1212.6), "−1,215 [−1,217, −1,213]"),
        ((-1214.61, -1214.63, -1214.59), "−1,214.61 [−1,214.63, −1,214.59]"),
        ((5.0, 5.0, 5.0), "5.00 [5.00, 5.00]"),
        ((1e-5, 1e-5, 1e-5), "0.0000100 [0.0000100, 0.0000100]"),
        ((-0.01, -3.0, 3.0), "0 [−3, 3]"),
        ((0.08, 0.0012, 0.16), "0.08 [0.001, 0.16]"),
        ((0.08, 0.0, 0.16), "0.08 [0.00, 0.16]"),
    ],
)
def test_intervals_have_the_decimals_they_deserve(values, text):
    assert interval_text(*values) == text


@given(finite, st.floats(0.0, 1e6), st.floats(0.0, 1e6))
@example(1e-9, 0.0, 5.0)
@example(-3e-7, 1e3, 2e-7)
@example(4e-70, 0.0, 0.0)
@example(1e-20, 1e-21, 1e-22)
def test_an_interval_as_shown_holds_0_where_it_does_and_its_numbers_stay_in_order(estimate, below, above):
    low, high = estimate - below, estimate + above
    shown = numbers(interval_text(estimate, low, high))
    assert shown[1] <= shown[0] <= shown[2]
    assert (shown[1] <= 0.0 <= shown[2]) == (low <= 0.0 <= high)
    if high - low > 1e-9 * max(abs(low), abs(high)) and high - low > 1e-9:
        assert shown[1] < shown[2]


@given(st.floats(0.0, 1.0))
@example(1e-7)
@example(1.0 - 1e-9)
def test_shares_are_none_or_all_only_if_they_are(share):
    assume(share == 0.0 or share > 1e-100)
    assume(share == 1.0 or share < 1.0 - 1e-14)
    (shown,) = numbers(share_text(share))
    assert (shown == 0.0, shown == 100.0) == (share == 0.0, share == 1.0)


@given(st.floats(0.0, 1.0))
@example(0.05)
@example(np.nextafter(0.05, 1.0))
@example(0.0500001)
def test_a_p_value_is_shown_on_its_side_of_the_border(p):
    assert (float(p_text(p)) <= 0.05) == (p <= 0.05)


@given(st.one_of(st.floats(allow_nan=False), st.integers()), st.one_of(st.floats(allow_nan=False), st.integers()))
@example(0.95, 0.95000001)
@example(1, 1.0)
@example(0.0, -0.0)
@example(0.1, np.float64(0.1))
@example(10**16, 1e16)
def test_settings_read_alike_only_where_they_are(a, b):
    if a != b:
        assert setting_text(a) != setting_text(b)
    elif isinstance(a, int) == isinstance(b, int):
        assert setting_text(a) == setting_text(b)


def test_settings_are_short_where_they_can_be():
    values = (10.0, 0.95, np.float64(0.1), 1e-6, 1e-10, 3e20, -2.5, 3, "tied")
    texts = ["10", "0.95", "0.1", "1e−6", "1e−10", "3e20", "−2.5", "3", "tied"]
    assert [setting_text(value) for value in values] == texts


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (LinearDecay(0.9, 0.1, 0.001), "0.9 → 0.1 (decrease 0.001)"),
        (PowerDecay(1.0, 0.0, 0.5), "1 → 0 (power 0.5)"),
        (np.float32(0.5), "0.5"),
        (np.array([1, 2]), "1, 2"),
        ((1, LinearDecay(1.0, 0.0, 0.5)), "1, 1 → 0 (decrease 0.5)"),
        (False, "no"),
        (None, "none"),
        (len, "len"),
        (object(), "object"),
    ],
)
def test_no_value_is_written_as_python_does(value, text):
    assert plain_text(value) == text


@pytest.mark.parametrize("value", [-12.0, 1e-3, 7.3e8])
def test_what_rounding_leaves_is_no_difference(value):
    assert apart(value, value) == apart(value * (1.0 + 1e-15), value) == 0.0
    assert apart(value * 1.001, value) == pytest.approx(0.001 * value)
    assert apart(0.0, value) == -value


def test_numbers_that_are_none_are_said_as_signs():
    assert [distinct(float(x), 2) for x in ("inf", "-inf")] == ["∞", "−∞"]


def test_huge_numbers_are_written_with_powers_of_ten():
    assert interval_text(-3.07e99, -3.6e99, -2.5e99) == "−3.1e99 [−3.6e99, −2.5e99]"
    assert interval_text(2e20, 2e20, 2e20) == "2e20 [2e20, 2e20]"
    assert interval_text(1.23456e15, 1.2345e15, 1.2347e15) == "1.23456e15 [1.2345e15, 1.2347e15]"
    assert distinct(-6e98, 1, 0.0) == "−6e98"
    assert interval_text(1e-12, 1e-13, 2e-12) == "1e−12 [1e−13, 2e−12]"
