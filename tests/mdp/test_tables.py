"""What the engines step in: sampling in proportion, and stepping as the MDP says."""

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba.core.errors import TypingError
from scipy.stats import chisquare

import fastsoftq as fsq
from fastsoftq.kernels.random import Draw, advance, draw
from fastsoftq.mdp.tables import alias_table, reset, sampled, step, tables
from tests.reference.training import sampled as slow_sampled

DISTRIBUTIONS = st.lists(st.integers(0, 9), min_size=1, max_size=12).filter(any)


@numba.njit
def samples(distribution, row, key, count):
    found = np.zeros(count, np.int64)
    for i in range(count):
        key = advance(key)
        found[i] = sampled(distribution, row, draw(key))
    return found


@given(st.lists(DISTRIBUTIONS.map(tuple), min_size=1, max_size=3))
def test_slots_and_thresholds_add_up_to_the_probabilities(weights):
    """Exactly but for the last of 32 bits; and what cannot happen never does."""
    k = max(map(len, weights))
    p = np.array([[*w, *[0] * (k - len(w))] for w in weights], float)
    p /= p.sum(axis=1, keepdims=True)
    distributions = alias_table(p)
    chance = np.zeros_like(p)
    for row in range(len(p)):
        for slot in range(k):
            alias, threshold = divmod(int(distributions.slots[row * k + slot]), 2**32)
            own = threshold / 2**32
            chance[row, slot] += own / k
            chance[row, alias - row * k] += (1 - own) / k
    np.testing.assert_allclose(chance, p, rtol=0, atol=2.0**-32)
    assert (chance[p == 0] == 0).all()


@given(st.integers(1, 6), st.integers(0, 1000))
def test_many_rows_at_once_are_filled_as_each_by_itself(k, seed):
    """To the bit; zeros and equal chances among them."""
    rng = np.random.default_rng(seed)
    p = rng.integers(0, 4, (40, k)) + (np.arange(k) == 0) + 1e-9 * rng.random((40, k))
    p /= p.sum(axis=1, keepdims=True)
    together = alias_table(p).slots.reshape(40, k)
    for row in range(40):
        alone = alias_table(p[row : row + 1]).slots
        assert ((together[row] & np.uint64(2**32 - 1)) == (alone & np.uint64(2**32 - 1))).all()
        assert ((together[row] >> np.uint64(32)) - np.uint64(row * k) == alone >> np.uint64(32)).all()


@pytest.mark.parametrize("p", [[1.0], [0.5, 0.5], [0.1, 0.0, 0.6, 0.3], [1e-3, 0.999], [1 / 3] * 3, [0.0, 1.0]])
def test_samples_come_in_proportion(p):
    found = np.bincount(samples(alias_table(np.array([p])), 0, 5, 100_000), minlength=len(p))
    possible = np.array(p) > 0
    assert (found[~possible] == 0).all()
    if possible.sum() > 1:
        assert chisquare(found[possible], np.array(p)[possible] * 100_000).pvalue > 1e-6


@given(DISTRIBUTIONS, st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_a_sample_is_the_twins(weights, high, low):
    distributions = alias_table(np.array([weights]) / sum(weights))
    assert _sampled_once(distributions, 0, Draw(high, low)) == slow_sampled(distributions, 0, (high, low))


@numba.njit
def _sampled_once(distribution, row, chance):
    return sampled(distribution, row, chance)


def test_where_there_is_only_one_it_is_that():
    assert _sampled_once(None, 3, Draw(5, 7)) == 3
    assert _sampled_once(36, 0, Draw(5, 7)) == 36


@numba.njit
def _step(packed, state, action, key):
    return step(packed, state, action, draw(key))


@numba.njit
def _reset(packed, key):
    return reset(packed, draw(key))


def test_steps_are_outcomes():
    mdp = fsq.cliff_walking(slippery=True)
    packed = tables(mdp)
    for state, action in ((36, 1), (0, 0), (35, 2), (34, 1)):
        possible = {tuple(o[1:]) for o in mdp.outcomes(state, action)}
        assert {tuple(_step(packed, state, action, key)) for key in range(100)} == possible


def test_a_deterministic_step_needs_no_chance():
    packed = tables(fsq.cliff_walking())
    assert packed.outcome is None
    assert {tuple(_step(packed, 35, 2, key)) for key in range(9)} == {(47, 0.0, True)}


CHANGING = fsq.ChangingMDP({0: fsq.from_map("S.G"), 5: fsq.from_map("G.S")})
STEP = {"tables": tables(CHANGING), "state": 1, "action": 1, "chance": Draw(5, 7), "phase": 0}


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"tables": CHANGING}, TypeError, "step: tables is <ChangingMDP .*; it must be what tables"),
        ({"state": 3}, ValueError, r"step: state is 3; it must lie in 0\.\.2"),
        ({"state": -1}, ValueError, r"step: state is -1; it must lie in 0\.\.2"),
        ({"state": 10**12}, ValueError, r"step: state is 1000000000000; it must lie in 0\.\.2"),
        ({"state": 0.5}, TypeError, "step: state is 0.5; it must be an integer"),
        ({"action": 4}, ValueError, r"step: action is 4; it must lie in 0\.\.3"),
        ({"chance": 7}, TypeError, "step: chance is 7; it must be a Draw"),
        ({"phase": 2}, ValueError, r"step: phase is 2; it must lie in 0\.\.1"),
    ],
)
def test_from_python_nothing_is_read_beyond_the_tables(changes, error, message):
    with pytest.raises(error, match=message):
        step(**STEP | changes)
    name = next(iter(changes))
    if name in ("tables", "chance", "phase"):
        with pytest.raises(error, match=message.replace("step", "reset")):
            reset(**{key: (STEP | changes)[key] for key in ("tables", "chance", "phase")})


def test_in_compiled_callers_types_are_checked():
    with pytest.raises(TypingError, match=r"step: state is float64; it must be an integer"):
        _step(tables(CHANGING), 0.5, 1, 1)
    with pytest.raises(TypingError, match=r"reset: tables is int64; it must be what tables\(mdp\) gives"):
        _reset(3, 1)


def test_what_is_told_of_a_step_from_python_is_the_outcome():
    assert step(**STEP) == (2, 0.0, True)
    assert step(**STEP | {"state": np.uint8(1), "phase": 1, "chance": (5, 7)}) == (2, -1.0, False)
    assert [reset(STEP["tables"], Draw(5, 7), phase) for phase in (0, 1)] == [0, 2]


def test_only_an_mdp_has_tables():
    with pytest.raises(TypeError, match="mdp is 3; it must be a TabularMDP"):
        tables(3)


def test_starts():
    assert {_reset(tables(fsq.cliff_walking()), key) for key in range(9)} == {36}
    several = tables(fsq.from_map("S.SG"))
    assert {_reset(several, key) for key in range(99)} == {0, 2}
