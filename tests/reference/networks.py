"""Networks, slowly and plainly, in float64: loops over layers, units and positions, and gradients by the chain rule."""

import numpy as np


def rectified(z):
    return np.where(z < 0, 0.0, z)


class Dense:
    def __init__(self, weights, biases):
        self.weights = np.asarray(weights, float)
        self.biases = np.zeros(self.weights.shape[1]) if biases is None else np.asarray(biases, float)
        self.has_biases = biases is not None

    def forward(self, x):
        self.x = x.reshape(len(x), -1)
        self.shape = x.shape
        return self.x @ self.weights + self.biases

    def backward(self, d):
        self.gradient = self.x.T @ d, d.sum(0) if self.has_biases else None
        return (d @ self.weights.T).reshape(self.shape)


class Convolution:
    """Pictures [rows, height, width, channels]; weights [size, size, channels before, channels]."""

    def __init__(self, weights, biases):
        self.weights = np.asarray(weights, float)
        self.biases = np.zeros(self.weights.shape[3]) if biases is None else np.asarray(biases, float)
        self.has_biases = biases is not None

    def forward(self, x):
        self.x, size = x, len(self.weights)
        rows, height, width, _ = x.shape
        y = np.zeros((rows, height - size + 1, width - size + 1, self.weights.shape[3])) + self.biases
        for r in range(y.shape[1]):
            for c in range(y.shape[2]):
                y[:, r, c] += np.einsum("irck,rckl->il", x[:, r : r + size, c : c + size], self.weights)
        return y

    def backward(self, d):
        size = len(self.weights)
        by_weights, by_x = np.zeros_like(self.weights), np.zeros_like(self.x)
        for r in range(d.shape[1]):
            for c in range(d.shape[2]):
                window = self.x[:, r : r + size, c : c + size]
                by_weights += np.einsum("irck,il->rckl", window, d[:, r, c])
                by_x[:, r : r + size, c : c + size] += np.einsum("rckl,il->irck", self.weights, d[:, r, c])
        self.gradient = by_weights, d.sum((0, 1, 2)) if self.has_biases else None
        return by_x


class Norm:
    def __init__(self, scales, shifts):
        self.scales, self.shifts = np.asarray(scales, float), np.asarray(shifts, float)

    def forward(self, x):
        self.deviation = np.sqrt(x.var(-1, keepdims=True) + 1e-6)
        self.normal = (x - x.mean(-1, keepdims=True)) / self.deviation
        return self.normal * self.scales + self.shifts

    def backward(self, d):
        others = tuple(range(d.ndim - 1))
        self.gradient = (d * self.normal).sum(others), d.sum(others)
        n, units = d * self.scales, d.shape[-1]
        # The Jacobian of (x - mean)/deviation, unit by unit.
        by_x = np.zeros_like(d)
        for j in range(units):
            for k in range(units):
                slope = (j == k) - 1 / units - self.normal[..., j] * self.normal[..., k] / units
                by_x[..., k] += n[..., j] * slope / self.deviation[..., 0]
        return by_x


class Rectifier:
    def forward(self, x):
        self.passes = ~(x <= 0)
        return rectified(x)

    def backward(self, d):
        return np.where(self.passes, d, 0.0)


KINDS = {"dense": Dense, "convolution": Convolution, "norm": Norm}


class Chain:
    def __init__(self, layers):
        self.layers = layers

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, d):
        for layer in reversed(self.layers):
            d = layer.backward(d)
        return d


class Network:
    """The network of an architecture, from its parameters in the order of `parameter_arrays`."""

    def __init__(self, architecture, shape, arrays):
        self.learning = [KINDS[layer.kind](layer.weights, layer.biases) for layer in arrays]
        self.shape = shape
        self.convolves = hasattr(architecture, "channels")
        waiting = list(self.learning)

        def hidden(count):
            layers = []
            for _ in range(count):
                layers.append(waiting.pop(0))
                if architecture.layer_norm:
                    layers.append(waiting.pop(0))
                layers.append(Rectifier())
            return layers

        trunk = len(architecture.hidden) + (len(architecture.channels) if self.convolves else 0)
        own = min(1, len(architecture.hidden))
        self.streams = None
        if architecture.dueling:
            self.trunk = Chain(hidden(trunk - own))
            streams = [hidden(own), hidden(own)]
            self.streams = [Chain([*stream, waiting.pop(0)]) for stream in streams]
        else:
            self.trunk = Chain([*hidden(trunk), waiting.pop(0)])
        assert not waiting

    def forward(self, x):
        x = np.asarray(x, float).reshape(len(x), *self.shape)
        y = self.trunk.forward(np.moveaxis(x, 1, -1) if self.convolves else x.reshape(len(x), -1))
        if self.streams is None:
            return y
        value, advantages = (stream.forward(y) for stream in self.streams)
        return value + advantages - advantages.mean(1, keepdims=True)

    def backward(self, d):
        """The gradient of the sum of `d` times the action values, layer by layer."""
        d = np.asarray(d, float)
        if self.streams is not None:
            value, advantages = self.streams
            by_value, by_advantages = d.sum(1, keepdims=True), d - d.mean(1, keepdims=True)
            d = value.backward(by_value) + advantages.backward(by_advantages)
        self.trunk.backward(d)
        return [layer.gradient for layer in self.learning]
