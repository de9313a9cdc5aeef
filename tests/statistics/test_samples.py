import numpy as np
import pytest

import fastsoftq.statistics as fss

GOOD = np.arange(6.0)
CURVES = np.arange(12.0).reshape(4, 3)

OF_RUNS = {
    "confidence_interval": fss.confidence_interval,
    "compare_samples": lambda x: fss.compare_samples(x, GOOD, paired=False),
    "probability_of_improvement": lambda x: fss.probability_of_improvement(x, GOOD, paired=False),
    "permutation_test": lambda x: fss.permutation_test(x, GOOD, paired=False),
    "welch_test": lambda x: fss.welch_test(x, GOOD),
}
OF_CURVES = {
    "confidence_band": fss.confidence_band,
    "difference_band": lambda x: fss.difference_band(x, CURVES, paired=False),
    "pointwise_intervals": fss.pointwise_intervals,
}


@pytest.mark.parametrize("function", OF_RUNS.values(), ids=OF_RUNS)
@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([], r"must not be empty"),
        ([1.0], r"holds 1 run\(s\); at least 2"),
        ([1.0, np.nan, 2.0], r"\[1\] is nan"),
        ([1.0, 2.0, -np.inf], r"\[2\] is -inf"),
        ([[1.0, 2.0], [3.0, 4.0]], r"has shape \(2, 2\); it must be \[runs\]"),
    ],
)
def test_bad_samples_of_runs_are_named(function, x, message):
    with pytest.raises(ValueError, match=r"^(x|a)\b.*" + message):
        function(x)


@pytest.mark.parametrize("function", OF_CURVES.values(), ids=OF_CURVES)
@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.empty((3, 0)), r"must not be empty"),
        ([[1.0, 2.0, 3.0]], r"holds 1 run\(s\); at least 2"),
        ([[1.0, 2.0, 0.0], [3.0, np.nan, 0.0]], r"\[1, 1\] is nan"),
        ([1.0, 2.0], r"has shape \(2,\); it must be \[runs, episodes\]"),
    ],
)
def test_bad_samples_of_curves_are_named(function, x, message):
    with pytest.raises(ValueError, match=r"^(x|a)\b.*" + message):
        function(x)


@pytest.mark.parametrize("call", [fss.compare_samples, fss.permutation_test, fss.probability_of_improvement])
def test_pairs_must_match(call):
    with pytest.raises(ValueError, match=r"a has shape \(6,\) and b \(5,\); they must be equal to be paired"):
        call(GOOD, GOOD[:5])


def test_paired_curves_must_match():
    with pytest.raises(ValueError, match="to be paired"):
        fss.difference_band(CURVES, CURVES[:3])
    with pytest.raises(ValueError, match="a has 3 episodes and b 2"):
        fss.difference_band(CURVES, CURVES[:, :2], paired=False)


def test_text_is_the_wrong_type():
    with pytest.raises(TypeError, match="x is of type list; it must hold numbers"):
        fss.confidence_interval(["one", "two"])


@pytest.mark.parametrize("x", [["1", "2"], np.array([1.0 + 2.0j, 2.0]), [[1.0], [2.0, 3.0]], [object(), 1.0]])
def test_what_is_no_number_is_the_wrong_type(x):
    with pytest.raises(TypeError, match=r"x is of type (list|ndarray); it must hold numbers of shape"):
        fss.confidence_interval(x)


def test_masked_entries_are_refused():
    with pytest.raises(ValueError, match="x has masked entries"):
        fss.confidence_interval(np.ma.masked_array([1.0, 2.0, 3.0], [False, True, False]))
    whole = np.ma.masked_array([1.0, 2.0, 3.0], False)
    assert fss.confidence_interval(whole) == fss.confidence_interval([1.0, 2.0, 3.0])


@pytest.mark.parametrize("level", [0.0, 1.0, 95, -0.5])
def test_level_must_be_a_fraction(level):
    with pytest.raises(ValueError, match="level is"):
        fss.confidence_interval(GOOD, level=level)
    with pytest.raises(ValueError, match="level is"):
        fss.confidence_band(CURVES, level=level)


def test_too_few_resamples_are_refused():
    for call in (
        lambda: fss.confidence_band(CURVES, resamples=10),
        lambda: fss.permutation_test(GOOD, GOOD, resamples=1),
    ):
        with pytest.raises(ValueError, match="resamples is"):
            call()


def test_unknown_names_suggest_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'median'"):
        fss.confidence_interval(GOOD, "meidan")
    with pytest.raises(ValueError, match="did you mean 'student'"):
        fss.confidence_interval(GOOD, method="studnet")
    with pytest.raises(ValueError, match="method is 'student'"):
        fss.confidence_interval(GOOD, "median", method="student")


def test_rng_may_be_a_seed_a_generator_or_nothing():
    with pytest.raises(TypeError, match="rng is 'seven'"):
        fss.confidence_band(CURVES, rng="seven")
    x = np.random.default_rng(0).normal(size=(8, 5))
    default, again = fss.confidence_band(x), fss.confidence_band(x)
    np.testing.assert_array_equal(default.low, again.low)
    seeded, generated = fss.confidence_band(x, rng=7), fss.confidence_band(x, rng=np.random.default_rng(7))
    np.testing.assert_array_equal(seeded.low, generated.low)
    assert not np.array_equal(seeded.low, default.low)


def test_inputs_are_left_alone():
    a, b = np.array([3.0, 1.0, 2.0, 5.0, 4.0, 6.0]), np.array([0.0, 2.0, 1.0, 1.5, 2.5, 0.5])
    kept = a.copy(), b.copy()
    fss.compare_samples(a, b, paired=False)
    fss.confidence_interval(a, "median")
    np.testing.assert_array_equal((a, b), kept)
