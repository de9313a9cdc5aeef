"""What is imported when, and by whom: the architecture, enforced."""

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import fastsoftq

PACKAGE = Path(fastsoftq.__file__).parent
MODULES = sorted(module.name for module in pkgutil.walk_packages([str(PACKAGE)], "fastsoftq."))

# Everything may import what comes before it. Two stand aside: checks, which see nothing but system, and statistics,
# which see nothing but checks and system.
LAYERS = (
    ("system",),
    ("kernels",),
    ("agents", "mdp"),
    ("environments", "networks"),
    ("engine", "planning"),
    ("deep",),
    ("reward_scales", "attainable_returns"),
    ("tabular_training",),
    ("training", "comparing", "exact_curves", "hardware", "learned_policy"),
    ("testing",),
    ("measures",),
    ("studies",),
    ("figures",),
    ("report",),
    ("experiments",),
)
DEPTH = {name: depth for depth, names in enumerate((*LAYERS, ("cli",), ("__main__",))) for name in names}
APART = {("agents", "mdp"), ("mdp", "agents"), ("planning", "agents"), ("planning", "engine"), ("engine", "planning")}
APART |= {("environments", "networks"), ("networks", "environments"), ("networks", "mdp"), ("deep", "planning")}
APART |= {(tabular, new) for tabular in ("engine", "planning") for new in ("environments", "networks")}
HEAVY = {"numba", "scipy", "matplotlib", "zarr", "xarray", "rich.console", "rich.progress", "gymnasium", "dask"}
HEAVY |= {"jinja2"}


def imports_within(path):
    """The parts of the package that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "fastsoftq")
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            if node.module == "fastsoftq":
                yield from (f"fastsoftq.{alias.name}" for alias in node.names)
            elif node.module and node.module.startswith("fastsoftq."):
                yield node.module


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_downwards_only(path):
    own = path.relative_to(PACKAGE).with_suffix("").parts[0]
    if own == "__init__":
        return
    for target in imports_within(path):
        other = target.partition(".")[2].partition(".")[0]
        if other == own:
            continue
        assert own != "system", f"{own} imports {target}"
        assert own != "checks" or other == "system", f"{own} imports {target}"
        if other in ("checks", "") or own == "checks" or (own, other) == ("statistics", "system"):  # "": the package
            continue
        assert own != "statistics", f"{own} imports {target}"
        if other != "statistics":
            assert DEPTH[other] < DEPTH[own], f"{own} imports {target}"
            assert (own, other) not in APART, f"{own} imports {target}"
        else:
            assert DEPTH[own] >= DEPTH["comparing"], f"{own} imports {target}"


@pytest.mark.parametrize("library", ["typer", "rich"])
def test_only_the_command_knows_how_a_terminal_is_drawn_on(library):
    knows = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if any(name.split(".")[0] == library for name in modules):
                knows.add(path.relative_to(PACKAGE).parts[0])
    assert knows == {"cli"}


def test_no_two_files_share_a_name():
    names = [path.name for path in PACKAGE.rglob("*.py") if path.name != "__init__.py"]
    assert not {name for name in names if names.count(name) > 1}


@pytest.mark.parametrize(
    "arguments",
    [["-c", "import fastsoftq"], ["-m", "fastsoftq", "--help"], ["-m", "fastsoftq", "list"]],
    ids=["import", "help", "list"],
)
def test_nothing_heavy_is_imported_before_it_is_needed(arguments):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments], capture_output=True, text=True, check=True, timeout=60
    )
    imported = {line.rsplit("|", 1)[1].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "fastsoftq" in imported
    allowed = {"rich.console"} if "--help" in arguments else set()  # typer lays out its help with rich
    assert not {name for name in imported if name in HEAVY - allowed or name.split(".")[0] in HEAVY - allowed}


@pytest.mark.parametrize("name", MODULES)
def test_a_module_exports_what_it_says_and_describes_it(name):
    module = importlib.import_module(name)
    assert module.__doc__
    for exported in getattr(module, "__all__", ()):
        value = getattr(module, exported)
        if (inspect.isclass(value) or inspect.isfunction(value)) and value.__module__.startswith("fastsoftq"):
            assert inspect.getdoc(value), f"{name}.{exported} has no docstring"


@pytest.mark.parametrize("name", fastsoftq.__all__)
def test_every_public_name_is_there(name):
    value = getattr(fastsoftq, name)
    assert name in dir(fastsoftq)
    assert inspect.ismodule(value) or inspect.getdoc(value)


def test_type_checkers_are_told_of_every_public_name():
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    checked = next(node for node in tree.body if isinstance(node, ast.If))
    told = {alias.asname: node.module for node in checked.body for alias in node.names}
    homes = {name: value for name, value in fastsoftq._HOME.items() if isinstance(value, str)}
    assert told == homes


def test_an_unknown_name_suggests_the_nearest():
    with pytest.raises(AttributeError, match="did you mean 'SoftQLearning'"):
        _ = fastsoftq.SoftQlearning
