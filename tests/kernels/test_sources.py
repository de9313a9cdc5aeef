"""What code depends on that is not the package's: every edit that can change a result changes it, and no other."""

import importlib
import linecache
import sys
from typing import NamedTuple

import pytest

from fastsoftq.agents import QLearning, SoftQLearning
from fastsoftq.agents.epsilon_greedy import epsilon_greedy
from fastsoftq.agents.rules import bootstrap, rule
from fastsoftq.kernels.sources import code_of

AGENT = """
import enum
from typing import NamedTuple
import numpy as np
import pieces
import more.deep
from pieces import OFFSETS, Level, twice
from fastsoftq.agents.rules import act, bootstrap, summarise, rule
from fastsoftq.kernels.jit import by_type, inlined
from fastsoftq.kernels.policies import any_action
from fastsoftq.kernels.over_actions import highest

SCALE = 3.0

class Mine(NamedTuple):
    step_size: float
    discount: float

@inlined
def scaled(x):
    return SCALE * x

@by_type
def halved(x):
    return lambda x: 0.5 * x

@rule(summarise, Mine)
def _(agent, row, like):
    return highest(row)

@rule(bootstrap, Mine)
def _(agent, row, summary, action):
    return scaled(twice(summary)) + pieces.shift(halved(summary)) + OFFSETS[0] + Level.HIGH + more.deep.term(summary)

@rule(act, Mine)
def _(agent, row, summary, draw):
    return any_action(draw.low, later(len(row)))

def later(n):
    return n
"""
PIECES = """
import enum
import numpy as np
from fastsoftq.kernels.jit import inlined
OFFSETS = np.array([1.0, 2.0])
class Level(enum.IntEnum):
    HIGH = 3
@inlined
def twice(x):
    return 2.0 * x
@inlined
def shift(x):
    return x + 1.0
"""
DEEP = "def term(x):\n    return x\n"
FILES = {"mine.py": AGENT, "pieces.py": PIECES, "more/__init__.py": "", "more/deep.py": DEEP}


@pytest.fixture
def imported(tmp_path, monkeypatch):
    """Import the agent's module from files with some text replaced; yields the code of the agent."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def load(file=None, old="", new=""):
        for name, text in FILES.items():
            assert file != name or text.count(old) >= 1
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text.replace(old, new) if file == name else text)
            sys.modules.pop(name.removesuffix(".py").removesuffix("/__init__").replace("/", "."), None)
        importlib.invalidate_caches()
        return code_of(importlib.import_module("mine").Mine)

    yield load
    for name in ("mine", "pieces", "more", "more.deep"):
        sys.modules.pop(name, None)


def in_a_notebook(old="", new="", cell="<cell 1>", known=True):
    """The agent defined where no file is, as in a notebook, which lets Python see its text, or as by `exec`."""
    text = AGENT.replace("import pieces\nimport more.deep\nfrom pieces import OFFSETS, Level, twice\n", "")
    text = text.replace("from fastsoftq.agents.rules", PIECES + "\nfrom fastsoftq.agents.rules")
    text = text.replace("pieces.shift", "shift").replace("more.deep.term(summary)", "term(summary)") + DEEP
    assert old in text
    text = text.replace(old, new)
    cell += " as text" if known else ""
    namespace = {"__name__": "__main__"}
    if known:
        linecache.cache[cell] = (len(text), None, text.splitlines(keepends=True), cell)
    exec(compile(text, cell, "exec"), namespace)
    return code_of(namespace["Mine"])


def test_the_packages_own_agents_have_none():
    assert code_of(QLearning, listed=True) == code_of(SoftQLearning, listed=True) == {}


def test_but_for_one_that_is_not_listed_yet_its_module_counts():
    assert set(code_of(QLearning)) == {"fastsoftq.agents.q_learning"}


def test_whole_files_and_the_constants_they_take_from_others(imported):
    code = imported()
    assert set(code) == {"mine", "pieces", "more", "more.deep", "mine.SCALE", "mine.OFFSETS", "pieces.OFFSETS"}
    assert all(len(digest) == 16 for digest in code.values())
    assert imported() == code


@pytest.mark.parametrize(
    ("file", "old", "new", "changed"),
    [
        ("mine.py", "return highest(row)", "return highest(row) + 1.0", {"mine"}),
        ("mine.py", "SCALE = 3.0", "SCALE = 4.0", {"mine", "mine.SCALE"}),
        ("mine.py", "0.5 * x", "0.25 * x", {"mine"}),
        ("mine.py", "    return n\n", "    return n - 1\n", {"mine"}),
        ("pieces.py", "2.0 * x", "2.5 * x", {"pieces"}),
        ("pieces.py", "x + 1.0", "x + 2.0", {"pieces"}),
        ("pieces.py", "[1.0, 2.0]", "[1.5, 2.0]", {"pieces", "mine.OFFSETS", "pieces.OFFSETS"}),
        ("pieces.py", "HIGH = 3", "HIGH = 4", {"pieces"}),
        ("more/deep.py", "return x", "return -x", {"more.deep"}),
    ],
)
def test_an_edit_anywhere_changes_what_it_is_in(imported, file, old, new, changed):
    before, after = imported(), imported(file, old, new)
    assert {name for name in {**before, **after} if before.get(name) != after.get(name)} == changed


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return n\n", "return n  # as it is\n"),
        ("SCALE =", "\n\n# much\nSCALE ="),
        ("SCALE =", "\f\n# much\nSCALE ="),  # pages, as older editors part them
        ("SCALE =", "# \x85 \u2028 much\nSCALE ="),
        ("+ OFF", "+ OFF"),
    ],
)
def test_a_comment_changes_nothing(imported, old, new):
    assert imported("mine.py", old, new) == imported()


@pytest.mark.parametrize("known", [True, False])
def test_where_no_file_is_it_is_each_functions_own(known):
    code = in_a_notebook(known=known)
    functions = {
        "bootstrap",
        "summarise",
        "act",
        "Mine",
        "Level",
        "scaled",
        "twice",
        "shift",
        "halved",
        "later",
        "term",
    }
    assert {name.removeprefix("__main__.") for name in code} == functions | {"SCALE", "OFFSETS"}
    assert in_a_notebook(cell="<cell 7>", known=known) == code
    for old, new, changed in (
        ("return highest(row)", "return highest(row) + 1.0", {"summarise"}),
        ("SCALE = 3.0", "SCALE = 4.0", {"__main__.SCALE"}),
        ("2.0 * x", "2.5 * x", {"__main__.twice"}),
        ("0.5 * x", "0.25 * x", {"__main__.halved"}),
        ("HIGH = 3", "HIGH = 4", {"__main__.Level"}),
        ("[1.0, 2.0]", "[1.5, 2.0]", {"__main__.OFFSETS"}),
        ("    return n\n", "    return n - 1\n", {"__main__.later"}),
        ("class Mine", "unrelated = 5\nclass Mine", set()),
    ):
        after = in_a_notebook(old, new, "<cell 8>", known)
        assert {name for name in {**code, **after} if code.get(name) != after.get(name)} == changed, old


def test_a_rule_of_ones_own_for_an_agent_of_the_package_is_ones_own_code():
    class Theirs(NamedTuple):
        epsilon: float

    Theirs.__module__ = QLearning.__module__
    epsilon_greedy(Theirs)  # the package's rules
    assert code_of(Theirs, listed=True) == {}
    rule(bootstrap, Theirs)(lambda agent, row, summary, action: summary)
    assert set(code_of(Theirs, listed=True)) == {__name__}


def theirs(tmp_path, files):
    """What the rules of an agent in `mine.py` depend on, `files` beside it."""
    files["mine.py"] = (
        "from typing import NamedTuple\nfrom fastsoftq.agents.rules import bootstrap, rule\n"
        + files["mine.py"]
        + "\nclass Mine(NamedTuple):\n    step_size: float\nrule(bootstrap, Mine)(ahead)\n"
    )
    for name, text in files.items():
        (tmp_path / name).write_text(text)
        sys.modules.pop(name.removesuffix(".py"), None)
    importlib.invalidate_caches()
    return code_of(importlib.import_module("mine").Mine)


HELPER = "from numba import njit\n@njit\ndef h(x):\n    return {} * x\n"


@pytest.mark.parametrize(
    ("mine", "others"),
    [
        ("from helpers import h\ndef ahead(a, r, s, c):\n    g = lambda y: h(y)\n    return g(s)\n", {}),
        ("from helpers import h\ndef ahead(a, r, s, c):\n    def g(y):\n        return h(y)\n    return g(s)\n", {}),
        ("from helpers import h\ndef w(x, f=h):\n    return f(x)\ndef ahead(a, r, s, c):\n    return w(s)\n", {}),
        ("from helpers import h\ndef w(x, *, f=h):\n    return f(x)\ndef ahead(a, r, s, c):\n    return w(s)\n", {}),
        ("from helpers import h\nALL = (1.0, (h,))\ndef ahead(a, r, s, c):\n    return ALL[1][0](s)\n", {}),
        ("from helpers import h\nALL = {'h': h}\ndef ahead(a, r, s, c):\n    return ALL['h'](s)\n", {}),
        (
            "from stub import h\nimport helpers\ndef ahead(a, r, s, c):\n    return h(s)\n",
            {"stub.py": "def h(x):\n    raise NotImplementedError\n"},
        ),
    ],
    ids=["lambda", "inner function", "default", "keyword default", "tuple", "mapping", "overload"],
)
def test_functions_of_other_modules_are_followed_whatever_leads_there(tmp_path, monkeypatch, mine, others):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    helper = HELPER
    if others:
        helper = "from numba.extending import overload\nfrom stub import h\n"
        helper += "@overload(h)\ndef _h(x):\n    return lambda x: {} * x\n"
    codes = [theirs(tmp_path, {"mine.py": mine, "helpers.py": helper.format(x), **others}) for x in (1.0, -3.0)]
    assert {name for name in codes[0] if codes[0][name] != codes[1][name]} == {"helpers"}
    for name in ("mine", "helpers", "stub"):
        sys.modules.pop(name, None)


def test_constants_within_inner_functions_count_where_no_file_is():
    codes = []
    for value in (1.0, -3.0):
        namespace = {"__name__": "__main__", "K": value}
        exec("def ahead(agent, row, summary, action):\n    g = lambda y: y * K\n    return g(summary)\n", namespace)

        class Mine(NamedTuple):
            step_size: float

        rule(bootstrap, Mine)(namespace["ahead"])
        codes.append(code_of(Mine))
    assert {name for name in codes[0] if codes[0][name] != codes[1][name]} == {"__main__.K"}
