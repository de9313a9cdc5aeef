"""Playing a Gymnasium environment against its table: whether what happens is what the table says."""

from __future__ import annotations

import contextlib
import copy
import math
from collections import defaultdict, deque
from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import chain, repeat
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from fastsoftq import checks
from fastsoftq.mdp.gymnasium.listed_outcomes import Table, acted_in

__all__ = ["check_by_playing", "standing"]

Happening: TypeAlias = tuple[int, float, bool]  # next state, reward, terminated

_STEPS = 10_000
_LONGEST = 500  # steps of an episode, so that there are many of them
_PLANNED = 100  # steps between two plans of the way to what was tried least
_DIRECTED = 0.8  # the share of actions that go there
_ALARM = 1e-12  # how likely an environment that plays by its table is refused, at most


def check_by_playing(env: Any, table: Table, start: NDArray[np.float64]) -> None:
    """Play an environment and refuse it where its table says otherwise.

    Four actions of five lead, by the table, the shortest way to the states and actions that were tried least; the
    others are random. An outcome that the table does not hold is found when it happens. Frequencies are judged by
    Rosenblatt's transform (1952): the place of an outcome among the table's cumulative probabilities is uniform,
    whatever was played before, so that the Dvoretzky-Kiefer-Wolfowitz bound, with Massart's constant (1990), holds for
    the outcomes of each action and for the starts. Events too rare for ten thousand steps are not found.

    Parameters
    ----------
    env : gymnasium.Env
        Without wrappers; it is reset with a fixed seed and played.
    table : Table
        Its table.
    start : ndarray of float64, shape [states]

    Raises
    ------
    ValueError
        Outcomes that the table does not hold, or other frequencies; or it cannot be played.

    Examples
    --------
    >>> import gymnasium
    >>> from fastsoftq.mdp.gymnasium.listed_outcomes import read_table
    >>> env = gymnasium.make("CliffWalking-v1").unwrapped
    >>> table = read_table(env)
    >>> check_by_playing(env, table, env.initial_state_distrib)
    >>> table[36][1] = [(1.0, 36, -5.0, False)]
    >>> check_by_playing(env, table, env.initial_state_distrib)
    Traceback (most recent call last):
    ValueError: played, action 1 in state 36 led to state 36 with reward -100, which its P does not hold
    """
    rng = np.random.default_rng(1)
    places: dict[str, list[float]] = defaultdict(list)
    starts = {(n, 0.0, False): float(p) for n, p in enumerate(start)}
    for state, action, happened in _played(env, table, start):
        following, reward, terminated = happened
        if action is None:
            places["starts"].append(_place(starts, happened, rng, f"it starts in state {following}"))
            continue
        chances: dict[Happening, float] = defaultdict(float)
        for p, n, r, t in table[state][action]:
            chances[n, float(r), t] += p
        what = f"action {action} in state {state} led to state {following} with reward {reward:.12g}"
        what += " and ended the episode" if terminated else ""
        places[f"outcomes of action {action}"].append(_place(chances, happened, rng, what))
    tolerance = math.log(2.0 * len(places) / _ALARM) / 2.0
    for name, found in places.items():
        n, ordered = len(found), np.sort(found)
        steps = np.arange(n + 1) / n
        distance = max(float((steps[1:] - ordered).max()), float((ordered - steps[:-1]).max()))
        if n * distance**2 > tolerance:
            raise ValueError(f"played, its {name} are not as frequent as its P says")


def standing(
    env: Any, wrappers: Iterable[Any], table: Table, start: NDArray[np.float64]
) -> Generator[None, None, None]:
    """Play an environment and yield in each situation, so that functions of wrappers can be called there.

    The environment itself is played, since functions of wrappers refer to it and not to a copy. Its attributes and
    those of its wrappers are put back at the end, or when the iterator is closed.

    Parameters
    ----------
    env : gymnasium.Env
        Without wrappers. One without a `step` of its own is in one situation only.
    wrappers : iterable of gymnasium.Wrapper
        From the innermost outwards, those that are to be played as well: they change neither rewards nor actions.
    table : Table
        Its table.
    start : ndarray of float64, shape [states]

    Yields
    ------
    None
        Twice before playing, then after each `reset` and `step` of ten thousand steps, as in `check_by_playing`.

    Raises
    ------
    ValueError
        It cannot be played.

    Examples
    --------
    >>> import gymnasium
    >>> from itertools import islice
    >>> from fastsoftq.mdp.gymnasium.listed_outcomes import read_table
    >>> env = gymnasium.make("CliffWalking-v1").unwrapped
    >>> situations = standing(env, [], read_table(env), env.initial_state_distrib)
    >>> visited = {int(env.s) for _ in islice(situations, 2, 1000)}
    >>> situations.close()
    >>> len(visited)  # of 48 cells, all but the ten of the cliff
    38
    """
    from gymnasium import Env

    layers = [env, *wrappers]
    held = [layer.__dict__ for layer in layers]
    memo = {id(layer): layer for layer in layers}
    memo |= {id(layer.env): layer.env for layer in layers[1:]}
    copies = [{name: _copy_of(value, memo) for name, value in of.items()} for of in held]
    try:
        inner = env
        for layer, own in zip(layers, copies, strict=True):
            layer.__dict__ = own if layer is env else {**own, "env": inner}
            inner = layer
        with contextlib.suppress(AttributeError):
            env.render_mode = None
        yield
        yield
        if type(env).step is not Env.step or "step" in vars(env):
            for _ in _played(inner, table, start):
                yield
    finally:
        for layer, own in zip(layers, held, strict=True):
            layer.__dict__ = own


def _played(env: Any, table: Table, start: NDArray[np.float64]) -> Iterator[tuple[int, int | None, Happening]]:
    """State, action and what happened, step by step; no action where an episode starts."""
    rng = np.random.default_rng(0)
    seeds = chain([0], repeat(None))  # later episodes go on with the random numbers of the first
    explorer = _Explorer(table, start)
    state, length = 0, _LONGEST
    for step in range(_STEPS):
        if step % _PLANNED == 0:
            explorer.plan()
        if length >= _LONGEST:
            state, length = _state(_called(_reset, env, next(seeds))), 0
            yield state, None, (state, 0.0, False)
        directed = rng.random() < _DIRECTED
        action = explorer.action(state) if directed else int(rng.integers(len(table[0])))
        explorer.tries[state, action] += 1
        shown, reward, terminated, truncated = _called(_step, env, action)
        following = _state(shown)
        yield state, action, (following, reward, terminated)
        state, length = following, _LONGEST if terminated or truncated else length + 1


class _Explorer:
    """The shortest ways to the quarter of states and actions that were tried least."""

    def __init__(self, table: Table, start: NDArray[np.float64]) -> None:
        self.acting = sorted(acted_in(table, start))
        self.tries = np.zeros((len(table), len(table[0])), np.int64)
        self.ways = np.zeros(len(table), np.int64)
        self.wanted: set[int] = set()
        self.before: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for state in self.acting:
            for action, outcomes in enumerate(table[state]):
                for ahead in {n for p, n, _, t in outcomes if p > 0.0 and not t}:
                    self.before[ahead].append((state, action))

    def plan(self) -> None:
        tries = self.tries[self.acting]
        few = np.asarray((tries <= np.quantile(tries, 0.25)).any(axis=1))
        self.wanted = {state for state, wanted in zip(self.acting, few, strict=True) if wanted}
        found, front = set(self.wanted), deque(sorted(self.wanted))
        while front:
            for state, action in self.before[front.popleft()]:
                if state not in found:
                    found.add(state)
                    front.append(state)
                    self.ways[state] = action

    def action(self, state: int) -> int:
        return int(self.tries[state].argmin() if state in self.wanted else self.ways[state])


def _copy_of(value: Any, memo: dict[int, Any]) -> Any:
    try:
        return copy.deepcopy(value, memo)
    except Exception:  # windows and the like, which are not needed
        return value


def _reset(env: Any, seed: int | None) -> Any:
    shown, _ = env.reset(seed=seed)
    return shown


def _step(env: Any, action: int) -> tuple[Any, float, bool, bool]:
    shown, reward, terminated, truncated, _ = env.step(action)
    return shown, float(reward), bool(terminated), bool(truncated)


def _called(function: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except Exception as error:  # whatever an environment of somebody else's raises
        raise ValueError(f"it cannot be played to check its P: {error!r}") from error


def _state(shown: Any) -> int:
    try:
        return checks.count("state", shown, least=0)
    except (TypeError, ValueError):
        raise ValueError(f"played, it shows {shown!r}, which is no state of its P") from None


def _place(chances: dict[Happening, float], happened: Happening, rng: np.random.Generator, what: str) -> float:
    """The place of an outcome among the cumulative probabilities, at random within its own share."""
    below = 0.0
    for (n, r, t), p in chances.items():
        same = (n, t) == (happened[0], happened[2]) and math.isclose(r, happened[1], rel_tol=1e-6, abs_tol=1e-12)
        if same and p > 0.0:
            return below + p * float(rng.random())
        below += p
    raise ValueError(f"played, {what}, which its P does not hold")
