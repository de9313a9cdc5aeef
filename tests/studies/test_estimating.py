import heapq
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.measures import measure
from fastsoftq.statistics import seeds_needed
from fastsoftq.studies import Condition, FolderError, Stop, estimate, open_results, run
from fastsoftq.studies.enough_seeds import enough_seeds
from fastsoftq.studies.estimating import _makespan
from fastsoftq.studies.origins import Origin, Origins
from fastsoftq.studies.pilot import Piloted, piloted
from fastsoftq.system.memory import TooLargeError

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "COLUMNS": "120"}


def bytes_in(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("kept", [{}, {"tables": True, "checkpoints": [5]}, {"keep": "summary", "block": 64}])
def test_steps_and_disk_are_what_the_run_takes(small, tmp_path, kept):
    study = small(seeds=1500, episodes=60, **kept)
    found = estimate(study, threads=1)
    assert found.pilot == 64
    assert (found.runs, found.done) == (3000, 0)
    outcome = run(study, tmp_path)
    assert abs(outcome.steps - found.steps) < 1.5 * found.steps_error
    assert 0 < found.steps_error < 0.1 * found.steps
    results = open_results(tmp_path)
    for one in found.conditions:
        assert results.steps(one.name) == pytest.approx(one.steps, abs=2.0 * one.steps_error)
    assert found.disk == pytest.approx(bytes_in(tmp_path), rel=0.25)
    assert found.memory > 50 << 20
    assert found.seconds > 0.0


def test_a_pilot_of_all_runs_knows_all(small, tmp_path):
    study = small(seeds=20)
    found = estimate(study, pilot=500, threads=1)
    assert found.pilot == 20
    assert found.steps == run(study, tmp_path).steps
    assert found.steps_error >= 0.0


def test_the_pilot_is_the_first_seeds_as_they_will_be_run(small, tmp_path):
    study = small(seeds=range(100, 300), environments={"cliff": fsq.cliff_walking(slippery=True)})
    run(study, tmp_path)
    results = open_results(tmp_path)
    for one in piloted(study, 16, 2, measure("last:3")):
        curves = results.curves(one.condition.name, 16)
        assert one.steps.tolist() == curves.lengths.sum(axis=1).tolist()
        assert one.measured.values.tolist() == curves.returns[:, -3:].mean(axis=1).tolist()
        assert one.measured.seeds.tolist() == list(range(100, 116))


def test_what_a_folder_has_is_not_counted_and_nothing_is_written(small, tmp_path):
    run(small(seeds=192), tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    found = estimate(small(seeds=640), out=tmp_path, threads=2)
    assert (found.runs, found.done) == (1280, 384)
    fresh = estimate(small(seeds=640), threads=2)
    assert found.steps == pytest.approx(fresh.steps * 0.7, rel=1e-9)
    assert estimate(small(seeds=192), out=tmp_path).steps == 0.0
    assert estimate(small(seeds=192), out=tmp_path).seconds == 0.0
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    with pytest.raises(FolderError, match="another study"):
        estimate(small(episodes=13), out=tmp_path)
    new = tmp_path / "new"
    assert estimate(small(), out=new).done == 0
    assert not new.exists()


def test_conditions_of_their_own_are_piloted_as_they_are(small):
    conditions = [
        Condition("cliff", "hard", "first"),
        Condition("cliff", "soft", "then", after="first", episodes=30, first_seed=7, seeds=17),
    ]
    found = estimate(small(conditions=conditions), pilot=32)
    assert [one.runs for one in found.conditions] == [200, 17]
    assert found.conditions[0].steps > found.conditions[1].steps


def test_threads_take_units_as_they_are_free():
    assert _makespan([3.0, 1.0, 1.0, 1.0], 2) == 3.0
    assert _makespan([1.0, 1.0, 1.0], 2) == 2.0
    assert _makespan([], 4) == 0.0
    rng = np.random.default_rng(0)
    seconds = rng.random(200).tolist()
    free = [0.0] * 3
    for each in seconds:
        heapq.heappush(free, heapq.heappop(free) + each)
    assert _makespan(seconds, 3) == max(free)


def test_lanes_that_stand_empty_cost_as_much():
    steps = np.full(16, 100)
    one = Piloted(Condition("cliff", "hard"), steps, 2.0, 0.1, 10.0, 64, None)
    assert one.training(32) == 2.0
    assert one.training(640) == 20.0
    assert one._replace(lanes=0).training(640) == 80.0
    assert one._replace(steps=np.full(64, 100)).training(640) == 20.0


def piloted_as(values, names=None):
    """A pilot made up of what each condition measured."""
    return [
        Piloted(Condition("cliff", name), np.full(len(v), 10), 1.0, 0.1, 1.0, 64, measured_as(v))
        for name, v in values.items()
    ]


def measured_as(values):
    from fastsoftq.measures import Measured

    return Measured(np.asarray(values, float), np.arange(len(values), dtype=np.uint64))


def test_enough_seeds_are_those_of_the_pair_that_needs_most(small):
    rng = np.random.default_rng(3)
    values = {
        "hard": rng.normal(0, 1, 40),
        "soft": rng.normal(0, 1, 40),
        "wild": rng.normal(0, 6, 40),
    }
    agents = {name: fsq.QLearning(0.5, 0.9, epsilon) for name, epsilon in zip(values, (0.1, 0.2, 0.3), strict=True)}
    study = small(agents=agents)
    found = enough_seeds(study, piloted_as(values), measure("last"), 2.0, 0.95, 0.8)
    assert (found.condition, found.reference, found.pairs) == ("cliff/wild", "cliff/hard", 2)
    expected = seeds_needed(values["wild"], values["hard"], 2.0, power=0.8, level=1 - 0.05 / 2)
    assert found.seeds == expected.seeds
    assert (found.std, found.planning_std) == (expected.std, expected.planning_std)
    assert found.planning_std > found.std
    against = enough_seeds(small(agents=agents, against="wild"), piloted_as(values), measure("last"), 2.0, 0.95, 0.8)
    assert against.reference == "cliff/wild"


def test_the_best_of_a_sweep_stands_for_it(small):
    rng = np.random.default_rng(4)
    values = {
        "hard[a]": rng.normal(0, 9, 30),
        "hard[b]": rng.normal(50, 1, 30),
        "soft[a]": rng.normal(60, 1, 30),
        "soft[b]": rng.normal(0, 9, 30),
    }
    agents = {name: fsq.QLearning(0.5, 0.9, 0.1 * i) for i, name in enumerate(values)}
    origins = Origins(agents={name: Origin(name[:4]) for name in values})
    study = small(agents=agents, origins=origins)
    found = enough_seeds(study, piloted_as(values), measure("last"), 2.0, 0.95, 0.9)
    assert (found.condition, found.reference, found.pairs) == ("cliff/soft[a]", "cliff/hard[b]", 1)
    # Fewer steps are better.
    lower = enough_seeds(study, piloted_as(values), measure("length"), 2.0, 0.95, 0.9)
    assert {lower.condition, lower.reference} == {"cliff/soft[b]", "cliff/hard[a]"}


def test_what_does_not_vary_or_is_out_of_reach_is_said(small):
    same = enough_seeds(small(), piloted_as({"hard": [1.0] * 20, "soft": [2.0] * 20}), measure("last"), 1.0, 0.95, 0.9)
    assert same.seeds == 6  # 0.5^5 is below 0.05, 0.5^4 is not
    assert "all 20 runs of the pilot differ by the same" in same.caution
    wide = {"hard": np.arange(20.0) * 1e6, "soft": np.arange(20.0)[::-1] * 1e6}
    assert enough_seeds(small(), piloted_as(wide), measure("last"), 0.1, 0.95, 0.9).seeds is None


def test_enough_seeds_find_the_difference_as_often_as_they_promise():
    """With the seeds that a pilot asks for, a paired t test finds the difference with the power at least."""
    from scipy.stats import ttest_1samp

    rng = np.random.default_rng(5)
    agents = {"hard": fsq.QLearning(0.5, 0.9), "soft": fsq.SoftQLearning(0.5, 0.9)}
    from fastsoftq.studies import Study

    study = Study(name="x", episodes=5, seeds=50, environments={"cliff": fsq.cliff_walking()}, agents=agents)
    enough = 0
    for _ in range(60):
        values = {"hard": rng.normal(0, 2, 30), "soft": rng.normal(0, 2, 30)}
        seeds = enough_seeds(study, piloted_as(values), measure("last"), 1.5, 0.95, 0.8).seeds
        trials = rng.normal(1.5, np.sqrt(8), (300, seeds))
        enough += (ttest_1samp(trials, 0.0, axis=1).pvalue < 0.05).mean() > 0.77
    assert enough >= 0.7 * 60  # an assurance of 80 %


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pilot": 15}, "pilot is 15; it must be at least 16"),
        ({"difference": 0.0}, "difference is 0.0"),
        ({"difference": -1}, "difference is -1"),
        ({"confidence": 1.0, "difference": 1.0}, "confidence is 1.0"),
        ({"power": 0, "difference": 1.0}, "power is 0"),
        ({"power": 0.8}, "power is 0.8, and there is no difference"),
        ({"confidence": 0.95}, "confidence is 0.95, and there is no difference"),
        ({"threads": 0}, "threads is 0"),
    ],
)
def test_bad_options_are_refused_before_any_work(small, options, message):
    with pytest.raises(ValueError, match=message):
        estimate(small(), **options)


def test_a_folder_that_run_would_refuse_is_refused(small, tmp_path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(FolderError, match=r"is not empty and holds no study; there is 'thesis\.tex', for one"):
        estimate(small(), out=tmp_path)


def test_more_seeds_than_have_labels_in_memory_are_refused_before_any_work(small):
    with pytest.raises(TooLargeError, match=rf"seeds is {2**62}; a study of so many needs .* of memory"):
        estimate(small(seeds=2**62))


def test_what_is_no_study_and_measures_that_are_no_means_are_refused(small):
    with pytest.raises(TypeError, match="study is 'x'"):
        estimate("x")
    for name in ("worst:0.05",):
        with pytest.raises(ValueError, match="seeds can be planned for means over runs"):
            estimate(small(measures=[name]), difference=1.0)
    one = small(agents={"hard": fsq.QLearning(0.8, 0.95)})
    with pytest.raises(ValueError, match="no two conditions"):
        estimate(one, difference=1.0)


STUDY = """
name = "commands"
episodes = 20
seeds = 300
max_steps = 60
[environments.cliff]
kind = "cliff_walking"
width = 5
[agents.hard]
kind = "q_learning"
step_size = 0.8
discount = 0.95
[agents.soft]
kind = "soft_q_learning"
step_size = 0.8
discount = 0.95
reward_scale = [2, 5]
"""


def test_the_command_says_it_in_plain_lines(tmp_path, fastsoftq):
    study = tmp_path / "study.toml"
    study.write_text(STUDY)
    told = fastsoftq("plan", study, "--difference", "1", "--pilot", "32", "--out", tmp_path / "out")
    assert told.returncode == 0, told.stderr
    lines = told.stdout.splitlines()
    assert any(line.startswith("cliff/soft[reward_scale=5]: 300 runs, ") for line in lines)
    for start in ("3 conditions, 900 runs; judged by a pilot of 32 runs of each", "steps: ", "time here: ", "memory: "):
        assert any(line.startswith(start) for line in lines), start
    assert any(line.startswith("seeds: ") and "are enough to find a difference of 1" in line for line in lines)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing.toml"], "nothing.toml"),
        (["study.toml", "--pilot", "3"], "pilot is 3"),
        (["study.toml", "--pilot", "few"], "few"),
        (["study.toml", "--difference", "0"], "difference is 0"),
        (["study.toml", "--out", ""], "the folder of results is ''"),
        (["study.toml", "--difference", "nan"], "difference is nan; it must be finite"),
        (["study.toml", "--confidence", "2"], "confidence is 2"),
        (["study.toml", "--power", "nan"], "power is nan; it must lie in (0, 1)"),
        (["study.toml", "--power", "0.8"], "power is 0.8, and there is no difference; give one"),
        (["study.toml", "--confidence", "0.9"], "confidence is 0.9, and there is no difference"),
        (["study.toml", "--threads", "5000"], "threads is 5000; it must be at most 1024"),
    ],
)
def test_bad_input_is_refused_in_one_line(tmp_path, fastsoftq, arguments, message):
    (tmp_path / "study.toml").write_text(STUDY)
    told = fastsoftq("plan", tmp_path / arguments[0], *arguments[1:])
    assert told.returncode == 2
    assert message in told.stderr
    assert len(told.stderr.splitlines()) == 1
    assert "Traceback" not in told.stderr


PEAK = """
import sys
from fastsoftq.studies import estimate, read_study, run
from fastsoftq.system.memory import peak_memory
study = read_study(sys.argv[1])
if sys.argv[2] == "plan":
    print(estimate(study, threads=2).memory)
else:
    run(study, sys.argv[2], threads=2)
    print(peak_memory())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="nothing tells the peak of memory there")
@pytest.mark.parametrize("size", ["episodes = 20\nseeds = 300", "episodes = 4000\nseeds = 2000", "tables = true"])
def test_memory_is_what_a_run_takes_and_little_more(tmp_path, size):
    small = "episodes = 20\nseeds = 300"
    (tmp_path / "study.toml").write_text(STUDY.replace(small, size if size != "tables = true" else f"{small}0\n{size}"))

    def peak(what):
        command = [sys.executable, "-c", PEAK, str(tmp_path / "study.toml"), what]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=ENVIRONMENT, check=True)
        return int(done.stdout)

    peak("plan")  # compiles, which takes more than these runs do
    planned, taken = peak("plan"), peak(str(tmp_path / "out"))
    assert taken <= planned <= 1.3 * taken


def test_a_rule_that_stops_is_said(small):
    found = estimate(small(stop=Stop(difference=1.0, most=5000)), pilot=16)
    assert found.most == 5000
    assert "commands" not in found._repr_html_()
    assert "What small will take" in found._repr_html_()
