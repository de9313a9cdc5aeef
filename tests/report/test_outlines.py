"""The page of a sweep, made of an outline that says all a page can say."""

import re
import time
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from fastsoftq.report.contents import headings, listed
from fastsoftq.report.decision import ErrorRate
from fastsoftq.report.findings import Table
from fastsoftq.report.outline import Group, Part, Section
from fastsoftq.report.page import page_text
from tests.report.outlines import READ, sweep
from tests.report.pages import Page, check


@pytest.fixture(scope="module")
def text():
    return page_text("Hard or soft?", [sweep()], ErrorRate(300, 299))


def test_it_opens_with_the_answer_and_the_picture_and_says_what_was_studied(text):
    page = Page(text)
    check(page)
    order = ["Hard or soft?", "cliff: soft, k = 7, α = 0.5 beats hard", "Return over the step size", "confidence",
             "Which hyperparameters", "hard, soft and expected SARSA", "All conditions of cliff"]  # fmt: skip
    main = page.words[page.words.index("fastsoftq") :]
    places = [main.index(words) for words in order]
    assert places == sorted(places)
    assert page.words.count(READ) == 1  # though both worlds have the chart
    assert page.words.count("Windy cliff soft, k = 7") == 1


def test_contents_lead_to_every_heading_of_the_section(text):
    nav = re.search(r"<nav.*?</nav>", text, re.S)[0]
    names = re.findall(r">([^<>]+)</a>", nav)
    within = ["Sensitivity", "Pairs of hyperparameters", "All conditions"]
    assert names == ["Cliff", *within, "Windy cliff", *within, "How it was run"]
    targets = re.findall(r'href="#([^"]+)"', nav)
    for name, target in zip(names, targets, strict=True):
        heading = re.search(rf'<h\d id="{target}">([^<]*)</h\d>', text)[1]
        assert heading.lower() == name.lower()


def test_groups_fold_and_are_open_but_where_they_ask_to_be_closed(text):
    assert re.findall(r'<details class="group"( open)?>\s*<summary><h\d id="[^"]*">([^<]*)', text) == [
        (" open", "Sensitivity"), (" open", "Pairs of hyperparameters"), ("", "All conditions"),
        (" open", "Sensitivity"), (" open", "Pairs of hyperparameters"), ("", "All conditions"),
        (" open", "How it was run"),
    ]  # fmt: skip


def test_charts_are_whole_and_have_words_and_data(text):
    charts = re.findall(r"<svg.*?</svg>", text, re.S)
    assert len(charts) == 7
    assert all(len(ET.fromstring(chart).get("aria-label")) > 40 for chart in charts)
    assert len(re.findall(r'download="[a-z_]+\.csv"', text)) == 7
    colours = set(re.findall(r"var\(--(c-\w+)\)", text))
    assert len(colours) == 3
    assert all(f"--{colour}: light-dark(" in text for colour in colours)


@pytest.mark.parametrize("scales", [4, 33])  # 120 conditions in two worlds, and 990
def test_a_hundred_conditions_or_a_thousand_are_a_small_page_soon(scales):
    section, before = sweep(scales), time.process_time()
    text = page_text("Hard or soft?", [section], ErrorRate(300, 299))
    assert time.process_time() - before < 5.0
    assert len(text.encode()) < 3e6
    check(Page(text))


def test_anchors_are_unique_whatever_things_are_called():
    groups = [Group("Runs", "", [], tables=[Table(["a"], [["1"]])])] * 2
    parts = [Part("cliff", [], "", None, groups), Part("Cliff!", [], "", None, groups)]
    sections = [Section(name, "Heading", ["Said."], parts) for name in ("x", "X", "cliff", "日本")]
    page = Page(page_text("Title", sections, ErrorRate(0, 0)))
    check(page)
    assert page.words.count("Said.") == 1
    assert [entry.title for entry in listed(headings(sections), sections)] == ["x", "X", "cliff", "日本"]


def test_short_pages_have_no_contents():
    section = Section("a study", "Heading", ["Soft is ahead."], facts=[("seeds", "8")])
    assert "<nav" not in page_text("Title", [section], ErrorRate(0, 0))


def test_several_sections_open_with_an_answer_each_and_show_their_pictures_themselves():
    one = sweep()
    two = replace(one, name="another", parts=[replace(one.parts[0], answers=["Hard is ahead there."])])
    text = page_text("Title", [one, two], ErrorRate(0, 0))
    page = Page(text)
    check(page)
    header = re.search(r"<header>.*?</header>", text, re.S)[0]
    assert "Hard is ahead there." in header
    assert "<svg" not in header
    assert text.count('<div class="opening">') == 2


def test_footnotes_stand_by_each_table_that_has_their_mark():
    mark = "\N{DAGGER} This interval may hold less often than the report says."
    table = Table(["a"], [["1\N{DAGGER}"]], title="One", footnotes=[mark])
    groups = [Group("G", "", [], tables=[table, table._replace(title="Two")])]
    text = page_text("Title", [Section("s", "H", ["Said."], [Part("", [], "", None, groups)])], ErrorRate(0, 0))
    assert text.count(mark) == 2


def test_columns_with_a_filter_are_marked_and_only_large_tables_are_searched(text):
    assert len(re.findall(r'<table class="sortable searched">', text)) == 2
    assert len(re.findall(r'<th scope="col" data-filter>', text)) == 6
    assert '<th scope="row">hard, k\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}1, α' in text


def test_the_page_opens_with_the_picture_of_the_world_that_the_answer_is_of():
    one = sweep()
    parts = [replace(part, picture=part.groups[0].drawings[0]._replace(title=f"In {part.title}")) for part in one.parts]
    text = page_text("Title", [replace(one, picture=None, parts=parts)], ErrorRate(0, 0))
    check(Page(text))
    header = re.search(r"<header>.*?</header>", text, re.S)[0]
    assert "In cliff" in header
    assert text.count("<figcaption>In cliff") == text.count("<figcaption>In windy cliff") == 1
