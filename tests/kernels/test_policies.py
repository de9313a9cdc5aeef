"""Policies choose as their definitions say, and fairly: counted, with streams of fixed seeds."""

import itertools

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from fastsoftq.kernels import policies
from fastsoftq.kernels import random as stream
from fastsoftq.kernels.random import Draw
from tests.kernels.calling import both_ways
from tests.reference import operators, random
from tests.reference import policies as slow

HALVES = st.integers(0, 2**32 - 1)
ROWS = st.lists(st.integers(-2, 2).map(float) | st.floats(-50, 50), min_size=1, max_size=9)  # ties are common
DRAWS = 12_000
# below one in a million, chance is not what did it
FAIR = 1e-6


def draws(seed, count=DRAWS):
    key = random.seed(seed)
    for _ in range(count):
        key = random.advance(key)
        yield Draw(*random.draw(key))


def counts(choose, actions, seed):
    return np.bincount([choose(draw) for draw in draws(seed)], minlength=actions)


@both_ways
@pytest.mark.parametrize("form", [tuple, np.array])
def test_each_policy_is_its_definition(called, form):
    row, few = (1.0, 4.0, 4.0, 0.0), list(draws(1, 50))
    greedy, epsilon_greedy = called(policies.greedy), called(policies.epsilon_greedy)
    boltzmann, by_weight = called(policies.boltzmann), called(policies.by_weight)
    any_action, given_top = called(policies.any_action), called(policies.greedy_given)
    unless_exploring = called(policies.unless_exploring)
    for draw in few:
        assert greedy(form(row), draw) == slow.greedy(row, draw.low)
        assert epsilon_greedy(form(row), 0.5, draw) == slow.epsilon_greedy(row, 0.5, *draw)
        assert boltzmann(form(row), 2.0, draw) == slow.boltzmann(row, 2.0, draw.low)
        assert by_weight(form(row), np.uint32(draw.low)) == slow.by_weight(row, draw.low)
        assert any_action(np.uint32(draw.low), 4) == slow.any_action(draw.low, 4)
        assert unless_exploring(3, draw, 0.0, 4) == 3
        assert unless_exploring(3, draw, 1.0, 4) == slow.any_action(draw.low, 4)
        assert given_top(form(row), 4.0, True, np.uint32(draw.low)) == slow.any_action(draw.low, 4)
        assert given_top(form(row), 4.0, False, np.uint32(draw.low)) == slow.greedy(row, draw.low)


@given(ROWS, HALVES, HALVES, st.floats(0, 1))
def test_they_are_the_twins(row, high, low, epsilon):
    draw = Draw(high, low)
    assert policies.greedy(np.array(row), draw) == slow.greedy(row, low)
    assert policies.epsilon_greedy(np.array(row), epsilon, draw) == slow.epsilon_greedy(row, epsilon, high, low)
    assert policies.boltzmann(np.array(row), 3.0, draw) == slow.boltzmann(row, 3.0, low)


@given(st.lists(st.floats(1e-6, 1), min_size=1, max_size=9), HALVES)
def test_a_choice_by_weight_is_the_twins(weights, low):
    assert policies.by_weight(np.array(weights), low) == slow.by_weight(weights, low)


@given(st.integers(1, 256), HALVES)
def test_any_action_is_one_of_them(actions, low):
    assert policies.any_action(low, actions) == slow.any_action(low, actions) < actions


@pytest.mark.parametrize("low", [0, 2**32 - 1])
def test_the_ends_of_a_draw(low):
    row = np.arange(7.0)
    assert policies.greedy(np.zeros(7), Draw(0, low)) == (6 if low else 0)
    assert policies.by_weight(row + 1, low) == (6 if low else 0)
    assert policies.boltzmann(row * 1e-9, 1.0, Draw(0, low)) == (6 if low else 0)
    assert policies.epsilon_greedy(row, 0.0, Draw(0, low)) == 6
    assert policies.epsilon_greedy(-row, 1.0, Draw(2**32 - 1, low)) == (6 if low else 0)


def test_the_rule_by_table_is_the_rule_by_rank():
    """For every set of best actions of four, at and beside every point where the choice may change."""
    edges = sorted({(k * 2**32 // 12 + d) % 2**32 for k in range(13) for d in (-257, -256, -1, 0, 1, 255, 256)})
    for best in itertools.product((0.0, 1.0), repeat=4):
        for low in edges:
            by_table, by_rank = policies.greedy(best, Draw(0, low)), policies.greedy(np.array(best), Draw(0, low))
            assert by_table == by_rank == slow.greedy(best, low)


@pytest.mark.parametrize("actions", range(2, 9))
@pytest.mark.parametrize("form", [tuple, np.array])
def test_ties_are_broken_evenly(actions, form):
    everywhere = form(np.ones(actions))
    assert chisquare(counts(lambda d: policies.greedy(everywhere, d), actions, seed=actions)).pvalue > FAIR
    row = np.ones(actions)
    row[actions // 2] = 0.0  # the rest tie
    found = counts(lambda d: policies.greedy(form(row), d), actions, seed=actions)
    assert found[actions // 2] == 0
    if actions > 2:
        assert chisquare(np.delete(found, actions // 2)).pvalue > FAIR


@pytest.mark.parametrize("actions", [2, 4, 5])
def test_epsilon_greedy_explores_that_often_and_evenly(actions):
    row, epsilon = np.arange(float(actions)), 0.3
    expected = np.full(actions, epsilon / actions)
    expected[-1] += 1 - epsilon
    found = counts(lambda d: policies.epsilon_greedy(row, epsilon, d), actions, seed=1)
    assert chisquare(found, expected * DRAWS).pvalue > FAIR


@pytest.mark.parametrize("actions", [2, 4, 5, 9])
def test_boltzmann_chooses_by_the_soft_policy(actions):
    row = np.linspace(0, 2, actions) ** 2
    expected = np.array(operators.softmax(row.tolist(), 1.5))
    found = counts(lambda d: policies.boltzmann(row, 1.5, d), actions, seed=2)
    assert chisquare(found, expected / expected.sum() * DRAWS).pvalue > FAIR


@pytest.mark.parametrize("form", [tuple, np.array])
def test_choices_by_weight_are_in_proportion(form):
    weights = np.array([0.5, 1.0, 0.25, 3.0, 0.25])
    found = counts(lambda d: policies.by_weight(form(weights), d.low), 5, seed=3)
    assert chisquare(found, weights / 5 * DRAWS).pvalue > FAIR


def test_a_weight_of_nothing_is_never_chosen():
    weights = np.array([1.0, 0.0, 1.0, 0.0])
    assert set(np.flatnonzero(counts(lambda d: policies.by_weight(weights, d.low), 4, seed=4))) == {0, 2}


@both_ways
def test_draws_may_come_straight_from_the_stream(called):
    def steps(key, row):
        chosen = np.zeros(len(row), np.int64)
        for _ in range(1000):
            key = stream.advance(key)
            chosen[policies.greedy(row, stream.draw(key))] += 1
        return chosen

    run = steps if called.__name__ == "from_python" else numba.njit(steps)
    assert run(5, np.zeros(3)).sum() == 1000
    assert run(5, np.zeros(3)).tolist() == np.bincount([slow.greedy([0] * 3, low) for _, low in _stream(5)]).tolist()


def _stream(key):
    for _ in range(1000):
        key = random.advance(key)
        yield random.draw(key)
