"""Optimisers' steps: parameters and moments, sixteen at a time, each number by the same operations in one order."""

from __future__ import annotations

import math

import numpy as np
from numba import types

from fastsoftq.kernels.addresses import floats_at, numbers_at, words_at
from fastsoftq.kernels.jit import apart, inlined
from fastsoftq.kernels.random import uniform
from fastsoftq.kernels.simd import convert, fma, maximum, select
from fastsoftq.networks.float_vectors import put, square_root, total, vector
from fastsoftq.networks.layers import CONVOLUTION, DENSE, NORM, layer_of

__all__ = ["adam_step", "draw_parameters", "momentum_step", "norm_of", "plain_step", "rmsprop_step", "scaled"]

_i, _f = types.int64, types.float64
_STEP = types.void(_i, _i, _i, _i, _i, _f, _f, _f, _f, _i)
_TINY, _TINY_SQUARE = np.float32(1e-30), np.float32(1e-36)
_ZERO = np.float32(0)


@inlined
def _flushed(x, least):
    """0 instead of a number that would fade into subnormals, which are slow; NaN stays."""
    return select(maximum(x, _ZERO - x) <= least, _ZERO, x)


@inlined
def _shares(decay):
    """What a running mean keeps of itself and takes of the new: together 1, as nearly as float32 can."""
    keeps = np.float32(decay)
    return keeps, np.float32(1.0 - np.float64(keeps))


@apart(_STEP)
def plain_step(memory, parameters, moments, gradients, size, step_size, momentum, unused, none, powers):
    """Parameters w <- w - step_size g.

    Examples
    --------
    >>> import numpy as np
    >>> from fastsoftq.networks.float_vectors import aligned_floats
    >>> memory, powers = aligned_floats(64), np.ones(4)
    >>> memory[:16], memory[48:] = 1.0, 0.5  # parameters and gradient; moments lie between
    >>> plain_step.ctypes(memory.ctypes.data, 0, 16, 48, 16, 0.1, 0.0, 0.0, 0.0, powers.ctypes.data)
    >>> memory[0]
    np.float32(0.95)
    """
    floats, rate = floats_at(memory), np.float32(-step_size)
    for k in range(0, size, 16):
        w = vector(floats, parameters + k)
        put(floats, parameters + k, fma(rate, vector(floats, gradients + k), w))


@apart(_STEP)
def momentum_step(memory, parameters, moments, gradients, size, step_size, momentum, unused, none, powers):
    """Moments m <- momentum m + g; then w <- w - step_size m.

    Examples
    --------
    >>> import numpy as np
    >>> from fastsoftq.networks.float_vectors import aligned_floats
    >>> memory, powers = aligned_floats(64), np.ones(4)
    >>> memory[:16], memory[48:] = 1.0, 0.5  # parameters and gradient; moments lie between
    >>> momentum_step.ctypes(memory.ctypes.data, 0, 16, 48, 16, 0.1, 0.9, 0.0, 0.0, powers.ctypes.data)
    >>> memory[0], memory[16]
    (np.float32(0.95), np.float32(0.5))
    """
    floats, rate, keeps = floats_at(memory), np.float32(-step_size), np.float32(momentum)
    for k in range(0, size, 16):
        m = fma(keeps, vector(floats, moments + k), vector(floats, gradients + k))
        m = _flushed(m, _TINY)
        put(floats, moments + k, m)
        put(floats, parameters + k, fma(rate, m, vector(floats, parameters + k)))


@apart(_STEP)
def rmsprop_step(memory, parameters, moments, gradients, size, step_size, decay, epsilon, none, powers):
    """Mean squares v <- decay v + (1 - decay) g^2; then w <- w - step_size g / (sqrt(v) + epsilon).

    Examples
    --------
    >>> import numpy as np
    >>> from fastsoftq.networks.float_vectors import aligned_floats
    >>> memory, powers = aligned_floats(64), np.ones(4)
    >>> memory[:16], memory[48:] = 1.0, 0.5  # parameters and gradient; moments lie between
    >>> rmsprop_step.ctypes(memory.ctypes.data, 0, 16, 48, 16, 0.1, 0.0, 1e-8, 0.0, powers.ctypes.data)
    >>> memory[0], memory[16]
    (np.float32(0.9), np.float32(0.25))
    """
    floats, rate, least = floats_at(memory), np.float32(-step_size), np.float32(epsilon)
    keeps, takes = _shares(decay)
    for k in range(0, size, 16):
        g = vector(floats, gradients + k)
        v = _flushed(fma(keeps, vector(floats, moments + k), takes * (g * g)), _TINY_SQUARE)
        put(floats, moments + k, v)
        put(floats, parameters + k, fma(rate, g / (square_root(v) + least), vector(floats, parameters + k)))


@apart(_STEP)
def adam_step(memory, parameters, moments, gradients, size, step_size, beta_1, beta_2, epsilon, powers):
    """Means m <- beta_1 m + (1 - beta_1) g and v, of g^2; then w <- w - rate m / (sqrt(v) + epsilon root).

    With root = sqrt(1 - beta_2^t) and rate = step_size root / (1 - beta_1^t) this is Kingma & Ba's algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> from fastsoftq.networks.float_vectors import aligned_floats
    >>> memory, powers = aligned_floats(64), np.ones(4)
    >>> memory[:16], memory[48:] = 1.0, 0.5  # parameters and gradient; moments lie between
    >>> adam_step.ctypes(memory.ctypes.data, 0, 16, 48, 16, 0.1, 0.9, 0.999, 1e-8, powers.ctypes.data)
    >>> memory[0]
    np.float32(0.9)
    """
    keeps_1, takes_1 = _shares(beta_1)
    keeps_2, takes_2 = _shares(beta_2)
    power = numbers_at(powers)
    power[0] *= np.float64(keeps_1)
    power[1] *= np.float64(keeps_2)
    root = math.sqrt(1.0 - power[1])
    rate, least = np.float32(-(step_size * root / (1.0 - power[0]))), np.float32(epsilon * root)
    floats, squares = floats_at(memory), moments + size
    for k in range(0, size, 16):
        g = vector(floats, gradients + k)
        m = _flushed(fma(keeps_1, vector(floats, moments + k), takes_1 * g), _TINY)
        v = _flushed(fma(keeps_2, vector(floats, squares + k), takes_2 * (g * g)), _TINY_SQUARE)
        put(floats, moments + k, m)
        put(floats, squares + k, v)
        put(floats, parameters + k, fma(rate, m / (square_root(v) + least), vector(floats, parameters + k)))


@apart(types.void(_i, _i, _i, _i))
def norm_of(memory, gradients, size, out):
    """The Euclidean norm: squares of numbers of one place among sixteen are summed in order, then those sums.

    Examples
    --------
    >>> import numpy as np
    >>> from fastsoftq.networks.float_vectors import aligned_floats
    >>> memory, out = aligned_floats(16), np.zeros(1)
    >>> memory[:2] = 3.0, 4.0
    >>> norm_of.ctypes(memory.ctypes.data, 0, 16, out.ctypes.data)
    >>> out
    array([5.])
    """
    floats = floats_at(memory)
    sums = convert(vector(floats, gradients), 0.0) * 0.0
    for k in range(0, size, 16):
        g = convert(vector(floats, gradients + k), 0.0)
        sums = fma(g, g, sums)
    numbers_at(out)[0] = math.sqrt(total(sums))


@apart(types.void(_i, _i, _i, _f))
def scaled(memory, gradients, size, factor):
    """Every number times a factor.

    Examples
    --------
    >>> from fastsoftq.networks.float_vectors import aligned_floats
    >>> memory = aligned_floats(16)
    >>> memory[:] = 3.0
    >>> scaled.ctypes(memory.ctypes.data, 0, 16, 0.5)
    >>> memory[15]
    np.float32(1.5)
    """
    floats, by = floats_at(memory), np.float32(factor)
    for k in range(0, size, 16):
        put(floats, gradients + k, vector(floats, gradients + k) * by)


@apart(types.void(_i, _i, _i, _i, _i, _i, _i, _i))
def draw_parameters(memory, plan, layers, parameters, size, key, lanes, lane):
    """One lane's weights and biases, uniform within 1/sqrt(fan in), scales 1 and shifts 0; 0 in the padding.

    Examples
    --------
    >>> from fastsoftq.networks.architectures import MLP
    >>> from fastsoftq.networks.float_vectors import aligned_floats
    >>> from fastsoftq.networks.layer_plan import plan_of
    >>> plan, _ = plan_of(MLP(()), (4,), 2, 1)
    >>> memory, table = aligned_floats(plan.parameters), plan.table()
    >>> draw_parameters.ctypes(memory.ctypes.data, table.ctypes.data, plan.layers, 0, plan.parameters, 7, 1, 0)
    >>> bool((abs(memory) <= 0.5).all()), int((memory != 0).sum())
    (True, 10)
    """
    floats = floats_at(memory)
    for k in range(size):
        floats[(parameters + k) * lanes + lane] = _ZERO
    for n in range(layers):
        layer = layer_of(words_at(plan), n)
        weights = parameters + layer.weights
        if layer.kind == NORM:
            for j in range(layer.units):
                floats[(weights + j) * lanes + lane] = np.float32(1)
        if layer.kind in (DENSE, CONVOLUTION):
            width = 2.0 / math.sqrt(np.float64(layer.fan_in))
            rows = layer.inputs + (1 if layer.biases >= 0 else 0)
            for i in range(rows):
                row = weights + i * layer.weight_row if i < layer.inputs else parameters + layer.biases
                if i == layer.inputs or i % layer.group < layer.of_group:
                    for j in range(layer.units):
                        key, u = uniform(key)
                        floats[(row + j) * lanes + lane] = (u - 0.5) * width
