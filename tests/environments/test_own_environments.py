"""An environment of one's own is tried before any work, and compiled and kept on disk like an agent."""

import math
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.agents.rules import known_agents, rule_names
from fastsoftq.environments import (
    ENVIRONMENT_KINDS,
    Description,
    check_environment,
    describe,
    known_environments,
    observe,
    reset,
    step,
)
from tests.environments import homemade
from tests.environments.playing import seen

ROOT = Path(__file__).parents[2]


def test_agents_and_environments_are_told_apart():
    assert homemade.Drifting in known_environments()
    assert homemade.Drifting not in known_agents()
    assert fsq.QLearning in known_agents()
    assert fsq.QLearning not in known_environments()
    assert "step" not in rule_names()


def test_it_is_described_and_steps():
    environment = homemade.Drifting(2.0)
    assert check_environment(environment) == (2, (1,), 50)
    state, reward, terminated = step(environment, (1.9, 3), 1, 0)
    assert 2.1 <= state[0] <= 2.2
    assert state[1] == 4
    assert reward == -(state[0] ** 2)
    assert terminated
    assert seen(environment, (1.0, 0)).tolist() == [0.5]


@pytest.mark.parametrize("kind", sorted(set(ENVIRONMENT_KINDS) - {"gymnasium_environment"}))
def test_the_projects_own_pass(kind):
    environment = ENVIRONMENT_KINDS[kind]()
    assert check_environment(environment) == describe(environment)
    assert describe(environment._replace(**({"max_steps": 3} if kind != "catch" else {"rows": 3}))).max_steps == 3


def faulty(**rules):
    """An environment of which some rules are others."""

    class Mine(NamedTuple):
        size: float = 1.0

    given = {
        "describe": lambda environment: Description(2, (2,), 10),
        "reset": lambda environment, key: 0.0,
        "step": lambda environment, state, action, key: (state + action, 1.0, False),
        "observe": good,
    }
    for generic in (describe, reset, step, observe):
        implementation = {**given, **rules}[generic.__name__]
        if implementation is not None:
            fsq.rule(generic, Mine)(implementation)
    return Mine()


def test_one_made_again_goes_by_its_new_rules():
    for reward in (1.0, 2.0):
        environment = faulty(step=lambda environment, state, action, key, reward=reward: (state, reward, False))
        assert step(environment, 0.0, 0, 0)[1] == reward


@pytest.mark.parametrize(
    "replay", [fsq.Replay(batch=16, start=20, every=2), fsq.Rollouts(environments=4, length=8, minibatches=2)], ids=str
)
def test_its_rules_may_make_arrays(replay):
    def with_array(environment, state, action, key):
        numbers = np.zeros(2)
        numbers[0] = state
        return numbers.sum() + 1.0, 1.0, False

    deep = fsq.Deep(fsq.QLearning(1e-3, 0.9), network=fsq.MLP((16,)), replay=replay)
    assert fsq.train(faulty(step=with_array), deep, seeds=1, steps=64, points=1).returns == 10.0


def good(environment, state, out):
    out[0] = state
    out[1] = environment.size


def writes_zeros(environment, state, out):
    out[0] = out[1] = 0.0


def writes_nan(environment, state, out):
    out[0] = state
    out[1] = np.nan if state > 0.5 else 0.0


def writes_infinity(environment, state, out):
    out[0] = 1e300 * (1.0 + state)
    out[1] = 0.0


def leaves_one_out(environment, state, out):
    out[1] = state


def writes_beyond(environment, state, out):
    for i in range(3):
        out[i] = state


def misspells(environment, state, action, key):
    return state + environment.sise, 1.0, False


def adds_a_text(environment, state, action, key):
    return state + "a", 1.0, False


def enters_a_context(environment, state, action, key):
    with np.errstate() as before:
        return state, float(before is None), False


def asks_numpy(environment, state, action, key):
    return np.signn(state), 1.0, False


BIG = 2**53 + 2


@pytest.mark.parametrize(
    ("rules", "error", "message"),
    [
        ({"observe": writes_nan}, ValueError, "after action 1 in state 0.0 `observe` writes nan as number 1; obs"),
        ({"observe": writes_infinity}, ValueError, "after `reset` `observe` writes inf as number 0"),
        ({"observe": leaves_one_out}, ValueError, "`observe` leaves number 0 of 2 unwritten"),
        ({"observe": writes_beyond}, ValueError, "`observe` writes beyond the 2 numbers of its description"),
        ({"step": misspells}, TypeError, r"its rule 'step' cannot be compiled \(.*Unknown attribute 'sise'"),
        ({"step": adds_a_text}, TypeError, r"its rule 'step' cannot be compiled \(.*: there is no add\(float64, Lit"),
        (
            {"step": enters_a_context},
            TypeError,
            "cannot be compiled.*'with .context manager. as .variable.:' construct is",
        ),
        ({"step": asks_numpy}, TypeError, "cannot be compiled: module 'numpy' has no attribute 'signn'"),
        ({"observe": None}, TypeError, "environment is of Mine, which has no rule 'observe'; an environment needs all"),
        (
            {
                "reset": lambda environment, key: 0,
                "step": lambda environment, state, action, key: (state + 0.5, 1.0, False),
            },
            TypeError,
            "`reset` returns a state of int64, and `step` one of .*; they must be of the same types",
        ),
        (
            {"step": lambda environment, state, action, key: ((state, 0.5), 1.0, False)},
            TypeError,
            r"`reset` returns a state of float64, and `step` one of UniTuple\(float64 x 2\); they must be of the same",
        ),
        (
            {
                "reset": lambda environment, key: (0.0,) * 65,
                "step": lambda environment, state, action, key: (state, 1.0, False),
                "observe": lambda environment, state, out: None,
            },
            ValueError,
            "`reset` returns a state of 65 numbers; it must have at most 64",
        ),
        (
            {"reset": lambda environment, key: ((0.0, 1.0), 2.0), "observe": lambda environment, state, out: None},
            TypeError,
            "must be a number or a flat tuple|cannot be compiled",
        ),
        (
            {"step": lambda environment, state, action, key: (state, 1.0)},
            TypeError,
            r"`step` returns UniTuple\(float64 x 2\); it must return \(state, reward, terminated\)",
        ),
        (
            {"step": lambda environment, state, action, key: (state, 1.0, 0.0)},
            TypeError,
            "terminated of float64; it mu",
        ),
        (
            {"step": lambda environment, state, action, key: (state, (1.0,), True)},
            TypeError,
            "reward of .*; it must be",
        ),
        ({"step": lambda environment, state, action, key: (state, np.nan, True)}, ValueError, "in state 0.0 pays nan"),
        (
            {"step": lambda environment, state, action, key: (np.inf, 0.0, True)},
            ValueError,
            "state with inf; states mu",
        ),
        ({"describe": lambda environment: 3}, TypeError, "environment's description is 3; `describe` must return"),
        (
            {"describe": lambda environment: (2, (2,), 10)},
            TypeError,
            r"environment's description is \(2, \(2,\), 10\); `describe` must return a Description",
        ),
        ({"describe": lambda environment: Description(2, 4, 10)}, TypeError, "has shape 4; it must be"),
        ({"describe": lambda environment: Description(2, (4, 4), 10)}, TypeError, r"has shape \(4, 4\); it must be"),
        (
            {"describe": lambda environment: Description(0, (2,), 10)},
            ValueError,
            "n_actions is 0; it must be at least 1",
        ),
        (
            {"describe": lambda environment: Description(2, (2,), None)},
            TypeError,
            "max_steps is None; it must be an integer",
        ),
        ({"describe": lambda environment: Description(2, (2**30,), 5)}, ValueError, "at most 16777216 numbers"),
        (
            {
                "reset": lambda environment, key: BIG,
                "step": lambda environment, state, action, key: (state, 0.0, True),
            },
            ValueError,
            "integers must be within",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_line(rules, error, message):
    with pytest.raises(error, match=message) as caught:
        check_environment(faulty(**rules))
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 700


class Inner(NamedTuple):
    deep: object = None


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": 1}, r"its field size is \{'a': 1\}; it must be a number, a text, an array"),
        (len, "its field size is <built-in function len>; it must be"),
        (2**70, "its field size is 1180591620717411303424; it must be"),
        (np.zeros(2, ">f8"), r"its field size is .* of >f8; it must be"),
        (np.array([1, None]), r"its field size is .* of object; it must be"),
        (Inner(set()), r"its field size.deep is set\(\); it must be"),
    ],
)
def test_fields_that_compiled_code_cannot_be_given_are_named(value, message):
    with pytest.raises(TypeError, match=message) as caught:
        check_environment(faulty()._replace(size=value))
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "value", [1, 1.5, True, None, "s", (1, 2.0), np.float32(1), np.zeros((2, 3))[:, ::2], Inner(2)]
)
def test_fields_of_numbers_texts_and_arrays_are_taken(value):
    check_environment(faulty(observe=writes_zeros)._replace(size=value))


@pytest.mark.parametrize("thing", ["cart_pole", fsq.QLearning(0.1, 0.9), None, fsq.cliff_walking()])
def test_what_is_no_environment_is_refused(thing):
    for use in (check_environment, describe, lambda environment: reset(environment, 0)):
        with pytest.raises(TypeError, match=r"environment is .*; it must be .*, such as cart_pole\(\), or gymnasium_"):
            use(thing)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda e: step(e, (0.0, 0.0), 3, 0), ValueError, r"action is 3; it must lie in 0..2"),
        (lambda e: step(e, (0.0, 0.0), -1, 0), ValueError, r"action is -1; it must lie in 0..2"),
        (lambda e: step(e, (0.0, 0.0), 1.0, 0), TypeError, "action is 1.0; it must be an integer"),
        (lambda e: reset(e, 0.5), TypeError, "key is 0.5; it must be an integer"),
        (lambda e: observe(e, (0.0, 0.0), np.empty(1, np.float32)), TypeError, r"out is float32 \[1\]; it must be an"),
        (lambda e: observe(e, (0.0, 0.0), np.empty(2)), TypeError, r"out is float64 \[2\]; it must be an array of flo"),
        (lambda e: observe(e, (0.0, 0.0), [0.0, 0.0]), TypeError, r"out is \[0.0, 0.0\]; it must be an array"),
    ],
)
def test_python_reads_and_writes_nothing_out_of_bounds(call, error, message):
    with pytest.raises(error, match=message):
        call(fsq.mountain_car())


TABLE = fsq.observed(fsq.from_map("S.G"))


@pytest.mark.parametrize(
    ("environment", "state", "error", "message"),
    [
        (TABLE, 3, ValueError, r"state is 3; it must lie in 0..2"),
        (TABLE, -1, ValueError, r"state is -1; it must lie in 0..2"),
        (fsq.observed(fsq.from_map("S.G"), "coordinates"), 10**9, ValueError, "state is 1000000000; it must lie in"),
        (fsq.observed(fsq.from_map("S.G"), "picture"), 3, ValueError, "state is 3; it must lie in 0..2"),
        (TABLE, 1.5, TypeError, "state is 1.5; it must be an integer"),
        (fsq.catch(5, 6), (5, 0, 0), ValueError, r"state\[0\] is 5; it must lie in 0..4"),
        (fsq.catch(5, 6), (0, 6, 0), ValueError, r"state\[1\] is 6; it must lie in 0..5"),
        (fsq.catch(5, 6), (0, 0, 10**12), ValueError, r"state\[2\] is 1000000000000; it must lie in 0..5"),
        (fsq.catch(5, 6), (0.0, 0, 0), TypeError, r"state\[0\] is 0.0; it must be an integer"),
        (fsq.catch(5, 6), (0, 0), TypeError, r"state is \(0, 0\); it must be a tuple of 3 integers"),
        (fsq.breakout(), (0, 10, 1, 1, 0, 3, 4, 0, 7, 0), ValueError, r"state\[1\] is 10; it must lie in 0..9"),
        (fsq.cart_pole(), "left", TypeError, "state is 'left'; it must be a number or a flat tuple of numbers"),
        (
            fsq.cart_pole(),
            np.zeros(4),
            TypeError,
            r"state is array\(.*; it must be a number or a flat tuple of numbers",
        ),
    ],
)
def test_states_that_cannot_be_are_refused_in_one_line(environment, state, error, message):
    out = np.zeros(math.prod(describe(environment).shape), np.float32)
    for use in (lambda: step(environment, state, 0, 0), lambda: observe(environment, state, out)):
        with pytest.raises(error, match=message) as caught:
            use()
        assert "\n" not in str(caught.value)
    assert not out.any()


def test_a_state_of_another_length_is_told_in_one_line():
    with pytest.raises(TypeError, match=r"state is \(0.0, 0.0\); .*wrong tuple length.*expected 4, got 2") as caught:
        step(fsq.cart_pole(), (0.0, 0.0), 0, 0)
    assert "\n" not in str(caught.value)


def test_a_rule_that_is_edited_after_it_was_compiled_is_refused(monkeypatch):
    environment = homemade.Drifting(1.0)
    check_environment(environment)
    monkeypatch.setattr(homemade, "SPEED", 9.0)
    with pytest.raises(ValueError, match=r"homemade.SPEED changed since it was compiled, and would have no effect"):
        check_environment(environment, "world")
    with pytest.raises(TypeError, match="Drifting has been compiled with the rules it had"):
        fsq.rule(reset, homemade.Drifting)(lambda environment, key: (1.0, 0))


def test_a_rule_of_the_wrong_arguments_is_refused():
    with pytest.raises(TypeError, match=r"the rule 'reset' is called with \(environment, key\)"):
        faulty(reset=lambda environment: 0.0)
    with pytest.raises(TypeError, match=r"environments includes <class 'int'>; an environment must be a typing.NamedT"):
        fsq.rule(step, int)


SCRIPT = """
import hashlib, sys
import numpy as np
import fastsoftq as fsq
from fastsoftq.environments import describe, observe, reset, step
from fastsoftq.kernels.random import advance, seed
{made}
digest = hashlib.sha256()
for environment in environments:
    key, n = seed(7), describe(environment).n_actions
    out = np.zeros(int(np.prod(describe(environment).shape)), np.float32)
    state = reset(environment, key)
    for t in range(400):
        key = advance(key)
        state, reward, terminated = step(environment, state, t * t % n, key)
        observe(environment, state, out)
        digest.update(np.array([*np.atleast_1d(state), reward, terminated], float).tobytes() + out.tobytes())
        if terminated:
            state = reset(environment, key)
print(digest.hexdigest())
"""
ALL = """environments = [
    fsq.cart_pole(), fsq.mountain_car(), fsq.acrobot(), fsq.pendulum(), fsq.breakout(), fsq.catch(),
    fsq.multi_goal_point_mass("u_maze", lengths=2), fsq.observed(fsq.cliff_walking(slippery=True), "picture"),
]"""


def run(script, folder, **environment):
    variables = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{folder}", **environment}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=folder, env=variables, timeout=300,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_bits_are_the_same_on_every_processor(tmp_path):
    names = ["generic"] if sys.platform != "linux" or os.uname().machine != "x86_64" else ["generic", "x86-64-v3"]
    script = SCRIPT.format(made=ALL)
    native = run(script, tmp_path)
    for name in names:
        assert run(script, tmp_path, NUMBA_CPU_NAME=name, NUMBA_CPU_FEATURES="") == native


def test_ones_own_file_is_kept_on_disk_and_compiled_anew_once_it_is_edited(tmp_path):
    text = Path(homemade.__file__).read_text()
    (tmp_path / "drifting.py").write_text(text)
    script = SCRIPT.format(made="from drifting import Drifting\nenvironments = [Drifting(2.0)]")
    kept_at = {"FASTSOFTQ_CACHE_DIR": str(tmp_path / "cache")}
    first = run(script, tmp_path, **kept_at)
    kept = sorted(path.name for path in (tmp_path / "cache").rglob("*.jit"))
    assert {name.split("-")[0] for name in kept} >= {"reset", "step", "observe"}
    assert run(script, tmp_path, **kept_at) == first
    assert sorted(path.name for path in (tmp_path / "cache").rglob("*.jit")) == kept
    (tmp_path / "drifting.py").write_text(text.replace("SPEED = 0.25", "SPEED = 0.5"))
    assert run(script, tmp_path, **kept_at) != first
    assert len(list((tmp_path / "cache").rglob("*.jit"))) > len(kept)


def test_one_of_main_is_compiled_but_not_kept(tmp_path):
    made = Path(homemade.__file__).read_text() + "\nenvironments = [Drifting(2.0)]"
    run(SCRIPT.format(made=made), tmp_path, FASTSOFTQ_CACHE_DIR=str(tmp_path / "cache"))
    assert not [p for p in (tmp_path / "cache").rglob("*.jit") if p.name.split("-")[0] in ("reset", "step", "observe")]


def test_nothing_is_infinite_in_a_long_play():
    for make in (fsq.cart_pole, fsq.mountain_car, fsq.acrobot, fsq.pendulum, fsq.multi_goal_point_mass):
        environment = make()
        n, state = describe(environment).n_actions, reset(environment, 0)
        for t in range(3000):
            state, reward, terminated = step(environment, state, t // 3 % n, t)
            assert np.isfinite(seen(environment, state)).all()
            assert math.isfinite(reward)
            if terminated:
                state = reset(environment, t)
