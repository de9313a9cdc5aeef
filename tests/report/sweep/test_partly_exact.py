"""Sweeps in which planning knows the exact answers of some conditions only."""

import json
import re
from typing import NamedTuple

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.agents.epsilon_greedy import epsilon_greedy
from fastsoftq.agents.rules import bootstrap, rule
from fastsoftq.measures import measure
from fastsoftq.report.page import write_report
from fastsoftq.report.reader import read_results
from fastsoftq.report.sections import error_rate
from fastsoftq.report.sweep.analysis import analysed
from fastsoftq.report.sweep.swept_study import Asked
from fastsoftq.studies import Study, open_results, run
from fastsoftq.studies.measured_runs import measured

EPISODES = 20


@epsilon_greedy
class Halved(NamedTuple):
    """Q-learning that believes half of the best: where that leads is not known here."""

    step_size: float
    discount: float
    epsilon: float = 0.1
    reward_scale: float = 1.0


@rule(bootstrap, Halved)
def _(agent, row, summary, action):
    return 0.5 * summary


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("partly") / "out"
    worlds = {"cliff": fsq.cliff_walking(height=3, width=4), "short": fsq.cliff_walking(height=3, width=3)}
    agents = {"hard": fsq.QLearning(0.5, 0.95, epsilon=0.1)}
    agents |= {f"halved {step_size}": Halved(step_size, 0.95) for step_size in (0.2, 0.5, 0.8)}
    run(Study(name="s", episodes=EPISODES, seeds=40, max_steps=50, environments=worlds, agents=agents), made)
    return made


def contents_of(folder, *measures):
    return read_results(folder, agents=[Halved], asked=Asked(measures))[0]


def test_regret_is_known_of_agents_that_have_no_exact_answer(folder):
    contents, results = contents_of(folder, "regret", "episodes_within:2:5", "area"), open_results(folder, [Halved])
    for world in analysed(contents, error_rate(contents)).worlds:
        for one, row in zip(world.conditions, world.estimates, strict=True):
            returns = results.curves(one.agent.name).returns
            # Around the cliff each step costs 1 but the last one.
            optimum = {"cliff": -4.0, "short": -3.0}[world.name]
            np.testing.assert_allclose(one.measured[0].values, (optimum - returns).sum(axis=1))
            assert row[0].estimate == pytest.approx(optimum * EPISODES - returns.sum(axis=1).mean())
            hard = one.agent.name.endswith("/hard")
            assert (one.exact is not None) == hard == (one.measured[1] is not None) == (row[1] is not None)
            assert (one.exact_values[2] is not None) == hard
        for comparisons in world.comparisons:
            assert [each is None for each in comparisons] == [False, True, False]


def test_the_page_and_its_notebook_leave_out_what_is_not_known_and_nothing_else(folder, tmp_path):
    measures = ["regret", "episodes_within:2:5", "area"]
    page = write_report(folder, out=tmp_path / "r.html", measures=measures, agents=[Halved], notebook=True).read_text()
    assert "planning does not know it of this agent" in page
    assert "nan" not in re.sub(r"<script.*?</script>", "", page, flags=re.S).lower().split()
    names = {}
    for cell in json.loads((tmp_path / "r.ipynb").read_text())["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), "cell", "exec"), names)
    contents = contents_of(folder, *measures)
    found = analysed(contents, error_rate(contents))
    ours = {one.agent.name: row for w in found.worlds for one, row in zip(w.conditions, w.estimates, strict=True)}
    assert [ours[name] for name in names["conditions"]] == names["estimates"]


def test_worlds_are_put_together_without_an_exact_answer(folder):
    contents = contents_of(folder, "area")
    page = write_report(folder, agents=[Halved], measures=["area"], out=folder.parent / "across.html").read_text()
    assert "Across 2 worlds" in page
    assert len(analysed(contents, error_rate(contents)).worlds) == 2


def test_what_is_not_known_cannot_come_first(folder):
    contents = contents_of(folder, "episodes_within:2", "area")
    with pytest.raises(
        ValueError, match=r"measure is 'episodes_within:2:20'; it needs exact answers, .* 'cliff/halved"
    ):
        analysed(contents, error_rate(contents))


def test_regret_decides_a_stop_and_a_selection_too(folder):
    results = open_results(folder, [Halved])

    assert measured(results, "cliff/halved 0.5", measure("regret")).values.min() > 0.0
    with pytest.raises(ValueError, match=r"the exact answer, which is not known of 'cliff/halved 0.5'"):
        measured(results, "cliff/halved 0.5", measure("episodes_within:2"))


@pytest.mark.parametrize("measures", [(), ("last:100", "area", "length", "regret")])
def test_few_runs_that_all_agree_have_finite_ends(tmp_path, measures):
    agents = {name: fsq.QLearning(rate, 0.95, epsilon=0.0) for name, rate in (("fast", 0.8), ("slow", 0.4))}
    world = {"cliff": fsq.cliff_walking(height=3, width=4)}
    run(Study(name="s", episodes=200, seeds=6, max_steps=60, environments=world, agents=agents), tmp_path / "out")
    returns = open_results(tmp_path / "out").curves("cliff/fast").returns
    assert np.ptp(returns[:, -100:]) == 0.0
    page = write_report(tmp_path / "out", measures=measures, out=tmp_path / "r.html").read_text()
    assert "\N{INFINITY}" not in page
