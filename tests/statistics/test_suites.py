import numpy as np
import pytest
from scipy import stats

from fastsoftq.statistics import (
    confidence_interval,
    normalised,
    performance_profile,
    probability_of_improvement,
    suite_interval,
    suite_probability_of_improvement,
    suite_profile,
)
from fastsoftq.statistics.bootstraps import expanded_level

SCORES = np.random.default_rng(0).gamma(2.0, size=(10, 6))
OTHER = np.random.default_rng(1).gamma(2.5, size=(10, 6))
TAUS = np.linspace(0.0, 8.0, 33)


def test_aggregates_agree_with_rliable(rliable):
    metrics = rliable("metrics")
    for name, function in (
        ("mean", metrics.aggregate_mean),
        ("median", metrics.aggregate_median),
        ("interquartile_mean", metrics.aggregate_iqm),
    ):
        assert suite_interval(SCORES, name, resamples=100).estimate == pytest.approx(function(SCORES))
    assert suite_probability_of_improvement(SCORES, OTHER).estimate == pytest.approx(
        metrics.probability_of_improvement(SCORES, OTHER)
    )


@pytest.mark.parametrize("name", ["median", "interquartile_mean"])
def test_intervals_agree_with_rliable_at_the_expanded_level(name, rliable):
    """Theirs draws from the global generator, so the two agree to within the noise of the bootstrap."""
    library, metrics = rliable("library"), rliable("metrics")
    function = {"median": metrics.aggregate_median, "interquartile_mean": metrics.aggregate_iqm}[name]
    ours = suite_interval(SCORES, name, resamples=4000)
    _, ends = library.get_interval_estimates(
        {"a": SCORES},
        lambda x: np.array([function(x)]),
        reps=2000,
        confidence_interval_size=expanded_level(0.95, 10, dof=54),
    )
    assert (ours.low, ours.high) == pytest.approx(ends["a"][:, 0], abs=0.12 * (ours.high - ours.low))


def test_profile_agrees_with_rliable(rliable):
    library = rliable("library")
    expected, _ = library.create_performance_profile({"a": SCORES}, TAUS, reps=50)
    np.testing.assert_allclose(suite_profile(SCORES, TAUS).share, expected["a"], atol=1e-15)


def test_formulas():
    assert suite_interval(SCORES, "mean").estimate == pytest.approx(SCORES.mean())
    assert suite_interval(SCORES, "median", resamples=100).estimate == np.median(SCORES.mean(axis=0))
    assert suite_interval(SCORES, resamples=100).estimate == pytest.approx(stats.trim_mean(SCORES.ravel(), 0.25))
    np.testing.assert_allclose(suite_profile(SCORES, TAUS).share, [(tau < SCORES).mean() for tau in TAUS])
    wins = np.mean([(SCORES[:, e][:, None] > OTHER[:, e]).mean() for e in range(6)])
    assert suite_probability_of_improvement(SCORES, OTHER).estimate == pytest.approx(wins)


def test_a_suite_of_one_environment_is_that_environment():
    x, y = SCORES[:, :1], OTHER[:, :1]
    suite, alone = suite_interval(x, "mean"), confidence_interval(x[:, 0])
    assert (suite.low, suite.high) == pytest.approx((alone.low, alone.high))
    np.testing.assert_allclose(suite_profile(x, TAUS).share, performance_profile(x[:, 0], TAUS).share)
    for paired in (True, False):
        suite = suite_probability_of_improvement(x, y, paired)
        alone = probability_of_improvement(x[:, 0], y[:, 0], paired)
        assert (suite.low, suite.high) == pytest.approx((alone.low, alone.high))


def test_environments_are_resampled_apart():
    """Far apart but constant environments: nothing can vary, though pooled runs would."""
    scores = np.tile([0.0, 50.0, 100.0], (40, 1))
    for name in ("median", "interquartile_mean"):
        ci = suite_interval(scores, name, resamples=100)
        assert ci.low == ci.estimate == ci.high == 50.0


def test_environments_whose_runs_agree_add_what_so_few_leave_open():
    share = 1.0 - 0.025 ** (1.0 / 5.0)
    alone = suite_interval(np.full((5, 1), 0.8), "mean", bounds=(0.0, 1.0))
    assert (alone.low, alone.high) == pytest.approx((0.8 - 0.8 * share, 0.8 + 0.2 * share))
    x = np.random.default_rng(6).random((5, 2))
    both, first = np.c_[x, np.ones((5, 1))], suite_interval(x, "mean")
    ci = suite_interval(both, "mean", bounds=(0.0, 1.0))
    assert ci.estimate - ci.low == pytest.approx(np.hypot(2.0 * (first.estimate - first.low), share) / 3.0)
    assert ci.high - ci.estimate == pytest.approx(2.0 * (first.high - first.estimate) / 3.0)
    assert "all 5 runs agree in 1 of 3 environments" in ci.caution
    for name in ("mean", "median", "interquartile_mean"):
        ci = suite_interval(np.ones((5, 3)), name)
        assert (ci.low, ci.high) == (-np.inf, np.inf)
        assert suite_interval(np.ones((5, 3)), name, bounds=(0.0, 1.0)).high == 1.0
        many = suite_interval(np.ones((36, 3)), name)
        assert (many.low, many.high) == (1.0, 1.0)
    with pytest.raises(ValueError, match=r"scores\[0, 0\] is 1\.5"):
        suite_interval(np.full((5, 2), 1.5), "mean", bounds=(0.0, 1.0))


@pytest.mark.parametrize("name", ["mean", "interquartile_mean"])
def test_intervals_cover(name):
    scale = np.arange(1.0, 7.0)
    population = np.random.default_rng(2).gamma(2.0, size=(200_000, 6)) * scale
    truth = population.mean() if name == "mean" else stats.trim_mean(population.ravel(), 0.25)
    rng = np.random.default_rng(3)
    intervals = [suite_interval(rng.gamma(2.0, size=(10, 6)) * scale, name, rng=rng, resamples=300) for _ in range(800)]
    inside = np.mean([ci.low <= truth <= ci.high for ci in intervals])
    assert abs(inside - 0.95) <= 0.015 + 3.0 * np.sqrt(0.95 * 0.05 / 800)


def test_profile_band_covers_the_whole_profile():
    scale = np.arange(1.0, 7.0)
    taus = np.linspace(0.0, 20.0, 40)
    truth = np.mean([stats.gamma(2.0, scale=s).sf(taus) for s in scale], axis=0)
    rng = np.random.default_rng(4)
    profiles = [suite_profile(rng.gamma(2.0, size=(10, 6)) * scale, taus, rng=rng, resamples=300) for _ in range(800)]
    inside = np.mean([((p.low <= truth) & (truth <= p.high)).all() for p in profiles])
    assert abs(inside - 0.95) <= 0.015 + 3.0 * np.sqrt(0.95 * 0.05 / 800)


def test_winning_everywhere_leaves_the_binomial_bound():
    ci = suite_probability_of_improvement(SCORES + 100.0, OTHER)
    assert ci.estimate == ci.high == 1.0
    assert ci.low == pytest.approx(0.025 ** (1.0 / 60.0))


def test_bad_suites_are_named():
    with pytest.raises(ValueError, match=r"scores has shape \(10,\); it must be \[runs, environments\]"):
        suite_interval(SCORES[:, 0])
    with pytest.raises(ValueError, match="did you mean 'interquartile_mean'"):
        suite_interval(SCORES, "interquartile")
    with pytest.raises(ValueError, match="a has 6 environments and b 5"):
        suite_probability_of_improvement(SCORES, OTHER[:, :5], paired=False)
    with pytest.raises(ValueError, match="to be paired"):
        suite_probability_of_improvement(SCORES, OTHER[:5])


@pytest.mark.parametrize(("runs", "environments", "least"), [(2, 1, 5), (4, 1, 5), (3, 2, 4), (2, 5, 3), (2, 3, 3)])
@pytest.mark.parametrize("statistic", ["interquartile_mean", "median"])
@pytest.mark.parametrize("resamples", [100, 20_000])
def test_too_few_runs_for_a_bootstrap_are_refused(runs, environments, least, statistic, resamples):
    with pytest.raises(ValueError, match=f"scores holds {runs} runs of {environments}.* from {least} runs on"):
        suite_interval(SCORES[:runs, :environments], statistic, resamples=resamples)
    assert suite_interval(SCORES[:runs, :environments], "mean").low < SCORES[:runs, :environments].mean()
    enough = suite_interval(SCORES[:least, :environments], statistic)
    assert enough.low < enough.estimate < enough.high


@pytest.mark.parametrize(("runs", "environments"), [(5, 1), (4, 2), (3, 5), (2, 10)])
def test_few_runs_that_are_not_refused_hold_about_what_they_should(runs, environments):
    """At 90 % and more, of normal scores; skewed ones are in docs/statistics.md."""
    rng = np.random.default_rng(5)
    ends = [suite_interval(rng.normal(size=(runs, environments)), rng=rng) for _ in range(300)]
    assert np.mean([ci.low <= 0.0 <= ci.high for ci in ends]) >= 0.92 - 3.0 * np.sqrt(0.08 * 0.92 / 300)


def test_levels_finer_than_the_resamples_are_refused():
    with pytest.raises(ValueError, match=r"level is 0\.99999.* it takes resamples="):
        suite_profile(SCORES, TAUS, level=0.99999)
    with pytest.raises(ValueError, match=r"level is 0\.9999999.* more runs, or a lower level"):
        suite_interval(SCORES, level=0.9999999)


def test_a_median_of_few_runs_is_doubtful():
    assert "10 runs" in suite_interval(SCORES, "median").caution
    assert suite_interval(SCORES).caution == ""


def test_the_optimality_gap_is_what_scores_are_short_of_one():
    scores = np.random.default_rng(20).normal(0.9, 0.3, (30, 4))
    found = suite_interval(scores, "optimality_gap")
    assert found.estimate == pytest.approx(np.where(scores < 1.0, 1.0 - scores, 0.0).mean())
    mean = suite_interval(np.maximum(1.0 - scores, 0.0), "mean")
    assert (found.low, found.high) == (mean.low, mean.high)
    cut = suite_interval(scores, "optimality_gap", bounds=(-1.0, 3.0))
    assert (cut.low, cut.high) == (max(mean.low, 0.0), min(mean.high, 2.0))
    assert suite_interval(np.full((40, 2), 1.5), "optimality_gap", bounds=(1.0, 2.0)).high == 0.0


def test_scores_are_normalised_by_random_and_optimum():
    assert normalised([[-113.0], [-88.0]], random=-113.0, optimum=-13.0).tolist() == [[0.0], [0.25]]
    with pytest.raises(ValueError, match=r"optimum is -13\.0 and random -13\.0; the optimum must be higher"):
        normalised([1.0], -13.0, -13.0)
    with pytest.raises(ValueError, match="values"):
        normalised([np.nan], 0.0, 1.0)
