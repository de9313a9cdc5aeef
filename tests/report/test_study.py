import ast
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import fastsoftq as fsq
from fastsoftq.cli.app import app, main
from fastsoftq.figures.labels import typeset
from fastsoftq.report import study_folder
from fastsoftq.report.decision import ErrorRate
from fastsoftq.report.page import write_report
from fastsoftq.report.reader import read_results
from fastsoftq.report.rounding import interval_text
from fastsoftq.report.sections import error_rate
from fastsoftq.statistics import confidence_interval
from fastsoftq.studies import Condition, Results, Study, open_results, run
from fastsoftq.studies.storing.zarr_files import DamagedError
from tests.report.folders import COLD, HARD, SOFT
from tests.report.pages import Page


@pytest.fixture
def ran(tmp_path):
    """A function that runs a small study into a folder."""

    def go(folder="study", **changes):
        worlds = {"wide": fsq.cliff_walking(height=3, width=5), "narrow": fsq.cliff_walking(height=3, width=4)}
        fields = {
            "name": "small",
            "episodes": 30,
            "seeds": 128,
            "max_steps": 60,
            "environments": worlds,
            "agents": {"hard": HARD, "soft": SOFT},
        }
        run(Study(**fields | changes), tmp_path / folder, threads=1)
        return tmp_path / folder

    return go


def test_a_study_is_reported_world_by_world(ran):
    folder = ran()
    held = read_results(folder)[0]
    assert [(c.world, c.label) for c in held.agents] == [
        ("wide", "hard"), ("wide", "soft"), ("narrow", "hard"), ("narrow", "soft"),
    ]  # fmt: skip
    curves = open_results(folder).curves("narrow/soft")
    learning = held.agents[3].load()
    np.testing.assert_array_equal(learning.returns, curves.returns)
    np.testing.assert_array_equal(learning.seeds, curves.seeds)
    assert held.agents[3].settings["algorithm"] == "SoftQLearning"
    page = write_report(folder).read_text()
    assert '<p class="answer">wide: ' in page
    error = ErrorRate.of([2, 2]).of_comparison
    expected = fsq.compare(curves, open_results(folder).curves("narrow/hard"), level=1.0 - error)
    assert interval_text(expected.difference, expected.low, expected.high) in page.partition(">Narrow</h3>")[2]
    assert read_results(folder)[0].run["steps"] == sum(int(c.load().lengths.sum()) for c in held.agents)


def test_of_too_many_runs_the_first_are_shown_and_that_is_said(ran, monkeypatch):
    monkeypatch.setattr(study_folder, "_MOST", 100)
    held = read_results(ran())[0]
    assert held.agents[0].load().returns.shape == (100, 30)
    assert held.sentences == ["Of each condition’s 128 runs the first 100 are shown."]


def test_a_study_that_keeps_summaries_gets_a_table(ran):
    folder = ran(keep="summary", block=64)
    mean = open_results(folder).summary("wide/soft").mean.mean()
    page = write_report(folder).read_text()
    estimate, *_ = re.findall(
        r"<th scope=.row.>soft</th><td>soft</td><td>([\u2212\d.]+) \[", page.partition(">Wide</h3>")[2]
    )
    decimals = len(estimate.partition(".")[2])
    assert estimate == typeset(mean, decimals)
    assert "wide/soft" not in page


@pytest.mark.parametrize("keep", ["curves", "summary"])
def test_a_page_says_that_a_world_is_damaged(ran, keep):
    folder = ran(keep=keep)
    assert "is damaged" not in write_report(folder).read_text()
    for world in (folder / "worlds").iterdir():
        world.write_bytes(world.read_bytes()[:-9])
    page = write_report(folder).read_text()
    for name in ("narrow", "wide"):
        assert f"The world {name} that the folder keeps is damaged, so that its exact answers are left out" in page
    assert "dashed: exact" not in page


def test_a_damaged_study_is_refused_by_name(ran, capsys, monkeypatch):
    folder = ran()
    chunk = folder / "results.zarr" / "returns" / "c" / "2" / "0" / "0"
    data = bytearray(chunk.read_bytes())
    data[len(data) // 2] ^= 1
    chunk.write_bytes(data)
    monkeypatch.setattr("sys.argv", ["fastsoftq", "report", str(folder)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert said == f"fastsoftq: {folder}: damaged: results.zarr/returns/c/2/0/0; run it again to repair it\n"
    chunk.unlink()
    with pytest.raises(DamagedError, match=r"damaged: results\.zarr/returns/c/2/0/0"):
        write_report(folder)


def test_studies_are_compared_world_by_world(ran):
    one = ran()
    slow = {"hard": HARD._replace(step_size=0.5), "soft": SOFT}
    worlds = {"wide": fsq.cliff_walking(height=3, width=6), "narrow": fsq.cliff_walking(height=3, width=4)}
    other = ran("other", agents=slow, environments=worlds, precision="mixed")
    page = write_report(one, other).read_text()
    rows = [re.sub("<[^>]*>|\n", " ", row).split() for row in re.findall("<tr>.*?</tr>", page, re.S)]
    assert rows.count(["hard", "step", "size", "0.8", "0.5"]) == 1
    assert ["precision", "double", "mixed"] in rows
    assert any(row[:4] == ["wide", "environment", "15", "states,"] and "18" in row for row in rows)
    assert "which may be why" in page
    assert "hard in wide" in page
    assert "hard in narrow" in page


def test_an_agent_of_an_experiment_finds_its_counterpart_in_a_study(ran, results):
    one = results("reproduced", {"hard": (HARD, -50.0), "k10": (SOFT, -12.0), "k30": (COLD, -12.0)}, random=2)
    two = ran(environments={"cliff": fsq.cliff_walking(height=3, width=4)}, seeds=16)
    page = write_report(one, two).read_text()
    assert re.search(r"k10 agent (beats|falls behind) soft in study", page)
    assert "hard agent" in page
    assert "Only reproduced has k30 agent: not compared." in page


def test_the_run_that_completes_a_study_writes_its_report(tmp_path):
    plan = tmp_path / "study.toml"
    plan.write_text(
        'name = "two parts"\nepisodes = 5\nseeds = 8\nmax_steps = 20\n'
        '[environments.cliff]\nkind = "cliff_walking"\nheight = 3\nwidth = 4\n'
        '[agents.hard]\nkind = "q_learning"\nstep_size = 0.8\ndiscount = 0.95\n'
        '[agents.soft]\nkind = "soft_q_learning"\nstep_size = 0.8\ndiscount = 0.95\nreward_scale = 5\n'
    )
    report = tmp_path / "out" / "report.html"
    for part, complete in (("1/2", False), ("2/2", True)):
        arguments = ["run", str(plan), "--out", str(tmp_path / "out"), "--threads", "1", "--part", part]
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, done.output
        assert report.exists() is complete
    assert str(report) in done.output.replace("\n", "")
    assert "Two parts" in report.read_text()


def test_the_report_of_a_study_needs_no_matplotlib(ran):
    code = (
        "import sys\nfrom fastsoftq.report.page import write_report\n"
        f"write_report({str(ran())!r}, out={str(ran('summaries', keep='summary', block=64) / 'page.html')!r})\n"
        f"write_report({str(ran('other', seeds=4))!r}, {str(ran('third', seeds=5))!r})\n"
        "print([name for name in sys.modules if name.startswith('matplotlib')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=200)
    assert done.stdout.strip() == "[]"


def test_studies_are_read_as_any_program_reads_them():
    """No file of the report looks into the insides of studies."""
    allowed = {"Condition", "Results", "open_results", "phase_records"}
    for path in Path(study_folder.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("fastsoftq.studies"):
                assert node.module == "fastsoftq.studies", path
                assert {alias.name for alias in node.names} <= allowed, path


def test_a_folder_with_findings_and_the_study_they_are_of_is_the_experiments(ran, results):
    folder = ran()
    found = results("findings")
    for path in found.iterdir():
        path.rename(folder / path.name)
    (contents,) = read_results(folder)
    assert contents.name == "an-experiment"
    assert [agent.name for agent in contents.agents] == ["hard", "soft"]
    assert open_results(folder).name == "small"
    assert "What was done, in a line" in write_report(folder).read_text()


def test_conditions_are_compared_with_those_of_as_many_episodes_and_called_by_their_names(ran):
    world = {"cliff": fsq.cliff_walking(height=3, width=4)}
    conditions = [
        Condition("cliff", "hard"),
        Condition("cliff", "soft", name="soft at first"),
        Condition("cliff", "soft", name="soft, longer", episodes=50, max_steps=40),
        Condition("cliff", "hard", name="hard, longer", episodes=50),
    ]
    folder = ran(environments=world, conditions=conditions, seeds=32)
    (contents,) = read_results(folder)
    told = [(agent.world, agent.label) for agent in contents.agents]
    short, long = "cliff, 30 episodes", "cliff, 50 episodes"
    assert told == [(short, "hard"), (short, "soft at first"), (long, "soft, longer"), (long, "hard, longer")]
    loaded = [agent.load() for agent in contents.agents]
    assert [runs.returns.shape for runs in loaded] == [(32, 30), (32, 30), (32, 50), (32, 50)]
    assert [runs.length_bounds for runs in loaded] == [(5.0, 60.0), (5.0, 60.0), (5.0, 40.0), (5.0, 60.0)]
    page = write_report(folder).read_text()
    words = Page(page).words
    assert re.search("[Cc]liff, 30 episodes:? soft at first (and|beats|falls)", words)
    assert re.search("[Cc]liff, 50 episodes:? soft, longer (and|beats|falls)", words)


def test_what_makes_an_interval_doubtful_is_said_once_and_marked_where_it_applies(ran):
    page = write_report(ran(seeds=8)).read_text()
    caution = confidence_interval(open_results(ran("again", seeds=8)).curves("wide/soft").returns.mean(axis=1)).caution
    assert caution
    tables = re.findall(r"The last 30 of 30 episodes.*?</figure>", page, re.S)
    assert len(tables) == 2
    for table in tables:
        assert table.count(f"\N{DAGGER} This interval may hold less often than the report says: {caution}.") == 1
        assert len(re.findall("\\]\N{DAGGER}</td>", table)) >= 2
    assert (
        len(re.findall(r'<p class="note caution">Bands of [^<]* may hold less often than the report says: ', page)) >= 2
    )
    sure = write_report(ran("many", seeds=128)).read_text()
    assert caution not in sure


@pytest.mark.parametrize("kept", [True, False])
def test_runs_that_all_agree_have_the_ends_of_their_world_and_none_where_it_is_not_known(ran, monkeypatch, kept):
    """Eight runs that agree tell nothing of rarer ones."""
    if not kept:
        monkeypatch.setattr(Results, "mdp", lambda results, environment: None)
    world = {"narrow": fsq.cliff_walking(height=3, width=4)}
    agents = {"hard": HARD._replace(epsilon=0.0), "soft": SOFT._replace(reward_scale=300.0)}
    folder = ran(environments=world, agents=agents, seeds=8, episodes=200)
    for name in ("narrow/hard", "narrow/soft"):
        assert (open_results(folder).curves(name).returns[:, -100:] == -4.0).all()
    page = write_report(folder).read_text()
    if kept:
        # No run earns more than -4, nor less than 60 falls; a share of others may go unseen.
        (contents,) = read_results(folder)
        share = 1.0 - (error_rate(contents).of_description / 2.0) ** (1.0 / 8.0)
        assert f"<td>−4 [−{4.0 + share * (60.0 * 100.0 - 4.0):,.0f}, −4]</td>" in page
        assert "∞" not in page
    else:
        assert "<td>−4.00 [−∞, ∞]†</td>" in page
        assert "† This interval has no end that is known: all 8 runs agree" in page
    assert "bounds=" not in page
    assert "soft and hard are not told apart over the last 100 episodes" in page
    drawn = "".join(re.findall("<svg.*?</svg>", page, re.S))
    assert not re.search("nan|inf", "".join(re.findall('points="[^"]*"', drawn)))


def test_the_report_says_in_what_its_conditions_differ(tmp_path):
    conditions = [
        Condition("cliff", "hard", "first"),
        Condition("cliff", "hard", "then", episodes=6, first_seed=9, after="first"),
    ]
    run(
        Study(
            name="two",
            episodes=8,
            seeds=6,
            max_steps=30,
            environments={"cliff": fsq.cliff_walking()},
            agents={"hard": HARD},
            conditions=conditions,
        ),
        tmp_path,
    )
    first, then = read_results(tmp_path)[0].agents
    assert first.settings["starts_from"] == "zeros"
    assert then.settings["starts_from"] == "first"
    assert (then.settings["episodes"], then.settings["first_seed"]) == (6, 9)
    assert not {"max_steps", "precision"} & {*first.settings, *then.settings}
