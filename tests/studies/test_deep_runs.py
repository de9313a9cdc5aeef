"""Deep studies run, interrupted, killed, spread, mended and continued: always the same bytes."""

import os
import signal
import time
from dataclasses import replace

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.deep.replay import Replay
from fastsoftq.environments import cart_pole, gymnasium_environment
from fastsoftq.studies import Condition, FolderError, estimate, open_results, run
from fastsoftq.studies.inspect import status, verify
from fastsoftq.studies.plan import Plan
from fastsoftq.studies.storing.plan_file import plan_data, plan_from_data
from fastsoftq.studies.study_records import sealed
from fastsoftq.studies.watching import Tally
from fastsoftq.system.memory import TooLargeError
from fastsoftq.system.provenance import provenance
from tests.studies.small_deep import HARD, SLOW, WILD, deep_study


@pytest.fixture(scope="module")
def digest(tmp_path_factory):
    """Of the study that nobody disturbs."""
    folder = tmp_path_factory.mktemp("whole")
    outcome = run(deep_study(parameters=True), folder, threads=1, chunk=2)
    assert outcome.new_runs == 10
    assert outcome.steps == 10 * 600
    return verify(folder).digest


def test_a_folder_holds_what_train_yields(tmp_path):
    study = deep_study(parameters=True)
    run(study, tmp_path)
    results = open_results(tmp_path)
    for name, agent in (("pole/hard", HARD), ("pole/slow", SLOW)):
        wanted = fsq.train(cart_pole(), agent, seeds=5, steps=600, points=6, keep_parameters=True)
        found = results.curves(name)
        for field in ("returns", "lengths", "truncated", "episodes", "steps", "diverged", "diverged_at", "seeds"):
            np.testing.assert_array_equal(getattr(found, field), getattr(wanted, field), strict=True)
        np.testing.assert_array_equal(results.parameters(name), wanted.parameters, strict=True)
        assert (found.agent, found.max_steps, found.precision) == (agent, 500, "double")
        assert found.environment == wanted.environment
    assert status(tmp_path).finished
    assert run(study, tmp_path).new_runs == 0


@pytest.mark.parametrize(
    "options",
    [{"threads": 1, "chunk": 1}, {"threads": 2, "chunk": 5}, {"threads": 2}],
    ids=["single runs", "all at once", "as it comes"],
)
def test_chunks_and_threads_change_nothing(tmp_path, digest, options):
    run(deep_study(parameters=True), tmp_path, **options)
    assert verify(tmp_path).digest == digest


def test_parts_make_the_whole(tmp_path, digest):
    for part in (3, 1, 2):
        run(deep_study(parameters=True), tmp_path, part=(part, 3), chunk=2)
    assert verify(tmp_path).digest == digest


class Impatient(Tally):
    """Interrupts the third time that it is told how far a unit is."""

    def __init__(self) -> None:
        super().__init__()
        self.told = 0

    def tick(self, unit, progress) -> None:
        super().tick(unit, progress)
        self.told += 1
        if self.told == 3:
            raise KeyboardInterrupt


def test_an_interrupted_study_goes_on(tmp_path, digest):
    with pytest.raises(KeyboardInterrupt):
        run(deep_study(parameters=True), tmp_path, threads=1, chunk=1, watch=Impatient())
    assert not status(tmp_path).finished
    run(deep_study(parameters=True), tmp_path)
    assert verify(tmp_path).digest == digest


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a run is killed as a fork")
def test_kills_lose_and_damage_nothing(tmp_path, digest):
    kills = 0
    for delay in (0.0, 0.02, 0.05, 0.1, 0.2, 0.4):
        process = os.fork()
        if not process:
            try:
                run(deep_study(parameters=True), tmp_path, threads=2, chunk=1)
            finally:
                os._exit(0)
        time.sleep(delay)
        os.kill(process, signal.SIGKILL)
        _, ended = os.waitpid(process, 0)
        kills += os.WIFSIGNALED(ended)
        if (tmp_path / "study.json").exists():  # what a kill leaves behind is missing, never half there
            assert all(not (tmp_path / name).exists() for name in verify(tmp_path).damaged)
    assert kills
    run(deep_study(parameters=True), tmp_path)
    assert verify(tmp_path).digest == digest


def test_what_is_damaged_is_found_and_made_anew(tmp_path, digest):
    run(deep_study(parameters=True), tmp_path, chunk=2)
    broken = tmp_path / "results.zarr" / "parameters" / "c" / "1" / "0" / "0"
    data = bytearray(broken.read_bytes())
    data[len(data) // 2] ^= 1
    broken.write_bytes(data)
    assert verify(tmp_path).damaged == ("results.zarr/parameters/c/1/0/0",)
    with pytest.raises(ValueError, match=r"damaged: results\.zarr/parameters/c/1/0/0"):
        open_results(tmp_path).parameters("pole/slow")
    assert run(deep_study(parameters=True), tmp_path).new_runs == 2
    assert verify(tmp_path).digest == digest


def test_more_seeds_and_agents_are_added_and_nothing_else(tmp_path):
    run(deep_study(seeds=3, agents={"hard": HARD}), tmp_path)
    assert run(deep_study(), tmp_path).new_runs == 7
    for change, message in (
        ({"steps": 700}, "steps is 600 there and 700 here"),
        ({"points": 3}, "points is 6 there and 3 here"),
        ({"agents": {"hard": HARD._replace(n_step=2), "slow": SLOW}}, "agents.hard has n_step 1 there and 2 here"),
        ({"environments": {"pole": cart_pole(gravity=1.6)}}, "environments.pole has parameters"),
        ({"parameters": True}, "the parameters of condition 'pole/hard' are not kept there and asked for here"),
    ):
        with pytest.raises(FolderError, match=message):
            run(deep_study(**change), tmp_path)
    run(deep_study(seeds=5, agents={"hard": HARD}), tmp_path / "whole")
    mine, whole = (open_results(folder).curves("pole/hard") for folder in (tmp_path, tmp_path / "whole"))
    np.testing.assert_array_equal(mine.returns, whole.returns)


def test_conditions_start_from_the_networks_of_others(tmp_path):
    conditions = [
        Condition("pole", "hard", "first"),
        Condition("pole", "slow", "second", after="first", first_seed=100, steps=300, points=3),
    ]
    study = deep_study(conditions=conditions)
    run(study, tmp_path, threads=1, chunk=1)
    results = open_results(tmp_path)
    first = fsq.train(cart_pole(), HARD, seeds=5, steps=600, points=6, keep_parameters=True)
    np.testing.assert_array_equal(results.parameters("first"), first.parameters)
    second = fsq.train(
        cart_pole(), SLOW, seeds=range(100, 105), steps=300, points=3, initial_parameters=first.parameters
    )
    found = results.curves("second")
    np.testing.assert_array_equal(found.returns, second.returns)
    assert found.steps.tolist() == [100, 200, 300]
    assert results.coordinates["run_steps"] == (600, 300)
    assert results.coordinates["after"] == (None, "first")
    with pytest.raises(ValueError, match="of 'second' no parameters are kept"):
        results.parameters("second")
    run(study, tmp_path / "other", threads=2, chunk=5)
    assert verify(tmp_path / "other").digest == verify(tmp_path).digest
    grid = results.to_xarray().steps
    assert grid.dims == ("condition", "point")
    assert grid.sel(condition="second").values.tolist() == [100, 200, 300, 0, 0, 0]


def test_what_starts_from_a_network_that_diverged_goes_on_from_its_last_finite_copy(tmp_path):
    conditions = [Condition("pole", "wild", "first"), Condition("pole", "wild", "second", after="first")]
    run(deep_study(agents={"wild": WILD}, conditions=conditions, seeds=2), tmp_path)
    results = open_results(tmp_path)
    assert results.diverged("first")[-1] == 2
    assert np.isfinite(results.parameters("first")).all()
    assert np.isfinite(results.curves("second").returns).all()


def test_a_summary_holds_the_moments_and_counts_of_the_curves(tmp_path):
    agents = {"hard": HARD, "wild": WILD}
    run(deep_study(agents=agents), tmp_path / "curves")
    run(deep_study(agents=agents, keep="summary", block=3), tmp_path / "summary")
    curves, summary = (open_results(tmp_path / kept) for kept in ("curves", "summary"))
    for name in ("pole/hard", "pole/wild"):
        whole = curves.curves(name)
        for metric, values in (("return", whole.returns), ("length", whole.lengths)):
            found = summary.summary(name, metric)
            np.testing.assert_allclose(found.mean, values.mean(axis=0))
            np.testing.assert_allclose(found.variance, values.var(axis=0, ddof=1), atol=1e-9)
            np.testing.assert_array_equal(found.quantiles[0], values.min(axis=0))
        np.testing.assert_allclose(summary.truncated(name), whole.truncated.mean(axis=0))
        by = [int((whole.diverged & (whole.diverged_at <= step)).sum()) for step in whole.steps]
        assert summary.diverged(name).tolist() == curves.diverged(name).tolist() == by
    assert summary.diverged("pole/wild")[-1] == 5
    frame = summary.to_pandas()
    assert frame[frame.condition == "pole/wild"].diverged.tolist() == summary.diverged("pole/wild").tolist()
    assert frame.steps.tolist() == [100, 200, 300, 400, 500, 600] * 2


def test_what_no_memory_holds_is_refused_before_any_work(tmp_path):
    study = deep_study(agents={"hard": HARD._replace(replay=Replay(capacity=2 * 10**9))})
    with pytest.raises(TooLargeError, match=r"threads is 2; what 'pole/hard' learns with takes .* on each"):
        run(study, tmp_path, threads=2)
    assert not any(tmp_path.iterdir())
    with pytest.raises(TooLargeError, match=r"threads is 2; what 'pole/hard' learns with takes .* on each"):
        estimate(study, threads=2)


def test_gymnasium_s_environments_take_part_by_their_names(tmp_path):
    gymnasium = pytest.importorskip("gymnasium")
    study = deep_study(environments={"pole": gymnasium_environment("CartPole-v1")}, agents={"hard": HARD}, seeds=1)
    run(study, tmp_path)
    assert open_results(tmp_path).curves("pole/hard").environment == "CartPole-v1"
    made = gymnasium_environment(gymnasium.make("CartPole-v1"))
    with pytest.raises(
        TypeError, match=r"GymnasiumEnvironment\.made is .*; of an environment a study can keep numbers"
    ):
        deep_study(environments={"pole": made})


@pytest.mark.parametrize(
    "change",
    [
        {"steps": -5},
        {"points": 0},
        {"points": "many"},
        {"max_steps": -1},
        {"parameters": {"pole/hard": -3}},
        {"parameters": [1]},
        {"environments": {"pole": {"environment": 5, "actions": 2, "max_steps": 500}}},
        {"environments": {"pole": {"environment": "a", "actions": 2, "max_steps": 500, "table": 5}}},
        {"environments": {"pole": {"environment": "a", "actions": 2, "max_steps": 500, "table": {"mdp": "a"}}}},
        {"environments": {"pole": 5}},
        {"conditions": {"x": {"environment": "pole", "agent": "hard", "episodes": 3}}},
        {"agents": {"hard": {"kind": "deep", "agent": 5}, "slow": {"kind": 3}}},
    ],
    ids=str,
)
def test_a_plan_that_somebody_made_up_is_refused(change):
    plan = Plan.first(deep_study(), None, None, provenance())
    data = {name: value for name, value in plan_data(plan).items() if name != "sha256"}
    assert plan_from_data(sealed(data)) is not None
    with pytest.raises(FolderError, match="holds a plan that no version of fastsoftq writes"):
        plan_from_data(sealed(data | {"study": {**plan.record, **change}}))


def test_a_gpu_is_refused(tmp_path):
    with pytest.raises(ValueError, match="device is 'cuda'; deep agents train on processors only"):
        run(deep_study(), tmp_path, device="cuda")


def test_dask_workers_fill_it_likewise(tmp_path, digest):
    pytest.importorskip("distributed")
    run(deep_study(parameters=True), tmp_path, dask="local", threads=1, chunk=2)
    assert verify(tmp_path).digest == digest


def test_rounds_stop_when_it_is_answered(tmp_path):
    from fastsoftq.studies import Stop

    study = deep_study(seeds=4, stop=Stop(difference=500.0, most=64), measures=["last:2"], against="hard")
    decision = run(study, tmp_path).decision
    assert decision.measure == "last:2"
    assert decision.rounds[0] == 4
    assert decision.answered or decision.spent
    assert replace(study, stop=None).identity == study.identity
