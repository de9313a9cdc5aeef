"""Jack's car rental (Sutton & Barto 2018, example 4.2 and exercise 4.7)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.mdp.table_memory import check_table
from fastsoftq.mdp.tabular import TabularMDP

__all__ = ["jacks_car_rental"]

_REQUESTS, _RETURNS = (3.0, 4.0), (3.0, 2.0)  # a day's means at the two locations
_CREDIT = 10.0
_NEVER = 1e-17  # a Poisson distribution's tail beyond which nothing counts


def jacks_car_rental(
    cars: int = 20,
    *,
    most_moved: int = 5,
    move_cost: float = 2.0,
    free_move: bool = False,
    parking_cost: float = 0.0,
    parked_free: int = 10,
) -> TabularMDP:
    """Make Jack's car rental: cars are moved overnight between two locations, and rented by day.

    State `(cars + 1) * first + second` counts the cars at both locations in the evening; action a moves `a -
    most_moved` cars from the first to the second, or as many as there are. A car that is asked for (Poisson, 3 and 4 a
    day) and there is rented for 10; cars come back (3 and 2 a day) for the next day; those beyond `cars` are taken
    away. The reward of a day is its expected income, given how many cars there are in the evening.

    The task is a continuing one: no outcome terminates, so that episodes last for `max_steps`, and values need a
    discount below 1; the book's is 0.9. Episodes start with half of `cars` at each location.

    Parameters
    ----------
    cars : int
        The most at a location.
    most_moved : int
        In a night.
    move_cost : float
        Of a car moved.
    free_move : bool
        The first car moved to the second location costs nothing (exercise 4.7).
    parking_cost : float
        Of a location where more than `parked_free` cars stay overnight; 4 in exercise 4.7.
    parked_free : int

    Returns
    -------
    TabularMDP

    Raises
    ------
    ValueError
        Numbers of cars that are too small, or too large for the memory there is; costs that are not finite, or beyond
        ±1e100.
    TypeError
        Numbers of cars must be integers, costs numbers, `free_move` True or False.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> fsq.jacks_car_rental()
    <TabularMDP 'jacks_car_rental': 441 states, 11 actions, up to 441 outcomes>
    """
    cars, most_moved = checks.count("cars", cars), checks.count("most_moved", most_moved, least=0)
    move_cost, parking_cost = checks.reward("move_cost", move_cost), checks.reward("parking_cost", parking_cost)
    free_move, parked_free = checks.flag("free_move", free_move), checks.count("parked_free", parked_free, least=0)
    side = cars + 1
    given = f"cars is {cars} and most_moved {most_moved}; such a business"
    check_table(given, side**2, 2 * most_moved + 1, side**2)

    first, second = (axis.ravel()[:, None] for axis in np.indices((side, side)))
    moved = np.clip(np.arange(-most_moved, most_moved + 1), -second, first)
    first, second = np.minimum(first - moved, cars), np.minimum(second + moved, cars)
    paid = np.abs(moved) - (free_move & (moved > 0))
    cost = move_cost * paid + parking_cost * ((first > parked_free) * 1.0 + (second > parked_free))
    (chance, income), (other_chance, other_income) = (
        _day(cars, requests, returns) for requests, returns in zip(_REQUESTS, _RETURNS, strict=True)
    )
    probability = chance[first][:, :, :, None] * other_chance[second][:, :, None, :]
    earned = income[first][:, :, :, None] + other_income[second][:, :, None, :]
    shape = (*moved.shape, side**2)
    return TabularMDP(
        next_state=np.broadcast_to(np.arange(side**2), shape),
        reward=earned.reshape(shape) - cost[:, :, None],
        terminated=False,
        probability=probability.reshape(shape),
        start=(cars // 2) * (side + 1),
        name="jacks_car_rental",
    )


def _day(cars: int, requests: float, returns: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of each number of cars in the morning: the chances of each in the evening, and the expected income given that."""
    side = cars + 1
    rented = _capped(requests, cars)  # [morning, rented]
    back = _capped(returns, cars)  # of room for that many, those that come
    chance, income = np.zeros((side, side)), np.zeros((side, side))
    for left in range(side):  # after the rents
        morning = np.arange(left, side)
        sold = morning - left
        likely = rented[morning, sold][:, None] * back[cars - left, : side - left]
        chance[left:, left:] += likely
        income[left:, left:] += _CREDIT * sold[:, None] * likely
    return chance, np.divide(income, chance, out=np.zeros_like(income), where=chance > 0.0)


def _capped(mean: float, most: int) -> NDArray[np.float64]:
    """Poisson's distribution where what is beyond a cap counts as the cap, of each cap: [most + 1, most + 1]."""
    chance = [math.exp(-mean)]
    while len(chance) <= most or chance[-1] > _NEVER:
        chance.append(chance[-1] * mean / len(chance))
    tail = np.cumsum(chance[::-1])[::-1]
    table = np.tril(np.tile(chance[: most + 1], (most + 1, 1)), -1)
    table[np.diag_indices(most + 1)] = tail[: most + 1]
    return table
