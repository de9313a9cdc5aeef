"""Studies trained on a GPU, one that is simulated: the bytes are those of the CPU, whoever began."""

import math
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import fastsoftq as fsq
from fastsoftq.engine.gpu import several_cards
from fastsoftq.engine.gpu.driver import GpuError
from fastsoftq.studies import batches
from fastsoftq.studies.batches import batches_of
from fastsoftq.studies.inspect import verify
from fastsoftq.studies.plan import Plan
from fastsoftq.studies.running import Tally, run
from fastsoftq.studies.storing.store import open_store
from tests.engine.gpu.simulated_card import SMALL, SimulatedGpu

ROOT = Path(__file__).parents[2]


@pytest.fixture
def card(monkeypatch):
    """A GPU of this machine."""
    gpu = SimulatedGpu()
    monkeypatch.setattr(several_cards, "cards", lambda: (SMALL,))
    monkeypatch.setattr(several_cards, "gpu", lambda number: gpu)
    return gpu


@pytest.fixture
def tabled(small):
    """A study whose conditions keep tables and checkpoints, and start from one another."""
    study = small()
    first, second = study.conditions
    after = replace(second, name="tuned", after=first.name, first_seed=50, episodes=5)
    return replace(study, tables=True, checkpoints=(3,), conditions=(first, second, after))


def test_a_folder_of_a_gpu_is_that_of_the_cpu(small, tmp_path, card):
    run(small(), tmp_path / "cpu", threads=1)
    outcome = run(small(), tmp_path / "gpu", chunk=64, device="cuda", threads=2)
    assert (outcome.computed, outcome.new_runs, card.launches) == (8, 400, 2)  # a launch a condition
    assert verify(tmp_path / "gpu").digest == verify(tmp_path / "cpu").digest
    store = open_store(tmp_path / "gpu")
    assert outcome.steps == sum(mark["steps"] for _, mark in store.marked())
    assert all(mark["seconds"] > 0.0 for _, mark in store.marked())
    assert run(small(), tmp_path / "gpu", device="cuda:0").kept == 8
    assert (card.launches, card.held) == (2, 0)


@pytest.mark.parametrize("begun_on", [None, "cuda"])
def test_what_one_device_began_the_other_ends(tabled, tmp_path, card, begun_on):
    run(tabled, tmp_path / "cpu", threads=1)
    other = "cuda" if begun_on is None else None
    fewer = replace(tabled, seeds=range(100))
    run(fewer, tmp_path / "both", chunk=64, part=(1, 2), device=begun_on)
    run(fewer, tmp_path / "both", part=(2, 2), device=other)
    run(tabled, tmp_path / "both", device=begun_on)  # a chunk of 36 runs grows to one of 64
    assert card.launches > 0
    assert verify(tmp_path / "both").digest == verify(tmp_path / "cpu").digest


def test_tables_that_others_start_from_are_there_first(tabled, tmp_path, card):
    run(tabled, tmp_path / "cpu", threads=1)
    run(tabled, tmp_path / "gpu", chunk=64, device="cuda")
    assert verify(tmp_path / "gpu").digest == verify(tmp_path / "cpu").digest
    run(tabled, tmp_path / "part", chunk=64, part=(3, 3), device="cuda")
    done = {unit.condition for unit, _ in open_store(tmp_path / "part").marked()}
    assert done == {0, 1, 2}  # with those of another part that ours start from


def test_summaries(small, tmp_path, card):
    study = small(keep="summary", block=30)
    run(study, tmp_path / "cpu", threads=1)
    outcome = run(study, tmp_path / "gpu", chunk=60, device="cuda")
    assert card.launches == 2 * 3  # of what trains, finds moments, and sorts
    store = open_store(tmp_path / "gpu")
    assert outcome.steps == sum(mark["steps"] for _, mark in store.marked())
    assert outcome.steps == sum(mark["steps"] for _, mark in open_store(tmp_path / "cpu").marked())
    assert verify(tmp_path / "gpu").digest == verify(tmp_path / "cpu").digest


def test_a_damaged_chunk_alone_is_trained_again(small, tmp_path, card):
    run(small(), tmp_path, chunk=64, device="cuda")
    digest = verify(tmp_path).digest
    chunk = tmp_path / "results.zarr" / "returns" / "c" / "1" / "2" / "0"
    chunk.write_bytes(chunk.read_bytes()[:-1])
    outcome = run(small(), tmp_path, device="cuda")
    assert (outcome.computed, outcome.kept, outcome.new_runs) == (1, 7, 64)
    assert outcome.damaged == ("results.zarr/returns/c/1/2/0",)
    assert verify(tmp_path).digest == digest


def test_a_chunk_that_another_run_has_is_waited_for_and_the_others_are_trained(small, tmp_path, card):
    run(small(), tmp_path / "cpu", threads=1)
    run(small(), tmp_path / "gpu", chunk=64, part=(8, 8), device="cuda")
    claim = tmp_path / "gpu" / "claims" / "0.1"
    claim.write_text("another-machine 17\n")

    class Freed(Tally):
        def done(self, result):
            super().done(result)
            if result.busy:
                assert result.unit.name == "0.1"
                claim.unlink(missing_ok=True)

    assert run(small(), tmp_path / "gpu", device="cuda", watch=Freed()).computed == 7
    assert card.launches == 4
    assert verify(tmp_path / "gpu").digest == verify(tmp_path / "cpu").digest


def test_an_interruption_leaves_whole_chunks_and_no_claims(small, tmp_path, card):
    run(small(), tmp_path / "cpu", threads=1)

    class Impatient(Tally):
        def __init__(self, ends):
            super().__init__()
            self.ends = ends

        def tick(self, unit, progress):
            super().tick(unit, progress)
            if self.ends == "tick":
                raise KeyboardInterrupt

        def done(self, result):
            raise KeyboardInterrupt

    for ends in ("tick", "done"):
        with pytest.raises(KeyboardInterrupt):
            run(small(), tmp_path / "gpu", chunk=64, device="cuda", watch=Impatient(ends))
        assert verify(tmp_path / "gpu").damaged == ()
        assert list((tmp_path / "gpu" / "claims").iterdir()) == []
        assert card.held == 0
    assert run(small(), tmp_path / "gpu", device="cuda").kept >= 1
    assert verify(tmp_path / "gpu").digest == verify(tmp_path / "cpu").digest


@pytest.mark.parametrize("at", range(0, 60, 7))
def test_a_full_disk_loses_nothing_that_was_done(small, tmp_path, card, faults, at):
    run(small(), tmp_path / "cpu", threads=1)
    with faults(at) as failing, pytest.raises(OSError, match="No space left"):
        run(small(), tmp_path / "gpu", chunk=64, device="cuda")
    assert failing.failed
    if (tmp_path / "gpu" / "study.json").exists():
        assert all(not (tmp_path / "gpu" / name).exists() for name in verify(tmp_path / "gpu").damaged)
    run(small(), tmp_path / "gpu", chunk=64, device="cuda")
    assert verify(tmp_path / "gpu").digest == verify(tmp_path / "cpu").digest


def test_progress_is_told_of_each_chunk(small, tmp_path, card):
    told = {}

    class Told(Tally):
        def tick(self, unit, progress):
            super().tick(unit, progress)
            assert 0 <= progress.runs <= progress.of_runs == unit.runs
            told[unit.name] = progress.runs

    tally = Told()
    outcome = run(small(), tmp_path, chunk=64, device="cuda", watch=tally)
    assert told == {f"{condition}.{chunk}": 8 if chunk == 3 else 64 for condition in (0, 1) for chunk in range(4)}
    assert [(row.done, row.runs) for row in tally.rows] == [(200, 200), (200, 200)]
    assert sum(row.steps for row in tally.rows) == outcome.steps


def test_batches_are_bounded_by_runs_and_by_memory_and_keep_the_order(small, monkeypatch):
    plan = Plan.first(small(seeds=1000), 64, None, {})
    monkeypatch.setattr(batches, "_RUNS", 200)
    found = batches_of(plan, plan.units(), "cuda")
    assert sorted(unit for batch in found for unit in batch) == sorted(plan.units())
    assert all(len({unit.condition for unit in batch}) == 1 for batch in found)
    assert [sum(unit.runs for unit in batch) for batch in found] == [192] * 10 + [40] * 2
    assert [batch[0].condition for batch in found] == [0, 1] * 6  # all conditions advance together
    monkeypatch.setattr(batches, "available_memory", lambda: 8 * 13 * 12 * 130)  # 130 runs of 12 episodes, eight times
    assert {len(batch) for batch in batches_of(plan, plan.units(), "cuda")} == {2}
    monkeypatch.setattr(batches, "available_memory", lambda: 0)
    assert {len(batch) for batch in batches_of(plan, plan.units(), "cuda")} == {1}  # one there is always


@pytest.mark.parametrize(
    ("device", "error", "message"),
    [
        ("gpu", ValueError, "device is 'gpu'; it must be 'cpu', 'cuda'"),
        ("cuda:x", ValueError, "device is 'cuda:x'; it must be"),
        (3, TypeError, "device is 3"),
    ],
)
def test_devices_that_are_none_are_refused_before_anything_is_written(small, tmp_path, card, device, error, message):
    with pytest.raises(error, match=message):
        run(small(), tmp_path / "out", device=device)
    with pytest.raises(error, match=message):
        run(small(), tmp_path / "out", device=device, dask="tcp://127.0.0.1:9")
    assert not (tmp_path / "out").exists()


def test_a_missing_gpu_too_many_actions_and_local_workers_are_refused_before_anything_is_written(
    small, tmp_path, monkeypatch
):
    def none():
        raise GpuError("no GPU is here")

    monkeypatch.setattr(several_cards, "cards", none)
    with pytest.raises(GpuError, match="no GPU is here"):
        run(small(), tmp_path / "out", device="cuda")
    with pytest.raises(ValueError, match="dask is 'local' and device is 'cuda'; workers would compete"):
        run(small(), tmp_path / "out", device="cuda", dask="local")
    wide = small(environments={"wide": _wide()})
    with pytest.raises(ValueError, match="17 actions, and a GPU takes at most 16"):
        run(wide, tmp_path / "out", device="cuda")
    assert not (tmp_path / "out").exists()


def _wide():
    import numpy as np

    return fsq.TabularMDP(np.zeros((1, 17), int), -np.ones((1, 17)), np.ones((1, 17), bool))


def test_a_full_gpu_leaves_what_was_done(small, tmp_path, card, monkeypatch):
    monkeypatch.setattr(batches, "_RUNS", 64)
    free, calls = card.free, []
    monkeypatch.setattr(card, "free", lambda: calls.append(0) or (0 if len(calls) > 3 else free()))
    with pytest.raises(GpuError, match="0 MiB free"):
        run(small(), tmp_path, chunk=64, device="cuda")
    found = verify(tmp_path)
    assert found.damaged == ()
    assert 0 < len(list((tmp_path / "done").iterdir())) < 8
    assert list((tmp_path / "claims").iterdir()) == []


def test_rounds_and_tuning(small, tmp_path, card):
    pytest.importorskip("optuna")
    from fastsoftq.studies import Selection, tune

    study = small(select=Selection(tune=18, test=20), seeds=range(38))
    space = {"hard": {"step_size": [0.1, 0.9]}}
    there = tune(study, space, tmp_path / "gpu", trials=3, device="cuda", threads=1)
    here = tune(study, space, tmp_path / "cpu", trials=3, threads=1)
    assert card.launches > 0
    assert there.trials == here.trials
    assert verify(tmp_path / "gpu").digest == verify(tmp_path / "cpu").digest


PRELOAD = """\
from fastsoftq.engine.gpu import several_cards
from tests.engine.gpu.simulated_card import SMALL, SimulatedGpu

GPU = SimulatedGpu()
several_cards.cards = lambda: (SMALL,)
several_cards.gpu = lambda number: GPU
"""


def test_dask_workers_with_and_without_gpus_share_a_folder(small, tmp_path):
    pytest.importorskip("distributed")
    (tmp_path / "preload.py").write_text(PRELOAD)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    started = []

    def process(module, *arguments):
        command = [sys.executable, "-m", f"distributed.cli.dask_{module}", *arguments, "--no-dashboard"]
        started.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment))
        return started[-1]

    def worker(address, *arguments):
        found = process("worker", address, "--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", *arguments)
        for line in found.stderr:
            if "Starting established connection" in line:
                return
        raise AssertionError("the worker did not start")

    try:
        log = process("scheduler", "--host", "127.0.0.1", "--port", "0").stderr
        address = next(found[1] for line in log if (found := re.search(r"Scheduler at:\s+(tcp://\S+)", line)))
        worker(address)
        with pytest.raises(GpuError, match=r"device is 'cuda'; no Dask worker has it\. The one at tcp://.* says: "):
            run(small(), tmp_path / "out", dask=address, device="cuda")
        assert not (tmp_path / "out").exists()
        worker(address, "--preload", str(tmp_path / "preload.py"))
        study = small(agents={f"hard{i}": fsq.QLearning(0.1 * (i + 1), 0.95) for i in range(6)})
        outcome = run(study, tmp_path / "out", dask=address, device="cuda", chunk=64)
    finally:
        for one in started:
            one.kill()
            one.communicate()
    assert outcome.computed == 6 * math.ceil(200 / 64)
    run(study, tmp_path / "cpu", threads=2)
    assert verify(tmp_path / "out").digest == verify(tmp_path / "cpu").digest
