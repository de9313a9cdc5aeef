"""The reports of a hundred conditions and of a thousand: whole, and small enough to be sent."""

import pytest

from fastsoftq.report.page import write_report
from fastsoftq.studies import open_results, read_study, run
from tests.report.pages import Page, check
from tests.report.sweep_study import hundred, thousand

MEGABYTES = 1e6


@pytest.mark.filterwarnings("ignore:reward_scale / temperature is 1, not above")  # in a sweep of scales some are
@pytest.mark.parametrize(
    ("source", "conditions"), [(hundred(seeds=9, episodes=15), 120), (thousand(seeds=6, episodes=6), 1000)]
)
def test_the_page_of_a_large_sweep_is_whole_and_below_three_megabytes(tmp_path, source, conditions):
    (tmp_path / "study.toml").write_text(source)
    run(read_study(tmp_path / "study.toml"), tmp_path / "out", threads=1, source=source)
    report = write_report(tmp_path / "out")
    page = Page.at(report)
    check(page)
    assert len(open_results(tmp_path / "out").conditions) == conditions
    assert f"conditions {conditions:,}, each of " in page.words
    assert report.stat().st_size < 3 * MEGABYTES
