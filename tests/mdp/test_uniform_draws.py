"""Worlds are drawn from PCG64's stream, which NumPy promises to keep."""

import numpy as np
import pytest

from fastsoftq.mdp.uniform_draws import uniform_draws


def test_they_are_numpys_random_numbers():
    first, second = uniform_draws(11, (2, 3), (4,))
    theirs = np.random.default_rng(11)
    assert np.array_equal(first, theirs.random((2, 3)))
    assert np.array_equal(second, theirs.random(4))


def test_a_seed_is_refused_if_it_is_none():
    with pytest.raises(ValueError, match="seed is -1; it must be at least 0"):
        uniform_draws(-1, (2,))
    with pytest.raises(TypeError, match=r"seed is 1\.5; it must be an integer"):
        uniform_draws(1.5, (2,))
