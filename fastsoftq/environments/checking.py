"""An environment is tried before anything is learned in it: what is wrong with a rule is said at once, in one line."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import typeof, types
from numba.core import errors

from fastsoftq import checks
from fastsoftq.environments.environment_rules import (
    MOST_NUMBERS,
    Description,
    Environment,
    checked_environment,
    describe,
    observe,
    reset,
    step,
)
from fastsoftq.environments.gymnasium_environment import GymnasiumEnvironment
from fastsoftq.environments.rule_faults import fault_of
from fastsoftq.kernels.jit import compiled
from fastsoftq.kernels.random import advance, seed
from fastsoftq.kernels.rule_families import check_unedited

__all__ = ["check_environment"]

_EPISODES, _STEPS = 4, 25  # that are tried
_GUARD = 16  # numbers behind an observation, which no rule may touch
_UNTOUCHED = np.float32(-1.2345e30)
_EXACT = 2**53
_MOST_SEEN = 2**24  # numbers of an observation


@compiled
def _started(environment, key, out):
    state = reset(environment, key)
    observe(environment, state, out)
    return state


@compiled
def _stepped(environment, state, action, key, out):
    state, reward, terminated = step(environment, state, action, key)
    observe(environment, state, out)
    return state, reward, terminated


@compiled
def _unseen(environment, state, action, key):
    return step(environment, state, action, key)


def check_environment(environment: Environment, name: str = "environment") -> Description:
    """Refuse an environment that nothing can be learned in, before any work.

    It is described, its code is compared with what was compiled of it, and a few short episodes are played: what its
    rules return must be of the right types, states the same from `reset` and `step`, every number of an observation
    written and finite, rewards finite. What happens only later, or after other actions, is not found. A Gymnasium
    environment is only described.

    Parameters
    ----------
    environment : NamedTuple
    name : str
        What the caller calls it.

    Returns
    -------
    Description

    Raises
    ------
    TypeError
        It is no environment, a rule is missing or cannot be compiled, or returns what it may not; a field that compiled
        code cannot be given.
    ValueError
        A description that cannot be, a value that is not finite, code edited since it was compiled.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> check_environment(fsq.mountain_car())
    Description(n_actions=3, shape=(2,), max_steps=200)
    """
    if isinstance(environment, GymnasiumEnvironment):  # tried when it was made
        return _described(name, environment)
    checked_environment(name, environment)
    _check_fields(f"{name} is of {type(environment).__name__}; its field ", environment)
    check_unedited(name, environment)
    described = _described(name, environment)
    _play(f"{name} is of {type(environment).__name__}", environment, described)
    return described


def _check_fields(about: str, record: Any) -> None:
    """Refuse what compiled code cannot be given."""
    for field, value in zip(record._fields, record, strict=True):
        if hasattr(value, "_fields"):
            _check_fields(f"{about}{field}.", value)
            continue
        try:
            known = not (isinstance(value, np.ndarray) and value.dtype.hasobject) and typeof(value) is not None
        except (ValueError, errors.NumbaError):
            known = False
        if not known:
            kind = f" of {value.dtype}" if isinstance(value, np.ndarray) else ""
            raise TypeError(
                f"{about}{field} is {checks.shown(value)}{kind}; it must be a number, a text, an array of this "
                "machine's numbers, or a named tuple of these"
            )


def _described(name: str, environment: Any) -> Description:
    found = describe(environment)
    about = f"{name}'s description"
    if not isinstance(found, Description):
        raise TypeError(
            f"{about} is {checks.shown(found)}; `describe` must return a Description(n_actions, shape, max_steps)"
        )
    n_actions, shape, max_steps = found
    if not isinstance(shape, tuple) or len(shape) not in (1, 3):
        raise TypeError(f"{about} has shape {shape!r}; it must be (numbers,) or (channels, height, width)")
    sizes = tuple(checks.count(f"{about}: shape[{i}]", size) for i, size in enumerate(shape))
    if math.prod(sizes) > _MOST_SEEN:
        raise ValueError(f"{about} has shape {sizes}; at most {_MOST_SEEN} numbers can be observed")
    return Description(
        checks.count(f"{about}: n_actions", n_actions), sizes, checks.count(f"{about}: max_steps", max_steps)
    )


def _play(about: str, environment: Any, described: Description) -> None:
    size = math.prod(described.shape)
    memory = np.empty(size + _GUARD, np.float32)
    out = memory[:size]
    whole = types.int64
    start, state_type = _entry(about, _started, environment, whole, out)
    try:
        advanced, returned = _entry(about, _stepped, environment, state_type, whole, whole, out)
    except TypeError:  # what `step` returns may be why it cannot be compiled
        _check_types(about, state_type, _entry(about, _unseen, environment, state_type, whole, whole)[1])
        raise
    _check_types(about, state_type, returned)
    action = 0
    for episode in range(_EPISODES):
        key = seed(episode)
        memory[:] = _UNTOUCHED
        state = start(environment, key, out)
        _check_state(f"{about}; `reset`", state)
        _check_observation(f"{about}; after `reset` ", memory, size)
        for _ in range(min(_STEPS, described.max_steps)):
            key = advance(key)
            memory[:] = _UNTOUCHED
            before = state
            state, reward, terminated = advanced(environment, before, action, key, out)
            where = f"action {action} in state {before}"
            _check_state(f"{about}; `step` by {where}", state)
            _check_observation(f"{about}; after {where} ", memory, size)
            if not (math.isfinite(reward) and abs(reward) <= checks.LARGEST):
                raise ValueError(
                    f"{about}; {where} pays {reward}, where rewards must be finite and within ±{checks.LARGEST:g}"
                )
            action = (action + 1) % described.n_actions if episode % 2 else (action * 7 + 3) % described.n_actions
            if terminated:
                break


def _entry(about: str, kernel: Any, *arguments: Any) -> tuple[Any, Any]:
    """Code compiled for arguments, or for types of arguments, and the type of what it returns."""
    signature = tuple(a if isinstance(a, types.Type) else typeof(a) for a in arguments)
    if signature not in kernel.overloads:
        try:
            kernel.compile(signature)
        except Exception as error:  # Numba lets others' through, as of a name that NumPy does not have
            raise TypeError(f"{about}; {fault_of(error)}") from error
    known = kernel.overloads[signature]
    return known.entry_point, _of_any_value(known.signature.return_type)


def _of_any_value(t: Any) -> Any:
    """A type without the values of constants."""
    if isinstance(t, types.BaseTuple) and not isinstance(t, types.BaseNamedTuple):
        return types.Tuple.from_types(tuple(map(_of_any_value, t)))
    return types.unliteral(t)


def _check_types(about: str, state: Any, returned: Any) -> None:
    numbers = _parts(state)
    if numbers is None:
        raise TypeError(f"{about}; `reset` returns {state}; a state must be a number or a flat tuple of numbers")
    if len(numbers) > MOST_NUMBERS:
        raise ValueError(
            f"{about}; `reset` returns a state of {len(numbers)} numbers; it must have at most {MOST_NUMBERS}"
        )
    if not isinstance(returned, types.BaseTuple) or len(returned) != 3:
        raise TypeError(f"{about}; `step` returns {returned}; it must return (state, reward, terminated)")
    ahead, reward, terminated = returned
    if ahead != state:
        raise TypeError(
            f"{about}; `reset` returns a state of {state}, and `step` one of {ahead}; they must be of the same types"
        )
    if not isinstance(reward, types.Float | types.Integer):
        raise TypeError(f"{about}; `step` returns a reward of {reward}; it must be a number")
    if not isinstance(terminated, types.Boolean):
        raise TypeError(f"{about}; `step` returns terminated of {terminated}; it must be True or False")


def _parts(state: Any) -> tuple[Any, ...] | None:
    """The types of a state's numbers; None where it is not a number or a flat tuple of them."""
    parts = tuple(state) if isinstance(state, types.BaseTuple) else (state,)
    flat = all(isinstance(part, types.Float | types.Integer | types.Boolean) for part in parts)
    return parts if parts and flat else None


def _check_state(about: str, state: Any) -> None:
    for number in state if isinstance(state, tuple) else (state,):
        if isinstance(number, int) and abs(number) > _EXACT:
            raise ValueError(f"{about} gives a state with {number}; integers must be within ±2**53, to be kept exactly")
        if not math.isfinite(number):
            raise ValueError(f"{about} gives a state with {number}; states must be finite")


def _check_observation(about: str, memory: np.ndarray[Any, Any], size: int) -> None:
    untouched = memory == _UNTOUCHED
    if not untouched[size:].all():
        raise ValueError(f"{about}`observe` writes beyond the {size} numbers of its description")
    if untouched[:size].any():
        raise ValueError(f"{about}`observe` leaves number {int(untouched.argmax())} of {size} unwritten")
    finite = np.isfinite(memory[:size])
    if not finite.all():
        bad = int(finite.argmin())
        raise ValueError(f"{about}`observe` writes {memory[bad]} as number {bad}; observations must be finite")
