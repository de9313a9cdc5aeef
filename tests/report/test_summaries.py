"""Curves of which only summaries are kept, against the runs that they summarise."""

import re
import time

import numpy as np
import pytest
from scipy import stats

import fastsoftq as fsq
from fastsoftq.report.by_moments import moment_difference, moments_group
from fastsoftq.report.folder import EpisodeMoments, ReportedAgent, Summaries
from fastsoftq.report.page import write_report
from fastsoftq.report.reader import read_results
from fastsoftq.report.summaries import block_moments, summarised_curves
from fastsoftq.studies import Study, open_results, run
from tests.report.folders import HARD, SOFT


@pytest.fixture
def ran(tmp_path):
    def go(folder, **changes):
        fields = {
            "name": "small", "episodes": 40, "seeds": 64, "max_steps": 60,
            "environments": {"cliff": fsq.cliff_walking(height=3, width=4)}, "agents": {"hard": HARD, "soft": SOFT},
        }  # fmt: skip
        run(Study(**fields | changes), tmp_path / folder, threads=1)
        return tmp_path / folder

    return go


def test_a_study_of_summaries_has_the_curves_of_its_runs(ran):
    kept, summary = ran("runs"), ran("summary", keep="summary")
    returns = open_results(kept).curves("cliff/hard").returns
    one = summarised_curves(read_results(summary)[0].summarised[0], 0.01)
    blocks = len(one.returns.mean)
    half = stats.t.ppf(1.0 - 0.01 / blocks / 2.0, 63) * returns[:, 0].std(ddof=1) / 8.0
    assert one.returns.mean[0] == pytest.approx(returns[:, 0].mean())
    assert one.returns.high[0] - one.returns.mean[0] == pytest.approx(half)
    np.testing.assert_allclose(one.quantiles[:, 0], np.quantile(returns[:, 0], [0.05, 0.25, 0.5, 0.75, 0.95]))
    page = write_report(summary).read_text()
    assert page.count("learning_returns.csv") == 1
    assert "mean ± Student" in page
    assert "soft beats hard by" in page or "soft and hard are not told apart" in page


def test_the_error_of_summaries_is_no_less_than_that_of_runs(ran):
    exact, most = (block_moments(agent) for agent in (
        read_results(ran("runs"))[0].agents[1], read_results(ran("summary", keep="summary"))[0].summarised[1],
    ))  # fmt: skip
    np.testing.assert_allclose(exact.mean, most.mean)
    assert (most.error >= exact.error * (1.0 - 1e-12)).all()
    assert most.last_error >= exact.last_error


def test_folders_are_compared_with_curves_where_one_keeps_summaries(ran):
    kept, summary = ran("runs"), ran("summary", keep="summary", max_steps=30)
    pair = read_results(kept)[0].agents[0], read_results(summary)[0].summarised[0]
    found = moment_difference(*pair, "hard")
    assert found.difference == pytest.approx(block_moments(pair[0]).last - block_moments(pair[1]).last)
    for folders in ((kept, summary), (summary, kept), (summary, ran("longer", keep="summary", seeds=80))):
        page = write_report(*folders).read_text()
        assert "compared unpaired, by means and standard errors" in page
        assert page.count('"difference.csv"') == 2
    assert (
        "the same in both to the last bit"
        in write_report(summary, ran("again", keep="summary", max_steps=30)).read_text()
    )


def test_a_hundred_conditions_in_two_folders_are_a_short_page_soon(ran):
    agents = {f"hard {i}": HARD._replace(step_size=0.01 * (i + 1)) for i in range(50)}
    worlds = {name: fsq.cliff_walking(height=3, width=width) for name, width in (("narrow", 4), ("wide", 5))}
    one, other = (ran(f"{m}", agents=agents, environments=worlds, seeds=12, max_steps=m) for m in (50, 30))
    start = time.process_time()
    page = write_report(one, other).read_text()
    assert time.process_time() - start < 10.0
    assert len(page) < 3e6
    assert page.count('"difference.csv"') <= 6
    told = re.findall(r"<p[^>]*>(.*?)</p>", page, re.S)
    assert max(map(len, told)) < 1000


def test_few_runs_that_all_agree_are_not_told_apart_by_moments():
    def known(mean, runs):
        found = EpisodeMoments(runs, np.full(3, mean), np.zeros(3), np.zeros((5, 3)))
        return ReportedAgent("soft", "soft", "#0064a0", {}, None, summaries=lambda: Summaries(found, found))

    few = moment_difference(known(-12.0, 10), known(-13.0, 10), "soft")
    assert few.sign == 0
    assert np.isinf(few.half)
    assert np.isinf(few.halves).all()
    moments_group([few], ("before", "after"))  # draws it
    assert moment_difference(known(-12.0, 4000), known(-13.0, 4000), "soft").sign == 1


def test_what_one_folder_is_asked_for_is_refused_of_two(ran):
    one, other = ran("one"), ran("other", max_steps=50)
    for options, name in (({"measures": ["area"]}, "measures"), ({"against": "hard"}, "against")):
        with pytest.raises(ValueError, match=rf"^{name} is .*; two folders"):
            write_report(one, other, **options)
