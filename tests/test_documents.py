"""Commands, examples and links in README.md and CONTRIBUTING.md do what they say."""

import doctest
import importlib.util
import itertools
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from fastsoftq.agents import LEARNERS, WRAPPERS
from fastsoftq.cli.app import app
from fastsoftq.studies.spec_tables import ENVIRONMENTS
from fastsoftq.studies.toml import parse_study

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```python\n# (\S+\.py)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s#]*)(?:#([^)\s]+))?\)")


def readme():
    return (ROOT / "README.md").read_text(encoding="utf-8")


def commands():
    """Every command line that the README shows, one by one, without comments."""
    prose = re.sub(r"^```.*?^```$", "", readme(), flags=re.MULTILINE | re.DOTALL)
    for line in re.findall(r"^ {4}(\S.*)$", prose, re.MULTILINE):
        yield from (shlex.split(part, comments=True) for part in line.split("&&"))


def of_fastsoftq(command):
    return Path(command[0]).name == "fastsoftq"


def fastsoftq(arguments, folder):
    small = ["--seeds", "3", "--episodes", "4", "--max-steps", "30"] if arguments[0] == "reproduce" else []
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "fastsoftq", *arguments, *small],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, (arguments, done.stderr)


def test_the_readme_does_what_it_says(tmp_path, monkeypatch):
    """Its commands, in their order and on fewer seeds, then its examples, which read what the commands wrote."""
    (study,) = re.findall(r"```toml\n# study.toml\n(.*?)```", readme(), re.DOTALL)
    (tmp_path / "study.toml").write_text(study, encoding="utf-8")
    shown = [command[1:] for command in commands() if of_fastsoftq(command)]
    assert len(shown) > 5
    for arguments in shown:
        fastsoftq(arguments, tmp_path)
    monkeypatch.chdir(tmp_path)
    found = doctest.testfile(str(ROOT / "README.md"), module_relative=False, encoding="utf-8")
    assert found.attempted > 10
    assert found.failed == 0


@pytest.mark.parametrize(
    ("page", "least"), [("deep.md", 4), ("gymnasium.md", 20), ("shelf.md", 10), ("worlds.md", 3)], ids=lambda v: str(v)
)
def test_the_examples_of_a_page_give_what_they_show(page, least):
    if page == "gymnasium.md":
        pytest.importorskip("gymnasium")
    found = doctest.testfile(str(ROOT / "docs" / page), module_relative=False, encoding="utf-8")
    assert found.attempted > least
    assert found.failed == 0


def test_the_agents_around_others_of_a_study_are_those_that_the_page_names():
    page = (ROOT / "docs" / "shelf.md").read_text(encoding="utf-8")
    (agents,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    about = {"name": "shelf", "episodes": 1, "seeds": 1, "environments": {"cliff": {"kind": "cliff_walking"}}}
    names = [condition.agent for condition in parse_study(about | tomllib.loads(agents)).conditions]
    assert len(names) == 4
    assert f"`{names[0]}`" in page


def test_the_page_of_the_shelf_has_every_agent():
    page = (ROOT / "docs" / "shelf.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z_]+)`", page))
    assert LEARNERS.keys() | WRAPPERS.keys() <= named


def check_pip(*arguments):
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
    assert arguments[0] == "install"
    assert {after for option, after in itertools.pairwise(arguments) if option == "--group"} <= groups.keys()


def check_make(*targets):
    subprocess.run(["make", "--dry-run", *targets], cwd=ROOT, capture_output=True, check=True)


def check_pytest(*arguments):
    arguments = ["0" if argument == "auto" else argument for argument in arguments]
    some = [] if arguments[0].startswith("tests/") else ["tests/test_documents.py"]
    subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", *arguments, *some], cwd=ROOT, capture_output=True, check=True
    )


def check_python(*arguments):
    assert arguments[0] == "-m"
    assert importlib.util.find_spec(arguments[1])


def check_asv(*arguments):
    pytest.importorskip("asv.commands").make_argparser()[0].parse_args(arguments)


def check_run_by_ci(program):
    def check(*arguments):
        assert (
            " ".join([f".venv/bin/{program}", *arguments])
            in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
        )

    return check


CHECKS = {
    "asv": check_asv,
    "make": check_make,
    "mypy": check_run_by_ci("mypy"),
    "pip": check_pip,
    "pytest": check_pytest,
    "python": check_python,
    "python3": check_python,
    "ruff": check_run_by_ci("ruff"),
}


@pytest.mark.parametrize("command", [c for c in commands() if not of_fastsoftq(c)], ids=" ".join)
def test_every_other_command_of_the_readme_is_one(command):
    """Not run, since it installs, tests or measures for minutes; but its options and files are there."""
    program, *arguments = command
    CHECKS[Path(program).name](*arguments)


@pytest.mark.parametrize("first", [0, 3], ids=["without memory", "with memory"])
def test_an_algorithm_of_the_contributing_guide_is_one_file_and_its_test_passes(first, tmp_path, monkeypatch):
    blocks = BLOCK.findall((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert [path.split("/")[0] for path, _ in blocks] == ["fastsoftq", "tests", "tests"] * 2
    for path, source in blocks[first : first + 3]:
        file = tmp_path / path
        file.parent.mkdir(parents=True)
        file.write_text(source, encoding="utf-8")
        name = path.removesuffix(".py").replace("/", ".")
        spec = importlib.util.spec_from_file_location(name, file)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
    module.test_training_is_the_textbooks()


PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    *(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")),
]


@pytest.mark.parametrize("page", PAGES)
def test_files_that_pages_name_are_there(page):
    named = re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.(?:py|c|toml))`", (ROOT / page).read_text(encoding="utf-8"))
    missing = {file for file in named if not any((ROOT / folder / file).exists() for folder in ("", "fastsoftq"))}
    assert not missing


def anchors(page):
    """What a link to a heading of a page may say: its words in small letters, hyphens between them."""
    prose = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    found = set()
    for heading in re.findall(r"^#+ +(.*)$", prose, re.MULTILINE):
        text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        anchor = re.sub(r"[^\w\- ]", "", text).strip().replace(" ", "-")
        found.add(next(a for n in itertools.count() if (a := f"{anchor}-{n}" if n else anchor) not in found))
    return found


@pytest.mark.parametrize("page", PAGES)
def test_links_within_the_repository_lead_somewhere(page):
    """To a file that is there, and to a heading that it has; code in which brackets stand is no link."""
    text = (ROOT / page).read_text(encoding="utf-8")
    prose = re.sub(r"^```.*?^```$|`[^`\n]*`", "", text, flags=re.MULTILINE | re.DOTALL)
    for target, heading in LINK.findall(prose):
        if not target.startswith("http"):
            file = (ROOT / page).parent / target if target else ROOT / page
            assert file.exists(), target
            assert not heading or heading in anchors(file), f"{target}#{heading}"


def test_every_page_is_reached_from_the_readme():
    reached, ahead = set(), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        reached.add(page)
        links = (page.parent / target for target, _ in LINK.findall(page.read_text(encoding="utf-8")))
        ahead += {link.resolve() for link in links if link.suffix == ".md"} - reached
    assert {(ROOT / page).resolve() for page in PAGES if page.startswith("docs/")} <= {p.resolve() for p in reached}


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


def test_every_world_of_a_study_has_its_picture(tmp_path, monkeypatch):
    """And the script that draws them, from what planning finds, still does."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    spec = importlib.util.spec_from_file_location("world_pictures", ROOT / "docs" / "world_pictures.py")
    pictures = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pictures)
    drawn = {re.match(r"\w+", title)[0] for title in [*pictures.MAPS, *pictures.OTHERS]}
    assert drawn == ENVIRONMENTS.keys() - {"map", "gymnasium"}
    pictures.draw(tmp_path)
    for file in tmp_path.iterdir():
        assert file.stat().st_size > 100_000
        assert (ROOT / "docs" / "figures" / file.name).exists()
    assert len(list(tmp_path.iterdir())) == 2
