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
    for name in ("sample_kinds", "populations", "silent_misses"):
        sys.modules.pop(name, None)


def test_all_tables_can_be_made(sample_kinds):
    page = (ROOT / "docs" / "statistics.md").read_text(encoding="utf-8")
    titles = []
    for table in sample_kinds.tables(scale=0.001, processes=1):
        titles.append(table.title)
        assert [name for name, _ in table.rows] == list(sample_kinds.KINDS)
        for _, rates in table.rows:
            assert len(rates) == len(table.columns)
            assert all(np.isnan(rate) or 0.0 <= rate <= 1.0 for rate in rates)
        assert table.error == pytest.approx(1.96 * np.sqrt(0.05 * 0.95 / table.replications))
    assert len(set(titles)) == len(titles) == 17
    for title in titles:
        assert title in page


def test_silent_misses_can_be_counted(sample_kinds):
    import silent_misses

    page = (ROOT / "docs" / "statistics.md").read_text(encoding="utf-8")
    for table in sample_kinds.tables(scale=0.001, processes=1, plans=silent_misses.PLANS):
        assert f"{table.title} (per cent" in page
        assert [name for name, _ in table.rows] == list(sample_kinds.KINDS)
        assert {len(rates) for _, rates in table.rows} == {len(table.columns)}


def test_no_interval_of_a_documented_kind_misses_in_silence(sample_kinds):
    """By the tables of the page: no rate is above the error by more than its own."""
    page = (ROOT / "docs" / "statistics.md").read_text(encoding="utf-8")
    begin = page.index(sample_kinds.BEGIN.format("silent"))
    tables = page[begin : page.index(sample_kinds.END, begin)].split("misses and gives no caution (per cent, ± ")[1:]
    assert len(tables) == 9
    for table in tables:
        error = float(table.partition(")")[0])
        rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")][2:]
        assert [row[0] for row in rows] == list(sample_kinds.KINDS)
        assert max(float(cell) for row in rows for cell in row[1:]) <= 5.0 + 1.5 * error


def test_cells_depend_on_nothing_but_their_place(sample_kinds):
    number = next(i for i, plan in enumerate(sample_kinds.PLANS) if "Paired, equals" in plan.titles[0])
    cell = (number, "exponential", "n = 10")
    alone = sample_kinds._cell(0.02, cell)
    sample_kinds._cell(0.02, (0, "normal", "n = 5"))
    assert sample_kinds._cell(0.02, cell) == alone
    assert len({tuple(sample_kinds._cell(0.1, (number, name, "n = 20"))) for name in list(sample_kinds.KINDS)[:4]}) > 1


def test_the_page_is_written_whole_or_not_at_all(sample_kinds, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        f"before\n\n{sample_kinds.BEGIN.format('kinds')}\n\nold\n{sample_kinds.END}\n\nafter\n", encoding="utf-8"
    )
    table = sample_kinds.Table("Rates", ["n = 5", "n = 10"], [("normal", [0.955, np.nan])], 400)
    sample_kinds.write(page, [table, table])
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert (
        text.count("Rates (per cent, ± 2.1):\n\n|  | n = 5 | n = 10 |\n| --- | --- | --- |\n| normal | 95.5 |  |\n")
        == 2
    )
    page.write_text("nothing", encoding="utf-8")
    with pytest.raises(ValueError, match="has no place between"):
        sample_kinds.write(page, [table])
    assert page.read_text(encoding="utf-8") == "nothing"


@pytest.mark.parametrize(
    "name", ["normal", "lognormal, sigma 1", "mixture, 90:10", "Poisson, mean 3", "rounded normal"]
)
def test_kinds_have_the_mean_and_the_spread_that_is_said(sample_kinds, name):
    kind, std = sample_kinds.KINDS[name]
    x = kind.draw(np.random.default_rng(0), (400_000,))
    assert x.mean() == pytest.approx(kind.mean, abs=5.0 * std / np.sqrt(400_000))
    assert x.std() == pytest.approx(std, rel=0.05)
