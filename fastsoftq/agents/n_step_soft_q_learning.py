"""n-step soft Q-learning (Schulman, Chen & Abbeel 2017): n rewards and entropies, then the soft value."""

from __future__ import annotations

from typing import NamedTuple

from fastsoftq.agents.memory_rules import pass_back, steps
from fastsoftq.agents.rules import complete_summary, rule, summarise
from fastsoftq.agents.schedules import Schedule
from fastsoftq.agents.soft_policy import soft_policy
from fastsoftq.kernels.jit import inlined
from fastsoftq.kernels.numerics import LN_2, log2
from fastsoftq.kernels.over_actions import each_pair, total
from fastsoftq.kernels.simd import convert, fma

__all__ = ["NStepSoftQLearning"]


@soft_policy
class NStepSoftQLearning(NamedTuple):
    """Soft Q-learning from returns of n steps, acting with probability exp((Q - V) / T), V = T log sum exp(Q / T).

    The target is r_1 + sum_k discount^k (T H_k + r_{k+1}), k = 1 to n - 1, and discount^n V_n: the soft values of
    Haarnoja et al. 2017 in the n-step returns of Schulman, Chen & Abbeel 2017, "Equivalence between policy gradients
    and soft Q-learning". H_k is the entropy of the soft policy in the state after k steps. With n = 1 it is
    `SoftQLearning`. Returns are those of the actions taken: with epsilon above 0 and n above 1, of the exploring
    policy.

    Parameters
    ----------
    step_size : float or schedule
        In (0, 1].
    discount : float
        In [0, 1].
    n : int
        How many steps a return takes before it bootstraps, at least 1.
    temperature : float or schedule
        T, positive, in units of the scaled reward.
    reward_scale : float
        The factor of rewards in training, positive; curves report unscaled rewards.
    epsilon : float or schedule
        The probability of a random action instead of the soft policy's, in [0, 1].

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> agent = fsq.NStepSoftQLearning(step_size=0.1, discount=0.95, n=4, reward_scale=10.0)
    >>> fsq.train(fsq.cliff_walking(), agent, seeds=4, episodes=50).returns.shape
    (4, 50)
    """

    step_size: Schedule
    discount: float
    n: int = 4
    temperature: Schedule = 1.0
    reward_scale: float = 1.0
    epsilon: Schedule = 0.0


@rule(steps, NStepSoftQLearning)
def _(agent):
    return agent.n


@inlined
def _below(q, weight, action, top):
    return (top - q) * convert(weight, q)


@rule(pass_back, NStepSoftQLearning)
def _(agent, row, kept, action, value, like):
    """The return and the entropy, T H = V - sum_a pi(a) Q(a)."""
    of = complete_summary(agent, summarise(agent, row, like))
    below = total(each_pair(_below, row, of.weights, (of.top,))) / convert(of.total, value)
    return value + fma(agent.temperature * LN_2, convert(log2(of.total), value), below)
