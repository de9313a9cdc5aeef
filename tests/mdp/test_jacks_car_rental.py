"""Jack's car rental: the book's optimal policy and values (Sutton & Barto 2018, figure 4.2)."""

import math

import numpy as np
import pytest

import fastsoftq as fsq

# Figure 4.2's last policy, from 20 cars at the first location down to 0; columns are cars at the second.
FIGURE = """
5 5 5 5 4 4 3 3 3 3 2 2 2 2 2 1 1 1 0 0 0
5 5 5 4 4 3 3 2 2 2 2 1 1 1 1 1 0 0 0 0 0
5 5 5 4 3 3 2 2 1 1 1 1 0 0 0 0 0 0 0 0 0
5 5 5 4 3 2 2 1 1 0 0 0 0 0 0 0 0 0 0 0 0
5 5 5 4 3 2 1 1 0 0 0 0 0 0 0 0 0 0 0 0 0
5 5 5 4 3 2 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0
5 5 4 4 3 2 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0
5 5 4 3 3 2 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0
5 5 4 3 2 2 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0
5 4 4 3 2 1 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0
4 4 3 3 2 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
4 3 3 2 2 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
3 3 2 2 1 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
3 2 2 1 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
2 2 1 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
1 1 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 -1 -1
0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 -1 -1 -1 -1 -1 -2
0 0 0 0 0 0 0 0 0 0 0 -1 -1 -1 -1 -1 -2 -2 -2 -2 -2
0 0 0 0 0 0 0 0 0 -1 -1 -1 -2 -2 -2 -2 -2 -3 -3 -3 -3
0 0 0 0 0 0 0 0 -1 -1 -2 -2 -2 -3 -3 -3 -3 -3 -4 -4 -4
"""


def poisson(mean, k):
    return math.exp(-mean) * mean**k / math.factorial(k)


def slow_day(cars, requests, returns, morning):
    """Chances of each number of cars in the evening, and income times them, request by request and return by return."""
    chance, income = [0.0] * (cars + 1), [0.0] * (cars + 1)
    for asked in range(60):
        for back in range(60):
            rented = min(asked, morning)
            evening = min(morning - rented + back, cars)
            p = poisson(requests, asked) * poisson(returns, back)
            chance[evening] += p
            income[evening] += p * 10 * rented
    return chance, income


def test_the_optimal_policy_is_the_figures():
    mdp = fsq.jacks_car_rental()
    solution = fsq.value_iteration(mdp, 0.9)
    assert solution.converged
    # Moving more cars than there are is moving as many as there are: of equals, the one that moves least.
    moves = np.arange(-5, 6)
    tied = solution.q >= solution.q.max(axis=1, keepdims=True) - 1e-7
    policy = moves[np.where(tied, np.abs(moves), 99).argmin(axis=1)].reshape(21, 21)[::-1]
    assert policy.tolist() == [[int(x) for x in row.split()] for row in FIGURE.split("\n") if row]
    assert solution.v[0] == pytest.approx(421.4, abs=0.1)  # the figure's axis begins at 420


@pytest.mark.parametrize(("moves", "exercise"), [(5, False), (2, True)])
def test_outcomes_are_those_of_counting_cars(moves, exercise):
    cars = 6
    extra = {"free_move": True, "parking_cost": 4.0, "parked_free": 3} if exercise else {}
    mdp = fsq.jacks_car_rental(cars, most_moved=moves, **extra)
    for first, second in [(0, 0), (3, 5), (6, 6), (6, 1), (2, 4)]:
        for action in range(2 * moves + 1):
            moved = min(max(action - moves, -second), first)
            a, b = min(first - moved, cars), min(second + moved, cars)
            paid = 2 * (abs(moved) - (1 if exercise and moved > 0 else 0))
            paid += 4 * ((a > 3) + (b > 3)) if exercise else 0
            one, two = slow_day(cars, 3, 3, a), slow_day(cars, 4, 2, b)
            state = first * (cars + 1) + second
            assert len(mdp.outcomes(state, action)) == (cars + 1) ** 2
            for p, after, reward, over in mdp.outcomes(state, action):
                i, j = divmod(after, cars + 1)
                assert p == pytest.approx(one[0][i] * two[0][j], abs=1e-12)
                assert reward == pytest.approx(one[1][i] / one[0][i] + two[1][j] / two[0][j] - paid, rel=1e-9)
                assert not over


def test_the_exercise_pays_less_for_parking_and_more_for_the_free_move():
    plain, free, parked = (
        fsq.value_iteration(fsq.jacks_car_rental(8, most_moved=3, **extra), 0.9).v
        for extra in ({}, {"free_move": True}, {"parking_cost": 4.0, "parked_free": 3})
    )
    assert (free > plain).any()
    assert (free >= plain - 1e-9).all()
    assert (parked < plain).all()
