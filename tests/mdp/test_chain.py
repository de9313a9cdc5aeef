"""The chain is Dearden's and Strens's, and earns 3677 in 1000 steps."""

from fractions import Fraction

import pytest

import fastsoftq as fsq


def test_the_best_mean_reward_is_the_literatures():
    """3677 in 1000 steps (Strens 2000): on with probability 4/5, so at the end (4/5)^4 of the time, in fractions."""
    on = Fraction(4, 5)
    mean = on**4 * on * 10 + (1 - on) * 2
    assert float(mean) * 1000 == pytest.approx(3677, abs=0.5)
    mdp = fsq.chain()
    solution = fsq.value_iteration(mdp, 0.999999)
    assert solution.v[0] * 1e-6 == pytest.approx(float(mean), rel=1e-5)
    assert (solution.q.argmax(axis=1) == 0).all()


def test_its_outcomes():
    mdp = fsq.chain(7, slip=0.3, back_reward=1.0, end_reward=5.0)
    for state in range(6):
        on, back = (0.7, state + 1, 0.0, False), (0.3, 0, 1.0, False)
        assert mdp.outcomes(state, 0) == [on, back]
        assert mdp.outcomes(state, 1) == [(0.7, *back[1:]), (0.3, *on[1:])]
    assert mdp.outcomes(6, 0) == [(0.7, 6, 5.0, False), (0.3, 0, 1.0, False)]
    assert mdp.outcomes(6, 1) == [(0.7, 0, 1.0, False), (0.3, 6, 5.0, False)]
