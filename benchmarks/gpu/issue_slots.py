"""What the card could do at most: how many instructions a step takes, and how many the schedulers issue.

Instructions are counted by Nsight Compute (`ncu`), which runs this file as a program.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import fastsoftq as fsq
from benchmarks.gpu.contenders import timed_batch
from benchmarks.gpu.workloads import WORKLOADS
from fastsoftq.engine.gpu.driver import gpu
from fastsoftq.engine.gpu.kernel import train
from fastsoftq.engine.gpu.reachable import reachable

METRIC = "smsp__inst_executed.sum"  # of warps
WARP, SCHEDULERS = 32, 4  # of a multiprocessor, on all cards since compute capability 7
RUNS, EPISODES = 132 * 384, 100


def instructions(seconds: float) -> dict[str, float]:
    """Instructions a step of each workload: those of warps, times the threads of one, over the steps of all."""
    if not (ncu := shutil.which("ncu")):
        raise RuntimeError("there is no ncu (Nsight Compute) to count instructions with")
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "counted.csv"
        profiled = [ncu, "--metrics", METRIC, "--csv", "--log-file", str(log), "--kernel-name", train.__name__]
        shown = subprocess.run(
            [*profiled, sys.executable, "-m", "benchmarks.gpu.issue_slots"], capture_output=True, text=True,
            timeout=seconds, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
        if shown.returncode:
            raise RuntimeError(f"ncu: {(shown.stderr or shown.stdout or log.read_text())[-500:]}")
        counts = counted(log.read_text())
    steps = json.loads(shown.stdout.splitlines()[-1])
    return {name: WARP * count / steps[name] for name, count in zip(steps, counts, strict=True)}


def counted(log: str) -> list[float]:
    """What `ncu --csv` wrote of each launch."""
    lines = log.splitlines()
    head = next((i for i, line in enumerate(lines) if '"Metric Value"' in line), None)
    if head is None:
        raise RuntimeError(f"ncu counted nothing: {log[-500:]}")
    rows = csv.DictReader(lines[head:])
    return [float(row["Metric Value"].replace(",", "")) for row in rows if row["Metric Name"] == METRIC]


def limit(instructions_a_step: float, multiprocessors: int, clock: float) -> float:
    """Steps a second, if every scheduler issued an instruction in every cycle."""
    return multiprocessors * SCHEDULERS * WARP * clock / instructions_a_step


def main() -> None:
    """Launch each workload once, and print the steps of each."""
    part, steps = reachable(fsq.cliff_walking()), {}
    for workload in WORKLOADS:
        _, precision, *size = workload.smaller(RUNS, EPISODES)
        steps[workload.label] = timed_batch(gpu(0), part, workload.agent, precision, *size, launches=1)[1]
    print(json.dumps(steps))


if __name__ == "__main__":
    main()
