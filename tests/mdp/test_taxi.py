"""The taxi is Gymnasium's table; a fickle passenger, which its table does not hold, is found by stepping it."""

from collections import defaultdict
from itertools import pairwise

import gymnasium
import numpy as np
import pytest

import fastsoftq as fsq


@pytest.mark.parametrize("options", [{}, {"is_rainy": True}, {"is_rainy": True, "rainy_probability": 0.5}], ids=str)
def test_it_is_gymnasiums_table(options):
    theirs = gymnasium.make("Taxi-v4", **options).unwrapped
    ours = fsq.taxi(**options)
    assert np.array_equal(ours.start, theirs.initial_state_distrib)
    for state in range(500):
        for action in range(6):
            wanted = [(p, int(n), float(r), bool(t)) for p, n, r, t in theirs.P[state][action] if p > 0]
            assert ours.outcomes(state, action) == wanted


def test_the_mean_optimal_return_is_the_literatures():
    mdp = fsq.taxi()
    solution = fsq.value_iteration(mdp, 1.0)
    assert solution.converged
    assert float(mdp.start @ solution.v) == pytest.approx(7.93, abs=1e-9)


class Chosen:
    """Random numbers that are given: the n-th choice, and a number for outcomes."""

    def __init__(self, number, choice):
        self.number, self.which = number, choice

    def random(self):
        return self.number

    def choice(self, options):
        return options[self.which]


@pytest.mark.parametrize("rainy", [False, True])
def test_a_fickle_passenger_is_gymnasiums(rainy):
    env = gymnasium.make("Taxi-v4", is_rainy=rainy, fickle_passenger=True).unwrapped
    mdp = fsq.taxi(is_rainy=rainy, fickle_passenger=True)
    env.reset(seed=0)
    assert mdp.n_states == 1000
    for fickle in (False, True):
        for state in range(0, 500, 1 if not rainy else 3):
            for action in range(6):
                wanted = defaultdict(float)
                listed = env.P[state][action]
                edges = np.cumsum([0.0] + [p for p, *_ in listed])
                for low, high in pairwise(edges):
                    for which in range(3):
                        env.s, env.fickle_step = state, fickle
                        env.np_random = Chosen((low + min(high, 1.0)) / 2, which)
                        after, reward, over, _, _ = env.step(action)
                        wanted[after + 500 * env.fickle_step, reward, over] += (high - low) / 3
                found = defaultdict(float)
                for p, after, reward, over in mdp.outcomes(state + 500 * fickle, action):
                    found[after, reward, over] += p
                assert found == pytest.approx(wanted), (state, action, fickle)


def test_a_passenger_is_fickle_in_three_of_ten_episodes():
    mdp = fsq.taxi(fickle_passenger=True)
    assert mdp.start[500:].sum() == pytest.approx(0.3)
    assert np.allclose(mdp.start[:500] / 0.7, fsq.taxi().start)
    sure = fsq.taxi(fickle_passenger=True, fickle_probability=0.0)
    assert float(sure.start @ fsq.value_iteration(sure, 1.0).v) == pytest.approx(7.93)
