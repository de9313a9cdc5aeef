"""A network's parameters as arrays of their shapes, from the block that compiled code has them in."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastsoftq.networks.layers import CONVOLUTION, DENSE, FIELDS, NORM, Layer
from fastsoftq.networks.network import Network

__all__ = ["LayerArrays", "layers_in", "parameter_arrays"]


class LayerArrays(NamedTuple):
    """What one layer learns.

    Examples
    --------
    >>> import numpy as np
    >>> LayerArrays("dense", np.zeros((4, 2)), None).kind
    'dense'
    """

    kind: str  # "dense", "convolution" or "norm"
    weights: NDArray[np.float32]  # [inputs, units]; [size, size, channels before, channels]; of a norm, scales [units]
    biases: NDArray[np.float32] | None  # [units]; of a norm, shifts


def layers_in(network: Network) -> list[Layer]:
    """The rows of a network's table.

    Examples
    --------
    >>> from fastsoftq.networks.architectures import MLP
    >>> from fastsoftq.networks.network import network_for
    >>> from fastsoftq.networks.optimizers import SGD
    >>> [layer.units for layer in layers_in(network_for(MLP((8,)), (4,), 2, 1, SGD()))]
    [8, 2]
    """
    rows = network.plan[: network.layers * FIELDS].reshape(-1, FIELDS)
    return [Layer(*row) for row in rows.tolist()]


def parameter_arrays(network: Network, parameters: ArrayLike) -> list[LayerArrays]:
    """What each layer learns, the padding apart, in the order of computation.

    Parameters
    ----------
    network : Network
    parameters : array_like of float32, shape (network.parameters * network.lanes,)
        A block of parameters, or of a gradient.

    Returns
    -------
    list of LayerArrays
        Copies; of the first seed where `lanes` is more than 1.

    Examples
    --------
    >>> import numpy as np
    >>> from fastsoftq.networks.architectures import MLP
    >>> from fastsoftq.networks.network import network_for
    >>> from fastsoftq.networks.optimizers import SGD
    >>> network = network_for(MLP((8,)), (4,), 2, 1, SGD())
    >>> [layer.weights.shape for layer in parameter_arrays(network, np.zeros(network.parameters))]
    [(4, 8), (8, 2)]
    """
    block = np.asarray(parameters, np.float32)[:: network.lanes]
    found = []
    for layer in layers_in(network):
        if layer.kind == NORM:
            ends = [layer.weights + k * layer.weight_row for k in (0, 1)]
            scales, shifts = (block[end : end + layer.units].copy() for end in ends)
            found.append(LayerArrays("norm", scales, shifts))
        elif layer.kind in (DENSE, CONVOLUTION):
            rows = block[layer.weights :][: layer.inputs * layer.weight_row].reshape(layer.inputs, layer.weight_row)
            weights = rows[np.arange(layer.inputs) % layer.group < layer.of_group, : layer.units]
            biases = block[layer.biases : layer.biases + layer.units].copy() if layer.biases >= 0 else None
            if layer.kind == CONVOLUTION:
                size = round(layer.area**0.5)
                found.append(LayerArrays("convolution", weights.reshape(size, size, -1, layer.units), biases))
            else:
                found.append(LayerArrays("dense", weights, biases))
    return found
