import io
import threading
import time

import pytest
from rich.console import Console

from fastsoftq.cli.live import Labelled, clock, line, live, table
from fastsoftq.engine.threads import Progress
from fastsoftq.studies.inspect import Row, status, time_left
from fastsoftq.studies.running import Tally, run
from fastsoftq.studies.storing.store import open_store
from fastsoftq.studies.work import Result


@pytest.mark.parametrize(("seconds", "text"), [(None, "?"), (0.4, "0:00"), (75, "1:15"), (3600 * 26 + 61, "26:01:01")])
def test_a_clock(seconds, text):
    assert clock(seconds) == text


def test_time_left_counts_steps_and_not_runs():
    slow, fast = Row("slow", 10, 20, 10_000), Row("fast", 10, 30, 100)
    assert time_left([slow, fast], 100.0) == pytest.approx((10 * 1000 + 20 * 10) / 100.0)
    assert time_left([slow, Row("unknown", 0, 5, 0)], 100.0) == pytest.approx((10 * 1000 + 5 * 1000) / 100.0)
    assert time_left([Row("unknown", 0, 5, 0)], 100.0) is None
    assert time_left([slow], 0.0) is None


def test_a_tally_counts_what_is_kept_computed_and_under_way(small, tmp_path):
    run(small(), tmp_path, part=(1, 8), chunk=64)
    store = open_store(tmp_path)
    units = store.plan.units()
    now = 0.0
    tally = Tally(lambda: now)
    tally.begin(store, units)
    assert [(row.name, row.done, row.runs) for row in tally.rows] == [("cliff/hard", 0, 200), ("cliff/soft", 0, 200)]
    tally.done(Result(units[0], False, 64, 500, 0, ()))  # was there
    tally.done(Result(units[1], False, 64, 900, 900, ()))
    tally.done(Result(units[2], True, 0, 0, 0, ()))  # another run has it
    tally.tick(units[3], Progress(10, 64, 100))
    now = 2.0
    assert [(row.done, row.steps) for row in tally.rows] == [(64, 500), (74, 1000)]
    assert tally.steps_a_second == 500.0
    tally.done(Result(units[3], False, 64, 300, 300, ()))
    assert [(row.done, row.steps) for row in tally.rows] == [(64, 500), (128, 1200)]
    tally.begin(store, units)  # another round of the same run
    now = 4.0
    assert [(row.done, row.steps) for row in tally.rows] == [(0, 0), (0, 0)]
    assert tally.steps_a_second == (900 + 300) / 4.0


def test_a_table_and_a_line_show_the_same():
    rows = [Row("cliff/hard", 10, 20, 10_000_000), Row("cliff/soft[k=2]", 0, 20, 0)]
    text = io.StringIO()
    Console(file=text, width=120).print(table("small in DIR", rows, 1e6))
    for words in (
        "small in DIR",
        "cliff/hard",
        "cliff/soft[k=2]",
        "10 / 20",
        "10 / 40",
        "1.0 M steps/s",
        "25%",
        "0:30",
    ):
        assert words in text.getvalue()
    text = io.StringIO()
    Console(file=text, width=120).print(table("small in DIR", rows, 0.0))
    assert "starting" in text.getvalue()
    assert "steps/s" not in text.getvalue()
    assert line(rows, 1e6) == "10 of 40 runs (25%), 1.0 M steps/s, 0:30 left"
    assert line([Row("a", 5, 5, 1)], 0.0) == "5 of 5 runs (100%)"


def test_lines_come_now_and_then_and_at_the_end(small, tmp_path):
    lines, tally, threads = [], Tally(), threading.active_count()
    with live("small", tally, prefix="small: ", every=0.01, write=lines.append):
        run(small(), tmp_path, threads=1, chunk=64, watch=tally)
        until = time.monotonic() + 30
        while len(lines) < 3 and time.monotonic() < until:
            time.sleep(0.01)
    assert len(lines) >= 3
    assert lines[-1].startswith("small: 400 of 400 runs (100%)")
    with live("nothing", Labelled(), write=lines.append):
        pass
    assert "nothing" not in lines[-1]
    with pytest.raises(KeyboardInterrupt), live("small", tally, write=lines.append):
        raise KeyboardInterrupt
    assert threading.active_count() == threads


def test_what_is_told_by_label_is_counted():
    counted = Labelled()
    counted("testing hard", Progress(0, 7, 0))
    counted("testing soft", Progress(2, 5, 300))
    counted("testing hard", Progress(7, 7, 100))
    assert counted.rows == [Row("testing hard", 7, 7, 100), Row("testing soft", 2, 5, 300)]
    assert counted.steps_a_second > 0.0


def test_status_reads_marks(small, tmp_path):
    run(small(), tmp_path, part=(1, 2), chunk=64)
    half = status(tmp_path)
    assert not half.finished
    assert sum(row.done for row in half.rows) == sum(unit.runs for unit in open_store(tmp_path).plan.units((1, 2)))
    assert half.steps_a_second > 0.0
    run(small(), tmp_path)
    whole = status(tmp_path)
    assert whole.finished
    assert [row.done for row in whole.rows] == [200, 200]
    assert whole.owners == {}
