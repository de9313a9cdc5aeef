"""The weights of a multi-layer perceptron, from the block of its parameters."""

import numpy as np

from fastsoftq.networks.layer_plan import plan_of


def layers_of(deep, parameters, inputs, actions):
    """Weights [inputs, units] and biases [units] of each dense layer."""
    plan, _ = plan_of(deep.network, (inputs,), actions, 1)
    layers = []
    for layer in plan._layers:
        n, units, row = layer.inputs, layer.units, layer.weight_row
        w = parameters[layer.weights :][: n * row].reshape(n, row)[:, :units]
        b = parameters[layer.biases :][:units] if layer.biases >= 0 else np.zeros(units, np.float32)
        layers.append((w, b))
    return layers
