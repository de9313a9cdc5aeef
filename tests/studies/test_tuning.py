"""Hyperparameters that Optuna chooses, in one folder."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.studies import Choices, FolderError, Range, Selection, Stop, open_results, run, tune
from fastsoftq.studies.inspect import status, verify
from fastsoftq.studies.tuning.tuning_settings import rungs_of

pytest.importorskip("optuna")
SPACE = {"soft": {"step_size": Range(0.01, 1.0, log=True), "reward_scale": [2, 5, 10]}}


@pytest.fixture(scope="session")
def study(small):
    def make(**changes):
        return small(**{"seeds": None, "select": Selection(36, 40), "episodes": 20, **changes})

    return make


@pytest.fixture(scope="module")
def tuned(study, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tuned")
    return tune(study(), SPACE, folder, trials=10), folder


def last(results, name, runs=None):
    return results.curves(name, runs).returns.mean(axis=1)


def test_trials_are_conditions_of_one_folder(tuned):
    found, folder = tuned
    results = open_results(folder)
    assert results.conditions == list(dict.fromkeys(["cliff/hard", *(trial.condition for trial in found.trials)]))
    assert [trial.number for trial in found.trials] == list(range(10))
    runs = {row.name: row.runs for row in status(folder).rows}
    for trial in found.trials:
        agent = results.agent(trial.condition)
        assert {name: getattr(agent, name) for name in trial.values} == trial.values
        assert 0.01 <= agent.step_size <= 1.0
        assert agent.reward_scale in (2, 5, 10)
        assert trial.value == pytest.approx(last(results, trial.condition, trial.seeds).mean())
        assert trial.pruned == (trial.seeds < 36)
        assert runs[trial.condition] >= trial.seeds
    assert results.coordinates["agent"][1:] == ("soft",) * (len(results.conditions) - 1)
    assert verify(folder).digest is not None


def test_trials_that_do_worse_are_given_up(tuned):
    found, _ = tuned
    assert {trial.seeds for trial in found.trials if trial.pruned} <= {4, 12}
    done = [trial for trial in found.trials if not trial.pruned]
    assert 0 < len(done) < len(found.trials)
    # Halving: at each rung, who goes on is among the best third of those that have come there before it.
    for rung in (4, 12):
        there = []
        for trial in found.trials:
            if trial.seeds < rung:
                continue
            value = last(open_results(tuned[1]), trial.condition, rung).mean()
            there.append(value)
            rank = sum(other > value for other in there)
            assert (trial.seeds > rung) == (rank < max(1, len(there) // 3))


def test_its_rungs_are_one_entry_of_provenance_and_what_goes_on_another(study, tmp_path):
    tune(study(), SPACE, tmp_path, trials=4)
    assert len(open_results(tmp_path).provenance) == 1
    time.sleep(1.0)  # entries tell seconds
    tune(study(), SPACE, tmp_path, trials=4)
    assert len(open_results(tmp_path).provenance) == 1  # nothing was added
    tune(study(), SPACE, tmp_path, trials=8)
    assert len(open_results(tmp_path).provenance) == 2


def test_the_best_is_compared_on_seeds_that_nothing_was_chosen_by(tuned):
    found, folder = tuned
    results = open_results(folder)
    hard, soft = found.selected
    done = {trial.condition: trial.value for trial in found.trials if not trial.pruned}
    assert soft.condition == max(done, key=done.get)
    assert set(soft.candidates) == set(done)
    assert soft.test.values.tolist() == results.curves(soft.condition).returns[36:].mean(axis=1).tolist()
    assert soft.test.seeds.tolist() == hard.test.seeds.tolist() == list(range(36, 76))
    assert [choice.condition for choice in results.selected()] == [hard.condition, soft.condition]
    (pair,) = found.selected.compare()
    assert pair.comparison.difference == pytest.approx(np.mean(soft.test.values - hard.test.values))


def test_the_same_seed_tries_the_same_on_any_number_of_threads(study, tuned, tmp_path):
    found, folder = tuned
    again = tune(study(), SPACE, tmp_path, trials=10, threads=1, chunk=64)
    assert again.trials == found.trials
    assert verify(tmp_path).digest == verify(folder).digest
    other = tune(study(), SPACE, tmp_path / "other", trials=3, seed=1)
    assert [trial.values for trial in other.trials] != [trial.values for trial in found.trials[:3]]


def test_what_is_there_is_kept_and_added_to(study, tuned, tmp_path):
    found, _ = tuned
    first = tune(study(), SPACE, tmp_path, trials=5)
    assert first.trials == found.trials[:5]
    more = tune(study(), SPACE, tmp_path, trials=10)
    assert more.trials == found.trials
    again = tune(study(), SPACE, tmp_path, trials=10)
    assert (again.computed, again.steps, again.damaged) == (0, 0, ())
    results = open_results(tmp_path)
    assert first.steps + more.steps == sum(int(results.curves(name).lengths.sum()) for name in results.conditions)
    assert [choice.condition for choice in more.selected] == [choice.condition for choice in found.selected]
    with pytest.raises(FolderError, match="holds 10 trials; trials is 9, and must be no fewer"):
        tune(study(), SPACE, tmp_path, trials=9)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a run is killed as a fork")
def test_a_tuning_that_is_killed_goes_on(study, tuned, tmp_path):
    found, folder = tuned
    killed = 0
    while True:
        process = os.fork()
        if not process:
            code = 1
            try:
                tune(study(), SPACE, tmp_path, trials=10, threads=1)
                code = 0
            finally:
                os._exit(code)
        time.sleep(0.07 * (1 + killed))
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
    assert verify(tmp_path).digest == verify(folder).digest
    assert tune(study(), SPACE, tmp_path, trials=10).trials == found.trials


@pytest.mark.parametrize("sampler", ["random", "cmaes"])
@pytest.mark.parametrize("pruner", ["median", "none"])
def test_other_samplers_and_pruners(study, tmp_path, sampler, pruner):
    space = {"soft": {"step_size": Range(0.1, 1.0), "epsilon": Range(0.0, 0.3)}}
    found = tune(study(), space, tmp_path, trials=6, sampler=sampler, pruner=pruner, at_once=3)
    assert len(found.trials) == 6
    assert len({trial.condition for trial in found.trials}) == 6
    if pruner == "none":
        assert all(trial.seeds == 36 for trial in found.trials)
    again = tune(study(), space, tmp_path, trials=6, sampler=sampler, pruner=pruner, at_once=3)
    assert (again.computed, again.trials) == (0, found.trials)


def test_tpe_finds_more_than_chance_would(study, tmp_path):
    """The best step size of hard is near 1 in a world without chance: TPE's later trials are nearer to it."""
    space = {"hard": {"step_size": Range(0.001, 1.0)}}
    found = tune(study(episodes=30), space, tmp_path, trials=30, pruner="none", at_once=1)
    sizes = [trial.values["step_size"] for trial in found.trials]
    assert np.mean(sizes[15:]) > np.mean(sizes[:10])


def test_each_environment_has_a_search_of_its_own(study, tmp_path):
    worlds = {"a": fsq.cliff_walking(height=3, width=5), "b": fsq.cliff_walking(height=3, width=4)}
    found = tune(study(environments=worlds), SPACE, tmp_path, trials=3)
    assert [(trial.environment, trial.number) for trial in found.trials] == [
        (world, number) for number in range(3) for world in "ab"
    ]
    assert [(choice.environment, choice.table) for choice in found.selected] == [
        ("a", "hard"), ("b", "hard"), ("a", "soft"), ("b", "soft"),
    ]  # fmt: skip
    tried = [{trial.values["step_size"] for trial in found.trials if trial.environment == world} for world in "ab"]
    assert not tried[0] & tried[1]


def test_schedules_are_tuned_by_their_paths_and_every_agent_may_be(small, tmp_path):
    hard = fsq.QLearning(step_size=0.5, discount=0.95, epsilon=fsq.LinearDecay(0.9, 0.1, 0.05))
    study = small(seeds=None, select=Selection(9, 9), agents={"hard": hard})
    found = tune(study, {"hard": {"epsilon.start": Range(0.2, 1.0)}}, tmp_path, trials=2)
    for trial in found.trials:
        assert open_results(tmp_path).agent(trial.condition).epsilon.start == trial.values["epsilon.start"]


@pytest.mark.parametrize(
    ("changes", "asked", "message"),
    [
        ({"select": None, "seeds": 50}, {}, "select is None; it must say how many seeds tune and test"),
        ({"keep": "summary", "block": 4}, {}, "keep is 'summary'; to be tuned it must be 'curves'"),
        ({"stop": Stop(1.0)}, {}, "a study that is tuned has as many seeds as select says"),
        ({"measures": ["improvement"]}, {}, "which compares two conditions and says nothing of one"),
        ({"measures": ["steps_to:-9"]}, {}, "trials must be comparable"),
        ({"measures": ["steps_within:9"]}, {}, r"measures\[0\] is 'steps_within:9'; trials must be comparable"),
        ({}, {"trials": 0}, "trials is 0; it must be at least 1"),
        ({}, {"sampler": "tp"}, "sampler is 'tp'; did you mean 'tpe'"),
        ({}, {"pruner": "half"}, "pruner is 'half'; it must be one of 'halving'"),
        ({}, {"rungs": [4, 12]}, r"rungs is \[4, 12\]; it must ascend, and end with select.tune, 36"),
        ({}, {"rungs": [12, 12, 36]}, "it must ascend"),
        ({}, {"space": {}}, "space is empty"),
        ({}, {"space": {"sfot": {}}}, "space is 'sfot'; did you mean 'soft'"),
        ({}, {"space": {"soft": {}}}, "space is empty; there must be a hyperparameter"),
        ({}, {"space": {"soft": {"stepsize": [1, 2]}}}, "hyperparameter is 'stepsize'; did you mean 'step_size'"),
        ({}, {"space": {"soft": {"step_size": [0.5, 2.0]}}}, "step_size is 2.0"),
        ({}, {"space": {"soft": {"epsilon.start": [0.5]}}}, "'epsilon.start' is not known"),
    ],
)
def test_what_does_not_fit_is_refused_before_any_work(study, tmp_path, changes, asked, message):
    with pytest.raises(ValueError, match=message):
        tune(study(**changes), **{"space": SPACE, "out": tmp_path / "out", "trials": 4, **asked})
    assert not (tmp_path / "out").exists()


def test_folders_of_something_else_are_refused(study, tuned, tmp_path):
    _, folder = tuned
    for asked, what in (
        ({"seed": 1}, "seed is 0 there and 1 here"),
        ({"sampler": "random"}, "sampler is 'tpe' there and 'random' here"),
        ({"rungs": [18, 36]}, "rungs is"),
        ({"space": {"soft": {"step_size": [0.1]}}}, "space is"),
    ):
        with pytest.raises(FolderError, match=f"holds another tuning: {what}"):
            tune(study(), **{"space": SPACE, "out": folder, "trials": 10, **asked})
    run(study(), tmp_path / "plain")
    with pytest.raises(FolderError, match=r"holds 'cliff/soft', which is no trial that Optuna .* asks for"):
        tune(study(), SPACE, tmp_path / "plain", trials=2)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "todo.txt").write_text("mine")
    with pytest.raises(FolderError, match="is not empty and holds no study"):
        tune(study(), SPACE, tmp_path / "notes", trials=2)


def test_lost_settings_are_written_again(study, tuned, tmp_path):
    found, _ = tuned
    tune(study(), SPACE, tmp_path, trials=5)
    noted = json.loads((tmp_path / "tuning.json").read_bytes())
    (tmp_path / "tuning.json").unlink()
    assert tune(study(), SPACE, tmp_path, trials=5).trials == found.trials[:5]
    assert json.loads((tmp_path / "tuning.json").read_bytes()) == noted


def test_rungs():
    assert rungs_of(450, "halving") == (50, 150, 450)
    assert rungs_of(5, "halving") == (1, 5)
    assert rungs_of(2, "median") == (1, 2)
    assert rungs_of(450, "none") == (450,)
    assert rungs_of(450, "median", [10, 450]) == (10, 450)


def test_optuna_is_not_imported_before_it_is_needed_and_its_lack_is_one_line():
    code = (
        "import sys; sys.modules['optuna'] = None\n"
        "import fastsoftq.studies.tuning.tuning as tuning, fastsoftq.studies.tuning.tuning_settings as s\n"
        "try:\n    s.optuna_version()\nexcept ImportError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "tuning needs Optuna: pip install 'fastsoftq[optuna]'\n"


@pytest.mark.parametrize("bad", [(1.0, 1.0, False), (2.0, 1.0, False), (0.0, 1.0, True), (float("nan"), 1.0, False)])
def test_ranges_have_their_order(bad):
    with pytest.raises(ValueError, match=r"(low|high) is"):
        Range(*bad)


def test_choices_are_a_list_without_repeats():
    with pytest.raises(ValueError, match="no value may repeat"):
        Choices([1, 1.0])
    with pytest.raises(ValueError, match="at least one"):
        Choices([])
    with pytest.raises(TypeError, match="it must be a list"):
        Choices("abc")


def test_what_is_not_tuned_is_warned_of_as_in_any_study(small, tmp_path):
    low = fsq.SoftQLearning(step_size=0.8, discount=0.95, reward_scale=1.0)
    hard = fsq.QLearning(step_size=0.5, discount=0.95)
    study = small(seeds=None, select=Selection(4, 4), episodes=3, agents={"hard": hard, "soft": low})
    with pytest.warns(UserWarning, match="not above cliff_walking's critical reward scale"):
        tune(study, {"hard": {"step_size": [0.2, 0.5]}}, tmp_path / "warned", trials=1)
    tune(study, {"soft": {"reward_scale": [1, 5]}}, tmp_path / "tuned", trials=2)  # every warning is an error here
