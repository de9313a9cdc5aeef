"""Many Gymnasium environments of one TabularMDP, stepped together in compiled code. This file imports Gymnasium."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space
from numpy.typing import ArrayLike, NDArray

from fastsoftq import checks
from fastsoftq.mdp.gymnasium import batch_stepping
from fastsoftq.mdp.gymnasium.batch_stepping import Seen, moves_of, restart, running, seen, step_all
from fastsoftq.mdp.gymnasium.picture import as_picture
from fastsoftq.mdp.gymnasium.rendering import MODES, as_text, checked_render_mode
from fastsoftq.mdp.gymnasium.starting import checked_start
from fastsoftq.mdp.tabular import TabularMDP, checked_mdp

__all__ = ["TabularVectorEnv"]

_MODES = {
    AutoresetMode.NEXT_STEP: batch_stepping.NEXT_STEP,
    AutoresetMode.SAME_STEP: batch_stepping.SAME_STEP,
    AutoresetMode.DISABLED: batch_stepping.DISABLED,
}
_WORD = 2**64 - 1

Infos = dict[str, Any]


class TabularVectorEnv(gymnasium.vector.VectorEnv[NDArray[np.int64], ArrayLike, NDArray[Any]]):  # type: ignore[misc]
    """Many environments of one MDP.

    They show what Gymnasium's `SyncVectorEnv` of as many `TabularEnv` shows, to the bit and with the same seeds.

    Parameters
    ----------
    mdp : TabularMDP
    num_envs : int
    render_mode : {"ansi", "rgb_array"}, optional
        What `render` returns of each: text, or a picture.
    max_episode_steps : int, optional
        After so many steps an episode is truncated; never, if not given.
    autoreset_mode : gymnasium.vector.AutoresetMode or str
        When an ended episode is followed by the next: "NextStep", "SameStep" or "Disabled".

    Attributes
    ----------
    mdp : TabularMDP
    state : ndarray of int64, shape [num_envs]
        The state that each is in; -1 before the first `reset`.

    Raises
    ------
    ValueError
        No environments, no steps, a mode that does not exist.
    TypeError
        `mdp` is not a TabularMDP; counts that are not integers, modes that are not strings.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> envs = TabularVectorEnv(fsq.from_map("S..G"), num_envs=3)
    >>> envs.reset(seed=0)[0].tolist()
    [0, 0, 0]
    >>> states, rewards, terminations, truncations, infos = envs.step([1, 1, 0])
    >>> states.tolist(), rewards.tolist()
    ([1, 1, 0], [-1.0, -1.0, -1.0])
    """

    def __init__(
        self,
        mdp: TabularMDP,
        num_envs: int = 1,
        render_mode: str | None = None,
        max_episode_steps: int | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
    ) -> None:
        self.mdp = checked_mdp(mdp)
        self.num_envs = checks.count("num_envs", num_envs)
        self.render_mode = checked_render_mode(render_mode)
        self.max_episode_steps = (
            None if max_episode_steps is None else checks.count("max_episode_steps", max_episode_steps)
        )
        if not isinstance(autoreset_mode, AutoresetMode):
            names = [mode.value for mode in AutoresetMode]
            autoreset_mode = AutoresetMode(checks.choice("autoreset_mode", autoreset_mode, names))
        self.autoreset_mode = autoreset_mode
        self.metadata = {"render_modes": list(MODES), "render_fps": 4, "autoreset_mode": autoreset_mode}
        self.single_observation_space = gymnasium.spaces.Discrete(mdp.n_states)
        self.single_action_space = gymnasium.spaces.Discrete(mdp.n_actions)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self._moves, self._running = moves_of(mdp), running(self.num_envs)
        self._seeds: list[int | None] = [None] * self.num_envs
        self._last: tuple[NDArray[np.int64], NDArray[np.float64]] = (
            np.zeros(self.num_envs, np.int64),
            np.zeros(self.num_envs),
        )

    @property
    def state(self) -> NDArray[np.int64]:
        """The state that each environment is in, a copy; -1 before the first `reset`."""
        return self._running.state.copy()

    @property
    def np_random_seed(self) -> tuple[int, ...]:
        """The seed of each environment."""
        self._seed([None] * self.num_envs)
        return tuple(self._seeds)  # type: ignore[arg-type]

    @property
    def np_random(self) -> tuple[np.random.Generator, ...]:
        """The random numbers of each environment from here on, as copies: what is drawn from them is drawn again."""
        self._seed([None] * self.num_envs)
        return tuple(np.random.Generator(_bits(stream)) for stream in self._running.streams)

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.int64], Infos]:
        """Start an episode in every environment, or in some.

        Parameters
        ----------
        seed : int or sequence of int or None, optional
            Of the random numbers from here on: a number s seeds environment i with s + i; a sequence has one for each,
            None where the numbers go on as they were.
        options : dict, optional
            `"state"`: the state to start in, one for all or one for each. `"reset_mask"`, bool [num_envs]: where to
            start; the other environments go on.

        Returns
        -------
        states : ndarray of int64, shape [num_envs]
        infos : dict
            "prob", the probability of each start.

        Raises
        ------
        ValueError
            Another option, not as many seeds or states as environments, states that do not exist or are terminal, a
            mask of another shape or with nothing to do.
        TypeError
            Seeds, states or masks of another type.

        Examples
        --------
        >>> import fastsoftq as fsq
        >>> envs = TabularVectorEnv(fsq.from_map("S..G"), num_envs=3)
        >>> envs.reset(seed=0, options={"state": [0, 1, 2]})[0].tolist()
        [0, 1, 2]
        """
        seeds = self._checked_seeds(seed)
        mask, given = self._checked_options(options)
        # Those that start are seeded; without a seed only once.
        self._seed([number if here else None for number, here in zip(seeds, mask, strict=True)], mask)
        chance = np.empty(self.num_envs)
        restart(self._moves, self._running, mask, given, chance)
        return self.state, {"prob": chance, "_prob": mask.copy()}

    def step(
        self, actions: ArrayLike
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], Infos]:
        """Take an action in every environment.

        Parameters
        ----------
        actions : array_like of int, shape [num_envs]

        Returns
        -------
        states : ndarray of int64, shape [num_envs]
        rewards : ndarray of float64, shape [num_envs]
        terminations, truncations : ndarray of bool, shape [num_envs]
        infos : dict
            "prob", the probability of each outcome, or start; with "SameStep", where episodes have ended, "final_obs"
            and "final_info". As everywhere in Gymnasium, "_prob" and so on say where.

        Raises
        ------
        gymnasium.error.ResetNeeded
            Before the first `reset`; with "Disabled", where an episode has ended.
        ValueError
            Not as many actions as environments; an action that does not exist.
        TypeError
            Not integers.

        Examples
        --------
        >>> import fastsoftq as fsq
        >>> envs = TabularVectorEnv(fsq.from_map("SG"), num_envs=2, autoreset_mode="SameStep")
        >>> _ = envs.reset(seed=0)
        >>> states, _, terminations, _, infos = envs.step([1, 0])
        >>> states.tolist(), terminations.tolist(), infos["final_obs"].tolist()
        ([0, 0], [True, False], [1, None])
        """
        chosen = self._checked_actions(actions)
        waiting = self._running.state < 0
        if self.autoreset_mode is AutoresetMode.DISABLED:
            waiting |= self._running.ended
        if waiting.any():
            raise gymnasium.error.ResetNeeded(f"call reset before step: environment {int(np.argmax(waiting))} needs it")
        shown = seen(self.num_envs)
        step_all(self._moves, self._running, chosen, self.max_episode_steps or 0, _MODES[self.autoreset_mode], shown)
        self._last = chosen, shown.reward.copy()
        infos = {"prob": shown.chance, "_prob": np.ones(self.num_envs, np.bool_)}
        if self.autoreset_mode is AutoresetMode.SAME_STEP:
            ended = shown.terminated | shown.truncated
            if ended.any():
                infos |= _final(ended, shown)
        return self.state, shown.reward, shown.terminated, shown.truncated, infos

    def render(self) -> tuple[str | NDArray[np.uint8], ...] | None:
        r"""Show the state of each environment, as `render_mode` says.

        Returns
        -------
        tuple of str or of ndarray of uint8, or None
            As `TabularEnv.render`, for each environment.

        Raises
        ------
        gymnasium.error.ResetNeeded
            Before the first `reset`.

        Examples
        --------
        >>> import fastsoftq as fsq
        >>> envs = TabularVectorEnv(fsq.from_map("S..G"), num_envs=2, render_mode="ansi")
        >>> _ = envs.reset()
        >>> envs.render()[1]
        '@..G\nstate 0'
        """
        if self.render_mode is None:
            return None
        state, steps = self._running.state, self._running.steps
        if (state < 0).any():
            raise gymnasium.error.ResetNeeded("call reset before render")
        if self.render_mode == "rgb_array":
            return tuple(as_picture(self.mdp, int(s)) for s in state)
        actions, rewards = self._last
        return tuple(
            as_text(self.mdp, int(s), (int(a), float(r)) if n else None)
            for s, n, a, r in zip(state, steps, actions, rewards, strict=True)
        )

    def _checked_seeds(self, seed: Any) -> list[int | None]:
        if seed is None:
            return [None] * self.num_envs
        if isinstance(seed, int | np.integer) and not isinstance(seed, bool):
            first = checks.count("seed", seed, least=0, most=_MOST_SEED)
            return [first + i for i in range(self.num_envs)]
        if not isinstance(seed, Sequence | np.ndarray) or isinstance(seed, str):
            raise TypeError(f"seed is {checks.shown(seed)}; it must be an integer, one for each environment, or None")
        if len(seed) != self.num_envs:
            raise ValueError(f"seed has {len(seed)} numbers; there are {self.num_envs} environments")
        return [
            None if one is None else checks.count(f"seed[{i}]", one, least=0, most=_MOST_SEED)
            for i, one in enumerate(seed)
        ]

    def _checked_options(self, options: Any) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """Where to start, and the states that are given; -1 where none is."""
        n = self.num_envs
        mask, given = np.ones(n, np.bool_), np.full(n, -1)
        if options is not None and not isinstance(options, dict):
            raise TypeError(f"options is {checks.shown(options)}; it must be a dict or None")
        for name, value in (options or {}).items():
            if name == "reset_mask":
                mask = checks.array("options['reset_mask']", value, "b", holds="bools").astype(np.bool_)
                if mask.shape != (n,):
                    raise ValueError(f"options['reset_mask'] has shape {mask.shape}; it must be {(n,)}")
                if not mask.any():
                    raise ValueError("options['reset_mask'] is False everywhere; it must be True somewhere")
            elif name == "state":
                states = checks.array("options['state']", value, "iu", holds="integers")
                if states.shape not in ((), (n,)):
                    raise ValueError(f"options['state'] has shape {states.shape}; it must be () or {(n,)}")
                given[:] = states
                for state in np.unique(given).tolist():
                    checked_start("options['state']", state, self.mdp)
            else:
                raise ValueError(f"options has {name!r}; it must have 'state' or 'reset_mask' alone")
        return mask, given

    def _checked_actions(self, actions: ArrayLike) -> NDArray[np.int64]:
        given = checks.array("actions", actions, "iu", holds="integers")
        if given.shape != (self.num_envs,):
            raise ValueError(
                f"actions has shape {given.shape}; it must be {(self.num_envs,)}, one for each environment"
            )
        least, most = int(given.min()), int(given.max())
        if least < 0 or most >= self.mdp.n_actions:
            wrong = int(np.argmax((given < 0) | (given >= self.mdp.n_actions)))
            raise ValueError(f"actions[{wrong}] is {given[wrong]}; it must lie in 0..{self.mdp.n_actions - 1}")
        return np.array(given, np.int64)  # a copy, which `render` looks at later

    def _seed(self, seeds: Sequence[int | None], mask: NDArray[np.bool_] | None = None) -> None:
        """Seed the environments that have a number here, and those that start and never had one."""
        for i, number in enumerate(seeds):
            if number is None and (self._seeds[i] is not None or (mask is not None and not mask[i])):
                continue
            sequence = np.random.SeedSequence(number)
            self._seeds[i] = int(sequence.entropy)  # type: ignore[arg-type]
            held = np.random.PCG64(sequence).state["state"]
            self._running.streams[i] = [
                word for number in (held["state"], held["inc"]) for word in (number >> 64, number & _WORD)
            ]


_MOST_SEED = 2**64 - 1


def _bits(stream: NDArray[np.uint64]) -> np.random.PCG64:
    high, low, add_high, add_low = map(int, stream)
    bits = np.random.PCG64(0)
    state: Any = bits.state
    state["state"] = {"state": high << 64 | low, "inc": add_high << 64 | add_low}
    bits.state = state
    return bits


def _final(ended: NDArray[np.bool_], shown: Seen) -> Infos:
    """What ended episodes came to, as Gymnasium's own vector environments tell it."""
    last = np.full(len(ended), None, dtype=object)
    last[ended] = shown.last_state[ended].tolist()
    chance = {"prob": shown.last_chance, "_prob": ended.copy()}
    return {"final_obs": last, "_final_obs": ended.copy(), "final_info": chance, "_final_info": ended.copy()}
