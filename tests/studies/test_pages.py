"""What docs/studies.md shows is run as it stands there."""

import doctest
import re
import tomllib
from pathlib import Path

import pytest

from fastsoftq.studies.toml import parse_study

PAGE = Path(__file__).parents[2] / "docs" / "studies.md"


def test_the_examples_give_what_they_show(tmp_path, monkeypatch):
    pytest.importorskip("xarray")
    monkeypatch.chdir(tmp_path)
    examples = "\n".join(re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))
    test = doctest.DocTestParser().get_doctest(examples, {}, PAGE.name, PAGE.name, 0)
    assert len(test.examples) > 8
    runner = doctest.DocTestRunner()
    runner.run(test)
    assert runner.summarize(verbose=False).failed == 0


def test_the_study_can_be_read():
    (study,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(parse_study(tomllib.loads(study)).conditions) == 4


def test_the_maps_are_the_worlds_that_the_page_says():
    page = PAGE.read_text(encoding="utf-8")
    (study,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    one, several = (tomllib.loads(text) for text in re.findall(r"```\n(\[environments.*?)```", page, re.DOTALL))
    first, second = parse_study(tomllib.loads(study) | one).environments.values()
    assert first.map == second.map == ("S..G", "S.#G")
    found = parse_study(tomllib.loads(study) | several).environments
    assert {name: mdp.map for name, mdp in found.items()} == {
        "rooms[rows=(S..G S.#G)]": ("S..G", "S.#G"),
        "rooms[rows=(S... ...G)]": ("S...", "...G"),
    }
