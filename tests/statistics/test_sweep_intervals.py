"""The command that measures what docs/statistics.md says of sweeps, on a handful of replications."""

import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def modules(monkeypatch):
    for folder in ("docs", "tests/statistics"):
        monkeypatch.syspath_prepend(str(ROOT / folder))
    import sample_kinds
    import sweep_intervals

    yield sample_kinds, sweep_intervals
    for name in ("sample_kinds", "sweep_intervals", "populations"):
        sys.modules.pop(name, None)


def test_every_measure_answers_and_the_page_has_its_table(modules):
    sample_kinds, sweep_intervals = modules
    page = (ROOT / "docs" / "statistics.md").read_text(encoding="utf-8")
    titles = [title for plan in sweep_intervals.PLANS for title in plan.titles]
    assert len(set(titles)) == len(titles)
    for number, plan in enumerate(sweep_intervals.PLANS):
        for column in plan.columns:
            rates = sample_kinds._cell(0.001, (number, "Poisson, mean 3", column), sweep_intervals.PLANS)
            assert len(rates) == len(plan.titles)
            assert all(0.0 <= rate <= 1.0 and not np.isnan(rate) for rate in rates)
    for title in titles:
        assert title in page
