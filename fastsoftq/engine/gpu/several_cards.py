"""Where training runs, by name; and runs shared out among several GPUs."""

from __future__ import annotations

import contextlib
import re
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.agents.memory_rules import memory, remembers
from fastsoftq.agents.rules import Agent
from fastsoftq.engine.dispatch import MOST_ACTIONS, MOST_NUMBERS, room_of
from fastsoftq.engine.gpu.driver import Gpu, cards, gpu
from fastsoftq.engine.threads import Progress
from fastsoftq.mdp.changing import EpisodicMDP

if TYPE_CHECKING:
    from fastsoftq.engine.gpu.wanted import Wanted

__all__ = ["CPU", "checked_device", "gpus_of", "run_on_gpus"]

CPU = "cpu"
_REPORT = 0.1  # seconds between two reports of progress


def checked_device(device: Any, mdp: EpisodicMDP | None = None, agent: Agent | None = None) -> str:
    """Return the name of a device that can train in an MDP: "cpu", "cuda" (all GPUs) or "cuda:0", "cuda:1", ...

    Parameters
    ----------
    device : str or None
        None is the CPU.
    mdp : TabularMDP or ChangingMDP, optional
    agent : NamedTuple, optional

    Raises
    ------
    TypeError
        Not a string.
    ValueError
        No device's name, or an MDP or an agent that a GPU cannot train.
    GpuError
        A GPU that is not there, is too old, or cannot be used.

    Examples
    --------
    >>> checked_device(None)
    'cpu'
    """
    if device is None:
        return CPU
    name = checks.text("device", device)
    if name == CPU:
        return name
    if not re.fullmatch(r"cuda(:\d{1,3})?", name):
        raise ValueError(f"device is {name!r}; it must be 'cpu', 'cuda' (all GPUs) or 'cuda:0', 'cuda:1', ...")
    if mdp is not None and mdp.n_actions > MOST_ACTIONS:
        raise ValueError(
            f"device is {name!r}; {mdp!r} has {mdp.n_actions} actions, and a GPU takes at most {MOST_ACTIONS}: leave "
            "device out, to train on the CPU"
        )
    if mdp is not None and agent is not None:
        _check_memory(name, mdp, agent)
    gpus_of(name)
    return name


def _check_memory(device: str, mdp: EpisodicMDP, agent: Agent) -> None:
    """Refuse an agent whose memory a GPU's threads do not have."""
    if remembers(agent, memory):
        raise ValueError(
            f"device is {device!r}; {type(agent).__name__} keeps arrays of its own (traces, a queue, a critic), which "
            "change as a whole from step to step, so that each run is trained by itself: leave device out, to train on "
            "the CPU"
        )
    numbers = room_of(agent, mdp, max_steps=1, alone=True).numbers
    if numbers > MOST_NUMBERS:
        raise ValueError(
            f"device is {device!r}; {type(agent).__name__} keeps {numbers} numbers for each state of {mdp!r}, and a "
            f"GPU takes at most {MOST_NUMBERS}: leave device out, to train on the CPU"
        )


def gpus_of(device: str) -> list[Gpu]:
    """The GPUs that go by a name.

    Raises
    ------
    GpuError
        A GPU that is not there, is too old, or cannot be used.
    """
    _, _, number = device.partition(":")
    numbers = [int(number)] if number else range(len(cards()))
    return [gpu(number) for number in numbers]


def run_on_gpus(
    gpus: Sequence[Gpu],
    mdp: EpisodicMDP,
    agent: Agent,
    like: Any,
    seeds: NDArray[np.uint64],
    initial_q: NDArray[np.float64],
    max_steps: int,
    wanted: Wanted,
    progress: Callable[[Progress], None] | None = None,
) -> None:
    """Train until every seed has been taken, an even share of the seeds on each GPU.

    Parameters
    ----------
    gpus : sequence of Gpu
    mdp, agent, like, seeds, initial_q, max_steps, wanted, progress
        As for `run_on_gpu`.
    """
    from fastsoftq.engine.gpu.training_runs import run_on_gpu  # with all that kernels are made of

    if len(gpus) == 1:
        run_on_gpu(gpus[0], mdp, agent, like, seeds, initial_q, max_steps, wanted, progress)
        return
    parts = [slice(first, last) for first, last in pairwise([0, *wanted.share(len(gpus))]) if last > first]
    so_far, stopped = [Progress(0, 0, 0)] * len(parts), threading.Event()

    def one(place: int) -> None:
        def watch(now: Progress) -> None:
            so_far[place] = now
            if stopped.is_set():
                raise _Stopped

        some = parts[place]
        begun = initial_q[some] if len(initial_q) > 1 else initial_q
        with contextlib.suppress(_Stopped):
            run_on_gpu(gpus[place], mdp, agent, like, seeds[some], begun, max_steps, wanted.part(some), watch)

    with ThreadPoolExecutor(len(parts), thread_name_prefix="fastsoftq-gpu") as pool:
        running = [pool.submit(one, place) for place in range(len(parts))]
        try:
            while wait(running, _REPORT, FIRST_EXCEPTION).not_done:
                if any(future.done() and future.exception() for future in running):
                    break
                if progress is not None:
                    progress(Progress(sum(p.runs for p in so_far), len(seeds), sum(p.steps for p in so_far)))
        finally:
            stopped.set()
    for future in running:
        future.result()
    if progress is not None:
        progress(Progress(len(seeds), len(seeds), sum(p.steps for p in so_far)))


class _Stopped(Exception):  # noqa: N818 # no error
    """Another GPU's share went wrong, or the whole was interrupted."""
