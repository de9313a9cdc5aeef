"""Every example in a docstring is run, and every public name has one."""

import doctest
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest

import fastsoftq

PACKAGE = Path(fastsoftq.__file__).parent
MODULES = [module.name for module in pkgutil.walk_packages([str(PACKAGE)], "fastsoftq.")]
PARTS = ["fastsoftq", *sorted({name.split(".")[1] for name in MODULES} - {"__main__"})]
OWED = (
    "cli",
    "deep.action_values.evaluate",
    "deep.beginnings",
    "deep.curve_points",
    "deep.deep_records",
    "deep.descending",
    "deep.learner.changes_meanwhile",
    "deep.python_loop",
    "deep.replay_loop",
    "deep.replaying",
    "deep.rollout_loop",
    "deep.rows",
    "deep.run_memory",
    "deep.states",
    "deep.stepping",
    "deep.value_targets",
    "engine.borrowing",
    "engine.counters",
    "engine.dispatch",
    "engine.gpu.assembly",
    "engine.gpu.driver",
    "engine.gpu.fetching",
    "engine.gpu.kernel.",
    "engine.gpu.kernel_arguments",
    "engine.gpu.kernels_on_disk.kernel_for",
    "engine.gpu.card_intrinsics",
    "engine.gpu.one_thread",
    "engine.gpu.several_cards",
    "engine.gpu.sorting",
    "engine.gpu.summarising.Summarising",
    "engine.gpu.summary_kernels",
    "engine.gpu.training_runs",
    "engine.gpu.wanted",
    "engine.lane_events",
    "engine.lane_groups",
    "engine.lane_last_steps",
    "engine.lane_memory",
    "engine.lane_model",
    "engine.lane_planes",
    "engine.lane_remembering",
    "engine.lane_schedules",
    "engine.lane_stages",
    "engine.lane_tables",
    "engine.lanes",
    "engine.learning_from_steps",
    "engine.lockstep",
    "engine.one_run",
    "engine.planes",
    "engine.records",
    "engine.rule_errors",
    "engine.threads",
    "figures",
    "kernels.arguments",
    "kernels.cache",
    "kernels.constants",
    "kernels.jit",
    "kernels.libraries",
    "kernels.number_kinds",
    "kernels.pipelines",
    "kernels.row_kinds",
    "kernels.row_vectors",
    "kernels.sources",
    "kernels.vectors",
    "planning.inverse_rl.inverse_temperature",
    "planning.inverse_rl.separating_weights",
    "planning.inverse_rl.weight_search",
    "planning.markov_chains",
    "planning.mean_rewards",
    "planning.optimal",
    "report",
)
"""Files and folders of which some names have no example yet; take one out when it has them all."""


def written(name):
    """How many examples the file of a module holds."""
    source = Path(importlib.util.find_spec(name).origin).read_text(encoding="utf-8")
    return len(re.findall(r"^ +>>> ", source, re.MULTILINE))


def docstrings(module):
    """The docstrings of a module that hold examples, of compiled functions too."""
    found = {test.name: test for test in doctest.DocTestFinder().find(module) if test.examples}
    for name, value in vars(module).items():
        full = f"{module.__name__}.{name}"
        if full not in found and getattr(value, "__module__", "") == module.__name__ and not inspect.isclass(value):
            text = inspect.getdoc(value) or ""
            test = doctest.DocTestParser().get_doctest(text, vars(module).copy(), full, module.__file__, None)
            if test.examples:
                found[full] = test
    return found.values()


@pytest.mark.parametrize("name", [name for name in MODULES if written(name)])
def test_examples_do_what_they_say(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if name.startswith(("fastsoftq.mdp.gymnasium", "fastsoftq.environments.gymnasium_environment")):
        pytest.importorskip("gymnasium")
    runner = doctest.DocTestRunner()
    tests = docstrings(importlib.import_module(name))
    assert sum(len(test.examples) for test in tests) == written(name)
    for test in tests:
        assert not any(example.options.get(doctest.SKIP) for example in test.examples), test.name
        assert runner.run(test).failed == 0, test.name


def public(part):
    """The public functions and classes of a part: those that its own `__all__` names, else those of all its files."""
    root = importlib.import_module("fastsoftq" if part == "fastsoftq" else f"fastsoftq.{part}")
    files = [name for name in MODULES if name.startswith(f"fastsoftq.{part}.")]
    modules = [root] if hasattr(root, "__all__") else [root, *map(importlib.import_module, files)]
    for module in modules:
        for name in getattr(module, "__all__", ()):
            value = getattr(module, name)
            ours = getattr(value, "__module__", "").startswith("fastsoftq")
            if callable(value) and ours and not (inspect.isclass(value) and issubclass(value, BaseException)):
                yield f"{value.__module__}.{name}", value


def with_examples(value):
    own = [value, *vars(value).values()] if inspect.isclass(value) else [value]
    return any(">>> " in (getattr(one, "__doc__", None) or "") for one in own)


@pytest.mark.parametrize("part", PARTS)
def test_every_public_name_has_an_example(part):
    owed = tuple(f"fastsoftq.{name}" for name in OWED)
    without = {name for name, value in public(part) if not with_examples(value)}
    assert not sorted(name for name in without if not name.startswith(owed))
