"""One error rate a report: how it is shared out, that equals are told apart no oftener, and that all of it agrees."""

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from fastsoftq.figures.columns import Columns
from fastsoftq.report.decision import ErrorRate, decided, decided_band
from fastsoftq.report.folder import FolderContents, ReportedAgent, Runs
from fastsoftq.report.page import write_report
from fastsoftq.report.performance import performance_of
from fastsoftq.report.sections import section
from fastsoftq.report.two_folders import comparison_section, matched_folders
from fastsoftq.report.verdict import answers, verdicts
from fastsoftq.statistics import compare_samples, difference_band
from fastsoftq.statistics.resampling import permutations_for, resamples_for
from tests.report.folders import COLD, HARD, SOFT


def results(samples, name="synthetic", **settings):
    """A folder as it is read, of returns [runs, episodes] by label."""

    def agent(label, returns):
        shape = returns.shape
        data = Runs(returns, np.ones(shape, np.int32), np.zeros(shape, bool), np.arange(len(returns)))
        return ReportedAgent(label, label, "#0072b2", {"algorithm": "SoftQLearning", **settings}, lambda: data)

    return FolderContents(Path(), name, name, {}, agents=[agent(*item) for item in samples.items()])


def draw(kind, rng, runs, episodes):
    learning = -80.0 * np.exp(-np.arange(episodes) / 3.0)
    if kind == "smooth":
        return learning + rng.normal(0.0, 5.0, (runs, 1)) + rng.normal(0.0, 3.0, (runs, episodes))
    if kind == "skewed":
        return learning * rng.exponential(1.0, (runs, 1)) - rng.exponential(9.0, (runs, episodes))
    return learning - 100.0 * rng.binomial(2, 0.2, (runs, episodes)) - rng.poisson(2, (runs, episodes))


CLAIM = r"beats|falls behind|ahead|they part|(?<!not )told apart (in|from) "


def summarised(label, returns):
    """What of a condition verdicts look at, without the bands of its own curves, which take most of the time."""
    blocks = Columns(returns.shape[1]).means(returns)
    return SimpleNamespace(
        label=label,
        columns=Columns(returns.shape[1]),
        last_ones=f"last {returns.shape[1]} episodes",
        seeds=np.arange(len(returns)),
        blocks=blocks,
        final=returns.mean(axis=1),
        return_bounds=None,
    )


@pytest.mark.parametrize(
    ("conditions", "reports", "kind"),
    [
        (2, 400, "smooth"),
        (2, 400, "skewed"),
        (2, 400, "falls"),
        (5, 150, "smooth"),
        (5, 150, "falls"),
        (8, 80, "skewed"),
    ],
)
def test_equals_are_told_apart_in_no_more_reports_than_promised(conditions, reports, kind):
    """Each condition against the first, alike but for the luck of their runs; a rate of 5 % fails one time in 1000."""
    rng = np.random.default_rng(conditions)
    rate, found = ErrorRate.of([conditions]), 0
    for _ in range(reports):
        first, *rest = [summarised(f"c{i}", draw(kind, rng, 14, 8)) for i in range(conditions)]
        told = answers(verdicts([(one, first) for one in rest], rate.of_comparison))
        found += any(re.search(CLAIM, answer) is not None for answer in told)
    assert found <= binom.ppf(0.999, reports, 0.05)


def test_two_folders_of_equals_are_told_apart_in_no_more_reports_than_promised():
    rng = np.random.default_rng(1)
    found = 0
    for _ in range(30):
        one, other = (results({f"c{i}": draw("smooth", rng, 14, 6) for i in range(3)}) for _ in range(2))
        (both,) = matched_folders([one], [other], ("one", "other"))
        (part,) = comparison_section(both, ("one", "other")).parts
        found += any(re.search(CLAIM, answer) is not None for answer in part.answers)
        assert "one and other are" in part.answers[0]
    assert found <= binom.ppf(0.999, 30, 0.05)


def test_all_that_a_report_draws_holds_together():
    """Mean curves, ends, and their differences, against the truth that the runs were drawn from."""
    rng = np.random.default_rng(4)
    truth = {f"c{i}": -10.0 * i - 80.0 * np.exp(-np.arange(7) / 3.0) for i in range(3)}
    rate, wrong, reports = ErrorRate.of([3]), 0, 60
    for _ in range(reports):
        held = results({n: t + rng.normal(0, 5, (60, 1)) + rng.normal(0, 3, (60, 7)) for n, t in truth.items()})
        first, *rest = [performance_of(agent, rate.of_description) for agent in held.agents]
        found = verdicts([(one, first) for one in rest], rate.of_comparison)
        pairs = [(one.returns, truth[one.label]) for one in (first, *rest)]
        pairs += [(v.band, truth[v.one.label] - truth["c0"]) for v in found]
        pairs += [(one.final_return, truth[one.label].mean()) for one in (first, *rest)]
        pairs += [(v.comparison, truth[v.one.label].mean() - truth["c0"].mean()) for v in found]
        wrong += not all(np.all((held.low <= true) & (true <= held.high)) for held, true in pairs)
    assert wrong <= binom.ppf(0.999, reports, 0.05)


def test_differences_are_told_among_many():
    rng = np.random.default_rng(2)
    samples = {f"c{i}": draw("smooth", rng, 20, 8) + (20.0 if i > 3 else 0.0) for i in range(8)}
    told = section(results(samples)).parts[0].answers
    assert sum("beats c0" in answer for answer in told) == 4


def test_the_error_is_shared_out_and_adds_up():
    rate = ErrorRate.of([3, 2])
    assert rate == ErrorRate(conditions=5, pairs=3)
    assert 2 * 3 * rate.of_comparison + (4 * 5 + 3) * rate.of_description == pytest.approx(0.05)
    alone = ErrorRate.of([1])
    assert 4 * alone.of_description == pytest.approx(0.05)
    assert 2 * 7 * ErrorRate(0, 7).of_comparison == pytest.approx(0.05)
    assert sum([rate, alone], ErrorRate(0, 0)) == ErrorRate(6, 3)
    assert "6 comparisons" in rate.words()
    assert "23 statements" in rate.words()
    assert "99.58% and 99.89%" in rate.words()  # 100 less 2.5 / 6 and 2.5 / 23
    assert "comparison" not in alone.words()


@pytest.mark.parametrize("error", [0.05, 1e-3, 1e-4])
def test_so_rare_an_error_can_be_told(error):
    """A band needs resamples beyond it, and a test a least p-value below it."""
    assert resamples_for(error) * error >= 2.0
    assert 1.0 / (permutations_for(error) + 1) <= error / 2.0


samples = st.integers(0, 2**32 - 1).map(np.random.default_rng)


@settings(deadline=None)
@given(samples, st.integers(2, 12), st.integers(2, 12), st.booleans(), st.floats(1e-3, 0.2), st.floats(-3.0, 3.0))
def test_interval_and_p_value_are_of_one_decision(rng, runs, others, paired, error, shift):
    a = rng.choice([rng.normal, rng.exponential])(size=runs) + shift
    b = rng.normal(size=runs if paired else others).round(int(rng.integers(0, 3)))
    found = decided(a, b, paired, error)
    assert found.low <= found.difference <= found.high
    assert (found.p_value <= error) == (not found.low <= 0.0 <= found.high)
    plain = compare_samples(a, b, paired, 1.0 - error, resamples=permutations_for(error))
    assert found.low <= plain.low
    assert found.high >= plain.high
    assert found.p_value >= plain.p_value


def test_a_p_value_is_no_smaller_than_the_interval_bears_out():
    """Where permutations reject and the interval holds 0, p is the error at which that is clear of it."""
    rng = np.random.default_rng(5)
    stricter = 0
    for _ in range(60):
        a, b = rng.lognormal(0.3, 1.5, 16), rng.lognormal(0.0, 0.3, 16)
        plain, found = compare_samples(a, b, True, 0.95), decided(a, b, True, 0.05)
        if plain.p_value <= 0.05 and plain.low <= 0.0 <= plain.high:
            stricter += 1
            for error, holds in ((found.p_value * 0.99, True), (found.p_value * 1.01, False)):
                interval = compare_samples(a, b, True, 1.0 - error)
                assert (interval.low <= 0.0 <= interval.high) == holds
    assert stricter


def test_bands_of_so_few_runs_that_chance_might_part_them_are_clear_of_0_nowhere():
    rng = np.random.default_rng(3)
    a, b = 50.0 + rng.normal(size=(6, 4)), rng.normal(size=(6, 4))
    told = decided_band(a, b, True, 0.04)  # all 6 of one sign: 2 of 64
    assert (told.low > 0.0).all()
    kept = decided_band(a, b, True, 0.03)
    assert (kept.low == 0.0).all()
    assert (kept.high == difference_band(a, b, True, 0.97).high).all()


@settings(deadline=None, max_examples=25)
@given(samples, st.integers(2, 14), st.integers(2, 5), st.sampled_from([0.0, 2.0, 40.0]))
def test_sentences_and_table_agree(rng, runs, conditions, spread):
    drawn = {
        f"c{i}": draw(["smooth", "skewed", "falls"][int(rng.integers(3))], rng, runs, 5) + spread * rng.normal()
        for i in range(conditions)
    }
    if rng.random() < 0.3:
        drawn["c1"] = drawn["c0"] + float(rng.integers(-1, 2))  # alike but for a number
    (part,) = section(results(drawn)).parts
    header = list(part.comparisons.header)
    difference, p, first = (
        header.index("difference to c0"),
        header.index("p (corrected)"),
        header.index("apart from episode"),
    )
    rows = {row[0]: row for row in part.comparisons.rows if row[p]}
    assert len(part.answers) == len(rows) == conditions - 1
    ahead = {}
    for answer in part.answers:
        assert not re.search(r"\b(never|nowhere|inf|nan|None)\b", answer)
        label, verb = re.search(r"(c\d) (beats|falls behind|and c0 are not told apart)", answer).groups()
        low, high = (
            float(x.replace("\N{MINUS SIGN}", "-").replace(",", ""))
            for x in re.search(r"\[(.*), (.*)\]", rows[label][difference]).groups()
        )
        ahead[label] = (low > 0.0) - (high < 0.0)
        assert verb == {1: "beats", -1: "falls behind", 0: "and c0 are not told apart"}[ahead[label]]
        assert (float(rows[label][p]) <= 0.05) == (ahead[label] != 0)
        assert (rows[label][first] == "not told") == bool(
            re.search("at no episode are their curves told apart|no block of episodes alone tells", answer)
        )
    opening = re.match(r"c0 is ahead of (all )?(\d)(?: of (\d))? others", part.answers[0])
    if opening:
        everyone, count, of = opening.groups()
        assert int(count) == sum(sign < 0 for sign in ahead.values())
        assert bool(everyone) == (int(count) == len(ahead))
        assert of is None or int(of) == len(ahead)


def test_a_page_says_its_error_rate_once_and_keeps_to_it(request):
    make = request.getfixturevalue("results")
    ends = {"hard": (HARD, -50.0), "soft": (SOFT, -12.0), "cold": (COLD, -12.0)}
    one, other = make("one", ends), make("other", ends, random=2)
    page = write_report(one).read_text()
    assert page.count(ErrorRate(3, 2).words()) == 1
    assert page.count("hold together with 95%") == 1
    both = write_report(one, other).read_text()
    assert both.count(ErrorRate(2 * 3, 3).words()) == 1  # what each says by itself is in its own report
    same = write_report(one, make("same", ends)).read_text()
    assert "hold together" not in same  # what is the same to the last bit needs no test
    assert "hold together" not in write_report(make("words only", {})).read_text()
