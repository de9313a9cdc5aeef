"""The wheel has every file of the package, the source distribution every file that its tests read."""

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email import message_from_string
from pathlib import Path

import pytest

pytest.importorskip("hatchling")

ROOT = Path(__file__).parents[1]
BUILD = "import sys, hatchling.build as build; print(getattr(build, 'build_' + sys.argv[1])(sys.argv[2]))"


def built(kind, folder):
    done = subprocess.run(
        [sys.executable, "-c", BUILD, kind, str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return folder / done.stdout.split()[-1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    with zipfile.ZipFile(built("wheel", tmp_path_factory.mktemp("wheel"))) as file:
        yield file


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    with tarfile.open(built("sdist", tmp_path_factory.mktemp("sdist"))) as file:
        yield {name.split("/", 1)[1] for name in file.getnames() if "/" in name}


@pytest.fixture(scope="module")
def metadata(wheel):
    (name,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    return message_from_string(wheel.read(name).decode())


def files(*folders):
    paths = (path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file())
    return {path.relative_to(ROOT).as_posix() for path in paths if "__pycache__" not in path.parts}


def test_the_wheel_is_the_package_and_nothing_else(wheel):
    inside = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert inside == files("fastsoftq")
    assert {"fastsoftq/py.typed", "fastsoftq/report/template/report.html"} <= inside


def test_the_source_distribution_has_all_that_its_tests_read(sources):
    assert files("fastsoftq", "tests", "benchmarks", "docs", ".ci") <= sources
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "Makefile", "asv.conf.json"} <= sources
    assert {"pyproject.toml", "hatch_build.py"} <= sources


def test_the_source_distribution_has_all_that_is_tracked(sources):
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode or not listed.stdout:
        pytest.skip("this is no checkout")
    here = {name for name in listed.stdout.splitlines() if (ROOT / name).exists()}
    assert here <= sources


def test_the_description_leads_nowhere_but_to_addresses(metadata):
    description = metadata.get_payload()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert metadata["Description-Content-Type"] == "text/markdown"
    targets = re.findall(r"\]\(([^)\s]+)", description)
    assert targets
    assert all(target.startswith(("https://", "#")) for target in targets)
    assert re.findall(r"^```.*?^```", description, re.DOTALL | re.MULTILINE) == re.findall(
        r"^```.*?^```", readme, re.DOTALL | re.MULTILINE
    )
    plain = [line for line in readme.splitlines() if "](" not in line]
    shown = iter(description.splitlines())
    assert all(line in shown for line in plain)  # in this order


def test_addresses_of_the_project_are_addresses(metadata):
    urls = metadata.get_all("Project-URL")
    assert urls
    for label, address in (entry.split(", ", 1) for entry in urls):
        assert len(label) <= 32  # what an index takes
        assert address.startswith("https://")


def test_messages_about_what_is_missing_name_extras():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "fastsoftq").rglob("*.py")]
    advice = [found for source in sources for found in re.findall(r"pip install ([^\s\")]+)", source)]
    assert {f"'fastsoftq[{extra}]'" for extra in extras} == set(advice)
