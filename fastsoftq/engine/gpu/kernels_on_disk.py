"""The kernel for an agent in an MDP, as PTX: compiled once, and kept on the disk beside what is compiled for the CPU."""

from __future__ import annotations

from typing import Any

import llvmlite
from numba import typeof

from fastsoftq.engine.gpu.assembly import assembly
from fastsoftq.engine.gpu.kernel import kernel
from fastsoftq.engine.gpu.kernel_arguments import Arguments
from fastsoftq.engine.rule_errors import compiling
from fastsoftq.kernels import compiled_files
from fastsoftq.kernels.cache import name_of
from fastsoftq.kernels.sources import sources

__all__ = ["kernel_for"]

_SOURCES = sources(kernel)


def kernel_for(arguments: Arguments, capability: tuple[int, int]) -> str:
    """The kernel for arguments of these types.

    Parameters
    ----------
    arguments : Arguments
        Arrays as NumPy's, of any size.
    capability : (int, int)
        The GPU's compute capability.

    Returns
    -------
    str
        PTX.
    """
    signature: tuple[Any, ...] = tuple(map(typeof, arguments))
    name = name_of(kernel, _SOURCES, signature, (llvmlite.__version__, capability))
    path = None if name is None else compiled_files.cache_directory() / f"{name}.ptx"
    stored = None if path is None else compiled_files.read(path)
    if stored is not None:
        return stored.decode()
    with compiling():
        text, _ = assembly(kernel, signature, capability)
    if path is not None:
        compiled_files.write(path, text.encode())
    return text
