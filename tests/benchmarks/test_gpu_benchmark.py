"""The benchmark of a GPU, on a simulated card: every part that needs no driver, and what is said of the others."""

import json
from unittest import mock

import pytest
from typer.testing import CliRunner

import benchmarks.gpu.__main__ as command
from benchmarks.gpu import card_report, contenders, issue_slots, large_worlds
from benchmarks.gpu.workloads import WORKLOADS, trained
from fastsoftq.engine.gpu import several_cards
from fastsoftq.engine.gpu.driver import GpuError
from tests.engine.gpu.simulated_card import SMALL, SimulatedGpu

TINY = tuple(workload._replace(runs=40, episodes=10, max_steps=50) for workload in WORKLOADS)


@pytest.fixture
def card():
    found = SimulatedGpu()
    with (
        mock.patch.object(several_cards, "cards", return_value=(found.card,)),
        mock.patch.object(several_cards, "gpu", return_value=found),
    ):
        yield found


def no_driver(*arguments):
    raise GpuError("a simulated card runs no machine code")


def test_each_part_is_measured_and_what_cannot_be_is_said(card, tmp_path, monkeypatch):
    monkeypatch.setattr(contenders.jax_scan, "missing", lambda: "jax is not installed")
    monkeypatch.setattr(issue_slots.shutil, "which", lambda name: None)
    monkeypatch.setattr(command, "QUICK_WORLD_STEPS", 1e5)
    monkeypatch.setattr(contenders.cuda_plain, "Learner", no_driver)
    measuring = command.Measuring(1000.0, tmp_path / "deep" / "gpu.json", card_report.described(card))
    command.measure(card, measuring, TINY, (50, 2000), quick=True)
    results = json.loads((tmp_path / "deep" / "gpu.json").read_text())
    found = {(speed["contender"], speed["workload"]): speed for speed in results["speeds"]}
    for workload in TINY:
        for contender in ("kernel alone", "`train`, results in host memory", "`train`, summarised on the card"):
            assert found[contender, workload.label]["same_bits"] is True
            assert found[contender, workload.label]["steps_per_second"] > 0
    assert [world["states"] for world in results["worlds"]] == [50, 50, 2000, 2000]
    assert all(world["same_bits"] for world in results["worlds"])
    failed = results["failed"]
    assert failed["JAX, hard"] == "RuntimeError: jax is not installed"
    assert "there is no ncu" in failed["instructions a step"]
    assert [name for name in failed if name.startswith("CUDA C++")] == [f"CUDA C++, {w.label}" for w in TINY]
    assert card.held == 0
    text = card_report.markdown(results)
    assert f"a simulated GPU ({SMALL.multiprocessors} multiprocessors" in text
    assert "| kernel alone | " in text
    assert "| 2,000 | " in text
    assert "NOT" not in text
    assert "Not measured, JAX, hard: RuntimeError: jax is not installed" in text


def test_other_bits_are_not_overlooked(card, monkeypatch):
    monkeypatch.setattr(contenders, "expected", lambda workload: "something else")
    (speed,) = contenders.kernel(card, TINY[0])
    assert speed.same_bits is False
    results = {"machine": card_report.described(card), "speeds": [speed._asdict()], "worlds": [], "slots": {}}
    text = card_report.markdown(results | {"failed": {}})
    assert "NOT the CPU's bits: kernel alone, hard." in text
    assert "(other bits)" in text


def test_speed_is_steps_over_seconds(card, monkeypatch):
    """A clock that goes one second a look: a launch takes one."""
    monkeypatch.setattr(contenders.time, "perf_counter", iter(range(100)).__next__)
    (speed,) = contenders.kernel(card, TINY[0])
    assert speed.steps_per_second == trained(TINY[0]).lengths.sum()
    (speed,) = contenders.through_train(card, TINY[0])
    assert speed.steps_per_second == trained(TINY[0]).lengths.sum()
    assert speed.result_bytes_per_second == 40 * 10 * 13


def test_without_time_parts_are_left_out(card):
    measuring = command.Measuring(-1.0, None, {"clock_hz": None})
    assert measuring.part("something", lambda: 1) is None
    assert measuring.results["failed"] == {"something": "no time was left for it"}


def test_worlds_are_trained_by_as_many_threads_as_fit(card):
    speed = large_worlds.speed(card, 300, "hard", 1e4)
    assert speed.runs >= SMALL.multiprocessors * 32
    assert speed.same_bits


LOG = """\
==PROF== Connected to process 1
"ID","Kernel Name","Metric Name","Metric Unit","Metric Value"
"0","train","smsp__inst_executed.sum","inst","1,000"
"1","train","smsp__inst_executed.sum","inst","24"
"""


def test_instructions_are_read_from_what_ncu_writes():
    assert issue_slots.counted(LOG) == [1000.0, 24.0]
    with pytest.raises(RuntimeError, match="ncu counted nothing: ==ERROR== no permission"):
        issue_slots.counted("==ERROR== no permission")


def test_issue_slots_allow_what_schedulers_issue():
    """132 multiprocessors of 4 schedulers, each an instruction of 32 threads a cycle, at 2 GHz; 154 make a step."""
    assert issue_slots.limit(154, 132, 2e9) == pytest.approx(132 * 4 * 32 * 2e9 / 154)


def test_without_a_gpu_the_command_says_so_in_one_line(monkeypatch):
    def missing(number):
        raise GpuError("no GPU with a driver is here")

    monkeypatch.setattr(command, "gpu", missing)
    result = CliRunner().invoke(command.app, [])
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", "no GPU with a driver is here\n")
