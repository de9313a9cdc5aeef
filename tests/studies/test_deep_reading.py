"""Results of deep studies read: measures on a grid of steps, tables, exact answers, reports, and plans."""

import json
import re
import sys

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.exact_curves import exact_curves, scheduled
from fastsoftq.measures import measure
from fastsoftq.report.findings import Findings, Table, write
from fastsoftq.report.page import write_report
from fastsoftq.studies import Selection, estimate, open_results, run
from fastsoftq.studies.deep_parts import runs_at_once
from fastsoftq.studies.exporting.exporting import export
from fastsoftq.studies.toml import read_study
from tests.studies.small_deep import HARD, SLOW, WILD, deep, deep_study

GRID = np.array([100, 200, 300, 400, 500, 600])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two agents that learn and one that diverges, 5 seeds."""
    folder = tmp_path_factory.mktemp("deep")
    run(deep_study(agents={"hard": HARD, "slow": SLOW, "wild": WILD}, measures=["last:2", "steps_to:20"]), folder)
    return folder


def first_to(returns, threshold, window):
    """The steps at the end of the first window of points whose mean is there, run by run; None where there is none."""
    times = []
    for run_of in returns.tolist():
        ends = [k for k in range(window, 7) if sum(run_of[k - window : k]) / window >= threshold]
        times.append(100 * ends[0] if ends else None)
    return times


@pytest.mark.parametrize(("threshold", "window"), [(15.0, 1), (10.0, 2), (12.0, 3), (400.0, 1)])
def test_steps_to_are_those_of_the_first_point_that_is_there(folder, threshold, window):
    for name in ("pole/hard", "pole/slow", "pole/wild"):
        curves = open_results(folder).curves(name)
        found = measure(f"steps_to:{threshold}:{window}", "points").values(curves)
        wanted = first_to(curves.returns, threshold, window)
        assert found.values.tolist() == [600 if time is None else time for time in wanted]
        assert found.censored.tolist() == [time is None for time in wanted]
        assert found.horizon == 600


def test_other_measures_count_points(folder):
    curves = open_results(folder).curves("pole/hard")
    returns = curves.returns
    for name, wanted in (
        ("last:2", (returns[:, 4] + returns[:, 5]) / 2),
        ("last", returns.mean(axis=1)),
        ("area", returns.mean(axis=1)),
        ("length:1", curves.lengths[:, 5]),
        ("worst:0.5", returns.mean(axis=1)),
    ):
        np.testing.assert_allclose(measure(name, "points").values(curves).values, wanted)
    assert measure("last", "points").name == "last:10"
    assert measure("last", "points").within(6).title == "mean return over the last 6 points"
    assert measure("steps_to:475:3", "points").title == "steps until the mean return of 3 points reaches 475"
    assert measure("steps_to:475", "points").title == "steps until the return reaches 475"
    assert measure("worst", "points").title == "mean of the worst 5% of runs over the last 10 points"
    with pytest.raises(ValueError, match=r"on a grid of steps it must be 'steps_within:E\[:W\]'"):
        measure("episodes_within:5", "points")
    with pytest.raises(ValueError, match=r"counts episodes; of points it is measure\('last:100', 'points'\)"):
        measure("last").values(curves)
    with pytest.raises(ValueError, match=r"axis is 'steps'; .*'points'"):
        measure("last", "steps")


def test_steps_within_are_counted_in_tabular_worlds_too():
    agent = fsq.QLearning(0.5, 0.9, epsilon=0.0)
    curves = fsq.train(fsq.from_map("S.G"), agent, seeds=6, episodes=40, max_steps=30)
    exact = exact_curves(fsq.from_map("S.G"), agent, 40, 30)
    episodes, steps = (measure(f"{unit}_within:0.5:1").values(curves, exact) for unit in ("episodes", "steps"))
    assert not steps.censored.any()
    for row, episode, taken in zip(curves.lengths, episodes.values, steps.values, strict=True):
        assert taken == row[: int(episode)].sum()
    assert measure("steps_within:0.5").title == (
        "steps until the mean return of 100 episodes stays within 0.5 of the exact answer"
    )


def test_tables_have_a_row_for_each_run_with_what_diverged(folder):
    frame = open_results(folder).to_pandas()
    assert frame.columns.is_unique
    wild = frame[frame.agent == "wild"]
    assert wild.diverged.all()
    assert (wild.steps == wild.diverged_at).all()
    assert (frame[frame.agent != "wild"].steps == 600).all()
    assert set(frame["steps_to:20 censored"]) <= {True, False}
    assert frame["network.hidden"].unique().tolist() == ["(8)"]
    assert frame["agent.step_size"].unique().tolist() == [1e-3, 1e-4, 1.0]
    assert "munchausen" not in frame  # which none of them has
    points = open_results(folder).to_pandas(episodes=True)
    assert points.columns.is_unique
    assert points.steps.tolist() == [*GRID] * 15
    curves = open_results(folder).curves("pole/slow")
    some = points[(points.agent == "slow") & (points.seed == 3)]
    np.testing.assert_array_equal(some["return"], curves.returns[3])
    np.testing.assert_array_equal(some.episodes, curves.episodes[3])


def test_conditions_are_selected_by_what_their_networks_are(folder):
    results = open_results(folder)
    assert results.select({"agent.step_size": 1e-4}).conditions == ["pole/slow"]
    assert results.select({"optimizer.kind": "sgd"}).conditions == ["pole/wild"]
    with pytest.raises(ValueError, match=r"did you mean 'network\.hidden'"):
        results.select({"network.hiden": "(8)"})


@pytest.mark.parametrize("to", ["csv", "parquet", "npz", "netcdf"])
def test_files_hold_the_same(folder, tmp_path, to):
    pytest.importorskip("polars")
    results = open_results(folder)
    assert export(results, tmp_path / "runs", to) == 15
    assert export(results, tmp_path / "points", to, episodes=True) == 90
    if to == "npz":
        with np.load(tmp_path / "points") as file:
            assert file["steps"].tolist() == [*GRID] * 15
    if to == "netcdf":
        xarray = pytest.importorskip("xarray")
        with xarray.open_dataset(tmp_path / "points", engine="h5netcdf") as found:
            assert found.steps.dims == ("point",)
            assert found.steps.values.tolist() == GRID.tolist()
            wanted = results.curves("pole/slow").returns
            np.testing.assert_array_equal(found["return"].values[1], wanted)


def test_xarray_has_points_with_their_steps(folder):
    found = open_results(folder).to_xarray()
    assert found.returns.dims == ("condition", "seed", "point")
    assert found.steps.values.tolist() == GRID.tolist()
    np.testing.assert_array_equal(found.diverged_at[2], open_results(folder).curves("pole/wild").diverged_at)


def test_the_best_is_chosen_and_read_on_other_seeds(folder):
    chosen = open_results(folder).selected(Selection(tune=2, test=3))
    assert chosen.measure.name == "last:2"
    for choice in chosen.choices:
        returns = open_results(folder).curves(choice.condition).returns[:, 4:]
        assert choice.estimates.tolist() == pytest.approx([returns[:2].mean()])
        np.testing.assert_allclose(choice.test.values, returns[2:].mean(axis=1))


def test_exact_answers_of_chance_are_those_of_means(tmp_path):
    hard = fsq.QLearning(1e-3, 0.9, epsilon=0.2)
    agents = {"squared": deep(hard), "huber": deep(hard, loss=fsq.Huber())}
    worlds = {"swim": fsq.river_swim(), "seen": fsq.observed(fsq.river_swim()), "line": fsq.from_map("S..G")}
    run(deep_study(environments=worlds, agents=agents, seeds=2, steps=100, points=1, max_steps=20), tmp_path)
    results = open_results(tmp_path)
    right = exact_curves(fsq.river_swim(), hard, 1, 20)
    for name in ("swim", "seen"):
        kept = results.mdp(name)
        np.testing.assert_allclose(kept.outcomes(1, 1)[0][0], 0.1, atol=2**-31)  # as it is drawn by
        np.testing.assert_allclose(results.exact(f"{name}/squared").returns, right.returns, rtol=1e-6)
        assert results.exact(f"{name}/huber") is None  # which is least between mean and median
    assert results.exact("line/huber").returns == results.exact("line/squared").returns


def test_exact_answers_follow_the_schedules_at_those_steps(tmp_path):
    mdp = fsq.from_map("S..G")
    greedy = fsq.QLearning(1e-3, 0.9, epsilon=fsq.LinearDecay(1.0, 0.0, 1 / 400))
    agents = {"hard": deep(greedy), "ahead": deep(greedy, n_step=3)}
    study = deep_study(environments={"line": mdp}, agents=agents, seeds=2, max_steps=20)
    run(study, tmp_path)
    results = open_results(tmp_path)
    assert results.mdp("line").n_states == mdp.n_states
    found = results.exact("line/hard")
    epsilons = scheduled(greedy.epsilon, 600)
    of = {e: exact_curves(mdp, greedy._replace(epsilon=e), 1, 20).returns[0] for e in set(epsilons.tolist())}
    # Actions are those of each step's epsilon, and the table's is the last's: of hard Q-learning the same.
    wanted = [np.mean([of[e] for e in epsilons[start : start + 100].tolist()]) for start in range(0, 600, 100)]
    np.testing.assert_allclose(found.returns, wanted, rtol=1e-9)
    assert found.optimum == -2.0
    assert results.exact("line/ahead") is None  # uncorrected rewards of several steps have another fixed point
    assert results.return_span("line/ahead").optimum == -2.0


def text_of(page):
    plain = re.sub(r"(?s)<(style|script|svg).*?</\1>", "", page.read_text())
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", plain))


def test_a_report_counts_what_diverged_and_draws_over_steps(folder, tmp_path):
    for measures in ((), ("last:2", "area")):
        page = write_report(folder, out=tmp_path / f"{len(measures)}.html", measures=measures)
        text = text_of(page)
        assert "wild: 5 of 5 runs diverged, by step 200; from there on each counts with the lowest return" in text
        assert " 5 of 5 " in text
        assert "diverged 5 of 15 runs" in text
        assert "last 2 points" in text
        assert "episodes" not in re.sub(r"of the episodes that ended since|episodes correlate", "", text)
        assert ">step</text>" in page.read_text()


def test_a_report_of_agents_of_which_none_diverged_says_so_once(tmp_path):
    run(deep_study(), tmp_path)
    text = text_of(write_report(tmp_path))
    assert text.count("diverged") == 1
    assert "diverged none" in text
    assert "The last 6 of 6 points up to 600 steps" in text


def test_a_report_of_summaries_is_over_steps_too(tmp_path):
    run(deep_study(agents={"hard": HARD, "wild": WILD}, keep="summary"), tmp_path)
    page = write_report(tmp_path)
    assert "5 of 5 runs diverged" in text_of(page)
    assert ">step</text>" in page.read_text()


def test_two_folders_are_compared_by_points_and_what_diverged(tmp_path):
    # Other seeds of the same agents.
    agents = {"hard": HARD, "wild": WILD}
    run(deep_study(agents=agents), tmp_path / "before")
    run(deep_study(agents=agents, seeds=range(100, 106)), tmp_path / "after")
    text = text_of(write_report(tmp_path / "before", tmp_path / "after"))
    assert "diverged in before, after" in text
    assert " 5 of 5, 6 of 6 " in text
    assert " none, none " in text
    assert "Return over the last 6 points" in text


def test_a_notebook_finds_the_numbers_again(folder, tmp_path):
    page = write_report(folder, out=tmp_path / "page.html", measures=("last:2", "steps_to:20"), notebook=True)
    cells = json.loads(page.with_suffix(".ipynb").read_text())["cells"]
    names: dict = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    results = open_results(folder)
    for i, name in enumerate(names["conditions"]):
        assert names["estimates"][i][0].estimate == pytest.approx(results.curves(name).returns[:, 4:].mean())


def test_a_plan_knows_the_steps_and_pilots_for_seconds():
    study = deep_study(seeds=50, steps=100_000)
    found = estimate(study, threads=2)
    assert (found.steps, found.steps_error) == (10_000_000, 0.0)
    assert found.pilot == runs_at_once(HARD)
    assert found.seconds > 0
    assert found.memory > 0
    whole = estimate(deep_study(seeds=16, measures=["last:2"]), pilot=16, difference=5.0)
    assert whole.pilot == 16
    assert whole.enough.measure == "mean return over the last 2 points"


def test_the_command_runs_plans_and_reports(tmp_path, monkeypatch, capfd):
    from fastsoftq.__main__ import main

    (tmp_path / "study.toml").write_text(
        'name = "small"\nsteps = 400\npoints = 4\nseeds = 3\n[environments.pole]\nkind = "cart_pole"\n'
        '[agents.hard]\nkind = "deep"\n[agents.hard.agent]\nkind = "q_learning"\nstep_size = [1e-3, 1e-4]\n'
        'discount = 0.99\n[agents.hard.network]\nkind = "mlp"\nhidden = [8]\n'
        '[agents.hard.replay]\nkind = "replay"\nstart = 100\nbatch = 16\n'
    )
    monkeypatch.chdir(tmp_path)

    def command(*words):
        monkeypatch.setattr(sys, "argv", ["fastsoftq", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code, capfd.readouterr().err
        return capfd.readouterr().out

    said = command("plan", "study.toml")
    assert "pole/hard[agent.step_size=0.001]: 3 runs, 1,200 steps" in said
    assert "steps: 2,400\n" in said
    assert "6 of 6 runs computed" in command("run", "study.toml", "--out", "out")
    assert re.fullmatch("[0-9a-f]{64}\n", command("verify", "out"))
    assert "pole/hard[agent.step_size=0.0001]: 3 of 3 runs, 1,200 steps" in command("status", "out")
    assert "α = 0.0001" in text_of(tmp_path / "out" / "report.html").replace("\u00a0", " ")
    command("export", "out", "--to", "csv", "--out", "runs.csv")
    assert (tmp_path / "runs.csv").read_text().count("\n") == 7
    assert (
        open_results("out").select({"agent.step_size": 1e-4}).agent("pole/hard[agent.step_size=0.0001]")
        == read_study("study.toml").agents["hard[agent.step_size=0.0001]"]
    )


def test_findings_of_deep_agents_are_drawn_over_their_steps(folder, tmp_path):
    curves = open_results(folder).curves("pole/hard")
    arrays = {
        "hard_returns": curves.returns,
        "hard_lengths": curves.lengths,
        "hard_truncated": curves.truncated,
        "hard_steps": curves.steps,
        "seeds": curves.seeds,
    }
    table = Table(("agent", "return"), [("hard", "9.0")])
    found = Findings("Title", table, ["Said."], [{"return": 9.0}], arrays, {}, {"seeds": 5}, {"hard": ("hard", HARD)})
    write(found, tmp_path, "deep", "A deep agent")
    page = write_report(tmp_path)
    assert "hard earns" in text_of(page)
    assert "over the last 6 points" in text_of(page)
    assert ">step</text>" in page.read_text()
