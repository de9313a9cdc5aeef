"""docs/environments.md does what it says; its environment of one's own lies in a file of its own."""

import doctest
import importlib
import re
import sys
from pathlib import Path

import fastsoftq as fsq
from fastsoftq.environments import ENVIRONMENT_KINDS, describe

PAGE = Path(__file__).parents[2] / "docs" / "environments.md"


def test_its_examples_give_what_they_show(tmp_path, monkeypatch):
    (source,) = re.findall(r"^```python\n# windy_corridor\.py\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    (tmp_path / "windy_corridor.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    found = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    sys.modules.pop("windy_corridor", None)
    assert found.attempted > 20
    assert found.failed == 0


def test_its_table_has_every_kind_with_its_limit():
    text = PAGE.read_text()
    for kind, make in ENVIRONMENT_KINDS.items():
        if kind != "gymnasium_environment":
            (limit,) = re.findall(rf"^\| `{kind}\(.*\| (\d+) \|$", text, re.MULTILINE)
            assert int(limit) == describe(make()).max_steps
    assert describe(fsq.observed(fsq.from_map("SG"))).max_steps == 1000
