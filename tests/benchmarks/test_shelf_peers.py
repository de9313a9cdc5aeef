"""Agents with memory learn the same curve in plain C, in plain Python and in fastsoftq; one that would not is found."""

import csv
import json

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks.peers import c_plain, machine, task
from benchmarks.peers.check import disagreements
from benchmarks.peers.shelf import shelf_c, shelf_fastsoftq, shelf_lists, shelf_table
from benchmarks.peers.shelf.__main__ import PEERS, app, different
from benchmarks.peers.shelf.shelf_task import ALGORITHMS, CASES, TRACES

WITH_C = pytest.mark.skipif(c_plain.missing() is not None, reason="there is no C compiler")
WORKLOADS = [
    pytest.param(peer, case, id=f"{peer.name}-{case.algorithm}") for peer in shelf_c.PEERS for case in peer.cases
]


def named(case):
    return case.algorithm


@pytest.mark.parametrize("case", CASES, ids=named)
def test_fastsoftq_learns_what_plain_python_learns(case):
    fast = shelf_fastsoftq.run(case, np.arange(200), 30, 100)
    slow = shelf_lists.run(case, np.arange(500, 530), 30, 100)
    assert disagreements(fast, slow) == []


@WITH_C
@pytest.mark.parametrize(("peer", "case"), WORKLOADS)
def test_plain_c_learns_what_fastsoftq_learns(peer, case):
    returns, lengths = learned = peer.run(case, np.arange(100), 400, 200)
    assert (returns.dtype, lengths.dtype) == (np.float64, np.int32)
    assert 13 <= lengths.min() <= lengths.max() <= 200
    assert disagreements(learned, shelf_fastsoftq.run(case, np.arange(500, 700), 400, 200)) == []


@WITH_C
@pytest.mark.parametrize("case", TRACES, ids=named)
def test_both_kinds_of_traces_learn_the_same_runs(case):
    """They differ by what is dropped, which is less than rounding, so that actions agree for hundreds of episodes."""
    one, other = (peer.run(case, np.arange(20), 200, 200) for peer in (shelf_c.listed, shelf_c.dense))
    np.testing.assert_array_equal(one[1], other[1])


@WITH_C
@pytest.mark.parametrize(("peer", "case"), WORKLOADS)
def test_seeds_decide_what_plain_c_learns(peer, case):
    first, again, other = (peer.run(case, np.arange(seed, seed + 9), 5, 100)[0] for seed in (1, 1, 50))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@WITH_C
@pytest.mark.parametrize("case", CASES, ids=named)
def test_another_step_size_is_found_out(monkeypatch, case):
    monkeypatch.setitem(ALGORITHMS, case.algorithm, ALGORITHMS[case.algorithm]._replace(step_size=0.02))
    peer = next(peer for peer in shelf_c.PEERS if case in peer.cases)
    wrong = peer.run(case, np.arange(100), 300, 200)
    monkeypatch.undo()
    assert disagreements(wrong, shelf_fastsoftq.run(case, np.arange(500, 700), 300, 200)) != []


@WITH_C
def test_the_other_kind_of_trace_is_found_out():
    accumulating, replacing = TRACES
    exchanged = shelf_c.dense._replace(run=lambda case, *size: shelf_c.dense.run(replacing, *size))
    found = different(accumulating, [exchanged], 400)
    assert found
    assert all(what.startswith("C, traces of all entries, SARSA(0.9), accumulating: mean") for what in found)


def test_agents_that_keep_whole_arrays_go_one_run_at_a_time():
    assert [shelf_fastsoftq.loop(case) for case in CASES] == ["lanes", "one run", "one run", "lanes", "lanes"]


@WITH_C
def test_the_command_writes_what_it_measured(monkeypatch, tmp_path):
    monkeypatch.setattr(machine, "pin", lambda: None)
    monkeypatch.setattr(task, "EPISODES", 30)
    arguments = [
        "--rounds",
        "3",
        "--seconds",
        "0.01",
        "--only",
        "sarsa(0.9), acc",
        "--checked",
        "16",
        "--output",
        tmp_path,
    ]
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    with (tmp_path / "shelf.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["contender"] for row in rows] == ["C, a list of traces", "C, traces of all entries", "fastsoftq"]
    assert [row["times_fastest_plain_c"] != "" for row in rows] == [False, False, True]
    assert all(float(row["lowest"]) <= float(row["million_steps_per_second"]) <= float(row["highest"]) for row in rows)
    assert json.loads((tmp_path / "shelf.json").read_text())["flags"] == " ".join(c_plain.FLAGS)


def test_the_ratio_is_to_the_faster_c():
    def entry(peer, *speeds):
        return shelf_table.Entry(peer, TRACES[0], 1, 1, list(speeds))

    entries = [entry(shelf_c.listed, 1.0, 2.0, 3.0), entry(shelf_c.dense, 4.0, 5.0, 6.0)]
    ours = entry(shelf_fastsoftq.peer, 8.0, 5.0, 3.0)
    (found,) = shelf_table.compared([*entries, ours])
    assert found.c is entries[1]
    assert found.ratio == 1.0  # the median of 2, 1 and 1/2


def test_an_agent_that_is_none_is_refused():
    result = CliRunner().invoke(app, ["--only", "nothing"])
    assert result.exit_code == 2
    assert "double_q_learning" in result.output
    assert len(PEERS) == 4
