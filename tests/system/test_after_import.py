"""Functions wait for an import, and do not change it."""

import importlib
import subprocess
import sys

import pytest

from fastsoftq.system.after_import import after_import


@pytest.fixture
def library(tmp_path, monkeypatch):
    def write(text, name="a_library_of_tests"):
        (tmp_path / f"{name}.py").write_text(text)
        importlib.invalidate_caches()
        return name

    monkeypatch.syspath_prepend(tmp_path)
    finders = list(sys.meta_path)
    yield write
    sys.meta_path[:] = finders
    sys.modules.pop("a_library_of_tests", None)


def test_what_is_imported_is_not_waited_for():
    done = []
    after_import("sys", lambda: done.append(1))
    assert done == [1]


def test_a_function_is_called_after_the_librarys_own_code_and_once(library):
    name, found = library("x = 1"), []
    finders = len(sys.meta_path)
    after_import(name, lambda: found.append(sys.modules[name].x))
    importlib.import_module("colorsys")
    assert found == []
    module = importlib.import_module(name)
    assert found == [1]
    assert len(sys.meta_path) == finders
    importlib.reload(module)
    assert found == [1]
    assert "exec_module" not in vars(module.__spec__.loader)
    assert module.__spec__.loader.get_code(name).co_filename == module.__file__


def test_several_functions_are_called(library):
    name, found = library(""), []
    after_import(name, lambda: found.append("first"))
    after_import(name, lambda: found.append("second"))
    importlib.import_module(name)
    assert sorted(found) == ["first", "second"]


def test_a_library_that_comes_later_is_waited_for(library):
    found = []
    after_import("a_library_of_tests", lambda: found.append(1))
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("a_library_of_tests")
    importlib.import_module(library(""))
    assert found == [1]


def test_an_import_that_fails_fails(library):
    name, found = library("1 / 0"), []
    after_import(name, lambda: found.append(1))
    with pytest.raises(ZeroDivisionError):
        importlib.import_module(name)
    assert found == []


def test_the_package_can_be_imported_without_the_library():
    code = (
        "import sys\nsys.modules['gymnasium'] = None\n"
        "import fastsoftq as fsq\n"
        "try: fsq.to_gymnasium(fsq.from_map('SG'))\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'fastsoftq[gymnasium]'" in done.stdout
