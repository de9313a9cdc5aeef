"""Each way to train: timed, medians of three, in 10^9 steps a second; and whether it learns the CPU's curves."""

from __future__ import annotations

import os
import statistics
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import NamedTuple

import numpy as np

import fastsoftq as fsq
from benchmarks.gpu.workloads import CHECKED, Workload, digest, digest_of, expected, trained
from benchmarks.peers import cuda_plain, jax_scan
from fastsoftq.agents.hyperparameters import checked
from fastsoftq.agents.rules import PRECISIONS, Agent
from fastsoftq.engine.block_statistics import statistics_of
from fastsoftq.engine.gpu.driver import Gpu
from fastsoftq.engine.gpu.layout import layout_for
from fastsoftq.engine.gpu.reachable import Reachable, reachable
from fastsoftq.engine.gpu.training_runs import Batch
from fastsoftq.system.processors import processors
from fastsoftq.tabular_training import Training

THREADS = (256, 512, 1024)  # of a multiprocessor, tried for what is written by hand
RESULT_BYTES = 13  # an episode's
PIECE, BLOCK = 512, 1024  # runs that the kernel counts together, and that are summarised together


class Speed(NamedTuple):
    """One cell of the table."""

    contender: str
    workload: str
    steps_per_second: float
    same_bits: bool | None = None  # as the CPU's; None: it draws other random numbers
    result_bytes_per_second: float | None = None
    note: str = ""


def timed_batch(
    gpu: Gpu, part: Reachable, agent: Agent, precision: str, runs: int, episodes: int, max_steps: int,
    launches: int = 4, checked_runs: int = CHECKED,
) -> tuple[float, int, str]:  # fmt: skip
    """Seconds of the kernel alone (the median of all launches but the first), its steps, the first runs' digest."""
    layout = layout_for(part.tables, gpu.card, runs)
    seeds, initial_q = np.arange(runs, dtype=np.uint64), np.zeros((1, part.states.max() + 1, part.tables.n_actions))
    batch = Batch(
        gpu, part, layout, checked(agent), PRECISIONS[precision], seeds, initial_q, max_steps, episodes, None, 0,
        piece=PIECE,
    )  # fmt: skip
    try:
        took = []
        for _ in range(launches):
            gpu.stream.sync()
            start = time.perf_counter()
            batch.launch()
            gpu.stream.sync()
            took.append(time.perf_counter() - start)
        steps = int(batch.counts(gpu.stream)[2])
        curves = (batch.out.returns, batch.out.lengths, batch.out.truncated)
        first = digest(*(cuda_plain.rows(gpu, array, min(checked_runs, runs)) for array in curves))
    finally:
        batch.close()
    return statistics.median(took[1:] or took), steps, first


def kernel(gpu: Gpu, workload: Workload) -> Iterator[Speed]:
    _, precision, *size = workload
    seconds, steps, first = timed_batch(gpu, reachable(fsq.cliff_walking()), workload.agent, precision, *size)
    yield Speed("kernel alone", workload.label, steps / seconds, first == expected(workload))


def through_train(gpu: Gpu, workload: Workload) -> Iterator[Speed]:
    took = []
    for _ in range(4):
        start = time.perf_counter()
        curves = trained(workload, device=f"cuda:{gpu.number}")
        took.append(time.perf_counter() - start)
        steps, same = int(curves.lengths.sum(dtype=np.int64)), digest_of(curves) == expected(workload)
        del curves  # so that the next call can have its memory
    seconds = statistics.median(took[1:])
    results = RESULT_BYTES * workload.runs * workload.episodes / seconds
    yield Speed("`train`, results in host memory", workload.label, steps / seconds, same, results)


def summarised(gpu: Gpu, workload: Workload) -> Iterator[Speed]:
    """As a study with `keep = "summary"` trains: what crosses the bus are moments and quantiles."""
    agent, precision, (runs, episodes, max_steps) = workload.agent, workload.precision, workload[2:]
    starts = np.append(np.arange(0, runs, BLOCK), runs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        training = Training.checked(
            fsq.cliff_walking(), agent, runs, episodes, max_steps, precision=precision, device=f"cuda:{gpu.number}"
        )
    took = []
    for _ in range(4):
        start = time.perf_counter()
        found = training.statistics(starts)
        took.append(time.perf_counter() - start)
    curves = trained(workload._replace(runs=min(BLOCK, runs)))  # by the CPU
    same = all(
        getattr(found, name)[0].tobytes() == statistics_of(getattr(curves, name)).tobytes()
        for name in ("returns", "lengths")
    )
    speed = found.steps / statistics.median(took[1:])
    yield Speed("`train`, summarised on the card", workload.label, speed, same)


def by_hand(gpu: Gpu, workload: Workload) -> Iterator[Speed]:
    """The best of some numbers of threads."""
    mixed, size = workload.precision == "mixed", workload[2:]
    learner = cuda_plain.Learner(gpu, workload.case, mixed, *size)
    try:
        found = {threads: learner.timed(threads, min(CHECKED, workload.runs)) for threads in THREADS}
    finally:
        learner.close()
    threads = min(found, key=lambda threads: found[threads].seconds)
    seconds, steps, first = found[threads]
    same, note = digest(*first) == expected(workload), f"{threads} threads a multiprocessor"
    yield Speed("CUDA C++ by hand", workload.label, steps / seconds, same, note=note)


def on_the_cpu(workload: Workload) -> Iterator[Speed]:
    smaller = workload.smaller(256 * processors(), 200)
    trained(smaller)  # compiles
    start = time.perf_counter()
    steps = int(trained(smaller).lengths.sum(dtype=np.int64))
    speed = steps / (time.perf_counter() - start)
    yield Speed(f"this machine's CPU, {processors()} threads", workload.label, speed)


def by_jax(workload: Workload, seconds: float) -> Iterator[Speed]:
    """In a process of its own, which gives its memory back, and may take so long."""
    if reason := jax_scan.missing():
        raise RuntimeError(reason)
    if workload.precision != "double":
        return
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        result = pool.submit(_jax, workload)
        try:
            speed = result.result(timeout=seconds)
        except TimeoutError:
            for process in list(pool._processes.values()):
                process.kill()
            raise TimeoutError(f"JAX took longer than {seconds:.0f} s") from None
    note = f"{workload.runs} seeds, {workload.episodes} episodes"
    yield Speed("JAX, vmap and scan", workload.label, speed, note=note)


def _jax(workload: Workload) -> float:
    os.environ["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
    import jax

    if jax.default_backend() != "gpu":
        raise RuntimeError(f"jax {jax.__version__} is here, but for the {jax.default_backend()} alone")
    case, seeds = workload.case, np.arange(workload.runs)
    jax_scan.run(case, seeds, workload.episodes, workload.max_steps)  # compiles
    start = time.perf_counter()
    _, lengths = jax_scan.run(case, seeds, workload.episodes, workload.max_steps)
    return int(lengths.sum(dtype=np.int64)) / (time.perf_counter() - start)
