from dataclasses import replace

import pytest

from fastsoftq.figures.chart import Line
from fastsoftq.figures.interval_chart import IntervalRow, interval_chart, shown_rows
from fastsoftq.figures.svg import svg
from tests.figures.drawn import elements, meet, texts


def rows(count, algorithm="soft", best=0.0):
    return [IntervalRow(f"{algorithm}, k = {k}", "#0064a0", best - k, best - k - 1.0, best - k + 2.0,
                        algorithm=algorithm) for k in range(count)]  # fmt: skip


def test_a_row_is_a_dot_with_its_interval_and_the_exact_answer():
    given = [IntervalRow("soft", "#0064a0", -17.0, -18.0, -15.5, exact=-16.0, in_best_set=True), *rows(1, best=-30.0)]
    chart = interval_chart(given, "mean return")
    assert [(ring.x, ring.y, ring.filled) for ring in chart.rings] == [(-17.0, 0.0, False), (-30.0, -1.0, True)]
    whiskers = [mark for mark in chart.marks if isinstance(mark, Line) and mark.kind == "whisker"]
    assert [w.x.tolist() for w in whiskers] == [[-18.0, -15.5], [-31.0, -28.0]]
    (exact,) = [mark for mark in chart.marks if isinstance(mark, Line) and mark.kind == "stroke"]
    assert exact.x.tolist() == [-16.0, -16.0]
    drawing = svg(chart, "words")
    assert len(elements(drawing, "ring")) == len(elements(drawing, "dot")) == 1


def test_intervals_without_an_end_are_drawn_as_far_as_the_axis():
    chart = interval_chart([IntervalRow("a", "#0064a0", 1.0, float("-inf"), 2.0), *rows(2)], "mean return")
    assert chart.marks[0].x[0] == chart.x.low


def test_an_interval_that_dwarfs_all_others_goes_on_beyond_the_axis():
    wide = IntervalRow("a", "#0064a0", -12.0, -60_000.0, -12.0)
    chart = interval_chart([wide, *rows(2, best=-12.0)], "mean return")
    assert (chart.x.kind, chart.x.low > -60.0) == ("linear", True)
    assert chart.marks[0].x[0] == chart.x.low
    alone = interval_chart([replace(wide, low=-60.0)], "mean return")
    assert alone.marks[0].x.tolist() == [-60.0, -12.0]


@pytest.mark.parametrize("count", [1, 40])
def test_long_labels_are_whole_and_rows_keep_clear_of_each_other(count):
    given = [replace(r, label=f"{r.label}, α = 0.5, ε 0.9 → 0.1 and a long tail of settings") for r in rows(count)]
    drawing = svg(interval_chart(given, "mean return"), "")
    ticks = [tick for tick in texts(drawing, "tick") if tick.anchor == "end"]
    assert [tick.words for tick in ticks] == [row.label for row in given]
    boxes = [tick.box for tick in ticks]
    assert not any(meet(a, b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert all(box[0] >= 0.0 for box in boxes)


def test_forty_rows_are_all_shown_and_of_more_the_best_of_each_algorithm():
    shown, words = shown_rows(rows(40))
    assert len(shown) == 40
    assert words == ""
    shown, words = shown_rows([*rows(30, "soft"), *rows(25, "hard", best=-5.0)])
    assert sorted(row.label for row in shown) == sorted(f"{a}, k = {k}" for a in ("soft", "hard") for k in range(20))
    assert [row.estimate for row in shown] == sorted((row.estimate for row in shown), reverse=True)
    assert words == "Shown are the best 20 of each algorithm, of 55 in all."
    lowest, _ = shown_rows([*rows(1000, "soft")], higher_is_better=False)
    assert {row.estimate for row in lowest} == {-float(k) for k in range(980, 1000)}


def test_no_rows_are_refused():
    with pytest.raises(ValueError, match="rows: there are none"):
        interval_chart([], "mean return")


def test_labels_of_many_lines_have_rows_as_high():
    long = "an agent whose name goes on and on and on, and then on and on and on, until nobody reads it any longer"
    given = [replace(row, label=label) for row, label in zip(rows(4), ["a", long, "b", long], strict=True)]
    boxes = [text.box for text in texts(svg(interval_chart(given, "mean return"), "words"), "tick")]
    assert not any(meet(a, b) for i, a in enumerate(boxes) for b in boxes[:i])
