"""The command tune, and what run and status say of rounds."""

import os
from pathlib import Path

import pytest

from fastsoftq.studies.toml import SpecError, read_study
from fastsoftq.studies.tuning.tuning_file import parse_tuning, read_tuning

pytest.importorskip("optuna")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "COLUMNS": "120"}
WORLD = """
[environments.cliff]
kind = "cliff_walking"
width = 5
[agents.hard]
kind = "q_learning"
step_size = 0.8
discount = 0.95
"""
TUNED = f"""\
name = "tuned"
episodes = 20
max_steps = 60
select = {{ tune = 18, test = 20 }}
{WORLD}
[agents.soft]
kind = "soft_q_learning"
discount = 0.95
epsilon = {{ start = 0.9, stop = 0.1, decrease = 0.01 }}
[tune]
rungs = [6, 18]
[tune.agents.soft]
step_size = {{ low = 0.01, high = 1.0, log = true }}
reward_scale = {{ choices = [2, 5, 10] }}
epsilon.start = {{ low = 0.2, high = 0.9 }}
"""
STOPS = f"""\
name = "stops"
episodes = 20
seeds = 20
max_steps = 60
stop = {{ difference = 30, most = 100 }}
{WORLD}
[agents.soft]
kind = "soft_q_learning"
step_size = 0.8
discount = 0.95
reward_scale = 5
"""


def written(tmp_path, text):
    path = tmp_path / "study.toml"
    path.write_text(text)
    return path


def test_tune_chooses_compares_and_goes_on(tmp_path, fastsoftq):
    path, out = written(tmp_path, TUNED), tmp_path / "out"
    done = fastsoftq("tune", path, "--out", out, "--trials", 4, "--threads", 1)
    assert done.returncode == 0, done.stderr
    assert "4 trials, " in done.stdout
    assert "chosen on 18 seeds and compared on others, intervals at 95%" in done.stdout
    assert "on 20 seeds; the best of " in done.stdout
    assert "\N{MINUS SIGN} cliff/hard: " in done.stdout
    again = fastsoftq("tune", path, "--out", out, "--trials", 4)
    assert again.returncode == 0, again.stderr
    assert "0 chunks computed" in again.stdout
    fewer = fastsoftq("tune", path, "--out", out, "--trials", 3)
    assert fewer.returncode == 2
    assert fewer.stderr.count("\n") == 1
    assert "trials is 3, and must be no fewer" in fewer.stderr


def test_run_and_status_say_what_is_decided(tmp_path, fastsoftq):
    path, out = written(tmp_path, STOPS), tmp_path / "out"
    done = fastsoftq("run", path, "--out", out, "--threads", 1)
    assert done.returncode == 0, done.stderr
    assert "answered after 20 seeds: 1 of 1 differences of last:20, at 95%" in done.stdout
    seen = fastsoftq("status", out)
    assert "as noted by the last run: answered after 20 seeds" in seen.stdout
    part = fastsoftq("run", path, "--out", tmp_path / "part", "--part", "1/2")
    assert (part.returncode, part.stderr.count("\n")) == (2, 1)
    assert "with stop it must be 1/1" in part.stderr


def test_a_file_says_what_is_chosen(tmp_path):
    found = read_tuning(written(tmp_path, TUNED))
    assert list(found.space["soft"]) == ["step_size", "reward_scale", "epsilon.start"]
    assert found.rungs == (6, 18)
    assert len(found.study.seeds) == 38
    assert found.study.agents["soft"].epsilon.stop == 0.1


def test_run_leaves_tuned_studies_to_tune(tmp_path):
    with pytest.raises(SpecError, match="tune is there: its agents are chosen by `fastsoftq tune`"):
        read_study(written(tmp_path, TUNED))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[tune.agents.soft]", "[tune.agents.sotf]", "did you mean 'soft'"),
        ("low = 0.01", "low = 2.0", "line 21: tune.agents.soft: step_size: high is 1.0; it must be more than low"),
        ("{ low = 0.01, high = 1.0, log = true }", "0.5", "step_size is 0.5; it must be { low, high }"),
        ("choices = [2, 5, 10]", "choices = []", "line 22: tune.agents.soft: reward_scale: choices is []"),
        ("log = true", "logarithmic = true", "step_size: it has low, high, logarithmic; a range is"),
        ("rungs = [6, 18]", "rungs = 6", "line 19: tune.rungs is 6; it must be a list"),
        ("rungs = [6, 18]", "steps = 6", "tune.steps is not known"),
        ("discount = 0.95\nepsilon", "discount = [0.9, 0.95]\nepsilon", "agents.soft is swept"),
        ("discount = 0.95\nepsilon", "discount = 1.5\nepsilon", "agents.soft.discount is 1.5"),
        ("[tune]\nrungs = [6, 18]\n[tune.agents.soft]", "[tuned.agents.soft]", "tune is missing"),
    ],
)
def test_errors_name_the_line_and_what_is_right(tmp_path, refused, old, new, message):
    assert old in TUNED
    with pytest.raises(SpecError) as caught:
        read_tuning(written(tmp_path, TUNED.replace(old, new)))
    assert message in str(caught.value)
    done = refused("tune", tmp_path / "study.toml", "--out", tmp_path / "out", "--trials", 1)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--trials", "0"], "trials is 0; it must be at least 1"),
        (["--trials", "few"], "'few' is not an integer"),
        ([], "Missing option '--trials'"),
        (["--trials", "2", "--sampler", "grid"], "sampler is 'grid'; it must be one of 'tpe', 'random', 'cmaes'"),
        (["--trials", "2", "--pruner", ""], "pruner is ''; it must be one of 'halving', 'median', 'none'"),
        (["--trials", "2", "--seed", "-1"], "seed is -1; it must be at least 0"),
        (["--trials", "2", "--at-once", "0"], "at_once is 0; it must be at least 1"),
        (["--trials", "2", "--threads", "5000"], "threads is 5000; it must be at most 1024"),
        (["--trials", "2", "--chunk", "0"], "chunk is 0; it must be at least 1"),
        (["--trials", "2", "--part", "1/2"], "--part is '1/2'; tune cannot be shared out"),
        (["--trials", "2", "--dask", "local"], "use --threads on one machine, and run with --part or --dask for"),
    ],
)
def test_bad_options_are_refused_in_one_line(tmp_path, refused, options, message):
    done = refused("tune", written(tmp_path, TUNED), "--out", tmp_path / "out", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("fastsoftq: ")
    assert done.stderr.count("\n") == 1
    assert message in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("tune", [5, {}, {"agents": {}}, {"agents": 5}, {"agents": {"hard": 5}}])
def test_plain_data_is_refused_too(tune):
    data = {
        "name": "small", "episodes": 5, "select": {"tune": 4, "test": 4},
        "environments": {"cliff": {"kind": "cliff_walking"}},
        "agents": {"hard": {"kind": "q_learning", "discount": 0.95}},
    }  # fmt: skip
    with pytest.raises(SpecError, match="tune"):
        parse_tuning({**data, "tune": tune})
