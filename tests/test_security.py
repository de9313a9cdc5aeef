"""Folders of results may come from anybody: what is read from them is data, never imported or called."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.report.drawing import csv_text
from fastsoftq.report.page import write_report
from fastsoftq.report.reader import read_results
from fastsoftq.report.sections import error_rate, section
from fastsoftq.report.sweep.swept_study import Asked
from fastsoftq.studies.conditions import Condition
from fastsoftq.studies.exporting.exporting import export
from fastsoftq.studies.inspect import status, verify
from fastsoftq.studies.plan import FolderError
from fastsoftq.studies.results import open_results
from fastsoftq.studies.running import run
from fastsoftq.studies.storing.plan_file import plan_from_data
from fastsoftq.studies.storing.zarr_files import DamagedError
from fastsoftq.studies.study import Study
from fastsoftq.studies.study_records import UnknownAgent, agent_from_record, canonical, sealed
from tests.agents.homemade import Mean
from tests.report.folders import HARD

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
OWN = """\
from typing import NamedTuple
from fastsoftq.agents.rules import act, bootstrap, summarise, rule
from fastsoftq.kernels.policies import any_action
from fastsoftq.kernels.over_actions import highest

open("imported", "w").close()

class Mine(NamedTuple):
    step_size: float
    discount: float
    reward_scale: float = 1.0

@rule(summarise, Mine)
def _(agent, row, like):
    return highest(row)

@rule(bootstrap, Mine)
def _(agent, row, summary, action):
    return summary

@rule(act, Mine)
def _(agent, row, summary, draw):
    return any_action(draw.low, len(row))
"""


@pytest.fixture
def folder(tmp_path):
    """A study's folder, to be tampered with."""
    study = Study(
        name="small",
        episodes=4,
        seeds=8,
        max_steps=20,
        environments={"cliff": fsq.cliff_walking(height=3, width=4)},
        agents={"hard": HARD},
    )
    run(study, tmp_path / "out", threads=1)
    return tmp_path / "out"


def tamper(folder, change):
    """Change a plan, and seal it as whoever may write there can."""
    plan = json.loads((folder / "study.json").read_bytes())
    plan.pop("sha256")
    change(plan)
    (folder / "study.json").write_bytes(canonical(sealed(plan)))
    for mark in (folder / "done").iterdir():  # results of this study, says the forger
        data = json.loads(mark.read_bytes())
        data.pop("sha256")
        from fastsoftq.studies.storing.plan_file import plan_from_data

        own = plan_from_data(json.loads((folder / "study.json").read_bytes()))
        data["identity"] = own.identity(own.conditions[0])
        mark.write_bytes(canonical(sealed(data)))


def forged(folder, record):
    tamper(folder, lambda plan: plan["study"]["agents"].update(hard=record))


HOSTILE = [
    {"kind": "subprocess:Popen", "args": "touch pwned", "shell": True},
    {"kind": "os:system", "command": "touch pwned"},
    {"kind": "builtins:exec", "source": "open('pwned', 'w')"},
    {"kind": "evil:Mine", "step_size": 0.5, "discount": 0.9},
    {"kind": "evil.deeper:Mine"},
    {"kind": "q_learning", "step_size": {"kind": "os:system", "command": "touch pwned"}, "discount": 0.9},
    {"kind": "q_learning", "step_size": "0.8", "discount": [1], "epsilon": None, "reward_scale": 1e300},
    {"kind": "linear_decay", "start": 1, "stop": 0, "decrease": 1},
    {"kind": "fastsoftq.studies.running:run", "study": 1, "out": "pwned"},
    {"kind": "fastsoftq.agents.frozen:Frozen", "agent": {"kind": "pathlib:Path.touch", "self": "pwned"}},
    {"kind": "<script>alert(1)</script>:X"},
]


@pytest.mark.parametrize("record", HOSTILE, ids=[record["kind"] for record in HOSTILE])
def test_an_agent_that_nobody_imported_is_data(folder, record, monkeypatch):
    monkeypatch.chdir(folder.parent)
    monkeypatch.syspath_prepend(folder.parent)
    (folder.parent / "evil.py").write_text("open('pwned', 'w')\n" + OWN)
    forged(folder, record)
    curves = open_results(folder).curves("cliff/hard")
    assert isinstance(curves.agent, UnknownAgent)
    assert curves.agent.kind == record["kind"]
    assert status(folder).finished
    verify(folder)
    page = write_report(folder).read_text()
    assert "<script>alert" not in page
    assert not (folder.parent / "pwned").exists()
    assert "evil" not in sys.modules


def test_nor_does_any_command_run_what_a_folder_names(folder, fastsoftq):
    (folder.parent / "evil.py").write_text("open('pwned', 'w')\n" + OWN)
    forged(folder, HOSTILE[3])
    tamper(folder, lambda plan: plan.update(source='[environments.a]\nkind = "gymnasium"\nenv = "evil:Evil-v0"\n'))
    for command in (["report"], ["report", folder], ["status"], ["verify"]):
        done = fastsoftq(command[0], folder, *command[1:], cwd=folder.parent)
        assert "Traceback" not in done.stderr
    assert not (folder.parent / "pwned").exists()


def test_an_agent_of_ones_own_is_recognised_once_it_is_imported(tmp_path, fastsoftq):
    (tmp_path / "homemade_agent.py").write_text(OWN)
    script = """
import fastsoftq as fsq
from fastsoftq.studies.running import run
from fastsoftq.studies.study import Study
import homemade_agent
study = Study(name="own", episodes=3, seeds=8, max_steps=9, environments={"corridor": fsq.from_map("S.G")},
              agents={"mine": homemade_agent.Mine(0.5, 0.9)})
run(study, "out", threads=1)
"""
    here = {"cwd": tmp_path, "env": ENVIRONMENT, "timeout": 120, "capture_output": True, "text": True}
    done = subprocess.run([sys.executable, "-c", script], **here, check=False)
    assert done.returncode == 0, done.stderr
    out, page = tmp_path / "out", tmp_path / "out" / "report.html"
    agent = open_results(out).curves("corridor/mine").agent
    assert repr(agent) == "homemade_agent:Mine(discount=0.9, reward_scale=1.0, step_size=0.5)"
    (tmp_path / "imported").unlink()
    for options, seen in (([], False), (["--import", "homemade_agent"], True)):
        done = fastsoftq("report", "out", *options, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "imported").exists() == seen
        assert ("<td>homemade_agent:Mine</td>" in page.read_text()) != seen
    wrong = fastsoftq("report", "out", "--import", "nine", cwd=tmp_path)
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
    assert "--import is 'nine'" in wrong.stderr
    (tmp_path / "quits.py").write_text("raise SystemExit(0)")
    quits = fastsoftq("report", "out", "--import", "quits", cwd=tmp_path)
    assert (quits.returncode, quits.stderr.count("\n")) == (2, 1)


def test_agents_that_are_given_are_recognised_by_the_name_of_their_class():
    record = {"kind": "__main__:Mean", "step_size": 0.5, "discount": 0.9, "epsilon": 0.1, "reward_scale": 1.0}
    assert isinstance(agent_from_record(record), UnknownAgent)
    assert agent_from_record(record, [Mean]) == Mean(0.5, 0.9, 0.1)
    record["kind"] = f"{Mean.__module__}:Mean"
    assert agent_from_record(record) == Mean(0.5, 0.9, 0.1)  # imported above
    record["epsilon"] = 2.0
    assert isinstance(agent_from_record(record), UnknownAgent)


class NoRules(NamedTuple):
    step_size: float


@pytest.mark.parametrize("agent", [NoRules, dict, Mean(0.5, 0.9, 0.1), "mine:Mine", None])
def test_what_has_no_rules_is_no_agent(folder, agent):
    for read in (open_results, read_results):
        with pytest.raises(TypeError, match=r"agents includes .* it must be a NamedTuple class with the rules"):
            read(folder, [agent])


def test_zarr_is_given_no_metadata_but_our_own(folder):
    pytest.importorskip("xarray")
    pytest.importorskip("zarr")
    group = folder / "results.zarr"
    (group / "lengths" / "zarr.json").write_text(
        (group / "lengths" / "zarr.json").read_text().replace('"blosc"', '"numcodecs.pickle"')
    )
    with pytest.raises(DamagedError, match=r"results\.zarr/lengths/zarr\.json"):
        open_results(folder).to_xarray()
    (group / "lengths" / "zarr.json").unlink()
    (group / "lengths" / ".zarray").write_text("{}")
    with pytest.raises(DamagedError, match=r"results\.zarr/lengths/zarr\.json"):
        open_results(folder).to_xarray()


@pytest.fixture
def findings(tmp_path):
    """The folder of an experiment, as `reproduce` writes it."""
    from fastsoftq.report.findings import Findings, Table, write

    out = tmp_path / "results"
    out.mkdir()
    arrays = {"seeds": np.arange(4)}
    for name, dtype in (("returns", float), ("lengths", np.int32), ("truncated", bool)):
        arrays[f"hard_{name}"] = np.arange(12).reshape(4, 3).astype(dtype)
    table = Table(["agent"], [["hard"]])
    write(
        Findings("t", table, [], [{"agent": "hard"}], arrays, {}, agents={"hard": ("hard", HARD)}, run={"seeds": 4}),
        out,
        "x",
    )
    return out


@pytest.mark.parametrize(
    ("at", "value", "words"),
    [
        (("agents", "hard", "colour"), '#123456)"><script>alert(1)</script>', "a colour is"),
        (("agents", "hard", "colour"), 5, "cannot be read"),
        (("figures",), {"../secret": "mine"}, "a figure is called '../secret'"),
        (("figures",), {"/etc/secret": "mine"}, "a figure is called"),
        (("figures",), {"linked": "mine"}, "linked.svg is a link"),
        (("figures",), {"text": "mine"}, "text.svg is no picture"),
        (("figures",), ["learning"], "figures is no table"),
        (("agents",), ["hard"], "agents is no table"),
        (("agents", "hard", "settings"), [1], "settings is no table"),
        (("agents", "hard", "label"), 5, "label is 5"),
        (("sentences",), 5, "sentences is no list"),
        (("sentences",), [None], "an entry of sentences is None"),
        (("table", "rows"), [["a", "b"]], "a row of its table has 2 entries"),
        (("table", "rows"), ["ab"], "an entry of rows is no list"),
        (("experiment",), 5, "experiment is 5"),
    ],
)
def test_a_page_holds_no_more_than_text_and_pictures_of_the_folder(findings, at, value, words):
    (findings.parent / "secret.svg").write_text("<svg/>")
    (findings / "linked.svg").symlink_to(findings.parent / "secret.svg")
    (findings / "text.svg").write_text("root:x:0")
    words_of = json.loads((findings / "findings.json").read_text())
    place = words_of
    for key in at[:-1]:
        place = place[key]
    place[at[-1]] = value
    (findings / "findings.json").write_text(json.dumps(words_of))
    with pytest.raises(ValueError, match=words):
        write_report(findings)


def test_nor_do_its_words_become_part_of_the_page(findings):
    text = (findings / "findings.json").read_text()
    words_of = json.loads(text)
    evil = "<script>alert(1)</script>"
    words_of["agents"]["hard"] |= {"label": evil, "settings": {evil: evil}}
    words_of |= {"title": evil, "heading": evil, "sentences": [evil], "experiment": evil}
    words_of["table"] = {"header": [evil], "rows": [[evil]], "caption": evil}
    (findings / "findings.json").write_text(json.dumps(words_of))
    page = write_report(findings).read_text()
    assert evil not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize(
    "change",
    [
        lambda plan: plan.pop("conditions"),
        lambda plan: plan.update(chunk=0),
        lambda plan: plan.update(chunk="64"),
        lambda plan: plan.update(conditions=[["nowhere", "hard"]]),
        lambda plan: plan.update(provenance=[]),
        lambda plan: plan["study"].update(keep="everything"),
        lambda plan: plan["study"].update(keep="summary", block=None),
        lambda plan: plan["study"].update(episodes=-1),
        lambda plan: plan["study"].update(seeds={"start": 0, "count": 1.5}),
        lambda plan: plan["study"].update(agents=[]),
        lambda plan: plan["study"]["agents"].update(hard=7),
        lambda plan: plan.update(format="new"),
    ],
)
def test_a_plan_that_is_none_is_refused_in_words(folder, change):
    plan = json.loads((folder / "study.json").read_bytes())
    plan.pop("sha256")
    change(plan)
    (folder / "study.json").write_bytes(canonical(sealed(plan)))
    for read in (open_results, status, verify, write_report):
        with pytest.raises(FolderError, match=r"holds a plan that no version|has format 'new'"):
            read(folder)


JUNK = [None, True, -1, 1.5, "x", [], {}, [1], {"a": 1}]


def places(data, at=()):
    """Every place in plain data, as the keys that lead there."""
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield (*at, key)
        yield from places(value, (*at, key))


@pytest.mark.parametrize("which", ["study.json", "done/0.0"])
def test_whatever_stands_in_a_file_it_is_read_or_refused(folder, which):
    data = json.loads((folder / which).read_bytes())
    data.pop("sha256")
    refused = tried = 0
    for place in places(data):
        for junk in JUNK:
            changed = json.loads(json.dumps(data))
            within = changed
            for key in place[:-1]:
                within = within[key]
            within[place[-1]] = junk
            (folder / which).write_bytes(canonical(sealed(changed)))
            tried += 1
            try:
                results = open_results(folder)
                status(folder)
                verify(folder, threads=1)
                results.curves(results.conditions[0])
            except (ValueError, OSError):
                refused += 1
    assert refused > tried / 2


def arrays_of(findings):
    with np.load(findings / "curves.npz") as arrays:
        return dict(arrays)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("seeds", None),
        ("hard_lengths", None),
        ("seeds", np.arange(3)),
        ("seeds", np.array(["a"] * 4)),
        ("hard_returns", np.zeros(4)),
        ("hard_lengths", np.zeros((3, 3), int)),
        ("hard_returns", np.full((4, 3), "x")),
        ("hard_returns", np.full((4, 3), 1j)),
        ("hard_lengths", np.full((4, 3), "x")),
        ("hard_returns_exact", np.zeros(2)),
        ("returns_bounds", np.float64(3.0)),
        ("returns_bounds", np.zeros(3)),
    ],
)
def test_curves_that_do_not_fit_are_refused_in_words(findings, name, array):
    arrays = arrays_of(findings)
    arrays.pop(name, None)
    np.savez(findings / "curves.npz", **arrays, **({} if array is None else {name: array}))
    with pytest.raises(ValueError, match=rf"holds results that cannot be read: .*{name}"):
        write_report(findings)


@pytest.mark.parametrize("damage", [b"", b"PK", b"\x93NUMPY", b"[" * 100_000])
@pytest.mark.parametrize("file", ["curves.npz", "findings.json", "run.json"])
def test_so_are_files_that_are_none(findings, file, damage):
    (findings / file).write_bytes(damage)
    with pytest.raises(ValueError, match="holds results that cannot be read"):
        write_report(findings)


def test_links_are_not_followed(findings):
    (findings.parent / "elsewhere.json").write_bytes((findings / "run.json").read_bytes())
    (findings / "run.json").unlink()
    (findings / "run.json").symlink_to(findings.parent / "elsewhere.json")
    with pytest.raises(ValueError, match=r"run\.json is a link"):
        write_report(findings)


@pytest.mark.parametrize(
    ("file", "place", "value"),
    [
        ("study.json", ("study", "seeds", "count"), 2**62),
        ("study.json", ("chunk",), 2**31 - 64),
        ("study.json", ("study", "agents", "hard", "code"), [1]),
        ("study.json", ("study", "agents", "hard", "code"), {"mine": 1}),
        ("done/0.0", ("steps",), 10**400),
        ("done/0.0", ("runs",), 2**63),
    ],
)
def test_numbers_beyond_measure_are_refused(folder, file, place, value):
    data = json.loads((folder / file).read_bytes())
    data.pop("sha256")
    within = data
    for key in place[:-1]:
        within = within[key]
    within[place[-1]] = value
    (folder / file).write_bytes(canonical(sealed(data)))
    with pytest.raises(ValueError, match=r"holds a plan that no version|damaged"):
        open_results(folder).curves("cliff/hard")


def test_a_study_of_more_seeds_than_fit_here_can_be_looked_at(folder):
    tamper(folder, lambda plan: plan["study"]["seeds"].update(count=2**40) or plan.update(chunk=2**25))
    assert status(folder).rows[0].runs == 2**40


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    """A folder with tables, checkpoints and a condition that starts from another's tables."""
    folder = tmp_path_factory.mktemp("tuned")
    study = Study(
        name="tuned",
        episodes=4,
        seeds=8,
        max_steps=20,
        environments={"cliff": fsq.cliff_walking(height=3, width=4)},
        agents={"hard": HARD},
        conditions=[Condition("cliff", "hard", "a"), Condition("cliff", "hard", "b", episodes=2, after="a")],
        tables=True,
        checkpoints=[1, 3],
    )
    run(study, folder, threads=1)
    return folder


HUGE = 2**31 - 1


@pytest.mark.parametrize(
    "change",
    [
        lambda plan: plan["study"].update(tables=1),
        lambda plan: plan["study"].update(tables=False),
        lambda plan: plan["study"].update(checkpoints=[3, 1]),
        lambda plan: plan["study"].update(checkpoints=["1"]),
        lambda plan: plan["study"].update(checkpoints=7),
        lambda plan: plan["study"].update(conditions=[]),
        lambda plan: plan["study"].update(conditions={}),
        lambda plan: plan["study"]["conditions"]["b"].update(episodes=None),
        lambda plan: plan["study"]["conditions"]["b"].update(episodes=-1),
        lambda plan: plan["study"]["conditions"]["b"].update(episodes=HUGE),
        lambda plan: plan["study"]["conditions"]["b"].update(max_steps="1"),
        lambda plan: plan["study"]["conditions"]["b"].update(precision="quadruple"),
        lambda plan: plan["study"]["conditions"]["b"].update(first_seed=2**64 - 1),
        lambda plan: plan["study"]["conditions"]["b"].update(environment="elsewhere"),
        lambda plan: plan["study"]["conditions"]["b"].update(agent=["hard"]),
        lambda plan: plan["study"]["conditions"]["b"].update(name="c"),
        lambda plan: plan["study"]["conditions"]["b"].update(other=1),
        lambda plan: plan["study"]["conditions"]["b"].update(after="b"),
        lambda plan: plan["study"]["conditions"]["a"].update(after="b"),
        lambda plan: plan["study"]["conditions"].update(b=3),
        lambda plan: plan["study"]["environments"]["cliff"].update(states=HUGE),
        lambda plan: plan["study"]["environments"]["cliff"].update(states=0),
        lambda plan: plan["study"]["environments"]["cliff"].update(actions="4"),
        lambda plan: plan["study"]["environments"].update(unused=3),
        lambda plan: plan["study"]["agents"].update(unused=3),
        lambda plan: plan.update(conditions=[]),
        lambda plan: plan.update(conditions=["b", "a"]),
        lambda plan: plan.update(conditions=["a", "a"]),
        lambda plan: plan.update(conditions=["a", "c"]),
        lambda plan: plan.update(conditions=["a", {}]),
        lambda plan: plan.update(cells={}),
        lambda plan: plan.update(cells=[1]),
        lambda plan: plan["cells"].update(state=0),
        lambda plan: plan["cells"].update(state=HUGE),
        lambda plan: plan["cells"].update(episode="4"),
        lambda plan: plan["cells"].update(other=4),
        lambda plan: plan.update(format=0),
        lambda plan: plan.update(format=True),
        lambda plan: plan.update(format="2"),
    ],
)
def test_a_plan_that_nobody_writes_is_refused_and_allocates_nothing(tuned, change):
    plan = json.loads((tuned / "study.json").read_bytes())
    plan.pop("sha256")
    change(plan)
    with pytest.raises(FolderError):
        plan_from_data(sealed(plan))


@pytest.mark.parametrize("tables", [3, [], {"final_q": 3}, {"final_q": ["../.."]}, {"final_q": []}, {}])
def test_a_mark_that_nobody_writes_is_none(tuned, tmp_path, tables):
    folder = tmp_path / "copy"
    shutil.copytree(tuned, folder)
    mark = json.loads((folder / "done" / "0.0").read_bytes())
    mark.pop("sha256")
    (folder / "done" / "0.0").write_bytes(canonical(sealed(mark | {"tables": tables})))
    assert verify(folder).digest is None
    with pytest.raises(DamagedError):
        open_results(folder).tables("a")


FORMULAS = ("=cmd|' C calc'!A0", "+1+cmd|' C calc'!A0", "-2+3", "@SUM(1)", "\t=1", "plain, α = 0.5")


def test_csv_files_hold_no_formulas(tmp_path):
    polars = pytest.importorskip("polars")
    agents = {name: fsq.QLearning(0.5, 0.95) for name in FORMULAS}
    world = {"=1+1": fsq.cliff_walking(height=3, width=4)}
    run(Study(name="=s", episodes=4, seeds=3, max_steps=9, environments=world, agents=agents), tmp_path / "out")
    export(open_results(tmp_path / "out"), tmp_path / "runs.csv", "csv")
    export(open_results(tmp_path / "out"), tmp_path / "runs.parquet", "parquet")
    with (tmp_path / "runs.csv").open(newline="", encoding="utf-8") as opened:
        rows = list(csv.reader(opened))
    for cell in (cell for row in rows for cell in row):
        assert is_number(cell) or not cell.startswith(("=", "+", "-", "@", "\t"))
    told = {row[rows[0].index("agent")].removeprefix("'") for row in rows[1:]}
    assert told == set(FORMULAS)
    assert set(polars.read_parquet(tmp_path / "runs.parquet")["agent"]) == set(FORMULAS)
    (contents,) = read_results(tmp_path / "out", asked=Asked(("area",)))
    drawn = [d for part in section(contents, error_rate(contents)).parts for g in part.groups for d in g.drawings]
    cells = [cell for each in drawn for row in csv.reader(each.data.splitlines()) for cell in row]
    assert any("=cmd" in cell for cell in cells)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t")) and not is_number(cell)]
    drawn = csv_text([("=a", ["=b", "-0.5", "-b"]), ("c", [1.0, -2.0, float("nan")])])
    assert drawn.splitlines() == ["'=a,c", "'=b,1", "-0.5,-2", "'-b,"]


def is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True
