"""Addresses as numbers: of an array's memory, of functions compiled apart (`jit.apart`), and calls of those."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils, errors
from numba.extending import intrinsic

__all__ = ["address_of", "call_at", "floats_at", "number_on_stack", "numbers_at", "words_at"]


@intrinsic
def address_of(typing, array):
    """The address of an array's first number (int64).

    Examples
    --------
    >>> import numpy as np
    >>> from fastsoftq.kernels.jit import compiled
    >>> array = np.zeros(3)
    >>> compiled(lambda array: address_of(array))(array) == array.ctypes.data
    True
    """
    if not isinstance(array, types.Array):
        raise errors.TypingError(f"address_of: array is {array}; it must be an array")

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.ptrtoint(context.make_array(array)(context, builder, args[0]).data, ir.IntType(64))

    return types.int64(array), emit


@intrinsic
def call_at(typing, address, *arguments):
    """Call a function compiled apart, which returns nothing, at its entry; `arguments` have its types exactly.

    Examples
    --------
    >>> import numpy as np
    >>> from numba import types
    >>> from fastsoftq.kernels.jit import apart, compiled
    >>> @apart(types.void(types.int64, types.int64))
    ... def put(where, number):
    ...     words_at(where)[0] = number
    >>> @compiled
    ... def seven(entry, array):
    ...     call_at(entry, address_of(array), 7)
    >>> array = np.zeros(1, np.int64)
    >>> seven(put.entry, array)
    >>> array
    array([7])
    """
    given = tuple(types.unliteral(t) for t in arguments)

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        values = [builder.extract_value(args[1], k) for k in range(len(given))]
        function = context.call_conv.get_function_type(types.void, given)
        # As Numba calls its own functions: room for the result and for an error, then the arguments.
        room = [cgutils.alloca_once(builder, t.pointee) for t in function.args[:2]]
        builder.call(builder.inttoptr(args[0], function.as_pointer()), [*room, *values])
        return context.get_dummy_value()

    return types.void(types.int64, types.StarArgTuple(given)), emit


@intrinsic
def number_on_stack(typing):
    """The address (int64) of a float64 for as long as the caller runs: what is called there can leave a number in it.

    Examples
    --------
    >>> from fastsoftq.kernels.jit import compiled
    >>> @compiled
    ... def left_there():
    ...     room = number_on_stack()
    ...     numbers_at(room)[0] = 2.5
    ...     return numbers_at(room)[0]
    >>> left_there()
    2.5
    """

    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.ptrtoint(cgutils.alloca_once(builder, ir.DoubleType()), ir.IntType(64))

    return types.int64(), emit


def _memory_of(t: types.Type) -> Any:
    def emit(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], context.get_value_type(sig.return_type))

    return types.CPointer(t)(types.int64), emit


@intrinsic
def floats_at(typing, address):
    """The float32s at an address, aligned to 4 bytes.

    Examples
    --------
    >>> import numpy as np
    >>> from fastsoftq.kernels.jit import compiled
    >>> compiled(lambda array: floats_at(address_of(array))[1])(np.array([1.5, 2.5], np.float32))
    2.5
    """
    return _memory_of(types.float32)


@intrinsic
def numbers_at(typing, address):
    """The float64s at an address, aligned to 8 bytes.

    Examples
    --------
    >>> import numpy as np
    >>> from fastsoftq.kernels.jit import compiled
    >>> compiled(lambda array: numbers_at(address_of(array))[1])(np.array([1.5, 2.5]))
    2.5
    """
    return _memory_of(types.float64)


@intrinsic
def words_at(typing, address):
    """The int64s at an address, aligned to 8 bytes.

    Examples
    --------
    >>> import numpy as np
    >>> from fastsoftq.kernels.jit import compiled
    >>> compiled(lambda array: words_at(address_of(array))[1])(np.array([1, 2]))
    2
    """
    return _memory_of(types.int64)
