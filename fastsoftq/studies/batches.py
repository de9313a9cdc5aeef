"""Which units of a study are trained together: one on a processor, on a GPU as many as it takes and memory holds."""

from __future__ import annotations

from collections.abc import Sequence

from fastsoftq.engine.block_statistics import statistics_bytes
from fastsoftq.engine.gpu.layout import SORTED_ANYWHERE
from fastsoftq.engine.gpu.several_cards import CPU
from fastsoftq.studies.plan import Plan, Unit
from fastsoftq.system.memory import available_memory

__all__ = ["batches_of"]

# A few runs for each of a GPU's threads, and a second or so of one that learns to walk along the cliff.
_RUNS = 2**18
_SUMMARISED = 2**20  # where their results stay on the card
_BYTES = 2**32  # of results
_SHARE = 8  # of the memory there is, as one batch is stored while the next is trained, and both are copied


def batches_of(plan: Plan, units: Sequence[Unit], device: str) -> list[list[Unit]]:
    """Put units together that are trained at once on a device.

    Parameters
    ----------
    plan : Plan
    units : sequence of Unit
        In the order of the plan.
    device : str

    Returns
    -------
    list of list of Unit
        Each of one condition; so ordered that all conditions advance together, and those that others start from first.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> from fastsoftq.studies import Study
    >>> hard = fsq.QLearning(step_size=0.8, discount=0.95)
    >>> study = Study(
    ...     name="small", episodes=5, seeds=192, environments={"cliff": fsq.cliff_walking()}, agents={"hard": hard}
    ... )
    >>> plan = Plan.first(study, 64, None, {})
    >>> [len(batch) for batch in batches_of(plan, plan.units(), "cpu")]
    [1, 1, 1]
    >>> [len(batch) for batch in batches_of(plan, plan.units(), "cuda:0")]
    [3]
    """
    if device == CPU:
        return [[unit] for unit in units]
    memory = available_memory()
    most = _BYTES if memory is None else min(_BYTES, memory // _SHARE)
    at_once = _SUMMARISED if _stay_on_card(plan) else _RUNS
    batches: list[list[Unit]] = []
    latest: dict[int, list[Unit]] = {}
    for unit in units:
        batch = latest.get(unit.condition, [])
        runs = sum(other.runs for other in batch) + unit.runs
        if not batch or runs > at_once or runs * _bytes(plan, unit) > most:
            batch = latest[unit.condition] = []
            batches.append(batch)
        batch.append(unit)
    return batches


def _stay_on_card(plan: Plan) -> bool:
    """Whether curves are summarised on any card that there may be."""
    return plan.contents.in_blocks and plan.contents.runs_per_row <= SORTED_ANYWHERE


def _bytes(plan: Plan, unit: Unit) -> int:
    """What a run takes, with the table that it starts from."""
    condition = plan.conditions[unit.condition]
    world = plan.record["environments"][condition.environment]
    start = 0 if condition.after is None else 8 * world["states"] * world["actions"]
    if _stay_on_card(plan):
        return statistics_bytes(condition.columns) // plan.contents.runs_per_row + start
    return plan.run_bytes(condition) + start
