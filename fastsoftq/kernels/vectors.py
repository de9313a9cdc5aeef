"""Vectors of numbers: the type `Vec` for Numba, and its arithmetic.

A `Vec` is an LLVM vector of as many numbers as suit the processor (`targets.py`), or of any other power of two, which
LLVM splits into the registers of the machine. A number beside a vector is spread over its lanes. Explicit vectors are
1.3 to 1.4 times as fast as loops over lanes left to LLVM's vectoriser, which takes eight lanes where sixteen fit and
widens 32-bit work.

Moving vectors to and from memory is the engine's business (`engine/lane_memory.py`).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils, errors
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import lower_builtin, models, register_model

from fastsoftq.kernels.targets import TARGETS, here, target_of

__all__ = [
    "FLOATS",
    "Vec",
    "aligned_to",
    "compare",
    "concatenated",
    "element",
    "half_words",
    "halves_at_once",
    "in_all_lanes",
    "index_beside",
    "joined",
    "lane_order",
    "llvm_type",
    "resized",
    "spread",
]

FLOATS = (types.float64, types.float32)
_I32 = ir.IntType(32)


class Vec(types.Type):
    """`width` numbers of one type.

    Examples
    --------
    >>> Vec(types.float64, 16)
    Vec(float64, 16)
    """

    def __init__(self, dtype: types.Type, width: int) -> None:
        self.dtype, self.width = dtype, width
        super().__init__(f"Vec({dtype}, {width})")

    def of(self, dtype: types.Type) -> Vec:
        """As many numbers of another type."""
        return Vec(dtype, self.width)


@register_model(Vec)
class _VecModel(models.PrimitiveModel):
    def __init__(self, manager: Any, fe_type: Vec) -> None:
        super().__init__(manager, fe_type, ir.VectorType(llvm_type(fe_type.dtype), fe_type.width))


def llvm_type(dtype: types.Type) -> ir.Type:
    """LLVM's name for a number type; a mask has one bit a lane.

    Examples
    --------
    >>> print(llvm_type(types.float64))
    double
    """
    if dtype in FLOATS:
        return ir.DoubleType() if dtype == types.float64 else ir.FloatType()
    return ir.IntType(1 if dtype == types.boolean else dtype.bitwidth)


def aligned_to(t: Vec) -> int:
    """The alignment of a vector in memory: its size, within a line of the cache.

    Examples
    --------
    >>> aligned_to(Vec(types.float64, 4)), aligned_to(Vec(types.float64, 16))
    (32, 64)
    """
    return min(64, t.width * int(t.dtype.bitwidth) // 8)


def element(t: types.Type) -> types.Type:
    """The number type behind a vector, a type used as a value (`float32`), or a scalar.

    Examples
    --------
    >>> element(Vec(types.float32, 16)), element(types.int64)
    (float32, int64)
    """
    return t.dtype if isinstance(t, Vec | types.NumberClass) else types.unliteral(t)


def index_beside(t: types.Type, width: int) -> types.Type:
    """The integer type of actions and counts beside vectors of numbers of a type.

    Examples
    --------
    >>> index_beside(types.float64, 4), index_beside(types.float32, 4)
    (int64, int32)
    """
    wide = width in TARGETS and target_of(width).index_bits == 64 and element(t).bitwidth == 64
    return types.int64 if wide else types.int32


def resized(context: Any, builder: Any, value: Any, source: Vec, target: Vec) -> Any:
    """A vector of integers or flags in integers of another width."""
    if source.dtype == types.boolean or target.dtype.bitwidth > source.dtype.bitwidth:
        name = "sext" if getattr(source.dtype, "signed", False) else "zext"
        return getattr(builder, name)(value, context.get_value_type(target))
    if target.dtype.bitwidth == source.dtype.bitwidth:
        return value
    if (source.dtype.bitwidth, target.dtype.bitwidth) == (64, 32):
        return half_words(builder, value, higher=False)
    return builder.trunc(value, context.get_value_type(target))


def halves_at_once(width: int) -> bool:
    """Whether one instruction takes halves out of as many words, which fill two registers."""
    return width == here().lanes == 16


def half_words(builder: Any, words: Any, *, higher: bool) -> Any:
    """The lower or the higher 32 bits of a vector's 64."""
    width = words.type.count
    half = ir.VectorType(_I32, width)
    if not halves_at_once(width):
        shift = ir.Constant(words.type, [32] * width)
        return builder.trunc(builder.lshr(words, shift) if higher else words, half)
    parts = [
        builder.bitcast(builder.shuffle_vector(words, words, lane_order(range(k, k + width // 2))), half)
        for k in (0, width // 2)
    ]
    order = lane_order(range(int(higher), 2 * width, 2))
    if not higher:  # hidden from the optimiser, which would cut each register and put both together: three instructions
        order = builder.asm(ir.FunctionType(half, [half]), "", "=v,0", [order], side_effect=False)
    permute = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(half, [half] * 3), "llvm.x86.avx512.vpermi2var.d.512"
    )
    return builder.call(permute, [parts[0], order, parts[1]])


def lane_order(order: Iterable[int]) -> ir.Constant:
    """The constant that tells a shuffle which lanes to take."""
    order = list(order)
    return ir.Constant(ir.VectorType(_I32, len(order)), order)


def joined(context: Any, *args: types.Type) -> types.Type:
    """The type of an expression over `args`: a vector if one of them is.

    Raises
    ------
    numba.core.errors.TypingError
        Vectors of different types, or a float beside a vector of integers, where one number would differ from many.

    Examples
    --------
    >>> joined(None, Vec(types.float64, 16), types.float64)
    Vec(float64, 16)
    """
    vectors = [t for t in args if isinstance(t, Vec)]
    if not vectors:
        return context.unify_types(*map(element, args))
    result = vectors[0]
    if any(v != result for v in vectors):
        raise errors.TypingError(
            f"vectors are {', '.join(map(str, vectors))}; they must be of one type (see `convert`)"
        )
    if result.dtype not in FLOATS:
        for t in args:
            if element(t) in FLOATS:
                raise errors.TypingError(f"{t} stands beside {result}; convert one of them (see `convert`)")
    return result


def spread(context: Any, builder: Any, value: Any, source: types.Type, target: types.Type) -> Any:
    """A scalar as the element type of `target`, in every lane where `target` is a vector."""
    if isinstance(source, Vec):
        return value
    value = context.cast(builder, value, source, element(target))
    if not isinstance(target, Vec):
        return value
    return in_all_lanes(builder, value, target.width)


def in_all_lanes(builder: Any, value: Any, width: int) -> Any:
    """One number as a vector of `width` of them."""
    empty = ir.Constant(ir.VectorType(value.type, width), ir.Undefined)
    return builder.shuffle_vector(
        builder.insert_element(empty, value, ir.Constant(_I32, 0)), empty, lane_order([0] * width)
    )


def concatenated(builder: Any, parts: list[Any], width: int) -> Any:
    """Vectors of one length, a power of two of them, side by side; cut to `width`."""
    while len(parts) > 1:
        count = parts[0].type.count
        parts = [
            builder.shuffle_vector(x, y, lane_order(range(2 * count)))
            for x, y in zip(parts[::2], parts[1::2], strict=True)
        ]
    whole = parts[0]
    return whole if whole.type.count == width else builder.shuffle_vector(whole, whole, lane_order(range(width)))


def _by_kind(floating: str, signed: str, unsigned: str = "") -> Callable[..., Any]:
    def emit(builder: Any, dtype: types.Type, x: Any, y: Any) -> Any:
        if dtype in FLOATS:
            return getattr(builder, floating)(x, y)
        return getattr(builder, signed if getattr(dtype, "signed", False) else unsigned or signed)(x, y)

    return emit


def compare(symbol: str) -> Callable[..., Any]:
    """An emitter of Python's comparison: NaN differs from everything, itself included."""

    def emit(builder: Any, dtype: types.Type, x: Any, y: Any) -> Any:
        if dtype in FLOATS:
            return (builder.fcmp_unordered if symbol == "!=" else builder.fcmp_ordered)(symbol, x, y)
        return (builder.icmp_signed if getattr(dtype, "signed", False) else builder.icmp_unsigned)(symbol, x, y)

    return emit


def _is_float(dtype: types.Type) -> bool:
    return dtype in FLOATS


def _is_integer(dtype: types.Type) -> bool:
    return isinstance(dtype, types.Integer)


def _is_number(dtype: types.Type) -> bool:
    return _is_float(dtype) or _is_integer(dtype)


def _has_bits(dtype: types.Type) -> bool:
    return _is_integer(dtype) or dtype == types.boolean


_ARITHMETIC: dict[Callable[..., Any], tuple[Callable[..., Any], Callable[[types.Type], bool]]] = {
    operator.add: (_by_kind("fadd", "add"), _is_number),
    operator.sub: (_by_kind("fsub", "sub"), _is_number),
    operator.mul: (_by_kind("fmul", "mul"), _is_number),
    operator.truediv: (_by_kind("fdiv", ""), _is_float),
    operator.and_: (_by_kind("", "and_"), _has_bits),
    operator.or_: (_by_kind("", "or_"), _has_bits),
    operator.xor: (_by_kind("", "xor"), _has_bits),
    operator.lshift: (_by_kind("", "shl"), _is_integer),
    operator.rshift: (_by_kind("", "ashr", "lshr"), _is_integer),
}
_COMPARISONS = {
    operator.lt: "<",
    operator.le: "<=",
    operator.gt: ">",
    operator.ge: ">=",
    operator.eq: "==",
    operator.ne: "!=",
}


def _define(
    op: Callable[..., Any], emit: Callable[..., Any], takes: Callable[[types.Type], bool], compares: bool
) -> None:
    """Teach Numba `op` on two operands of which at least one is a vector."""

    @infer_global(op)
    class _Typing(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:
            if len(args) != 2 or not any(isinstance(t, Vec) for t in args):
                return None
            t = joined(self.context, *args)
            if not takes(t.dtype):
                return None
            return signature(t.of(types.boolean) if compares else t, *map(types.unliteral, args))

    @lower_builtin(op, Vec, Vec)
    @lower_builtin(op, Vec, types.Any)
    @lower_builtin(op, types.Any, Vec)
    def _lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        t = joined(context.typing_context, *sig.args) if compares else sig.return_type
        x, y = (spread(context, builder, a, s, t) for a, s in zip(args, sig.args, strict=True))
        return emit(builder, t.dtype, x, y)


for _op, (_emit, _takes) in _ARITHMETIC.items():
    _define(_op, _emit, _takes, compares=False)
for _op, _symbol in _COMPARISONS.items():
    _define(_op, compare(_symbol), lambda dtype: True, compares=True)
