"""What choosing adds: its measurement holds, and its expectation is right on average."""

import numpy as np
import pytest

from fastsoftq.statistics import confidence_interval, selection_bias


def test_the_chosen_one_is_measured_on_the_other_seeds():
    rng = np.random.default_rng(0)
    tune, test = rng.normal(size=(4, 12)), rng.normal(size=(4, 50))
    found = selection_bias(tune, test, level=0.9)
    best = int(tune.mean(axis=1).argmax())
    alone = confidence_interval(test[best], level=0.9)
    assert (found.chosen, found.tuned) == (best, pytest.approx(tune[best].mean()))
    assert found.tested == alone
    assert (found.optimism.low, found.optimism.high) == (found.tuned - alone.high, found.tuned - alone.low)
    assert found.optimism.estimate == pytest.approx(tune[best].mean() - test[best].mean())


def test_where_lower_is_better_too_good_is_too_low():
    rng = np.random.default_rng(1)
    tune, test = rng.normal(size=(4, 12)), rng.normal(size=(4, 50))
    up, down = selection_bias(tune, test), selection_bias(-tune, -test, higher_is_better=False)
    assert (up.chosen, up.tuned, up.expected) == (down.chosen, -down.tuned, down.expected)
    for end in ("estimate", "low", "high"):
        assert getattr(up.optimism, end) == pytest.approx(getattr(down.optimism, end))


@pytest.mark.parametrize(("conditions", "spread"), [(10, 0.0), (50, 0.0), (10, 0.3)])
def test_its_interval_holds_and_its_expectation_is_right_on_average(conditions, spread):
    rng = np.random.default_rng(2)
    means, held, expected, true = spread * rng.normal(size=conditions), [], [], []
    for _ in range(300):
        tune, test = (rng.normal(size=(conditions, runs)) + means[:, None] for runs in (20, 60))
        found = selection_bias(tune, test, rng=rng, repetitions=3)
        true.append(found.tuned - means[found.chosen])
        held.append(found.optimism.low <= true[-1] <= found.optimism.high)
        expected.append(found.expected)
    assert np.mean(held) >= 0.95 - 3.0 * np.sqrt(0.95 * 0.05 / 300)
    # Exact for equals; where conditions differ, more seeds tell them apart faster than by the root of their number.
    noise = 3.0 * np.hypot(np.std(true), np.std(expected)) / np.sqrt(300)
    assert -noise <= np.mean(expected) - np.mean(true) <= (0.25 * np.mean(true) if spread else 0.0) + noise
    assert np.mean(true) > 0.1


@pytest.mark.parametrize(("runs", "conditions", "largest"), [(8, 12, 1.629), (9, 12, 1.629), (30, 3, 0.846)])
def test_what_a_choice_of_equals_adds_is_told_from_the_seeds_that_chose(runs, conditions, largest):
    """The mean of the largest of so many standard normals over the root of the runs (Harter 1961)."""
    rng = np.random.default_rng(8)
    tests = np.zeros((conditions, 2))
    expected = [selection_bias(rng.normal(size=(conditions, runs)), tests).expected for _ in range(200)]
    true = largest / np.sqrt(runs)
    assert np.mean(expected) == pytest.approx(true, rel=0.1)
    assert np.quantile(expected, 0.05) > 0.2 * true  # and not 0


def test_one_condition_is_not_chosen_and_few_seeds_expect_nothing():
    assert selection_bias([[1.0, 2.0, 4.0, 5.0]], [[1.0, 2.0]]).expected == pytest.approx(0.0)
    assert np.isnan(selection_bias([[1.0, 2.0, 4.0]], [[1.0, 2.0]]).expected)
    alone = selection_bias([[1.0], [3.0]], [[0.0, 0.0, 1.0], [1.0, 2.0, 6.0]])
    assert (alone.chosen, alone.tuned, alone.optimism.estimate) == (1, 3.0, 0.0)


@pytest.mark.parametrize(
    ("tune", "test", "message"),
    [
        ([[1.0, 2.0]], [], "tune holds 1 conditions and test 0"),
        ([], [], "tune holds 0 conditions"),
        ([[1.0, 2.0], [1.0, 2.0, 3.0]], [[1.0, 2.0]] * 2, "tune holds 2, 3 runs"),
        ([[1.0, np.inf]], [[1.0, 2.0]], r"tune\[0\]"),
        ([[1.0, 2.0]], [[1.0]], r"test\[0\] holds 1 run"),
    ],
)
def test_bad_samples_are_refused_by_name(tune, test, message):
    with pytest.raises(ValueError, match=message):
        selection_bias(tune, test)


def test_a_choice_that_is_always_the_same_adds_nothing():
    x = np.random.default_rng(5).normal(size=(3, 30)) + np.array([[0.0], [100.0], [7.3]])
    assert selection_bias(x, x).expected == 0.0
