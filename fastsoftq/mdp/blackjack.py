"""Blackjack (Sutton & Barto 2018, example 5.1): hit or stick against a dealer, from an infinite deck."""

from __future__ import annotations

from functools import cache

import numpy as np

from fastsoftq import checks
from fastsoftq.mdp.tabular import TabularMDP

__all__ = ["blackjack"]

_CARDS = tuple((card, (4.0 if card == 10 else 1.0) / 13.0) for card in range(1, 11))  # ten, knave, queen and king: 10
_LEAST, _MOST, _ACE, _STANDS = 12, 21, 11, 17
_SUMS, _SHOWN = _MOST - _LEAST + 1, 10
_HANDS = _SUMS * _SHOWN * 2
_STICK, _HIT = 0, 1
_WIN, _DRAW, _LOSS = range(3)


def blackjack(*, natural: float = 1.0) -> TabularMDP:
    """Make blackjack: the sum of one's cards should come nearer to 21 than the dealer's, and not exceed it.

    A state is one's sum from 12 to 21 (below 12 everybody hits), the dealer's card from 1, an ace, to 10, and whether
    an ace counts as 11: state `(sum - 12) * 20 + (card - 1) * 2 + usable`. Ten more, from 200, are naturals (ace and
    ten as the first two cards), by the dealer's card: they win unless the dealer has one, too, whatever one does. The
    last state is the end. Action 0 sticks, 1 hits, as in Gymnasium. The dealer sticks on 17 or more. Winning pays 1,
    losing -1. Start states are as likely as their deals.

    Parameters
    ----------
    natural : float
        What a natural pays: 1 in the book, 1.5 in casinos.

    Returns
    -------
    TabularMDP

    Raises
    ------
    ValueError
        A payment that is not finite, or beyond ±1e100.
    TypeError
        `natural` must be a number.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> mdp = fsq.blackjack()
    >>> mdp
    <TabularMDP 'blackjack': 211 states, 2 actions, up to 11 outcomes>
    >>> solution = fsq.value_iteration(mdp, discount=1.0)
    >>> round(float(mdp.start @ solution.v), 4)  # the house wins
    -0.0431
    """
    natural = checks.reward("natural", natural)
    n_states = _HANDS + _SHOWN + 1
    end = n_states - 1
    n_outcomes = len(_CARDS) + 1
    next_state = np.full((n_states, 2, n_outcomes), end)
    probability, reward = np.zeros(next_state.shape), np.zeros(next_state.shape)
    start = np.zeros(n_states)
    for shown in range(1, _SHOWN + 1):
        finals = _dealt(shown)
        for total in range(_LEAST, _MOST + 1):
            for usable in (False, True):
                state = _number(total, shown, usable)
                chances = _against(total, finals)
                probability[state, _STICK, :3], reward[state, _STICK, :3] = chances, (1.0, 0.0, -1.0)
                for i, (card, chance) in enumerate(_CARDS):
                    after, still_usable = _added(total, usable, card)
                    probability[state, _HIT, i] = chance
                    if after > _MOST:
                        reward[state, _HIT, i] = -1.0
                    else:
                        next_state[state, _HIT, i] = _number(after, shown, still_usable)
        with_natural = _HANDS + shown - 1
        draws = _dealers_natural(shown)
        probability[with_natural, :, :2], reward[with_natural, :, 0] = (1.0 - draws, draws), natural
        card_shown = dict(_CARDS)[shown]
        for (total, usable), chance in _hands().items():
            start[_number(total, shown, usable)] += chance * card_shown
        start[with_natural] += 2.0 * dict(_CARDS)[1] * dict(_CARDS)[10] * card_shown
    probability[end, :, 0] = 1.0
    return TabularMDP(
        next_state=next_state,
        reward=reward,
        terminated=next_state == end,
        probability=probability,
        start=start,
        name="blackjack",
    )


def _number(total: int, shown: int, usable: bool) -> int:
    return ((total - _LEAST) * _SHOWN + shown - 1) * 2 + usable


def _added(total: int, usable: bool, card: int) -> tuple[int, bool]:
    """A hand after one card more: its sum, and whether an ace counts as 11."""
    total += card
    if card == 1 and not usable and total + 10 <= _MOST:
        return total + 10, True
    if total > _MOST and usable:
        return total - 10, False
    return total, usable


@cache
def _hands() -> dict[tuple[int, bool], float]:
    """The chances of the first hands of 12 or more, naturals left out."""
    hands: dict[tuple[int, bool], float] = {}
    for first, chance in _CARDS:
        for second, other in _CARDS:
            if {first, second} != {1, 10}:
                _drawn(*_added(*_added(0, False, first), second), _LEAST, chance * other, hands)
    return hands


@cache
def _dealt(shown: int) -> dict[tuple[int, bool], float]:
    """The chances of the dealer's last hands."""
    hands: dict[tuple[int, bool], float] = {}
    _drawn(*_added(0, False, shown), _STANDS, 1.0, hands)
    return hands


def _drawn(total: int, usable: bool, least: int, chance: float, hands: dict[tuple[int, bool], float]) -> None:
    """Add to `hands` what becomes of a hand that is hit until its sum is `least`."""
    if total >= least:
        hands[total, usable] = hands.get((total, usable), 0.0) + chance
        return
    for card, likely in _CARDS:
        _drawn(*_added(total, usable, card), least, chance * likely, hands)


def _dealers_natural(shown: int) -> float:
    return {1: dict(_CARDS)[10], 10: dict(_CARDS)[1]}.get(shown, 0.0)


def _against(total: int, finals: dict[tuple[int, bool], float]) -> list[float]:
    """The chances that sticking wins, draws and loses."""
    chances = [0.0, 0.0, 0.0]
    for (dealer, _), chance in finals.items():
        won = dealer > _MOST or dealer < total
        chances[_WIN if won else _DRAW if dealer == total else _LOSS] += chance
    return chances
