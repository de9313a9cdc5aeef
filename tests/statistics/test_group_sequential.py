"""Decisions in rounds: their rules, their error by simulation, and what is refused."""

import numpy as np
import pytest

from fastsoftq.statistics import compare_samples, sequential_decision
from tests.statistics.populations import KINDS

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("paired", [True, False])
def test_the_first_round_spends_half_of_the_error(paired):
    a, b = RNG.normal(size=(2, 40))
    found = sequential_decision(a, b, (40,), difference=0.01, paired=paired)
    alone = compare_samples(a, b, paired, level=1.0 - 0.05 / 2.0)
    assert (found.low, found.high) == pytest.approx((alone.low, alone.high), rel=1e-9)
    assert (found.round, found.runs, found.estimate) == (1, 40, pytest.approx(alone.difference))


def test_later_rounds_spend_less_and_are_taken_together():
    a, b = RNG.normal(size=(2, 80))
    found = sequential_decision(a, b, (20, 40, 80), difference=0.01)
    each = [compare_samples(a[:n], b[:n], level=1.0 - 0.05 / (r * (r + 1.0))) for r, n in ((1, 20), (2, 40), (3, 80))]
    assert found.low == pytest.approx(max(one.low for one in each))
    assert found.high == pytest.approx(min(one.high for one in each))


def test_it_stops_at_the_round_that_answers_and_says_the_same_with_more_seeds():
    a, b = RNG.normal(size=(2, 400)) + np.array([[1.0], [0.0]])
    early = sequential_decision(a[:100], b[:100], (50, 100), difference=0.1)
    late = sequential_decision(a, b, (50, 100, 200, 400), difference=0.1)
    assert early == late
    assert (early.answered, early.sign, early.smaller) == (True, 1, False)
    turned = sequential_decision(b, a, (50, 100), difference=0.1)
    assert (turned.sign, turned.low, turned.high) == (-1, -early.high, -early.low)


def test_a_difference_that_does_not_matter_is_an_answer():
    a, b = RNG.normal(size=(2, 400))
    found = sequential_decision(a, b, difference=1.0)
    assert (found.answered, found.sign, found.smaller) == (True, 0, True)
    assert "differ by less than 1" in found.words
    unknown = sequential_decision(a, b, difference=0.01)
    assert (unknown.answered, unknown.words[:30]) == (False, "not decided after 400 runs: a ")


def test_comparisons_share_the_error():
    a, b = RNG.normal(size=(2, 40))
    together = sequential_decision(a, b, difference=0.01, comparisons=5)
    alone = sequential_decision(a, b, difference=0.01, confidence=0.99)
    assert (together.low, together.high) == pytest.approx((alone.low, alone.high))


@pytest.mark.parametrize("name", ["normal", "Poisson, mean 1", "fails once in ten (0 or 1)"])
@pytest.mark.parametrize("paired", [True, False])
def test_equals_are_told_apart_no_more_often_than_it_says(name, paired):
    rng, kind = np.random.default_rng(1), KINDS[name][0]
    # Not paired, two values are held against a permutation test in each round, which takes its time.
    replications = 400 if paired else 5 if "0 or 1" in name else 40
    wrong = [
        sequential_decision(*kind.draw(rng, (2, 400)), (50, 100, 200, 400), difference=1e-9, paired=paired).sign
        for _ in range(replications)
    ]
    assert np.mean(np.abs(wrong)) <= 0.05 + 3.0 * np.sqrt(0.05 * 0.95 / replications)


def test_a_difference_that_matters_is_not_called_small_more_often_than_it_says():
    rng, small = np.random.default_rng(2), []
    for _ in range(400):
        a, b = rng.normal(size=(2, 400))
        small.append(sequential_decision(a + 0.3, b, (50, 100, 200, 400), difference=0.3).smaller)
    assert np.mean(small) <= 0.05 + 3.0 * np.sqrt(0.05 * 0.95 / 400)


def test_all_runs_count_where_one_sample_is_longer():
    a, b = np.append(RNG.normal(size=50), RNG.normal(size=150) + 10.0), RNG.normal(size=50)
    for found, sign in (
        (sequential_decision(a, b, difference=1.0, paired=False), 1.0),
        (sequential_decision(b, a, difference=1.0, paired=False), -1.0),
    ):
        assert found.estimate == pytest.approx(sign * (a.sum() / 200 - b.sum() / 50))
        assert found.low < found.estimate < found.high


def test_few_pairs_decide_nothing_however_far_apart():
    assert not sequential_decision(np.arange(6.0) + 99.0, np.arange(6.0) % 2, (6,), difference=1.0).sign
    assert sequential_decision(np.arange(7.0) + 99.0, np.arange(7.0) % 2, (7,), difference=1.0).sign == 1


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"rounds": (5, 5)}, "rounds is \\[5, 5\\]; they must ascend"),
        ({"rounds": ()}, "rounds is \\[\\]"),
        ({"rounds": (5, 20)}, "there are 10 runs only"),
        ({"rounds": (1, 5)}, "rounds\\[0\\] is 1"),
        ({"difference": 0.0}, "difference is 0"),
        ({"confidence": 1.0}, "confidence is 1"),
        ({"comparisons": 0}, "comparisons is 0"),
        ({"bounds": (0.0, 1.0)}, "a\\["),
    ],
)
def test_bad_arguments_are_refused_by_name(more, message):
    with pytest.raises(ValueError, match=message):
        sequential_decision(np.arange(10.0), np.arange(10.0), **{"difference": 1.0, **more})
