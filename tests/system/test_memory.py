import subprocess
import sys

import numpy as np
import pytest

from fastsoftq.system import control_groups, memory
from fastsoftq.system.memory import TooLargeError, available_memory, check_memory, peak_memory


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """Control groups, as files: a function that writes them, and the process's place in them."""
    monkeypatch.setattr(control_groups, "_GROUPS", tmp_path)
    monkeypatch.setattr(control_groups, "_OF_THIS_PROCESS", tmp_path / "place")
    monkeypatch.setattr(memory, "_system", lambda: iter([10**12]))

    def write(place, files):
        for name, contents in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(contents)
        (tmp_path / "place").write_text(place)

    return write


def test_this_machine_has_some_memory():
    available = available_memory()
    assert available is None or 2**20 < available < 2**60


def test_what_fits_passes_and_what_does_not_is_refused_in_words(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 3 * 2**30)
    check_memory("seeds is 7 and", 3 * 2**30, "take fewer")
    with pytest.raises(TooLargeError) as refused:
        check_memory("seeds is 7 and", 5 * 2**40, "take fewer")
    assert str(refused.value) == "seeds is 7 and needs 5 TiB of memory, of which 3 GiB are available; take fewer"
    assert isinstance(refused.value, ValueError)
    with pytest.raises(TooLargeError, match=r"are available; take fewer, of at most 3$"):
        check_memory("seeds is 7 and", 7 * 2**30, "take fewer", each=2**30)


def test_where_nothing_tells_nothing_is_refused(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: None)
    check_memory("seeds is 7 and", 2**70, "take fewer")


def test_the_tightest_of_the_groups_above_counts(groups):
    stat = "anon 5\nactive_file 20\ninactive_file 30\n"
    groups(
        "0::/a/b\n",
        {
            "a/b/memory.max": "max\n",
            "a/b/memory.current": "5\n",
            "a/b/memory.stat": stat,
            "a/memory.max": "1000\n",
            "a/memory.current": "400\n",
            "a/memory.stat": stat,
        },
    )
    assert available_memory() == 1000 - 400 + 50


def test_groups_of_the_first_version_count_too(groups):
    files = {"memory.limit_in_bytes": "700\n", "memory.usage_in_bytes": "800\n", "memory.stat": "cache 0\n"}
    groups("4:memory:/gone\n3:cpu:/\n", {f"memory/{name}": contents for name, contents in files.items()})
    assert available_memory() == 0


def test_without_groups_the_system_tells(groups):
    groups("4:memory:/\n0::/\n", {})
    assert available_memory() == 10**12


def test_what_is_refused_would_not_have_fitted():
    """The bytes that are reckoned with are those of the arrays."""
    from fastsoftq import QLearning, cliff_walking, train
    from fastsoftq.engine.curves import curves_bytes

    curves = train(cliff_walking(), QLearning(0.5, 0.9), seeds=3, episodes=5, max_steps=4, keep_q=True, threads=1)
    arrays = (curves.returns, curves.lengths, curves.truncated, curves.seeds, np.asarray(curves.final_q))
    assert curves_bytes(3, 5, curves.final_q[0].size) == sum(array.nbytes for array in arrays)


@pytest.mark.skipif(sys.platform != "linux", reason="what is told there may begin with the parent's")
def test_the_peak_is_that_of_this_process_alone():
    parents = np.ones(400 << 20, np.uint8)
    told = "from fastsoftq.system.memory import peak_memory; print(peak_memory())"
    child = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert 1 << 20 < int(child.stdout) < parents.nbytes < peak_memory()
