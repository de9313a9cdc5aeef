"""The command that measures what docs/statistics.md says, on a handful of replications."""

import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def sample_kinds(monkeypatch):
    for folder in ("docs", "tests/statistics"):
        monkeypatch.syspath_prepend(str(ROOT / folder))
    import sample_kinds

    yield sample_kinds
    for name in ("sample_kinds", "populations"):
        sys.modules.pop(name, None)


def test_all_tables_can_be_made(sample_kinds):
    page = (ROOT / "docs" / "statistics.md").read_text(encoding="utf-8")
    titles = []
    for table in sample_kinds.tables(scale=0.001):
        titles.append(table.title)
        assert [name for name, _ in table.rows] == list(sample_kinds.KINDS)
        for _, rates in table.rows:
            assert len(rates) == len(table.columns)
            assert all(np.isnan(rate) or 0.0 <= rate <= 1.0 for rate in rates)
        assert table.error == pytest.approx(1.96 * np.sqrt(0.05 * 0.95 / table.replications))
    assert len(set(titles)) == len(titles) == 14
    for title in titles:
        assert title in page


@pytest.mark.parametrize(
    "name", ["normal", "lognormal, sigma 1", "mixture, 90:10", "Poisson, mean 3", "rounded normal"]
)
def test_kinds_have_the_mean_and_the_spread_that_is_said(sample_kinds, name):
    kind, std = sample_kinds.KINDS[name]
    x = kind.draw(np.random.default_rng(0), (400_000,))
    assert x.mean() == pytest.approx(kind.mean, abs=5.0 * std / np.sqrt(400_000))
    assert x.std() == pytest.approx(std, rel=0.05)
