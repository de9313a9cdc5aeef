"""The two ways to call a kernel: from Python, and from a user's own compiled code."""

import functools

import numba
import pytest


def from_python(kernel):
    return kernel


@functools.cache  # so that each is compiled once for the same types
def from_njit(kernel):
    @numba.njit
    def caller(*arguments):
        return kernel(*arguments)

    return caller


both_ways = pytest.mark.parametrize("called", [from_python, from_njit])
