"""A TabularMDP as a Gymnasium environment. This file imports Gymnasium; `to_gymnasium` imports it when it is called."""

from __future__ import annotations

import re
from typing import Any

import gymnasium
import numpy as np
from gymnasium.envs.registration import EnvSpec
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.mdp.gymnasium.rendering import as_picture, as_text
from fastsoftq.mdp.tabular import TabularMDP, checked_mdp

__all__ = ["TabularEnv"]

_MODES = ("ansi", "rgb_array")
_NOT_IN_A_NAME = re.compile(r"[^\w:.-]+")  # Gymnasium refuses these in names


class TabularEnv(gymnasium.Env[int, int]):  # type: ignore[misc]
    """A TabularMDP as a Gymnasium environment.

    Parameters
    ----------
    mdp : TabularMDP
    render_mode : {"ansi", "rgb_array"}, optional
        What `render` returns: text, or a picture, which needs an MDP with a map.

    Attributes
    ----------
    mdp : TabularMDP
    P : dict
        The outcomes of each action, `P[state][action] = [(probability, next_state, reward, terminated), ...]`.
    initial_state_distrib : ndarray of float64, shape [states]
    state : int
        The state it is in; -1 before the first `reset`.

    Raises
    ------
    ValueError
        A render mode that does not exist, or a picture of an MDP without a map.
    TypeError
        `mdp` is not a TabularMDP; `render_mode` is not a string.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> env = TabularEnv(fsq.from_map("S..G"), render_mode="ansi")
    >>> env.reset(seed=0)
    (0, {'prob': 1.0})
    >>> env.step(1)
    (1, -1.0, False, False, {'prob': 1.0})
    >>> print(env.render())
    S@.G
    state 1 after action 1: reward -1
    """

    metadata: dict[str, Any] = {"render_modes": list(_MODES), "render_fps": 4}  # noqa: RUF012  Gymnasium has it so

    def __init__(self, mdp: TabularMDP, render_mode: str | None = None) -> None:
        self.mdp = checked_mdp(mdp)
        if mdp.map is None:
            self.metadata = {**self.metadata, "render_modes": ["ansi"]}
        if render_mode is not None:
            checks.choice("render_mode", render_mode, _MODES)
            if render_mode not in self.metadata["render_modes"]:
                raise ValueError(
                    f"render_mode is {render_mode!r}; mdp {mdp.name!r} has no map to draw: it must be 'ansi' or None"
                )
        self.render_mode = render_mode
        self.observation_space = gymnasium.spaces.Discrete(mdp.n_states)
        self.action_space = gymnasium.spaces.Discrete(mdp.n_actions)
        self.P: dict[int, dict[int, list[Any]]] = {
            s: {a: [tuple(outcome) for outcome in mdp.outcomes(s, a)] for a in range(mdp.n_actions)}
            for s in range(mdp.n_states)
        }
        self.initial_state_distrib = mdp.start
        self.state = -1
        self._last: tuple[int, float] | None = None  # the last action and its reward
        name = _NOT_IN_A_NAME.sub("_", mdp.name) or "mdp"
        self.spec = EnvSpec(id=f"fastsoftq/{name}", entry_point=type(self), kwargs={"mdp": mdp})

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """Start an episode.

        Parameters
        ----------
        seed : int, optional
            Of the random numbers from here on; without one they go on as they were.
        options : dict, optional
            Not used.

        Returns
        -------
        state : int
        info : dict
            "prob", the probability of starting there.

        Examples
        --------
        >>> import fastsoftq as fsq
        >>> TabularEnv(fsq.from_map("S.G")).reset(seed=0)
        (0, {'prob': 1.0})
        """
        super().reset(seed=seed)
        self.state = self._draw(self.initial_state_distrib)
        self._last = None
        return self.state, {"prob": float(self.initial_state_distrib[self.state])}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
        """Take an action.

        Parameters
        ----------
        action : int

        Returns
        -------
        state : int
        reward : float
        terminated : bool
        truncated : bool
            Always False; `gymnasium.wrappers.TimeLimit` truncates.
        info : dict
            "prob", the probability of this outcome.

        Raises
        ------
        gymnasium.error.ResetNeeded
            Before the first `reset`.
        ValueError
            An action that does not exist.
        TypeError
            Not an integer.

        Examples
        --------
        >>> import fastsoftq as fsq
        >>> env = TabularEnv(fsq.from_map("SG"))
        >>> _ = env.reset(seed=0)
        >>> env.step(1)
        (1, 0.0, True, False, {'prob': 1.0})
        """
        self._check_reset("step")
        action = checks.index("action", action, self.mdp.n_actions)
        outcomes = self.P[self.state][action]
        chance, next_state, reward, terminated = outcomes[self._draw([outcome[0] for outcome in outcomes])]
        self.state = next_state
        self._last = action, reward
        return next_state, reward, terminated, False, {"prob": chance}

    def render(self) -> str | NDArray[np.uint8] | None:
        """Show the state it is in, as `render_mode` says.

        Returns
        -------
        str, ndarray of uint8 or None
            "ansi": the map, where there is one, with `@` at the state, and a line that says what happened last.
            "rgb_array": the map as a picture, [height, width, 3]. Without a render mode None, and a warning.

        Raises
        ------
        gymnasium.error.ResetNeeded
            Before the first `reset`.

        Examples
        --------
        >>> import fastsoftq as fsq
        >>> env = TabularEnv(fsq.from_map("S..G"), render_mode="rgb_array")
        >>> _ = env.reset()
        >>> env.render().shape
        (32, 128, 3)
        """
        if self.render_mode is None:
            modes = " or ".join(f"render_mode={mode!r}" for mode in self.metadata["render_modes"])
            gymnasium.logger.warn(f"render shows nothing without a render mode; make the environment with {modes}")
            return None
        self._check_reset("render")
        if self.render_mode == "ansi":
            return as_text(self.mdp, self.state, self._last)
        return as_picture(self.mdp, self.state)

    def _check_reset(self, method: str) -> None:
        if self.state < 0:
            raise gymnasium.error.ResetNeeded(f"call reset before {method}")

    def _draw(self, probability: Any) -> int:
        cumulative = np.cumsum(probability)
        return int(np.searchsorted(cumulative, self.np_random.random() * cumulative[-1], side="right"))
