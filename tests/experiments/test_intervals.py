"""Intervals in summaries and in tables: they end where a quantity ends, and say so."""

import math

import numpy as np
import pytest

from fastsoftq.experiments import Settings
from fastsoftq.experiments.certainty import interval_columns, interval_of
from fastsoftq.report.rounding import interval_text
from fastsoftq.statistics import confidence_interval
from tests.experiments.running import findings


def test_an_interval_ends_at_its_bounds_and_is_shown_by_both_ends():
    values = np.array([-53.82, -41.92])
    free, cut = interval_columns("return", values), interval_columns("return", values, (-1000.0, 0.0))
    plain = confidence_interval(values)
    assert (free["return_low"], free["return_high"]) == (plain.low, plain.high)
    assert interval_text(*interval_of(free, "return"), decimals=2) == f"-47.87 ± {plain.high + 47.87:.2f}"
    assert plain.high > 0.0
    assert cut == {"return": plain.estimate, "return_low": plain.low, "return_high": 0.0}
    assert interval_text(*interval_of(cut, "return"), decimals=2) == f"-47.87 [{plain.low:.2f}, 0.00]"


def test_halves_apart_by_rounding_are_one_half_width():
    assert interval_text(0.5, 0.4, 0.6004, decimals=3) == "0.500 ± 0.100"
    assert interval_text(0.5, 0.4, 0.63, decimals=2) == "0.50 [0.40, 0.63]"
    assert interval_text(0.5, 0.4, 0.6004, decimals=1, percent=True) == "50.0% ± 10.0"
    assert interval_text(0.5, 0.4, 1.0, decimals=1, percent=True) == "50.0% [40.0, 100.0]"


def test_no_width_is_shown_as_none():
    assert interval_text(-12.0312, -12.0345, -12.0279, decimals=2) == "-12.031 ± 0.003"
    assert interval_text(5.0, 5.0, 5.0, decimals=2) == "5.00 ± 0.00"
    share = interval_columns("x", np.r_[np.ones(999), 0.99])
    assert interval_text(*interval_of(share, "x"), decimals=1, percent=True).startswith("99.999")


def test_means_past_a_bound_by_rounding_lie_in_their_interval():
    above = np.full(3, math.nextafter(math.log(4.0), 2.0))
    row = interval_columns("entropy", above, (0.0, math.log(4.0)))
    assert row["entropy_low"] <= row["entropy"] <= row["entropy_high"]


def test_few_runs_that_agree_are_known_to_their_bounds():
    """Twenty of twenty arrive: the exact interval of a share; of a cost without an end nothing is known."""
    share = interval_columns("arrives", np.ones(20), (0.0, 1.0))
    assert (share["arrives_low"], share["arrives_high"]) == pytest.approx((0.025 ** (1.0 / 20.0), 1.0))
    cost = interval_columns("cost", np.full(20, -3.0), (-math.inf, 0.0))
    assert (cost["cost_low"], cost["cost_high"]) == (-math.inf, 0.0)
    assert interval_text(*interval_of(cost, "cost"), decimals=2) == "-3.00 [−∞, 0.00]"
    assert interval_text(*interval_of(interval_columns("x", np.ones(20)), "x"), decimals=2) == "1.00 [−∞, ∞]"


def test_one_value_is_exact():
    assert interval_columns("x", np.array([3.0]), (0.0, 9.0)) == {"x": 3.0, "x_low": 3.0, "x_high": 3.0}


# What there can be of each column, within 40 steps.
POSSIBLE = {
    "return": (-4000.0, 0.0),
    "length": (1.0, 40.0),
    "truncated": (0.0, 1.0),
    "falls": (0.0, 40.0),
    "success": (0.0, 1.0),
    "tried": (0.0, 1.0),
    "entropy": (0.0, math.log(4.0)),
    "states": (1.0, 37.0),
    "arrives": (0.0, 1.0),
}


@pytest.mark.parametrize("name", ["cliff-walking", "reward-scale", "exploration", "robustness"])
def test_no_interval_of_two_seeds_reaches_what_cannot_be(name, tmp_path):
    found = findings(name, Settings(2, 20, 40, 1), tmp_path)
    seen = 0
    for row in found.summary:
        for column in POSSIBLE.keys() & row.keys():
            least, most = POSSIBLE[column]
            assert least - 1e-9 <= row[f"{column}_low"] <= row[column] <= row[f"{column}_high"] <= most + 1e-9
            seen += row[f"{column}_low"] < row[f"{column}_high"]
    assert seen > 5
    cells = [cell for line in found.table.rows for cell in line]
    assert any("[" in cell for cell in cells)
    if name == "cliff-walking":
        assert {line[3] for line in found.table.rows} == {"\N{EN DASH}"}
