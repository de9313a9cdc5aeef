"""Compiled code on disk: found by the next process, never stale, never another's, and never missed."""

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "fastsoftq"
# A kernel that compiles fast.
CHEAP = "from fastsoftq.kernels.operators import hard_value as kernel; print(kernel((1.0, 3.0, 2.0)))"
AGENT = """
from typing import NamedTuple
from fastsoftq.agents.rules import act, bootstrap, summarise, rule
from fastsoftq.kernels.policies import any_action
from fastsoftq.kernels.over_actions import highest

class Wanderer(NamedTuple):
    step_size: float
    discount: float
    reward_scale: float = 1.0

@rule(summarise, Wanderer)
def _(agent, row, like):
    return highest(row)

@rule(bootstrap, Wanderer)
def _(agent, row, summary, action):
    return VALUE

@rule(act, Wanderer)
def _(agent, row, summary, draw):
    return any_action(draw.low, len(row))
"""
# Every entry of the table tends to what the agent thinks the state ahead is worth.
TRAIN = """
import fastsoftq as fsq
mdp = fsq.TabularMDP(next_state=[[0]], reward=[[0.0]], terminated=[[False]])
def learned(agent):
    return fsq.train(mdp, agent, 1, 1, 100, keep_q=True, threads=1).final_q.item()
"""
# What a process compiled, rather than loaded: numba's own count of the dispatcher.
MISSES = "print(sum(kernel.stats.cache_misses.values()), sum(kernel.stats.cache_hits.values()))"


@pytest.fixture
def python(tmp_path):
    """Run a script in a process of its own, over the cache in tmp_path/cache; yields what it printed."""

    def start(script, path=PACKAGE.parent, cwd=tmp_path, **environment):
        environment = {"FASTSOFTQ_CACHE_DIR": str(tmp_path / "cache")} | environment
        return subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(script)],
            env=os.environ | {"PYTHONPATH": f"{path}{os.pathsep}{cwd}", "PYTHONDONTWRITEBYTECODE": "1"} | environment,
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(script, **options):
        process = start(script, **options)
        out, error = process.communicate(timeout=120)
        assert process.returncode == 0, error
        return out.split()

    run.start = start
    return run


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def files(cache):
    return {path.name: (path.stat().st_mtime_ns, path.stat().st_ino) for path in cache.iterdir()}


def test_a_second_process_loads_what_the_first_compiled(python, cache):
    assert python(f"{CHEAP}; {MISSES}") == ["3.0", "1", "0"]
    before = files(cache)
    assert len(before) == 1
    assert python(f"{CHEAP}; {MISSES}") == ["3.0", "0", "1"]
    assert files(cache) == before


def test_training_too(python, cache):
    script = TRAIN + "from fastsoftq.engine.one_run import run_episodes as kernel\n"
    script += "learned(fsq.QLearning(0.5, 0.5))\n" + MISSES
    assert python(script) == ["1", "0"]
    before = files(cache)
    assert python(script) == ["0", "1"]
    assert files(cache) == before


def test_a_users_own_cached_code_may_have_kernels_in_it(python, tmp_path):
    script = """
    import numpy as np
    from numba import njit
    from fastsoftq.kernels.operators import soft_value
    from fastsoftq.kernels.updates import q_learning_update

    @njit(cache=True)
    def learned(q):
        q_learning_update(q, 0, 1, reward=2.0, next_state=0, terminated=True, step_size=1.0, discount=0.9)
        return soft_value(q[0], temperature=1e-3)
    """
    (tmp_path / "users.py").write_text(textwrap.dedent(script))
    run = "import numpy as np; from users import learned as kernel; print(kernel(np.zeros((1, 2)))); " + MISSES
    assert python(run) == ["2.0", "1", "0"]
    assert python(run) == ["2.0", "0", "1"]


def test_a_damaged_file_is_compiled_anew(python, cache):
    python(CHEAP)
    (path,) = cache.iterdir()
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 4
    for damaged in (whole[: len(whole) // 2], flipped, b"", b"PK" * 999):
        path.write_bytes(damaged)
        assert python(f"{CHEAP}; {MISSES}") == ["3.0", "1", "0"]
        assert [p.name for p in cache.iterdir()] == [path.name]
    assert python(f"{CHEAP}; {MISSES}") == ["3.0", "0", "1"]


@pytest.mark.parametrize("place", ["/proc/nowhere", "{tmp}/file/below"])
def test_a_place_that_cannot_be_written_costs_a_compilation_no_more(python, tmp_path, place):
    (tmp_path / "file").write_text("not a folder")
    script = f"{CHEAP}; {MISSES}"
    assert python(script, FASTSOFTQ_CACHE_DIR=place.format(tmp=tmp_path)) == ["3.0", "1", "0"]
    assert (tmp_path / "file").read_text() == "not a folder"


def test_without_a_chosen_place_it_is_the_users_cache(python, tmp_path):
    assert python(CHEAP, FASTSOFTQ_CACHE_DIR="", XDG_CACHE_HOME=str(tmp_path / "home"), HOME=str(tmp_path)) == ["3.0"]
    assert list(tmp_path.rglob("hard_value-*.jit"))


@pytest.mark.parametrize(("chosen", "here"), [("~/kept", "home/kept"), ("kept", "kept")])
def test_a_chosen_place_may_be_at_home_or_begin_where_the_process_did(python, tmp_path, chosen, here):
    """Not every one who sets a variable is a shell, which would say where `~` is."""
    script = f"import os; os.mkdir('elsewhere'); {CHEAP}; os.chdir('elsewhere'); kernel((1, 2)); {MISSES}"
    assert python(script, FASTSOFTQ_CACHE_DIR=chosen, HOME=str(tmp_path / "home")) == ["3.0", "2", "0"]
    assert len(list((tmp_path / here).glob("hard_value-*.jit"))) == 2
    assert not list((tmp_path / "elsewhere").iterdir())


def test_without_a_home_nothing_is_kept(python, cache):
    """As of a user whom no file names, in a container: no place is known that is his."""
    script = """
    import pathlib, platformdirs
    def no_home(*names, **options):
        raise RuntimeError("could not determine the home directory")
    platformdirs.user_cache_dir = no_home
    """
    script = "\n".join([textwrap.dedent(script), CHEAP, MISSES])
    script += "\nfrom fastsoftq.kernels.compiled_files import *; write(cache_directory() / 'a', b''); "
    script += "print(read(cache_directory() / 'a'))"
    assert python(script, FASTSOFTQ_CACHE_DIR="") == ["3.0", "1", "0", "None"]


@pytest.mark.parametrize("setting", ["BOUNDSCHECK", "DEBUGINFO"])
def test_numbas_settings_have_code_of_their_own(python, setting):
    """Who asks for checks gets them, and nobody else is served the slower code."""
    looks = f"{CHEAP}; {MISSES}"
    assert python(looks) == ["3.0", "1", "0"]
    assert python(looks, **{f"NUMBA_{setting}": "1"}) == ["3.0", "1", "0"]
    assert python(looks, **{f"NUMBA_{setting}": "1"}) == ["3.0", "0", "1"]
    assert python(looks) == ["3.0", "0", "1"]


def test_compiling_may_not_be_switched_off(python):
    """It ended in an AttributeError of Numba's, or in a recursion without end."""
    process = python.start(CHEAP, NUMBA_DISABLE_JIT="1")
    _, error = process.communicate(timeout=120)
    last = error.splitlines()[-1]
    assert last.startswith("ImportError: NUMBA_DISABLE_JIT is 1; it must not be set, for the loops and kernels")
    process = python.start("import sys; sys.argv[1:] = ['worlds', 'chain']; import fastsoftq.__main__ as m; m.main()",
                           NUMBA_DISABLE_JIT="1")  # fmt: skip
    out, error = process.communicate(timeout=120)
    assert (process.returncode, out) == (2, "")
    assert error.startswith("fastsoftq: NUMBA_DISABLE_JIT is 1; it must not be set")
    assert len(error.splitlines()) == 1


def test_a_read_only_install_works(python, cache, tmp_path):
    install = tmp_path / "install"
    shutil.copytree(PACKAGE, install / "fastsoftq", ignore=shutil.ignore_patterns("__pycache__"))
    folders = [install, *(path for path in install.rglob("*"))]
    for path in folders:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        assert python(f"{CHEAP}; {MISSES}", path=install) == ["3.0", "1", "0"]
        assert python(f"{CHEAP}; {MISSES}", path=install) == ["3.0", "0", "1"]
        assert not [path for path in install.rglob("*") if path not in folders]
    finally:
        for path in folders:
            path.chmod(0o755)


def test_many_processes_may_start_cold_at_once(python, cache):
    started = [python.start(CHEAP) for _ in range(16)]
    for process in started:
        out, error = process.communicate(timeout=120)
        assert (process.returncode, out) == (0, "3.0\n"), error
    assert len(files(cache)) == 1
    assert python(f"{CHEAP}; {MISSES}") == ["3.0", "0", "1"]


# ---- what is edited --------------------------------------------------------------------------------------------------


def test_an_edited_source_of_the_package_is_never_served_stale(python, tmp_path):
    install = tmp_path / "install"
    shutil.copytree(PACKAGE, install / "fastsoftq", ignore=shutil.ignore_patterns("__pycache__"))
    kernel = "from fastsoftq.kernels.updates import moved as kernel; print(kernel(0.0, 4.0, 0.5))"
    assert python(kernel, path=install) == ["2.0"]
    source = install / "fastsoftq/kernels/simd.py"  # of another file than what is called
    text = source.read_text()
    assert text.count("return x(x, coefficients), emit") == 1
    updates = install / "fastsoftq/kernels/updates.py"
    updates.write_text(updates.read_text().replace("target - q, q)", "target - q, q) + 1.0"))
    assert python(kernel, path=install) == ["3.0"]
    source.write_text(text + "\n# edited\n")
    assert python(f"{kernel}; {MISSES}", path=install) == ["3.0", "1", "0"]


def test_an_edited_rule_of_ones_own_is_never_served_stale(python, tmp_path):
    script = TRAIN + "from mine import Wanderer\nprint(learned(Wanderer(1.0, 1.0)))"
    for value in (2.0, 3.0):
        (tmp_path / "mine.py").write_text(AGENT.replace("VALUE", str(value)))
        assert python(script) == [str(value)]


def test_nor_is_what_it_calls_or_names_from_another_file(python, tmp_path):
    script = TRAIN + "from mine import Wanderer\nprint(learned(Wanderer(1.0, 1.0)))"
    (tmp_path / "mine.py").write_text("from parts import VALUE, twice\n" + AGENT.replace("VALUE", "twice(VALUE)"))
    parts = "from fastsoftq.kernels.jit import inlined\nfrom more import times\nVALUE = {}\n"
    parts += "@inlined\ndef twice(x):\n    return times * x\n"
    for value, times in ((2.0, 2), (3.0, 2), (3.0, 4)):
        (tmp_path / "parts.py").write_text(parts.format(value))
        (tmp_path / "more.py").write_text(f"times = {times}")
        assert python(script) == [str(value * times)]


def test_an_edit_while_a_process_runs_neither_reaches_it_nor_is_lost_to_the_next(python, tmp_path):
    """The file is not what was imported by the time that it is compiled; reloading it makes it so again."""
    (tmp_path / "mine.py").write_text(AGENT.replace("VALUE", "2.0"))
    script = (
        TRAIN
        + """
import importlib, pathlib, mine
text = pathlib.Path("mine.py").read_text()
pathlib.Path("mine.py").write_text(text.replace("return 2.0", "return 5.25"))
print(learned(mine.Wanderer(1.0, 1.0)))
print(learned(importlib.reload(mine).Wanderer(1.0, 1.0)))
"""
    )
    assert python(script) == ["2.0", "5.25"]
    assert python(TRAIN + "from mine import Wanderer\nprint(learned(Wanderer(1.0, 1.0)))") == ["5.25"]


def test_two_classes_of_one_name_do_not_mix(python, tmp_path):
    for name, value in (("one", 2.0), ("other", 3.0)):
        (tmp_path / f"{name}.py").write_text(AGENT.replace("VALUE", str(value)))
    script = TRAIN + "import one, other\n"
    script += "print(*[learned(m.Wanderer(1.0, 1.0)) for m in (one, other)])"
    assert python(script) == python(script) == ["2.0", "3.0"]


def test_functions_made_with_different_others_do_not_mix(python, tmp_path, cache):
    """Their text is the same, and so is the file of what they call."""
    module = """
import math
import numpy as np
from fastsoftq.kernels.jit import compiled, inlined
def first(row): return row[0]
def second(row): return row[1]
def made(helper):
    return compiled(lambda row: helper(row))
def made_of(function):
    return made(inlined(function))
made_of_made = lambda function: made(inlined(lambda row: function(row[1])))
ROW = np.array([4.0, 9.0])
"""
    (tmp_path / "mine.py").write_text(module)
    script = (
        "from mine import *\nprint(made_of(first)(ROW), made_of(second)(ROW), made(np.sqrt)(4.0), made(np.exp)(0.0), "
    )
    script += "made_of(lambda row: row[0])(ROW), made_of(lambda row: row[1])(ROW), "
    script += "made_of_made(math.sqrt)(ROW), made_of_made(math.floor)(ROW))"
    expected = ["4.0", "9.0", "2.0", "1.0", "4.0", "9.0", "3.0", "9"]
    assert python(script) == expected
    assert len(files(cache)) == 6  # what a script's own functions are called in is compiled each time
    assert python(script) == expected


def test_agents_of_a_script_are_compiled_each_time(python, cache):
    for value in (2.0, 3.0):
        (cache.parent / "script.py").write_text(
            AGENT.replace("VALUE", str(value)) + TRAIN + "print(learned(Wanderer(1.0, 1.0)))"
        )
        assert python("import runpy; runpy.run_path('script.py', run_name='__main__')") == [str(value)]
    assert not list(cache.glob("run_*"))
