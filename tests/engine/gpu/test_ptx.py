"""The kernels as PTX: what they are made of, without a GPU; and assembled, where NVIDIA's assembler is installed."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numba
import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.agents.epsilon_greedy import epsilon_greedy
from fastsoftq.engine.gpu import ptx
from fastsoftq.engine.gpu.kernels_on_disk import kernel_for
from fastsoftq.engine.gpu.layout import Card
from fastsoftq.engine.gpu.summary_kernels import Curves, Sorted, Summary, moments, quantiles
from fastsoftq.engine.rule_errors import RuleError

RNG = np.random.default_rng(0)


def random_world(actions, outcomes=1, starts=1, states=12):
    shape = states, actions, outcomes
    start = np.zeros(states)
    start[:starts] = 1 / starts
    return fsq.TabularMDP(
        RNG.integers(0, states, shape), RNG.normal(-1, 1, shape), RNG.random(shape) < 0.1,
        RNG.dirichlet(np.ones(outcomes), shape[:2]), start,
    )  # fmt: skip


WEIGHTS = np.array([0.75, 0.25])


@numba.njit
def weighted(row):
    return first_of(row) * WEIGHTS[0] + row[1] * WEIGHTS[1]


@numba.njit
def first_of(row):
    return row[0]


@epsilon_greedy
class Weighing(NamedTuple):
    """An agent whose rule calls what a person compiled with Numba."""

    step_size: float
    discount: float
    epsilon: float = 0.1
    reward_scale: float = 1.0


@fsq.agents.rules.rule(fsq.agents.rules.bootstrap, Weighing)
def _weighed(agent, row, summary, action):
    return weighted(row)


HARD, SOFT = fsq.QLearning(0.8, 0.95, fsq.LinearDecay(0.9, 0.1, 0.001)), fsq.SoftQLearning(0.8, 0.95, 1.0, 10.0)
NO_SHARED = Card("none", (9, 0), 100, 1024, 80 << 30)
CASES = {
    "hard": (fsq.cliff_walking(), HARD, "double", None),
    "soft": (fsq.cliff_walking(), SOFT, "double", None),
    "soft, mixed": (fsq.cliff_walking(), SOFT, "mixed", None),
    "sarsa, slippery, many starts": (random_world(4, 3, 5), fsq.Sarsa(0.8, 0.95), "double", None),
    "expected sarsa, two actions": (random_world(2), fsq.ExpectedSarsa(0.5, 0.9, 0.1), "double", None),
    "hard, sixteen actions": (random_world(16), fsq.QLearning(0.5, 0.9), "double", None),
    "soft, nine actions, slippery": (random_world(9, 2), SOFT, "double", None),
    "frozen, many starts": (random_world(5, 1, 4), fsq.Frozen(SOFT), "double", None),
    "double": (fsq.cliff_walking(), fsq.DoubleQLearning(0.8, 0.95), "double", None),
    "4-step": (fsq.cliff_walking(), fsq.NStepSarsa(0.8, 0.95, 4), "double", None),
    "dyna": (fsq.cliff_walking(), fsq.DynaQ(0.8, 0.95, time_bonus=0.1), "double", None),
    "own, calling what Numba compiled": (fsq.cliff_walking(), Weighing(0.5, 0.9), "double", None),
    "hard, tables in the card's memory": (fsq.cliff_walking(), HARD, "double", NO_SHARED),
}


def assembler():
    found = shutil.which("ptxas")
    if found is None:
        packages = Path(sys.prefix, "lib", f"python3.{sys.version_info[1]}", "site-packages", "nvidia")
        found = next(map(str, packages.glob("*/bin/ptxas")), None)
    return found


def summary_kernel(function):
    integers, numbers = (np.zeros(1, kind) for kind in (np.int64, float))
    curves = Curves(integers, numbers[None], numbers[None].astype(np.int32), numbers[None].astype(np.uint8))
    summary = Summary(numbers[None, None], numbers[None, None], numbers[None])
    to_sort = Sorted(2, 10, integers[None], integers[None], numbers[None])
    arguments = (curves, summary) if function is moments else (curves, to_sort, summary)
    return kernel_for(function, arguments, (7, 5))


@pytest.fixture(scope="module", params=[*CASES, moments, quantiles], ids=lambda case: getattr(case, "__name__", case))
def text(request):
    if callable(request.param):
        return summary_kernel(request.param)
    mdp, agent, precision, card = CASES[request.param]
    return ptx(mdp, agent, precision, (7, 5), card)


def test_arithmetic_rounds_as_on_the_cpu(text):
    arithmetic = re.findall(
        r"^\s*(?:@!?%p\d+ )?((?:add|sub|mul|div|fma|sqrt|rcp)\.\S*f(?:32|64))\b", text, re.MULTILINE
    )
    assert arithmetic
    assert all(".rn" in instruction for instruction in arithmetic), set(arithmetic)
    assert not re.search(r"\.(approx|ftz|full)\b", text)
    assert not re.search(r"\b(ex2|lg2|sin|cos|tanh)\.", text)


def test_nothing_is_called_and_no_memory_of_a_threads_own_is_used(text):
    assert not re.search(r"^\s*(call|\.local|\.extern \.func)", text, re.MULTILINE)
    assert ".local" not in text
    assert "call" not in text


@pytest.mark.skipif(assembler() is None, reason="NVIDIA's assembler is not installed (pip install nvidia-cuda-nvcc)")
@pytest.mark.parametrize("processor", ["sm_75", "sm_80", "sm_90", "sm_100"])
def test_it_assembles_without_a_spill(text, processor, tmp_path):
    (tmp_path / "kernel.ptx").write_text(text)
    done = subprocess.run(
        [assembler(), f"-arch={processor}", "-v", "-o", tmp_path / "kernel.cubin", tmp_path / "kernel.ptx"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads" in done.stderr, done.stderr
    registers = int(re.search(r"Used (\d+) registers", done.stderr)[1])
    assert registers <= 168  # so that 384 threads go on a multiprocessor


@pytest.mark.skipif(assembler() is None, reason="NVIDIA's assembler is not installed (pip install nvidia-cuda-nvcc)")
@pytest.mark.parametrize("capability", [(8, 0), (9, 0), (10, 0)])
def test_it_assembles_for_the_card_it_is_made_for(capability, tmp_path):
    processor = "sm_{}{}".format(*capability)
    text = ptx(fsq.cliff_walking(), SOFT, "double", capability)
    assert f".target {processor}" in text
    (tmp_path / "kernel.ptx").write_text(text)
    subprocess.run(
        [assembler(), f"-arch={processor}", "-o", tmp_path / "kernel.cubin", tmp_path / "kernel.ptx"], check=True
    )


def test_compiling_one_does_not_import_what_it_does_not_need(tmp_path):
    told = (
        "import sys, fastsoftq as fsq; from fastsoftq.engine.gpu import ptx; "
        "ptx(fsq.cliff_walking(), fsq.QLearning(0.8, 0.95)); print('scipy.linalg' in sys.modules)"
    )
    environment = os.environ | {"FASTSOFTQ_CACHE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == "False\n"


class Timid(NamedTuple):
    step_size: float
    discount: float


@fsq.agents.rules.rule(fsq.agents.rules.bootstrap, Timid)
def _worst(agent, row, summary, action):
    return min(row)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"precision": "half"}, "precision is 'half'"),
        ({"capability": (6, 1)}, r"capability is \(6, 1\); it must be two integers, at least \(7, 5\)"),
        ({"capability": 9}, "capability is 9"),
        ({"agent": Timid(0.5, 0.9)}, "Timid"),
    ],
)
def test_what_is_wrong_is_said(changes, message):
    arguments = {"mdp": fsq.cliff_walking(), "agent": HARD} | changes
    with pytest.raises((TypeError, ValueError, RuleError), match=message):
        ptx(**arguments)
