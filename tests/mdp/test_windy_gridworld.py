"""The windy gridworld is the book's (Sutton & Barto 2018, example 6.5, exercises 6.9 and 6.10)."""

from fractions import Fraction

import pytest

import fastsoftq as fsq

WIND = [0, 0, 0, 1, 1, 1, 2, 2, 1, 0]
FOUR = [(-1, 0), (0, 1), (1, 0), (0, -1)]
KING = [*FOUR, (-1, 1), (1, 1), (1, -1), (-1, -1)]


def lands(cell, move, gust):
    """Where a step leads, from the book's text."""
    y, x = cell
    wind = WIND[x] + gust if WIND[x] else 0
    return min(max(y + move[0] - wind, 0), 6), min(max(x + move[1], 0), 9)


@pytest.mark.parametrize(("moves", "steps"), [("four", 15), ("king", 7), ("king_stay", 7)])
def test_the_shortest_way_is_the_books(moves, steps):
    mdp = fsq.windy_gridworld(moves=moves)
    solution = fsq.value_iteration(mdp, discount=1.0)
    assert solution.converged
    assert solution.v[mdp.start.argmax()] == -steps


@pytest.mark.parametrize("stochastic", [False, True])
@pytest.mark.parametrize(("moves", "steps"), [("four", FOUR), ("king", KING), ("king_stay", [*KING, (0, 0)])])
def test_every_outcome_is_the_texts(moves, steps, stochastic):
    mdp = fsq.windy_gridworld(moves=moves, stochastic=stochastic)
    assert (mdp.n_states, mdp.n_actions) == (70, len(steps))
    for state in range(70):
        for action, move in enumerate(steps):
            wanted = {}
            for gust in (-1, 0, 1) if stochastic else (0,):
                y, x = lands(divmod(state, 10), move, gust)
                wanted[10 * y + x] = wanted.get(10 * y + x, 0) + Fraction(1, 3 if stochastic else 1)
            found = {}
            for p, next_state, reward, over in mdp.outcomes(state, action):
                if state == 37:
                    assert (next_state, reward, over) == (37, 0.0, True)
                    continue
                assert (reward, over) == (-1.0, next_state == 37)
                found[next_state] = found.get(next_state, 0) + p
            if state != 37:
                assert found == pytest.approx({s: float(p) for s, p in wanted.items()})


def test_stochastic_wind_costs_steps():
    """Against value iteration by hand, on lists."""
    mdp = fsq.windy_gridworld(moves="king", stochastic=True)
    v = [0.0] * 70
    for _ in range(400):
        v = [
            0.0
            if s == 37
            else max(
                sum(
                    -1 + (0.0 if (t := 10 * y + x) == 37 else v[t])
                    for y, x in (lands(divmod(s, 10), m, g) for g in (-1, 0, 1))
                )
                / 3
                for m in KING
            )
            for s in range(70)
        ]
    assert fsq.value_iteration(mdp, 1.0).v == pytest.approx(v, abs=1e-9)
