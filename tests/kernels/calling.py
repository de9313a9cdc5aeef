"""The two ways to call a kernel: from Python, and from a user's own compiled code."""

import numba
import pytest


def from_python(kernel):
    return kernel


def from_njit(kernel):
    @numba.njit
    def caller(*arguments):
        return kernel(*arguments)

    return caller


both_ways = pytest.mark.parametrize("called", [from_python, from_njit])
