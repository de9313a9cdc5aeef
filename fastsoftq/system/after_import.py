"""What is to be done once a library has been imported, without importing it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from typing import Any

__all__ = ["after_import"]


def after_import(name: str, then: Callable[[], None]) -> None:
    """Call a function once a library has been imported: now if it has been, else right after it is.

    Parameters
    ----------
    name : str
        Of a top-level module.
    then : callable of ()

    Examples
    --------
    >>> import json
    >>> after_import("json", lambda: print("JSON is here"))
    JSON is here
    >>> after_import("no_such_library", lambda: print("never"))
    """
    if sys.modules.get(name) is not None:
        then()
    else:
        sys.meta_path.insert(0, _Awaited(name, then))


class _Awaited:
    """Finds one module where Python would, and has a function called after the module's own code has run."""

    def __init__(self, name: str, then: Callable[[], None]) -> None:
        self.name, self.then = name, then

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name != self.name or self not in sys.meta_path:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            sys.meta_path.insert(0, self)  # it may be installed later
            return None
        execute = spec.loader.exec_module

        def execute_and_follow(module: Any) -> None:
            vars(spec.loader).pop("exec_module", None)  # the class's own again
            execute(module)
            self.then()

        spec.loader.exec_module = execute_and_follow  # type: ignore[method-assign]
        return spec
