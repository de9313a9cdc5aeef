"""The states of environments as rows of float64, whatever numbers a state is of."""

from __future__ import annotations

from llvmlite import ir
from numba import types
from numba.core import errors
from numba.extending import intrinsic

from fastsoftq.environments.environment_rules import MOST_NUMBERS

__all__ = ["keep_state", "kept_state"]


def _place(context, builder, array, sig, args, number):
    """A pointer to a number of the row that is asked for."""
    data = context.make_array(array)(context, builder, args[0])
    columns = builder.extract_value(data.shape, 1)
    first = builder.mul(args[1], columns)
    return builder.gep(data.data, [builder.add(first, ir.Constant(first.type, number))])


@intrinsic
def keep_state(typing, states, place, state):
    """Write a state, a number or a tuple of numbers, to the row `place` of `states`."""
    fields = list(state.types) if isinstance(state, types.BaseTuple) else [state]
    if len(fields) > MOST_NUMBERS:
        raise errors.TypingError(f"a state of {len(fields)} numbers; an environment's may have {MOST_NUMBERS}")

    def emit(context, builder, sig, args):
        for number, field in enumerate(fields):
            value = builder.extract_value(args[2], number) if isinstance(state, types.BaseTuple) else args[2]
            value = context.cast(builder, value, field, types.float64)
            builder.store(value, _place(context, builder, states, sig, args, number))
        return context.get_dummy_value()

    return types.void(states, types.intp, state), emit


@intrinsic
def kept_state(typing, states, place, like):
    """The state that was written to the row `place`, in the form of `like`."""
    fields = list(like.types) if isinstance(like, types.BaseTuple) else [like]

    def emit(context, builder, sig, args):
        values = []
        for number, field in enumerate(fields):
            value = builder.load(_place(context, builder, states, sig, args, number))
            values.append(context.cast(builder, value, types.float64, field))
        if isinstance(like, types.BaseTuple):
            return context.make_tuple(builder, like, values)
        return values[0]

    return like(states, types.intp, like), emit
