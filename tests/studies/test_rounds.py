"""Studies that add seeds until it is answered what differs."""

import json
import math
import os
import signal
import time
from dataclasses import replace

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.studies import Condition, Selection, Stop, open_results, run
from fastsoftq.studies.compared_pairs import Pair
from fastsoftq.studies.inspect import status, verify
from fastsoftq.studies.origins import Origin, Origins
from fastsoftq.studies.rounds import noted, pair_decisions, round_sizes
from fastsoftq.studies.storing.store import open_store


@pytest.fixture
def study(small):
    """Hard, a twin of it with other random numbers, and soft; one is told at once, the other hardly ever."""

    def make(**changes):
        conditions = [
            Condition("cliff", "hard"),
            Condition("cliff", "hard", "twin", first_seed=10**6),
            Condition("cliff", "soft"),
        ]
        fields = {"seeds": 20, "conditions": conditions, "against": "cliff/hard", "stop": Stop(1e-6, most=150)}
        return small(**(fields | changes))

    return make


def last(results, name, runs):
    return results.curves(name, runs).returns[:, -100:].mean(axis=1)


@pytest.mark.parametrize(
    ("first", "most", "sizes"),
    [(20, 150, [20, 40, 80, 150]), (20, 20, [20]), (20, 40, [20, 40]), (1, 5, [1, 2, 4, 5]), (3, 4, [3, 4])],
)
def test_rounds_double_up_to_the_most(first, most, sizes):
    assert list(round_sizes(first, most)) == sizes


def test_seeds_are_added_until_the_budget_is_spent(study, tmp_path):
    outcome = run(study(), tmp_path)
    decision = outcome.decision
    assert decision.rounds == (20, 40, 80, 150)
    assert len(open_results(tmp_path).provenance) == 1
    assert decision.spent
    assert not decision.answered
    twin, soft = decision.pairs
    assert (twin.condition, twin.reference, twin.answered, twin.sign, twin.seeds) == (
        "twin",
        "cliff/hard",
        False,
        0,
        150,
    )
    assert (soft.answered, soft.sign, soft.seeds) == (True, 1, 20)
    results = open_results(tmp_path)
    for pair in decision.pairs:  # what is decided is of the runs that it says
        mean = np.mean(last(results, pair.condition, pair.seeds) - last(results, pair.reference, pair.seeds))
        assert pair.low < mean < pair.high
    assert outcome.new_runs == 3 * 150
    assert outcome.old_runs == 0
    assert [(row.done, row.runs) for row in status(tmp_path).rows] == [(150, 150)] * 3


def test_it_ends_once_all_is_answered(study, tmp_path):
    decision = run(study(stop=Stop(20.0, most=10**6)), tmp_path).decision
    assert decision.answered
    assert decision.rounds[-1] < 1000
    twin, soft = decision.pairs
    assert twin.sign == 0
    assert -20.0 < twin.low < twin.high < 20.0
    assert soft.low > 0.0 or soft.sign == 0


def test_the_contents_are_those_of_as_many_seeds_at_once(study, tmp_path):
    run(study(), tmp_path / "rounds")
    run(study(seeds=150, stop=None), tmp_path / "once")
    assert verify(tmp_path / "rounds").digest == verify(tmp_path / "once").digest


def test_the_decision_is_worked_out_from_the_results_again(study, tmp_path):
    decision = run(study(), tmp_path).decision
    assert open_results(tmp_path).decision == decision
    assert status(tmp_path).decision == decision
    again = run(study(), tmp_path)
    assert again.computed == 0
    assert again.decision == decision
    # A folder that already has more seeds is looked at in the same rounds.
    run(study(seeds=150, stop=None), tmp_path / "plain")
    assert run(study(), tmp_path / "plain").decision == decision


def test_what_somebody_has_noted_is_shown_and_never_trusted(study, tmp_path):
    decision = run(study(), tmp_path).decision
    path = tmp_path / "decisions.json"
    data = json.loads(path.read_bytes())
    path.write_text(path.read_text().replace('"answered":false', '"answered":true'))
    assert status(tmp_path).decision is None  # its seal is broken
    from fastsoftq.studies.study_records import canonical, sealed

    data.pop("sha256")
    data["pairs"][0]["answered"] = True
    path.write_bytes(canonical(sealed(data)))
    assert status(tmp_path).decision.pairs[0].answered
    assert open_results(tmp_path).decision == decision
    for rounds in ([], [20, 20], [40, 20], ["20"], None):
        path.write_bytes(canonical(sealed({**data, "rounds": rounds})))
        assert noted(open_store(tmp_path).storage) is None
    for wrong in ({"sign": 2}, {"low": 3.0, "high": 2.0}, {"seeds": 21}, {"condition": 5}, {"more": 1}, {"low": "x"}):
        pairs = [{**data["pairs"][0], **wrong}]
        path.write_bytes(canonical(sealed({**data, "pairs": pairs})))
        assert noted(open_store(tmp_path).storage) is None
    path.unlink()
    assert open_results(tmp_path).decision is None
    assert verify(tmp_path).digest is not None
    assert run(study(), tmp_path).decision == decision
    assert status(tmp_path).decision == decision


def test_an_open_end_survives_being_noted(study, tmp_path):
    decision = run(study(), tmp_path).decision
    from fastsoftq.studies.rounds import write_down

    opened = replace(decision, pairs=(replace(decision.pairs[0], low=-math.inf, high=math.inf), decision.pairs[1]))
    storage = open_store(tmp_path).storage
    write_down(storage, opened)
    assert noted(storage) == opened


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a run is killed as a fork")
def test_a_run_that_is_killed_in_a_round_goes_on(study, tmp_path):
    whole = run(study(stop=Stop(1e-6, most=600)), tmp_path / "whole", chunk=64)
    digest = verify(tmp_path / "whole").digest
    folder, killed = tmp_path / "killed", 0
    while True:
        process = os.fork()
        if not process:
            status_ = 1
            try:
                run(study(stop=Stop(1e-6, most=600)), folder, threads=1, chunk=64)
                status_ = 0
            finally:
                os._exit(status_)
        time.sleep(0.08 * (1 + killed))
        ended, how = os.waitpid(process, os.WNOHANG)
        if not ended:
            os.kill(process, signal.SIGKILL)
            _, how = os.waitpid(process, 0)
        if os.WIFSIGNALED(how):
            killed += 1
            continue
        assert os.waitstatus_to_exitcode(how) == 0
        break
    assert killed > 0
    assert verify(folder).digest == digest
    assert open_results(folder).decision == whole.decision


@pytest.mark.parametrize("size", [40, 80])
def test_a_run_that_is_interrupted_in_a_round_goes_on(study, tmp_path, size):
    """Ctrl-C while the seeds of a round are added: what was decided before still stands there, and nothing is lost."""
    from fastsoftq.studies.running import Tally

    whole = run(study(), tmp_path / "whole", chunk=64)

    class Interrupting(Tally):
        def done(self, result):
            super().done(result)
            if self.store.plan.runs == size:
                raise KeyboardInterrupt

        def begin(self, store, units):
            super().begin(store, units)
            self.store = store

    with pytest.raises(KeyboardInterrupt):
        run(study(), tmp_path / "cut", chunk=64, threads=1, watch=Interrupting())
    before = noted(open_store(tmp_path / "cut").storage)
    assert before.rounds == tuple(r for r in (20, 40, 80) if r < size)
    assert run(study(), tmp_path / "cut", chunk=64).decision == whole.decision
    assert verify(tmp_path / "cut").digest == verify(tmp_path / "whole").digest
    assert len(open_results(tmp_path / "cut").provenance) <= 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="runs are forks")
def test_several_runs_on_one_folder_go_through_the_rounds_together(study, tmp_path):
    whole = run(study(stop=Stop(1e-6, most=600)), tmp_path / "whole")
    processes = []
    for _ in range(3):
        process = os.fork()
        if not process:
            code = 1
            try:
                found = run(study(stop=Stop(1e-6, most=600)), tmp_path / "shared", threads=1)
                code = 0 if found.decision == whole.decision else 2
            finally:
                os._exit(code)
        processes.append(process)
    assert [os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) for process in processes] == [0, 0, 0]
    assert verify(tmp_path / "shared").digest == verify(tmp_path / "whole").digest
    assert status(tmp_path / "shared").decision == whole.decision


def test_progress_counts_each_round(study, tmp_path):
    from fastsoftq.studies.running import Tally

    tally = Tally()
    run(study(), tmp_path, watch=tally)
    assert [(row.done, row.runs) for row in tally.rows] == [(150, 150)] * 3


def test_with_select_the_chosen_are_compared_on_the_seeds_that_did_not_choose(small, tmp_path):
    agents = {f"soft[{k}]": fsq.SoftQLearning(step_size=0.8, discount=0.95, reward_scale=k) for k in (1.5, 5.0)}
    study = small(
        seeds=30,
        agents={"hard": fsq.QLearning(step_size=0.8, discount=0.95), **agents},
        origins=Origins(agents={name: Origin("soft") for name in agents}),
        select=Selection(10, 20),
        stop=Stop(0.5, most=500),
    )
    decision = run(study, tmp_path).decision
    results = open_results(tmp_path)
    assert [pair.condition for pair in decision.pairs] == ["cliff/soft[5.0]"]
    assert last(results, "cliff/soft[5.0]", 10).mean() > last(results, "cliff/soft[1.5]", 10).mean()
    pair = decision.pairs[0]
    difference = last(results, "cliff/soft[5.0]", pair.seeds) - last(results, "cliff/hard", pair.seeds)
    assert pair.low < difference[10:].mean() < pair.high
    assert results.decision == decision


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"keep": "summary", "block": 64}, "keep is 'summary'; with stop it must be 'curves'"),
        ({"measures": ["steps_to:-20"]}, "measures[0] is 'steps_to:-20'; with stop it must be a mean over runs"),
        ({"measures": ["worst:0.05"]}, "measures[0] is 'worst:0.05'; with stop it must be a mean"),
        ({"against": "hard"}, "against is 'hard', which in 'cliff' is 'cliff/hard', 'twin'; it must be one condition"),
        ({"conditions": [Condition("cliff", "hard")]}, "there is no other condition to be compared with it"),
        (
            {"conditions": [Condition("cliff", "hard"), Condition("cliff", "soft", seeds=5)]},
            "'cliff/soft' has a number of seeds of its own",
        ),
    ],
)
def test_what_cannot_be_decided_is_refused_before_any_work(study, tmp_path, changes, message):
    with pytest.raises(ValueError) as refused:  # noqa: PT011
        run(study(**changes), tmp_path / "out")
    assert message in str(refused.value)
    assert not (tmp_path / "out").exists()


def test_a_part_cannot_decide(study, tmp_path):
    with pytest.raises(ValueError, match="part is 1/2; with stop it must be 1/1"):
        run(study(), tmp_path / "out", part=(1, 2))
    assert not (tmp_path / "out").exists()


def test_dask_workers_take_part_in_rounds(study, tmp_path):
    pytest.importorskip("distributed")
    decision = run(study(), tmp_path / "dask", dask="local", threads=1).decision
    assert decision == run(study(), tmp_path / "threads").decision
    assert verify(tmp_path / "dask").digest == verify(tmp_path / "threads").digest


@pytest.mark.parametrize("kind", ["normal", "skewed", "two values"])
def test_equals_are_called_different_in_few_studies(kind):
    """A/A: three copies and their reference, up to five rounds. At most 5 % of studies may say that they differ."""
    rng = np.random.default_rng(0)
    draw = {
        "normal": lambda: rng.normal(size=160),
        "skewed": lambda: rng.exponential(size=160),
        "two values": lambda: (rng.random(160) < 0.8).astype(float),
    }[kind]
    pairs = [Pair(name, "reference") for name in "abc"]
    rounds, false = list(round_sizes(10, 160)), 0
    for _ in range(200):
        samples = {name: draw() for name in ("a", "b", "c", "reference")}
        decisions = pair_decisions(pairs, samples.__getitem__, rounds, Stop(1e-3))
        false += any(pair.sign != 0 for pair in decisions)
        assert all(pair.seeds in rounds for pair in decisions)
    assert false <= 20  # of 200 at 5 %: more than 20 have a chance below 0.1 %


def test_what_differs_by_more_is_found_and_what_does_not_is_said_to_be_small():
    rng = np.random.default_rng(0)
    for _ in range(20):
        reference = rng.normal(size=640)
        samples = {"reference": reference, "far": rng.normal(2.0, size=640), "near": rng.normal(0.05, size=640)}
        pairs = [Pair(name, "reference") for name in ("far", "near")]
        far, near = pair_decisions(pairs, samples.__getitem__, list(round_sizes(10, 640)), Stop(0.5))
        assert (far.answered, far.sign) == (True, 1)
        assert near.answered
        assert -0.5 < near.low < near.high < 0.5 or near.low > 0.0


def test_regret_is_decided_against_the_exact_optimum(study, tmp_path):
    decision = run(study(measures=["regret"], stop=Stop(1e-6, most=40)), tmp_path).decision
    assert decision.measure == "regret"
    results = open_results(tmp_path)
    _, soft = decision.pairs
    optimum = results.exact("cliff/soft").optimum
    regrets = [
        (optimum - results.curves(name, soft.seeds).returns).sum(axis=1) for name in ("cliff/soft", "cliff/hard")
    ]
    assert soft.low < np.mean(regrets[0] - regrets[1]) < soft.high
