"""Blocks of runs summarised on GPUs that are simulated: the bits of NumPy's statistics."""

from itertools import pairwise
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastsoftq as fsq
from fastsoftq.engine.block_statistics import BlockStatistics, mean_of, statistics_of
from fastsoftq.engine.gpu.layout import SORTED_ANYWHERE, Card, layout_for
from fastsoftq.engine.gpu.reachable import reachable
from fastsoftq.engine.gpu.sorting import padded, sort_columns
from fastsoftq.engine.gpu.summarising import Summarising, sorts
from fastsoftq.engine.lane_tables import pointer
from fastsoftq.engine.records import Output
from fastsoftq.kernels.jit import compiled
from fastsoftq.tabular_training import Training
from tests.engine.gpu.simulated_card import SMALL, SimulatedGpu
from tests.engine.gpu.threads_in_turn import nobody_else

CLIFF = fsq.cliff_walking()
HARD = fsq.QLearning(0.8, 0.95)


def expected(returns, lengths, truncated, starts):
    blocks = [slice(*pair) for pair in pairwise(starts)]
    return BlockStatistics(
        np.array(starts),
        np.stack([statistics_of(returns[b]) for b in blocks]),
        np.stack([statistics_of(lengths[b]) for b in blocks]),
        np.stack([mean_of(truncated[b]) for b in blocks]),
    )


def assert_same(found, wanted):
    for name in ("starts", "returns", "lengths", "truncated"):
        assert getattr(found, name).tobytes() == getattr(wanted, name).tobytes(), name


@compiled
def _sort(numbers, columns, apart, log_size):
    sort_columns(pointer(numbers), columns, apart, log_size, 0, 1, nobody_else)


@pytest.mark.parametrize("log_size", range(4, 13))
def test_columns_are_sorted(log_size):
    rng, size, columns = np.random.default_rng(log_size), 1 << log_size, 3
    place = np.arange(size) + (np.arange(size) >> 4)
    few = rng.integers(-3, 3, (columns, size))
    for values in (rng.normal(size=(columns, size)), few.astype(float), few.astype(np.int32)):
        room = np.zeros((columns, padded.py_func(size)), values.dtype)
        room[:, place] = values
        _sort(room.reshape(-1), columns, room.shape[1], log_size)
        assert (room[:, place] == np.sort(values, axis=1)).all()


def test_a_network_sorts_whatever_is_zero_or_one():
    """So that it sorts everything (Knuth's principle): all of 16, many of 64."""
    for log_size, codes in ((4, np.arange(1 << 16)), (6, np.random.default_rng(0).integers(0, 1 << 63, 5000))):
        size = 1 << log_size
        place = np.arange(size) + (np.arange(size) >> 4)
        room = np.full((len(codes), padded.py_func(size)), np.nan)
        room[:, place] = codes[:, None].astype(np.uint64) >> np.arange(size, dtype=np.uint64) & np.uint64(1)
        _sort(room.reshape(-1), len(codes), room.shape[1], log_size)
        assert (np.diff(room[:, place], axis=1) >= 0).all()


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_statistics_have_numpys_bits(data):
    sizes = data.draw(st.lists(st.integers(1, 40), min_size=1, max_size=4))
    episodes = data.draw(st.integers(1, 9))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    runs = sum(sizes)
    returns = np.round(rng.normal(-50, 100, (runs, episodes)), data.draw(st.integers(0, 6)))
    lengths = rng.integers(1, 1000, (runs, episodes)).astype(np.int32)
    truncated = (rng.random((runs, episodes)) < 0.3).astype(np.uint8)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    gpu = SimulatedGpu()
    on_card = Output(gpu.uploaded(returns), gpu.uploaded(lengths), gpu.uploaded(truncated), None, None)
    found = BlockStatistics.empty(starts, episodes)
    summarising = Summarising(gpu, on_card, found)
    summarising.queue()
    gpu.stream.sync()
    summarising.look(np.zeros(1, np.int64), over=True)
    summarising.close()
    summarising.give_back()
    assert_same(found, expected(returns, lengths, truncated, starts))
    assert found.steps == lengths.sum()


def trained(starts, **options):
    return Training.checked(CLIFF, HARD, int(starts[-1]), 20, 100, **options)


@pytest.mark.parametrize("cards", [1, 3], indirect=True)
def test_training_is_summarised_on_cards(cards):
    starts, reports = np.array([0, 30, 60, 90, 97]), []
    found = trained(starts, device="cuda").statistics(starts, reports.append)
    curves = trained(starts).curves()
    assert_same(found, expected(curves.returns, curves.lengths, curves.truncated, starts))
    assert reports[-1] == (97, 97, curves.steps) == (97, 97, found.steps)
    assert_same(trained(starts).statistics(starts), found)
    assert all(card.held == 0 for card in cards)
    assert all(card.launches == 3 for card in cards)


def test_a_card_takes_as_many_blocks_as_fit_it(cards):
    starts = np.arange(0, 330, 30)
    whole = trained(starts, device="cuda").statistics(starts)
    far = layout_for(reachable(CLIFF).tables, SMALL, 300).far
    with mock.patch.object(cards[0], "free", return_value=int(((64 << 20) + 8 * far + 50_000) / 0.9)):
        found = trained(starts, device="cuda").statistics(starts)
    assert cards[0].launches > 6
    assert_same(found, whole)


def test_blocks_too_long_to_be_sorted_there_are_summarised_here(cards):
    starts = np.array([0, 9000])
    assert not sorts(SMALL, 9000)
    found = Training.checked(CLIFF, HARD, 9000, 2, 30, device="cuda").statistics(starts)
    curves = Training.checked(CLIFF, HARD, 9000, 2, 30).curves()
    assert_same(found, expected(curves.returns, curves.lengths, curves.truncated, starts))
    assert cards[0].launches == 1


def test_an_interruption_gives_all_memory_back(cards):
    def interrupt(progress):
        raise KeyboardInterrupt

    endless = fsq.from_map("S.")  # no goal: every episode takes `max_steps`
    with pytest.raises(KeyboardInterrupt):
        Training.checked(endless, HARD, 200, 1000, 100_000, device="cuda").statistics(np.array([0, 200]), interrupt)
    assert cards[0].held == 0
    assert cards[0].stream.is_done


@pytest.mark.parametrize("shared", [64 << 10, 100 << 10, 227 << 10])
def test_every_card_sorts_blocks_that_any_does(shared):
    assert sorts(Card("a GPU", (7, 5), 10, shared, 1 << 30), SORTED_ANYWHERE)


def test_parts_are_whole_blocks():
    found = BlockStatistics.empty([0, 4, 8, 10], 3)
    part = found.of(slice(4, 10))
    assert part.starts.tolist() == [0, 4, 6]
    part.returns[...] = 1.0
    assert (found.returns[1:] == 1.0).all()
