"""What charts say in words: by as many digits as tell values apart, whatever their size."""

import re

import pytest

from fastsoftq.figures.interval_chart import IntervalRow
from fastsoftq.report.facets import about
from fastsoftq.report.sweep_drawings import interval_drawing


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.983, "0.983"), (0.0472, "0.0472"), (-12.04, "−12.0"), (-1234.6, "−1,235"), (0.0, "0.0"), (2.5e-9, "2.5e−9")],
)
def test_values_are_told_by_three_digits(value, words):
    assert about(value) == words


def test_intervals_are_in_the_words_of_their_chart():
    rows = [IntervalRow("dyna", "#0064a0", 0.0472, 0.0456, 0.0487), IntervalRow("hard", "#d55e00", 0.166, 0.164, 0.169)]
    said = re.search('aria-label="([^"]*)"', interval_drawing("Regret", rows, "regret of an episode").svg)[1]
    assert said.endswith("dyna: 0.0472 [0.0456, 0.0487]; hard: 0.166 [0.164, 0.169].")
