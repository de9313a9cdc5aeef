"""The random stream is splitmix64, to the bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsoftq.kernels import random
from tests.kernels.calling import both_ways
from tests.reference import random as slow

KEYS = st.integers(-(2**63), 2**63 - 1)


def bits(key):
    """An int64 key as the unsigned number it stands for."""
    return int(key) % 2**64


def test_the_twin_gives_splitmix64s_published_numbers():
    key, numbers = 1234567, []
    for _ in range(3):
        key = slow.advance(key)
        numbers.append(slow.mixed(key))
    assert numbers == [6457827717110365317, 3203168211198807973, 9817491932198370423]


@both_ways
def test_draws_are_splitmix64(called):
    advance, draw = called(random.advance), called(random.draw)
    key = 1234567
    for number in (6457827717110365317, 3203168211198807973, 9817491932198370423):
        key = advance(key)
        high, low = draw(key)
        assert high * 2**32 + low == number


@both_ways
@pytest.mark.parametrize("number", [0, 1, 2**40, 2**63 - 1, np.uint64(2**63), np.uint64(2**64 - 1)])
def test_seeds(called, number):
    assert bits(called(random.seed)(number)) == slow.seed(int(number))


@given(KEYS)
def test_every_kind_of_draw_is_the_twins(key):
    unsigned = key % 2**64
    assert bits(random.advance(key)) == slow.advance(unsigned)
    assert tuple(random.draw(key)) == slow.draw(unsigned)
    assert tuple(random.outcome_draw(key)) == slow.outcome_draw(unsigned)
    assert tuple(random.start_draw(key)) == slow.start_draw(unsigned)


@given(KEYS, st.integers(1, 2**31))
def test_numbers_from_a_stream(key, count):
    after, number = random.uniform(key)
    assert (bits(after), number) == slow.uniform(key % 2**64)
    after, whole = random.integer(key, count)
    assert (bits(after), whole) == slow.integer(key % 2**64, count)
    assert 0.0 <= number < 1.0
    assert 0 <= whole < count


@both_ways
def test_uniform_and_integer(called):
    assert called(random.uniform)(7)[1] == slow.uniform(7)[1]
    assert called(random.integer)(7, 10)[1] == slow.integer(7, 10)[1]


@both_ways
@pytest.mark.parametrize("half", [0, 1, 2**31, 2**32 - 1])
def test_unit_is_below_one_in_either_precision(called, half):
    assert called(random.unit)(np.uint32(half), 1.0) == half / 2**32
    assert called(random.unit)(np.uint32(half), np.float32(1)) == (half >> 8) / 2**24


def test_neighbouring_seeds_have_unrelated_streams():
    first = np.array([[random.draw(random.advance(random.seed(s)))[half] for half in (0, 1)] for s in range(4096)])
    spread = np.corrcoef(np.vstack([first.T, np.arange(4096)]))
    assert np.abs(spread[~np.eye(3, dtype=bool)]).max() < 4 / np.sqrt(4096)
    chi_square = ((np.bincount(first[:, 0] >> 28, minlength=16) - 256) ** 2 / 256).sum()
    assert chi_square < 37.7  # the 0.999 quantile with 15 degrees of freedom
