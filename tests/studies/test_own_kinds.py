"""Agents and worlds of one's own in a study's file: of modules that are named, and of no others."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

import fastsoftq as fsq
from fastsoftq.cli.app import app
from fastsoftq.deep.learner import Deep
from fastsoftq.studies import open_results, read_study
from fastsoftq.studies.own_kinds import kinds_of_modules
from fastsoftq.studies.spec_errors import SpecError
from fastsoftq.studies.toml import parse_study
from fastsoftq.studies.tuning.tuning_file import parse_tuning
from tests.agents.homemade import Clipped, Mean
from tests.environments.homemade import Drifting

HOME = "tests.agents.homemade"
CODE = """\
from typing import NamedTuple

import fastsoftq as fsq
from fastsoftq.agents.epsilon_greedy import epsilon_greedy
from fastsoftq.agents.rules import bootstrap, rule

open("imported", "a").close()


@epsilon_greedy
class Mine(NamedTuple):
    step_size: float
    discount: float
    epsilon: float = 0.1
    reward_scale: float = 1.0


@rule(bootstrap, Mine)
def _(agent, row, summary, action):
    return summary


def corridor(length: int = 3, walls: list[int] = []):
    if length < 2:
        raise ValueError(f"length is {length}; it must be at least 2")
    return fsq.from_map("S" + "." * (length - 2) + "G")


def broken():
    return {}["nothing"]


def number():
    return 3
"""
STUDY = """\
name = "own"
episodes = 5
seeds = 16
max_steps = 20
[environments.way]
kind = "my_own:corridor"
length = [3, 5]
[agents.mine]
kind = "my_own:Mine"
step_size = 0.5
discount = 0.9
[agents.slower]
kind = "visit_step_size"
agent = { kind = "my_own:Mine", step_size = [0.5, 1.0], discount = 0.9 }
"""
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "COLUMNS": "200"}


@pytest.fixture
def home(tmp_path):
    (tmp_path / "my_own.py").write_text(CODE)
    (tmp_path / "study.toml").write_text(STUDY)
    return tmp_path


def data(**agents):
    return {
        "name": "own",
        "episodes": 5,
        "seeds": 8,
        "environments": {"cliff": {"kind": "cliff_walking"}},
        "agents": agents,
    }


MEAN = {"kind": f"{HOME}:Mean", "step_size": 0.5, "discount": 0.9, "epsilon": 0.1}


def test_the_kinds_of_a_module_are_what_it_defines():
    found = kinds_of_modules([HOME])
    assert found.agents == {f"{HOME}:Mean": Mean, f"{HOME}:Clipped": Clipped}
    assert found.worlds == {}  # `highest`, `rule` and others are imported there, and `Sight` is neither
    package = kinds_of_modules(["fastsoftq.agents"])
    assert package.agents["fastsoftq.agents:QLearning"] is fsq.QLearning


def test_an_agent_is_its_class_by_itself_within_others_and_swept():
    study = parse_study(data(mean={**MEAN, "epsilon": [0.1, 0.2]}), [HOME])
    assert study.agents == {f"mean[epsilon={epsilon}]": Mean(0.5, 0.9, epsilon) for epsilon in (0.1, 0.2)}
    bonus = {"kind": "count_bonus", "bonus": 0.5, "agent": MEAN}
    assert parse_study(data(bonus=bonus), [HOME]).agents["bonus"] == fsq.CountBonus(Mean(0.5, 0.9, 0.1), 0.5)
    deep = data(deep={"kind": "deep", "agent": MEAN, "network": {"kind": "mlp", "hidden": [8]}})
    deep = {**deep, "steps": 2000, "points": 2}
    deep.pop("episodes")
    (found,) = parse_study(deep, [HOME]).agents.values()
    assert isinstance(found, Deep)
    assert found.agent == Mean(0.5, 0.9, 0.1)


def test_an_environment_is_its_class_and_a_table_may_be_seen_otherwise():
    """A NamedTuple with the rules of an environment; and a function's world has a `view`, as the package's have."""
    module = "tests.environments.homemade"
    steps = {
        "kind": "deep",
        "agent": MEAN,
        "network": {"kind": "mlp", "hidden": [8]},
        "replay": {"kind": "replay", "start": 50, "batch": 8},
    }
    text = {**data(deep=steps), "steps": 200, "points": 2}
    del text["episodes"]
    text["environments"] = {
        "drift": {"kind": f"{module}:Drifting", "width": 2.0},
        "map": {"kind": "fastsoftq.mdp.chain:chain", "view": "one_hot"},
    }
    made = parse_study(text, [module, HOME, "fastsoftq.mdp.chain"]).environments
    assert made["drift"] == Drifting(2.0)
    assert made["map"].name == "chain"
    text["environments"]["map"]["view"] = "sideways"
    with pytest.raises(SpecError, match=r"environments\.map\.view is 'sideways'"):
        parse_study(text, [module, HOME, "fastsoftq.mdp.chain"])


def test_so_it_may_be_in_what_is_tuned():
    tuned = data(mean={name: value for name, value in MEAN.items() if name != "step_size"})
    tuned["select"] = {"tune": 10, "test": 20}
    del tuned["seeds"]
    tuned["tune"] = {"agents": {"mean": {"step_size": {"low": 0.1, "high": 1.0}}}}
    assert isinstance(parse_tuning(tuned, [HOME]).study.agents["mean"], Mean)


def test_a_kind_of_a_module_that_is_not_named_is_refused_even_if_it_is_imported():
    for kind in (f"{HOME}:Mean", "os:system", "nowhere:Mine"):
        with pytest.raises(SpecError, match=rf"agents\.mean\.kind is '{kind}'; .*--import {kind.partition(':')[0]}"):
            parse_study(data(mean={**MEAN, "kind": kind}))
        world = {**data(hard={"kind": "q_learning", "step_size": 0.5, "discount": 0.9})}
        world["environments"] = {"a": {"kind": kind, "command": "touch pwned"}}
        with pytest.raises(SpecError, match=rf"environments\.a\.kind is '{kind}'; .*--import"):
            parse_study(world)
    with pytest.raises(SpecError, match=rf"did you mean '{HOME}:Mean'\?"):
        parse_study(data(mean={**MEAN, "kind": f"{HOME}:Maen"}), [HOME])


@pytest.mark.parametrize(
    ("modules", "error", "words"),
    [
        (["no_such_module"], ImportError, "modules includes 'no_such_module'; it cannot be imported"),
        ([""], ImportError, "modules includes ''; it cannot be imported"),
        ([3], TypeError, "modules includes 3; it must be the name of a module"),
        (HOME, TypeError, f"modules is '{HOME}'; it must be an iterable of names"),
    ],
)
def test_modules_that_are_none_are_refused(tmp_path, modules, error, words):
    (tmp_path / "study.toml").write_text(STUDY)
    with pytest.raises(error, match=words):
        read_study(tmp_path / "study.toml", modules)


def test_the_command_runs_plans_and_reports_them(home, fastsoftq):
    refused = fastsoftq("run", "study.toml", "--out", "out", cwd=home)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "study.toml, line 6: environments.way.kind is 'my_own:corridor'" in refused.stderr
    assert "--import my_own" in refused.stderr
    assert not (home / "imported").exists()
    planned = fastsoftq("plan", "study.toml", "--pilot", "16", "--import", "my_own", cwd=home)
    assert planned.returncode == 0, planned.stderr
    assert "way[length=5]/slower[agent.step_size=1.0]: 16 runs" in planned.stdout
    done = fastsoftq("run", "study.toml", "--out", "out", "--import", "my_own", cwd=home)
    assert done.returncode == 0, done.stderr
    assert "Report: out/report.html" in done.stdout
    assert "my_own:Mine" not in (home / "out" / "report.html").read_text()  # it is known, and not shown as data
    again = fastsoftq("run", "study.toml", "--out", "out", "--import", "my_own", cwd=home)
    assert "0 of 96 runs computed, 96 found whole" in again.stdout
    results = open_results(home / "out")
    assert results.coordinates["environment.length"] == (3, 3, 3, 5, 5, 5)
    assert set(results.coordinates["algorithm"]) == {"mine", "visit_step_size"}
    hard = fsq.train(fsq.from_map("S.G"), fsq.QLearning(0.5, 0.9), seeds=16, episodes=5, max_steps=20)
    assert (results.curves("way[length=3]/mine").returns == hard.returns).all()  # whose rules are the same
    (home / "imported").unlink()
    for command in (["status", "out"], ["verify", "out"], ["export", "out", "--to", "csv"]):
        assert fastsoftq(*command, cwd=home).returncode == 0
    assert not (home / "imported").exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("length = [3, 5]", "length = 1"), "line 7: environments.way.length is 1; it must be at least 2"),
        (("length = [3, 5]", "lenght = 3"), "environments.way.lenght is not known; did you mean 'length'?"),
        (("corridor", "broken"), "environments.way.length is not known"),
        (('corridor"\nlength = [3, 5]', 'broken"'), "my_own:broken cannot be made: KeyError: 'nothing'"),
        (('corridor"\nlength = [3, 5]', 'number"'), "environments['way'] is 3; it must be a TabularMDP"),
        (("my_own:Mine", "my_own:corridor"), "agents.mine.kind is 'my_own:corridor'"),
    ],
)
def test_what_is_wrong_with_them_names_the_line(home, monkeypatch, change, words):
    monkeypatch.chdir(home)
    monkeypatch.syspath_prepend(home)
    (home / "study.toml").write_text(STUDY.replace(*change, 1))
    with pytest.raises(SpecError, match=re.escape(words)):
        read_study("study.toml", ["my_own"])


def test_a_module_that_cannot_be_imported_is_one_line(home, fastsoftq):
    (home / "quits.py").write_text("raise SystemExit(0)")
    for command, name in (
        (["run", "study.toml", "--out", "out"], "quits"),
        (["plan", "study.toml"], "no_such_module"),
        (["tune", "study.toml", "--out", "out", "--trials", "2"], "no_such_module"),
    ):
        done = fastsoftq(*command, "--import", name, cwd=home)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert f"--import is '{name}'; it cannot be imported" in done.stderr
    done = fastsoftq("plan", "study.toml", "--import", "quits.py", cwd=home)
    assert "--import is 'quits.py'; it must be a module's name, without .py or a path" in done.stderr


def test_a_rule_that_does_not_compile_is_one_line_and_makes_no_folder(home, fastsoftq):
    """Else the folder would hold the code in which the slip was, and refuse the one in which it is mended."""
    right = (home / "my_own.py").read_text()
    slip = "\n\nrule(bootstrap, Mine)(lambda agent, row, summary, action: summary * agent.discuont)\n"
    (home / "my_own.py").write_text(right + slip)
    for command in (["run", "study.toml", "--out", "out"], ["plan", "study.toml"]):
        done = fastsoftq(*command, "--import", "my_own", cwd=home)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
        assert "the rule 'bootstrap' of Mine cannot be compiled" in done.stderr
        assert "Unknown attribute 'discuont' of type Mine" in done.stderr
        assert not (home / "out").exists()


def test_tuning_takes_them_too(home, fastsoftq):
    (home / "tune.toml").write_text(
        """\
name = "tuned"
episodes = 5
max_steps = 20
select = { tune = 16, test = 16 }
environments.way.kind = "my_own:corridor"
agents.mine = { kind = "my_own:Mine", discount = 0.9 }
tune.agents.mine.step_size = { low = 0.1, high = 1.0 }
"""
    )
    done = fastsoftq("tune", "tune.toml", "--out", "out", "--trials", "2", "--import", "my_own", cwd=home)
    assert done.returncode == 0, done.stderr
    assert "way/mine" in done.stdout


def test_the_worlds_command_tells_of_one(home, fastsoftq):
    done = fastsoftq("worlds", "my_own:corridor", "length=6", "--json", "--import", "my_own", cwd=home)
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)
    assert (row["world"], row["states"]) == ("my_own:corridor", 6)
    for arguments in (["my_own:corridor"], ["my_own:number", "--import", "my_own"], ["chain", "--import", "nope"]):
        wrong = fastsoftq("worlds", *arguments, cwd=home)
        assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)


def test_completion_and_help_show_the_option(home):
    (home / "my_package").mkdir()
    (home / "my_package" / "__init__.py").touch()
    (home / "other.py").touch()
    words = {"COMP_WORDS": "fastsoftq run STUDY --import my_", "COMP_CWORD": "4"}
    script = "import sys; sys.argv[0] = 'fastsoftq'; from fastsoftq.cli.app import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", script], env={**ENVIRONMENT, **words, "_FASTSOFTQ_COMPLETE": "complete_bash"}, cwd=home,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout.split() == ["my_own", "my_package"], done.stderr
    commands = typer.main.get_command(app).commands
    for name in ("run", "plan", "tune", "report", "worlds"):
        (option,) = [parameter for parameter in commands[name].params if "--import" in parameter.opts]
        assert "my_module:Mine" in option.help
