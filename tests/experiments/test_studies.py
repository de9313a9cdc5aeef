"""An experiment is a study like any other: it is stored, taken up again, and analysed from its folder."""

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.experiments import EXPERIMENTS, Settings, _run_record
from fastsoftq.studies import open_results, run
from fastsoftq.studies.storing.zarr_files import DamagedError
from fastsoftq.system.memory import TooLargeError
from tests.experiments.running import array, findings, trained

SMALL = Settings(seeds=2, episodes=4, max_steps=20, threads=1)
LEARNED = [name for name in EXPERIMENTS if EXPERIMENTS[name].study(SMALL) is not None]


def test_what_is_learned_and_what_is_not():
    assert set(EXPERIMENTS) - set(LEARNED) == {"posterior", "human-behaviour"}


@pytest.mark.parametrize("name", LEARNED)
@pytest.mark.filterwarnings("ignore:.*reward scale:UserWarning")
def test_a_folder_holds_all_that_a_study_asks_for(name, tmp_path):
    study = EXPERIMENTS[name].study(SMALL)
    results = trained(name, SMALL, tmp_path)
    assert study.name == name
    assert results.conditions == [condition.name for condition in study.conditions]
    for asked in study.resolved:
        condition, curves = results.condition(asked.name), results.curves(asked.name)
        assert (condition.environment, condition.agent, condition.after) == (
            asked.environment,
            asked.agent,
            asked.after,
        )
        assert results.agent(asked.name) == study.agents[asked.agent]
        assert curves.agent == study.agents[asked.agent]
        assert curves.returns.shape == (len(study.seeds), asked.columns)
        assert curves.lengths.max() <= asked.max_steps
        deep = study.episodes is None
        assert results.steps(asked.name) == (asked.steps * len(study.seeds) if deep else curves.steps)
        assert results.seconds(asked.name) > 0.0
    assert open_results(tmp_path).record == results.record
    told = _run_record(results, SMALL, 0.0)
    assert (told["seeds"], told.get("episodes"), told.get("points")) == (
        len(study.seeds),
        study.episodes,
        study.points,
    )
    assert told.get("max_steps") == study.max_steps
    assert told["steps"] == sum(results.steps(name) for name in results.conditions)
    assert run(study, tmp_path, threads=1, beside=True).computed == 0  # there is nothing left to do


@pytest.mark.parametrize("name", ["traditional", "exploration"])
def test_checkpoints_are_tables_of_shorter_training(name, tmp_path):
    study, results = EXPERIMENTS[name].study(SMALL), trained(name, SMALL, tmp_path)
    assert study.checkpoints == (1, 2, 3, 4)
    for condition in study.conditions:
        mdp, agent = study.environments[condition.environment], study.agents[condition.agent]
        for episode in study.checkpoints:
            shorter = fsq.train(mdp, agent, len(study.seeds), episode, 20, keep_q=True, threads=1).final_q
            np.testing.assert_array_equal(results.tables(condition.name, episode), shorter)


class StopAfter:
    """Interrupts a study when so many chunks are done."""

    def __init__(self, chunks):
        self.left = chunks

    def begin(self, store, units):
        assert len(units) > self.left

    def tick(self, unit, progress):
        pass

    def done(self, result):
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


@pytest.mark.parametrize("name", ["pretraining", "exploration"])
@pytest.mark.filterwarnings("ignore:.*critical reward scale:UserWarning")
def test_an_interrupted_study_is_taken_up_and_gives_the_same_findings(name, tmp_path):
    study = EXPERIMENTS[name].study(SMALL)
    with pytest.raises(KeyboardInterrupt):
        run(study, tmp_path / "twice", threads=1, watch=StopAfter(3), beside=True)
    with pytest.raises(DamagedError, match="not done"):
        EXPERIMENTS[name].analyse(open_results(tmp_path / "twice"), SMALL)
    (tmp_path / "twice" / "findings.json").write_text("{}")  # of an earlier time: no stranger
    again = run(study, tmp_path / "twice", threads=1, beside=True)
    assert 0 < again.computed < len(study.conditions)
    found, whole = findings(name, SMALL, tmp_path / "twice"), findings(name, SMALL, tmp_path / "once")
    assert (found.title, found.table, found.sentences) == (whole.title, whole.table, whole.sentences)
    assert found.summary == whole.summary
    assert found.arrays.keys() == whole.arrays.keys()
    for key in found.arrays:
        np.testing.assert_array_equal(array(found, key), array(whole, key))


@pytest.mark.parametrize("name", LEARNED)
def test_what_would_not_fit_is_refused_before_any_work(name):
    episodes = 10**6 if name.startswith("deep") else 10**8  # networks count steps, of which there cannot be as many
    many = Settings(seeds=10**9, episodes=episodes)
    with pytest.raises(TooLargeError, match=f"seeds is 1000000000, which with {episodes} episodes each"):
        EXPERIMENTS[name].check_memory(many)
    EXPERIMENTS[name].check_memory(SMALL)


def test_analyses_tell_how_far_they_are(tmp_path):
    told = []
    findings("robustness", SMALL, tmp_path, lambda label, progress: told.append((label, progress)))
    first, last = told[0], told[-1]
    assert (first[0], first[1].runs, first[1].of_runs) == ("testing hard, greedy", 0, 5)
    assert (last[0], last[1].runs, last[1].of_runs) == ("testing soft, k = 2", 5, 5)
