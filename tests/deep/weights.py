"""The weights of a network, from the block of its parameters."""

from fastsoftq.networks import layer_plan as place
from fastsoftq.networks.layer_plan import plan_of


def layers_of(deep, parameters, inputs, actions):
    """Weights [inputs, units] and biases [units] of each dense layer."""
    plan, _, _ = plan_of(deep.network, (inputs,), actions, 1)
    layers = []
    for row in plan.layers:
        n, units, stride = row[place.INPUTS], row[place.UNITS], row[place.WEIGHT_ROW]
        w = parameters[row[place.WEIGHTS] :][: n * stride].reshape(n, stride)[:, :units]
        layers.append((w, parameters[row[place.BIASES] :][:units]))
    return layers
