"""What a run yields depends on environment, agent, seed and steps alone."""

import hashlib
import json
import os
import subprocess
import sys

import numpy as np
import pytest

import fastsoftq as fsq

HARD = fsq.QLearning(step_size=1e-3, discount=0.99, epsilon=fsq.LinearDecay(1.0, 0.05, 0.001))
SOFT = fsq.SoftQLearning(step_size=1e-3, discount=0.99, temperature=0.5)
BUFFER = fsq.Replay(capacity=400, batch=16, start=100, every=2)
SMALL = {"network": fsq.MLP((24, 16)), "target_period": 60}
ROLLOUTS = fsq.Rollouts(environments=4, length=8, minibatches=4)
AGENTS = {
    "hard": fsq.Deep(HARD, replay=BUFFER, **SMALL),
    "soft": fsq.Deep(SOFT, replay=BUFFER, **SMALL),
    "rollouts": fsq.Deep(SOFT, fsq.MLP((24, 16), layer_norm=True), replay=ROLLOUTS),
}


def trained(agent, seeds, environment=None, **options):
    given = {"steps": 1200, "points": 4, "keep_parameters": True, **options}
    return fsq.train(environment or fsq.cart_pole(), AGENTS.get(agent, agent), seeds, **given)


def same(a, b):
    for name in ("returns", "lengths", "truncated", "episodes", "diverged_at", "parameters"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


@pytest.mark.parametrize("name", AGENTS)
def test_threads_and_neighbours_change_no_bit(name):
    alone = trained(name, [11], threads=1)
    many = trained(name, [3, 5, 11, 2], threads=2)
    assert (many.parameters[0] != many.parameters[1]).any()
    for field in ("returns", "lengths", "truncated", "episodes", "diverged_at", "parameters"):
        np.testing.assert_array_equal(getattr(many, field)[2], getattr(alone, field)[0])
    same(trained(name, [3, 5, 11, 2], threads=1), many)


def test_blocks_of_a_stream_are_what_train_returns():
    whole = trained("hard", 5)
    blocks = list(fsq.stream(fsq.cart_pole(), AGENTS["hard"], 5, steps=1200, points=4, keep_parameters=True, block=2))
    assert [block.n_seeds for block in blocks] == [2, 2, 1]
    np.testing.assert_array_equal(np.concatenate([block.parameters for block in blocks]), whole.parameters)
    np.testing.assert_array_equal(np.concatenate([block.returns for block in blocks]), whole.returns)


@pytest.mark.parametrize("name", ["hard", "soft"])
def test_values_that_are_worked_out_once_a_target_period_change_no_bit(name, monkeypatch):
    from fastsoftq.deep import deep_training

    once = trained(name, 2)
    monkeypatch.setattr(deep_training, "changes_meanwhile", lambda agent: True)
    same(trained(name, 2), once)


LOCKSTEP = {
    "soft": AGENTS["soft"],
    "double, n steps, by priority": fsq.Deep(
        HARD, replay=fsq.PrioritizedReplay(capacity=400, batch=16, start=100, every=2), double=True, n_step=2, **SMALL
    ),
    "Munchausen": fsq.Deep(SOFT, replay=BUFFER, munchausen=fsq.Munchausen(), **SMALL),
    "diverges": fsq.Deep(
        fsq.QLearning(step_size=1.0, discount=1.0, epsilon=0.5),
        fsq.MLP(()),
        fsq.SGD(),
        fsq.Replay(capacity=200, batch=8, start=150, every=1),
        target_period=1,
    ),
}


@pytest.mark.parametrize("name", LOCKSTEP)
def test_runs_in_lockstep_have_the_bits_of_each_alone(name, monkeypatch):
    from fastsoftq.deep import deep_training

    agent, environment = LOCKSTEP[name], fsq.acrobot(max_steps=90)
    steps = 2000 if name == "diverges" else 600
    counts = []
    monkeypatch.setattr(deep_training, "lockstep_lanes", lambda *_: counts.append(1) or 1)
    alone = trained(agent, 21, environment, steps=steps, threads=1)
    monkeypatch.undo()
    assert counts
    lanes = deep_training.lockstep_lanes(agent.network, None)
    assert lanes > 1
    same(trained(agent, 21, environment, steps=steps, threads=1), alone)
    assert (name != "diverges") or alone.diverged.any()


def test_points_and_kept_parameters_change_nothing_else():
    coarse = trained("hard", 2, points=2)
    fine = trained("hard", 2, points=8)
    np.testing.assert_array_equal(coarse.parameters, fine.parameters)
    np.testing.assert_array_equal(coarse.episodes, fine.episodes[:, 3::4])
    np.testing.assert_array_equal(trained("hard", 2, points=8, keep_parameters=False).returns, fine.returns)


def test_a_run_may_start_from_given_parameters():
    first = trained("hard", 3)
    again = trained("hard", 3, initial_parameters=first.parameters)
    assert (again.parameters != first.parameters).any()
    one = trained("hard", [1], initial_parameters=first.parameters[1])
    np.testing.assert_array_equal(one.parameters[0], again.parameters[1])
    untrained = AGENTS["hard"]._replace(replay=BUFFER._replace(start=10_000))
    kept = trained(untrained, 3, initial_parameters=first.parameters)
    np.testing.assert_array_equal(kept.parameters, first.parameters)


PROGRAM = """
import hashlib, json
import fastsoftq as fsq
from tests.deep.test_deep_bits import digests
print(json.dumps(digests()))
"""

ENVIRONMENTS = {
    "cart pole": fsq.cart_pole,
    "mountain car": fsq.mountain_car,
    "acrobot": fsq.acrobot,
    "point mass": fsq.multi_goal_point_mass,
}


def digests():
    """Of each agent in cart pole, and of one in other environments: SHA-256 of curves and parameters."""
    runs = {name: trained(name, 2, threads=1) for name in AGENTS}
    for name, make in list(ENVIRONMENTS.items())[1:]:
        runs[name] = trained("hard", 2, make(), threads=1)
    found = {}
    for name, curves in runs.items():
        digest = hashlib.sha256()
        for field in ("returns", "lengths", "episodes", "parameters"):
            digest.update(np.ascontiguousarray(getattr(curves, field)).tobytes())
        found[name] = digest.hexdigest()[:16]
    return found


GOLDEN = {
    "acrobot": "769e48a980bc4d98",
    "hard": "01c275fff6aec6c5",
    "mountain car": "8742242a662f86b0",
    "point mass": "f77cb43caecd4a8c",
    "rollouts": "261a7e75ab26f56e",
    "soft": "dbc2cf7acd3f5bb7",
}


def test_golden_digests():
    """They change only when the science does."""
    assert digests() == GOLDEN


@pytest.mark.parametrize("cpu", ["generic", "x86-64-v3"])
def test_other_processors_have_the_same_bits(cpu):
    if cpu != "generic" and os.uname().machine != "x86_64":
        pytest.skip("not such a processor")
    environment = {
        **os.environ,
        "NUMBA_CPU_NAME": cpu,
        "NUMBA_CPU_FEATURES": "",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == GOLDEN


def test_rows_of_many_actions_are_arrays_and_leak_no_memory():
    """With more actions than fit in registers the rules make arrays, and let go of each."""
    from numba.core.runtime import _nrt_python, rtsys

    environment = fsq.multi_goal_point_mass(directions=20)
    agent = AGENTS["soft"]._replace(network=fsq.MLP((8,)))
    first = trained(agent, 1, environment, steps=400)
    _nrt_python.memsys_enable_stats()
    try:
        before = rtsys.get_allocation_stats()
        again = trained(agent, 1, environment, steps=400)
        after = rtsys.get_allocation_stats()
    finally:
        _nrt_python.memsys_disable_stats()
    same(first, again)
    assert after.alloc - before.alloc > 400
    assert after.alloc - before.alloc == after.free - before.free
