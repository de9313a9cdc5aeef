"""What compiled code depends on: functions and classes that are not the package's, by their files, and constants.

The cache on disk needs it to serve nothing stale, and a study to identify the code behind its results.
"""

from __future__ import annotations

import dis
import enum
import hashlib
import inspect
import io
import linecache
import os
import sys
import tokenize
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

import llvmlite
import numba
import numpy as np
from numba.core.typing.templates import builtin_registry

__all__ = [
    "COMPILED_TOGETHER",
    "Source",
    "closed_over",
    "code_of",
    "compiled_now",
    "depends_on",
    "edited_since_compiled",
    "is_compiled",
    "sources",
    "sources_of",
]

_PACKAGE = Path(__file__).parents[1]
COMPILED_TOGETHER = [
    _PACKAGE / name for name in ("kernels", "mdp", "agents", "engine", "environments", "networks", "deep")
]
"""The folders of code that can be inlined into a compiled loop."""

# Numba compiles no function of these: it has implementations of its own.
_LIBRARIES = [Path(str(library.__file__)).parent for library in (numba, llvmlite, np)]
_STANDARD = Path(os.__file__).parent
_DIGITS = 16  # of a digest in a record: enough against accidental collisions

_rules_of: dict[type, dict[str, Callable[..., Any]]] = {}
_files_of: dict[type, dict[str, Source]] = {}  # as they were when the class and its rules were imported
_compiled_of: dict[type, list[Source]] = {}  # what they were when they were first compiled


class Source(NamedTuple):
    """Something that code depends on.

    Examples
    --------
    >>> Source("my_agents", "0123456789abcdef", "file").kind
    'file'
    """

    name: str  # of a module, a function or class, or a constant
    digest: str
    kind: str  # "file"; "text", if no other process can import it; "constant"


def depends_on(cls: type, **rules: Callable[..., Any]) -> None:
    """Record that code compiled for `cls`, such as an agent, depends on these rules and on what they name.

    Their files are read now: they may be edited before the code is compiled.
    """
    _rules_of.setdefault(cls, {}).update(rules)
    files = _files_of.setdefault(cls, {})
    files.update({found.name: found for found in sources(cls, **rules) if found.kind == "file"})


def sources_of(cls: type) -> list[Source]:
    """The dependencies of code compiled for a class, the package apart."""
    if cls not in _files_of:
        depends_on(cls)
    now = {found.name: found for found in sources(cls, **_rules_of[cls])}
    return sorted({**now, **_files_of[cls]}.values())


def code_of(cls: type, *, listed: bool = False) -> dict[str, str]:
    """Digests of the code of a class and of its rules, the package apart, without comments and blank lines.

    Parameters
    ----------
    cls : type
        An agent's.
    listed : bool
        Whether it comes with the package; if not, its module counts, wherever it lies.

    Returns
    -------
    dict of str to str
        Digests by the name of the module, or else of the function, and of each constant.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> code_of(fsq.QLearning, listed=True)  # all of it is the package's
    {}
    """
    found = sources_of(cls)
    if not listed and cls.__module__ not in (source.name for source in found) and (own := _source("", cls)) is not None:
        found.append(own)
    return {source.name: source.digest[:_DIGITS] for source in found}


def compiled_now(cls: type) -> None:
    """Record that code for a class is compiled or loaded: later edits have no effect in this process."""
    if cls not in _compiled_of:
        _compiled_of[cls] = sources_of(cls)


def is_compiled(cls: type) -> bool:
    """Whether code has been compiled for a class in this process, or loaded."""
    return cls in _compiled_of


def edited_since_compiled(cls: type) -> list[str]:
    """Name the dependencies of a class that have changed since it was compiled in this process."""
    before = _compiled_of.get(cls)
    if not before:
        return []
    then, now = ({source.name: source for source in found} for found in (before, sources_of(cls)))
    return [name for name in sorted({**then, **now}) if then.get(name) != now.get(name)]


def sources(*things: Any, **named: Any) -> Iterator[Source]:
    """The sources of functions and classes, the package apart; each name once.

    Parameters
    ----------
    *things, **named
        Functions and classes; `named` ones are listed by those names.
    """
    yield from _walk([*named.items(), *(("", thing) for thing in things)])[0].values()


def closed_over(function: Callable[..., Any], *classes: type) -> list[str]:
    """What a function, the rules of classes and what they name were made with, where a function made them.

    Their text is the same, whatever it was; constants are among the sources already.

    Examples
    --------
    >>> def called(helper):
    ...     return lambda x: helper(x)
    >>> closed_over(called(abs)) == closed_over(called(round))
    False
    """
    things = [("", function), *(item for cls in classes for item in _rules_of.get(cls, {}).items())]
    _, functions = _walk(things)
    return sorted(
        f"{made.__module__}.{made.__qualname__}.{name}: {_told_apart(thing)}"
        for made in functions
        for name, thing in inspect.getclosurevars(made).nonlocals.items()
    )


def _told_apart(thing: Any) -> str:
    """Something as text that is another for others of its kind, and the same in every process."""
    thing = _python_of(thing)
    if _is_constant(thing):
        return _written(thing)
    named = f"{getattr(thing, '__module__', '')}.{getattr(thing, '__qualname__', getattr(thing, '__name__', ''))}"
    if isinstance(thing, FunctionType):
        codes = _codes(thing.__code__)
        constants = [_written(c) for code in codes for c in code.co_consts if _is_constant(c)]
        return f"{named} {[(code.co_code.hex(), code.co_names) for code in codes]} {constants}"
    return named if named != "." else str(type(thing))


def _python_of(thing: Any) -> Any:
    """What Numba compiles, or asks what to compile."""
    for within in ("py_func", "_defn"):
        thing = getattr(thing, within, thing)
    return thing


def _walk(waiting: list[tuple[str, Any]]) -> tuple[dict[str, Source], list[FunctionType]]:
    """The sources of things, the package apart, and the functions among them and among what they name."""
    found: dict[str, Source] = {}
    functions = []
    seen = set()
    while waiting:
        name, thing = waiting.pop()
        thing = _python_of(thing)
        constant = _is_constant(thing)
        if (id(thing), name if constant else "") in seen:
            continue
        seen.add((id(thing), name if constant else ""))
        source = None
        if constant:
            source = Source(name, _sha256(_written(thing)), "constant")
        elif isinstance(thing, tuple | list | set | frozenset | Mapping):
            held = thing.items() if isinstance(thing, Mapping) else enumerate(thing)
            waiting += [(f"{name}[{key}]", inner) for key, inner in held]
        elif isinstance(thing, FunctionType | ModuleType | type):
            if isinstance(thing, FunctionType):
                functions.append(thing)
            if _is_ours(thing):
                whole = found.get(_module_of(thing))
                source = whole if whole and whole.kind == "file" else _source(name, thing)
                if isinstance(thing, FunctionType):
                    waiting += [*_named_in(thing), *(("", implementation) for implementation in _overloads(thing))]
            if hasattr(thing, "__wrapped__"):
                waiting.append((name, thing.__wrapped__))
        if source is not None:
            before = found.get(source.name, source)
            if before.digest != source.digest:  # two functions of one name
                source = source._replace(digest=_sha256(before.digest + source.digest))
            found[source.name] = source
    return found, functions


def _is_ours(thing: FunctionType | ModuleType | type) -> bool:
    """Whether a user of the package wrote it."""
    file = _file_of(thing)
    if file is None:
        module = _module_of(thing)
        return module == "__main__" or module.partition(".")[0] not in sys.stdlib_module_names
    return not (_is_installed(file) or Path(file).parent in COMPILED_TOGETHER)


@cache  # asked for every function that an agent names, of every agent of a study
def _is_installed(file: str) -> bool:
    path = Path(file)
    standard = path.is_relative_to(_STANDARD) and not {"site-packages", "dist-packages"}.intersection(path.parts)
    library = any(path.is_relative_to(folder) for folder in _LIBRARIES)
    return standard or library


def _module_of(thing: FunctionType | ModuleType | type) -> str:
    return thing.__name__ if isinstance(thing, ModuleType) else thing.__module__ or ""


def _file_of(thing: FunctionType | ModuleType | type) -> str | None:
    if isinstance(thing, FunctionType):
        return thing.__code__.co_filename
    return getattr(sys.modules.get(_module_of(thing)), "__file__", None)


def _source(name: str, thing: FunctionType | ModuleType | type) -> Source | None:
    """The whole file if another process can import it; else the text of the function or class."""
    module, file = _module_of(thing), _file_of(thing)
    if file is not None and module != "__main__":
        try:
            return Source(module, _sha256(_without_comments(Path(file).read_bytes().decode())), "file")
        except (OSError, UnicodeDecodeError):
            pass
    if isinstance(thing, ModuleType):
        return None
    text = _text(thing) if isinstance(thing, FunctionType) else _members(thing)
    return Source(name or f"{module}.{thing.__qualname__}", _sha256(text), "text")


def _text(function: FunctionType) -> str:
    """A function's text, or its bytecode if it has none."""
    code = function.__code__
    lines = linecache.getlines(code.co_filename, function.__globals__)
    try:
        text = _without_comments("".join(inspect.getblock(lines[code.co_firstlineno - 1 :])))
    except (tokenize.TokenError, SyntaxError):
        text = ""
    return text or repr(_bytecode(code))


def _bytecode(code: CodeType) -> tuple[Any, ...]:
    constants = [_bytecode(c) if isinstance(c, CodeType) else c for c in code.co_consts]
    return code.co_code, constants, code.co_names, code.co_varnames, code.co_freevars


def _members(cls: type) -> str:
    """What compiled code can see of a class: the names of a tuple's fields, the values of an enumeration."""
    if issubclass(cls, enum.Enum):
        return repr([(member.name, member.value) for member in cls])
    return repr(getattr(cls, "_fields", cls.__qualname__))


def _without_comments(text: str) -> str:
    """Code without comments, blank lines and trailing white space."""
    lines = text.split("\n")  # as tokenize counts them: a form feed ends none
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                row, column = token.start
                lines[row - 1] = lines[row - 1][:column]
    except (tokenize.TokenError, SyntaxError):  # part of a statement, as of a lambda
        pass
    return "\n".join(line.rstrip() for line in lines if line.strip())


def _named_in(function: FunctionType) -> list[tuple[str, Any]]:
    """What a function refers to, by full names: globals, closure, defaults, and attributes of modules."""
    codes = _codes(function.__code__)
    names = {
        instruction.argval
        for code in codes
        for instruction in dis.get_instructions(code)
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME")
    }
    bound = {name: function.__globals__[name] for name in sorted(names) if name in function.__globals__}
    bound |= inspect.getclosurevars(function).nonlocals
    found = [(f"{function.__module__}.{name}", thing) for name, thing in bound.items()]
    found.append((f"{function.__module__}.{function.__qualname__}", function.__defaults__ or ()))
    found.append((f"{function.__module__}.{function.__qualname__}", function.__kwdefaults__ or {}))
    attributes = sorted({name for code in codes for name in code.co_names})
    for _, thing in found:  # which grows: a module may lie in a module
        if isinstance(thing, ModuleType) and _is_ours(thing):
            found += [(f"{thing.__name__}.{a}", getattr(thing, a)) for a in attributes if hasattr(thing, a)]
    return [(name, thing) for name, thing in found if not isinstance(thing, tuple | Mapping) or thing]


def _codes(code: CodeType) -> list[CodeType]:
    """The code of a function and of the functions within it."""
    return [code, *(inner for c in code.co_consts if isinstance(c, CodeType) for inner in _codes(c))]


def _overloads(function: FunctionType) -> list[Any]:
    """What Numba compiles instead of a function: the implementations given by `numba.extending.overload`."""
    kinds = [kind for value, kind in builtin_registry.globals if value is function]
    templates = [template for kind in kinds for template in getattr(kind, "templates", ())]
    return [template._overload_func for template in templates if hasattr(template, "_overload_func")]


def _is_constant(thing: Any) -> bool:
    if isinstance(thing, tuple):
        return all(inner is None or _is_constant(inner) for inner in thing)
    return isinstance(thing, bool | int | float | complex | str | bytes | np.generic | np.ndarray)


def _written(constant: Any) -> str:
    """A constant as text, different for any other."""
    if isinstance(constant, np.ndarray):
        return f"{constant.dtype.str}{constant.shape}{hashlib.sha256(constant.tobytes()).hexdigest()}"
    if isinstance(constant, tuple):
        return f"{type(constant).__name__}({', '.join(map(_written, constant))})"
    return repr(constant)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()
