"""plain.cu, compiled as C++ for the CPU: it learns what fastsoftq learns, to the bit."""

import ctypes
import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from benchmarks.gpu.workloads import WORKLOADS, trained
from benchmarks.peers import cuda_plain, task

SHIM = Path(__file__).with_name("on_one_thread.h")
FLAGS = ("-x", "c++", "-std=c++17", "-O1", "-ffp-contract=off", "-shared", "-fPIC", "-Wno-unknown-pragmas")
POINTER, WHOLE = ctypes.c_void_p, ctypes.c_int


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    compiler = shutil.which(os.environ.get("CXX", "g++"))
    if compiler is None:
        pytest.skip("there is no C++ compiler")
    built = tmp_path_factory.mktemp("plain") / "plain.so"
    subprocess.run([compiler, *FLAGS, "-include", SHIM, cuda_plain.SOURCE, "-o", built], check=True)
    return ctypes.CDLL(str(built))


def learned(library, workload):
    case, precision, runs, episodes, max_steps = workload
    next_state, reward = task.tables()
    seeds, next_run = np.arange(runs, dtype=np.uint64), np.zeros(1, np.int32)
    room = np.full(task.N_STATES * task.N_ACTIONS + 2, np.nan)
    curves = [np.zeros((runs, episodes), dtype) for dtype in (np.float64, np.int32, np.uint8)]
    learn = getattr(library, f"{case.algorithm}_mixed" if precision == "mixed" else case.algorithm)
    learn.argtypes = [
        POINTER, POINTER, ctypes.c_double, POINTER, WHOLE, WHOLE, WHOLE, POINTER, POINTER, POINTER, POINTER, POINTER,
    ]  # fmt: skip
    learn.restype = None
    at = [array.ctypes.data for array in (next_run, *curves)]
    at.insert(1, -(-room.ctypes.data // 16) * 16)
    learn(
        next_state.ctypes.data, reward.ctypes.data, case.reward_scale, seeds.ctypes.data, runs, episodes, max_steps, *at
    )
    return curves


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.label)
def test_it_learns_the_same_bits(library, workload):
    workload = workload.smaller(20, 1000)
    curves = trained(workload)
    for ours, theirs in zip(
        (curves.returns, curves.lengths, curves.truncated), learned(library, workload), strict=True
    ):
        np.testing.assert_array_equal(theirs, ours)


@pytest.mark.parametrize("capability", [(7, 5), (8, 0), (9, 0), (10, 0)])
def test_it_compiles_for_every_card(capability):
    if importlib.util.find_spec("cuda") is None:
        pytest.skip("cuda-core is not installed")
    assert cuda_plain.cubin(capability)[:4] == b"\x7fELF"
