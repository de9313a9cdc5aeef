"""Policies made of others, beside fractions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsoftq.planning.bellman import epsilon_mixture


@given(
    weights=st.lists(st.lists(st.integers(1, 9), min_size=3, max_size=3), min_size=1, max_size=4),
    epsilon=st.integers(0, 8),
)
def test_a_mixture_is_that_of_its_definition(weights, epsilon):
    policy = [[Fraction(w, sum(row)) for w in row] for row in weights]
    share = Fraction(epsilon, 8)
    exact = [[float((1 - share) * p + share / 3) for p in row] for row in policy]
    mixed = epsilon_mixture(np.array(policy, float), epsilon / 8)
    np.testing.assert_allclose(mixed, exact, rtol=1e-15)
    np.testing.assert_allclose(mixed.sum(axis=-1), 1.0, rtol=1e-15)


@pytest.mark.parametrize("shape", [(4,), (2, 4), (5, 2, 4)])
def test_its_ends(shape):
    policy = np.broadcast_to([0.0, 1.0, 0.0, 0.0], shape)
    assert epsilon_mixture(policy, 0.0).tolist() == policy.tolist()
    assert epsilon_mixture(policy, 1.0).tolist() == np.full(shape, 0.25).tolist()
