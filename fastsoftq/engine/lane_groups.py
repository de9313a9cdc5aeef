"""Room for what passes from stage to stage: a (nested) tuple of vectors for each group, the lanes of one vector."""

from __future__ import annotations

import operator
from typing import Any

from numba import types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, models, register_model

from fastsoftq.engine.lane_memory import room, word
from fastsoftq.kernels.vectors import Vec

__all__ = ["GroupArray", "group_array"]


class GroupArray(types.Type):
    """Room for one (nested) tuple of vectors for each group of as many lanes as a vector has."""

    def __init__(self, item: types.Type, width: int) -> None:
        self.item, self.width = item, width
        super().__init__(f"GroupArray({item}, {width})")


@register_model(GroupArray)
class _GroupArrayModel(models.PrimitiveModel):
    def __init__(self, manager: Any, fe_type: GroupArray) -> None:
        super().__init__(manager, fe_type, manager.lookup(fe_type.item).get_value_type().as_pointer())


@intrinsic
def group_array(typing, example, lockstep):
    """Room for one thing like `example` for each group, indexed by the group's first lane."""
    t, groups = GroupArray(example, lockstep.width), lockstep.lanes // lockstep.width
    return t(example, lockstep), lambda c, builder, s, args: room(builder, groups, args[0].type)


@infer_global(operator.getitem)
@infer_global(operator.setitem)
class _GroupArrayItem(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        if not isinstance(args[0], GroupArray):
            return None
        item = args[0].item
        return (
            signature(types.none, args[0], types.intp, item) if len(args) == 3 else signature(item, args[0], types.intp)
        )


def _group(builder: Any, t: GroupArray, lane: Any) -> Any:
    return builder.udiv(lane, word(t.width))


@lower_builtin(operator.getitem, GroupArray, types.intp)
def _get_item(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    at = builder.gep(args[0], [_group(builder, sig.args[0], args[1])])
    return builder.load(at, align=_item_aligned(sig.args[0].item))


@lower_builtin(operator.setitem, GroupArray, types.intp, types.Any)
def _set_item(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    at = builder.gep(args[0], [_group(builder, sig.args[0], args[1])])
    builder.store(args[2], at, align=_item_aligned(sig.args[0].item))
    return context.get_dummy_value()


def _leaves(t: types.Type) -> Any:
    if isinstance(t, types.BaseTuple):
        for part in t.types:
            yield from _leaves(part)
    else:
        yield t


def _item_aligned(item: types.Type) -> int:
    """The alignment of a (nested) tuple: that of its widest vector, within a line of the cache."""
    return min(64, max((t.width * t.dtype.bitwidth // 8 or 1 for t in _leaves(item) if isinstance(t, Vec)), default=1))
