"""Array forms of kernels: the bits of the scalar ones, for any leading shape, layout and precision; bad batches."""

import inspect
import re

import numba
import numpy as np
import pytest
from numba.core.errors import TypingError

from fastsoftq.kernels import batch_keys, batch_policies, batch_updates, batch_values
from fastsoftq.kernels.random import draw
from tests.kernels.calling import both_ways
from tests.kernels.test_arguments import KERNELS

MODULES = (batch_values, batch_policies, batch_updates, batch_keys)
BATCHES = {name: getattr(module, name) for module in MODULES for name in module.__all__}

SHAPES = [(2, 3), (5,), (0,), (3, 0)]  # few, as each number of axes is compiled


def drawn(key):
    return draw(np.int64(key))


def table(shape, actions, dtype):
    return np.round(np.random.default_rng(actions).normal(0.0, 2.0, (*shape, actions)), 1).astype(dtype)


def policies(shape, actions):
    return np.random.default_rng(3).dirichlet(np.ones(actions), shape)


def keys(shape):
    return np.random.default_rng(2).integers(-(2**63), 2**63 - 1, shape)


def spread(shape, low, high):
    return np.random.default_rng(1).uniform(low, high, shape)


# By name: further arguments of a batch of rows, and the scalar form of one row with them.
VALUES = {
    "hard_values": (lambda shape, n: (), KERNELS["hard_value"]),
    "soft_values": (lambda shape, n: (spread(shape, 0.1, 2.0),), KERNELS["soft_value"]),
    "mellowmax_values": (lambda shape, n: (spread(shape, 0.1, 2.0),), KERNELS["mellowmax"]),
    "expected_values": (lambda shape, n: (policies(shape, n),), KERNELS["expected_value"]),
}
POLICIES = {
    "softmax_policies": (lambda shape, n: (spread(shape, 0.1, 2.0),), KERNELS["softmax"]),
    "greedy_policies": (lambda shape, n: (), KERNELS["greedy_policy"]),
    "epsilon_greedy_policies": (lambda shape, n: (spread(shape, 0.0, 1.0),), KERNELS["epsilon_greedy_policy"]),
}
ACTIONS = {
    "greedy_actions": (lambda shape, n: (keys(shape),), lambda row, key: KERNELS["greedy"](row, drawn(key))),
    "epsilon_greedy_actions": (
        lambda shape, n: (spread(shape, 0.0, 1.0), keys(shape)),
        lambda row, epsilon, key: KERNELS["epsilon_greedy"](row, epsilon, drawn(key)),
    ),
    "boltzmann_actions": (
        lambda shape, n: (spread(shape, 0.1, 2.0), keys(shape)),
        lambda row, temperature, key: KERNELS["boltzmann"](row, temperature, drawn(key)),
    ),
}
OF_ROWS = VALUES | POLICIES | ACTIONS


def locked(x):
    x = x.copy()
    x.flags.writeable = False
    return x


LAYOUTS = {
    "contiguous": np.copy,
    "strided": lambda x: np.repeat(np.repeat(x, 2, 0), 2, -1)[::2, ..., ::2],
    "reversed": lambda x: x[::-1, ..., ::-1].copy()[::-1, ..., ::-1],
    "by columns": np.asfortranarray,
    "read-only": locked,
}


def one_by_one(name, q, more, dtype):
    """What the scalar form gives for each row."""
    scalar = OF_ROWS[name][1]
    found = np.empty(q.shape if name in POLICIES else q.shape[:-1], dtype)
    for at in np.ndindex(q.shape[:-1]):
        arguments = (np.ascontiguousarray(q[at]), *(x[at] for x in more))
        found[at] = scalar(*arguments, np.empty(q.shape[-1])) if name in POLICIES else scalar(*arguments)
    return found


def standard(name, q):
    """The dtype of a new array of results."""
    return np.int32 if name in ACTIONS else q.dtype if name == "hard_values" else np.float64


@both_ways
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", OF_ROWS)
def test_a_batch_has_the_bits_of_its_rows(name, dtype, layout, called):
    kernel = called(BATCHES[name])
    for shape in SHAPES if layout == "contiguous" else SHAPES[:1]:
        for actions in (1, 4):
            q = LAYOUTS[layout](table(shape, actions, dtype))
            more = OF_ROWS[name][0](shape, actions)
            found = kernel(q, *more)
            expected = one_by_one(name, q, more, standard(name, q))
            assert found.dtype == expected.dtype
            assert found.shape == expected.shape
            assert found.tobytes() == expected.tobytes()


@both_ways
@pytest.mark.parametrize("name", OF_ROWS)
def test_results_go_where_they_are_asked_to_go(name, called):
    q = table((2, 3), 4, np.float64)
    more = OF_ROWS[name][0]((2, 3), 4)
    shape = q.shape if name in POLICIES else (2, 3)
    for dtype in (np.int32, np.int64) if name in ACTIONS else (np.float64, np.float32):
        for out in (np.empty(shape, dtype), np.empty((*shape[:-1], 2 * shape[-1]), dtype)[..., ::2]):
            assert called(BATCHES[name])(q, *more, out) is out or not isinstance(out.base, type(None))
            np.testing.assert_array_equal(out, one_by_one(name, q, more, dtype))


@both_ways
def test_what_is_by_state_may_be_one_number_or_broadcast(called):
    q = table((2, 3), 4, np.float64)
    for temperature in (0.5, np.float32(0.5), np.array([0.5, 1.0, 2.0]), np.array([[0.5], [2.0]])):
        found = called(batch_values.soft_values)(q, temperature)
        whole = np.broadcast_to(temperature, (2, 3))
        assert found.tobytes() == one_by_one("soft_values", q, (whole,), np.float64).tobytes()
    one_key = called(batch_policies.boltzmann_actions)(q, 0.5, 7)
    assert one_key.tolist() == batch_policies.boltzmann_actions(q, 0.5, np.full((2, 3), 7)).tolist()


@both_ways
def test_a_policy_may_overwrite_its_values(called):
    for name in POLICIES:
        q = table((4,), 3, np.float64)
        more = OF_ROWS[name][0]((4,), 3)
        expected = BATCHES[name](q, *more)
        called(BATCHES[name])(q, *more, q)
        assert q.tobytes() == expected.tobytes()


@both_ways
def test_entropies(called):
    p = policies((2, 3), 4)
    expected = [[KERNELS["entropy"](row) for row in rows] for rows in p]
    assert called(batch_values.entropies)(p).tolist() == expected


# ---- transitions -----------------------------------------------------------------------------------------------------


def transitions(shape, states, actions):
    rng = np.random.default_rng(5)
    return {
        "states": rng.integers(0, states, shape),
        "actions": rng.integers(0, actions, shape),
        "rewards": rng.normal(size=shape),
        "next_states": rng.integers(0, states, shape),
        "next_actions": rng.integers(0, actions, shape),
        "policies": rng.dirichlet(np.ones(actions), shape),
        "terminated": rng.random(shape) < 0.3,
        "step_size": rng.uniform(0.1, 1.0, shape),
        "discount": rng.uniform(0.0, 1.0, shape),
        "temperature": rng.uniform(0.1, 2.0, shape),
    }


UPDATES = [name for name in batch_updates.__all__ if name.endswith("updates")]


@both_ways
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", UPDATES)
def test_updates_are_those_of_each_transition_in_turn(name, dtype, called):
    batch, scalar = called(BATCHES[name]), KERNELS[name.removesuffix("s")]
    names = list(inspect.signature(BATCHES[name]).parameters)[1:-1]
    for shape in [(40,), (4, 10), (0,)]:
        for view in (np.copy, lambda q: np.repeat(q, 2, 0)[::2], np.asfortranarray):
            given = transitions(shape, 3, 2)
            q, twin = view(table((3,), 2, dtype)), table((3,), 2, dtype)
            errors = batch(q, *(given[name] for name in names))
            expected = [scalar(twin, *(given[name][at] for name in names)) for at in np.ndindex(shape)]
            assert errors.ravel().tolist() == expected
            np.testing.assert_array_equal(q, twin)


@both_ways
def test_numbers_serve_for_all_transitions(called):
    given = transitions((9,), 3, 2)
    q, twin = table((3,), 2, np.float64), table((3,), 2, np.float64)
    out = np.empty(9, np.float32)
    called(batch_updates.q_learning_updates)(q, given["states"], 1, -1.0, given["next_states"], False, 0.5, 0.9, out)
    for i, (state, ahead) in enumerate(zip(given["states"], given["next_states"], strict=True)):
        assert out[i] == np.float32(KERNELS["q_learning_update"](twin, state, 1, -1.0, ahead, False, 0.5, 0.9))
    assert q.tobytes() == twin.tobytes()


@both_ways
def test_targets(called):
    given = transitions((3, 4), 3, 2)
    arguments = [given[name] for name in ("rewards", "terminated", "discount", "temperature")]
    found = called(batch_updates.td_targets)(*arguments)
    assert found.ravel().tolist() == [KERNELS["td_target"](*(x[at] for x in arguments)) for at in np.ndindex((3, 4))]


# ---- streams ---------------------------------------------------------------------------------------------------------


@both_ways
def test_streams(called):
    numbers = np.array([[0, 1, 2**40], [7, 8, 9]])
    found = called(batch_keys.seeds)(numbers)
    assert found.tolist() == [[KERNELS["seed"](n) for n in row] for row in numbers.tolist()]
    assert called(batch_keys.advances)(found).tolist() == [
        [KERNELS["advance"](k) for k in row] for row in found.tolist()
    ]
    after, drawn = called(batch_keys.uniforms)(found)
    assert list(zip(after.ravel().tolist(), drawn.ravel().tolist(), strict=True)) == [
        KERNELS["uniform"](k) for k in found.ravel().tolist()
    ]
    after, drawn = called(batch_keys.integers)(found, np.array([3, 10, 2**20]))
    assert list(zip(after.ravel().tolist(), drawn.ravel().tolist(), strict=True)) == [
        KERNELS["integer"](k, n) for k, n in zip(found.ravel().tolist(), [3, 10, 2**20] * 2, strict=True)
    ]
    assert called(batch_keys.advances)(found, found) is not None
    assert found.tolist() == after.tolist()


def test_seeds_beyond_int64():
    assert batch_keys.seeds(np.array([2**64 - 1], np.uint64))[0] == KERNELS["seed"](2**64 - 1)


# ---- what must be refused --------------------------------------------------------------------------------------------

NAN, INF = np.nan, np.inf
Q = np.zeros((3, 2))
GIVEN = {
    "q": Q,
    "policies": np.full((3, 2), 0.5),
    "temperature": 0.5,
    "epsilon": 0.5,
    "keys": np.zeros(3, np.int64),
    "numbers": np.zeros(3, np.int64),
    "count": 5,
    "states": np.zeros(3, np.int64),
    "actions": 0,
    "rewards": 0.0,
    "next_states": 1,
    "next_actions": 1,
    "next_values": np.zeros(3),
    "terminated": False,
    "step_size": 0.5,
    "discount": 0.5,
    "out": None,
}
BAD = {
    "q": (None, 1.0, "q", [1.0, 2.0], np.zeros((3, 0)), [[NAN, 1.0]], [[-INF, -INF]], np.zeros((2, 2), complex)),
    "policies": (None, [0.5, 0.5], [[0.5, 0.4]], [[1.5, -0.5]], [[NAN, 1.0]], [[0.5, 0.5]] * 4),
    "temperature": (None, 0.0, -1.0, NAN, "1", [1.0, 0.0, 1.0], [1.0, NAN, 1.0], [1.0, 2.0], np.ones((1, 1, 3))),
    "epsilon": (None, -0.1, 1.5, NAN, [0.0, 2.0, 0.0], [0.5, 0.5]),
    "keys": (None, 1.5, [1.5, 2.0, 3.0], ["a", "b", "c"]),
    "numbers": (None, 1, [-1], [1.5]),
    "count": (None, 0, [1, 2], [0, 1, 1], 1.5),
    "states": (None, 0, [3], [-1], [0.5]),
    "actions": (None, 2, -1, [0, 1], [0, 2, 0], 0.5),
    "rewards": (None, NAN, INF, [0.0, 1.0], [0.0, NAN, 0.0]),
    "next_states": (None, 3, -1, [0, 1], 0.5),
    "next_actions": (None, 2, [0, 1]),
    "next_values": (None, 1.0, ["a"]),
    "terminated": (None, 2, 0.5, [True, False], [0, 2, 1]),
    "step_size": (None, 0.0, 1.5, [0.5, 0.5], [0.5, 0.0, 0.5]),
    "discount": (None, -0.5, 1.5, [0.5, 0.5]),
    "out": (1.0, [0.0, 0.0, 0.0], np.empty(2), np.empty((1, 3)), np.empty(3, complex), locked(np.empty(3)), "out"),
}
ARGUMENTS = [(name, argument) for name, kernel in BATCHES.items() for argument in inspect.signature(kernel).parameters]


def arguments_of(name):
    given = {key: np.copy(v) if isinstance(v, np.ndarray) else v for key, v in GIVEN.items()}
    if name == "seeds":
        given["numbers"] = np.zeros(3, np.int64)
    return {key: given[key] for key in inspect.signature(BATCHES[name]).parameters}


@pytest.mark.parametrize("name", BATCHES)
def test_what_is_good_is_taken_by_name_too(name):
    assert np.shape(BATCHES[name](**arguments_of(name))) == np.shape(BATCHES[name](*arguments_of(name).values()))


@pytest.mark.parametrize(("name", "argument"), ARGUMENTS)
def test_python_is_told_what_is_wrong(name, argument):
    alone = "q" not in inspect.signature(BATCHES[name]).parameters
    for value in BAD[argument][:-1] if argument == "policies" and alone else BAD[argument]:
        given = arguments_of(name) | {argument: value}
        before = given["q"].copy() if argument != "q" and "q" in given else None
        with pytest.raises((TypeError, ValueError), match=rf"^(the sum of )?{name}: {argument}\b") as told:
            BATCHES[name](**given)
        assert any(word in str(told.value) for word in ("must", "no array", "has", "no use")), value
        assert before is None or np.array_equal(before, given["q"])


@pytest.mark.parametrize(("name", "argument"), [(n, a) for n, a in ARGUMENTS if a not in ("count",)])
def test_compiled_callers_are_told_what_is_wrong(name, argument):
    kernel = BATCHES[name]
    caller = numba.njit(lambda *arguments: kernel(*arguments))
    given = arguments_of(name) | {argument: "text"}
    with pytest.raises(TypingError, match=rf"\b{name}: {argument} is .*; it must be"):
        caller(*given.values())


def test_shapes_that_differ_are_an_error_in_compiled_code_too():
    values = numba.njit(lambda q, out: batch_values.hard_values(q, out))
    with pytest.raises(ValueError, match="out must have the shape of the results"):
        values(np.zeros((3, 2)), np.empty(2))
    with pytest.raises(TypingError, match="out has 2 axes; it must have 1"):
        values(np.zeros((3, 2)), np.empty((3, 1)))
    expected = numba.njit(lambda q, p: batch_values.expected_values(q, p))
    with pytest.raises(ValueError, match="policies must have the shape of q"):
        expected(np.zeros((3, 2)), np.zeros((2, 2)))
    with pytest.raises(ValueError, match="broadcast"):
        numba.njit(lambda q, t: batch_values.soft_values(q, t))(np.zeros((3, 2)), np.ones(2))


def test_the_next_states_values_count_unless_they_terminated():
    q = np.zeros((3, 2))
    q[2, 1] = np.nan
    with pytest.raises(ValueError, match=r"q_learning_updates: q\[2\]\[1\] is nan; it must be finite"):
        batch_updates.q_learning_updates(q, [0, 1], 0, 1.0, [1, 2], [True, False], 0.5, 0.9)
    batch_updates.q_learning_updates(q, [0, 1], 0, 1.0, [1, 2], [False, True], 0.5, 0.9)
    assert q[:2].tolist() == [[0.5, 0.0], [0.5, 0.0]]


BY_ENTRY = {
    "states": (([0.0, 1.0], "states[0] is 0.0; it must be an integer"), ([0, 2, -1], "states[2] is -1; it must lie"),
               ([0, 3, 2], "states[1] is 3; it must lie in 0..2"),
               ([True], "states[0] is True; it must be an integer")),
    "actions": (([0, 1, -1], "actions[2] is -1; it must lie in 0..1"), (2, "actions is 2; it must lie in 0..1"),
                ([0.0] * 3, "actions[0] is 0.0; it must be an integer")),
    "next_states": (([0, 1, 3], "next_states[2] is 3; it must lie in 0..2"), (-1, "next_states is -1; it must lie in")),
    "next_actions": (([0, 1, 2], "next_actions[2] is 2; it must lie in 0..1"),),
    "keys": (([0.5, 1.0, 2.0], "keys[0] is 0.5; it must be an integer"),),
    "numbers": (([5, -1], "numbers[1] is -1; it must lie in 0..18446744073709551615"),),
    "count": (([1, 0, 2], "count[1] is 0; it must lie in 1..4294967296"),),
    "rewards": (([0.0, 1.0, np.nan], "rewards[2] is nan; it must be finite"),
                ([[0.0], [np.inf]], "rewards[1, 0] is inf; it must be finite")),
    "terminated": (([0, 1, 2], "terminated[2] is 2; it must be True or False"),
                   ([0.5, 0.0, 1.0], "terminated[0] is 0.5; it must be a boolean")),
    "step_size": (([0.5, 0.0, 1.0], "step_size[1] is 0.0; it must lie in (0, 1]"),),
    "temperature": (([1.0, 1.0, 0.0], "temperature[2] is 0.0; it must"),),
    "next_values": ((["a", "b"], "next_values[0] is 'a'; it must be a number"),),
}  # fmt: skip


@pytest.mark.parametrize(("name", "argument"), [(n, a) for n, a in ARGUMENTS if a in BY_ENTRY])
def test_the_first_bad_entry_is_named(name, argument):
    for value, words in BY_ENTRY[argument]:
        with pytest.raises((TypeError, ValueError), match=re.escape(f"{name}: {words}")):
            BATCHES[name](**arguments_of(name) | {argument: value})


@pytest.mark.parametrize("name", BATCHES)
def test_an_empty_list_is_an_empty_array(name):
    """Of whatever kind is asked for, at every argument that may be an array."""
    parameters = inspect.signature(BATCHES[name]).parameters
    given = arguments_of(name)
    if "q" in given and "states" not in given:
        given["q"] = np.empty((0, 2))
    q = given.get("q")
    before = None if q is None else q.copy()
    for argument in parameters:
        if argument == "policies" and "states" not in given:
            given[argument] = np.empty((0, 2))
        elif argument not in ("q", "out"):
            given[argument] = []
    found = BATCHES[name](**given)
    for array in found if isinstance(found, tuple) else (found,):
        assert array.size == 0
    assert before is None or np.array_equal(q, before)


def test_an_empty_list_leaves_the_table_and_takes_numbers_for_all():
    q = np.ones((3, 2))
    assert batch_updates.q_learning_updates(q, [], 0, 0.0, 1, False, 0.5, 0.9).shape == (0,)
    assert batch_updates.q_learning_updates(q, np.empty((2, 0)), 0, 0.0, 1, False, 0.5, 0.9).shape == (2, 0)
    assert (q == 1.0).all()
    with pytest.raises(ValueError, match=r"policies has shape \(0,\); it must have shape \(1, 2\)"):
        batch_updates.expected_sarsa_updates(q, [0], 0, 0.0, 1, [], False, 0.5, 0.9)
    with pytest.raises(ValueError, match=r"states is 1; it must be an array"):
        batch_updates.q_learning_updates(q, 1, 0, 0.0, 1, False, 0.5, 0.9)
