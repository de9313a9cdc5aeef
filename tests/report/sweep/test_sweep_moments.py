"""Sweeps of which only summaries are kept: against their runs, slow twins, and made-up sweeps of equals."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from fastsoftq.exact_curves import ExactCurves
from fastsoftq.measures import measure
from fastsoftq.report.decision import ErrorRate
from fastsoftq.report.folder import EpisodeMoments, FolderContents, ReportedAgent, Summaries
from fastsoftq.report.page import write_report
from fastsoftq.report.reader import read_results
from fastsoftq.report.sections import error_rate
from fastsoftq.report.summaries import summarised_curves
from fastsoftq.report.sweep.condition_labels import condition_labels
from fastsoftq.report.sweep.known_means import mean_and_error
from fastsoftq.report.sweep.sweep_moments import analysed_by_moments
from fastsoftq.report.sweep.swept_study import Asked, SweptStudy
from fastsoftq.studies import open_results, read_study, run
from tests.report.pages import Page, check
from tests.report.sweep.test_sweep_report import STUDY

KINDS = ("last:1", "last:7", "area", "length:5", "regret")


def moments(x):
    error = np.where(np.ptp(x, axis=0) == 0.0, 0.0, x.std(axis=0, ddof=1) / np.sqrt(len(x)))
    quantiles = np.quantile(x, [0.05, 0.25, 0.5, 0.75, 0.95], axis=0)
    skewness = np.array([stats.skew(column) if np.ptp(column) > 0.0 else 0.0 for column in x.T])
    return EpisodeMoments(len(x), x.mean(axis=0), error, quantiles, skewness)


def made_up(returns, against=None, measures=("last:1",)):
    """A folder of one world: agents hard and soft, a step size for each of their conditions, [runs, episodes] each."""
    tables = [(table, step) for table, own in returns.items() for step in range(len(own))]
    columns = {
        "environment": ("cliff",) * len(tables),
        "agent": tuple(table for table, _ in tables),
        "algorithm": tuple({"hard": "q_learning", "soft": "soft_q_learning"}[table] for table, _ in tables),
        "step_size": tuple(0.1 * (step + 1) for _, step in tables),
    }
    sweep = SweptStudy(columns, ("step_size",), lambda place: None, measures, against)
    agents = []
    for label, x in zip(condition_labels(columns), (x for own in returns.values() for x in own), strict=True):
        known = moments(x)
        agents.append(
            ReportedAgent(label, label, "#0064a0", {}, None, "cliff", lambda known=known: Summaries(known, known))
        )
    episodes = len(agents[0].summaries().returns.mean)
    return FolderContents(Path(), "made up", "", {"episodes": episodes, "seeds": 9}, summarised=agents, sweep=sweep)


def symmetric(rng, mean):
    """Thirty runs of two episodes that are not skewed."""
    away = rng.normal(0.0, 1.0, (15, 2))
    return rng.normal(mean, 0.2, 2) + np.concatenate([away, -away])


def analysed(returns, rate=None, **how):
    contents = made_up(returns, **how)
    found = analysed_by_moments(contents, rate or error_rate(contents))
    return found, found.worlds[0]


def test_means_are_those_of_runs_and_errors_no_less():
    rng = np.random.default_rng(0)
    returns = rng.normal(-20.0, 3.0, (40, 30)) + rng.normal(0.0, 2.0, (40, 1))
    lengths = rng.integers(5, 30, (40, 30))
    exact = ExactCurves(np.full(30, -15.0), np.full(30, 15.0), -13.0, -90.0)
    runs = SimpleNamespace(returns=returns, lengths=lengths, truncated=lengths > 29, seeds=np.arange(40, dtype="u8"))
    for name in KINDS:
        values = measure(name).values(runs, exact).values
        mean, error, skewness = mean_and_error(measure(name), Summaries(moments(returns), moments(lengths)), exact)
        assert name != "last:1" or skewness == pytest.approx(stats.skew(values))
        assert mean == pytest.approx(values.mean())
        at_least = values.std(ddof=1) / np.sqrt(40)
        assert error == pytest.approx(at_least) if name == "last:1" else error >= at_least


def test_everything_is_what_loops_over_conditions_find():
    rng = np.random.default_rng(3)
    ends = {"hard": [0.0, 1.0, -1.0], "soft": [0.3, 2.1, 0.9]}
    returns = {table: [symmetric(rng, end) for end in own] for table, own in ends.items()}  # so that Student's t it is
    rate = ErrorRate(0, 0, descriptions=3, tests=4)
    _, world = analysed(returns, rate)
    last = [x[:, -1] for own in returns.values() for x in own]
    mean, error = [x.mean() for x in last], [stats.sem(x) for x in last]
    quantile = stats.t.ppf(1.0 - rate.of_description / 2.0, 29)
    for place, (interval,) in enumerate(world.estimates):
        assert (interval.estimate, interval.high) == pytest.approx((mean[place], mean[place] + quantile * error[place]))

    def most(i, j, share):
        """How much more i is than j at the least."""
        return mean[i] - mean[j] - stats.t.ppf(1.0 - rate.of_comparison / share, 29) * (error[i] + error[j])

    assert world.best == {j for j in range(6) if all(most(i, j, 5) <= 0.0 for i in range(6) if i != j)}
    assert 0 < len(world.best) < 6
    hard, soft = range(3), range(3, 6)
    ((compared,),) = world.comparisons
    assert compared.found.low == pytest.approx(max(min(most(i, j, 6) for j in hard) for i in soft))
    assert compared.found.high == pytest.approx(-max(min(most(j, i, 6) for i in soft) for j in hard))
    assert compared.found.difference == pytest.approx(max(mean[3:]) - max(mean[:3]))
    (lines,) = world.lines.values()
    for line, own in zip(lines, (hard, soft), strict=True):
        assert line.plateau == {
            place for place, j in enumerate(own) if all(most(i, j, 2) <= 0.0 for i in own if i != j)
        }
    for place, each in enumerate(world.matched):
        assert each.comparison.found.low == pytest.approx(most(3 + place, place, 2))
    assert len(world.matched) == 3


@pytest.mark.parametrize("name", ["last:1", "length:1"])
def test_a_p_value_is_the_error_at_which_the_interval_is_clear(name):
    rng = np.random.default_rng(4)
    returns = {
        "hard": [rng.normal(0.0, 1.0, (20, 2)) for _ in range(2)],
        "soft": [rng.normal(0.9, 1.0, (20, 2)) for _ in range(3)],
    }
    for measures in ((name,), ("area", name)):
        (p_value,) = {analysed(returns, measures=measures)[1].comparisons[0][-1].found.p_value}
        for tests in range(1, 60):
            rate = ErrorRate(0, 0, tests=tests)
            found = analysed(returns, rate, measures=measures)[1].comparisons[0][-1].found
            assert (found.low > 0.0 or found.high < 0.0) == (p_value < rate.of_comparison)


def test_where_less_is_better_the_best_is_the_least():
    rng = np.random.default_rng(5)
    returns = {"hard": [rng.normal(9.0, 0.1, (30, 2))], "soft": [rng.normal(m, 0.1, (30, 2)) for m in (5.0, 7.0)]}
    _, world = analysed(returns, measures=("length:1",))
    assert world.chosen["soft"].condition.coordinates["step_size"] == pytest.approx(0.1)
    assert world.best == {1}
    ((compared,),) = world.comparisons
    assert compared.sign == 1
    assert compared.found.low < compared.found.difference < compared.found.high < 0.0


def test_few_runs_that_all_agree_tell_nothing_and_many_do():
    for runs, told in ((10, 0), (4000, 1)):
        returns = {"hard": [np.zeros((runs, 2))], "soft": [np.ones((runs, 2))]}
        found, world = analysed(returns)
        ((compared,),) = world.comparisons
        assert compared.sign == told
        assert (compared.found.p_value * 0.05 / found.rate.of_comparison <= 0.05) == told
        assert len(world.best) == 2 - told
        assert all(interval.caution for (interval,) in world.estimates)


def test_a_named_setting_is_compared_as_it_is():
    rng = np.random.default_rng(6)
    returns = {table: [rng.normal(0.0, 1.0, (30, 2)) for _ in range(3)] for table in ("hard", "soft")}
    _, world = analysed(returns, against="hard, α = 0.2")
    assert world.reference.named
    assert world.comparisons[0][0].reference.label == "hard, α = 0.2"
    best = max(range(3), key=lambda step: returns["hard"][step][:, 1].mean())
    compared = {each[0].one.label: each[0].found.difference for each in world.comparisons}
    assert len(compared) == (1 if best == 1 else 2)
    if best != 1:
        gap = returns["hard"][best][:, 1].mean() - returns["hard"][1][:, 1].mean()
        assert compared[f"hard, α = {0.1 * (best + 1):.1f}"] == pytest.approx(gap)


def draw(kind, rng, runs):
    """Runs of equals, each condition as the seeds have it: alone, together, or one against the other."""
    noise = rng.normal(0.0, 1.0, runs) if kind != "skewed" else rng.exponential(1.0, runs)
    other = {"together": noise, "against": -noise, "alone": rng.normal(0.0, 1.0, runs), "skewed": None}[kind]
    return noise, rng.exponential(1.0, runs) if other is None else other


@pytest.mark.parametrize("kind", ["alone", "together", "against", "skewed"])
def test_of_sweeps_of_equals_few_say_that_anything_differs(kind):
    rng, wrong, sweeps = np.random.default_rng(7), 0, 200
    for _ in range(sweeps):
        pairs = [draw(kind, rng, 40) for _ in range(6)]
        returns = {"hard": [a[:, None] for a, _ in pairs], "soft": [b[:, None] for _, b in pairs]}
        _, world = analysed(returns)
        told = any(c.sign for row in world.comparisons for c in row)
        told |= len(world.best) < 12 or any(len(line.plateau) < 6 for own in world.lines.values() for line in own)
        told |= any(each.comparison.sign for each in world.matched)
        wrong += told or any(not i.low <= (kind == "skewed") <= i.high for (i,) in world.estimates)
    assert wrong <= stats.binom.ppf(0.999, sweeps, 0.05)


def test_intervals_of_the_best_hold_though_settings_were_chosen():
    rng, missed, sweeps = np.random.default_rng(8), 0, 300
    rate = ErrorRate(0, 0, tests=1)
    for _ in range(sweeps):
        ends = {"hard": rng.normal(0.0, 0.2, 8), "soft": rng.normal(0.0, 0.2, 8)}
        returns = {table: [rng.normal(end, 1.0, (30, 1)) for end in own] for table, own in ends.items()}
        ((compared,),) = analysed(returns, rate)[1].comparisons
        missed += not compared.found.low <= ends["soft"].max() - ends["hard"].max() <= compared.found.high
    assert missed <= stats.binom.ppf(0.999, sweeps, 0.05)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    text = STUDY.replace("seeds = 30", 'seeds = 60\nkeep = "summary"\nblock = 32')
    at = tmp_path_factory.mktemp("summaries")
    (at / "study.toml").write_text(text)
    run(read_study(at / "study.toml"), at / "out", threads=1, source=text)
    return at / "out"


def test_the_page_of_summaries_answers_and_has_all_that_a_sweep_has(folder, tmp_path):
    path = write_report(folder, out=tmp_path / "r.html", measures=["last:100", "length", "regret"], against="hard")
    page = Page.at(path)
    check(page)
    for words in (
        "soft at its best", "Sensitivity", "Two parameters at once", "cannot be told from the best", "Spread of runs",
        "soft, k = 20, α = 0.5", "mean steps of an episode over the last 60 episodes", "regret", "Matched settings",
        "conditions 16, each of 60 seeds and 60 episodes",
    ):  # fmt: skip
        assert words in page.words
    assert "[step_size" not in page.words
    assert "'" not in page.words.partition("To repeat it")[0]
    assert {"sensitivity.csv", "heat_map.csv", "intervals.csv", "learning_returns.csv", "spread.csv"} <= set(page.data)
    assert "better runs" not in page.words


def test_the_numbers_of_the_page_are_those_of_the_folder(folder):
    (contents,) = read_results(folder, asked=Asked(("last:10",)))
    found, results = analysed_by_moments(contents, error_rate(contents)), open_results(folder)
    for world in found.worlds:
        for one, (interval,) in zip(world.conditions, world.estimates, strict=True):
            summary = results.summary(one.agent.name)
            assert interval.estimate == pytest.approx(summary.mean[-10:].mean())
            half = stats.t.ppf(1 - found.rate.of_description / 2, 59) * summary.standard_error[-10:].mean()
            assert interval.high - interval.estimate == pytest.approx(half)
            assert one.steps == results.steps(one.agent.name)
            assert one.exact_values[0] == pytest.approx(results.exact(one.agent.name).returns[-10:].mean())


@pytest.mark.parametrize("name", ["worst:0.05", "steps_to:-20", "episodes_within:1"])
def test_a_measure_that_needs_every_run_is_refused_by_name(folder, name):
    with pytest.raises(ValueError, match=rf"measure is '{name}.*'; it needs every run, .* 'last\[:N\]', 'area'"):
        write_report(folder, measures=["area", name])


@pytest.mark.parametrize("against", [None, "soft", "hard, α = 0.1, ε = 0.2"])
def test_the_notebook_of_summaries_finds_every_number_again(folder, tmp_path, against):
    measures = ("last:100", "length:10", "regret")
    write_report(folder, out=tmp_path / "r.html", measures=measures, against=against, notebook=True)
    names = {}
    for cell in json.loads((tmp_path / "r.ipynb").read_text())["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), "cell", "exec"), names)
    (contents,) = read_results(folder, asked=Asked(measures, against))
    found = analysed_by_moments(contents, error_rate(contents))
    at = {name: place for place, name in enumerate(names["conditions"])}
    for world in found.worlds:
        for one, row in zip(world.conditions, world.estimates, strict=True):
            mine = names["estimates"][at[one.agent.name]]
            for each, other in zip(row, mine, strict=True):
                assert (each.estimate, each.low, each.high) == pytest.approx(other)
        assert {names["conditions"][i] for i in names["best"][world.name]} == {
            world.conditions[place].agent.name for place in world.best
        }
        for comparisons in world.comparisons:
            table = comparisons[0].one.table
            assert names["labels"][names["chosen"][world.name, table]] == comparisons[0].one.label
            for each, other in zip(comparisons, names["differences"][world.name, table], strict=True):
                c = each.found
                assert (c.difference, c.low, c.high, c.p_value) == pytest.approx(other)
        for each in world.matched:
            c = each.comparison.found
            assert (c.difference, c.low, c.high, c.p_value) == pytest.approx(
                names["matched"][world.name, each.table, each.value]
            )
        for parameter, lines in world.lines.items():
            for line in lines:
                for place, (value, e) in enumerate(zip(line.values, line.intervals, strict=True)):
                    mine, inside = names["sensitivity"][world.name, line.table, parameter, value]
                    assert (e.estimate, e.low, e.high) == pytest.approx(mine)
                    assert inside == (place in line.plateau)
        for plane in world.planes:
            for (iy, ix), mean in np.ndenumerate(plane.means):
                key = world.name, plane.table, (plane.across, plane.up), (plane.xs[ix], plane.ys[iy])
                assert names["cells"][key] == (pytest.approx(mean), (iy, ix) in plane.best)
        for table, chosen in world.chosen.items():
            curve = summarised_curves(chosen.condition.agent, found.rate.of_description).returns
            mean, low, high = names["curves"][world.name, table]
            np.testing.assert_allclose(mean, curve.mean)
            known = np.isfinite(low)
            np.testing.assert_allclose([low[known], high[known]], [curve.low[known], curve.high[known]])
