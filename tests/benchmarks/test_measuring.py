"""What the asv suite measures with: units, rates, devices, and whether two runs agree."""

import itertools
import json
import math
import sys
import types

import pytest

import fastsoftq
from benchmarks.agreement.__main__ import apart, figures
from benchmarks.engines import AGENTS, ONE_BY_ONE
from benchmarks.measuring import millions_per_second, per_million, require
from fastsoftq.agents import memory_rules
from fastsoftq.engine.dispatch import remembers
from fastsoftq.hardware import Device


def clock(*readings):
    return iter(readings).__next__


def test_a_timer_shows_seconds_of_a_million_units():
    timer = per_million(2_000_000, clock(10.0, 13.0))
    assert -timer() + timer() == 1.5


def test_a_rate_is_that_of_the_median_call():
    took = [1.0, 9.0, 2.0, 2.0, 4.0]
    readings = itertools.chain.from_iterable((0.0, seconds) for seconds in took)
    calls = []
    assert millions_per_second(lambda: calls.append(1), 10_000_000, clock(*readings)) == 5.0
    assert len(calls) == 5


def test_quick_calls_are_repeated_for_half_a_second():
    ticks = itertools.count(step=0.01)
    calls = []
    assert millions_per_second(lambda: calls.append(1), 10_000, lambda: next(ticks)) == pytest.approx(1.0)
    assert 50 <= len(calls) <= 51


CPU = Device("cpu", "x86_64", "2 threads", True)


def test_a_device_that_is_there_is_measured(monkeypatch):
    require("cpu")
    monkeypatch.setattr(fastsoftq, "devices", lambda: [CPU, Device("cuda:0", "H100", "80 GiB", True)], raising=False)
    require("cuda")


@pytest.mark.parametrize(
    ("there", "reason"),
    [
        ([CPU], "no cuda trains here"),
        ([CPU, Device("cuda", "", "no driver", False)], r"no cuda trains here \(no driver\)"),
    ],
)
def test_a_device_that_is_missing_is_skipped_with_the_reason(monkeypatch, there, reason):
    monkeypatch.setattr(fastsoftq, "devices", lambda: there, raising=False)
    with pytest.raises(NotImplementedError, match=reason):
        require("cuda")


def test_a_fastsoftq_of_before_is_measured_on_the_cpu_alone(monkeypatch):
    monkeypatch.setitem(sys.modules, "fastsoftq", types.ModuleType("fastsoftq"))
    with pytest.raises(NotImplementedError, match="no device but the cpu"):
        require("cuda")


def test_figures_are_read_from_asvs_file():
    columns = ["result", "params", "version"]
    rows = {
        "a.time_x": [[1.0, None, 3.0, float("nan")], [["'hard'", "'soft'"], ["1", "2"]], "v"],
        "b.time_y": [[0.5], [], "v"],
        "c.time_z": [None, [["1"]], "v"],
    }
    written = json.loads(json.dumps({"result_columns": columns, "results": rows}))
    assert dict(figures(written)) == {
        "a.time_x('hard', 1)": 1.0,
        "a.time_x('hard', 2)": None,  # failed; what is not a number was skipped
        "a.time_x('soft', 1)": 3.0,
        "b.time_y()": 0.5,
        "c.time_z(1)": None,
    }


def test_two_runs_are_compared_by_the_larger_over_the_smaller():
    assert apart({"a": 2.0, "b": 1.0}, {"a": 1.0, "b": 1.25}) == {"a": 100.0, "b": 25.0}
    failed = apart({"a": 1.0, "b": 1.0, "c": None, "d": 0.0}, {"a": 1.0, "c": 1.0, "d": 0.0})
    assert failed == {"b": math.inf, "c": math.inf, "d": math.inf, "a": 0.0}


def test_what_is_trained_one_run_at_a_time_is_measured_with_few():
    assert set(ONE_BY_ONE) == {name for name, agent in AGENTS.items() if remembers(agent, memory_rules.memory)}
