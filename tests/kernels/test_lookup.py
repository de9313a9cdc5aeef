"""A look-up gives the table's entry, of every kind of table, and writes no table at run time."""

import os
import subprocess
import sys

import numba
import numpy as np
import pytest

from fastsoftq.kernels.lookup import lookup

TABLE = tuple(np.int32(n * n - 100) for n in range(16))


@numba.njit
def in_a_constant(index):
    return lookup(TABLE, index)


@numba.njit
def in_what_is_given(table, index):
    return lookup(table, index)


@numba.njit
def in_what_is_made(x, index):
    a, b = np.int32(x), np.int32(-x)
    return lookup((a, b, a, b, a, b, a, b, a, b, a, b, a, b, a, np.int32(5)), index)


@pytest.mark.parametrize("kind", [np.int64, np.int32, np.uint32, np.uint64])
def test_it_is_the_entry(kind):
    for k in range(16):
        assert in_a_constant(kind(k)) == in_what_is_given(TABLE, kind(k)) == lookup(TABLE, k) == TABLE[k]
        assert in_what_is_made(3, kind(k)) == (5 if k == 15 else (-3 if k % 2 else 3))


@pytest.mark.parametrize("function", [in_a_constant, in_what_is_given, in_what_is_made])
def test_no_table_is_written_on_the_stack(function):
    arguments = {in_a_constant: (3,), in_what_is_given: (TABLE, 3), in_what_is_made: (7, 3)}[function]
    function(*arguments)
    for code in function.inspect_llvm().values():
        assert "alloca [16 x i32]" not in code


TRAINED = """
import fastsoftq as fsq
from fastsoftq.engine.one_run import run_episodes

fsq.train(fsq.cliff_walking(), fsq.QLearning(0.8, 0.95), seeds=1, episodes=1)
print(*run_episodes.inspect_llvm().values())
"""


def test_the_loop_of_one_run_writes_none(tmp_path):
    # In a process with an empty cache: what comes from the cache cannot be inspected.
    environment = os.environ | {"FASTSOFTQ_CACHE_DIR": str(tmp_path)}
    code = subprocess.run(
        [sys.executable, "-c", TRAINED], env=environment, check=True, capture_output=True, text=True
    ).stdout
    assert "define" in code
    assert "alloca [16 x i32]" not in code
