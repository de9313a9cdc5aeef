"""Numbers that a kernel loads when it begins are those that its instructions held."""

import ctypes
import re

import numpy as np
from llvmlite import binding as llvm

from fastsoftq.engine.gpu.numbers_in_registers import kept_in_registers

TENTH, PI = "0x3FB999999999999A", "0x400921FB54442D18"
TEXT = f"""
source_filename = "example"

declare double @llvm.fma.f64(double, double, double)
declare <1 x double> @llvm.fma.v1f64(<1 x double>, <1 x double>, <1 x double>)
declare float @llvm.fma.f32(float, float, float)

define double @other(double %x) {{
  %y = fmul double %x, {TENTH}
  ret double %y
}}

define double @mixture(double %x, i64 %n) {{
entry:
  %a = fmul double %x, {TENTH}
  %b = call double @llvm.fma.f64(double %a, double {PI}, double 1.000000e+00)
  br label %loop

loop:                                             ; preds = %loop, %entry
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %c = phi double [ {PI}, %entry ], [ %f, %loop ]
  %v = insertelement <1 x double> undef, double %c, i64 0
  %w = call <1 x double> @llvm.fma.v1f64(<1 x double> %v, <1 x double> splat (double {TENTH}), <1 x double> splat (double 5.000000e-01))
  %d = extractelement <1 x double> %w, i64 0
  %less = fcmp olt double %d, {PI}
  %e = select i1 %less, double %d, double {TENTH}
  %narrow = fptrunc double %e to float
  %sum = fadd float %narrow, 0x3FB99999A0000000
  %g = call float @llvm.fma.f32(float %sum, float 0x3FB99999A0000000, float %narrow)
  %wide = fpext float %g to double
  %f = fsub double %wide, -1.234500e-03
  %next = add i64 %i, 1
  %again = icmp slt i64 %next, %n
  br i1 %again, label %loop, label %end

end:                                              ; preds = %loop
  %r = fadd double %f, %b
  ret double %r
}}
"""  # noqa: E501 # as LLVM writes it


def values_of(text, x, n):
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    module = llvm.parse_assembly(text.replace(" addrspace(1)", ""))  # the CPU has one kind of memory
    module.verify()
    engine = llvm.create_mcjit_compiler(module, llvm.Target.from_default_triple().create_target_machine())
    function = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double, ctypes.c_int64)
    call = function(engine.get_function_address("mixture"))
    return [call(float(one), n) for one in x]


def test_a_function_computes_what_it_did():
    x = np.random.default_rng(0).normal(size=50)
    for n in (1, 7):
        assert values_of(kept_in_registers(TEXT, "mixture"), x, n) == values_of(TEXT, x, n)


def test_only_what_an_instruction_cannot_hold_is_loaded_and_once():
    found = kept_in_registers(TEXT, "mixture")
    head, _, body = found.partition("define double @mixture")
    assert f"fmul double %x, {TENTH}" in head  # another function's
    loads = re.findall(r"^  (%\S+) = load (double|float)", body, re.MULTILINE)
    assert [kind for _, kind in loads] == ["double"] * 3 + ["float"]
    code = body[: body.index("\n}")]
    assert TENTH not in code
    assert code.count(PI) == 1  # that a loop begins with
    assert "1.000000e+00" in code  # whose lower half is zero
    assert "fadd float %narrow, 0x3FB99999A0000000" in code  # with one number, which it holds


def test_a_function_without_such_numbers_is_left_as_it_is():
    text = "define double @twice(double %x) {\n  %y = fmul double %x, 2.000000e+00\n  ret double %y\n}\n"
    assert kept_in_registers(text, "twice") == text
