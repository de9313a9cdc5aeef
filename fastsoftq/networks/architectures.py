"""The shapes of networks: how many units in which layers."""

from __future__ import annotations

from typing import Any, NamedTuple

from fastsoftq import checks

__all__ = ["MLP", "Architecture", "Convolutional", "checked_architecture", "is_plain"]

_MOST_LAYERS, _MOST_UNITS, _MOST_PARAMETERS = 64, 2**16, 2**28


class MLP(NamedTuple):
    """A multi-layer perceptron: dense layers with rectified units, and an action value each at the end.

    Parameters
    ----------
    hidden : tuple of int
        Units of each hidden layer; an empty tuple gives action values linear in what is observed.
    dueling : bool
        Whether the last hidden layer is two, one below a value and one below the advantages of actions, and an action
        value is the value plus its advantage less their mean (Wang et al. 2016, equation 9).
    layer_norm : bool
        Whether the units of every hidden layer are normalised before the rectifier, as in PQN (Gallici et al. 2024).
    bias : bool
        Whether units have biases.

    Examples
    --------
    >>> MLP(hidden=(64, 64)).dueling
    False
    """

    hidden: tuple[int, ...] = (120, 84)
    dueling: bool = False
    layer_norm: bool = False
    bias: bool = True


class Convolutional(NamedTuple):
    """Convolutions over a picture, a position at a time and without a border, then dense layers.

    As in MinAtar (Young & Tian 2019): windows of 3 x 3 with 16 channels, then 128 units. Sixteen channels, or any
    multiple, are the best use of memory.

    Parameters
    ----------
    channels : tuple of int
        Channels of each convolution.
    size : int
        Height and width of windows, in positions.
    hidden, dueling, layer_norm, bias
        As of an `MLP`; convolutions are normalised too, over the channels of each position.

    Examples
    --------
    >>> Convolutional(channels=(16, 32)).size
    3
    """

    channels: tuple[int, ...] = (16,)
    size: int = 3
    hidden: tuple[int, ...] = (128,)
    dueling: bool = False
    layer_norm: bool = False
    bias: bool = True


Architecture = MLP | Convolutional


def is_plain(architecture: MLP | Convolutional) -> bool:
    """Whether a network is a chain of dense layers and nothing else.

    Examples
    --------
    >>> is_plain(MLP((8,))), is_plain(MLP((8,), layer_norm=True))
    (True, False)
    """
    return isinstance(architecture, MLP) and not architecture.dueling and not architecture.layer_norm


def checked_architecture(
    architecture: Any, shape: tuple[int, ...] | None = None, n_actions: int = 1
) -> MLP | Convolutional:
    """Return an architecture with plain numbers, if a network can have it.

    Parameters
    ----------
    architecture : MLP or Convolutional
    shape : tuple of int, optional
        Of what is observed; a picture's is (channels, height, width). None leaves out what depends on it.
    n_actions : int

    Raises
    ------
    TypeError
        Neither an MLP nor a Convolutional; units that are not integers in a tuple; options that are not bool.
    ValueError
        Too few units or too many; a picture too small for its windows; an observation that is no picture.

    Examples
    --------
    >>> checked_architecture(MLP(hidden=(64, 0)))
    Traceback (most recent call last):
    ValueError: MLP.hidden[1] is 0; it must be at least 1
    """
    if not isinstance(architecture, MLP | Convolutional):
        raise TypeError(f"network is {checks.shown(architecture)}; it must be an MLP or a Convolutional")
    kind = type(architecture).__name__
    found: dict[str, Any] = {"hidden": _counts(f"{kind}.hidden", architecture.hidden)}
    for option in "dueling", "layer_norm", "bias":
        found[option] = checks.flag(f"{kind}.{option}", getattr(architecture, option))
    if isinstance(architecture, Convolutional):
        found["channels"] = _counts(f"{kind}.channels", architecture.channels)
        found["size"] = checks.count(f"{kind}.size", architecture.size, most=_MOST_UNITS)
        if not found["channels"]:
            raise ValueError(
                f"{kind}.channels is (); it must name at least one convolution's, or the network be an MLP"
            )
    result = architecture._replace(**found)
    if shape is not None:
        _check_fit(result, shape, n_actions)
    return result


def _counts(name: str, value: Any) -> tuple[int, ...]:
    if not isinstance(value, tuple | list):
        raise TypeError(f"{name} is {checks.shown(value)}; it must be a tuple of counts, such as (64, 64)")
    if len(value) > _MOST_LAYERS:
        raise ValueError(f"{name} has {len(value)} layers; it must have at most {_MOST_LAYERS}")
    return tuple(checks.count(f"{name}[{k}]", units, most=_MOST_UNITS) for k, units in enumerate(value))


def _check_fit(architecture: Architecture, shape: tuple[int, ...], n_actions: int) -> None:
    """Refuse a network that cannot see what is observed, or that is too large."""
    kind = type(architecture).__name__
    inputs, parameters = 1, 0
    for side in shape:
        inputs *= side
    if isinstance(architecture, Convolutional):
        if len(shape) != 3:
            raise ValueError(
                f"network is a {kind}, and observations have shape {shape}; they must be pictures of shape "
                "(channels, height, width), or the network an MLP"
            )
        before, height, width = shape
        lost = len(architecture.channels) * (architecture.size - 1)
        if min(height, width) <= lost:
            raise ValueError(
                f"{kind}.channels is {architecture.channels}; as many convolutions of size {architecture.size} need a "
                f"picture of {lost + 1} x {lost + 1} positions, and observations have {height} x {width}"
            )
        for channels in architecture.channels:
            parameters += architecture.size**2 * before * channels
            before, height, width = channels, height - architecture.size + 1, width - architecture.size + 1
        inputs = before * height * width
    for units in (*architecture.hidden, n_actions):
        parameters += inputs * units
        inputs = units
    if parameters > _MOST_PARAMETERS:
        raise ValueError(f"network has {parameters:,} weights; it must have at most {_MOST_PARAMETERS:,}")
