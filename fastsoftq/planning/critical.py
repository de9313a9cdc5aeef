"""The critical reward scale: how much a step must cost before entropy no longer pays for walking on for ever."""

from __future__ import annotations

import math

from fastsoftq import checks
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.planning.bellman import matrices
from fastsoftq.planning.mean_rewards.best_means import best_ratio
from fastsoftq.planning.mean_rewards.bounds import mean_sign
from fastsoftq.planning.mean_rewards.mean_losses import losses
from fastsoftq.planning.mean_rewards.parts import endless_parts
from fastsoftq.planning.optimal.choices import Choices

__all__ = ["critical_reward_scale", "is_above_critical", "side_of_critical", "work_of_critical"]

_SWEEPS = 100  # enough to tell the side of the critical scale, unless it is near

# Work, in outcomes that a sweep looks at: of a call to NumPy, of finding end components, of the whole answer.
_CALL, _COMPONENTS, _ANSWER = 3_000, 25, 300


def critical_reward_scale(mdp: TabularMDP) -> float:
    """Return the reward scale above which undiscounted soft values at temperature 1 are finite.

    Below it, some policy that never terminates gains more entropy than it loses reward, so the soft values grow
    without bound; at temperature T the condition is reward_scale / T > `critical_reward_scale(mdp)`.

    Parameters
    ----------
    mdp : TabularMDP
        Only what can be reached from the start counts.

    Returns
    -------
    float
        0.0 if every scale will do: one cannot walk on for ever, or only in one way, at a loss. inf if none will: one
        can walk on for ever without losing any reward on average.

    Raises
    ------
    ArithmeticError
        Rewards so far apart, or ways so rare, that policies cannot be evaluated in double precision.
    TypeError
        `mdp` is not a TabularMDP.

    Warns
    -----
    RuntimeWarning
        The computation did not converge; the scale is unreliable.

    Notes
    -----
    With deterministic dynamics exp(V) obeys a linear equation, z = M(k) z + b with M(k)[s, s'] = sum_a exp(k r(s, a))
    over the moves that do not terminate, and the critical scale k is where the spectral radius of M(k) is 1. With
    stochastic dynamics the soft equation V = ln sum_a exp(k r + E V') is not linear in exp(V). It is a stochastic
    shortest path problem (Bertsekas & Tsitsiklis 1991) with reward k r + entropy, which has a finite solution if
    every policy that never terminates has a negative mean reward k r + entropy a step. Those policies live in the end
    components of the MDP: sets of states and actions, each state reachable from each, that are closed under every
    outcome. So the critical scale is

        k = max over policies in end components of (mean entropy a step) / (mean loss a step),

    which is where ln of the spectral radius is 0 if dynamics are deterministic. Whether a mean reward is below 0 is
    told exactly with deterministic dynamics.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> round(fsq.critical_reward_scale(fsq.cliff_walking()), 7)
    1.3376435
    """
    parts = sorted(endless_parts(mdp, matrices(mdp)), key=lambda component: -component.first.size)
    critical = 0.0
    for component in parts:
        if critical == 0.0 or mean_sign(component, critical * component.reward, entropy=True, sweeps=1) != -1:
            critical = max(critical, _break_even(component))
        if critical == math.inf:
            break
    return critical


def is_above_critical(mdp: TabularMDP, scale: float) -> bool:
    """Tell whether a reward scale is above the critical one, often much sooner than that one is found.

    Parameters
    ----------
    mdp : TabularMDP
    scale : float
        The reward scale over the temperature.

    Returns
    -------
    bool
        Whether `scale > critical_reward_scale(mdp)`.

    Raises
    ------
    ValueError
        A scale that is not positive and finite.
    TypeError
        An argument that is not of the type above.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> mdp = fsq.cliff_walking()
    >>> is_above_critical(mdp, 1.34), is_above_critical(mdp, 1.33)
    (True, False)
    """
    scale = checks.positive("scale", scale)
    unclear = []
    for component in endless_parts(mdp, matrices(mdp)):
        sign = mean_sign(component, scale * component.reward, entropy=True, sweeps=_SWEEPS)
        if sign == 1:
            return False
        if sign is None:
            unclear.append(component)
    return all(scale > _break_even(component) for component in unclear)


def side_of_critical(mdp: TabularMDP, scale: float, work: float) -> bool | None:
    """Tell whether a reward scale is above the critical one, if a limited amount of work tells.

    Parameters
    ----------
    mdp : TabularMDP
    scale : float
        The reward scale over the temperature, above 0.
    work : float
        In outcomes looked at: an MDP of 100 states, 4 actions and one outcome has 400, and a sweep looks at them all.

    Returns
    -------
    bool or None
        As `is_above_critical`; None if the work does not suffice. It depends on the arguments alone, not on the speed
        of the machine.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> mdp = fsq.cliff_walking()
    >>> side_of_critical(mdp, 1.0, 1e6), side_of_critical(mdp, 1.33764, 1e6), side_of_critical(mdp, 1.0, 1e3)
    (False, None, None)
    """
    outcomes = mdp.next_state.size
    sweeps = min(_SWEEPS, int((work - _COMPONENTS * outcomes) // (outcomes + _CALL)))
    if sweeps < 1:
        return None
    above: bool | None = True
    for component in endless_parts(mdp, matrices(mdp)):
        sign = mean_sign(component, scale * component.reward, entropy=True, sweeps=sweeps)
        if sign == 1:
            return False
        above = above if sign == -1 else None
    return above


def work_of_critical(mdp: TabularMDP) -> float:
    """Estimate the work that `critical_reward_scale` takes.

    Parameters
    ----------
    mdp : TabularMDP

    Returns
    -------
    float
        As `side_of_critical` counts it.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> work_of_critical(fsq.from_map("S.G")) < work_of_critical(fsq.cliff_walking())
    True
    """
    return _ANSWER * (mdp.next_state.size + _CALL)


def _break_even(component: Choices) -> float:
    """The scale at which the best mean of scale * reward + entropy in an end component is 0."""
    shaped = losses(component)
    if shaped is None:
        return math.inf
    return 0.0 if shaped.size == component.first.size else best_ratio(component.paying(shaped))
