"""Optimisers: how a gradient changes parameters. The step size is the agent's."""

from __future__ import annotations

from typing import Any, NamedTuple

from fastsoftq import checks

__all__ = ["SGD", "Adam", "RMSProp", "checked_optimizer"]

_HIGHEST = 1 - 2**-24
_EPSILONS = 1e-20, 1e6  # so that no step divides by 0 in float32


class SGD(NamedTuple):
    """Stochastic gradient descent, with momentum (Polyak 1964).

    The moment m becomes momentum m + g, and parameters move by -step_size m.

    Parameters
    ----------
    momentum : float
        In [0, 1).

    Examples
    --------
    >>> SGD().momentum
    0.0
    """

    momentum: float = 0.0


class RMSProp(NamedTuple):
    """Steps divided by a running root mean square of the gradient (Tieleman & Hinton 2012).

    The mean v of g² moves by (1 - decay)(g² - v), and parameters by -step_size g / (sqrt(v) + epsilon).

    Parameters
    ----------
    decay : float
        In [0, 1).
    epsilon : float
        1e-20 to 1e6.

    Examples
    --------
    >>> RMSProp().decay
    0.99
    """

    decay: float = 0.99
    epsilon: float = 1e-8


class Adam(NamedTuple):
    """Adam (Kingma & Ba 2015, algorithm 1).

    The means m of g and v of g² move by (1 - beta)(g - m) and so on, and parameters by
    -step_size m' / (sqrt(v') + epsilon), with m' = m / (1 - beta_1^t) and v' = v / (1 - beta_2^t) after t steps.

    Parameters
    ----------
    beta_1, beta_2 : float
        In [0, 1).
    epsilon : float
        1e-20 to 1e6.

    Examples
    --------
    >>> Adam(epsilon=1e-5).beta_2
    0.999
    """

    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8


def checked_optimizer(optimizer: Any) -> SGD | RMSProp | Adam:
    """Return an optimiser with plain floats, if they are allowed.

    Raises
    ------
    TypeError
        Not an optimiser; something that is not a number.
    ValueError
        A number out of bounds.

    Examples
    --------
    >>> checked_optimizer(Adam(beta_1=1))
    Traceback (most recent call last):
    ValueError: Adam.beta_1 is 1.0; it must lie in [0, 1)
    """
    if not isinstance(optimizer, SGD | RMSProp | Adam):
        raise TypeError(f"optimizer is {checks.shown(optimizer)}; it must be an SGD, an RMSProp or an Adam")
    return type(optimizer)(
        *(_checked(f"{type(optimizer).__name__}.{name}", name, value) for name, value in optimizer._asdict().items())
    )


def _checked(full: str, name: str, value: Any) -> float:
    if name != "epsilon":
        found = checks.in_unit_interval(full, value, open_above=True)
        if found > _HIGHEST:
            raise ValueError(
                f"{full} is {found}; it must be at most 1 - 2**-24, the highest below 1 in single precision"
            )
        return found + 0.0  # no -0.0
    result = checks.number(full, value)
    if not _EPSILONS[0] <= result <= _EPSILONS[1]:
        raise ValueError(f"{full} is {result}; it must lie in [{_EPSILONS[0]:g}, {_EPSILONS[1]:g}]")
    return result
