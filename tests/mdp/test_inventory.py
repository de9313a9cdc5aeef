"""Inventory control is Puterman's, and its values are those of his tables."""

import math
from fractions import Fraction

import numpy as np
import pytest

import fastsoftq as fsq


def rewards(stock, order, sold):
    return 8 * sold - (4 + 2 * order if order else 0) - (stock + order)


def slow_values(discount, steps):
    """Puterman's example 3.2.2 in fractions."""
    demand = {0: Fraction(1, 4), 1: Fraction(1, 2), 2: Fraction(1, 4)}
    v = [Fraction(0)] * 4
    for _ in range(steps):
        v = [
            max(
                sum(p * (rewards(s, a, min(d, s + a)) + discount * v[s + a - min(d, s + a)]) for d, p in demand.items())
                for a in range(4 - s)
            )
            for s in range(4)
        ]
    return v


def test_three_months_are_the_books():
    """Puterman (1994), section 4.6.1: 67/16, 129/16, 194/16, 227/16; order 3, and nothing otherwise."""
    assert slow_values(1, 3) == [Fraction(x, 16) for x in (67, 129, 194, 227)]
    mdp = fsq.inventory()
    v = np.zeros(4)
    for _ in range(3):
        q = (mdp.probability * (mdp.reward + v[mdp.next_state])).sum(axis=2)
        v = q.max(axis=1)
    assert (16 * v).tolist() == [67, 129, 194, 227]
    assert q.argmax(axis=1).tolist() == [3, 0, 0, 0]


def test_what_cannot_happen_pays_nothing():
    mdp = fsq.inventory(5, demand=[0.5, 0.0, 0.5])
    assert (mdp.reward[mdp.probability == 0.0] == 0.0).all()
    assert mdp.largest_reward == 4 + 2 * 5 + 5  # five ordered and stored, none sold


def test_discounted_values_are_those_of_fractions():
    wanted = [float(x) for x in slow_values(Fraction(1, 2), 30)]
    assert fsq.value_iteration(fsq.inventory(), 0.5).v == pytest.approx(wanted, abs=1e-7)


def test_what_there_is_no_room_for_is_not_ordered():
    mdp = fsq.inventory(5)
    for state in range(6):
        for action in range(6):
            assert mdp.outcomes(state, action) == mdp.outcomes(state, min(action, 5 - state))


@pytest.mark.parametrize("mean", [0.0, 0.3, 4.0, 60.0])
def test_poissons_demand(mean):
    mdp = fsq.inventory(6, demand=mean)
    chances = [math.exp(-mean) * mean**k / math.factorial(k) for k in range(6)]
    found = {o.next_state: o.probability for o in mdp.outcomes(6, 0)}
    for sold, chance in enumerate([*chances, 1 - sum(chances)]):
        assert found.get(6 - sold, 0.0) == pytest.approx(chance, abs=1e-12)


def test_demand_beyond_the_capacity_empties_it():
    mdp = fsq.inventory(2, demand=[0.1, 0.2, 0.3, 0.4])
    assert [(o.probability, o.next_state) for o in mdp.outcomes(2, 0)] == [
        (pytest.approx(0.1), 2),
        (pytest.approx(0.2), 1),
        (pytest.approx(0.7), 0),
    ]


def test_a_demand_is_a_mean_or_chances():
    with pytest.raises(
        TypeError, match=r"demand is 'abc'; it must be a mean, or the probabilities of 0, 1, 2, ... units"
    ):
        fsq.inventory(demand="abc")
