"""Every peer learns what the others learn, and one that cannot run says why."""

import csv
import functools
import json
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

import fastsoftq as fsq
from benchmarks.peers import OTHERS, PEERS, c_plain, machine, numba_plain, python_lists, task
from benchmarks.peers.__main__ import app
from benchmarks.peers.check import disagreements, reference

WORKLOADS = [pytest.param(peer, case, id=f"{peer.name}-{case.label}") for peer in PEERS for case in peer.cases]


def curves(peer, case, seeds=16, episodes=300, max_steps=100, first_seed=1):
    if reason := peer.missing():
        pytest.skip(reason)
    return peer.run(case, np.arange(first_seed, first_seed + seeds), episodes, max_steps)


@functools.cache
def expected(case, seeds=100, **size):
    return curves(reference(case), case, seeds=seeds, first_seed=10**6, **size)


def test_the_task_is_cliff_walking():
    mdp = fsq.cliff_walking()
    next_state, reward = task.tables()
    left = np.arange(task.N_STATES) != task.GOAL  # an episode never goes on from the goal
    assert np.array_equal(next_state[left], mdp.next_state[left, :, 0])
    assert np.array_equal(reward[left], mdp.reward[left, :, 0])
    assert np.array_equal(mdp.terminated[left, :, 0], next_state[left] == task.GOAL)
    assert mdp.start[task.START] == 1.0


@pytest.mark.parametrize(("peer", "case"), WORKLOADS)
def test_every_peer_learns_the_same_curve(peer, case):
    episodes = 30 if "Gymnasium" in peer.name or case == task.RANDOM else 300  # the first do for the slow
    returns, lengths = learned = curves(peer, case, episodes=episodes)
    assert returns.shape == lengths.shape == (16, episodes)
    assert returns.dtype == np.float64
    assert lengths.dtype == np.int32
    assert lengths.min() >= 13  # the shortest way along the cliff
    assert lengths.max() <= 100
    assert disagreements(learned, expected(case, episodes=episodes)) == []


@pytest.mark.parametrize("case", [task.HARD, task.SOFT_10], ids=lambda case: case.label)
def test_the_yardstick_learns_the_whole_curve(case):
    size = {"episodes": task.EPISODES, "max_steps": task.MAX_STEPS}
    assert disagreements(curves(c_plain.peer, case, seeds=100, **size), expected(case, **size)) == []


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_seeds_decide_what_is_learned(peer):
    case = peer.cases[0]
    first, again, other = (curves(peer, case, episodes=3, first_seed=seed)[0] for seed in (1, 1, 50))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert len(np.unique(first[:, 0])) > 1  # runs differ from each other


@pytest.mark.parametrize(
    ("constant", "value", "case"),
    [("STEP_SIZE", 0.5, task.HARD), ("DISCOUNT", 0.5, task.SOFT_10), ("EPSILON_START", 0.5, task.HARD)],
)
def test_a_peer_that_learns_something_else_is_found_out(monkeypatch, constant, value, case):
    monkeypatch.setattr(task, constant, value)  # the compiled reference keeps the right one
    assert disagreements(curves(python_lists.peer, case, seeds=40), expected(case)) != []


def test_unfair_ties_are_found_out(monkeypatch):
    monkeypatch.setattr("random.Random.choice", lambda self, actions: actions[0])
    assert disagreements(curves(python_lists.peer, task.HARD, seeds=40), expected(task.HARD)) != []


def test_another_reward_at_the_goal_is_found_out():
    returns, lengths = curves(numba_plain.peer, task.SOFT_10, seeds=400, episodes=100)
    gymnasium_pays = returns - (lengths < 100)
    found = disagreements((gymnasium_pays, lengths), expected(task.SOFT_10, seeds=400, episodes=100))
    assert found
    assert all("mean return" in what for what in found)


def test_a_spread_of_nothing_is_compared_exactly():
    same, other = np.full((16, 5), 100.0), np.full((16, 5), 99.0)
    assert disagreements((same, same), (same, same)) == []
    assert len(disagreements((same, same), (other, same))) == 5


@pytest.mark.parametrize("package", ["gymnasium", "jax", "envpool"])
def test_a_peer_without_its_package_says_so(monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    (peer,) = (peer for peer in OTHERS if package in peer.run.__module__)
    assert package in peer.missing()


def test_plain_c_without_a_compiler_says_so(monkeypatch):
    monkeypatch.setenv("CC", "no-such-compiler")
    assert "no-such-compiler" in c_plain.peer.missing()


def test_the_command_writes_what_it_measured(monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "pin", lambda: None)
    arguments = ["--rounds", "2", "--seconds", "0.01", "--only", "numba", "--output", tmp_path, "--figures", tmp_path]
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    with (tmp_path / "peers.csv").open() as file:
        rows = list(csv.DictReader(file))
    contenders = {"Numba, plain"} if c_plain.peer.missing() else {"Numba, plain", "C, plain"}
    assert {row["contender"] for row in rows} == contenders
    assert len(rows) == len(contenders) * len(task.LEARNING)
    assert all(float(row["lowest"]) <= float(row["million_steps_per_second"]) <= float(row["highest"]) for row in rows)
    if "C, plain" in contenders:
        assert all(float(row["times_plain_c"]) == 1.0 for row in rows if row["contender"] == "C, plain")
    assert json.loads((tmp_path / "peers.json").read_text())["packages"]["numba"]
    assert (tmp_path / "peers.svg").stat().st_size > 0
