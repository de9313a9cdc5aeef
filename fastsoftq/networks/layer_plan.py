"""Where everything of a network lies in memory: the table of its layers, planned from its architecture."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.networks.architectures import MLP, Convolutional
from fastsoftq.networks.layers import (
    CONVOLUTION,
    DENSE,
    DUELING,
    FEW,
    FIELDS,
    LINE,
    NORM,
    Layer,
    row_of,
    whole_lines,
    whole_units,
)
from fastsoftq.networks.products import UNIT

__all__ = ["Plan", "Units", "plan_of"]


class Units(NamedTuple):
    """The numbers that a layer gives for an observation.

    Examples
    --------
    >>> Units(at=0, row=32, size=32, group=16, of_group=9).real
    18
    """

    at: int
    row: int  # from one observation's to the next one's
    size: int  # with the padding between positions
    group: int  # units of one position: so many, of which
    of_group: int  # so many are no padding
    shape: tuple[int, ...] = ()  # of a picture: height, width
    channel_first: bool = False
    learns: bool = True  # whether a gradient is wanted

    @property
    def real(self) -> int:
        """How many there are, the padding apart."""
        return self.size // self.group * self.of_group


class Plan:
    """Room as it is given out, and the table of layers as it grows.

    Examples
    --------
    >>> plan = Plan((4,), batch=32, bias=True)
    >>> hidden = plan.dense(plan.inputs, 64, rectifies=True)
    >>> plan.layers, plan.count, hidden.size
    (1, 320, 64)
    """

    def __init__(self, shape: tuple[int, ...], batch: int, *, bias: bool) -> None:
        self._bias, self._batch = bias, batch
        inputs = int(np.prod(shape))
        self.input_row = row_of(inputs)
        self.inputs = Units(0, self.input_row, inputs, inputs, inputs, shape, channel_first=True, learns=False)
        self.parameters = self.count = 0
        self.scratch = LINE  # a one, by which columns are summed
        self.activations = batch * self.input_row
        self._layers: list[Layer] = []
        self._tables: list[int] = []

    @property
    def layers(self) -> int:
        """How many layers there are."""
        return len(self._layers)

    @property
    def rows(self) -> tuple[Layer, ...]:
        """What is known of each layer, in the order of computation."""
        return tuple(self._layers)

    def real_parameters(self) -> NDArray[np.bool_]:
        """Which numbers of a block of parameters are no padding."""
        real = np.zeros(self.parameters, np.bool_)
        for layer in self._layers:
            if layer.kind == NORM:
                for k in (0, 1):
                    real[layer.weights + k * layer.weight_row :][: layer.units] = True
            elif layer.kind in (DENSE, CONVOLUTION):
                rows = real[layer.weights :][: layer.inputs * layer.weight_row].reshape(layer.inputs, layer.weight_row)
                rows[np.arange(layer.inputs) % layer.group < layer.of_group, : layer.units] = True
                if layer.biases >= 0:
                    real[layer.biases :][: layer.units] = True
        return real

    def table(self) -> NDArray[np.int64]:
        """The table that compiled code reads: `FIELDS` numbers a layer, then the tables that those point into."""
        first = self.layers * FIELDS
        moved = ("corners", "window", "frame_corners", "frame_window")
        rows = [layer._replace(**{name: getattr(layer, name) + first for name in moved}) for layer in self._layers]
        return np.concatenate([np.array(rows, np.int64).reshape(-1), np.array(self._tables, np.int64)])

    def dense(self, x: Units, units: int, *, rectifies: bool, adds: bool = False) -> Units:
        """Every unit from every number of `x`; `adds` where a later layer's gradient by `x` is there before."""
        y = self._units(units)
        turns = x.learns or units <= FEW
        row = UNIT if units <= UNIT else row_of(units)
        weights, biases = self._weights(whole_units(x.size) if turns else x.size, x.real, units, row)
        turned, turned_row = self.scratch, row_of(x.size)
        self.scratch += turns * whole_units(units) * turned_row
        self._layers.append(
            Layer(
                DENSE,
                x.size,
                units,
                whole_units(units),
                x.at,
                x.row,
                y.at,
                y.row,
                weights,
                row,
                biases,
                x.real,
                int(rectifies),
                int(x.learns) * (1 + int(adds)),
                turned,
                turned_row,
                x.group,
                x.of_group,
            )
        )
        return y

    def convolution(self, x: Units, channels: int, size: int, *, rectifies: bool) -> Units:
        """Windows of `size` x `size` positions, without a border."""
        height, width = x.shape[-2:]
        depth = x.shape[0] if x.channel_first else x.of_group
        step, plane = (1, height * width) if x.channel_first else (x.group, 1)  # to the next position, channel
        out = height - size + 1, width - size + 1
        area = [(r, c) for r in range(size) for c in range(size)]
        row = whole_lines(channels)
        y = self._units(out[0] * out[1] * row, row, channels, out)
        inputs = size * size * depth
        weights, biases = self._weights(whole_units(inputs), inputs, channels, row)
        layer = Layer(
            CONVOLUTION, inputs, channels, whole_units(channels), x.at, x.row, y.at, y.row, weights, row, biases,
            inputs, int(rectifies), int(x.learns), group=inputs, of_group=inputs, positions=out[0] * out[1],
            position_row=row,
            corners=self._listed((r * width + c) * step for r in range(out[0]) for c in range(out[1])),
            window=self._listed((r * width + c) * step + d * plane for r, c in area for d in range(depth)),
            area=len(area),
        )  # fmt: skip
        if x.learns:
            border, frame = size - 1, out[1] + 2 * (size - 1)
            turned, turned_row = self.scratch, row_of(depth)
            self.scratch += (len(area) * channels + UNIT) * turned_row
            layer = layer._replace(
                turned=turned, turned_row=turned_row, second=depth, source_row=x.group, sources=height * width,
                width=out[1],
                frame=self.scratch, frame_size=(out[0] + 2 * border) * frame * row, frame_row=frame * row,
                frame_corners=self._listed(
                    ((r + border) * frame + c + border) * row for r in range(height) for c in range(width)
                ),
                frame_window=self._listed(-(r * frame + c) * row + d for r, c in area for d in range(channels)),
            )  # fmt: skip
            self.scratch += layer.frame_size
        self._layers.append(layer)
        return y

    def norm(self, x: Units) -> Units:
        """Normalised, scaled, shifted and rectified, position by position; what is normalised stays where it was."""
        y = self._units(x.size, x.group, x.of_group, x.shape)
        positions, row = x.size // x.group, whole_lines(x.of_group)
        self._layers.append(
            Layer(
                NORM,
                x.of_group,
                x.of_group,
                whole_units(x.of_group),
                x.at,
                x.row,
                y.at,
                y.row,
                self.parameters,
                row,
                rectifies=1,
                positions=positions,
                position_row=x.group,
                second=self.activations,
            )
        )
        self.activations += whole_lines(self._batch * positions)
        self.parameters += 2 * row
        self.count += 2 * x.of_group
        return y

    def dueling(self, value: Units, advantages: Units) -> Units:
        """The value plus the advantages less their mean."""
        y = self._units(advantages.size)
        self._layers.append(
            Layer(
                DUELING,
                units=advantages.size,
                x=advantages.at,
                x_row=advantages.row,
                y=y.at,
                y_row=y.row,
                second=value.at,
            )
        )
        return y

    def _units(self, count: int, group: int = 0, of_group: int = 0, shape: tuple[int, ...] = ()) -> Units:
        at, row = self.activations, row_of(count)
        self.activations += self._batch * row
        return Units(at, row, count, group or count, of_group or count, shape)

    def _weights(self, rows: int, real: int, units: int, row: int) -> tuple[int, int]:
        """Room for weights and biases."""
        weights = self.parameters
        self.parameters += whole_lines(rows * row)
        biases = self.parameters if self._bias else -1
        self.parameters += whole_lines(units) * self._bias
        self.count += real * units + units * self._bias
        return weights, biases

    def _listed(self, numbers: Iterable[int]) -> int:
        at = len(self._tables)
        self._tables += numbers
        return at


def plan_of(
    architecture: MLP | Convolutional, shape: tuple[int, ...], n_actions: int, batch: int
) -> tuple[Plan, Units]:
    """The plan of a network, and where its action values are.

    Examples
    --------
    >>> plan, head = plan_of(MLP((8,)), (4,), 2, batch=1)
    >>> plan.count, head.size
    (58, 2)
    """
    plan = Plan(shape, batch, bias=architecture.bias)

    def finished(x: Units) -> Units:
        return plan.norm(x) if architecture.layer_norm else x

    def dense(x: Units, units: int, adds: bool = False) -> Units:
        return finished(plan.dense(x, units, rectifies=not architecture.layer_norm, adds=adds))

    x = plan.inputs
    if isinstance(architecture, Convolutional):
        for channels in architecture.channels:
            x = finished(plan.convolution(x, channels, architecture.size, rectifies=not architecture.layer_norm))
    shared = architecture.hidden[:-1] if architecture.dueling else architecture.hidden
    for units in shared:
        x = dense(x, units)
    if not architecture.dueling:
        return plan, plan.dense(x, n_actions, rectifies=False)
    streams = [x, x]
    if architecture.hidden:
        streams = [dense(x, architecture.hidden[-1], adds) for adds in (True, False)]
    own = bool(architecture.hidden)
    value = plan.dense(streams[0], 1, rectifies=False, adds=not own)
    advantages = plan.dense(streams[1], n_actions, rectifies=False)
    return plan, plan.dueling(value, advantages)
