"""What docs/studies.md shows is run as it stands there."""

import doctest
import re
import tomllib
from pathlib import Path

import pytest

from fastsoftq.studies import Selection, Stop, open_results, run
from fastsoftq.studies.toml import parse_study
from fastsoftq.studies.tuning.tuning_file import parse_tuning

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


STUDIES = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_studies_can_be_read():
    study, tuning = (parse_study(tomllib.loads(text)) for text in STUDIES[:2])
    assert len(study.conditions) == 4
    assert [condition.name for condition in tuning.conditions] == ["pretrained", "from scratch", "fine-tuned"]
    assert (tuning.tables, tuning.checkpoints) == (True, (10, 100))
    assert tuning.conditions[2].after == "pretrained"


def test_what_may_be_added_to_a_study_can_be_read():
    stops, selects = (
        parse_study(tomllib.loads(STUDIES[0]) | tomllib.loads(text))
        for text in STUDIES
        if re.match("(seeds|select) = ", text)
    )
    assert stops.stop == Stop(1.0, 0.95, 10_000)
    assert (stops.measures, stops.against) == (("last:100",), "hard")
    assert selects.select == Selection(200, 1000)


def test_the_tuned_study_can_be_read():
    (text,) = (text for text in STUDIES if "[tune]" in text)
    found = parse_tuning(tomllib.loads(text))
    assert found.rungs == (50, 150, 450)
    assert found.study.select == Selection(450, 1000)
    assert list(found.space["soft"]) == ["step_size", "reward_scale", "epsilon.start"]


def test_the_study_with_conditions_runs(tmp_path):
    study = parse_study(tomllib.loads(STUDIES[1]) | {"seeds": 3})
    run(study, tmp_path)
    results = open_results(tmp_path)
    assert results.curves("fine-tuned").seeds.tolist() == [100, 101, 102]
    assert results.tables("pretrained", 100).shape == (3, 12, 4)
    assert results.tables("from scratch", 10).shape == (3, 10, 4)
    with pytest.raises(ValueError, match="tables are kept after 10, 50 episodes"):
        results.tables("from scratch", 100)


def test_the_maps_are_the_worlds_that_the_page_says():
    page = PAGE.read_text(encoding="utf-8")
    study = STUDIES[0]
    one, several, _ = (tomllib.loads(text) for text in re.findall(r"```\n(\[environments.*?)```", page, re.DOTALL))
    first, second = parse_study(tomllib.loads(study) | one).environments.values()
    assert first.map == second.map == ("S..G", "S.#G")
    found = parse_study(tomllib.loads(study) | several).environments
    assert {name: mdp.map for name, mdp in found.items()} == {
        "rooms[rows=(S..G S.#G)]": ("S..G", "S.#G"),
        "rooms[rows=(S... ...G)]": ("S...", "...G"),
    }


OWN = """
from typing import NamedTuple

import fastsoftq as fsq
from fastsoftq.agents.epsilon_greedy import epsilon_greedy
from fastsoftq.agents.rules import bootstrap, rule


def my_lake(size=8):
    return fsq.frozen_lake(size=size, seed=0)


@epsilon_greedy
class Mine(NamedTuple):
    step_size: float
    discount: float
    epsilon: float = 0.1
    reward_scale: float = 1.0


@rule(bootstrap, Mine)
def _(agent, row, summary, action):
    return summary
"""


def test_kinds_of_a_module_are_what_the_page_says(tmp_path, monkeypatch):
    (tmp_path / "my_module.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    (text,) = re.findall(r"```\n(\[environments.lake\].*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    found = parse_study(tomllib.loads(STUDIES[0]) | tomllib.loads(text), ["my_module"])
    sizes = {name: mdp.n_states for name, mdp in found.environments.items()}
    assert sizes == {"lake[size=8]": 64, "lake[size=16]": 256}
    assert tuple(found.agents["mine"]) == (0.5, 0.95, 0.1, 1.0)
