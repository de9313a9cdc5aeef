"""Deep sea is bsuite's: the best return, what chance finds, and the map of actions by seed."""

from fractions import Fraction

import numpy as np
import pytest

import fastsoftq as fsq


class Sea:
    """bsuite's rules in words: steps one at a time."""

    def __init__(self, size, rightward):
        self.size, self.rightward = size, rightward

    def step(self, row, column, action, moves=True):
        right = action == self.rightward[row][column]
        reward = Fraction(int(right and column == self.size - 1)) - (Fraction(1, 100 * self.size) if right else 0)
        after = column + 1 if right and moves else column - (not right)
        return row + 1, min(max(after, 0), self.size - 1), reward


@pytest.mark.parametrize("size", [1, 2, 3, 10, 30])
@pytest.mark.parametrize("seed", [None, 0, 5])
def test_the_best_return_is_99_hundredths(size, seed):
    mdp = fsq.deep_sea(size, seed=seed)
    assert fsq.value_iteration(mdp, 1.0).v[0] == pytest.approx(0.99, abs=1e-12)


def test_chance_finds_the_treasure_once_in_2_to_the_size():
    size = 8
    mdp = fsq.deep_sea(size)
    value = fsq.evaluate_policy(mdp, np.full((mdp.n_states, 2), 0.5)).v[0]
    assert value == pytest.approx(2.0**-size - 0.005, abs=1e-14)


@pytest.mark.parametrize("seed", [None, 3])
def test_every_step_is_bsuites(seed):
    size = 6
    mdp = fsq.deep_sea(size, seed=seed)
    noisy = fsq.deep_sea(size, seed=seed, stochastic=True)
    right = [[int(mdp.outcomes(size * y + x, 1)[0].reward != 0) for x in range(size)] for y in range(size)]
    assert (np.array(right) == 1).all() == (seed is None)
    sea = Sea(size, right)
    for row in range(size):
        for column in range(size):
            for action in (0, 1):
                y, x, reward = sea.step(row, column, action)
                state, last = size * row + column, row == size - 1
                (only,) = mdp.outcomes(state, action)
                assert only == (1.0, size * y + x, pytest.approx(float(reward), abs=1e-15), last)
                outcomes = noisy.outcomes(state, action)
                if last and column in (0, size - 1):
                    assert [o.probability for o in outcomes] == [0.5, 0.5]
                    assert [o.reward for o in outcomes] == pytest.approx([float(reward) + 1, float(reward) - 1])
                elif action == right[row][column]:
                    assert [o.probability for o in outcomes] == pytest.approx([5 / 6, 1 / 6])
                    assert [o.next_state for o in outcomes] == [size * y + x, size * y + column]
                else:
                    assert [o.next_state for o in outcomes] == [size * y + x]
                assert all(o.terminated == last for o in outcomes)


@pytest.mark.parametrize("size", [2, 5, 10])
def test_stochastic_values(size):
    """Right all the way is worth (1 - 1/n)^(n - 1) - 0.01; the best also saves the cost once the treasure is lost."""
    mdp = fsq.deep_sea(size, stochastic=True)
    always = np.tile([0.0, 1.0], (mdp.n_states, 1))
    assert fsq.evaluate_policy(mdp, always).v[0] == pytest.approx((1 - 1 / size) ** (size - 1) - 0.01, abs=1e-12)
    best, cost = Fraction(0), Fraction(1, 100 * size)
    for row in reversed(range(size)):
        best = max(Fraction(0), 1 - cost if row == size - 1 else Fraction(size - 1, size) * best - cost)
    assert fsq.value_iteration(mdp, 1.0).v[0] == pytest.approx(float(best), abs=1e-12)


def test_the_actions_of_a_seed_stay():
    drawn = np.random.default_rng(9).random((4, 4)) >= 0.5
    mdp = fsq.deep_sea(4, seed=9)
    for state in range(16):
        assert (mdp.outcomes(state, 1)[0].reward != 0) == drawn[divmod(state, 4)]
