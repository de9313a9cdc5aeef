"""What a notebook shows of what one prints there: asked as IPython asks, by the names of methods."""

import re
import subprocess
import sys
from collections import namedtuple
from html.parser import HTMLParser

import numpy as np
import pytest
from matplotlib.figure import Figure

import fastsoftq as fsq
from fastsoftq.figures.notebook import curves_html, plot_curves
from fastsoftq.report.findings import Findings, Table
from fastsoftq.statistics import confidence_band, confidence_interval, permutation_test
from fastsoftq.studies import Study, open_results, run
from fastsoftq.system.html import NotebookTable, fields_html, html_table, value_text

AGENT = fsq.SoftQLearning(step_size=0.8, discount=0.95, reward_scale=10.0)
MDP = fsq.cliff_walking(height=3, width=4)


class Cells(HTMLParser):
    """The texts of a table, and that its elements are closed in order."""

    def __init__(self, html):
        super().__init__()
        self.open, self.texts = [], []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


@pytest.fixture(scope="module")
def curves():
    return fsq.train(MDP, AGENT, seeds=12, episodes=120, max_steps=100)


def size(png):
    assert png.startswith(b"\x89PNG\r\n")
    return int.from_bytes(png[16:20]), int.from_bytes(png[20:24])


def test_a_map_shows_itself():
    ax = fsq.plot_grid(MDP, policy=np.full((MDP.n_states, 4), 0.25))
    assert size(ax._repr_png_()) == size(ax.figure._repr_png_())
    assert min(size(ax._repr_png_())) > 100
    theirs = Figure().subplots()
    assert not hasattr(fsq.plot_grid(MDP, ax=theirs), "_repr_png_")  # it is theirs to show


def test_nothing_that_shows_itself_needs_pyplot():
    code = (
        "import sys, fastsoftq as fsq\n"
        "from fastsoftq.figures.notebook import plot_curves\n"
        "mdp = fsq.cliff_walking()\n"
        "curves = fsq.train(mdp, fsq.QLearning(0.8, 0.95), seeds=3, episodes=5, max_steps=20)\n"
        "print(len(fsq.plot_grid(mdp)._repr_png_()) > 1000, len(plot_curves(curves)._repr_png_()) > 1000)\n"
        "print('matplotlib.pyplot' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=100)
    assert done.stdout.split() == ["True", "True", "False"]


def test_curves_are_drawn_as_they_are(curves):
    figure = curves.plot()
    assert figure._repr_png_() == plot_curves(curves)._repr_png_()
    assert min(size(figure._repr_png_())) > 300
    for ax, values in zip(figure.axes, (curves.returns, curves.lengths), strict=True):
        median, mean = ax.lines
        assert mean.get_ydata()[0] == pytest.approx(values[:, 0].mean())
        assert median.get_ydata()[0] == np.median(values[:, 0])
        assert mean.get_xdata()[0] == 1.0  # episodes count from 1


@pytest.mark.parametrize(("seeds", "episodes"), [(1, 1), (1, 30), (2, 1), (5, 2)])
def test_the_fewest_runs_and_episodes_are_shown(seeds, episodes):
    few = fsq.train(MDP, AGENT, seeds=seeds, episodes=episodes, max_steps=100)
    assert min(size(plot_curves(few)._repr_png_())) > 300
    texts = Cells(curves_html(few)).texts
    assert not {"nan", "inf"} & set(texts)
    assert ("\N{EN DASH}" in texts[texts.index("return") + 1 :]) == (seeds == 1)  # one run has no interval


def test_curves_as_a_table(curves):
    texts = Cells(curves._repr_html_()).texts
    assert texts == Cells(curves_html(curves)).texts
    assert repr(AGENT) in texts
    assert texts[texts.index("seeds") + 1] == "12"
    expected = confidence_interval(curves.returns[:, -100:].mean(axis=1))
    shown = texts[texts.index("return") + 1 :][:3]
    assert shown == [value_text(x) for x in (expected.estimate, expected.low, expected.high)]


def records(tmp_path):
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 12))
    policy = np.full((MDP.n_states, 4), 0.25)
    run(Study(name="<small>", episodes=3, seeds=4, environments={"w": MDP}, agents={"soft": AGENT}), tmp_path / "s")
    return {
        "Solution": fsq.value_iteration(MDP, 0.9),
        "PolicyEvaluation": fsq.evaluate_policy(MDP, policy),
        "Occupancy": fsq.occupancy(MDP, policy),
        "TabularMDP": MDP,
        "Comparison": fsq.compare(*(fsq.train(MDP, AGENT, seeds=4, episodes=9, max_steps=50),) * 2),
        "Interval": confidence_interval(a),
        "Band": confidence_band(rng.normal(size=(8, 3))),
        "Permutation": permutation_test(a, b),
        "Trajectories": fsq.sample_trajectories(MDP, policy, 3, horizon=9, rng=0),
        "Results": open_results(tmp_path / "s"),
        "Findings": Findings("<title>", Table(("a", "b"), [("x", "1")]), ["<s>"], [{}], {}, {}, {}),
    }


def test_what_one_prints_in_a_notebook_is_a_table_with_its_numbers(tmp_path):
    shown = {name: record._repr_html_() for name, record in records(tmp_path).items()}
    for name, html in shown.items():
        cells = Cells(html)
        assert html.startswith("<table>"), name
        assert len(cells.texts) > 2, name
    interval = confidence_interval(np.random.default_rng(0).normal(size=(2, 12))[0])
    assert value_text(interval.low) in Cells(shown["Interval"]).texts
    assert f"float64 [{MDP.n_states}, 4]" in Cells(shown["Solution"]).texts
    assert "\n".join(MDP.map) in Cells(shown["TabularMDP"]).texts
    assert {"w/soft", repr(AGENT), "Results of <small>"} <= set(Cells(shown["Results"]).texts)
    assert {"<title>", "<s>", "x", "1"} <= set(Cells(shown["Findings"]).texts)
    assert not re.search("<small>|<title>|<s>", shown["Results"] + shown["Findings"])


def test_nothing_that_is_given_becomes_markup():
    nasty = "</table><script>alert(1)</script>&\"'"
    html = html_table(nasty, [(nasty, nasty)], (nasty, nasty), nasty)
    assert "<script" not in html
    assert Cells(html).texts == [nasty] * 6
    assert nasty in Cells(fsq.TabularMDP([[0]], [[1.0]], [[True]], name=nasty)._repr_html_()).texts[0]


def test_long_tables_are_cut_and_say_so():
    texts = Cells(html_table("long", [(f"{i}", i) for i in range(1000)])).texts
    assert texts[-1] == "and 940 more"
    assert len(texts) == 1 + 2 * 60 + 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (-1234.5678, "−1,234.57"),
        (1e-9, "1e−09"),
        (3e12, "3e+12"),
        (float("inf"), "∞"),
        (-float("inf"), "−∞"),
        (float("nan"), "nan"),
        (10**7, "10,000,000"),
        (np.int64(-3), "−3"),
        (np.float64(0.5), "0.5"),
        (np.bool_(True), "True"),
        (None, "–"),
        (np.zeros((2, 3), np.int32), "int32 [2, 3]"),
        (np.array(2.5), "2.5"),
    ],
)
def test_values_are_written_to_be_read(value, text):
    assert value_text(value) == text


def test_the_fields_of_any_record_are_a_table():
    ends = namedtuple("Ends", "low_end high")(1.0, "")
    assert Cells(fields_html(ends)).texts == ["Ends", "low end", "1"]  # what is empty is left out
    assert issubclass(type(confidence_interval([1.0, 2.0, 4.0])), NotebookTable)
