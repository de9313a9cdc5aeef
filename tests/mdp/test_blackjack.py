"""Blackjack: the book's optimal policy (Sutton & Barto 2018, figure 5.2), and values in fractions."""

from fractions import Fraction
from functools import cache

import pytest

import fastsoftq as fsq

CARDS = {card: Fraction(4 if card == 10 else 1, 13) for card in range(1, 11)}


def count(cards):
    """The sum of a hand, and whether an ace counts as 11."""
    total = sum(cards)
    return (total + 10, True) if 1 in cards and total <= 11 else (total, False)


@cache
def dealers(cards):
    """The chances of the dealer's last sums; 22 for more than 21. Hands are sorted tuples."""
    total, _ = count(cards)
    if total >= 17:
        return {min(total, 22): Fraction(1)}
    chances = {}
    for card, p in CARDS.items():
        for last, q in dealers(tuple(sorted((*cards, card)))).items():
            chances[last] = chances.get(last, 0) + p * q
    return chances


def stick(total, shown):
    return sum(p * (1 if last > 21 else (total > last) - (total < last)) for last, p in dealers((shown,)).items())


@cache
def hit(total, usable, shown):
    value = Fraction(0)
    for card, p in CARDS.items():
        after, soft = total + card, usable
        if card == 1 and not usable and after + 10 <= 21:
            after, soft = after + 10, True
        if after > 21 and soft:
            after, soft = after - 10, False
        value += p * (-1 if after > 21 else best(after, soft, shown))
    return value


@cache
def best(total, usable, shown):
    return hit(total, usable, shown) if total < 12 else max(stick(total, shown), hit(total, usable, shown))


def house(natural):
    """The value of a game, over all deals."""
    value = Fraction(0)
    for shown, p in CARDS.items():
        for first, q in CARDS.items():
            for second, r in CARDS.items():
                chance = p * q * r
                if {first, second} == {1, 10}:
                    theirs = {1: CARDS[10], 10: CARDS[1]}.get(shown, 0)
                    value += chance * (1 - theirs) * natural
                else:
                    total, usable = count((first, second))
                    value += chance * best(total, usable, shown)
    return value


@pytest.mark.parametrize("natural", [1, Fraction(3, 2)])
def test_the_game_is_worth_what_fractions_say(natural):
    mdp = fsq.blackjack(natural=float(natural))
    solution = fsq.value_iteration(mdp, 1.0)
    assert solution.converged
    assert float(mdp.start @ solution.v) == pytest.approx(float(house(natural)), abs=1e-12)


def test_every_value_is_that_of_fractions():
    solution = fsq.value_iteration(fsq.blackjack(), 1.0)
    for total in range(12, 22):
        for shown in range(1, 11):
            for usable in (False, True):
                state = (total - 12) * 20 + (shown - 1) * 2 + usable
                wanted = [stick(total, shown), hit(total, usable, shown)]
                assert solution.q[state] == pytest.approx([float(x) for x in wanted], abs=1e-12)


def test_the_optimal_policy_is_the_figures():
    """The lowest sum on which to stick, for each of the dealer's cards from the ace."""
    sticks = fsq.value_iteration(fsq.blackjack(), 1.0).policy[:200, 0].reshape(10, 10, 2) == 1.0
    lowest = [[12 + sticks[:, shown, usable].argmax() for shown in range(10)] for usable in (0, 1)]
    assert lowest[1] == [19, 18, 18, 18, 18, 18, 18, 18, 19, 19]  # with a usable ace
    assert lowest[0] == [17, 13, 13, 12, 12, 12, 17, 17, 17, 17]


def test_it_is_gymnasiums_game():
    """By its rules from Sutton & Barto: mean return of a policy over games of its own random numbers."""
    import gymnasium

    env = gymnasium.make("Blackjack-v1", sab=True)
    mdp = fsq.blackjack()
    policy = fsq.value_iteration(mdp, 1.0).policy
    returns = []
    env.reset(seed=1)
    for _ in range(20_000):
        (total, shown, usable), _ = env.reset()
        over = False
        while not over:
            action = 1 if total < 12 else int(policy[(total - 12) * 20 + (shown - 1) * 2 + usable, 1])
            (total, shown, usable), reward, over, _, _ = env.step(action)
        returns.append(reward)
    wanted = float(mdp.start @ fsq.evaluate_policy(mdp, policy).v)
    error = (sum(x * x for x in returns) / len(returns)) ** 0.5 / len(returns) ** 0.5
    assert abs(sum(returns) / len(returns) - wanted) < 4 * error
