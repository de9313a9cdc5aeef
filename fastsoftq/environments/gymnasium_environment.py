"""A Gymnasium environment that is not compiled, to be played from Python: one run at a time, and slowly."""

from __future__ import annotations

import copy
import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.environments.environment_rules import Description, describe, rule
from fastsoftq.mdp.gymnasium.making import gymnasium_module, make

__all__ = ["GymnasiumEnvironment", "GymnasiumPlay", "gymnasium_environment"]

_MOST = 2**32  # Gymnasium's seeds


class GymnasiumEnvironment(NamedTuple):
    """What is known of a Gymnasium environment; `gymnasium_environment` makes one, `play` begins to play it.

    Examples
    --------
    >>> gymnasium_environment("CartPole-v1").name
    'CartPole-v1'
    """

    name: str
    made: Any  # the environment, of which each run plays a copy; None where it is made by its name
    options: tuple[tuple[str, Any], ...]
    n_actions: int
    first_action: int
    shape: tuple[int, ...]
    max_steps: int
    middle: NDArray[np.float64] | None  # of observations that are scaled, and half their ranges
    half: NDArray[np.float64] | None

    def play(self) -> GymnasiumPlay:
        """Make the environment anew, for one run.

        Returns
        -------
        GymnasiumPlay

        Raises
        ------
        ValueError
            It cannot be made again, or copied.

        Examples
        --------
        >>> game = gymnasium_environment("CartPole-v1").play()
        >>> game.reset(0).shape
        (4,)
        >>> game.close()
        """
        return GymnasiumPlay(self, make(self.name, dict(self.options)) if self.made is None else _copied(self.made))


class GymnasiumPlay:
    """One run's Gymnasium environment, with observations and actions as training has them.

    Parameters
    ----------
    environment : GymnasiumEnvironment
    env : gymnasium.Env

    Examples
    --------
    >>> game = gymnasium_environment("CartPole-v1").play()
    >>> observation = game.reset(seed=0)
    >>> observation, reward, terminated, truncated = game.step(1)
    >>> observation.dtype, reward, terminated, truncated
    (dtype('float32'), 1.0, False, False)
    >>> game.close()
    """

    def __init__(self, environment: GymnasiumEnvironment, env: Any) -> None:
        self._environment = environment
        self._env = env

    def reset(self, seed: int | None = None) -> NDArray[np.float32]:
        """Start an episode; with a seed, from Gymnasium's random numbers of that seed on.

        Parameters
        ----------
        seed : int, optional
            Any; of one beyond 32 bits the lower half is taken. A run gives one to its first episode.

        Returns
        -------
        float32, one axis
            The observation.

        Raises
        ------
        ValueError
            The observation is not finite, or not of the environment's shape.

        Examples
        --------
        >>> game = gymnasium_environment("MountainCar-v0", scaled=True).play()
        >>> bool((abs(game.reset(7)) <= 1.0).all())
        True
        >>> game.close()
        """
        shown, _ = self._env.reset(seed=None if seed is None else int(seed) % _MOST)
        return self._seen(shown)

    def step(self, action: int) -> tuple[NDArray[np.float32], float, bool, bool]:
        """Take an action, numbered from 0.

        Parameters
        ----------
        action : int

        Returns
        -------
        observation : float32, one axis
        reward : float
        terminated, truncated : bool

        Raises
        ------
        ValueError
            The observation or the reward is not finite.

        Examples
        --------
        >>> game = gymnasium_environment("MountainCar-v0").play()
        >>> game.reset(0).size, game.step(2)[1:]
        (2, (-1.0, False, False))
        >>> game.close()
        """
        chosen = np.int64(self._environment.first_action + int(action))
        shown, reward, terminated, truncated, _ = self._env.step(chosen)
        paid = checks.reward(f"the reward of {self._environment.name}", reward)
        return self._seen(shown), paid, bool(terminated), bool(truncated)

    def close(self) -> None:
        """Let go of what the environment holds.

        Examples
        --------
        >>> gymnasium_environment("CartPole-v1").play().close()
        """
        self._env.close()

    def _seen(self, shown: Any) -> NDArray[np.float32]:
        environment = self._environment
        numbers = np.asarray(shown, np.float64)
        if environment.middle is not None and environment.half is not None:
            numbers = (numbers - environment.middle) / environment.half
        if len(environment.shape) == 3:
            numbers = np.moveaxis(np.atleast_3d(numbers), -1, 0)
        with np.errstate(over="ignore"):
            seen = np.ascontiguousarray(numbers, np.float32).ravel()
        if seen.size != math.prod(environment.shape):
            raise ValueError(
                f"an observation of {environment.name} has {seen.size} numbers; its space has "
                f"{math.prod(environment.shape)}"
            )
        checks.finite(f"observation of {environment.name}", seen, "it must be finite in single precision")
        return seen


def gymnasium_environment(
    env: Any, *, picture: bool = False, scaled: bool = False, max_steps: int | None = None, **options: Any
) -> GymnasiumEnvironment:
    """Take a Gymnasium environment as it is, to train in it from Python: one run at a time, and slowly.

    Compiled ones are far faster: `cart_pole`, `mountain_car`, `acrobot` and `pendulum` are Gymnasium's, an environment
    with a table `P` becomes one by `observed(from_gymnasium(...))`, and one of your own by its rules.

    Parameters
    ----------
    env : str or gymnasium.Env
        An environment or its name, "LunarLander-v3". Of an environment each run plays a copy; its wrappers stay.
    picture : bool
        Observations are pictures, [height, width] or [height, width, channels], for convolutions: their channels come
        first. If not, all numbers of an observation are taken in a row.
    scaled : bool
        Bring observations from the bounds of their space to -1 to 1.
    max_steps : int, optional
        Of an episode; the environment's own limit if it has one.
    **options
        For `gymnasium.make`, with a name.

    Returns
    -------
    GymnasiumEnvironment

    Raises
    ------
    ImportError
        Gymnasium is not installed.
    ValueError
        A name that Gymnasium does not know, options it cannot make it with, actions or observations of another kind,
        no picture, no bounds to scale by, no limit of steps, an environment that cannot be copied.
    TypeError
        Neither a name nor an environment; options for an environment that is already made.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> fsq.environments.describe(fsq.gymnasium_environment("Acrobot-v1"))
    Description(n_actions=3, shape=(6,), max_steps=500)
    """
    gymnasium = gymnasium_module()
    picture, scaled = checks.flag("picture", picture), checks.flag("scaled", scaled)
    if isinstance(env, str):
        name, made, own = env, None, make(env, options)
    elif not isinstance(env, gymnasium.Env):
        raise TypeError(f"env is {checks.shown(env)}; it must be a gymnasium.Env or the name of one")
    elif options:
        raise TypeError(f"options are {sorted(options)}; they only go with a name, and env is made already")
    else:
        name = env.spec.id if env.spec is not None else type(env.unwrapped).__name__
        made = own = _copied(env)
    actions, seen = own.action_space, own.observation_space
    if not isinstance(actions, gymnasium.spaces.Discrete):
        raise ValueError(f"env is {name!r}; its actions are {actions}, and must be Discrete")
    if not isinstance(seen, gymnasium.spaces.Box):
        advice = "; to learn in it one-hot, take observed(from_gymnasium(...))" if _is_discrete(seen) else ""
        raise ValueError(f"env is {name!r}; its observations are {seen}, and must be a Box{advice}")
    limit = max_steps if max_steps is not None else _limit(own)
    if limit is None:
        raise ValueError(f"max_steps is missing; {name} has no limit of steps of its own")
    middle, half = _range(name, seen) if scaled else (None, None)
    found = GymnasiumEnvironment(
        name=name,
        made=made,
        options=tuple(options.items()),
        n_actions=int(actions.n),
        first_action=int(actions.start),
        shape=_shape(name, seen.shape, picture),
        max_steps=checks.count("max_steps", limit),
        middle=middle,
        half=half,
    )
    if made is None:
        own.close()
    return found


@rule(describe, GymnasiumEnvironment)
def _(environment):
    return Description(environment.n_actions, environment.shape, environment.max_steps)


def _limit(env: Any) -> int | None:
    """The steps after which an environment, or a wrapper of it, cuts episodes."""
    wrapper = gymnasium_module().Wrapper
    limits = [getattr(env.spec, "max_episode_steps", None)]
    while isinstance(env, wrapper):
        limits.append(getattr(env, "_max_episode_steps", None))  # a TimeLimit's, of what was not made by a name
        env = env.env
    return min((limit for limit in limits if limit is not None), default=None)


def _is_discrete(space: Any) -> bool:
    return isinstance(space, gymnasium_module().spaces.Discrete)


def _shape(name: str, shape: tuple[int, ...], picture: bool) -> tuple[int, ...]:
    size = math.prod(shape)
    if size == 0:
        raise ValueError(f"env is {name!r}; its observations are of shape {shape}, and hold nothing")
    if not picture:
        return (size,)
    if len(shape) not in (2, 3):
        raise ValueError(
            f"picture is True; observations of {name} are of shape {shape}, where a picture has [height, width] or "
            "[height, width, channels]"
        )
    height, width, channels = (*shape, 1)[:3]
    return channels, height, width


def _range(name: str, space: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    low, high = space.low.astype(np.float64), space.high.astype(np.float64)
    bounded = np.isfinite(low) & np.isfinite(high) & (np.abs(low) < 1e30) & (np.abs(high) < 1e30)
    if not bounded.all():
        where = [int(i) for i in np.argwhere(~bounded)[0]]
        raise ValueError(
            f"scaled is True; number {where} of observations of {name} lies between {low[tuple(where)]:g} and "
            f"{high[tuple(where)]:g}, and must have bounds"
        )
    return (low + high) / 2.0, np.where(high > low, (high - low) / 2.0, 1.0)


def _copied(env: Any) -> Any:
    try:
        return copy.deepcopy(env)
    except Exception as error:  # whatever it holds
        raise ValueError(f"env is {env!r}; it cannot be copied, so that no two runs can play it: {error!r}") from error
