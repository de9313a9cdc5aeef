import re
import xml.etree.ElementTree as ET
from urllib.parse import unquote

import numpy as np
import pytest

from fastsoftq.report.decision import ErrorRate
from fastsoftq.report.page import write_report
from fastsoftq.report.rounding import interval_text
from fastsoftq.statistics import confidence_interval, performance_profile
from tests.report.folders import COLD, HARD, SOFT, edited
from tests.report.pages import Page, check


def test_the_answer_comes_first_and_everything_else_is_there(results):
    page = Page.at(write_report(results()))
    check(page)
    main = page.words.partition("fastsoftq")[2]
    first = main.index("soft agent beats hard agent by 3")
    assert first < main.index("What was done, in a line") < main.index("Learning curves")
    for words in (
        "over the last 100 episodes, 40 paired seeds; they part at episode",
        "Difference to hard agent",
        "Performance profile",
        "Distribution over runs",
        "A sentence <with> marks.",
        "a <b>",
        "0.9 → 0.1 (decrease 0.001)",
        "fastsoftq reproduce --out 'some where'",
        "2026-01-02T03:04:05+00:00",
        "Pairing runs by seed bought nothing",
    ):
        assert words in page.words
    assert not set(page.words.split()) & {"None", "nan", "inf"}


def test_nothing_is_fetched_and_the_same_folder_makes_the_same_bytes(results, tmp_path):
    folder = results()
    path = write_report(folder)
    again = write_report(folder, out=tmp_path / "again.html")
    assert path == folder / "report.html"
    assert path.read_bytes() == again.read_bytes()
    without_data = re.sub(r'(src|href)="data:[^"]*"', "", path.read_text())
    without_names = without_data.replace("http://www.w3.org/2000/svg", "")
    assert not re.findall(r"https?://|@import|url\(", without_names)
    assert not re.search(r"\b(src|srcset)=", without_names)


def test_each_chart_is_svg_with_words_and_its_data_beside_it(results):
    page = Page.at(write_report(results()))
    charts = re.findall(r"<svg.*?</svg>", page.html, re.S)
    assert len(charts) == 5  # return, length, difference, profile, distribution
    for chart in charts:
        root = ET.fromstring(chart)
        assert len(root.get("aria-label")) > 40
        numbers = [float(x) for e in root.iter() for x in re.split("[ ,]", e.get("points", "").strip()) if x]
        assert np.isfinite(numbers).all()
        colours = set(re.findall(r"var\(--(c-\w+)\)", chart))
        assert colours
        assert all(f"--{colour}: light-dark(" in page.html for colour in colours)
    assert set(page.data) == {
        "learning_returns.csv", "learning_lengths.csv", "difference.csv", "profile.csv", "distribution.csv",
        "an-experiment.csv",
    }  # fmt: skip
    assert ET.fromstring(unquote(page.images[0]["src"].partition(",")[2])).tag.endswith("svg")
    assert page.images[0]["alt"] == "A figure & its title. up against across."


def test_the_data_are_the_numbers(results):
    folder = results()
    rows = Page.at(write_report(folder)).data["learning_returns.csv"]
    with np.load(folder / "curves.npz") as arrays:
        first = arrays["soft_returns"][:, 0]
    assert float(rows[0]["soft agent, mean"]) == pytest.approx(first.mean(), rel=1e-5)
    assert float(rows[0]["soft agent, median"]) == pytest.approx(np.median(first), rel=1e-5)
    assert float(rows[0]["soft agent, exact"]) == -12.0
    difference = Page.at(folder / "report.html").data["difference.csv"]
    for row, apart in zip(rows, difference, strict=True):
        assert float(apart["soft agent, mean"]) == pytest.approx(
            float(row["soft agent, mean"]) - float(row["hard agent, mean"]), abs=1e-2
        )


def test_bands_in_the_data_are_at_the_level_of_the_report(results):
    folder = results()
    page = Page.at(write_report(folder))
    level = 1.0 - ErrorRate(2, 1).of_description
    with np.load(folder / "curves.npz") as arrays:
        final = arrays["soft_returns"][:, -100:].mean(axis=1)
    rows = page.data["profile.csv"]
    expected = performance_profile(final, [float(row["threshold"]) for row in rows], level)
    assert [float(row["soft agent, low"]) for row in rows] == pytest.approx(expected.low.tolist())
    assert [float(row["soft agent, high"]) for row in rows] == pytest.approx(expected.high.tolist())
    end = confidence_interval(final, level=level)
    assert interval_text(end.estimate, end.low, end.high) in page.words


def test_agents_that_hardly_differ_are_told_apart_wherever_they_are_named(results):
    near = SOFT._replace(discount=0.95000001)
    folder = results(ends={"hard": (HARD, -50.0), "soft": (SOFT, -12.0), "near": (near, -12.0)})
    labels = {"soft": "soft,step_size=0.8,discount=0.95", "near": "soft,step_size=0.8,discount=0.95000001"}
    edited(folder / "findings.json", lambda words: [words["agents"][k].update(label=v) for k, v in labels.items()])
    page, seen = Page.at(write_report(folder)), 0
    for chart in re.findall(r"<svg.*?</svg>", page.html, re.S):
        texts = [e for e in ET.fromstring(chart).iter() if e.get("class") in ("name", "tick")]
        softs = [name for name in ("".join(e.itertext()) for e in texts) if name.startswith("soft")]
        assert set(softs) <= set(labels.values())  # whole
        assert len(set(softs)) == len(softs)
        seen += len(softs)
    assert seen >= 10
    assert {"0.95", "0.95000001"} <= set(page.text)  # in the table of settings


def test_an_experiment_without_curves_is_its_sentence_figure_and_table(results):
    page = Page.at(write_report(results(ends={})))
    assert "A sentence <with> marks." in page.words
    assert "Learning curves" not in page.words
    assert len(page.images) == 1
    assert page.words.count("A sentence <with> marks.") == 1


def test_folders_within_become_sections_with_an_answer_each(results):
    results("all", {"hard": (HARD, -50.0), "soft": (SOFT, -12.0)})
    folder = results("all/inner", {"soft": (SOFT, -12.0), "cold": (COLD, -90.0)}).parent
    edited(folder / "inner" / "findings.json", lambda words: words.update(experiment="inner"))
    page = Page.at(write_report(folder))
    check(page)
    assert "cold agent falls behind soft agent" in page.words
    assert {"an-experiment", "inner"} <= set(page.ids)
    assert {"#an-experiment", "#inner"} <= {link["href"] for link in page.links}


def test_one_agent_alone_is_told_of_too(results):
    page = Page.at(write_report(results(ends={"soft": (SOFT, -12.0)})))
    assert re.search(r"soft agent earns −12\.\d+ \[−12\.\d+, −1[12]\.\d+\] an episode", page.words)
    assert "Difference" not in page.words


def test_names_cannot_break_the_page(results):
    folder = results()
    nasty = "</svg><script>alert(1)</script>&\"'"
    edited(folder / "findings.json", lambda words: words["agents"]["soft"].update(label=nasty))
    page = Page.at(write_report(folder))
    assert "<script>alert" not in page.html
    assert page.open == []
    assert nasty in page.words
    assert f"{nasty}, mean" in page.data["learning_returns.csv"][0]
    for chart in re.findall(r"<svg.*?</svg>", page.html, re.S):
        ET.fromstring(chart)


def test_two_folders_the_same_to_the_last_bit_are_said_to_be(results):
    one, other = results("one"), results("other")
    page = Page.at(write_report(one, other))
    assert "All 2 conditions are the same in both to the last bit" in page.words
    assert "told apart" not in page.words.partition("an experiment in one")[0]


def test_two_folders_are_compared_condition_by_condition(results):
    one = results("one", {"hard": (HARD, -50.0), "soft": (SOFT, -12.0)}, threads=1)
    other = results("other", {"hard": (HARD, -60.0), "cold": (SOFT, -12.0)}, random=2, threads=2)
    path = write_report(one, other)
    page = Page.at(path)
    check(page)
    assert path == one / "comparison.html"
    assert "one and other are told apart in 1 of 2 conditions: hard agent." in page.words
    assert "hard agent beats that in other by" in page.words
    assert "soft agent and cold agent in other are not told apart" in page.words  # the same but for its name
    assert "threads 1 2" in page.words
    assert page.open == []
    assert "an experiment in one" not in page.words  # that is in its own report


def test_agents_of_the_same_name_with_other_settings_are_said_to_differ(results):
    one = results("one", {"hard": (HARD, -50.0), "soft": (SOFT, -12.0)})
    slow = HARD._replace(step_size=0.5)
    words = Page.at(write_report(one, results("other", {"hard": (slow, -50.0), "soft": (SOFT, -12.0)}))).words
    assert "hard agent step size 0.8 0.5" in words
    assert "soft agent step size" not in words


def test_agents_without_a_counterpart_are_named_and_not_compared(results):
    one = results("one", {"hard": (HARD, -50.0), "cold": (COLD, -12.0)}, threads=1)
    page = Page.at(write_report(one, results("other", {"hard": (HARD, -50.0), "soft": (SOFT, -12.0)}, episodes=110)))
    compared = page.words
    assert "Only one has cold agent: not compared." in compared
    assert "Only other has soft agent: not compared." in compared
    assert "episodes 120 110" in compared
    assert "threads 1 not recorded" in compared
    assert "differ in 1 of 1 condition: hard agent; they were run with other settings, which may be why." in compared
    assert not re.search("cold agent (and|beats|falls)|never|None", compared)
    assert "<td>\N{EN DASH}</td>" in page.html  # there is no episode from which curves of different length are apart


def test_folders_with_no_agent_in_common_are_refused(results):
    one, other = results("one", {"soft": (SOFT, -12.0)}), results("other", {"hard": (HARD, -50.0)}, random=2)
    with pytest.raises(ValueError, match=r"no agent in common.*'one' has: soft agent; and 'other': hard agent$"):
        write_report(one, other)
    assert not (one / "comparison.html").exists()


def test_folders_that_cannot_be_read_are_refused_by_name(results, tmp_path):
    with pytest.raises(ValueError, match=r"nowhere.*no such folder"):
        write_report(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=r"empty.*findings\.json"):
        write_report(tmp_path / "empty")
    folder = results("torn")
    data = (folder / "curves.npz").read_bytes()
    (folder / "curves.npz").write_bytes(data[: len(data) // 2])
    with pytest.raises(ValueError, match=r"torn.*cannot be read"):
        write_report(folder)
    other = results("other")
    edited(other / "findings.json", lambda words: words.pop("agents"))
    with pytest.raises(ValueError, match=r"other.*no 'agents'"):
        write_report(other)


def test_a_single_episode_is_called_one(results):
    page = write_report(results(episodes=1)).read_text()
    assert "The only episode" in page
    assert "over the last episode," in page
    assert "last 1" not in page
