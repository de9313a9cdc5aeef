"""Every public kernel, from Python and from compiled code, with what it takes and with what it must refuse."""

import importlib
import inspect
import math
import os
import pickle
import subprocess
import sys
import textwrap

import numba
import numpy as np
import pytest
from numba.core.errors import TypingError

from fastsoftq.kernels import (
    action_probabilities,
    lookup,
    numerics,
    operators,
    over_actions,
    policies,
    random,
    simd,
    trigonometry,
    updates,
)
from fastsoftq.kernels.jit import inlined
from fastsoftq.kernels.random import Draw
from tests.array_kinds import Subclass
from tests.kernels.calling import both_ways
from tests.kernels.lane_stack import stack

# A Python function passed to compiled code, where none is taken.
pytestmark = pytest.mark.filterwarnings("ignore::numba.core.errors.NumbaExperimentalFeatureWarning")

NAN, INF = math.nan, math.inf
DRAW = Draw(np.uint32(2**31), np.uint32(2**30))


@inlined
def plus(so_far, x, action):
    return so_far + x


@inlined
def doubled(x, action):
    return x + x


def table():
    return np.array([[0.5, -1.0], [1.0, 3.0], [2.0, 2.5]])


def row():
    return np.array([0.5, 2.0])


# Every kernel with arguments that it takes; arrays are made anew, since updates change them.
GOOD = {
    "exp2": lambda: {"x": 3.5},
    "log2": lambda: {"x": 3.5},
    "sin": lambda: {"x": 3.5},
    "cos": lambda: {"x": 3.5},
    "sin_cos": lambda: {"x": 3.5},
    "exponent": lambda: {"q": 1.0, "top": 2.0, "sharpness": 0.5, "like": 1.0},
    "weight": lambda: {"q": 1.0, "top": 2.0, "sharpness": 0.5},
    "sum_of_weights": lambda: {"row": row(), "top": 2.0, "sharpness": 0.5},
    "hard_value": lambda: {"row": row()},
    "soft_value": lambda: {"row": row(), "temperature": 0.5},
    "mellowmax": lambda: {"row": row(), "temperature": 0.5},
    "softmax": lambda: {"row": row(), "temperature": 0.5, "out": np.empty(2)},
    "entropy": lambda: {"policy": np.array([0.25, 0.75])},
    "greedy_policy": lambda: {"row": row(), "out": np.empty(2)},
    "epsilon_greedy_policy": lambda: {"row": row(), "epsilon": 0.25, "out": np.empty(2)},
    "expected_value": lambda: {"row": row(), "policy": np.array([0.25, 0.75])},
    "first": lambda: {"row": row()},
    "first_highest": lambda: {"row": row()},
    "highest": lambda: {"row": row()},
    "total": lambda: {"row": row()},
    "pick": lambda: {"row": row(), "action": 1},
    "replaced": lambda: {"row": row(), "action": 1, "value": 7.0},
    "read_row": lambda: {"table": table(), "state": 1, "row": row()},
    "fold": lambda: {"function": plus, "start": 0.0, "row": row(), "extra": ()},
    "each": lambda: {"function": doubled, "row": row(), "extra": ()},
    "each_pair": lambda: {"function": plus, "row": row(), "other": row(), "extra": ()},
    "explores": lambda: {"draw": DRAW, "epsilon": 0.75},
    "any_action": lambda: {"low": np.uint32(2**31), "actions": 4},
    "unless_exploring": lambda: {"action": 1, "draw": DRAW, "epsilon": 0.75, "actions": 4},
    "greedy_given": lambda: {"row": row(), "top": 2.0, "explore": False, "low": np.uint32(5)},
    "greedy": lambda: {"row": row(), "draw": DRAW},
    "epsilon_greedy": lambda: {"row": row(), "epsilon": 0.25, "draw": DRAW},
    "by_weight": lambda: {"weights": row(), "low": np.uint32(2**31)},
    "boltzmann": lambda: {"row": row(), "temperature": 0.5, "draw": DRAW},
    "seed": lambda: {"number": 3},
    "advance": lambda: {"key": 3},
    "draw": lambda: {"key": 3},
    "outcome_draw": lambda: {"key": 3},
    "start_draw": lambda: {"key": 3},
    "uniform": lambda: {"key": 3},
    "integer": lambda: {"key": 3, "count": 10},
    "unit": lambda: {"half": np.uint32(2**31), "like": 1.0},
    "select": lambda: {"mask": True, "x": 1.5, "y": 2.5},
    "sqrt": lambda: {"x": 2.25},
    "fma": lambda: {"x": 1.5, "y": 2.5, "z": 3.5},
    "polynomial": lambda: {"x": 1.5, "coefficients": (1.0, 2.0)},
    "convert": lambda: {"x": 1.5, "like": np.int32(0)},
    "bitcast": lambda: {"x": 1.5, "like": np.int64(0)},
    "any_lane": lambda: {"mask": True},
    "whole": lambda: {"x": True, "like": 1.0},
    "maximum": lambda: {"x": 1.5, "y": 2.5},
    "minimum": lambda: {"x": 1.5, "y": 2.5},
    "lookup": lambda: {"table": tuple(np.int32(n) for n in range(16)), "index": 3},
    "td_target": lambda: {"reward": -1.0, "terminated": False, "discount": 0.5, "next_value": 2.0},
    "moved": lambda: {"q": 1.0, "target": 2.0, "step_size": 0.5},
    "q_learning_update": lambda: update(),
    "soft_q_learning_update": lambda: update() | {"temperature": 0.5},
    "sarsa_update": lambda: update(next_action=0),
    "expected_sarsa_update": lambda: update(policy=np.array([0.25, 0.75])),
}


def update(**after):
    """Arguments of an update in the order of its signature."""
    before = {"q": table(), "state": 0, "action": 1, "reward": -1.0, "next_state": 2}
    return before | after | {"terminated": False, "step_size": 0.5, "discount": 0.9}


MODULES = (
    action_probabilities,
    lookup,
    numerics,
    operators,
    over_actions,
    policies,
    random,
    simd,
    trigonometry,
    updates,
)
NO_KERNELS = {
    "LARGEST_ANGLE",
    "LEARNING",
    "OUTCOME",
    "LN_2",
    "LOG2_E",
    "ADraw",
    "Draw",
    "Half",
    "Key",
    "Vec",
    "element",
}
KERNELS = {name: getattr(module, name) for module in MODULES for name in module.__all__ if name not in NO_KERNELS}
ARGUMENTS = [(name, argument) for name in GOOD for argument in GOOD[name]() if argument != "start"]

ROWS = {"row", "weights", "policy", "other"}
WHOLE = {"state", "action", "next_state", "next_action", "actions", "count", "number", "key", "low", "half", "index"}
FLAGS = {"mask", "explore", "terminated"}


def is_table(name, argument):
    return argument == "q" and name.endswith("update")


def bad_from_python(name, argument):
    """Values that an argument must not have."""
    if is_table(name, argument):
        locked = table()
        locked.flags.writeable = False
        masked = np.ma.array(table(), mask=np.eye(3, 2, dtype=bool))
        yield from (None, 1.0, table().tolist(), table().astype(int), table().astype(complex), table().astype(object))
        yield from (table().astype(">f8"), table().astype(np.float16), table()[0], table()[None], np.empty((0, 2)))
        yield from (np.empty((3, 0)), locked, masked, "q")
    elif argument in ROWS:
        yield from (None, "ab", b"ab", {1, 2}, {1: 2.0}, 1.0, np.array(1.0), np.eye(2), [[1.0, 2.0]])
        yield from ([True, False], [1j, 2.0], ["a", "b"], [1.0, None], [1.0, "2"], [[1], [1, 2]])
        yield from ([NAN, 1.0], [1.0, INF], (-INF, -INF)) if name != "read_row" else ([1.0],)
        yield from (np.ma.array([0.5, 0.5], mask=[True, False]), np.zeros(2, "M8[s]"), np.zeros(2, "V8"))
        yield from ([], (), np.empty(0)) if name != "fold" else ()
        yield from ([0.5, 0.4], [1.5, -0.5], [0.5, 0.25, 0.25]) if argument == "policy" and name != "entropy" else ()
        yield from ([0.5, 0.4], [1.5, -0.5]) if argument == "policy" else ()
        yield from ([0.0, 0.0], [1.0, -0.5]) if argument == "weights" else ()
    elif argument == "out":
        locked = np.empty(2)
        locked.flags.writeable = False
        yield from (None, [0.0, 0.0], (0.0, 0.0), np.empty(3), np.empty(1), np.empty((1, 2)), np.empty(2, int), locked)
        yield from (np.empty(2, complex), np.empty(2, ">f8"), np.ma.array(row(), mask=[True, False]), "out")
    elif argument == "table":
        yield from (None, "a", 1.0, [True] * 16, [[True, False]] * 3, [1.0, 2.0], np.empty((0, 2)), [1j] * 16, {1: 2})
    elif argument == "coefficients":
        yield from (None, 1.0, "ab", (), [[1.0]], (1j,), (True,), (None,))
    elif argument == "function":
        yield from (None, 1, "plus", len, plus.py_func)
    elif argument == "extra":
        yield from (None, 1, [1.0], np.ones(2))
    elif argument == "draw":
        yield from (None, 3, "ab", (1, 2, 3), (1,), (1.5, 2), (True, 2), (-1, 2), (1, 2**32), [1, 2], np.array([1, 2]))
    elif argument in FLAGS:
        yield from (None, 2, -1, 0.0, 1.0, "yes", 1j, np.ones(1, bool), np.array(1.0), NAN, [True])
    elif argument in WHOLE:
        yield from (None, 1.0, True, np.True_, "1", 1j, NAN, [1], np.ones(1, int), np.array(1.0), 2**64, -(2**64))
        yield from () if argument in ("key", "action") else (-1,)
        yield from (3, -2) if argument in ("state", "next_state") else (4, -2) if argument == "action" else ()
        yield from (2,) if argument == "next_action" else (16,) if argument == "index" else ()
        yield from (0, 257) if argument == "actions" else (0, 2**32 + 1) if argument == "count" else ()
        yield from (2**32,) if argument in ("low", "half") else ()
    elif argument == "like":
        yield from (None, "1", 1j, [1.0], np.ones(1), True, bool, str)
        yield from (np.float32(1), np.int32) if name == "bitcast" else ()
    else:  # a number
        yield from (None, "1", 1j, [1.0], np.ones(1), b"1", np.datetime64(1, "s"))
        yield from () if argument in ("x", "y") and name in ("select", "convert", "whole") else (True, np.True_)
        yield from (1.5, 2**31, -(2**31) - 1) if (name, argument) == ("whole", "x") else ()
        yield from (NAN, INF) if argument in ("temperature", "epsilon", "discount", "step_size", "reward") else ()
        yield from (0, -0.5, 1e-31) if argument == "temperature" else ()
        yield from (-0.1, 1.5) if argument in ("epsilon", "discount", "step_size") else ()
        yield from (0.0,) if argument in ("step_size", "sharpness") and name != "exponent" else ()
        yield from (1024, NAN, INF, np.float32(128)) if name == "exp2" else ()
        yield from (0, -1.0, NAN, INF, 1e-310, np.float32(1e-39)) if name == "log2" else ()
        yield from (INF, -INF, 2.0**41, np.float32(-1e20)) if name in ("sin", "cos", "sin_cos") else ()
        yield from (NAN, INF, -INF, 2**31, -(2.0**31) - 1) if (name, argument) == ("convert", "x") else ()


def bad_when_compiled(name, argument):
    """Values of types that compiled code must not pass."""
    if is_table(name, argument):
        yield from (1.0, table()[0], table().astype(int), table().astype(complex), np.broadcast_to(row(), (3, 2)), "q")
    elif argument in ROWS:
        yield from (1.0, np.array(1.0), np.eye(2), np.array([True, False]), np.array([1j, 2.0]), "ab", ("a", "b"), None)
        yield from ((),) if name != "fold" else ()
    elif argument == "out":
        yield from (1.0, (1.0, 2.0), np.empty((1, 2)), np.empty(2, int), np.broadcast_to(np.empty(1), (2,)))
    elif argument == "table":
        yield from (1.0, row(), "a", (1.0, 2.0), np.eye(3, dtype=bool))
    elif argument == "coefficients":
        yield from (1.0, row(), (1, 2), ("a",))
    elif argument == "function":
        yield from (1.0, None)
    elif argument == "extra":
        yield from (1.0, row())
    elif argument == "draw":
        yield from (1, row(), (1, 2), None)
    elif argument in FLAGS:
        yield from (1.0, "yes", None, row(), np.array(True))
    elif argument in WHOLE:
        yield from (1.0, True, "1", None, row(), np.array(1))
    else:
        yield from ("1", None, 1j, row(), np.array(1.0))
        yield from () if argument in ("x", "y") and name in ("select", "convert", "whole") else (True,)
        yield from (1.5,) if (name, argument) == ("whole", "x") else ()


def same(x, y):
    return type(x) is type(y) and np.array_equal(np.asarray(x), np.asarray(y), equal_nan=True)


def test_every_kernel_is_tried():
    assert set(GOOD) == set(KERNELS)
    for name, kernel in KERNELS.items():
        assert list(GOOD[name]()) == list(inspect.signature(kernel).parameters)


@pytest.mark.parametrize("name", GOOD)
def test_it_can_be_called_from_python_and_compiled_by_position_and_by_name(name):
    kernel = KERNELS[name]

    @numba.njit
    def compiled(*arguments):
        return kernel(*arguments)

    result = kernel(*GOOD[name]().values())
    assert same(kernel(**GOOD[name]()), result)
    assert same(compiled(*GOOD[name]().values()), result)


@pytest.mark.parametrize(("name", "argument"), ARGUMENTS)
def test_python_is_told_what_is_wrong(name, argument):
    tried = list(bad_from_python(name, argument))
    assert len(tried) > 3
    for value in tried:
        arguments = GOOD[name]() | {argument: value}
        kept = {k: np.copy(v) for k, v in arguments.items() if isinstance(v, np.ndarray)}
        with pytest.raises((TypeError, ValueError), match=rf"^{name}: ({argument}|x|coefficients)\b.*") as told:
            KERNELS[name](*arguments.values())
        assert "must" in str(told.value) or "no array" in str(told.value) or "has" in str(told.value), value
        for k, v in kept.items():
            assert k == "out" or np.array_equal(
                arguments[k].view(np.ndarray), v.view(np.ndarray), equal_nan=v.dtype.kind == "f"
            )


@pytest.mark.parametrize(("name", "argument"), ARGUMENTS)
def test_compiled_callers_are_told_what_is_wrong(name, argument):
    kernel = KERNELS[name]

    @numba.njit
    def caller(*arguments):
        return kernel(*arguments)

    for value in bad_when_compiled(name, argument):
        with pytest.raises(TypingError, match=rf"\b{name}: {argument} is .*; it must be"):
            caller(*(GOOD[name]() | {argument: value}).values())


@pytest.mark.parametrize("name", GOOD)
def test_a_wrong_number_of_arguments_is_told_with_the_kernels_name(name):
    kernel, arguments = KERNELS[name], list(GOOD[name]().values())

    @numba.njit
    def caller(*arguments):
        return kernel(*arguments)

    for wrong, words in ((arguments[:-1], "missing a required argument"), ([*arguments, 1], "too many positional")):
        with pytest.raises(TypeError, match=f"^{name}: {words}"):
            kernel(*wrong)
        with pytest.raises(TypingError, match=rf"(?s)\b{name}\b.*{words}"):
            caller(*wrong)
    with pytest.raises(TypeError, match=f"^{name}: "):
        kernel(*arguments[:-1], unheard_of=1)


# ---- forms of the same -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "argument"), [(name, argument) for name, argument in ARGUMENTS if argument in ROWS])
def test_a_row_may_come_in_any_form(name, argument):
    expected = KERNELS[name](**GOOD[name]())
    plain = GOOD[name]()[argument]
    locked = plain.copy()
    locked.flags.writeable = False
    forms = [
        plain.tolist(),
        tuple(plain),
        locked,
        np.repeat(plain, 2)[::2],
        plain[::-1].copy()[::-1],
        plain.astype(">f8"),
    ]
    forms += [plain.astype(object), np.ma.array(plain), plain.astype(np.float32), plain.astype(np.longdouble)]
    forms += [np.frombuffer(b"\0" + plain.tobytes(), offset=1)]
    for form in forms:
        result = KERNELS[name](**GOOD[name]() | {argument: form})
        np.testing.assert_array_equal(np.asarray(result), np.asarray(expected))


@pytest.mark.parametrize(
    "view", [np.asfortranarray, lambda q: np.repeat(q, 2, 0)[::2], lambda q: q.copy().view(Subclass)]
)
def test_a_table_is_changed_in_place_however_it_lies(view):
    plain, other = table(), view(table())
    for name in ("q_learning_update", "soft_q_learning_update", "sarsa_update", "expected_sarsa_update"):
        assert KERNELS[name](**GOOD[name]() | {"q": other}) == KERNELS[name](**GOOD[name]() | {"q": plain})
        np.testing.assert_array_equal(np.asarray(other), plain)
    assert not np.array_equal(plain, table())


@both_ways
@pytest.mark.parametrize("kind", [int, np.bool_, np.uint8])
def test_a_flag_may_be_an_integer(called, kind):
    for truth in (True, False):
        q, expected = table(), table()
        error = called(updates.q_learning_update)(q, 0, 1, -1.0, 2, kind(truth), 0.5, 0.9)
        assert error == updates.q_learning_update(expected, 0, 1, -1.0, 2, truth, 0.5, 0.9)
        assert q.tolist() == expected.tolist()
        assert called(updates.td_target)(-1.0, kind(truth), 0.5, 4.0) == (-1.0 if truth else 1.0)
        assert called(simd.select)(kind(truth), 1.5, 2) == (1.5 if truth else 2)
        assert called(simd.any_lane)(kind(truth)) is truth
        assert called(policies.greedy_given)(row(), 2.0, kind(truth), np.uint32(0)) == (0 if truth else 1)


@both_ways
@pytest.mark.parametrize("kind", [np.int32, np.uint8, np.uint64])
def test_states_and_actions_may_be_any_integers(called, kind):
    q, expected = table(), table()
    error = called(updates.sarsa_update)(q, kind(0), kind(1), -1.0, kind(2), kind(1), False, 0.5, 0.9)
    assert error == updates.sarsa_update(expected, 0, 1, -1.0, 2, 1, False, 0.5, 0.9)
    assert q.tolist() == expected.tolist()
    assert called(over_actions.pick)(row(), kind(1)) == 2.0


@pytest.mark.parametrize("at", [slice(1, None), slice(None, -1), slice(None, None, -1), slice(None)])
def test_softmax_may_write_over_what_it_reads(at):
    memory = np.linspace(0, 1, 5)
    read, out = memory[1:], memory[at][:4]
    expected = operators.softmax(read.copy(), 0.5, np.empty(4))
    assert operators.softmax(read, 0.5, out).tolist() == out.tolist() == expected.tolist()


# ---- what only the values tell ---------------------------------------------------------------------------------------

OVER_ROWS = {
    operators.hard_value: (),
    operators.soft_value: (0.5,),
    operators.mellowmax: (0.5,),
    operators.entropy: (),
    over_actions.first_highest: (),
    over_actions.highest: (),
    over_actions.total: (),
    over_actions.first: (),
    policies.greedy: (DRAW,),
    policies.epsilon_greedy: (0.5, DRAW),
    policies.boltzmann: (0.5, DRAW),
    policies.by_weight: (np.uint32(0),),
}


@pytest.mark.parametrize("kernel", OVER_ROWS, ids=lambda kernel: kernel.__name__)
def test_an_empty_row_is_an_error_in_compiled_code_too(kernel):
    @numba.njit
    def caller(row, more):
        return kernel(row, *more)

    with pytest.raises(ValueError, match="row is empty; it must have an entry for each action"):
        caller(np.empty(0), OVER_ROWS[kernel])


@pytest.mark.parametrize("form", [np.array, tuple])
@pytest.mark.parametrize("values", [(NAN, 0.0, 1.0), (0.0, NAN, 1.0), (0.0, 1.0, NAN), (NAN, NAN, NAN)])
def test_compiled_code_passes_nan_on_and_chooses_an_action_that_is_there(form, values):
    @numba.njit
    def valued(row, out):
        hard, soft = operators.hard_value(row), operators.soft_value(row, 0.5)
        return hard, soft, operators.mellowmax(row, 0.5), operators.softmax(row, 0.5, out).sum(), operators.entropy(row)

    @numba.njit
    def chosen(row, draw):
        greedy, random = policies.greedy(row, draw), policies.epsilon_greedy(row, 0.5, draw)
        return greedy, random, policies.boltzmann(row, 0.5, draw), policies.by_weight(row, draw.low)

    assert np.isnan(valued(form(values), np.empty(3))).all()
    for half in (0, 2**31, 2**32 - 1):
        assert set(chosen(form(values), Draw(np.uint32(half), np.uint32(half)))) <= {0, 1, 2}


@pytest.mark.parametrize("x", [np.float64(NAN), np.float32(NAN)])
def test_exp2_of_nan_is_nan(x):
    power = numba.njit(lambda x: numerics.exp2(x))
    assert math.isnan(power(x))


def test_exp2_up_to_its_end():
    for x in (1023.0, 1023.4, 1023.5, 1023.999999):
        assert numerics.exp2(x) == pytest.approx(2.0 ** (x - 1000) * 2.0**1000, rel=1e-12)
    assert numerics.exp2(np.float32(127.75)) == pytest.approx(2.0**127.75, rel=1e-5)


def test_lengths_that_differ_are_an_error_in_compiled_code_too():
    softmax = numba.njit(lambda row, out: operators.softmax(row, 1.0, out))
    expected = numba.njit(lambda q, policy: updates.expected_sarsa_update(q, 0, 1, 0.0, 1, policy, False, 0.5, 0.9))
    for n in (1, 3):
        with pytest.raises(ValueError, match="softmax: out must have as many entries as row"):
            softmax(row(), np.empty(n))
        with pytest.raises(ValueError, match="policy must have an entry for each action"):
            expected(table(), np.full(n, 1 / n))


def test_the_next_states_values_count_unless_it_terminated():
    for bad in (NAN, INF):
        q = table()
        q[2, 1] = bad
        for name in ("q_learning_update", "soft_q_learning_update", "sarsa_update", "expected_sarsa_update"):
            with pytest.raises(ValueError, match=rf"^{name}: q\[2\]\[1\] is {bad}; it must be finite"):
                KERNELS[name](**GOOD[name]() | {"q": q})
            assert math.isfinite(KERNELS[name](**GOOD[name]() | {"q": q.copy(), "terminated": True}))


def test_tuples_of_different_numbers_will_do_in_compiled_code():
    @numba.njit
    def values(row, policy, out, draw):
        operators.softmax(row, 0.5, out)
        return operators.soft_value(row, 0.5), operators.entropy(policy), policies.boltzmann(row, 0.5, draw)

    mixed, out = values((1, 2.5), (1, 0.0), np.empty(2), DRAW), np.empty(2)
    expected = operators.softmax([1.0, 2.5], 0.5, out)
    assert mixed == (operators.soft_value([1.0, 2.5], 0.5), 0.0, policies.boltzmann([1.0, 2.5], 0.5, DRAW))
    assert expected.sum() == pytest.approx(1.0)


def test_indices_are_checked_in_compiled_code_where_numba_is_told_to():
    script = """
    import numba, numpy as np
    from fastsoftq.kernels.updates import q_learning_update
    caller = numba.njit(lambda q, s: q_learning_update(q, 0, 1, -1.0, s, False, 0.5, 0.9))
    try:
        caller(np.zeros((3, 2)), 5)
    except IndexError:
        print("refused")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        env=os.environ | {"NUMBA_BOUNDSCHECK": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout == "refused\n", done.stderr


# ---- vectors ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("v + w", "they must be of one type"),
        ("v * 1.5", "convert one of them"),
        ("maximum(v, 0.5)", "convert one of them"),
        ("fma(v, v, v)", "it must be of floats"),
        ("v / v", "truediv"),
        ("w & w", "and_"),
        ("w << w", "lshift"),
        ("(w > w) + (w > w)", "add"),
        ("select(w, w, w)", "select: mask is"),
        ("bitcast(w, np.int32(0))", "it must be as wide as x"),
        ("maximum(w > w, w > w)", "maximum: x is"),
        ("v + load(stack(np.int32, 8), 0)", "they must be of one type"),
        ("select(v > v, load(stack(np.int32, 8), 0), 0)", "they must have as many lanes"),
        ("whole(w, w)", "whole: x is"),
    ],
)
def test_vectors_that_do_not_go_together_are_refused_when_compiled(expression, words):
    from fastsoftq.engine.lane_memory import load
    from fastsoftq.kernels.simd import bitcast, fma, maximum, select, whole

    names = {
        "load": load,
        "stack": stack,
        "np": np,
        "bitcast": bitcast,
        "fma": fma,
        "maximum": maximum,
        "select": select,
        "whole": whole,
    }
    vectors = "v, w = load(stack(np.int32, 16), 0), load(stack(np.float64, 16), 0)"
    exec(f"def f():\n    {vectors}\n    {expression}\n", names)
    with pytest.raises(TypingError, match=words):
        numba.njit(names["f"])()


def test_a_vector_of_integers_is_a_mask_where_it_is_not_zero():
    from fastsoftq.engine.lane_memory import load, store
    from fastsoftq.kernels.simd import any_lane, select

    @numba.njit
    def f(x, out):
        memory = stack(np.int32, 16)
        for lane in range(16):
            memory[lane] = x[lane]
        v = load(memory, 0)
        store(memory, 0, select(v, np.int32(7), np.int32(-7)))
        for lane in range(16):
            out[lane] = memory[lane]
        return any_lane(v)

    x, out = (np.arange(16, dtype=np.int32) % 3), np.zeros(16, np.int32)
    assert f(x, out)
    assert out.tolist() == np.where(x, 7, -7).tolist()
    assert not f(np.zeros(16, np.int32), out)


# ---- what they are ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", GOOD)
def test_it_is_pickled_by_its_name_and_documented(name):
    kernel = KERNELS[name]
    assert pickle.loads(pickle.dumps(kernel)) is kernel
    assert kernel.__name__ == name
    assert getattr(importlib.import_module(kernel.__module__), name) is kernel
    assert ">>> " in inspect.getdoc(kernel)
