"""Where the transitions come from that a network learns from: a buffer of old ones, or environments side by side."""

from __future__ import annotations

from typing import Any, NamedTuple

from fastsoftq import checks

__all__ = ["PrioritizedReplay", "Replay", "Rollouts", "checked_replay"]


class Replay(NamedTuple):
    """A buffer of the latest transitions, each as likely as the others (Lin 1992; Mnih et al. 2015).

    Parameters
    ----------
    capacity : int
        Transitions that it holds.
    batch : int
        Transitions of an update, drawn with replacement.
    start : int
        The step before which nothing is learned: a run of no more steps learns nothing.
    every : int
        Steps between two updates.

    Examples
    --------
    >>> Replay(capacity=50_000, batch=32, start=1000, every=4).batch
    32
    """

    capacity: int = 10_000
    batch: int = 128
    start: int = 10_000
    every: int = 10


class PrioritizedReplay(NamedTuple):
    """A buffer sampled in proportion to |error|**alpha, with weights that make up for it (Schaul et al. 2016).

    Parameters
    ----------
    capacity, batch, start, every : int
        As for `Replay`.
    alpha : float
        How much the size of an error counts, in [0, 1].
    beta : float
        How far the weights make up for it at the start, in [0, 1].
    beta_steps : int
        Steps until they make up for it wholly.

    Examples
    --------
    >>> PrioritizedReplay(alpha=0.7).beta
    0.4
    """

    capacity: int = 10_000
    batch: int = 128
    start: int = 10_000
    every: int = 10
    alpha: float = 0.6
    beta: float = 0.4
    beta_steps: int = 100_000


class Rollouts(NamedTuple):
    """No buffer: environments side by side, and lambda-returns (PQN, Gallici et al. 2024).

    Layer norm (`MLP(layer_norm=True)`) takes the place of a target network.

    Parameters
    ----------
    environments : int
        How many are acted in at a time; `train`'s `steps` must be a multiple.
    length : int
        Steps in each before they are learned from. Steps at the end of a run that make no whole rollout are not.
    epochs : int
        How often they are learned from.
    minibatches : int
        Updates of an epoch; they must divide `environments * length`.
    trace_decay : float
        lambda, in [0, 1]: 0 bootstraps on the next state, 1 on the end of the rollout.

    Examples
    --------
    >>> Rollouts(environments=8, length=16, minibatches=4).epochs
    2
    """

    environments: int = 32
    length: int = 32
    epochs: int = 2
    minibatches: int = 16
    trace_decay: float = 0.65


def checked_replay(replay: Any) -> Replay | PrioritizedReplay | Rollouts:
    """Check where transitions come from.

    Raises
    ------
    TypeError
        None of the three, or a part that is no number.
    ValueError
        A part out of bounds.

    Examples
    --------
    >>> checked_replay(Replay(capacity=0))
    Traceback (most recent call last):
    ValueError: Replay.capacity is 0; it must be at least 1
    """
    if not isinstance(replay, Replay | PrioritizedReplay | Rollouts):
        raise TypeError(f"Deep.replay is {checks.shown(replay)}; it must be a Replay, PrioritizedReplay or Rollouts")
    kind = type(replay).__name__
    plain: dict[str, Any] = {}
    for name, value in replay._asdict().items():
        if name in ("alpha", "beta", "trace_decay"):
            plain[name] = checks.in_unit_interval(f"{kind}.{name}", value)
        else:
            plain[name] = checks.count(f"{kind}.{name}", value, least=0 if name == "start" else 1)
    if isinstance(replay, Rollouts) and (plain["environments"] * plain["length"]) % plain["minibatches"]:
        raise ValueError(
            f"Rollouts.minibatches is {plain['minibatches']}; it must divide environments * length, "
            f"{plain['environments'] * plain['length']}"
        )
    return replay._replace(**plain)
