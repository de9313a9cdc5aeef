"""Kernels as PTX, that for an agent in an MDP above all: compiled once, and kept on the disk beside the CPU's code."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import llvmlite
from numba import typeof

from fastsoftq import checks
from fastsoftq.agents.hyperparameters import checked
from fastsoftq.agents.rules import PRECISIONS, Agent, check_code
from fastsoftq.engine.dispatch import room_of
from fastsoftq.engine.gpu.assembly import assembly
from fastsoftq.engine.gpu.kernel import train
from fastsoftq.engine.gpu.kernel_arguments import example_arguments
from fastsoftq.engine.gpu.layout import OLDEST, Card, layout_for
from fastsoftq.engine.gpu.reachable import reachable
from fastsoftq.engine.rule_errors import compiling
from fastsoftq.kernels import compiled_files
from fastsoftq.kernels.cache import name_of
from fastsoftq.kernels.sources import Source, sources
from fastsoftq.mdp.changing import EpisodicMDP, checked_episodic_mdp

__all__ = ["kernel_for", "ptx"]

_MAX_STEPS = 1000  # where none is given: the type of kernels does not depend on it
_H100 = Card("an H100", (9, 0), multiprocessors=132, shared_bytes=232_448, memory=80 << 30, l2_bytes=50 << 20)


_compiled: dict[tuple[Any, ...], str] = {}  # by this process, or read


@functools.cache
def _sources(function: Callable[..., Any]) -> frozenset[Source]:
    return frozenset(sources(function))


def kernel_for(function: Callable[..., Any], arguments: tuple[Any, ...], capability: tuple[int, int]) -> str:
    """A function as a kernel for arguments of these types.

    Parameters
    ----------
    function : function
    arguments : tuple
        Arrays as NumPy's, of any size.
    capability : (int, int)
        The GPU's compute capability.

    Returns
    -------
    str
        PTX.
    """
    signature: tuple[Any, ...] = tuple(map(typeof, arguments))
    known = function, signature, capability
    if known not in _compiled:
        _compiled[known] = _on_disk(function, signature, capability)
    return _compiled[known]


def _on_disk(function: Callable[..., Any], signature: tuple[Any, ...], capability: tuple[int, int]) -> str:
    name = name_of(function, _sources(function), signature, (llvmlite.__version__, capability))
    path = None if name is None else compiled_files.cache_directory() / f"{name}.ptx"
    stored = None if path is None else compiled_files.read(path)
    if stored is not None:
        return stored.decode()
    with compiling(signature):
        text, _ = assembly(function, signature, capability)
    if path is not None:
        compiled_files.write(path, text.encode())
    return text


def ptx(
    mdp: EpisodicMDP,
    agent: Agent,
    precision: str = "double",
    capability: tuple[int, int] = (9, 0),
    card: Card | None = None,
) -> str:
    """The kernel that trains an agent in an MDP on a GPU, as PTX, NVIDIA's assembly language; no GPU is needed.

    Parameters
    ----------
    mdp : TabularMDP or ChangingMDP
    agent : NamedTuple
    precision : {"double", "mixed"}
        As for `train`.
    capability : (int, int)
        The compute capability to compile for.
    card : Card, optional
        The GPU whose memory decides where tables lie, and so which of four kernels it is; an H100 if not given.

    Returns
    -------
    str

    Raises
    ------
    TypeError, ValueError
        As `train`.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> text = ptx(fsq.cliff_walking(), fsq.QLearning(0.8, 0.95))
    >>> ".target sm_90" in text, ".local" in text
    (True, False)
    """
    mdp, agent = checked_episodic_mdp(mdp), checked(agent)
    check_code(agent)
    like = PRECISIONS[checks.choice("precision", precision, PRECISIONS)]
    major, minor = _checked_capability(capability)
    part = reachable(mdp)
    layout = layout_for(
        part.tables, card or _H100, runs=1_000_000, room=room_of(agent, part.tables, max_steps=_MAX_STEPS, alone=True)
    )
    return kernel_for(train, example_arguments(agent, part.tables, layout, like, True, _MAX_STEPS), (major, minor))


def _checked_capability(capability: Any) -> tuple[int, int]:
    wrong = f"capability is {capability!r}; it must be two integers, at least {OLDEST}, such as (9, 0)"
    try:
        major, minor = (int(number) for number in capability)
    except (TypeError, ValueError):
        raise TypeError(wrong) from None
    if (major, minor) < OLDEST:
        raise ValueError(wrong)
    return major, minor
