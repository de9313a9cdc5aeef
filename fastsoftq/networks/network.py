"""A network as compiled code uses it: one block of float32, and functions that are compiled once, for all networks."""

from __future__ import annotations

from typing import Any, NamedTuple

from fastsoftq.kernels.jit import Apart
from fastsoftq.networks import column_passes, lane_passes, passes, steps
from fastsoftq.networks.architectures import Convolutional, is_plain
from fastsoftq.networks.column_plan import ColumnPlan, goes_in_columns, in_columns
from fastsoftq.networks.lane_products import lane_product, lanes_here
from fastsoftq.networks.layer_plan import plan_of
from fastsoftq.networks.layers import whole_lines
from fastsoftq.networks.network_calls import backward, forward, gradient_norm, initialise, optimise, scale
from fastsoftq.networks.optimizers import Adam, RMSProp
from fastsoftq.networks.products import gathered_product, product

__all__ = [
    "Network",
    "backward",
    "forward",
    "gradient_norm",
    "initialise",
    "lockstep_lanes",
    "network_for",
    "optimise",
    "scale",
]


_SMALL = 32  # units: more, and the numbers of all seeds leave the nearest caches


class Network(NamedTuple):
    """Where everything of a network lies, in numbers, and where its functions are.

    Blocks lie where the caller likes, aligned to 64 bytes, in one array of float32 that is 0 at first. With several
    lanes, number `o` of lane `l` is `memory[o*lanes + l]`, and all sizes and places stay those of one lane.

    Attributes
    ----------
    inputs, input_stride, unit_stride : int
        Numbers observed; the distances from one observation to the next, at the start of a block of activations, and
        from one number of an observation or of its action values to the next: 1, unless observations are columns.
    outputs, head, head_stride : int
        Action values; where they are in a block of activations, or of deltas; the distance from row to row.
    parameters, activations, moments, scratch : int
        Sizes of blocks; a gradient is as large as parameters, deltas as activations.
    n_parameters : int
        Parameters, the padding apart.

    Examples
    --------
    >>> from fastsoftq.networks.architectures import MLP
    >>> from fastsoftq.networks.optimizers import Adam
    >>> network = network_for(MLP((64, 64)), shape=(4,), n_actions=2, batch=32, optimizer=Adam())
    >>> network.n_parameters == 4 * 64 + 64 + 64 * 64 + 64 + 64 * 2 + 2
    True
    """

    plan: Any  # int64: a row for each layer
    layers: int
    lanes: int
    batch: int
    inputs: int
    input_stride: int
    unit_stride: int
    outputs: int
    head: int
    head_stride: int
    parameters: int
    n_parameters: int  # the padding apart
    activations: int
    moments: int
    scratch: int
    product_at: int  # addresses in this process
    gathered_product_at: int
    norms_forward_at: int
    norms_backward_at: int
    convolutions_backward_at: int
    forward_at: int
    backward_at: int
    initialise_at: int
    optimise_at: int
    norm_at: int
    scale_at: int

    def __reduce__(self) -> Any:
        raise TypeError("a Network holds addresses of this process; make another with network_for in the other")


def network_for(
    architecture: Any,
    shape: tuple[int, ...],
    n_actions: int,
    batch: int,
    optimizer: Any,
    lanes: int = 1,
    clips: bool = True,
    columns: bool = False,
    learns: bool = True,
) -> Network:
    """Plan a network, and compile what it needs, or load it.

    Parameters
    ----------
    architecture : MLP or Convolutional
        As `checked_architecture` returns it.
    shape : tuple of int
        Of what is observed.
    n_actions : int
    batch : int
        The most rows that it is given at once.
    optimizer : SGD, RMSProp or Adam
    lanes : int
        Seeds side by side: 1, or what `lockstep_lanes` says.
    clips : bool
        Whether gradients are measured and scaled, which is not compiled otherwise.
    columns : bool
        Whether observations are columns, which is faster for whole batches; where `goes_in_columns` says that they may.
        Parameters lie where they lie otherwise, and all numbers have the same bits.
    learns : bool
        Whether there is a way backward, which is not compiled otherwise.

    Returns
    -------
    Network
        For this process only: it holds addresses.

    Examples
    --------
    >>> from fastsoftq.networks.architectures import MLP
    >>> from fastsoftq.networks.optimizers import Adam
    >>> network_for(MLP((64, 64)), shape=(4,), n_actions=2, batch=32, optimizer=Adam()).inputs
    4
    """
    most = _most_lanes(architecture)
    if lanes not in (1, most):
        raise ValueError(f"lanes is {lanes}; it must be {'1' if most == 1 else f'1 or {most}'} for {architecture!r}")
    plan, head = plan_of(architecture, shape, n_actions, batch)
    if columns and (lanes > 1 or not goes_in_columns(architecture, batch)):
        raise ValueError(
            f"columns is True; it must be False for {architecture!r}, a batch of {batch} and {lanes} lanes"
        )
    step, moments = _step_of(optimizer)
    pictures = isinstance(architecture, Convolutional)
    forward, backward = _passes(lanes, columns)
    network = Network(
        plan=plan.table(),
        layers=plan.layers,
        lanes=lanes,
        batch=batch,
        inputs=plan.inputs.size,
        input_stride=plan.input_row,
        unit_stride=1,
        outputs=n_actions,
        head=head.at,
        head_stride=head.row,
        parameters=plan.parameters,
        n_parameters=plan.count,
        activations=plan.activations,
        moments=moments * plan.parameters,
        scratch=whole_lines(plan.scratch),
        product_at=(product if lanes == 1 else lane_product).entry,
        gathered_product_at=gathered_product.entry if pictures else 0,
        norms_forward_at=passes.norms_forward.entry if architecture.layer_norm else 0,
        norms_backward_at=passes.norms_backward.entry if architecture.layer_norm and learns else 0,
        convolutions_backward_at=passes.convolutions_backward.entry if pictures and learns else 0,
        forward_at=forward.entry,
        backward_at=backward.entry if learns else 0,
        initialise_at=steps.draw_parameters.entry,
        optimise_at=step.entry if learns else 0,
        norm_at=steps.norm_of.entry if clips and learns else 0,
        scale_at=steps.scaled.entry if clips and learns else 0,
    )
    return _with_columns(network, in_columns(plan, batch)) if columns else network


def _passes(lanes: int, columns: bool) -> tuple[Apart, Apart]:
    """The functions that go forward and backward."""
    if columns:
        return column_passes.forward_columns, column_passes.backward_columns
    if lanes > 1:
        return lane_passes.forward_lanes, lane_passes.backward_lanes
    return passes.forward_pass, passes.backward_pass


def _with_columns(network: Network, plan: ColumnPlan) -> Network:
    return network._replace(
        plan=plan.table,
        input_stride=1,
        unit_stride=plan.row,
        head=plan.head,
        head_stride=1,
        activations=plan.activations,
        scratch=plan.scratch,
    )


def _most_lanes(architecture: Any) -> int:
    """How many seeds of an architecture can be learned side by side."""
    return lanes_here() if is_plain(architecture) else 1


def lockstep_lanes(architecture: Any, clip: float | None = None) -> int:
    """How many seeds are best learned side by side: as many as a vector has lanes for small networks, else 1.

    Parameters
    ----------
    architecture : MLP or Convolutional
    clip : float, optional
        The largest norm of a gradient; every seed has one of its own, so that there is 1 lane.

    Examples
    --------
    >>> from fastsoftq.networks.architectures import MLP
    >>> lockstep_lanes(MLP((256, 256))), lockstep_lanes(MLP((16, 16))) in (4, 8, 16)
    (1, True)
    """
    small = max(architecture.hidden, default=0) <= _SMALL and clip is None
    return _most_lanes(architecture) if small else 1


def _step_of(optimizer: Any) -> tuple[Any, int]:
    """The function that takes an optimiser's step, and how many moments it keeps of a parameter."""
    if isinstance(optimizer, Adam):
        return steps.adam_step, 2
    if isinstance(optimizer, RMSProp):
        return steps.rmsprop_step, 1
    return (steps.momentum_step, 1) if optimizer.momentum else (steps.plain_step, 0)
