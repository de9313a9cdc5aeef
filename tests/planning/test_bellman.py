"""Bellman's operators: matrices against the outcomes they are made of, and what each operator must satisfy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import fastsoftq as fsq
from fastsoftq.planning import bellman
from tests.planning.strategies import mdps
from tests.reference import planning as slow

ROWS = arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 5)), elements=st.floats(-1e3, 1e3))
TEMPERATURES = st.sampled_from([1e-300, 0.01, 1.0, 50.0])


@given(st.data(), st.sampled_from([0.0, 0.9, 1.0]), st.sampled_from([1.0, 3.0]))
def test_action_values_match_the_slow_twin(data, discount, scale):
    mdp = data.draw(mdps())
    v = data.draw(arrays(np.float64, mdp.n_states, elements=st.floats(-100, 100)))
    model = bellman.matrices(mdp, scale)
    q = slow.action_values(mdp, v, discount, scale)
    np.testing.assert_allclose(bellman.action_values(model, v, discount), q, rtol=0, atol=1e-12)
    whole = model.continuation.toarray().sum(axis=1) + model.termination.ravel()
    np.testing.assert_allclose(whole, 1.0, rtol=1e-14)


def test_infinite_values_touch_only_what_leads_there():
    model = bellman.matrices(fsq.from_map("S.G"))
    q = bellman.action_values(model, np.array([0.0, -np.inf, 0.0]), 1.0)
    assert q[0].tolist() == [-1.0, -np.inf, -1.0, -1.0]  # right
    assert q[1].tolist() == [-np.inf, 0.0, -np.inf, -1.0]
    assert np.isfinite(bellman.action_values(model, np.full(3, np.inf), 0.0)).all()


@given(ROWS, TEMPERATURES)
def test_soft_values_lie_between_max_and_max_plus_entropy(q, temperature):
    v = bellman.soft_values(nowhere_terminal(q), q, temperature)
    assert (v >= q.max(axis=1)).all()
    assert (v <= q.max(axis=1) + temperature * np.log(q.shape[1]) + 1e-12 * np.abs(q).max()).all()


@given(ROWS, TEMPERATURES, st.integers(-50, 50))
def test_a_shift_of_all_actions_shifts_values_and_keeps_policies(q, temperature, shift):
    q = np.round(q)  # so that adding is exact
    model = nowhere_terminal(q)
    moved = bellman.soft_values(model, q + shift, temperature)
    np.testing.assert_allclose(moved, bellman.soft_values(model, q, temperature) + shift, rtol=1e-12, atol=1e-12)
    assert np.array_equal(bellman.soft_policy(q + shift, temperature), bellman.soft_policy(q, temperature))
    assert np.array_equal(bellman.greedy_policy(q + shift), bellman.greedy_policy(q))


def test_what_is_known_better_is_told_apart():
    assert bellman.greedy_policy(np.array([[1e10, 1e10 - 2.0]]))[0].tolist() == [0.5, 0.5]
    assert bellman.greedy_policy(np.array([[1e10, 1e10 - 2.0]]), error=0.5)[0].tolist() == [1.0, 0.0]
    assert bellman.greedy_policy(np.array([[1e10, 1e10 - 2.0]]), error=1.5)[0].tolist() == [0.5, 0.5]
    assert bellman.greedy_policy(np.array([[3e-15, 2e-15]]), error=0.0)[0].tolist() == [1.0, 0.0]
    assert bellman.greedy_policy(np.array([[0.3, 0.1 + 0.2]]), error=0.0)[0].tolist() == [0.5, 0.5]


@given(ROWS)
def test_a_cold_soft_policy_is_greedy(q):
    q = np.round(q)
    np.testing.assert_allclose(bellman.soft_policy(q, 1e-3), bellman.greedy_policy(q), rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    ("q", "shares"),
    [
        ([1.0, 1.0 - 0.9e-9, 1.0 - 1.1e-9], [0.5, 0.5, 0.0]),
        ([-1e9, -1e9 - 0.9, -1e9 - 1.1], [0.5, 0.5, 0.0]),
        ([-np.inf, -np.inf, 0.0], [0.0, 0.0, 1.0]),
        ([-np.inf, -np.inf, -np.inf], [1 / 3, 1 / 3, 1 / 3]),
    ],
)
def test_equally_good_actions_share_to_within_the_tolerance(q, shares):
    assert bellman.greedy_policy(np.array([q])).tolist() == [shares]


def nowhere_terminal(q):
    return bellman.Matrices(q, None, None, np.zeros(q.shape[0], bool))
