"""River swim is the papers', and its best mean reward and diameter are those of the literature."""

from fractions import Fraction

import pytest

import fastsoftq as fsq


def test_osbands_best_mean_reward_and_diameter():
    """0.4286 of always swimming right: by the balance of neighbouring states, in fractions."""
    weight = [Fraction(1)]
    up, down = [Fraction(3, 5)] + [Fraction(35, 100)] * 4, [Fraction(5, 100)] * 4 + [Fraction(2, 5)]
    for rises, falls in zip(up, down, strict=True):
        weight.append(weight[-1] * rises / falls)
    mean = float(weight[-1] / sum(weight))
    assert round(mean, 4) == 0.4286
    mdp = fsq.river_swim(current="osband")
    solution = fsq.value_iteration(mdp, 0.999999)
    assert float(mdp.start @ solution.v) * 1e-6 == pytest.approx(mean, rel=1e-4)
    assert (solution.q.argmax(axis=1) == 1).all()
    # 14.72: Fruit, Pirotta & Lazaric (2020). Steps right from each state to the next, in fractions.
    steps, total = Fraction(0), Fraction(0)
    for rises, falls in zip(up, [Fraction(0), *down[:4]], strict=True):
        steps = (1 + falls * steps) / rises
        total += steps
    assert fsq.diameter(mdp).low == pytest.approx(float(total), rel=1e-12)
    assert round(float(total), 2) == 14.72


def test_strehl_and_littmans_tables():
    mdp = fsq.river_swim()
    assert mdp.outcomes(0, 0) == [(1.0, 0, 5.0, False)]
    assert mdp.outcomes(0, 1) == [(0.7, 0, 0.0, False), (0.3, 1, 0.0, False)]
    for state in range(1, 5):
        assert mdp.outcomes(state, 0) == [(1.0, state - 1, 0.0, False)]
        assert mdp.outcomes(state, 1) == [
            (0.1, state - 1, 0.0, False),
            (0.6, state, 0.0, False),
            (0.3, state + 1, 0.0, False),
        ]
    assert mdp.outcomes(5, 1) == [(0.7, 4, 0.0, False), (0.3, 5, 10000.0, False)]
    assert mdp.start.tolist() == [0, 0.5, 0.5, 0, 0, 0]


def test_strehl_and_littmans_optimum():
    """Always right, by the same balance: 0.3 up, 0.1 down, 0.7 down from the last state."""
    weight = [Fraction(1)]
    for falls in [Fraction(1, 10)] * 4 + [Fraction(7, 10)]:
        weight.append(weight[-1] * Fraction(3, 10) / falls)
    mean = float(3000 * weight[-1] / sum(weight))
    mdp = fsq.river_swim()
    assert float(mdp.start @ fsq.value_iteration(mdp, 0.999999).v) * 1e-6 == pytest.approx(mean, rel=1e-4)


def test_any_length():
    mdp = fsq.river_swim(20)
    assert mdp.outcomes(19, 0) == [(1.0, 18, 0.0, False)]
    assert mdp.outcomes(10, 1)[2] == (0.3, 11, 0.0, False)
