"""What README.md and CONTRIBUTING.md show is run as it stands there."""

import doctest
import importlib.util
import itertools
import re
import sys
import tomllib
from pathlib import Path

import pytest

from fastsoftq.cli.app import app

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```python\n# (\S+\.py)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#]+)")


def test_the_examples_of_the_readme_do_what_they_say():
    found = doctest.testfile(str(ROOT / "README.md"), module_relative=False, encoding="utf-8")
    assert found.attempted > 10
    assert found.failed == 0


def test_the_algorithm_of_the_contributing_guide_is_one_file_and_its_test_passes(tmp_path, monkeypatch):
    blocks = BLOCK.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert [path.split("/")[0] for path, _ in blocks] == ["fastsoftq", "tests", "tests"]
    for path, source in blocks:
        file = tmp_path / path
        file.parent.mkdir(parents=True)
        file.write_text(source, encoding="utf-8")
        name = path.removesuffix(".py").replace("/", ".")
        spec = importlib.util.spec_from_file_location(name, file)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
    module.test_training_is_the_textbooks()


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_within_the_repository_lead_somewhere(page):
    for target in LINK.findall((ROOT / page).read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target


def test_the_readme_gives_a_reason_for_every_dependency():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    name = re.compile(r"[\w-]+")
    for requirement in declared["project"]["dependencies"]:
        assert f"| {name.match(requirement)[0]} |" in readme, requirement
    for group in (declared["project"]["optional-dependencies"], declared["dependency-groups"]):
        for requirement in itertools.chain.from_iterable(group.values()):
            if isinstance(requirement, str):  # not a group that includes others
                assert name.match(requirement)[0] in readme, requirement


def test_the_readme_shows_every_command_of_the_command_line():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in app.registered_commands:
        assert f"`fastsoftq {command.name or command.callback.__name__}" in readme


def test_the_readme_shows_every_command_that_make_wraps():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    recipes = re.findall(r"^\t\$\(BIN\)/(.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert recipes
    for command in recipes:
        shown = command.replace("--quiet ", "").replace("$*", "test")
        assert f".venv/bin/{shown}" in readme, command
