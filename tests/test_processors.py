"""Threads by default are the processors that this process may use."""

import os
import subprocess
import sys

import pytest

from fastsoftq import checks
from fastsoftq.system import control_groups, processors


@pytest.fixture
def quotas(tmp_path, monkeypatch):
    """Sixteen processors, and control groups as files: a function that writes them, and the process's place in them."""
    monkeypatch.setattr(control_groups, "_GROUPS", tmp_path)
    monkeypatch.setattr(control_groups, "_OF_THIS_PROCESS", tmp_path / "place")
    monkeypatch.setattr(processors, "_may_run_on", lambda: 16)

    def count(place, files):
        for name, contents in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(contents)
        (tmp_path / "place").write_text(place)
        return processors.processors()

    return count


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ("max 100000", 16),
        ("400000 100000", 4),
        ("150000 100000", 2),
        ("10000 100000", 1),
        ("6400000 100000", 16),
        ("max", 16),
        ("", 16),
        ("nonsense 5", 16),
        ("100000 0", 16),
    ],
)
def test_a_quota_of_the_second_version_counts(quotas, limit, expected):
    assert quotas("0::/job\n", {"job/cpu.max": limit + "\n"}) == expected


def test_the_tightest_of_the_groups_above_counts(quotas):
    files = {"cpu.max": "1200000 100000", "a/cpu.max": "300000 100000", "a/b/cpu.max": "max 100000"}
    assert quotas("0::/a/b\n", files) == 3
    assert quotas("0::/\n", {}) == 12


@pytest.mark.parametrize(("quota", "expected"), [("-1", 16), ("250000", 3), ("0", 16), ("x", 16)])
@pytest.mark.parametrize("controllers", ["cpu", "cpu,cpuacct", "cpuacct,cpu"])
def test_a_quota_of_the_first_version_counts(quotas, controllers, quota, expected):
    folder = f"{controllers}/job"
    files = {f"{folder}/cpu.cfs_quota_us": f"{quota}\n", f"{folder}/cpu.cfs_period_us": "100000\n"}
    assert quotas(f"7:memory:/job\n3:{controllers}:/job\n0::/\n", files) == expected


def test_other_controllers_do_not_count(quotas):
    files = {f"cpuset/job/cpu.cfs_{name}_us": "100000\n" for name in ("quota", "period")}
    assert quotas("3:cpuset:/job\n", files) == 16


def test_a_group_named_as_its_container_sees_it_has_its_root(quotas):
    """Docker with version 1 shows the host's path, which is not there."""
    files = {"cpu/cpu.cfs_quota_us": "200000\n", "cpu/cpu.cfs_period_us": "100000\n"}
    assert quotas("3:cpu:/docker/0123abcd\n", files) == 2


def test_where_there_are_no_groups_all_it_may_run_on_count(monkeypatch, tmp_path):
    monkeypatch.setattr(control_groups, "_OF_THIS_PROCESS", tmp_path / "none")
    assert processors.processors() == processors._may_run_on()


def test_without_affinity_all_of_the_machine_count(monkeypatch):
    monkeypatch.delattr(os, "process_cpu_count", raising=False)
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert processors._may_run_on() == 1
    monkeypatch.setattr(os, "process_cpu_count", lambda: 5, raising=False)
    assert processors._may_run_on() == 5


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processes cannot be bound here")
def test_a_process_bound_to_one_processor_takes_one_thread():
    script = (
        "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])\n"
        "from fastsoftq import checks; print(checks.threads(None))"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert shown.stdout == "1\n"


def test_as_many_as_threads_may_be_at_most(monkeypatch):
    monkeypatch.setattr(processors, "_may_run_on", lambda: 4096)
    monkeypatch.setattr(processors, "_quotas", lambda: iter(()))
    assert checks.threads(None) == 1024
