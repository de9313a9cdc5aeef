"""What is said of a processor is what LLVM compiles for."""

import os
import platform
import subprocess
import sys

import pytest

from fastsoftq.kernels.targets import TARGETS


def test_lanes_are_powers_of_two_and_the_keys():
    assert [target.lanes for target in TARGETS.values()] == list(TARGETS)
    assert all(lanes & (lanes - 1) == 0 and 64 % lanes == 0 for lanes in TARGETS)


@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="names of x86 processors")
@pytest.mark.parametrize(
    ("processor", "lanes"), [("generic", 4), ("x86-64-v2", 4), ("sandybridge", 4), ("x86-64-v3", 8), ("x86-64-v4", 16)]
)
def test_the_processor_is_known_by_its_name_alone(processor, lanes):
    """An empty list of features leaves those that the name implies."""
    done = subprocess.run(
        [sys.executable, "-c", "from fastsoftq.kernels.targets import here; print(here().lanes)"],
        env=os.environ | {"NUMBA_CPU_NAME": processor, "NUMBA_CPU_FEATURES": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) == lanes
