"""Reports of checks as text: aligned, wrapped, and with what to do."""

from fastsoftq.testing.check_report import CheckReport, Finding


def test_lines_are_aligned_below_what_was_found():
    findings = (Finding("rewards", "wrong", "one\ntwo", "mend it"), Finding("map", "ok", "fine", "no need"))
    assert str(CheckReport("mine", findings)).splitlines() == [
        "mine: 1 thing is wrong",
        "rewards  wrong  one",
        "                two",
        "                mend it",
        "map      ok     fine; no need",
    ]


def test_long_lines_are_wrapped_and_aligned():
    words = " ".join(["word"] * 60)
    head, *lines = str(CheckReport("mine", (Finding("map", "wrong", words), Finding("a", "wrong", "b")))).splitlines()
    assert head == "mine: 2 things are wrong"
    assert lines[-1] == "a    wrong  b"
    assert max(map(len, lines)) <= 120
    assert all(line.startswith(" " * 12 + "word") for line in lines[1:-1])
    assert " ".join(lines[:-1]).removeprefix("map  wrong  ").split() == words.split()
