"""A sweep whose conditions start from the tables of others: what they started from is a setting like any other."""

import pytest

import fastsoftq as fsq
from fastsoftq.report.page import write_report
from fastsoftq.report.reader import read_results
from fastsoftq.report.sections import error_rate
from fastsoftq.report.sweep.analysis import analysed
from fastsoftq.studies import Condition, Study, open_results, run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("taught") / "out"
    worlds = {
        "cliff": fsq.cliff_walking(height=3, width=4),
        "slippery": fsq.cliff_walking(height=3, width=4, slippery=True),
    }
    agents = {"hard": fsq.QLearning(0.5, 0.95, epsilon=0.1), "soft": fsq.SoftQLearning(0.5, 0.95, reward_scale=10.0)}
    conditions = []
    for name in agents:
        conditions += [
            Condition("cliff", name, f"{name} first"),
            Condition("slippery", name, f"{name} from scratch", first_seed=100),
            Condition("slippery", name, f"{name} taught", after=f"{name} first", first_seed=100),
        ]
    study = Study(
        name="taught", episodes=30, seeds=16, max_steps=50, tables=True, measures=["area", "regret"],
        environments=worlds, agents=agents, conditions=conditions,
    )  # fmt: skip
    run(study, made)
    return made


def test_each_is_measured_as_it_was_run_and_called_as_its_author_did(folder):
    (contents,) = read_results(folder)
    cliff, slippery = analysed(contents, error_rate(contents)).worlds
    assert [one.label for one in cliff.conditions] == ["hard first", "soft first"]
    assert {one.label for one in slippery.conditions} == {
        f"{name} {how}" for name in ("hard", "soft") for how in ("from scratch", "taught")
    }
    results = open_results(folder)
    for one, (area, _) in zip(slippery.conditions, slippery.estimates, strict=True):
        returns = results.curves(one.label).returns
        assert area.estimate == pytest.approx(returns.mean())
        assert one.exact_values[0] == pytest.approx(results.exact(one.label).returns.mean())
        assert one.coordinates["after"] == (f"{one.table} first" if "taught" in one.label else None)
    # Who starts from a good table earns more on the way.
    areas = {one.label: row[0].estimate for one, row in zip(slippery.conditions, slippery.estimates, strict=True)}
    assert areas["hard taught"] > areas["hard from scratch"]


def test_the_page_says_what_they_started_from(folder):
    page = write_report(folder, out=folder.parent / "r.html").read_text()
    assert "soft taught" in page
    assert "hard first" in page
