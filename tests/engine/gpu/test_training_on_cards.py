"""Training with `device="cuda"`, on GPUs that are simulated: shared out, fetched, interrupted."""

from unittest import mock

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.engine.gpu import driver, several_cards
from fastsoftq.engine.gpu.layout import layout_for
from fastsoftq.engine.gpu.reachable import reachable
from tests.engine.gpu.simulated_card import SMALL

CLIFF = fsq.cliff_walking()
HARD = fsq.QLearning(0.8, 0.95)


def assert_same(one, other):
    assert one.returns.tobytes() == other.returns.tobytes()
    assert one.lengths.tobytes() == other.lengths.tobytes()
    assert one.truncated.tobytes() == other.truncated.tobytes()
    for a, b in ((one.final_q, other.final_q), (one.checkpoint_q, other.checkpoint_q)):
        assert (a is None) == (b is None)
        assert a is None or a.tobytes() == b.tobytes()


@pytest.mark.parametrize("cards", [1, 3], indirect=True)
@pytest.mark.parametrize("tables", [{}, {"keep_q": True, "checkpoints": [3, 10]}], ids=["curves", "tables"])
def test_curves_are_the_cpus(cards, tables):
    seeds = [9, 2**64 - 1, *range(40, 90)]
    reports = []
    curves = fsq.train(CLIFF, HARD, seeds, 20, 100, device="cuda", progress=reports.append, **tables)
    assert_same(curves, fsq.train(CLIFF, HARD, seeds, 20, 100, **tables))
    assert reports[-1] == (len(seeds), len(seeds), curves.steps)
    assert all(card.launches == 1 for card in cards)
    assert all(card.held == 0 for card in cards)


@pytest.mark.parametrize("cards", [2], indirect=True)
def test_each_run_starts_from_its_own_table(cards):
    initial_q = np.random.default_rng(0).normal(size=(7, 48, 4))
    task = {"seeds": 7, "episodes": 5, "max_steps": 60, "initial_q": initial_q, "keep_q": True}
    assert_same(fsq.train(CLIFF, HARD, device="cuda", **task), fsq.train(CLIFF, HARD, **task))


@pytest.mark.parametrize("cards", [2], indirect=True)
def test_one_of_several_is_chosen(cards):
    fsq.train(CLIFF, HARD, 3, 4, device="cuda:1")
    assert [card.launches for card in cards] == [0, 1]


def test_a_card_takes_as_many_runs_as_fit_it(cards):
    far = layout_for(reachable(CLIFF).tables, SMALL, 300).far
    free = int(((64 << 20) + 8 * far + 100 * (13 * 30 + 8)) / 0.9)
    with mock.patch.object(cards[0], "free", return_value=free):
        curves = fsq.train(CLIFF, HARD, 300, 30, 100, device="cuda")
    assert cards[0].launches > 1
    assert_same(curves, fsq.train(CLIFF, HARD, 300, 30, 100))


def test_blocks_of_a_stream_are_the_cpus(cards):
    blocks = list(fsq.stream(CLIFF, HARD, 50, 10, 100, block=20, device="cuda"))
    assert [len(block.seeds) for block in blocks] == [20, 20, 10]
    whole = fsq.train(CLIFF, HARD, 50, 10, 100)
    assert np.concatenate([block.returns for block in blocks]).tobytes() == whole.returns.tobytes()


@pytest.mark.parametrize("cards", [1, 2], indirect=True)
def test_an_interruption_stops_the_kernel_and_gives_all_memory_back(cards):
    def interrupt(progress):
        raise KeyboardInterrupt

    endless = fsq.from_map("S.")  # no goal: every episode takes `max_steps`
    with pytest.raises(KeyboardInterrupt):
        fsq.train(endless, HARD, 200, 1000, 100_000, device="cuda", progress=interrupt)
    assert all(card.held == 0 for card in cards)
    assert all(card.stream.is_done for card in cards)


def test_a_kernel_that_fails_is_told_and_nothing_waits(cards):
    def fail(kernel, layout, arguments):
        def work():
            raise driver.GpuError("an illegal address")

        cards[0].stream.submit(work)

    with mock.patch.object(cards[0], "launch", fail), pytest.raises(driver.GpuError, match="an illegal address"):
        fsq.train(CLIFF, HARD, 20, 10, 100, device="cuda")
    assert cards[0].held == 0


def test_a_full_card_is_told_before_any_work(cards):
    with (
        mock.patch.object(cards[0], "free", return_value=1 << 20),
        pytest.raises(driver.GpuError, match=r"a simulated GPU \(cuda:0\) has 1 MiB free, too little"),
    ):
        fsq.train(CLIFF, HARD, 20, 10, 100, device="cuda")
    assert cards[0].launches == 0


@pytest.mark.parametrize(
    ("device", "error", "message"),
    [
        ("gpu", ValueError, "device is 'gpu'; it must be 'cpu', 'cuda'"),
        ("cuda:", ValueError, "device is 'cuda:'"),
        ("cuda:-1", ValueError, "device is 'cuda:-1'"),
        ("", ValueError, "device is ''"),
        (0, TypeError, "device is 0; it must be a string"),
        (b"cuda", TypeError, "device is b'cuda'"),
    ],
)
def test_a_device_that_is_none_is_refused(device, error, message):
    with pytest.raises(error, match=message):
        fsq.train(CLIFF, HARD, 3, 4, device=device)
    with pytest.raises(error, match=message):
        fsq.stream(CLIFF, HARD, 3, 4, device=device)


def test_many_actions_are_refused(cards):
    mdp = fsq.TabularMDP(np.zeros((3, 17), int), -1.0, False)
    with pytest.raises(ValueError, match="has 17 actions, and a GPU takes at most 16"):
        fsq.train(mdp, HARD, 3, 4, device="cuda")


def test_without_cuda_core_it_says_what_to_install(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "cuda.core", None)
    monkeypatch.setitem(sys.modules, "cuda", None)
    for known in (driver._cuda, driver.cards, driver.gpu):
        known.cache_clear()
    with pytest.raises(RuntimeError, match=r"pip install 'fastsoftq\[cuda\]' adds it; or leave device out"):
        fsq.train(CLIFF, HARD, 3, 4, device="cuda")
    assert not fsq.devices()[-1].trains
    assert "pip install" in fsq.devices()[-1].can


def test_a_card_that_is_not_there_is_named():
    known = (driver.Card("A100", (8, 0), 108, 166_912, 40 << 30),)
    driver.gpu.cache_clear()
    with (
        mock.patch.object(driver, "cards", return_value=known),
        mock.patch.object(several_cards, "cards", return_value=known),
        pytest.raises(RuntimeError, match=r"device is 'cuda:1'; there is cuda:0 \(A100\)"),
    ):
        fsq.train(CLIFF, HARD, 3, 4, device="cuda:1")


def test_a_card_that_is_too_old_is_named():
    old = (driver.Card("GTX 1080", (6, 1), 20, 49_152, 8 << 30),)
    with (
        mock.patch.object(driver, "cards", return_value=old),
        pytest.raises(RuntimeError, match=r"GTX 1080 has compute capability 6.1; at least 7.5 is needed"),
    ):
        driver.Gpu(0)
