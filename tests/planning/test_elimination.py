"""Elimination of states against equations in fractions, where ways out are rare."""

from fractions import Fraction

import numpy as np
import pytest

from fastsoftq.planning.markov_chains.elimination import Elimination


@pytest.mark.parametrize("rare", [0.5, 1e-9, 1e-40, 1e-150])
def test_two_rooms_joined_by_a_rare_door(rare):
    """0 is the ground; 1 and 2 lead to each other and to 0 by the rare door alone."""
    moves = np.array([[0.0, 0.5, 0.0], [rare, 0.0, 1.0 - rare], [0.0, 1.0, 0.0]])
    rates = np.array([[0.0, 1.0], [2.0, 1e-9], [3.0, 1e-300]])
    collected, cycle = Elimination(moves, np.array([0]))(rates)
    door, on = Fraction(rare), Fraction(1.0 - rare)
    for column in range(2):
        ground, one, two = (Fraction(x) for x in rates[:, column])
        v1 = (one + on * two) / door  # (door + on) v1 = one + on v2 and v2 = two + v1
        assert collected[:, column] == pytest.approx([0.0, float(v1), float(two + v1)], rel=1e-14)
        assert cycle[0, column] == pytest.approx(float(ground + v1 / 2), rel=1e-14)


@pytest.mark.parametrize("seed", range(5))
def test_several_grounds(seed):
    rng = np.random.default_rng(seed)
    moves = rng.random((7, 7))
    moves /= moves.sum(axis=1, keepdims=True)
    ground, rates = np.array([2, 5]), rng.normal(size=(7, 3))
    collected, cycle = Elimination(moves, ground)(rates)
    free = np.setdiff1d(np.arange(7), ground)
    expected = np.linalg.solve(np.eye(5) - moves[np.ix_(free, free)], rates[free])
    np.testing.assert_allclose(collected[free], expected, rtol=1e-12)
    assert (collected[ground] == 0.0).all()
    np.testing.assert_allclose(cycle, rates[ground] + moves[np.ix_(ground, free)] @ expected, rtol=1e-12)


def test_a_state_that_is_never_left():
    with pytest.raises(RuntimeError, match="state 1 is never left"):
        Elimination(np.array([[0.5, 0.5], [0.0, 1.0]]), np.array([0]))
