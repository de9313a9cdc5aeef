"""What the lanes of a vector look up by index: records of outcomes, and the rows of their tables.

A whole record or row is moved at a time, with plain loads: hardware gathers are half as fast (290 v 622 million
steps/s), hardware scatters 10 % slower (565 v 622), so both are kept from being formed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from llvmlite import ir
from numba import int32, types, uint64
from numba.extending import intrinsic

from fastsoftq.engine.lane_memory import WORD, address, fetch, word
from fastsoftq.kernels.jit import by_type, inlined
from fastsoftq.kernels.mixing import halves
from fastsoftq.kernels.simd import whole
from fastsoftq.kernels.targets import target_of
from fastsoftq.kernels.vectors import Vec, concatenated, lane_order, spread

__all__ = [
    "PAIR",
    "QUAD",
    "LaneTables",
    "arrive",
    "copy_places",
    "copy_row",
    "entry_of",
    "fetch_rows",
    "further",
    "moved",
    "number_at",
    "places",
    "pointer",
    "put",
    "put_pairs",
    "rows",
    "scatter",
    "tables_from",
    "values_at",
]

QUAD = 4  # numbers of a row that are moved and transposed together
PAIR = 2  # numbers of a row that lie together, at least

_HALF = ir.IntType(32)
_BUT_THE_SIGN = uint64(0x7FFFFFFF)  # which says `terminated`


class LaneTables(NamedTuple):
    """The tables of all lanes: number `a` of the row at `row_at` of lane l is `numbers[row_at + l*lane_stride + a]`.

    Where there is a `pair_stride`, `a` stands for `(a >> 1)*pair_stride + (a & 1)`: the rows of many threads' lanes lie
    so side by side, pair by pair, that threads which read the same pair at once read from different banks of memory.
    """

    numbers: Any
    lane_stride: Any  # from one lane's entry to the next lane's
    pair_stride: Any  # int32: from one pair of a row to the next; None: rows lie in one piece


@by_type
def _offset(tables, action):
    """How far action `action` (a number or a vector) is from where its row begins."""
    if tables.types[tables.fields.index("pair_stride")] == types.none:
        return lambda tables, action: action
    return lambda tables, action: (action >> 1) * tables.pair_stride + (action & 1)


@inlined
def entry_of(tables, row_at, action):
    """Where an action's entry is in a table, given where its row begins."""
    return row_at + _offset(tables, action)


@by_type
def further(tables, entry_at, numbers):
    """Where the number is that lies so many numbers further in its row than the one at `entry_at`."""
    if tables.types[tables.fields.index("pair_stride")] == types.none:
        return lambda tables, entry_at, numbers: entry_at + numbers

    def by_pairs(tables, entry_at, numbers):
        in_pair = entry_at & 1  # rows begin with a pair
        return entry_at - in_pair + _offset(tables, in_pair + numbers)

    return by_pairs


@inlined
def number_at(tables, row_at, lane, action):
    """Where an action's entry of a lane is among all numbers."""
    return row_at + lane * tables.lane_stride + _offset(tables, int32(action))


def _alone(builder: Any, at: Any, width: int) -> Any:
    """A number from memory, by an instruction of its own: taken out of a vector that is at hand it would cost more."""
    return builder.load(at) if width == 1 else builder.load_atomic(at, "unordered", at.type.pointee.width // 8)


def _index(builder: Any, array: Any, lane: Any, k: int, width: int) -> Any:
    """The index that lane `lane + k` has in an array, as a word."""
    at = builder.gep(array, [builder.add(lane, word(k))])
    index = _alone(builder, at, width)
    return index if index.type == WORD else builder.sext(index, WORD)


def _starts(builder: Any, tables: Any, lane: Any, width: int, index: Callable[[int], Any]) -> Any:
    """The address of `numbers[index(k) + l*lane_stride]` in each lane l = lane + k."""
    numbers, lane_stride = (builder.extract_value(tables, i) for i in range(2))
    base = builder.gep(numbers, [builder.mul(lane, lane_stride)])
    if width > 1:
        # Hidden from the optimiser, it stays in a register of its own; the lanes' distances go into instructions.
        base = builder.asm(ir.FunctionType(base.type, [base.type]), "", "=r,0", [base], side_effect=False)
    starts = []
    for k in range(width):
        starts.append(builder.gep(base, [index(k)]))
        base = builder.gep(base, [lane_stride])
    return starts


def _columns(context: Any, builder: Any, starts: list[Any], tables: Any, t: types.UniTuple) -> Any:
    """The rows that begin at `starts`, one vector for each action."""
    pair_stride = builder.extract_value(tables, 2)
    if isinstance(pair_stride.type, ir.IntType):
        return context.make_tuple(builder, t, _pairs(builder, starts, builder.sext(pair_stride, WORD), t))
    quad, columns = ir.VectorType(ir.DoubleType(), QUAD), []
    for a in range(0, len(t), QUAD):
        columns += _transposed(
            builder, [builder.load(address(builder, start, word(a), quad), align=32) for start in starts]
        )
    return context.make_tuple(builder, t, columns[: len(t)])


def _pairs(builder: Any, starts: list[Any], stride: Any, t: types.UniTuple) -> list[Any]:
    """The same where each row lies in pairs."""
    pair, columns = ir.VectorType(ir.DoubleType(), PAIR), []
    for _ in range(0, len(t), PAIR):
        pairs = [builder.load(address(builder, start, word(0), pair), align=16) for start in starts]
        columns += _unzipped(builder, pairs)
        starts = [builder.gep(start, [stride]) for start in starts]
    return columns[: len(t)]


def _transposed(builder: Any, quads: list[Any]) -> list[Any]:
    """As many vectors of four as there are lanes, as four vectors of all lanes, by shuffles that processors have."""

    def shuffle(x: Any, y: Any, order: Any) -> Any:
        return builder.shuffle_vector(x, y, lane_order(order))

    width = len(quads)
    if width < QUAD:
        return [concatenated(builder, [shuffle(quad, quad, [a]) for quad in quads], width) for a in range(QUAD)]
    # Four lanes' fours are transposed in registers of four; in registers of eight, two times four of them side by side.
    beside = min(width, target_of(width).register_bytes // 8) // QUAD or 1

    def in_each(*places: int) -> list[int]:
        return [place % QUAD + QUAD * (four + beside * (place // QUAD)) for four in range(beside) for place in places]

    even, odd, low, high = in_each(0, 4, 2, 6), in_each(1, 5, 3, 7), in_each(0, 1, 4, 5), in_each(2, 3, 6, 7)
    blocks = []
    for start in range(0, width, beside * QUAD):
        lanes = [
            concatenated(builder, quads[start + k : start + beside * QUAD : QUAD], beside * QUAD) for k in range(QUAD)
        ]
        pairs = [shuffle(lanes[k], lanes[k + 1], order) for order in (even, odd) for k in (0, 2)]
        blocks.append([shuffle(pairs[k], pairs[k + 1], order) for order in (low, high) for k in (0, 2)])
    return [concatenated(builder, list(parts), width) for parts in zip(*blocks, strict=True)]


@intrinsic
def arrive(typing, records, record_at, tables, lane, row):
    """What the actions of a vector's lanes led to: rewards, words that say where to, and the rows there.

    The record of lane `l`, two words, is at `records[record_at[l]]`. The low half of the second says where the row
    begins that `rows` would read there. `row` is a tuple that tells the number of actions.
    """
    number, columns = Vec(types.float64, record_at.width), types.UniTuple(Vec(types.float64, record_at.width), len(row))
    t = types.Tuple((number, number.of(types.uint64), columns))

    def emit(context, builder, sig, args):
        records, record_at, tables, lane, _ = args
        pair, pairs, offsets = ir.VectorType(WORD, 2), [], []
        for k in range(number.width):
            at = _index(builder, record_at, lane, k, number.width)
            pairs.append(builder.load(address(builder, records, at, pair), align=16))
            halves = builder.bitcast(builder.gep(records, [builder.add(at, word(1))]), _HALF.as_pointer())
            offsets.append(builder.zext(_alone(builder, halves, number.width), WORD))
        firsts, seconds = _unzipped(builder, pairs)
        starts = _starts(builder, tables, lane, number.width, lambda k: offsets[k])
        reward = builder.bitcast(firsts, context.get_value_type(number))
        return context.make_tuple(builder, t, (reward, seconds, _columns(context, builder, starts, tables, columns)))

    return t(records, record_at, tables, types.intp, row), emit


@inlined
def places(word):
    """Where the row begins that a record's second word leads to, and where the records are."""
    parts = halves(word)
    return whole(parts.low, 0.0), whole(parts.high & _BUT_THE_SIGN, 0.0)


@intrinsic
def copy_places(typing, records, record_at, places, lane):
    """Let `places[l]` be what the high half of the second word of a record says, but for its sign.

    Number by number: what `arrive` has in a vector must pass through memory before it is an address.
    """
    width = record_at.width

    def emit(context, builder, sig, args):
        records, record_at, places, lane = args
        for k in range(width):
            at = _index(builder, record_at, lane, k, width)
            halves = builder.bitcast(builder.gep(records, [builder.add(at, word(1))]), _HALF.as_pointer())
            place = builder.and_(builder.load(builder.gep(halves, [_HALF(1)])), _HALF(0x7FFFFFFF))
            to = builder.gep(places, [builder.add(lane, word(k))])
            builder.store(place if to.type.pointee == _HALF else builder.zext(place, WORD), to)
        return context.get_dummy_value()

    return types.void(records, record_at, places, types.intp), emit


def _unzipped(builder: Any, pairs: list[Any]) -> list[Any]:
    """Pairs of each lane as a vector of the first and one of the second of each."""

    def shuffle(x: Any, y: Any, order: Any) -> Any:
        return builder.shuffle_vector(x, y, lane_order(order))

    width = len(pairs)
    if width < QUAD:
        return [concatenated(builder, [shuffle(pair, pair, [k]) for pair in pairs], width) for k in (0, 1)]
    blocks = []
    for k in range(0, width, QUAD):
        even, odd = (shuffle(pairs[k + i], pairs[k + i + 2], range(4)) for i in (0, 1))
        blocks.append([shuffle(even, odd, order) for order in ((0, 4, 2, 6), (1, 5, 3, 7))])
    return [concatenated(builder, list(parts), width) for parts in zip(*blocks, strict=True)]


@intrinsic
def fetch_rows(typing, records, record_at, tables, lane, lockstep):
    """Ask the memory for the rows that the records of a vector's lanes lead to, so that it works on all at once.

    And for the records there, if `lockstep` says so: for the first line, which has those of four actions that have one
    outcome. They are asked for from the second cache only, where they need not wait for the rows.
    """
    width = record_at.width

    def emit(context, builder, sig, args):
        records, record_at, tables, lane, _ = args
        halves = [
            builder.bitcast(
                builder.gep(records, [builder.add(_index(builder, record_at, lane, k, width), word(1))]),
                _HALF.as_pointer(),
            )
            for k in range(width)
        ]
        starts = _starts(builder, tables, lane, width, lambda k: builder.zext(_alone(builder, halves[k], width), WORD))
        for start, half in zip(starts, halves, strict=True):
            fetch(builder, start, 3)
            if lockstep.ahead > 1:
                begins = builder.and_(_alone(builder, builder.gep(half, [_HALF(1)]), width), _HALF(0x7FFFFFFF))
                fetch(builder, builder.gep(records, [builder.zext(begins, WORD)]), 2)
        return context.get_dummy_value()

    return types.void(records, record_at, tables, types.intp, lockstep), emit


@intrinsic
def rows(typing, tables, row_at, lane, row):
    """Each lane's row, that which begins at `row_at[l]`, as one vector for each action.

    Rows are read four numbers at a time, and transposed in registers; `row` is a tuple that tells how many actions.
    """
    t, width = types.UniTuple(Vec(types.float64, row_at.width), len(row)), row_at.width

    def emit(context, builder, sig, args):
        tables, row_at, lane, _ = args
        starts = _starts(builder, tables, lane, width, lambda k: _index(builder, row_at, lane, k, width))
        return _columns(context, builder, starts, tables, t)

    return t(tables, row_at, types.intp, row), emit


@intrinsic
def values_at(typing, tables, where, lane):
    """The entries at `where[l]` of a vector's lanes, one by one."""
    t, width = Vec(types.float64, where.width), where.width

    def emit(context, builder, sig, args):
        tables, where, lane = args
        starts = _starts(builder, tables, lane, width, lambda k: _index(builder, where, lane, k, width))
        found = ir.Constant(context.get_value_type(t), ir.Undefined)
        for k, start in enumerate(starts):
            found = builder.insert_element(found, builder.load(start), ir.Constant(_HALF, k))
        return found

    return t(tables, where, types.intp), emit


@intrinsic
def scatter(typing, tables, where, values, lane):
    """Let the entries at `where[l]` of a vector's lanes be `values[l]`, one by one: atomic stores are not merged."""
    width = where.width

    def emit(context, builder, sig, args):
        tables, where, values, lane = args
        starts = _starts(builder, tables, lane, width, lambda k: _index(builder, where, lane, k, width))
        for k, start in enumerate(starts):
            value = _alone(builder, address(builder, values, builder.add(lane, word(k)), WORD), width)
            at = builder.bitcast(start, WORD.as_pointer())
            builder.store(value, at) if width == 1 else builder.store_atomic(value, at, "unordered", 8)
        return context.get_dummy_value()

    return types.void(tables, where, values, types.intp), emit


@intrinsic
def put(typing, tables, where, values, lane):
    """Let the entries at `where[l]` of a vector's lanes be these `values`, one by one, out of the vector."""
    t, width = Vec(types.float64, where.width), where.width

    def emit(context, builder, sig, args):
        tables, where, numbers, lane = args
        numbers = spread(context, builder, numbers, values, t)
        starts = _starts(builder, tables, lane, width, lambda k: _index(builder, where, lane, k, width))
        for k, start in enumerate(starts):
            builder.store(builder.extract_element(numbers, ir.Constant(_HALF, k)), start)
        return context.get_dummy_value()

    return types.void(tables, where, values, types.intp), emit


@intrinsic
def put_pairs(typing, tables, where, firsts, seconds, lane):
    """Let the two entries from `where[l]` on of a vector's lanes be one of the `firsts` and one of the `seconds`."""
    t, width, pair = Vec(types.float64, where.width), where.width, ir.VectorType(ir.DoubleType(), PAIR)

    def emit(context, builder, sig, args):
        tables, where, one, other, lane = args
        one, other = spread(context, builder, one, firsts, t), spread(context, builder, other, seconds, t)
        starts = _starts(builder, tables, lane, width, lambda k: _index(builder, where, lane, k, width))
        for k, start in enumerate(starts):
            numbers = builder.shuffle_vector(one, other, lane_order((k, width + k)))
            builder.store(numbers, builder.bitcast(start, pair.as_pointer()), align=16)
        return context.get_dummy_value()

    return types.void(tables, where, firsts, seconds, types.intp), emit


@intrinsic
def copy_row(typing, tables, row_at, lane, source, place, row, fresh):
    """Let a lane's row be the numbers from `source[place]` on, as many as `row` has, all at once.

    Of a `fresh` table, which is zeros, a row that begins so is not touched: half the time.
    """

    def emit(context, builder, sig, args):
        tables, row_at, lane, source, place, _, fresh = args
        numbers, lane_stride = (builder.extract_value(tables, i) for i in range(2))
        at, t = builder.add(row_at, builder.mul(lane, lane_stride)), ir.VectorType(WORD, len(row))
        words, bits = builder.load(address(builder, source, place, t), align=8), ir.IntType(64 * len(row))
        zeros = builder.icmp_unsigned("==", builder.bitcast(words, bits), bits(0))
        with builder.if_then(builder.not_(builder.and_(fresh, zeros))):
            builder.store(words, address(builder, numbers, at, t), align=8)
        return context.get_dummy_value()

    return types.void(tables, types.intp, types.intp, source, types.intp, row, types.boolean), emit


@intrinsic
def pointer(typing, array):
    """Where an array's numbers begin; a pointer is that already, and None stays None."""
    if not isinstance(array, types.Array):
        return array(array), lambda context, builder, sig, args: args[0]
    return types.CPointer(array.dtype)(array), lambda c, builder, s, args: c.make_array(array)(c, builder, args[0]).data


@intrinsic
def moved(typing, numbers, count):
    """A pointer so many numbers further on."""
    return numbers(numbers, types.intp), lambda c, builder, s, args: builder.gep(args[0], [args[1]])


@inlined
def tables_from(tables, by):
    """The tables as they are so many numbers further on."""
    return LaneTables(moved(tables.numbers, by), tables.lane_stride, tables.pair_stride)
