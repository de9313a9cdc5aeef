"""The last n steps of lanes, step t in place t % n.

Those of all lanes lie side by side or, where a lane is alone, in rows of their own behind those of the states, so that
they are wherever a processor's tables are.
"""

from __future__ import annotations

from numba import int32, types, uint64
from numba.extending import intrinsic

from fastsoftq.agents.memory_rules import backed_up, pass_back
from fastsoftq.engine.lane_memory import LaneArray, load, store
from fastsoftq.engine.lane_planes import gathered, keep_beside, kept_beside, learn_of, row_at, written
from fastsoftq.engine.lane_tables import entry_of
from fastsoftq.engine.lockstep import lane_count, lane_width
from fastsoftq.engine.planes import parted
from fastsoftq.kernels.jit import by_type, inlined
from fastsoftq.kernels.simd import any_lane, bitcast, convert, select, whole

__all__ = ["NUMBERS_OF_STEP", "forget_steps", "learn_from_steps", "rows_of_steps"]

NUMBERS_OF_STEP = 3  # of a step that is remembered: where its state's row begins, its action, its reward

_LOW = uint64(0xFFFFFFFF)


def rows_of_steps(n: int, width: int) -> int:
    """How many rows of so many numbers the last n steps of a lane take that is alone.

    Examples
    --------
    >>> rows_of_steps(0, 4), rows_of_steps(5, 4), rows_of_steps(5, 2)
    (0, 5, 10)
    """
    return n * -(-NUMBERS_OF_STEP // width)


@intrinsic
def _side_by_side(typing, numbers, offset, lockstep):
    """Numbers from `offset` on as those of lanes, one beside the other."""
    t = LaneArray(types.float64, lockstep.width)
    return t(numbers, types.intp, lockstep), lambda c, builder, s, args: builder.gep(args[0], [args[1]])


@inlined
def _steps_of_lanes(setting, turn, k):
    """Numbers `k` of the steps that all lanes took in a turn, side by side."""
    memory, count = setting.memory, lane_count(setting.lockstep)
    offset = memory.end + ((turn % memory.n) * NUMBERS_OF_STEP + k) * count
    return _side_by_side(setting.tables.numbers, offset, setting.lockstep)


@inlined
def _in_slot(setting, turn, k):
    """Where number `k` of the step taken in a turn is, in a row of its own."""
    memory, width = setting.memory, len(setting.row)
    rows_each = (NUMBERS_OF_STEP + width - 1) // width
    row = int32((turn % memory.n) * rows_each + k // width)
    return entry_of(setting.tables, memory.steps_at + row * memory.row_stride, int32(k % width))


@by_type
def _read_step(setting, g, turn, k):
    if setting.types[setting.fields.index("lockstep")].lanes > 1:
        return lambda setting, g, turn, k: load(_steps_of_lanes(setting, turn, k), g)
    return lambda setting, g, turn, k: gathered(setting, g, _in_slot(setting, turn, k))


@by_type
def _write_step(setting, g, turn, k, numbers):
    if setting.types[setting.fields.index("lockstep")].lanes > 1:
        return lambda setting, g, turn, k, numbers: store(_steps_of_lanes(setting, turn, k), g, numbers)
    return lambda setting, g, turn, k, numbers: written(setting, g, _in_slot(setting, turn, k), numbers)


@inlined
def _as_index(numbers):
    """Whole numbers below 2**32 that are held as floats: beside the exponent of 2**52 they are the lowest bits."""
    return whole(bitcast(numbers + 2.0**52, uint64(0)) & _LOW, 0.0)


@inlined
def _recall(setting, g, turn):
    """A step: where its state's row begins, its action, its reward."""
    there, action = _as_index(_read_step(setting, g, turn, 0)), _as_index(_read_step(setting, g, turn, 1))
    return there, action, _read_step(setting, g, turn, 2)


@by_type
def forget_steps(setting):
    """Let there be steps to recall from the first on, which nobody learns from: they lead into the first row."""
    memory = setting.types[setting.fields.index("memory")]
    if memory == types.none or memory.types[memory.fields.index("n")] == types.none:
        return lambda setting: None

    def forget(setting):
        for turn in range(setting.memory.n):
            for g in range(0, lane_count(setting.lockstep), lane_width(setting.lockstep)):
                for k in range(NUMBERS_OF_STEP):
                    _write_step(setting, g, turn, k, 0.0)

    return forget


@inlined
def learn_from_steps(setting, now, g, turn, here, action, kept, reward, terminated, ended, value, chance):
    """Learn of the step that lies n steps back; of all that are left where an episode has ended, oldest first."""
    lanes, memory = setting.lanes, setting.memory
    n = memory.n
    keep_beside(setting, g, kept, memory.example)
    _write_step(setting, g, turn, 0, convert(here, 0.0))
    _write_step(setting, g, turn, 1, convert(action, 0.0))
    _write_step(setting, g, turn, 2, reward)
    taken = setting.max_steps + (turn + 1) - load(lanes.limit, g)  # steps of the episode, this one included
    for back in range(n - 1, (0 if any_lane(ended) else n - 1) - 1, -1):
        learns = taken > select(ended, back, n - 1 if back == n - 1 else setting.max_steps)
        if not any_lane(learns):
            continue
        ahead, over = value, terminated
        for k in range(back):
            there, chosen, paid = _recall(setting, g, turn - k)
            row, beside_it = parted(row_at(setting, g, there), memory.example)
            back_here = backed_up(now, paid, over, ahead)
            ahead, over = pass_back(now, row, beside_it, chosen, back_here, setting.like), over & (taken < 0)
        there, chosen, paid = _recall(setting, g, turn - back)
        store(memory.entry_at, g, entry_of(setting.tables, select(learns, there, memory.nowhere), chosen))
        kept = kept_beside(setting, g, memory.example)
        learn_of(setting, now, g, kept, paid, over, ahead, chance)
