import numpy as np
import pytest
from scipy import stats

from fastsoftq.statistics import confidence_band, difference_band, significant_stretches
from fastsoftq.statistics.max_t_test import parted
from fastsoftq.statistics.moments import moments
from fastsoftq.statistics.variance_floors import with_least_variances
from tests.statistics.populations import KINDS, smooth_curves


def naive_parted(a, b, paired, alpha):
    """Every permutation, one at a time, with SciPy's t."""

    def t(x, y):
        with np.errstate(all="ignore"):
            found = stats.ttest_rel(x, y) if paired else stats.ttest_ind(x, y, equal_var=False)
        return np.abs(found.statistic)

    given, largest = t(a, b), []
    n, runs = len(a), len(a) + len(b)
    if paired:
        for code in range(2**n):
            flip = (code >> np.arange(n) & 1).astype(bool)[:, None]
            largest.append(t(np.where(flip, b, a), np.where(flip, a, b)).max())
    else:
        pooled = np.concatenate([a, b])
        for code in range(2**runs):
            chosen = (code >> np.arange(runs) & 1).astype(bool)
            if chosen.sum() == n:
                largest.append(t(pooled[chosen], pooled[~chosen]).max())
    return np.array([np.mean(np.array(largest) >= g * (1.0 - 1e-9)) for g in given]) <= alpha


@pytest.mark.parametrize("paired", [True, False])
def test_curves_part_where_every_permutation_says_so(paired):
    rng, apart = np.random.default_rng(0), 0
    for _ in range(3):
        a, b = rng.normal(size=(2, 6 if paired else 4, 8))
        a += np.linspace(0.0, 6.0, 8)
        for alpha in (0.05, 0.2):
            found = parted(a, b, paired, alpha, rng, 10_000)
            np.testing.assert_array_equal(found, naive_parted(a, b, paired, alpha))
            apart += found.sum()
    assert apart > 10


@pytest.mark.parametrize("runs", [5, 6, 8])
@pytest.mark.parametrize("jitter", [0.0, 1e-9, 1e-3, 0.1])
@pytest.mark.parametrize("paired", [True, False])
def test_few_that_differ_alike_are_no_proof(runs, jitter, paired):
    """Differences of +1 or -1 at 50 episodes: at some of them all runs differ the same way, as chance has it."""
    rng, wrong = np.random.default_rng(runs), []
    for _ in range(100):
        a, b = rng.choice([-0.5, 0.5], (2, runs, 50)) + jitter * rng.normal(size=(2, runs, 50))
        wrong.append(bool(significant_stretches(difference_band(a, b, paired, rng=rng, resamples=300))))
    assert np.mean(wrong) <= 0.05 + 3.0 * np.sqrt(0.05 * 0.95 / 100)


def test_five_pairs_prove_nothing_and_six_that_all_differ_do():
    rng = np.random.default_rng(1)
    for runs, stretches in ((5, 0), (6, 1)):
        a = 30.0 + rng.normal(size=(runs, 20))
        assert len(significant_stretches(difference_band(a, np.zeros((runs, 20))))) == stretches
    assert len(significant_stretches(difference_band(a, np.zeros((6, 20)), level=0.99))) == 0


def test_levels_beyond_all_permutations_are_refused():
    a = np.random.default_rng(2).normal(size=(30, 3))
    with pytest.raises(ValueError, match=r"level is 0\.999999.*permutations"):
        difference_band(a, a[::-1], level=0.9999999)


def test_a_level_finer_than_resamples_is_bonferronis():
    x = np.random.default_rng(3).normal(size=(6, 4))
    x = np.concatenate([x, -x])  # no skewness, so that the t interval is the wider one
    x /= x.std(axis=0)
    band = confidence_band(x, level=0.99999, resamples=100)
    half = stats.t.isf(0.00001 / 2.0 / 4.0, 11) * x.std(axis=0, ddof=1) / np.sqrt(12)
    np.testing.assert_allclose(band.high, half, rtol=1e-9)
    single = confidence_band(x[:, :1], level=0.99999)
    assert single.high[0] == pytest.approx(stats.t.isf(0.00001 / 2.0, 11) * x[:, 0].std(ddof=1) / np.sqrt(12))


@pytest.mark.parametrize(
    ("kind", "runs"),
    [
        ("fails once in ten (0 or 1)", 5),
        ("fails once in ten (0 or 1)", 20),
        ("fails once in ten (0 or 1)", 50),
        ("mixture, 90:10", 10),
        ("mixture, 90:10", 20),
        ("Poisson, mean 1", 5),
        ("Poisson, mean 3", 5),
        ("cliff, one episode", 5),
        ("rounded normal", 5),
        ("lognormal, sigma 1", 50),
        ("lognormal, sigma 1", 100),
        ("mixture, 90:10", 50),
    ],
)
def test_bands_of_few_runs_learn_from_the_episodes_about(kind, runs):
    """Each episode by itself, bands held 0 to 94 % of these curves; of 50 lognormal runs 80 %, of mixtures 76 %."""
    population, rng, held = KINDS[kind][0], np.random.default_rng(4), []
    for _ in range(100):
        band = confidence_band(population.draw(rng, (runs, 50)), rng=rng, resamples=300)
        held.append(bool(((band.low <= population.mean) & (population.mean <= band.high)).all()))
    assert np.mean(held) >= 0.95 - 0.015 - 3.0 * np.sqrt(0.05 * 0.95 / 100)


@pytest.mark.parametrize(("runs", "touched"), [(10, 0.1), (20, 0.02), (30, 0.0), (100, 0.0)])
def test_even_spread_is_left_alone(runs, touched):
    x, _ = smooth_curves(np.random.default_rng(5), runs, 400)
    m = moments([x])
    longer = with_least_variances([x], m).error / m.error
    assert (longer >= 1.0 - 1e-12).all()
    assert np.mean(longer > 1.0 + 1e-12) <= touched
    assert longer.max() < 1.5


def test_variances_are_at_least_a_part_of_those_about():
    x = np.zeros((12, 41))
    x[0, 20] = 24.0  # a variance of 48, over 21 episodes
    error = with_least_variances([x], moments([x])).error
    near = np.abs(np.arange(41) - 20) <= 10
    windows = np.minimum(np.arange(41), 10) + np.minimum(np.arange(41)[::-1], 10) + 1
    least = 0.75 * 48.0 / windows / 12
    np.testing.assert_allclose(error[near & (np.arange(41) != 20)], np.sqrt(least)[near & (np.arange(41) != 20)])
    np.testing.assert_array_equal(error[~near], 0.0)
    assert error[20] == pytest.approx(2.0)
    # Many runs that agree on a value of which no other episode knows are what they are.
    many = np.repeat(x, 10, axis=0)
    assert (with_least_variances([many], moments([many])).error[near] > 0.0).all()
    many[:, 15] = 7.0
    assert with_least_variances([many], moments([many])).error[15] == 0.0


def test_one_wild_episode_does_not_make_those_about_it_wild():
    x, _ = smooth_curves(np.random.default_rng(7), 8, 41)
    calm = with_least_variances([x], moments([x])).error
    x[:, 20] *= 1e6
    wild = with_least_variances([x], moments([x])).error
    others = np.arange(41) != 20
    assert (wild[others] < 2.0 * calm[others]).all()


def test_bands_say_what_is_doubtful():
    x, _ = smooth_curves(np.random.default_rng(6), 25, 30)
    assert confidence_band(x).caution == ""
    assert "5 runs" in confidence_band(x[:5]).caution
    x[:, 3] = 0.0
    assert "all runs agree at 1 of 30 episodes" in confidence_band(x).caution
    assert "all runs agree at 30 of 30" in difference_band(x, x + 1.0).caution


def test_least_variances_do_not_depend_on_units_even_beside_huge_episodes():
    x = np.random.default_rng(3).normal(size=(12, 60))
    alone = with_least_variances([x[:, :40]], moments([x[:, :40]])).error[:20]
    x[:, 50:] *= 1e98  # beside them the fourth powers of the others are below the least double
    np.testing.assert_allclose(with_least_variances([x], moments([x])).error[:20], alone)
