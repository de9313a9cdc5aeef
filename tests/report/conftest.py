import numpy as np
import pytest
from matplotlib.figure import Figure

from fastsoftq.report import page
from fastsoftq.report.findings import Findings, Table, write
from tests.report.folders import HARD, SOFT
from tests.report.pages import reprs


@pytest.fixture(autouse=True)
def every_page_is_for_people(monkeypatch):
    """Whatever page a test makes, nothing on it is written as Python would."""
    written = page.page_text

    def checked(*arguments, **named):
        html = written(*arguments, **named)
        assert reprs(html) == []
        return html

    monkeypatch.setattr(page, "page_text", checked)


@pytest.fixture
def results(tmp_path):
    """A function that writes a result folder: agents by name, with the mean return each ends with."""

    def written(folder="results", ends=None, *, seeds=40, first_seed=0, episodes=120, random=1, **run):
        ends = {"hard": (HARD, -50.0), "soft": (SOFT, -12.0)} if ends is None else ends
        rng = np.random.default_rng(random)
        arrays = {"seeds": np.arange(first_seed, first_seed + seeds, dtype=np.uint64)}
        for name, (_, end) in ends.items():
            learning = -200.0 * np.exp(-np.arange(episodes) / 5.0)
            arrays[f"{name}_returns"] = end + learning + rng.normal(0.0, 3.0, (seeds, episodes))
            arrays[f"{name}_lengths"] = rng.integers(10, 20, (seeds, episodes), dtype=np.int32)
            arrays[f"{name}_truncated"] = np.zeros((seeds, episodes), dtype=bool)
            arrays[f"{name}_returns_exact"] = np.full(episodes, end)
        figure = Figure()
        figure.suptitle("A figure & its title")
        figure.subplots().set(xlabel="across", ylabel="up")
        findings = Findings(
            title="What the table shows",
            table=Table(("agent", "number"), [("a <b>", "10"), ("c", "−2"), ("d", "1,000")]),
            sentences=["A sentence <with> marks."],
            summary=[{"agent": "a", "number": 10.0}],
            arrays=arrays,
            figures={"drawn": figure},
            run={
                "seeds": seeds,
                "episodes": episodes,
                "max_steps": 100,
                "seconds": 2.0,
                "agents": {name: {"seconds": 0.5} for name in ends},
                "command": ["__main__.py", "reproduce", "--out", "some where"],
                "time": "2026-01-02T03:04:05+00:00",
                **run,
            },
            agents={name: (f"{name} agent", agent) for name, (agent, _) in ends.items()},
        )
        folder = tmp_path / folder
        folder.mkdir(parents=True)
        write(findings, folder, "an-experiment", "What was done, in a line")
        return folder

    return written
