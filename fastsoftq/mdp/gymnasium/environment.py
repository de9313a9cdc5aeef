"""A TabularMDP as a Gymnasium environment. This file imports Gymnasium; `to_gymnasium` imports it when it is called."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import gymnasium
import numpy as np
from gymnasium.envs.registration import EnvSpec
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.mdp.gymnasium.picture import as_picture
from fastsoftq.mdp.gymnasium.rendering import MODES, as_text, checked_render_mode
from fastsoftq.mdp.gymnasium.starting import chosen_start, starts_of
from fastsoftq.mdp.tabular import TabularMDP, checked_mdp

__all__ = ["TabularEnv"]

_NOT_IN_A_NAME = re.compile(r"[^\w:.-]+")  # Gymnasium refuses these in names


class TabularEnv(gymnasium.Env[int, int]):  # type: ignore[misc]
    """A TabularMDP as a Gymnasium environment.

    Parameters
    ----------
    mdp : TabularMDP
    render_mode : {"ansi", "rgb_array"}, optional
        What `render` returns: text, or a picture.

    Attributes
    ----------
    mdp : TabularMDP
    P : mapping
        The outcomes of each action, `P[state][action] == [(probability, next_state, reward, terminated), ...]`; lists
        are made when they are asked for.
    initial_state_distrib : ndarray of float64, shape [states]
    state : int
        The state it is in; -1 before the first `reset`.

    Raises
    ------
    ValueError
        A render mode that does not exist.
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

    metadata: dict[str, Any] = {"render_modes": list(MODES), "render_fps": 4}  # noqa: RUF012  Gymnasium has it so

    def __init__(self, mdp: TabularMDP, render_mode: str | None = None) -> None:
        self.mdp = checked_mdp(mdp)
        self.render_mode = checked_render_mode(render_mode)
        self.observation_space = gymnasium.spaces.Discrete(mdp.n_states)
        self.action_space = gymnasium.spaces.Discrete(mdp.n_actions)
        self.P = _Listed(mdp)
        self.initial_state_distrib = mdp.start
        self.state = -1
        self._starts = starts_of(mdp)
        self._last: tuple[int, float] | None = None  # the last action and its reward
        name = _NOT_IN_A_NAME.sub("_", mdp.name) or "mdp"
        self.spec = EnvSpec(
            id=f"fastsoftq/{name}",
            entry_point=type(self),
            kwargs={"mdp": mdp},
            vector_entry_point="fastsoftq.mdp.gymnasium.vector_environment:TabularVectorEnv",
        )

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        """Start an episode.

        Parameters
        ----------
        seed : int, optional
            Of the random numbers from here on; without one they go on as they were.
        options : dict, optional
            `{"state": s}` starts in a state of your choice.

        Returns
        -------
        state : int
        info : dict
            "prob", the probability of starting there; 1 in a state of your choice.

        Raises
        ------
        ValueError
            Another option; a state that does not exist, or that is terminal.
        TypeError
            A state that is not an integer.

        Examples
        --------
        >>> import fastsoftq as fsq
        >>> env = TabularEnv(fsq.from_map("S.G"))
        >>> env.reset(seed=0)
        (0, {'prob': 1.0})
        >>> env.reset(options={"state": 1})
        (1, {'prob': 1.0})
        """
        chosen = chosen_start(self.mdp, options)
        super().reset(seed=seed)
        self._last = None
        if chosen is not None:
            self.state = int(chosen)
            return self.state, {"prob": 1.0}
        states, below = self._starts
        # Where there is one start, nothing is drawn.
        place = 0 if len(states) == 1 else int(np.searchsorted(below, self.np_random.random(), side="right"))
        self.state = int(states[place])
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
        mdp, here = self.mdp, (self.state, action)
        chances = mdp.probability[here]
        outcome = 0
        if not mdp.deterministic:  # else nothing is drawn
            drawn, possible = self.np_random.random(), np.flatnonzero(chances)
            # The last one takes what rounding leaves of 1.
            outcome = int(possible[np.searchsorted(np.cumsum(chances[possible])[:-1], drawn, side="right")])
        reward = float(mdp.reward[here][outcome])
        self.state = int(mdp.next_state[here][outcome])
        self._last = action, reward
        return self.state, reward, bool(mdp.terminated[here][outcome]), False, {"prob": float(chances[outcome])}

    def render(self) -> str | NDArray[np.uint8] | None:
        """Show the state it is in, as `render_mode` says.

        Returns
        -------
        str, ndarray of uint8 or None
            "ansi": the map, where there is one, with `@` at the state, and a line that says what happened last.
            "rgb_array": a picture, [height, width, 3]. Without a render mode None, and a warning.

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
        (48, 192, 3)
        """
        if self.render_mode is None:
            modes = " or ".join(f"render_mode={mode!r}" for mode in MODES)
            gymnasium.logger.warn(f"render shows nothing without a render mode; make the environment with {modes}")
            return None
        self._check_reset("render")
        if self.render_mode == "ansi":
            return as_text(self.mdp, self.state, self._last)
        return as_picture(self.mdp, self.state)

    def _check_reset(self, method: str) -> None:
        if self.state < 0:
            raise gymnasium.error.ResetNeeded(f"call reset before {method}")


class _Listed(Mapping[int, dict[int, list[tuple[Any, ...]]]]):
    """An MDP's outcomes as Gymnasium's toy texts list them, state by state."""

    def __init__(self, mdp: TabularMDP) -> None:
        self._mdp = mdp

    def __getitem__(self, state: int) -> dict[int, list[tuple[Any, ...]]]:
        if state not in range(len(self)):
            raise KeyError(state)
        return {a: [tuple(outcome) for outcome in self._mdp.outcomes(state, a)] for a in range(self._mdp.n_actions)}

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self)))

    def __len__(self) -> int:
        return self._mdp.n_states
