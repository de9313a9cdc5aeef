"""run: bring a folder to hold all of a study, or one part of it, whatever it holds already."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

from numba import typeof

from fastsoftq import checks
from fastsoftq.agents.last_steps import check_last_steps
from fastsoftq.comparing import Axis
from fastsoftq.engine.dispatch import FEWEST_RUNS
from fastsoftq.engine.gpu.driver import GpuError
from fastsoftq.engine.gpu.several_cards import CPU, checked_device
from fastsoftq.engine.memory_checks import is_the_packages
from fastsoftq.mdp.ends import warn_of_endless_starts
from fastsoftq.reward_scales import warn_below_critical
from fastsoftq.studies.batches import batches_of
from fastsoftq.studies.clusters import check_workers, dask_client, dask_workers
from fastsoftq.studies.deep_parts import learner_of
from fastsoftq.studies.deep_worlds import bytes_at_work, tabular_of
from fastsoftq.studies.filling import Outcome, filled, threads_of
from fastsoftq.studies.plan import FolderError
from fastsoftq.studies.results import Results
from fastsoftq.studies.rounds import check_rounds, decided, round_sizes, write_down
from fastsoftq.studies.storing.store import create, open_store
from fastsoftq.studies.study import Study
from fastsoftq.studies.watching import Tally, Watch
from fastsoftq.system.memory import check_memory, in_words
from fastsoftq.system.provenance import provenance
from fastsoftq.tabular_training import Training

__all__ = ["Outcome", "Tally", "Watch", "filled", "run", "study_device", "threads_of"]


def run(
    study: Study,
    out: str | Path,
    *,
    threads: int | None = None,
    dask: str | None = None,
    part: tuple[int, int] = (1, 1),
    chunk: int | None = None,
    source: str | None = None,
    watch: Watch | None = None,
    beside: bool = False,
    device: str | None = None,
) -> Outcome:
    """Run a study, or take it up where it stopped.

    With `stop`, seeds are added in rounds, twice as many each time, until what differs from the reference is answered
    or there may be no more. What is decided does not depend on interruptions either: all rounds are looked at again.

    What is in the folder already is checked, every bit of it, and kept; what is missing or damaged is computed. The
    contents do not depend on threads, workers, devices, parts, chunks or interruptions. Several runs on one folder
    share the work. An interruption (Ctrl-C) drops the chunks in hand.

    Parameters
    ----------
    study : Study
    out : str or Path
        The folder, or a URL that fsspec knows. It may hold the study, or one that this one extends by seeds, agents,
        environments or conditions.
    threads : int, optional
        Chunks computed at a time, each on one thread; as many as processors may be used if not given.
    dask : str, optional
        The address of a Dask scheduler, or "local" for workers on this machine; `threads` are then theirs.
    part : (int, int)
        Which part of the study to run, counted from 1, and of how many.
    chunk : int, optional
        Runs in a chunk of a new folder, rounded up to a multiple of 64 (of `block`, for a summary).
    source : str, optional
        The TOML text the study was read from, to be kept.
    watch : Watch, optional
        Told how it goes.
    beside : bool
        Whether other files may lie in the folder, as an experiment's findings do.
    device : str, optional
        Where to train, as for `train`. A GPU takes many chunks of a condition at a time, and `threads` store them. Of
        Dask workers, those that have no such GPU train on their processors.

    Returns
    -------
    Outcome

    Raises
    ------
    TypeError
        `study` is no Study, or a number is no integer.
    ValueError
        An argument out of bounds, or a `stop` that cannot be decided: of a part, of summaries, without a reference, or
        of a measure that is no mean over runs.
    FolderError
        The folder holds something else.
    RuleError
        A rule of an agent of one's own that does not compile, told before anything is written.
    ImportError
        Without dask.distributed, where it is asked for.
    GpuError
        A GPU that is missing or cannot be used, told before anything is written; or one that is full, by then.
    OSError
        Something could not be read or written. What was done stays done.

    Warns
    -----
    UserWarning
        As `train`, once for each condition that there is reason for.

    Examples
    --------
    >>> import tempfile
    >>> import fastsoftq as fsq
    >>> from fastsoftq.studies import Study, run
    >>> hard = fsq.QLearning(step_size=0.8, discount=0.95)
    >>> study = Study(
    ...     name="small", episodes=5, seeds=10, environments={"cliff": fsq.cliff_walking()}, agents={"hard": hard}
    ... )
    >>> folder = tempfile.mkdtemp()
    >>> run(study, folder).computed, run(study, folder).kept
    (1, 1)
    """
    if not isinstance(study, Study):
        raise TypeError(f"study is {checks.shown(study)}; it must be a Study")
    for environment in study.environments.values():
        if (mdp := tabular_of(environment)) is not None:
            warn_of_endless_starts(mdp)
    try:
        index, parts = part
    except (TypeError, ValueError):
        raise TypeError(f"part is {checks.shown(part)}; it must be two integers, such as (3, 40)") from None
    index, parts = checks.count("part[0]", index), checks.count("part[1]", parts)
    if index > parts:
        raise ValueError(f"part is {index}/{parts}; it must be from 1/{parts} to {parts}/{parts}")
    threads = checks.threads(threads)
    place = study_device(device, study, dask)
    watch = watch or Tally()
    for condition in study.resolved:
        agent, mdp = study.agents[condition.agent], tabular_of(study.environments[condition.environment])
        steps = condition.steps or math.prod([condition.episodes or 0, condition.max_steps or 0])
        if mdp is not None:
            warn_below_critical(mdp, learner_of(agent), len(study.seeds) * steps)
    check_memory_at_work(study, threads)
    _compile_own_rules(study)
    if study.stop is not None:
        check_rounds(study, (index, parts))
    start, made_by = time.perf_counter(), None if study.stop is None else provenance()  # of all rounds
    with ExitStack() as stack:
        client = None if dask is None else stack.enter_context(dask_client(dask, threads))
        if client is not None and place != CPU:
            check_workers(client, place)

        def fill(study: Study) -> Outcome:
            with ExitStack() as inner:
                store, mended = create(study, out, chunk=chunk, source=source, beside=beside, made_by=made_by)
                units = store.plan.units((index, parts))
                watch.begin(store, units)
                if client is None:
                    submit, width = inner.enter_context(threads_of(store, study, threads, watch, place))
                else:
                    submit, width = dask_workers(client, store, study, place)
                return filled(store, batches_of(store.plan, units, place), submit, width, watch, mended)

        outcome = fill(study) if study.stop is None else _in_rounds(study, out, fill)
    return outcome._replace(seconds=time.perf_counter() - start)


def check_memory_at_work(study: Study, threads: int) -> None:
    """Refuse networks, buffers and steps to remember that would not fit in memory, on so many threads.

    Parameters
    ----------
    study : Study
    threads : int

    Raises
    ------
    TooLargeError
        The message says how much they take.
    """
    if study.axis is Axis.POINTS:
        worlds, agents = study.environments, study.agents
        taken = {c.name: bytes_at_work(c, worlds[c.environment], agents[c.agent]) for c in study.resolved}
        most = max(taken, key=lambda name: taken[name])
        asked = f"threads is {threads}; what {most!r} learns with takes {in_words(taken[most])} on each, which"
        check_memory(asked, threads * taken[most], "take fewer, or a smaller buffer")
        return
    for condition in study.resolved:
        actions = study.environments[condition.environment].n_actions
        check_last_steps(study.agents[condition.agent], actions, condition.max_steps or 0, threads)


def _compile_own_rules(study: Study) -> None:
    """Compile the loops of agents that are somebody's own, before there is a folder.

    The folder would hold the code with which it began, and refuse that in which a slip has been mended.
    """
    if study.axis is Axis.POINTS:
        return
    own = {name: typeof(agent) for name, agent in study.agents.items() if not is_the_packages(agent)}
    seen = set()
    for condition in study.resolved:
        if condition.agent not in own:
            continue
        runs, precision = condition.seeds or len(study.seeds), condition.precision or "double"
        loop = condition.environment, own[condition.agent], precision, runs < FEWEST_RUNS
        if loop not in seen:
            seen.add(loop)
            mdp, agent = study.environments[condition.environment], study.agents[condition.agent]
            Training.checked(mdp, agent, runs, 1, condition.max_steps, precision).compile()


def study_device(device: str | None, study: Study, dask: str | None = None) -> str:
    """Check where a study is to be trained.

    Parameters
    ----------
    device : str or None
    study : Study
        Deep agents train on processors only.
    dask : str, optional
        As for `run`: the GPUs are then the workers'.

    Returns
    -------
    str

    Raises
    ------
    TypeError, ValueError
        No device's name, or one that cannot train one of the agents, or in one of the environments; a GPU of local
        Dask workers.
    GpuError
        A GPU that is not there, is too old, or cannot be used.
    """
    name = CPU
    if study.axis is Axis.POINTS:
        if device not in (None, CPU):
            raise ValueError(f"device is {device!r}; deep agents train on processors only, so that it must be {CPU!r}")
        return CPU
    for mdp, agent in itertools.product(study.environments.values(), study.agents.values()):
        if dask is None:
            name = checked_device(device, mdp, agent)
        else:
            with suppress(GpuError):  # not here, but where the workers are
                checked_device(device, mdp, agent)
            name = device or CPU
    if dask == "local" and name != CPU:
        raise ValueError(
            f"dask is 'local' and device is {name!r}; workers would compete for the GPU. Leave dask out: one process "
            "trains on all GPUs of this machine"
        )
    return name


def _in_rounds(study: Study, out: str | Path, fill: Callable[[Study], Outcome]) -> Outcome:
    """Fill a folder with the seeds of one round after the other until all is answered."""
    assert study.stop is not None
    first, seeds = study.seeds.start, len(study.seeds)
    sizes: list[int] = []
    whole: Outcome | None = None
    for size in round_sizes(seeds, study.stop.most):
        sizes.append(size)
        while whole is None or whole.store.plan.runs < size:
            there = max(size, _runs_there(out))  # of rounds before an interruption, or of another run's
            try:
                outcome = fill(replace(study, seeds=range(first, first + there)))
            except FolderError:
                if _runs_there(out) <= there:
                    raise
                continue  # another run has begun the next round just now
            whole = outcome if whole is None else _both(whole, outcome)
        decision = decided(Results(whole.store), sizes)
        write_down(whole.store.storage, decision)
        whole = whole._replace(decision=decision)
        if decision.answered:
            break
    assert whole is not None
    return whole


def _runs_there(out: str | Path) -> int:
    """The runs that a folder is to hold of each condition; 0 where it is none yet, or none of ours."""
    try:
        return open_store(out).plan.runs
    except FolderError:
        return 0


def _both(one: Outcome, other: Outcome) -> Outcome:
    """What two rounds have done; what the later one found whole, the earlier one has counted."""
    return other._replace(
        computed=one.computed + other.computed,
        kept=one.kept,
        steps=one.steps + other.steps,
        damaged=(*one.damaged, *other.damaged),
        new_runs=one.new_runs + other.new_runs,
        old_runs=one.old_runs,
    )
