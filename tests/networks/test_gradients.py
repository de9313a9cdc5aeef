"""Action values and gradients are those of plain float64 networks, and of differences."""

import numpy as np
import pytest

from fastsoftq.networks.architectures import MLP, Convolutional
from tests.networks.calling import Running
from tests.reference.networks import Network

KINDS = {
    "no hidden layer": (MLP(()), (4,)),
    "one unit": (MLP((1,)), (1,)),
    "common": (MLP((120, 84)), (4,)),
    "odd": (MLP((3, 17, 9)), (5,)),
    "wide": (MLP((200, 50)), (33,)),
    "full lines": (MLP((128, 256)), (16,)),
    "no biases": (MLP((20, 12), bias=False), (4,)),
    "layer norm": (MLP((20, 35), layer_norm=True), (4,)),
    "layer norm, no biases": (MLP((64, 7), layer_norm=True, bias=False), (4,)),
    "dueling": (MLP((24, 19), dueling=True), (4,)),
    "dueling, no hidden layer": (MLP((), dueling=True), (4,)),
    "dueling, layer norm": (MLP((24, 19, 8), dueling=True, layer_norm=True), (4,)),
    "picture": (Convolutional((16,), hidden=(12,)), (4, 10, 10)),
    "two convolutions": (Convolutional((16, 5), hidden=(12,)), (2, 7, 9)),
    "three convolutions, windows of two": (Convolutional((3, 20, 8), size=2, hidden=()), (1, 5, 6)),
    "picture, all options": (Convolutional((6, 9), hidden=(21,), dueling=True, layer_norm=True, bias=False), (3, 7, 6)),
    "picture, dueling at once": (Convolutional((6,), hidden=(), dueling=True, layer_norm=True), (3, 5, 5)),
    "one position": (Convolutional((7,), hidden=()), (2, 3, 3)),
}


def tolerance(expected):
    return 3e-5 * max(1e-3, np.abs(expected).max())


@pytest.mark.parametrize("n_actions", [1, 2, 5, 18])
@pytest.mark.parametrize("rows", [1, 3, 13])
@pytest.mark.parametrize("kind", KINDS)
def test_values_and_gradients_are_those_of_float64(kind, rows, n_actions):
    architecture, shape = KINDS[kind]
    rng = np.random.default_rng(rows * 100 + n_actions)
    running = Running(architecture, shape, n_actions, batch=16, key=rows)
    for layer in running.arrays():
        if layer.kind == "norm":
            assert (layer.weights == 1).all()
            assert (layer.biases == 0).all()
    x = rng.normal(size=(rows, running.network.inputs)).astype(np.float32)
    twin = Network(architecture, shape, running.arrays())
    expected = twin.forward(x)
    np.testing.assert_allclose(running.forward(x), expected, rtol=0, atol=tolerance(expected))
    d = rng.normal(size=expected.shape).astype(np.float32)
    found, right = running.backward(d), twin.backward(d)
    assert len(found) == len(right)
    for layer, (weights, biases) in zip(found, right, strict=True):
        np.testing.assert_allclose(layer.weights, weights, rtol=0, atol=tolerance(weights))
        assert (layer.biases is None) == (biases is None)
        if biases is not None:
            np.testing.assert_allclose(layer.biases, biases, rtol=0, atol=tolerance(biases))


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_are_those_of_central_differences(kind):
    architecture, shape = KINDS[kind]
    rng = np.random.default_rng(0)
    running = Running(architecture, shape, 3, batch=4)
    x = rng.normal(size=(4, running.network.inputs)).astype(np.float32)
    running.forward(x)
    d = rng.normal(size=(4, 3)).astype(np.float32)
    gradients, arrays = running.backward(d), running.arrays()
    arrays = [layer._replace(weights=layer.weights.astype(float)) for layer in arrays]
    scale = max(float(np.abs(layer.weights).max()) for layer in gradients)
    for _ in range(20):
        n = rng.integers(len(arrays))
        entry = tuple(rng.integers(size) for size in arrays[n].weights.shape)
        before, ends = arrays[n].weights[entry], []
        for shift in (1e-6, -1e-6):
            arrays[n].weights[entry] = before + shift
            ends.append((Network(architecture, shape, arrays).forward(x) * d).sum())
        arrays[n].weights[entry] = before
        assert gradients[n].weights[entry] == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-4 * scale, rel=1e-3)
