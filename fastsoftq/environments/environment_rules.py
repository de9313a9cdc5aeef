"""The rules of an environment: all that training knows of it.

An environment is a NamedTuple of numbers and arrays, and a rule is one function here with an implementation for each
environment's type, given with `@rule`, as those of agents are (`agents/rules.py`). An episode goes::

    state = reset(environment, key)                                        # where it starts
    observe(environment, state, out)                                       # what the network is given of it
    state, reward, terminated = step(environment, state, action, key)      # what an action does

A state is a number or a flat tuple of at most 64 numbers, of the same types from `reset` as from `step`, each exact in
float64: training keeps it as such. Environments run one at a time, so that `if` and `while` are allowed. Their bits are
the same on every machine if they use arithmetic, `fma`, `sqrt`, and `sin`, `cos`, `exp2` and `log2` of
`fastsoftq.kernels`.

From Python, `reset`, `step` and `observe` run the same compiled code.
"""

from __future__ import annotations

import functools
import inspect
import math
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

from numba import typeof

from fastsoftq import checks
from fastsoftq.environments.rule_arguments import check_out, check_state
from fastsoftq.environments.rule_faults import fault_of
from fastsoftq.kernels.jit import passing_on
from fastsoftq.kernels.rule_families import RuleFamily, rule

__all__ = [
    "ENVIRONMENTS",
    "MOST_NUMBERS",
    "Description",
    "Environment",
    "checked_environment",
    "describe",
    "environment_name",
    "known_environments",
    "observe",
    "reset",
    "rule",
    "step",
]

ENVIRONMENTS = RuleFamily("environment")

MOST_NUMBERS = 64
"""Of a state."""


class Environment(Protocol):
    """A NamedTuple of numbers and arrays, for whose class there are the rules of an environment.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> environment: Environment = fsq.cart_pole()
    >>> environment._replace(gravity=1.6).gravity
    1.6
    """

    @property
    def _fields(self) -> tuple[str, ...]: ...

    def _asdict(self) -> dict[str, Any]: ...

    def __iter__(self) -> Iterator[Any]: ...

    def __len__(self) -> int: ...


class Description(NamedTuple):
    """What is asked of an environment before training.

    Attributes
    ----------
    n_actions : int
        Actions are numbered 0..n_actions - 1.
    shape : tuple of int
        Of an observation: `(numbers,)`, or `(channels, height, width)` of a picture.
    max_steps : int
        The steps after which an episode is cut, unless training is told otherwise.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> describe(fsq.cart_pole())
    Description(n_actions=2, shape=(4,), max_steps=500)
    """

    n_actions: int
    shape: tuple[int, ...]
    max_steps: int


def known_environments() -> list[type]:
    """The classes of environments that have been imported: every NamedTuple that has the rules it needs, oldest first.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> type(fsq.cart_pole()) in known_environments()
    True
    """
    return ENVIRONMENTS.classes()


def checked_environment(name: str, environment: Any) -> Any:
    """Return `environment` if it has the rules of one.

    Parameters
    ----------
    name : str
        What the caller calls it.
    environment : object

    Raises
    ------
    TypeError
        It is no NamedTuple with rules; the message names those that are missing.

    Examples
    --------
    >>> checked_environment("world", "cart_pole")
    Traceback (most recent call last):
    TypeError: world is 'cart_pole'; it must be an environment, such as cart_pole(), or gymnasium_environment('...')
    """
    if ENVIRONMENTS.has(type(environment)):
        return environment
    missing = ENVIRONMENTS.missing(type(environment))
    if hasattr(environment, "_fields") and len(missing) < len(ENVIRONMENTS.names()):
        raise TypeError(
            f"{name} is of {type(environment).__name__}, which has no rule {', '.join(map(repr, missing))}; an "
            f"environment needs all of {', '.join(ENVIRONMENTS.names())}"
        )
    raise TypeError(
        f"{name} is {checks.shown(environment)}; it must be an environment, such as cart_pole(), or "
        "gymnasium_environment('...')"
    )


def environment_name(environment: Any) -> str:
    """What an environment is called in figures and tables: its own name if it has one, as an MDP, else its class's.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> environment_name(fsq.cart_pole()), environment_name(fsq.observed(fsq.from_map("S.G", name="corridor")))
    ('cart_pole', 'corridor')
    """
    own = getattr(environment, "name", None)
    return own if isinstance(own, str) else re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(environment).__name__).lower()


def _callable_from_python(generic: Callable[..., Any]) -> Callable[..., Any]:
    """A required rule that Python can call too: compiled, for one state."""
    arguments = list(inspect.signature(generic).parameters)

    @functools.wraps(generic)
    def called(environment: Any, *given: Any) -> Any:
        checked_environment("environment", environment)
        passed = environment, *_checked(environment, dict(zip(arguments[1:], given, strict=True)))
        types_ = tuple(map(typeof, passed))  # exactly these: Numba's own choice confuses two classes of one name
        known = compiled.overloads.get(types_)
        if known is not None:
            return known.entry_point(*passed)
        try:
            entry = compiled.compile(types_)
        except Exception as error:  # Numba lets others' through
            about = f"environment is of {type(environment).__name__}"
            if "state" in arguments:
                about = f"state is {checks.shown(given[0])}; {about}"
            raise TypeError(f"{about}; {fault_of(error)}") from error
        return entry(*passed)

    compiled = passing_on(called, generic, len(arguments))
    return ENVIRONMENTS.required(called)


def _checked(environment: Any, given: dict[str, Any]) -> Iterator[Any]:
    """What Python calls a rule with: nothing that would be read or written out of bounds."""
    for name, value in given.items():
        if name == "action":
            yield checks.index(name, value, describe(environment).n_actions)
        elif name == "key":
            key = checks.whole(name, value)
            yield key - 2**64 if 2**63 <= key < 2**64 else key
        else:
            if name == "out":
                check_out(value, math.prod(describe(environment).shape))
            elif name == "state":
                check_state(environment, value)
            yield value


@_callable_from_python
def reset(environment, key):
    """Start an episode.

    Parameters
    ----------
    environment : NamedTuple
    key : int64
        Of a stream of random numbers of its own: `key, u = uniform(key)` (`fastsoftq.kernels.random`).

    Returns
    -------
    number or tuple of numbers
        The state.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> x, x_dot, theta, theta_dot = reset(fsq.cart_pole(), 0)
    >>> -0.05 <= x <= 0.05
    True
    """


@_callable_from_python
def step(environment, state, action, key):
    """Take an action.

    Parameters
    ----------
    environment : NamedTuple
    state : number or tuple of numbers
    action : int64
    key : int64
        Of a stream of random numbers of its own, for this step.

    Returns
    -------
    state : number or tuple of numbers
    reward : float64
    terminated : bool

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> state, reward, terminated = step(fsq.cart_pole(), (0.0, 0.0, 0.0, 0.0), 1, 0)
    >>> round(state[1], 3), reward, terminated  # the cart is pushed to the right
    (0.195, 1.0, False)
    """


@_callable_from_python
def observe(environment, state, out):
    """Write what the network is given of a state.

    Parameters
    ----------
    environment : NamedTuple
    state : number or tuple of numbers
    out : float32, one axis
        As many as the description's shape holds, in row-major order of it; every one must be written.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> import numpy as np
    >>> out = np.empty(4, np.float32)
    >>> observe(fsq.cart_pole(), (0.5, 0.0, -0.125, 1.0), out)
    >>> out.tolist()
    [0.5, 0.0, -0.125, 1.0]
    """


def _described(generic: Callable[..., Any]) -> Callable[..., Any]:
    """A required rule that only Python calls."""

    @functools.wraps(generic)
    def called(environment: Any) -> Any:
        known = ENVIRONMENTS.implementations[called]
        if type(environment) not in known:
            checked_environment("environment", environment)
        return known[type(environment)](environment)

    return ENVIRONMENTS.required(called)


@_described
def describe(environment):
    """What is asked of an environment before training; called from Python only.

    Parameters
    ----------
    environment : NamedTuple

    Returns
    -------
    Description

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> describe(fsq.cart_pole()).n_actions
    2
    """
