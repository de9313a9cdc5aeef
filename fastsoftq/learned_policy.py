"""What a run has learned, to be looked at and played: how likely its agent takes each action, and its best ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastsoftq import checks
from fastsoftq.agents.acting import acts_upon_more, fill_choices, fill_probabilities
from fastsoftq.agents.rules import PRECISIONS, Agent, check_code, follows_rules
from fastsoftq.engine.curves import LearningCurves
from fastsoftq.engine.dispatch import MOST_ACTIONS, call_compiled

__all__ = ["LearnedPolicy", "policy"]


@dataclass(frozen=True, eq=False, repr=False)
class LearnedPolicy:
    """How an agent acts by a table that it has learned; what `policy` gives.

    Called with a state it takes an action, as the agent does, so that it plays any environment of the states it
    learned in: `env.step(learned(state))`. Called with states, such as those of a vector of environments, it takes as
    many actions.

    Attributes
    ----------
    q : ndarray of float64, shape [states, actions]
        The table; learned from rewards times the agent's `reward_scale`.
    agent : NamedTuple
    episode : int
        The schedules' episode, counted from 0.
    seed : int
        Of the run.
    precision : str
        "double" or "mixed", of exponentials.
    rng : numpy.random.Generator
        Where the random numbers come from when it is called; seeded with the run's seed.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> agent = fsq.QLearning(step_size=0.8, discount=0.95, epsilon=0.1)
    >>> curves = fsq.train(fsq.cliff_walking(), agent, seeds=3, episodes=500, keep_q=True)
    >>> learned = fsq.policy(curves, seed=2)
    >>> learned
    <LearnedPolicy of seed 2: 48 states, 4 actions; QLearning after 500 episodes>
    >>> learned.greedy(36), learned.probabilities(36).round(3).tolist()
    (0, [0.925, 0.025, 0.025, 0.025])
    """

    q: NDArray[np.float64]
    agent: Agent
    episode: int
    seed: int
    precision: str
    rng: np.random.Generator

    @property
    def n_states(self) -> int:
        """The number of states."""
        return int(self.q.shape[0])

    @property
    def n_actions(self) -> int:
        """The number of actions."""
        return int(self.q.shape[1])

    def probabilities(self, state: ArrayLike | None = None) -> NDArray[np.float64]:
        """How likely the agent takes each action: its own exploration, ties and soft policy, as it is compiled.

        The share of random draws for which the agent's rule `act` chooses an action, by bisection of both halves of a
        draw: exact to 2**-31, where for each half there are few changes; the kernels themselves round to 2**-24.

        Parameters
        ----------
        state : int or array_like of int, optional
            All states if not given.

        Returns
        -------
        ndarray of float64, shape [actions] or [..., actions]

        Raises
        ------
        ValueError
            A state that does not exist.
        TypeError
            Not an integer.

        Examples
        --------
        >>> import fastsoftq as fsq
        >>> soft = fsq.SoftQLearning(step_size=0.5, discount=0.95, reward_scale=10.0)
        >>> curves = fsq.train(fsq.from_map("S.G"), soft, seeds=1, episodes=50, keep_q=True)
        >>> fsq.policy(curves, seed=0).probabilities().shape
        (3, 4)
        """
        states = np.arange(self.n_states) if state is None else self._checked(state)
        out = np.empty((states.size, self.n_actions))
        self._call(fill_probabilities, np.ascontiguousarray(states.ravel()), out)
        return out.reshape((*states.shape, self.n_actions))

    @overload
    def greedy(self, state: int) -> int: ...
    @overload
    def greedy(self, state: ArrayLike | None = None) -> NDArray[np.int64] | int: ...
    def greedy(self, state: ArrayLike | None = None) -> NDArray[np.int64] | int:
        """The action of the largest value; of equal ones the first.

        Parameters
        ----------
        state : int or array_like of int, optional
            All states if not given.

        Returns
        -------
        int, or ndarray of int64 of the shape of `state`

        Raises
        ------
        ValueError, TypeError
            As `probabilities`.

        Examples
        --------
        >>> import fastsoftq as fsq
        >>> agent = fsq.QLearning(step_size=0.8, discount=0.95)
        >>> curves = fsq.train(fsq.from_map("S.G"), agent, seeds=1, episodes=50, keep_q=True)
        >>> fsq.policy(curves, seed=0).greedy([0, 1]).tolist()
        [1, 1]
        """
        states = np.arange(self.n_states) if state is None else self._checked(state)
        return _of_shape(self.q[states].argmax(axis=-1))

    def sample(self, state: ArrayLike, rng: np.random.Generator | int | None = None) -> NDArray[np.int64] | int:
        """Take an action as the agent does: its own rule is given a random draw.

        Parameters
        ----------
        state : int or array_like of int
        rng : numpy.random.Generator or int, optional
            Where the random numbers come from, or their seed; the policy's own if not given.

        Returns
        -------
        int, or ndarray of int64 of the shape of `state`

        Raises
        ------
        ValueError, TypeError
            As `probabilities`; `rng` is something else.

        Examples
        --------
        >>> import fastsoftq as fsq
        >>> agent = fsq.QLearning(step_size=0.8, discount=0.95, epsilon=0.0)
        >>> curves = fsq.train(fsq.from_map("S.G"), agent, seeds=1, episodes=50, keep_q=True)
        >>> fsq.policy(curves, seed=0).sample([0, 1], rng=3).tolist()
        [1, 1]
        """
        states = self._checked(state)
        source = self.rng if rng is None else checks.generator(rng)
        draws = source.integers(2**32, size=(states.size, 2), dtype=np.uint32)
        out = np.empty(states.size, np.int64)
        self._call(fill_choices, np.ascontiguousarray(states.ravel()), draws, out)
        return _of_shape(out.reshape(states.shape))

    def __call__(self, state: ArrayLike) -> NDArray[np.int64] | int:
        """Take an action as the agent does, with the policy's own random numbers; as `sample`."""
        return self.sample(state)

    def __repr__(self) -> str:
        return (
            f"<LearnedPolicy of seed {self.seed}: {self.n_states} states, {self.n_actions} actions; "
            f"{type(self.agent).__name__} after {self.episode + 1} episodes>"
        )

    def _checked(self, state: Any) -> NDArray[np.int64]:
        if np.ndim(state) == 0:
            return np.array(checks.index("state", state, self.n_states))
        states = checks.array("state", state, "iu", holds="integers")
        inside = (states >= 0) & (states < self.n_states)
        checks.every("state", states, inside, f"with {self.n_states} states it must lie in 0..{self.n_states - 1}")
        return states.astype(np.int64)

    def _call(self, kernel: Any, states: NDArray[np.int64], *rest: Any) -> None:
        check_code(self.agent)
        # A row of few actions is a tuple, as in the loops that train.
        row: Any = (0.0,) * self.n_actions if self.n_actions <= MOST_ACTIONS else np.zeros(self.n_actions)
        like: Any = PRECISIONS[self.precision]
        call_compiled(kernel, self.agent, self.episode, self.q, states, row, like, *rest)


def policy(curves: Any, seed: int, episodes: int | None = None) -> LearnedPolicy:
    """The policy that a run has learned.

    Parameters
    ----------
    curves : LearningCurves
        Of `train`, with `keep_q=True` or `checkpoints`.
    seed : int
        Which run: one of `curves.seeds`.
    episodes : int, optional
        After how many episodes: one of `curves.checkpoints`, or all of them, as if not given. Schedules are at the
        last of these episodes.

    Returns
    -------
    LearnedPolicy
        It acts upon the table that was kept, which of an agent of two tables is their mean.

    Raises
    ------
    ValueError
        No run has this seed, no table was kept, or none after so many episodes; the agent's code was edited.
    TypeError
        `curves` is something else, or of a deep agent; the agent's class is not imported, or it acts upon more than
        its table, such as counts, which are not kept; `seed` or `episodes` is not an integer.

    Examples
    --------
    Learned here, and played in Gymnasium:

    >>> import gymnasium
    >>> import fastsoftq as fsq
    >>> soft = fsq.SoftQLearning(step_size=0.8, discount=0.95, reward_scale=10.0)
    >>> curves = fsq.train(fsq.cliff_walking(), soft, seeds=10, episodes=500, keep_q=True)
    >>> learned = fsq.policy(curves, seed=4)
    >>> env = gymnasium.make("fastsoftq/CliffWalking-v0")
    >>> (state, _), total, terminated = env.reset(seed=0), 0.0, False
    >>> while not terminated:
    ...     state, reward, terminated, _, _ = env.step(learned.greedy(state))
    ...     total += reward
    >>> total
    -12.0
    """
    if not isinstance(curves, LearningCurves):
        if hasattr(curves, "parameters"):
            raise TypeError(
                f"curves is {checks.shown(curves)}, of a network, which has no table; "
                "action_values(environment, curves, observations) gives the values by which it acts"
            )
        raise TypeError(f"curves is {checks.shown(curves)}; it must be LearningCurves, as train yields them")
    number = checks.whole("seed", seed)
    runs = np.flatnonzero(curves.seeds == number) if number >= 0 else np.array([], np.int64)
    if not len(runs):
        raise ValueError(f"seed is {checks.shown(number)}; curves has {_listed(curves.seeds)}")
    after = curves.n_episodes if episodes is None else checks.count("episodes", episodes)
    table = _table(curves, int(runs[0]), after)
    if not follows_rules(type(curves.agent)):
        raise TypeError(f"curves.agent is {checks.shown(curves.agent)}; import its class, then read the curves again")
    if acts_upon_more(curves.agent):
        raise TypeError(
            f"curves.agent is {curves.agent!r}, which acts upon more than the table that is kept; policy("
            "dataclasses.replace(curves, agent=curves.agent.agent), seed) is that of the agent within it"
        )
    return LearnedPolicy(
        q=np.array(table, np.float64, order="C"),
        agent=curves.agent,
        episode=after - 1,
        seed=number,
        precision=curves.precision,
        rng=np.random.default_rng(number),
    )


def _table(curves: LearningCurves, run: int, after: int) -> NDArray[np.float64]:
    if after == curves.n_episodes and curves.final_q is not None:
        return np.asarray(curves.final_q[run])
    if curves.checkpoint_q is not None and after in curves.checkpoints:
        return np.asarray(curves.checkpoint_q[run, curves.checkpoints.index(after)])
    if after == curves.n_episodes:
        held = f", or give episodes, one of {curves.checkpoints}" if curves.checkpoints else ""
        raise ValueError(f"curves has no final tables; train with keep_q=True{held}")
    kept = sorted({*curves.checkpoints, *(() if curves.final_q is None else (curves.n_episodes,))})
    raise ValueError(
        f"episodes is {after}; tables were kept after {', '.join(map(str, kept)) or 'none'}: train with "
        f"checkpoints=[{after}]"
    )


def _listed(seeds: NDArray[np.uint64]) -> str:
    shown = ", ".join(map(str, seeds[:5].tolist()))
    return f"seeds {shown}" + (f", ..., {seeds[-1]}" if len(seeds) > 5 else "")


def _of_shape(values: NDArray[np.int64]) -> NDArray[np.int64] | int:
    return int(values) if values.ndim == 0 else values
