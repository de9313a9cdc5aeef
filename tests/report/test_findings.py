import csv
import json

import numpy as np
import pytest
from matplotlib.figure import Figure

from fastsoftq.cli.reproduce import show
from fastsoftq.report.findings import Findings, Table, write
from fastsoftq.report.reader import read_results
from tests.report.folders import edited


@pytest.fixture
def findings():
    figure = Figure(figsize=(2, 2))
    figure.subplots().plot([0, 1], [0, 1])
    rng = np.random.default_rng(0)
    return Findings(
        title="What was done",
        table=Table(("agent", "return [mean]"), [("hard", "-12.00"), ("soft", "-12.01")], caption="explained"),
        sentences=["Soft is close to hard [1]."],
        summary=[{"agent": "hard", "return": -1 / 3, "steps": 10**9, "meets": None}],
        arrays={"returns": rng.integers(-100, 0, (3, 4)).astype(np.float64), "truncated": np.array([[True, False]])},
        figures={"figure": figure},
        run={"seconds": 1.5},
    )


def test_everything_is_written_and_reads_back(findings, tmp_path):
    written = write(findings, tmp_path)
    assert set(written) == set(tmp_path.iterdir())
    assert {path.name for path in written} == {
        "figure.svg", "figure.png", "curves.npz", "summary.csv", "run.json", "findings.json",
    }  # fmt: skip
    with np.load(tmp_path / "curves.npz") as arrays:
        assert set(arrays) == set(findings.arrays)
        for name, array in findings.arrays.items():
            assert arrays[name].dtype == array.dtype
            np.testing.assert_array_equal(arrays[name], array)
    with (tmp_path / "summary.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert row == {"agent": "hard", "return": "-0.3333333333", "steps": "1000000000", "meets": ""}
    assert json.loads((tmp_path / "run.json").read_text()) == {"seconds": 1.5}
    words = json.loads((tmp_path / "findings.json").read_text())
    assert words["sentences"] == ["Soft is close to hard [1]."]
    assert words["table"]["rows"] == [["hard", "-12.00"], ["soft", "-12.01"]]
    assert words["figures"] == {"figure": "figure"}  # by its name, where it says nothing of itself


def test_the_same_findings_make_the_same_bytes(findings, tmp_path, monkeypatch):
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    write(findings, first)
    monkeypatch.setattr("time.time", lambda: 2e9)  # another day
    write(findings, second)
    for path in first.iterdir():
        assert path.read_bytes() == (second / path.name).read_bytes(), path.name


def test_a_write_that_fails_leaves_what_was_there(findings, tmp_path, monkeypatch):
    write(findings, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write(findings, tmp_path)
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir()}


def test_what_is_printed_is_all_there(findings, capsys):
    show(findings)
    printed = capsys.readouterr().out
    for text in ("What was done", "return [mean]", "-12.01", "explained", "Soft is close to hard [1]."):
        assert text in printed


@pytest.mark.parametrize(
    ("older", "read"),
    [
        ("LinearDecay(0.9, 0.1, 0.001)", "0.9 → 0.1 (decrease 0.001)"),
        ("PowerDecay(1.0, 0.01, 0.5)", "1 → 0.01 (power 0.5)"),
        ("LinearDecay(0.9, 0.1)", "LinearDecay(0.9, 0.1)"),
        ("LinearDecay(a, b, c)", "LinearDecay(a, b, c)"),
        ("tied", "tied"),
    ],
)
def test_schedules_of_older_folders_are_read_as_those_of_newer_ones(results, older, read):
    folder = results()
    edited(folder / "findings.json", lambda words: words["agents"]["soft"]["settings"].update(epsilon=older))
    (contents,) = read_results(folder)
    assert contents.agents[1].settings["epsilon"] == read
