"""Values of rows and soft policies: the definitions, and what is known of them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsoftq.kernels.operators import entropy, hard_value, mellowmax, soft_value, softmax
from tests.kernels.calling import both_ways
from tests.reference import operators as slow

ROWS = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=9).map(np.array)
TEMPERATURES = st.floats(1e-3, 1e3)
ROW = (-1.5, 2.0, 2.0, 0.25)


def close(x, y, temperature=0.0, row=(0.0,)):
    """Equal but for rounding, of the largest of what was added up."""
    return abs(x - y) <= 4e-15 * (abs(y) + temperature + np.abs(row).max())


@both_ways
@pytest.mark.parametrize("form", [tuple, np.array])
def test_each_value_is_its_definition(called, form):
    row = form(ROW)
    assert called(hard_value)(row) == 2.0
    assert math.isclose(called(soft_value)(row, 0.5), slow.soft_value(ROW, 0.5), rel_tol=1e-15)
    assert math.isclose(called(mellowmax)(row, 0.5), slow.mellowmax(ROW, 0.5), rel_tol=1e-15)
    np.testing.assert_allclose(called(softmax)(row, 0.5, np.empty(4)), slow.softmax(ROW, 0.5), rtol=1e-14)
    assert math.isclose(called(entropy)(form((0.5, 0.25, 0.25, 0.0))), 1.5 * math.log(2), rel_tol=1e-15)


def test_exact_answers():
    for n in (1, 2, 4, 8):
        assert soft_value(np.full(n, 3.0), 1.0) == pytest.approx(3.0 + math.log(n), rel=1e-15)
        assert mellowmax(np.full(n, 3.0), 1.0) == pytest.approx(3.0, rel=1e-15)
        assert entropy(np.full(n, 1 / n)) == pytest.approx(math.log(n), rel=1e-15, abs=0)
        assert list(softmax(np.full(n, 3.0), 1.0, np.empty(n))) == [1 / n] * n
    assert soft_value(np.array([7.25]), 2.0) == 7.25
    assert softmax(np.array([0.0, math.log(3)]), 1.0, np.empty(2)) == pytest.approx([0.25, 0.75], rel=1e-15)


def test_whole_numbers_have_the_same_value_as_floats():
    for whole in ((1, 2, 3), np.array([1, 2, 3])):
        assert soft_value(whole, 1) == soft_value(np.array([1.0, 2.0, 3.0]), 1.0)
        assert mellowmax(whole, 2) == mellowmax(np.array([1.0, 2.0, 3.0]), 2.0)
        assert list(softmax(whole, 1, np.empty(3))) == list(softmax(np.array([1.0, 2.0, 3.0]), 1.0, np.empty(3)))


def test_softmax_may_overwrite_its_row():
    row = np.array(ROW)
    assert np.shares_memory(softmax(row, 0.5, row), row)
    np.testing.assert_allclose(row, slow.softmax(ROW, 0.5), rtol=1e-14)


@given(ROWS, TEMPERATURES)
def test_they_are_the_twins(row, temperature):
    assert hard_value(row) == slow.hard_value(list(row))
    assert close(soft_value(row, temperature), slow.soft_value(list(row), temperature), temperature, row)
    assert close(mellowmax(row, temperature), slow.mellowmax(list(row), temperature), temperature, row)
    exact = slow.softmax(list(row), temperature)
    np.testing.assert_allclose(softmax(row, temperature, np.empty(len(row))), exact, rtol=1e-9, atol=1e-300)


@given(ROWS, TEMPERATURES)
def test_the_soft_value_lies_between_the_maximum_and_that_plus_all_the_entropy(row, temperature):
    value, slack = soft_value(row, temperature), 1e-15 * (temperature + np.abs(row).max())
    assert row.max() - slack <= value <= row.max() + temperature * math.log(len(row)) + slack
    between = mellowmax(row, temperature)
    assert row.mean() - 10 * slack <= between <= row.max() + 10 * slack


@given(ROWS, st.floats(1.0, 1e6))
def test_soft_tends_to_hard_as_the_reward_scale_grows(row, scale):
    """V(k Q) / k - max Q is at most ln(A) / k, and never negative."""
    gap = soft_value(scale * row, 1.0) / scale - row.max()
    assert -1e-12 <= gap <= math.log(len(row)) / scale + 1e-12


@given(ROWS, st.floats(0.1, 10.0), st.floats(-1e3, 1e3))
def test_a_shift_of_all_values_shifts_the_value_and_leaves_the_policy(row, temperature, shift):
    shifted = row + shift
    assert math.isclose(soft_value(shifted, temperature), soft_value(row, temperature) + shift, abs_tol=1e-11)
    before, after = (softmax(r, temperature, np.empty(len(r))) for r in (row, shifted))
    np.testing.assert_allclose(after, before, rtol=1e-9, atol=1e-12)


@given(ROWS, st.floats(0.01, 100.0))
def test_a_scale_of_all_is_a_scale_of_the_temperature(row, scale):
    assert math.isclose(
        soft_value(scale * row, scale), scale * soft_value(row, 1.0), rel_tol=1e-12, abs_tol=1e-12 * scale
    )


@given(ROWS, TEMPERATURES)
def test_softmax_is_a_distribution_the_exponential_of_the_advantage(row, temperature):
    policy = softmax(row, temperature, np.empty(len(row)))
    assert math.isclose(policy.sum(), 1.0, rel_tol=1e-14)
    advantage = (row - soft_value(row, temperature)) / temperature
    np.testing.assert_allclose(policy, np.exp(np.maximum(advantage, -700)), rtol=1e-9, atol=1e-300)


@given(ROWS, TEMPERATURES)
def test_the_soft_value_is_the_mean_and_the_entropy(row, temperature):
    """V = sum pi Q + T H(pi): the soft policy attains the maximum that the soft value is."""
    policy = softmax(row, temperature, np.empty(len(row)))
    attained = policy @ row + temperature * entropy(policy)
    assert close(attained, soft_value(row, temperature), temperature, 10 * row)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9).filter(lambda p: sum(p) > 1e-3))
def test_entropy_lies_between_none_and_the_uniform_ones(weights):
    policy = np.array(weights) / np.sum(weights)
    nats = entropy(policy)
    assert nats == pytest.approx(slow.entropy(policy.tolist()), rel=1e-13, abs=1e-14)
    assert 0.0 <= nats <= math.log(len(policy)) + 1e-14


def test_an_action_that_cannot_be_taken_weighs_nothing():
    masked, rest = [-math.inf, 0.0, 1.0], [0.0, 1.0]
    assert hard_value(masked) == 1.0
    assert soft_value(masked, 0.5) == soft_value(rest, 0.5)
    out = np.empty(3)
    softmax(masked, 2.0, out)
    assert out[0] < 1e-300
    np.testing.assert_allclose(out[1:], np.exp([-0.5, 0.0]) / (1.0 + math.exp(-0.5)), rtol=1e-14)
