"""A network in a block of memory of its own, called as training calls it."""

import numpy as np

from fastsoftq.kernels.jit import compiled
from fastsoftq.networks.network import (
    backward,
    forward,
    gradient_norm,
    initialise,
    network_for,
    optimise,
    scale,
)
from fastsoftq.networks.optimizers import SGD
from fastsoftq.networks.parameter_arrays import parameter_arrays


@compiled
def _initialise(network, memory, parameters, key, lane):
    initialise(network, memory, parameters, key, lane)


@compiled
def _forward(network, memory, parameters, activations, rows):
    forward(network, memory, parameters, activations, rows)


@compiled
def _backward(network, memory, parameters, gradients, activations, deltas, scratch, rows):
    backward(network, memory, parameters, gradients, activations, deltas, scratch, rows)


@compiled
def _optimise(network, optimizer, memory, parameters, moments, gradients, step_size, powers):
    optimise(network, optimizer, memory, parameters, moments, gradients, step_size, powers)


@compiled
def _norm(network, memory, gradients):
    return gradient_norm(network, memory, gradients)


@compiled
def _scale(network, memory, gradients, factor):
    scale(network, memory, gradients, factor)


def aligned(count):
    memory = np.zeros(count + 16, np.float32)
    start = -(memory.ctypes.data // 4) % 16
    return memory[start : start + count]


BLOCKS = "parameters", "gradients", "activations", "deltas", "scratch", "moments"


class Running:
    """One network, its parameters drawn from `key`; lane `l`'s from `key + l`."""

    def __init__(self, architecture, shape=(4,), n_actions=2, batch=8, optimizer=None, key=7, lanes=1, **options):
        self.optimizer = SGD() if optimizer is None else optimizer
        self.network = network_for(architecture, shape, n_actions, batch, self.optimizer, lanes, **options)
        net = self.network
        sizes = net.parameters, net.parameters, net.activations, net.activations, net.scratch, net.moments
        assert not any(size % 16 for size in sizes)
        self.at, total = {}, 0
        for name, size in zip(BLOCKS, sizes, strict=True):
            self.at[name] = slice(total, total + size)
            total += size + 16  # a line between blocks, to see that nothing is written there
        self.memory = aligned(total * lanes)
        self.numbers = self.memory.reshape(total, lanes)
        self.powers = np.ones(4)
        for lane in range(lanes):
            _initialise(net, self.memory, self.at["parameters"].start, key + lane, lane)

    def start(self, name):
        return self.at[name].start

    def block(self, name):
        return self.memory[self.at[name]]

    def arrays(self, name="parameters"):
        return parameter_arrays(self.network, self.block(name))

    def row(self, block, place, row, stride, count):
        """A view of the numbers of one observation, or of its action values."""
        at, step = self.start(block) + place + row * stride, self.network.unit_stride
        return self.memory[at : at + count * step : step]

    def forward(self, x):
        """The action values of observations [rows, inputs]."""
        net, rows = self.network, len(x)
        for i in range(rows):
            self.row("activations", 0, i, net.input_stride, net.inputs)[:] = x[i]
        _forward(net, self.memory, self.start("parameters"), self.start("activations"), rows)
        return np.array([self.row("activations", net.head, i, net.head_stride, net.outputs) for i in range(rows)])

    def backward(self, d):
        """The gradient by parameters, from the deltas of the action values [rows, actions]."""
        net = self.network
        for i, row in enumerate(d):
            self.row("deltas", net.head, i, net.head_stride, net.outputs)[:] = row
        _backward(net, self.memory, *(self.start(name) for name in BLOCKS[:5]), len(d))
        return self.arrays("gradients")

    def optimise(self, step_size):
        blocks = (self.start(name) for name in ("parameters", "moments", "gradients"))
        _optimise(self.network, self.optimizer, self.memory, *blocks, step_size, self.powers)

    def norm(self):
        return _norm(self.network, self.memory, self.start("gradients"))

    def scale(self, factor):
        _scale(self.network, self.memory, self.start("gradients"), factor)

    def forward_lanes(self, x):
        """The action values of observations [lanes, rows, inputs]."""
        net, rows = self.network, x.shape[1]
        start = self.start("activations")
        for i in range(rows):
            at = start + i * net.input_stride
            self.numbers[at : at + net.inputs] = x[:, i].T
        _forward(net, self.memory, self.start("parameters"), start, rows)
        heads = [start + net.head + i * net.head_stride for i in range(rows)]
        return np.array([self.numbers[head : head + net.outputs].T for head in heads]).swapaxes(0, 1)

    def backward_lanes(self, d):
        """Write the gradient by parameters, from the deltas of the action values [lanes, rows, actions]."""
        net = self.network
        for i in range(d.shape[1]):
            at = self.start("deltas") + net.head + i * net.head_stride
            self.numbers[at : at + net.outputs] = d[:, i].T
        _backward(net, self.memory, *(self.start(name) for name in BLOCKS[:5]), d.shape[1])

    def block_of_lanes(self, name):
        """A block's numbers [numbers, lanes]."""
        return self.numbers[self.at[name]]
