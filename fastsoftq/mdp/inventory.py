"""Inventory control with random demand (Puterman 1994, section 3.2; Szepesvári 2010, example 1)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.mdp.table_memory import check_table
from fastsoftq.mdp.tabular import TabularMDP

__all__ = ["inventory"]

_MOST_DEMAND = 1e6


def inventory(
    capacity: int = 3,
    *,
    demand: float | Sequence[float] = (0.25, 0.5, 0.25),
    price: float = 8.0,
    order_cost: float = 4.0,
    unit_cost: float = 2.0,
    holding_cost: float = 1.0,
) -> TabularMDP:
    """Make inventory control: each month units are ordered, which arrive at once, and sold as demand comes.

    State s is the stock at the beginning of a month, from 0 to `capacity`. Action a orders a units, or as many as there
    is room for: that costs `order_cost`, if it is any, and `unit_cost` each. Storing what there is then costs
    `holding_cost` a unit. What is sold, at most what there is, pays `price` each; demand beyond is lost. The numbers
    are Puterman's (example 3.2.2).

    The task is a continuing one: no outcome terminates, so that episodes last for `max_steps`, and values need a
    discount below 1. Episodes start with an empty stock.

    Parameters
    ----------
    capacity : int
        Units, at least 1.
    demand : float or sequence of float
        A month's demand: the mean of a Poisson distribution, up to a million, or the probabilities of 0, 1, 2, ...
        units, which sum to 1.
    price, order_cost, unit_cost, holding_cost : float

    Returns
    -------
    TabularMDP

    Raises
    ------
    ValueError
        A capacity below 1 or too large for the memory there is; a mean that is negative or above a million;
        probabilities that are negative or do not sum to 1; prices that are not finite, or such that a reward is beyond
        ±1e100.
    TypeError
        `capacity` must be an integer, `demand` a number or numbers, prices numbers.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> fsq.inventory().outcomes(1, 1)[-1]  # two in stock, both sold: 16, less 4 + 2 for the order and 2 for storing
    Outcome(probability=0.25, next_state=0, reward=8.0, terminated=False)
    """
    capacity = checks.count("capacity", capacity)
    check_table(f"capacity is {capacity}; such a stock", capacity + 1, capacity + 1, capacity + 1)
    price, order_cost, unit_cost, holding_cost = (
        checks.reward(name, value)
        for name, value in (
            ("price", price),
            ("order_cost", order_cost),
            ("unit_cost", unit_cost),
            ("holding_cost", holding_cost),
        )
    )
    chance = _demand(demand, capacity)
    at_least = np.append(np.cumsum(chance[::-1])[::-1], 0.0)  # of demand
    stock = np.arange(capacity + 1)
    ordered = np.minimum(stock, capacity - stock[:, None])  # [states, actions]
    there = (stock[:, None] + ordered)[:, :, None]
    sold = stock
    probability = np.where(sold < there, chance[sold], np.where(sold == there, at_least[sold], 0.0))
    costs = np.where(ordered > 0, order_cost, 0.0) + unit_cost * ordered
    reward = price * sold - costs[:, :, None] - holding_cost * there
    return TabularMDP(
        next_state=np.maximum(there - sold, 0),
        reward=np.where(probability > 0.0, reward, 0.0),
        terminated=False,
        probability=probability,
        name="inventory",
    )


def _demand(demand: Any, capacity: int) -> NDArray[np.float64]:
    """The probability of each demand below `capacity`, and of all others together."""
    if isinstance(demand, str):
        raise TypeError(
            f"demand is {checks.shown(demand)}; it must be a mean, or the probabilities of 0, 1, 2, ... units"
        )
    if checks.array("demand", demand).ndim == 0:
        mean = checks.number("demand", demand)
        if not 0.0 <= mean <= _MOST_DEMAND:
            raise ValueError(f"demand is {mean}; as a mean it must lie in [0, {_MOST_DEMAND:g}]")
        units = range(capacity)
        logs = [k * math.log(mean) - mean - math.lgamma(k + 1.0) if mean else (-math.inf if k else 0.0) for k in units]
        chance = np.array([math.exp(x) for x in logs])
        return np.append(chance, max(0.0, 1.0 - math.fsum(chance)))
    given = checks.array("demand", demand, "iuf", holds="probabilities")
    if given.ndim != 1:
        raise ValueError(
            f"demand has shape {given.shape}; it must be a number, or a probability for 0, 1, 2, ... units"
        )
    chances = checks.distribution("demand", given).astype(np.float64)
    padded = np.append(chances, np.zeros(max(0, capacity + 1 - chances.size)))
    return np.append(padded[:capacity], padded[capacity:].sum())
