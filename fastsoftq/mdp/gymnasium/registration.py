"""The worlds of the package under names of Gymnasium's: `fastsoftq/CliffWalking-v0` is `cliff_walking()`.

`import fastsoftq` registers them where Gymnasium is imported, before or after it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import fastsoftq
from fastsoftq.mdp.tabular import TabularMDP

if TYPE_CHECKING:
    from fastsoftq.mdp.gymnasium.environment import TabularEnv
    from fastsoftq.mdp.gymnasium.vector_environment import TabularVectorEnv

__all__ = ["made_world", "make_environment", "make_vector_environment", "register_worlds", "registered"]

_CONVERSIONS = "fastsoftq.mdp.gymnasium"


def registered() -> dict[str, str]:
    """The names under which worlds are registered, and the functions that make them.

    Returns
    -------
    dict of str to str
        Every public function of `mdp` that makes a world: its name in capitals, the function's own.

    Examples
    --------
    >>> registered()["fastsoftq/CliffWalking-v0"]
    'cliff_walking'
    """
    made = (
        name for name, home in fastsoftq._HOME.items() if home.startswith("fastsoftq.mdp.") and home != _CONVERSIONS
    )
    makers = sorted(filter(str.islower, made), key=_words)  # classes have capitals
    return {f"fastsoftq/{''.join(map(str.capitalize, _words(name)))}-v0": name for name in makers}


def _words(maker: str) -> list[str]:
    return maker.removeprefix("from_").split("_")


def register_worlds() -> None:
    """Register every world with Gymnasium, one by one and as vectors; none is made, and names that are taken stay.

    Raises
    ------
    ImportError
        Gymnasium is not installed.

    Examples
    --------
    >>> import gymnasium
    >>> register_worlds()
    >>> gymnasium.make("fastsoftq/CliffWalking-v0", width=5).observation_space
    Discrete(20)
    """
    from gymnasium.envs import registration

    for name, maker in registered().items():
        if name not in registration.registry:
            # Where Gymnasium asks for plugins it puts their namespace in front itself.
            plain = name if registration.current_namespace is None else name.partition("/")[2]
            registration.register(
                plain,
                f"{__name__}:make_environment",
                kwargs={"world": maker},
                vector_entry_point=f"{__name__}:make_vector_environment",
            )


def made_world(world: str, options: dict[str, Any]) -> TabularMDP:
    """Make a world by the name of its function.

    Parameters
    ----------
    world : str
        One of `registered`.
    options : dict
        What the function takes.

    Returns
    -------
    TabularMDP

    Raises
    ------
    ValueError
        No such world; whatever the function refuses.
    TypeError
        An option that the function does not take, or lacks.

    Examples
    --------
    >>> made_world("cliff_walking", {"width": 5}).n_states
    20
    """
    if world not in registered().values():
        raise ValueError(f"world is {world!r}; it must be one of {', '.join(map(repr, registered().values()))}")
    made: TabularMDP = getattr(importlib.import_module(fastsoftq._HOME[world]), world)(**options)
    return made


def make_environment(world: str, render_mode: str | None = None, **options: Any) -> TabularEnv:
    """Make an environment of a world; what `gymnasium.make` calls.

    Parameters
    ----------
    world : str
        The function that makes it.
    render_mode : {"ansi", "rgb_array"}, optional
    **options
        For the function.

    Returns
    -------
    TabularEnv

    Raises
    ------
    TypeError, ValueError
        As `made_world` and `to_gymnasium`.

    Examples
    --------
    >>> make_environment("from_map", rows=["S.G"]).reset(seed=0)
    (0, {'prob': 1.0})
    """
    from fastsoftq.mdp.gymnasium.environment import TabularEnv

    return TabularEnv(made_world(world, options), render_mode)


def make_vector_environment(world: str, num_envs: int = 1, **options: Any) -> TabularVectorEnv:
    """Make many environments of a world, stepped together; what `gymnasium.make_vec` calls.

    Parameters
    ----------
    world : str
        The function that makes it.
    num_envs : int
    **options
        `render_mode`, `max_episode_steps` and `autoreset_mode` as for `TabularVectorEnv`; the rest is for the function.

    Returns
    -------
    TabularVectorEnv

    Raises
    ------
    TypeError, ValueError
        As `made_world` and `TabularVectorEnv`.

    Examples
    --------
    >>> make_vector_environment("from_map", num_envs=3, rows=["S.G"]).reset(seed=0)[0].tolist()
    [0, 0, 0]
    """
    from fastsoftq.mdp.gymnasium.vector_environment import TabularVectorEnv

    of_vectors = {name: options.pop(name) for name in _OF_VECTORS if name in options}
    return TabularVectorEnv(made_world(world, options), num_envs, **of_vectors)


_OF_VECTORS = ("render_mode", "max_episode_steps", "autoreset_mode")

# By this Gymnasium knows, before it makes one, what it can render.
make_environment.metadata = {"render_modes": ["ansi", "rgb_array"], "render_fps": 4}  # type: ignore[attr-defined]
