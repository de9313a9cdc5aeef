"""Constant tuples as tables in memory, one a module: code for a large address space makes each anew."""

from __future__ import annotations

import hashlib
from typing import Any

from llvmlite import ir

from fastsoftq.kernels.targets import here
from fastsoftq.kernels.vectors import Vec, lane_order, llvm_type

__all__ = ["known", "read_only", "repeated"]

_I32 = ir.IntType(32)


def known(values: Any, size: int) -> list[Any] | None:
    """The numbers of a tuple that is known when compiling: Numba puts a constant tuple together entry by entry."""
    numbers: dict[int, Any] = {}
    while isinstance(values, ir.instructions.InsertValue):
        entry = values.operands[1]
        if not isinstance(entry, ir.Constant):
            return None
        numbers.setdefault(values.indices[0], entry.constant)
        values = values.operands[0]
    return [numbers[k] for k in range(size)] if len(numbers) == size else None


def _table(builder: Any, initializer: ir.Constant, constant: bool) -> Any:
    name = f"fastsoftq.table.{hashlib.sha256(str(initializer).encode()).hexdigest()[:16]}"
    table = builder.module.globals.get(name)
    if table is None:
        table = ir.GlobalVariable(builder.module, initializer.type, name)
        table.linkage, table.initializer, table.global_constant, table.align = "linkonce_odr", initializer, constant, 64
    return table


def read_only(builder: Any, numbers: list[int]) -> Any:
    """The address of a table of int32."""
    return _table(builder, ir.Constant(ir.ArrayType(_I32, len(numbers)), numbers), constant=True)


def repeated(builder: Any, numbers: list[Any], t: Vec) -> list[Any]:
    """Each number in all lanes of a vector, loaded as a whole register: so an instruction takes it from memory.

    The table is not said to be constant, or LLVM would make a number of each load again.
    """
    count = min(t.width, here().register_bytes * 8 // t.dtype.bitwidth)
    register = ir.VectorType(llvm_type(t.dtype), count)
    rows = [ir.Constant(register, [x] * count) for x in numbers]
    table = _table(builder, ir.Constant(ir.ArrayType(register, len(rows)), rows), constant=False)
    found = []
    for k in range(len(rows)):
        at = builder.gep(table, [ir.Constant(_I32, 0), ir.Constant(_I32, k)])
        row = builder.load(at, align=count * t.dtype.bitwidth // 8)
        same = lane_order(k % count for k in range(t.width))
        found.append(row if count == t.width else builder.shuffle_vector(row, row, same))
    return found
