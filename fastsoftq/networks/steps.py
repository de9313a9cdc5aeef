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
from fastsoftq.networks.layer_plan import CONVOLUTION, DENSE, NORM, layer_of

__all__ = ["adam_step", "draw_parameters", "momentum_step", "norm_of", "plain_step", "rmsprop_step", "scaled"]

_i, _f = types.int64, types.float64
_STEP = types.void(_i, _i, _i, _i, _i, _f, _f, _f, _f, _i)
_TINY, _TINY_SQUARE = np.float32(1e-30), np.float32(1e-36)
_ZERO = np.float32(0)


@inlined
def _flushed(x, least):
    """0 instead of a number that would fade into subnormals, which are slow; NaN stays."""
    return select(maximum(x, _ZERO - x) <= least, _ZERO, x)


@apart(_STEP)
def plain_step(memory, parameters, moments, gradients, size, step_size, momentum, unused, none, powers):
    """W <- w - step_size g."""
    floats, rate = floats_at(memory), np.float32(-step_size)
    for k in range(0, size, 16):
        w = vector(floats, parameters + k)
        put(floats, parameters + k, fma(rate, vector(floats, gradients + k), w))


@apart(_STEP)
def momentum_step(memory, parameters, moments, gradients, size, step_size, momentum, unused, none, powers):
    """M <- momentum m + g; w <- w - step_size m."""
    floats, rate, keeps = floats_at(memory), np.float32(-step_size), np.float32(momentum)
    for k in range(0, size, 16):
        m = fma(keeps, vector(floats, moments + k), vector(floats, gradients + k))
        m = _flushed(m, _TINY)
        put(floats, moments + k, m)
        put(floats, parameters + k, fma(rate, m, vector(floats, parameters + k)))


@apart(_STEP)
def rmsprop_step(memory, parameters, moments, gradients, size, step_size, decay, epsilon, none, powers):
    """V <- v + (1 - decay)(g^2 - v); w <- w - step_size g / (sqrt(v) + epsilon)."""
    floats, rate, takes, least = floats_at(memory), np.float32(-step_size), np.float32(1.0 - decay), np.float32(epsilon)
    for k in range(0, size, 16):
        g, v = vector(floats, gradients + k), vector(floats, moments + k)
        v = _flushed(fma(takes, g * g - v, v), _TINY_SQUARE)
        put(floats, moments + k, v)
        put(floats, parameters + k, fma(rate, g / (square_root(v) + least), vector(floats, parameters + k)))


@apart(_STEP)
def adam_step(memory, parameters, moments, gradients, size, step_size, beta_1, beta_2, epsilon, powers):
    """M <- m + (1 - beta_1)(g - m); v <- v + (1 - beta_2)(g^2 - v); w <- w - rate m / (sqrt(v) + epsilon root).

    With root = sqrt(1 - beta_2^t) and rate = step_size root / (1 - beta_1^t) this is Kingma & Ba's algorithm 1.
    """
    power = numbers_at(powers)
    power[0] *= beta_1
    power[1] *= beta_2
    root = math.sqrt(1.0 - power[1])
    rate, least = np.float32(-(step_size * root / (1.0 - power[0]))), np.float32(epsilon * root)
    floats, takes_1, takes_2 = floats_at(memory), np.float32(1.0 - beta_1), np.float32(1.0 - beta_2)
    squares = moments + size
    for k in range(0, size, 16):
        g, m, v = vector(floats, gradients + k), vector(floats, moments + k), vector(floats, squares + k)
        m = _flushed(fma(takes_1, g - m, m), _TINY)
        v = _flushed(fma(takes_2, g * g - v, v), _TINY_SQUARE)
        put(floats, moments + k, m)
        put(floats, squares + k, v)
        put(floats, parameters + k, fma(rate, m / (square_root(v) + least), vector(floats, parameters + k)))


@apart(types.void(_i, _i, _i, _i))
def norm_of(memory, gradients, size, out):
    """The Euclidean norm: squares of numbers of one place among sixteen are summed in order, then those sums."""
    floats = floats_at(memory)
    sums = convert(vector(floats, gradients), 0.0) * 0.0
    for k in range(0, size, 16):
        g = convert(vector(floats, gradients + k), 0.0)
        sums = fma(g, g, sums)
    numbers_at(out)[0] = math.sqrt(total(sums))


@apart(types.void(_i, _i, _i, _f))
def scaled(memory, gradients, size, factor):
    """Every number times a factor."""
    floats, by = floats_at(memory), np.float32(factor)
    for k in range(0, size, 16):
        put(floats, gradients + k, vector(floats, gradients + k) * by)


@apart(types.void(_i, _i, _i, _i, _i, _i))
def draw_parameters(memory, plan, layers, parameters, size, key):
    """Weights and biases uniform within 1/sqrt(fan in), scales 1 and shifts 0; 0 in the padding."""
    floats = floats_at(memory)
    for k in range(size):
        floats[parameters + k] = _ZERO
    for n in range(layers):
        layer = layer_of(words_at(plan), n)
        weights = parameters + layer.weights
        if layer.kind == NORM:
            for j in range(layer.units):
                floats[weights + j] = np.float32(1)
        if layer.kind in (DENSE, CONVOLUTION):
            width = 2.0 / math.sqrt(np.float64(layer.fan_in))
            rows = layer.inputs + (1 if layer.biases >= 0 else 0)
            for i in range(rows):
                row = weights + i * layer.weight_row if i < layer.inputs else parameters + layer.biases
                if i == layer.inputs or i % layer.group < layer.of_group:
                    for j in range(layer.units):
                        key, u = uniform(key)
                        floats[row + j] = (u - 0.5) * width
