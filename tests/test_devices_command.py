"""--device and `fastsoftq devices`: what is refused, how it is said, and what a GPU gives."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fastsoftq.studies.inspect import verify

ROOT = Path(__file__).parents[1]
STUDY = """\
name = "small"
episodes = 5
seeds = 70
max_steps = 40
{more}
[environments.cliff]
kind = "cliff_walking"

[agents.hard]
kind = "q_learning"
step_size = 0.8
discount = 0.95
"""
# A process with a simulated GPU, or with none, whatever this machine has.
WITH = """\
from fastsoftq import hardware
from fastsoftq.engine.gpu import several_cards
from fastsoftq.engine.gpu.driver import GpuError
from tests.engine.gpu.simulated_card import SMALL, SimulatedGpu

def none():
    raise GpuError("no GPU is here: leave device out")

GPU, FREE = SimulatedGpu(), {free}
if FREE is not None:
    GPU.free = lambda: FREE
several_cards.cards = hardware.cards = {cards}
several_cards.gpu = lambda number: several_cards.cards() and GPU
"""


@pytest.fixture
def with_cards(fastsoftq):
    def run(folder, *arguments, cards="none", free=None):
        return fastsoftq(*arguments, cwd=folder, before=WITH.format(cards=cards, free=free))

    return run


@pytest.mark.parametrize("command", [["run", "study.toml"], ["reproduce"], ["tune", "study.toml", "--trials", "2"]])
@pytest.mark.parametrize(
    ("device", "words"),
    [("gpu", "device is 'gpu'; it must be 'cpu', 'cuda' (all GPUs)"), ("cuda:0", "no GPU is here: leave device out")],
)
def test_a_device_that_is_none_is_one_line_before_anything_is_written(tmp_path, with_cards, command, device, words):
    more = "[select]\ntune = 10\ntest = 60\n"
    tuned = "[tune.agents.hard]\nstep_size = { choices = [0.5, 0.8] }\n" if command[0] == "tune" else ""
    (tmp_path / "study.toml").write_text(STUDY.format(more=more if tuned else "") + tuned)
    done = with_cards(tmp_path, *command, "--out", "out", "--device", device)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith(f"fastsoftq: {words}")
    assert done.stderr.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["study.toml"]


def test_a_study_and_an_experiment_on_a_gpu_have_the_bytes_of_the_cpu(tmp_path, with_cards):
    (tmp_path / "study.toml").write_text(STUDY.format(more=""))
    experiment = ["reproduce", "--seeds", "3", "--episodes", "12", "--max-steps", "40"]
    for device in ("cpu", "cuda"):
        for command, out in ((["run", "study.toml"], "study"), (experiment, "experiment")):
            done = with_cards(
                tmp_path, *command, "--out", f"{out}-{device}", "--device", device, cards="lambda: (SMALL,)"
            )
            assert done.returncode == 0, done.stderr
    assert verify(tmp_path / "study-cuda").digest == verify(tmp_path / "study-cpu").digest
    assert verify(tmp_path / "experiment-cuda").digest == verify(tmp_path / "experiment-cpu").digest
    for name in ("curves.npz", "summary.csv"):
        there, here = (tmp_path / f"experiment-{device}" / name for device in ("cuda", "cpu"))
        assert there.read_bytes() == here.read_bytes()


def test_a_gpu_that_is_full_is_a_failure_that_says_how_to_go_on(tmp_path, with_cards):
    (tmp_path / "study.toml").write_text(STUDY.format(more=""))
    arguments = ["run", "study.toml", "--out", "out", "--device", "cuda"]
    done = with_cards(tmp_path, *arguments, cards="lambda: (SMALL,)", free=0)
    assert done.returncode == 1, done.stderr
    assert done.stderr.count("\n") == 1
    assert "a simulated GPU (cuda:0) has 0 MiB free" in done.stderr
    assert "What was done stays done; go on with: fastsoftq run" in done.stderr


def test_devices_are_listed_and_what_a_gpu_needs_is_said_where_there_is_none(tmp_path, with_cards):
    done = with_cards(tmp_path, "devices")
    assert done.returncode == 0, done.stderr
    cpu, missing, how = done.stdout.splitlines()
    assert cpu.startswith("cpu (")
    assert missing == "cuda: no: no GPU is here: leave device out"
    assert "compute capability 7.5 or newer" in how
    assert "pip install 'fastsoftq[cuda]'" in how
    done = with_cards(tmp_path, "devices", cards="lambda: (SMALL, SMALL)")
    _, first, second, together = done.stdout.splitlines()
    assert first == "cuda:0 (a simulated GPU): 1 GiB, 2 multiprocessors, compute capability 9.0"
    assert second.startswith("cuda:1 ")
    assert together == "cuda: all of cuda:0, cuda:1, an even share of the seeds on each"
    done = with_cards(tmp_path, "devices", cards="lambda: (SMALL._replace(capability=(7, 0)),)")
    assert "cuda:0 (a simulated GPU): no: too old: compute capability 7.0, at least 7.5 is needed" in done.stdout
    assert "fastsoftq[cuda]" in done.stdout


@pytest.mark.parametrize("command", ["run", "reproduce", "tune"])
def test_devices_are_completed(command):
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "_FASTSOFTQ_COMPLETE": "complete_bash",
        "COMP_WORDS": f"fastsoftq {command} --device cu",
        "COMP_CWORD": "3",
    }
    done = subprocess.run(
        [sys.executable, "-m", "fastsoftq"], capture_output=True, text=True, timeout=100, env=environment
    )
    assert done.stdout.split() == ["cuda", "cuda:0"], done.stderr
