"""Layer norm (Ba, Kiros & Hinton 2016) before the rectifier, as PQN has it: one observation's units, or one position's.

A sum over units is of sixteen sums, of the units of one place among sixteen, whatever the width of a vector.
"""

from __future__ import annotations

import numpy as np

from fastsoftq.kernels.addresses import floats_at  # noqa: F401 (for examples)
from fastsoftq.kernels.jit import inlined
from fastsoftq.kernels.simd import fma, select
from fastsoftq.networks.float_vectors import first, put, total, vector

__all__ = ["differentiate_norms", "normalise"]

_EPSILON = np.float32(1e-6)
_ZERO, _ONE = np.float32(0), np.float32(1)


@inlined
def normalise(memory, layer, parameters, activations, rows):
    """Normalise in place, and write what becomes of it, scaled, shifted and rectified.

    Examples
    --------
    >>> from fastsoftq.kernels.addresses import address_of
    >>> from fastsoftq.kernels.jit import compiled
    >>> from fastsoftq.networks.float_vectors import aligned_floats
    >>> from fastsoftq.networks.layers import NORM, Layer
    >>> layer = Layer(NORM, units=2, y=16, x_row=16, y_row=16, weight_row=16, second=32)
    >>> memory = aligned_floats(96)
    >>> memory[:2], memory[32:34] = 1.0, [1.0, 5.0]  # scales, then 32 numbers on what is normalised
    >>> compiled(lambda memory, layer: normalise(floats_at(address_of(memory)), layer, 0, 32, 1))(memory, layer)
    >>> memory[32:34].round(3).tolist(), memory[48:50].round(3).tolist()
    ([-1.0, 1.0], [0.0, 1.0])
    """
    scales, shifts = parameters + layer.weights, parameters + layer.weights + layer.weight_row
    count, units = np.float32(layer.units), layer.units
    for i in range(rows):
        for p in range(layer.positions):
            x = activations + layer.x + i * layer.x_row + p * layer.position_row
            y = activations + layer.y + i * layer.y_row + p * layer.position_row
            sums = vector(memory, x)
            for k in range(16, units, 16):
                sums = sums + vector(memory, x + k)
            mean = total(sums) / count
            squares = sums * _ZERO
            for k in range(0, units, 16):
                centred = select(first(units - k), vector(memory, x + k) - mean, _ZERO)
                squares = fma(centred, centred, squares)
            deviation = _ONE / np.sqrt(total(squares) / count + _EPSILON)
            memory[activations + layer.second + i * layer.positions + p] = deviation
            for k in range(0, units, 16):
                normal = select(first(units - k), (vector(memory, x + k) - mean) * deviation, _ZERO)
                put(memory, x + k, normal)
                z = fma(normal, vector(memory, scales + k), vector(memory, shifts + k))
                put(memory, y + k, select(z < _ZERO, _ZERO, z))


@inlined
def differentiate_norms(memory, layer, parameters, gradients, activations, deltas, rows):
    """The gradient by scales and shifts, and by what was normalised.

    Examples
    --------
    >>> from fastsoftq.kernels.addresses import address_of
    >>> from fastsoftq.kernels.jit import compiled
    >>> from fastsoftq.networks.float_vectors import aligned_floats
    >>> from fastsoftq.networks.layers import NORM, Layer
    >>> layer = Layer(NORM, units=2, y=16, x_row=16, y_row=16, weight_row=16, second=32)
    >>> memory = aligned_floats(192)
    >>> memory[:2], memory[64:66], memory[96] = 1.0, [-1.0, 1.0], 0.5  # scales; normalised, and 1/deviation
    >>> memory[144:146] = [0.0, 2.0]  # deltas
    >>> @compiled
    ... def differentiate(memory, layer):
    ...     differentiate_norms(floats_at(address_of(memory)), layer, 0, 32, 64, 128, 1)
    >>> differentiate(memory, layer)
    >>> memory[32:34].tolist(), memory[48:50].tolist(), memory[128:130].tolist()
    ([0.0, 2.0], [0.0, 2.0], [0.0, 0.0])
    """
    scales, row = parameters + layer.weights, layer.weight_row
    count, units = np.float32(layer.units), layer.units
    for k in range(0, units, 16):
        by_scale = vector(memory, deltas + layer.y + k) * _ZERO
        by_shift = by_scale
        for i in range(rows):
            for p in range(layer.positions):
                x = i * layer.x_row + p * layer.position_row + k
                dy = vector(memory, deltas + layer.y + i * layer.y_row + p * layer.position_row + k)
                by_scale = fma(dy, vector(memory, activations + layer.x + x), by_scale)
                by_shift = by_shift + dy
        put(memory, gradients + layer.weights + k, by_scale)
        put(memory, gradients + layer.weights + row + k, by_shift)
    for i in range(rows):
        for p in range(layer.positions):
            x = activations + layer.x + i * layer.x_row + p * layer.position_row
            dx = deltas + layer.x + i * layer.x_row + p * layer.position_row
            dy = deltas + layer.y + i * layer.y_row + p * layer.position_row
            sums = vector(memory, dy) * _ZERO
            products = sums
            for k in range(0, units, 16):
                scaled = vector(memory, dy + k) * vector(memory, scales + k)
                sums = sums + scaled
                products = fma(scaled, vector(memory, x + k), products)
            mean, slope = total(sums) / count, total(products) / count
            deviation = memory[activations + layer.second + i * layer.positions + p]
            for k in range(0, units, 16):
                scaled = vector(memory, dy + k) * vector(memory, scales + k)
                centred = (scaled - mean) - vector(memory, x + k) * slope
                put(memory, dx + k, select(first(units - k), centred * deviation, _ZERO))
