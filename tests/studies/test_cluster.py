import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from fastsoftq.studies.inspect import verify
from fastsoftq.studies.running import run

pytest.importorskip("distributed")

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "DASK_DISTRIBUTED__DASHBOARD__LINK": ""}


@pytest.fixture
def processes():
    started = []
    yield started
    for process in started:
        process.kill()
        process.communicate()  # waits, and closes what was read from


def scheduler(processes):
    command = [
        sys.executable,
        "-m",
        "distributed.cli.dask_scheduler",
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--no-dashboard",
    ]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)
    processes.append(process)
    for line in process.stderr:
        if found := re.search(r"Scheduler at:\s+(tcp://\S+)", line):
            return found[1]
    raise AssertionError("the scheduler did not start")


def worker(processes, address):
    command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--host", "127.0.0.1", "--nthreads", "1"]
    process = subprocess.Popen([*command, "--no-nanny", "--no-dashboard"], stderr=subprocess.DEVNULL, env=ENVIRONMENT)
    processes.append(process)
    return process


class KillAfter:
    """Kills a process after so many units are done."""

    def __init__(self, process, units):
        self.process, self.units, self.seen = process, units, 0

    def begin(self, store, units):
        pass

    def tick(self, unit, progress):
        pass

    def done(self, result):
        self.seen += 1
        if self.seen == self.units:
            os.kill(self.process.pid, signal.SIGKILL)


def test_a_worker_killed_midway_changes_nothing(small, tmp_path, processes):
    study = small(seeds=2000, episodes=200)
    address = scheduler(processes)
    doomed, _ = worker(processes, address), worker(processes, address)
    watch = KillAfter(doomed, 8)
    outcome = run(study, tmp_path / "dask", dask=address, chunk=64, watch=watch)
    assert doomed.wait(timeout=10) == -signal.SIGKILL
    assert watch.seen > 8
    assert outcome.computed >= 62  # what the killed one had committed but not reported is found, not computed
    run(study, tmp_path / "threads", threads=2)
    found = verify(tmp_path / "dask")
    assert (found.missing, found.damaged) == ((), ())
    assert found.digest == verify(tmp_path / "threads").digest


def test_local_workers_go_on_from_tables_too(small, tmp_path):
    first, second = small().conditions
    study = small(
        tables=True, checkpoints=[3], conditions=[first, second, replace(second, name="tuned", after=first.name)]
    )
    run(study, tmp_path / "dask", dask="local", threads=2, chunk=64)
    run(study, tmp_path / "threads", threads=1)
    assert verify(tmp_path / "dask").digest == verify(tmp_path / "threads").digest


def test_no_scheduler_is_a_clean_error(small, tmp_path):
    import dask

    start = time.monotonic()
    with dask.config.set({"distributed.comm.timeouts.connect": "1s"}), pytest.raises(OSError, match=r"127\.0\.0\.1:9"):
        run(small(), tmp_path, dask="tcp://127.0.0.1:9")
    assert time.monotonic() - start < 60


SCRIPT = """\
import fastsoftq as fsq
from fastsoftq.studies.running import run
from fastsoftq.studies.study import Study

def main():
    agents = {"hard": fsq.QLearning(0.5, 0.9)}
    study = Study(name="own", episodes=3, seeds=8, max_steps=9, environments={"c": fsq.from_map("S.G")}, agents=agents)
    print(run(study, "out", threads=1, dask="local").computed)

"""


@pytest.mark.parametrize("guard", ["", 'if __name__ == "__main__": '])
def test_a_script_without_a_main_guard_is_told_of_it(guard, tmp_path):
    (tmp_path / "script.py").write_text(f"{SCRIPT}{guard}main()\n")
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, timeout=100
    )
    if guard:
        assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr
    else:
        assert done.returncode == 1
        assert done.stderr.count("Traceback") == 1
        assert 'So it must be a file, and ask within `if __name__ == "__main__":`' in done.stderr.splitlines()[-1]


def test_a_bad_address_leaves_nothing_behind(small, tmp_path):
    with pytest.raises(ValueError, match="dask is 'nowhere'"):
        run(small(), tmp_path / "out", dask="nowhere")
    assert not (tmp_path / "out").exists()
