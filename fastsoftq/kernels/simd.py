"""Operations on one number or a vector of them, so that a rule is written once: `select`, `fma`, `maximum` and others.

Beside a `Vec` (`vectors.py`) a number is spread over its lanes. From Python they take numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils, errors

from fastsoftq.kernels.constants import known, repeated
from fastsoftq.kernels.jit import operation
from fastsoftq.kernels.number_kinds import (
    BitsLike,
    Coefficients,
    Converted,
    Flag,
    Float,
    Like,
    Number,
    NumberOrFlag,
    WholeOrFlag,
)
from fastsoftq.kernels.vectors import (
    FLOATS,
    Vec,
    compare,
    element,
    halves_at_once,
    index_beside,
    joined,
    resized,
    spread,
)

__all__ = [
    "Vec",
    "any_lane",
    "bitcast",
    "convert",
    "element",
    "fma",
    "maximum",
    "minimum",
    "polynomial",
    "select",
    "sqrt",
    "whole",
]


def _emit_truth(context: Any, builder: Any, value: Any, t: types.Type) -> Any:
    """An integer as a flag: whether it is not 0."""
    if isinstance(t, Vec):
        return value if t.dtype == types.boolean else builder.icmp_unsigned("!=", value, ir.Constant(value.type, None))
    return context.cast(builder, value, t, types.boolean)


@operation
def select(typing, mask: Flag, x: NumberOrFlag, y: NumberOrFlag):
    """`x` where `mask`, else `y`; both are computed.

    Parameters
    ----------
    mask : bool, or a vector
        Or 1 or 0.
    x, y : numbers, or vectors

    Examples
    --------
    >>> select(True, 1.5, 2)
    1.5
    """
    t = joined(typing, x, y)
    if isinstance(mask, Vec):
        if isinstance(t, Vec) and t.width != mask.width:
            raise errors.TypingError(f"select: mask is {mask}, beside {t}; they must have as many lanes")
        t = mask.of(element(t))

    def emit(context, builder, sig, args):
        x, y = (spread(context, builder, a, s, t) for a, s in zip(args[1:], sig.args[1:], strict=True))
        return builder.select(_emit_truth(context, builder, args[0], sig.args[0]), x, y)

    return t(mask, x, y), emit


def _emit_fma(builder: Any, x: Any, y: Any, z: Any) -> Any:
    width = f"v{x.type.count}" if isinstance(x.type, ir.VectorType) else ""
    number = "f64" if getattr(x.type, "element", x.type) == ir.DoubleType() else "f32"
    function = ir.FunctionType(x.type, [x.type] * 3)
    return builder.call(
        cgutils.get_or_insert_function(builder.module, function, f"llvm.fma.{width}{number}"), [x, y, z]
    )


@operation
def fma(typing, x: Number, y: Number, z: Number):
    """`x*y + z`, rounded once: the same bits on every machine, whatever the compiler.

    Parameters
    ----------
    x, y, z : numbers, or vectors of floats

    Examples
    --------
    >>> fma(0.1, 10, -1)  # 0.1 is not quite a tenth
    5.551115123125783e-17
    """
    t = joined(typing, x, y, z)
    if element(t) not in FLOATS:
        if isinstance(t, Vec):
            raise errors.TypingError(f"fma: a vector is {t}; it must be of floats (see `convert`)")
        t = types.float64

    def emit(context, builder, sig, args):
        return _emit_fma(builder, *(spread(context, builder, a, s, t) for a, s in zip(args, sig.args, strict=True)))

    return t(x, y, z), emit


@operation
def sqrt(typing, x: Float):
    """The square root, rounded to the nearest: the same bits on every machine.

    Parameters
    ----------
    x : float, or a vector of floats
        NaN where it is below 0.

    Examples
    --------
    >>> sqrt(2.25)
    1.5
    """

    def emit(context, builder, sig, args):
        t = args[0].type
        number = "f64" if element(x) == types.float64 else "f32"
        name = f"llvm.sqrt.v{t.count}{number}" if isinstance(t, ir.VectorType) else f"llvm.sqrt.{number}"
        return builder.call(cgutils.get_or_insert_function(builder.module, ir.FunctionType(t, [t]), name), args)

    return x(x), emit


@operation
def polynomial(typing, x: Float, coefficients: Coefficients):
    """`sum(c[i] * x**i)`: blocks of four terms by Estrin's scheme, Horner's from block to block, in a fixed order.

    Higher powers than the fourth are not taken: those of a small float32 underflow, which costs a quarter of the speed.

    Parameters
    ----------
    x : float, or a vector of floats
    coefficients : tuple of float
        From the constant term on.

    Examples
    --------
    >>> polynomial(2.0, (1.0, 0.0, 3.0))
    13.0
    """

    def emit(context, builder, sig, args):
        numbers = known(args[1], len(coefficients)) if isinstance(x, Vec) and x.width > 1 else None
        if numbers is not None and element(x) == coefficients.dtype:
            terms = repeated(builder, numbers, x)
        else:
            terms = [
                spread(context, builder, builder.extract_value(args[1], i), coefficients.dtype, x)
                for i in range(len(coefficients))
            ]
        power = args[0]
        for _ in range(2):
            pairs = [terms[i : i + 2] for i in range(0, len(terms), 2)]
            terms = [_emit_fma(builder, p[1], power, p[0]) if len(p) == 2 else p[0] for p in pairs]
            power = builder.fmul(power, power)
        result = terms.pop()
        while terms:
            result = _emit_fma(builder, result, power, terms.pop())
        return result

    return x(x, coefficients), emit


@operation
def convert(typing, x: NumberOrFlag, like: Converted):
    """The same number(s) in the element type of `like`; a float becomes an integer by truncation.

    Parameters
    ----------
    x : number, bool, or a vector
        Within what integers like `like` can hold.
    like : number or its type, or a vector

    Examples
    --------
    >>> import numpy as np
    >>> convert(-2.75, np.int32(0))
    -2
    """
    source, target = element(x), element(like)

    def emit(context, builder, sig, args):
        if not isinstance(x, Vec):
            return context.cast(builder, args[0], sig.args[0], target)
        if source == target:
            return args[0]
        if source in FLOATS and target in FLOATS:
            name = "fpext" if target.bitwidth > source.bitwidth else "fptrunc"
        elif source == types.float64 and target.bitwidth == 32 and halves_at_once(x.width):
            words = x.of(types.int64)
            wide = builder.fptosi(args[0], context.get_value_type(words))  # a third of the instructions
            return resized(context, builder, wide, words, x.of(target))
        elif source in FLOATS:
            name = "fptosi" if target.signed else "fptoui"
        elif target in FLOATS:
            name = "sitofp" if getattr(source, "signed", False) else "uitofp"
        else:
            return resized(context, builder, args[0], x, x.of(target))
        return getattr(builder, name)(args[0], context.get_value_type(x.of(target)))

    return (x.of(target) if isinstance(x, Vec) else target)(x, like), emit


@operation
def whole(typing, x: WholeOrFlag, like: Like):
    """A flag as 1 or 0, or an integer, in the integers that go beside numbers of `like`'s type.

    They are int32, but in vectors of 64-bit numbers int64 where the processor's masks are as wide as what they mask,
    so that none has to change its width.

    Parameters
    ----------
    x : bool or int, or a vector
    like : number, or a vector

    Examples
    --------
    >>> whole(True, 0.5)
    1
    """
    if not isinstance(x, Vec):
        return types.int32(x, like), lambda c, builder, sig, args: c.cast(builder, args[0], sig.args[0], types.int32)
    t = x.of(index_beside(like, x.width))

    def emit(context, builder, sig, args):
        return resized(context, builder, args[0], x, t)

    return t(x, like), emit


@operation
def bitcast(typing, x: Number, like: BitsLike):
    """The same bits read as the element type of `like`, of the same width; a wider integer is cut to size first.

    Parameters
    ----------
    x : number, or a vector
    like : number or its type, or a vector

    Examples
    --------
    >>> import numpy as np
    >>> hex(bitcast(1.0, np.int64(0)))
    '0x3ff0000000000000'
    """
    source, target = element(x), element(like)
    cut = source.bitwidth > target.bitwidth and source not in FLOATS and not isinstance(x, Vec)
    if source.bitwidth != target.bitwidth and not cut:
        raise errors.TypingError(f"bitcast: like is {like}; it must be as wide as x, which is {x}")
    result = x.of(target) if isinstance(x, Vec) else target

    def emit(context, builder, sig, args):
        value = builder.trunc(args[0], ir.IntType(target.bitwidth)) if cut else args[0]
        return builder.bitcast(value, context.get_value_type(result))

    return result(x, like), emit


@operation
def any_lane(typing, mask: Flag):
    """Whether the mask holds in any lane.

    Parameters
    ----------
    mask : bool, or a vector
        Or 1 or 0.

    Examples
    --------
    >>> any_lane(True)
    True
    """

    def emit(context, builder, sig, args):
        truth = _emit_truth(context, builder, args[0], sig.args[0])
        if not isinstance(mask, Vec):
            return truth
        bits = builder.bitcast(truth, ir.IntType(mask.width))
        return builder.icmp_unsigned("!=", bits, ir.Constant(bits.type, 0))

    return types.boolean(mask), emit


def _emit_extreme(symbol: str) -> Callable[..., Any]:
    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        t = sig.return_type
        x, y = (spread(context, builder, a, s, t) for a, s in zip(args, sig.args, strict=True))
        return builder.select(compare(symbol)(builder, element(t), x, y), x, y)

    return emit


@operation
def maximum(typing, x: Number, y: Number):
    """The larger of two numbers, or of each lane's; `y` where either is NaN.

    Examples
    --------
    >>> maximum(1.0, 2.5)
    2.5
    """
    return joined(typing, x, y)(x, y), _emit_extreme(">")


@operation
def minimum(typing, x: Number, y: Number):
    """The smaller of two numbers, or of each lane's; `y` where either is NaN.

    Examples
    --------
    >>> minimum(1.0, 2.5)
    1.0
    """
    return joined(typing, x, y)(x, y), _emit_extreme("<")
