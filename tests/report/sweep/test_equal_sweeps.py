"""Sweeps of equals, made up: their reports say that something differs no more often than they promise."""

from dataclasses import replace

import numpy as np
import pytest

from fastsoftq.report.sections import error_rate
from fastsoftq.report.sweep.analysis import analysed
from fastsoftq.report.sweep.sentences import world_answers
from tests.studies.sweep_alarms import alarms, by_moments, said_of, summarised, sweep_of_equals


@pytest.mark.parametrize(("kind", "runs", "worlds", "sweeps"), [("normal", 30, 1, 60), ("mixture, 90:10", 24, 2, 6)])
def test_no_more_reports_of_equals_than_promised_say_that_something_differs(kind, runs, worlds, sweeps):
    """One error rate of 5 % for all that a report says: `sweep_alarms.py` counts it for more kinds and runs."""
    found = np.array([alarms(kind, runs, worlds, seed) for seed in range(sweeps)])
    anything = found[:, -1].sum()
    assert anything <= 0.05 * sweeps + 3.0 * np.sqrt(0.05 * 0.95 * sweeps)


def test_what_differs_is_said():
    """The count counts: one algorithm that is better everywhere is told by sentences, best set and rank."""
    said, sentences = said_of(sweep_of_equals("normal", 60, 2, np.random.default_rng(0), ahead=5.0))
    assert said["comparison"]
    assert said["best set"]
    assert said["matched"]
    assert said["rank"]
    assert any("beats hard" in words for words in sentences)


@pytest.mark.parametrize(
    ("runs", "ahead", "why"),
    [
        (9, 0.0, ": to compare so many together takes more seeds"),  # one sign by chance: 1 in 512, eleven times over
        (60, 0.0, ""),
        (60, 5.0, ": to compare so many together takes more seeds"),
    ],
)
def test_where_none_is_told_from_the_best_though_seeds_are_few_or_others_differ_it_is_said_why(runs, ahead, why):
    contents = sweep_of_equals("normal", runs, 1, np.random.default_rng(0), ahead=ahead)
    analysis = analysed(contents, error_rate(contents))
    (world,) = analysis.worlds
    *_, last = world_answers(replace(world, best=set(range(12))), analysis)
    assert last == f"None of the 12 conditions is told from the best{why}."


@pytest.mark.parametrize("kind", ["normal", "cliff, one episode"])
@pytest.mark.parametrize("memory", [False, True])
def test_equals_are_told_apart_by_moments_no_more_often_than_promised(kind, memory):
    found = np.array([by_moments(kind, 30, memory, seed) for seed in range(300)])
    assert (found.mean(axis=0) <= 0.05 + 3.0 * np.sqrt(0.05 * 0.95 / 300)).all()


def test_moments_hold_a_difference_that_there_is():
    """Of normal runs that stay as good as they are, 3 apart: at the end, and over all blocks of episodes together."""
    from fastsoftq.report.by_moments import moment_difference

    rng, ends, bands = np.random.default_rng(1), [], []
    for _ in range(300):
        a, b = (rng.normal(size=(30, 1)) * scale + 0.1 * rng.normal(size=(30, 40)) for scale in (1.0, 2.0))
        found = moment_difference(summarised(a + 3.0), summarised(b), "a")
        ends.append(abs(found.difference - 3.0) <= found.half)
        bands.append(bool((np.abs(found.center - 3.0) <= found.halves).all()))
    for held in (ends, bands):
        assert np.mean(held) >= 0.95 - 3.0 * np.sqrt(0.05 * 0.95 / 300)
