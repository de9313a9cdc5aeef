"""Control as inference over a finite horizon: the posterior over trajectories, and the best policy that can be played.

The graphical model of Levine (2018): p(tau, O) = p(s_1) prod_t p(s_t+1 | s_t, a_t) exp(k r_t), where O says that every
step was optimal, k is the reward scale, actions have no prior, and nothing follows termination. The posterior
p(tau | O) also bends the dynamics; the variational policy is the nearest one that leaves them as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastsoftq import checks
from fastsoftq.mdp.tabular import TabularMDP, checked_mdp
from fastsoftq.planning.bellman import action_values, log_sum_exp, matrices, policy_chain, soft_policy, soft_values
from fastsoftq.planning.evaluation import checked_policy, from_start
from fastsoftq.planning.markov_chains.totals import total_rewards
from fastsoftq.planning.trajectories import Trajectories, drawn
from fastsoftq.system.html import NotebookTable
from fastsoftq.system.memory import check_memory

__all__ = [
    "TrajectoryPosterior",
    "VariationalPolicy",
    "elbo",
    "optimal_trajectory_posterior",
    "variational_policy",
]


@dataclass(frozen=True, eq=False)
class TrajectoryPosterior(NotebookTable):
    """p(tau | O): the distribution of trajectories given that every step was optimal.

    Attributes
    ----------
    policy : ndarray of float64, shape [horizon, states, actions]
        p(a_t | s_t, O).
    dynamics : ndarray of float64, shape [horizon, states, actions, outcomes]
        The probability of each outcome given a_t, s_t and O, in the order of the MDP's outcomes.
    start : ndarray of float64, shape [states]
        p(s_1 | O).
    log_message : ndarray of float64, shape [horizon, states]
        ln p(O_t, ..., O_horizon | s_t), the backward messages.
    log_evidence : float
        ln p(O).
    mdp : TabularMDP

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> posterior = optimal_trajectory_posterior(fsq.from_map("S.G"), horizon=10)
    >>> float(posterior.policy[-1, 1, 1].round(3))  # in the last step, to the goal: e / (e + 3)
    0.475
    """

    policy: NDArray[np.float64] = field(repr=False)
    dynamics: NDArray[np.float64] = field(repr=False)
    start: NDArray[np.float64] = field(repr=False)
    log_message: NDArray[np.float64] = field(repr=False)
    log_evidence: float
    mdp: TabularMDP

    def sample(self, size: int, rng: np.random.Generator | int | None = None) -> Trajectories:
        """Draw trajectories from p(tau | O).

        Parameters
        ----------
        size : int
            How many.
        rng : numpy.random.Generator or int, optional
            The source of randomness, or a seed for one.

        Returns
        -------
        Trajectories

        Raises
        ------
        ValueError
            A size below 1.
        TypeError
            A size that is not an integer.

        Examples
        --------
        >>> import fastsoftq as fsq
        >>> posterior = optimal_trajectory_posterior(fsq.from_map("S.G"), horizon=5, reward_scale=50.0)
        >>> posterior.sample(2, rng=0).lengths.tolist()
        [2, 2]
        """
        size = checks.count("size", size)
        return drawn(self.mdp, self.start, self.policy, self.dynamics, size, rng)


@dataclass(frozen=True, eq=False)
class VariationalPolicy(NotebookTable):
    """The policy with the largest evidence lower bound.

    Attributes
    ----------
    policy : ndarray of float64, shape [horizon, states, actions]
    v : ndarray of float64, shape [horizon, states]
        The expected scaled reward and entropy still to come.
    elbo : float
        The same from the start distribution: the evidence lower bound.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> found = variational_policy(fsq.from_map("S.G"), horizon=2)
    >>> found.policy.shape, round(found.elbo, 4)
    ((2, 3, 4), 0.8746)
    """

    policy: NDArray[np.float64] = field(repr=False)
    v: NDArray[np.float64] = field(repr=False)
    elbo: float


def optimal_trajectory_posterior(mdp: TabularMDP, horizon: int, reward_scale: float = 1.0) -> TrajectoryPosterior:
    """Infer the posterior over trajectories by backward messages (Levine 2018, section 2.3).

    Parameters
    ----------
    mdp : TabularMDP
    horizon : int
        How many steps must be optimal; fewer if the episode terminates.
    reward_scale : float
        Every reward is multiplied by it.

    Returns
    -------
    TrajectoryPosterior

    Raises
    ------
    ValueError
        A horizon below 1 or longer than memory allows, a reward scale that is not positive and finite.
    TypeError
        An argument that is not of the type above.

    Notes
    -----
    Trajectories are made of states, actions and whether they ended, so a reward is what the MDP pays on average for
    these: of the outcomes that lead to one next state, those that terminate share it, and so do those that go on. In
    logarithms the messages are
    Q_t(s, a) = ln sum_s' p(s' | s, a) exp(k r(s, a, s') + V_t+1(s')) and V_t(s) = ln sum_a exp Q_t(s, a).

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> posterior = fsq.optimal_trajectory_posterior(fsq.cliff_walking(slippery=True), 200, reward_scale=2.0)
    >>> round(posterior.log_evidence, 3)
    -21.708
    """
    horizon = checks.count("horizon", horizon)
    reward_scale = checks.reward_scale("reward_scale", reward_scale, checked_mdp(mdp).largest_reward)
    _check_horizon(horizon, mdp.next_state.size + mdp.n_states * (mdp.n_actions + 1))
    with np.errstate(divide="ignore"):  # an outcome that cannot happen
        log_weight = np.log(mdp.probability) + reward_scale * _transition_reward(mdp)
        log_start = np.log(mdp.start)
    policy = np.empty((horizon, mdp.n_states, mdp.n_actions))
    dynamics = np.empty((horizon, *mdp.next_state.shape))
    v = np.empty((horizon, mdp.n_states))
    following = np.zeros(mdp.n_states)
    for t in reversed(range(horizon)):
        log_outcome = log_weight + np.where(mdp.terminated, 0.0, following[mdp.next_state])
        dynamics[t] = soft_policy(log_outcome, 1.0)
        q = log_sum_exp(log_outcome)
        policy[t] = soft_policy(q, 1.0)
        v[t] = following = np.where(mdp.terminal, 0.0, log_sum_exp(q))
    log_first = log_start + v[0]
    return TrajectoryPosterior(policy, dynamics, soft_policy(log_first, 1.0), v, float(log_sum_exp(log_first)), mdp)


def variational_policy(mdp: TabularMDP, horizon: int, reward_scale: float = 1.0) -> VariationalPolicy:
    """Find the policy whose trajectories under the true dynamics are nearest to the posterior (Levine 2018, section 3).

    Parameters
    ----------
    mdp : TabularMDP
    horizon : int
        How many steps an episode has at most.
    reward_scale : float
        Every reward is multiplied by it.

    Returns
    -------
    VariationalPolicy
        Its `elbo` is the largest of any policy. It is at most the posterior's `log_evidence`, and equal to it if
        dynamics are deterministic and there is one start state.

    Raises
    ------
    ValueError
        A horizon below 1 or longer than memory allows, a reward scale that is not positive and finite.
    TypeError
        An argument that is not of the type above.

    Notes
    -----
    The recursion is Q_t(s, a) = E[k r + V_t+1(s')] with V_t(s) = ln sum_a exp Q_t(s, a): the posterior's, with the mean
    E[x] in place of ln E[exp(x)].

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> round(fsq.variational_policy(fsq.cliff_walking(slippery=True), 200, reward_scale=2.0).elbo, 3)
    -108.511
    """
    horizon = checks.count("horizon", horizon)
    model = matrices(mdp, checks.reward_scale("reward_scale", reward_scale, checked_mdp(mdp).largest_reward))
    _check_horizon(horizon, mdp.n_states * (mdp.n_actions + 1))
    policy = np.empty((horizon, mdp.n_states, mdp.n_actions))
    v = np.empty((horizon, mdp.n_states))
    following = np.zeros(mdp.n_states)
    for t in reversed(range(horizon)):
        q = action_values(model, following, 1.0)
        policy[t] = soft_policy(q, 1.0)
        v[t] = following = soft_values(model, q, 1.0)
    return VariationalPolicy(policy, v, from_start(mdp, v[0]))


def elbo(mdp: TabularMDP, policy: ArrayLike, horizon: int | None = None, reward_scale: float = 1.0) -> float:
    """The evidence lower bound of a policy: its expected scaled reward plus entropy.

    Parameters
    ----------
    mdp : TabularMDP
    policy : array_like of float, shape [states, actions] or [horizon, states, actions]
        The probability of each action, by state, or by step and state.
    horizon : int, optional
        How many steps an episode has at most. None: no limit, or as many steps as `policy` has.
    reward_scale : float
        Every reward is multiplied by it.

    Returns
    -------
    float
        E[sum_t (k r_t - ln policy(a_t | s_t))] under the true dynamics, from the start distribution. Without a horizon
        infinite or nan where the return of `evaluate_policy` is.

    Raises
    ------
    ValueError
        An invalid policy, a horizon below 1, longer than memory allows or other than the policy's own, a reward
        scale that is not positive and finite.
    TypeError
        An argument that is not of the type above.

    Examples
    --------
    >>> import numpy as np, fastsoftq as fsq
    >>> round(elbo(fsq.from_map("S.G"), np.full((3, 4), 0.25), horizon=1), 6)
    0.386294
    """
    policy, horizon = checked_policy(mdp, policy, horizon)
    model = matrices(mdp, checks.reward_scale("reward_scale", reward_scale, checked_mdp(mdp).largest_reward))
    if horizon is not None:
        _check_horizon(horizon, 2 * mdp.n_states * mdp.n_actions)
    log_policy = np.log(policy, where=policy > 0.0, out=np.zeros(policy.shape))
    if horizon is None:
        chain, ends = policy_chain(model, policy)
        gain = (policy * (model.reward - log_policy)).sum(axis=1)
        v = total_rewards(chain, ends, np.where(model.terminal, 0.0, gain)[:, None])[:, 0]
    else:
        v = np.zeros(mdp.n_states)
        for t in reversed(range(horizon)):
            q = action_values(model, v, 1.0)
            v = np.where(model.terminal, 0.0, (policy[t] * (q - log_policy[t])).sum(axis=1))
    return from_start(mdp, v)


def _check_horizon(horizon: int, numbers: int) -> None:
    """Refuse a horizon at which so many numbers a step do not fit."""
    check_memory(f"horizon is {horizon}; it", 8 * horizon * numbers, "take a shorter one", each=8 * numbers)


def _transition_reward(mdp: TabularMDP) -> NDArray[np.float64]:
    """The mean reward of (s, a, s', terminated), for each outcome."""
    pair = np.arange(mdp.n_states * mdp.n_actions).reshape(mdp.n_states, mdp.n_actions, 1)
    transition = (pair * mdp.n_states + mdp.next_state) * 2 + mdp.terminated
    _, kind = np.unique(transition.ravel(), return_inverse=True)
    probability = np.bincount(kind, mdp.probability.ravel())
    reward = np.bincount(kind, (mdp.probability * mdp.reward).ravel())
    mean = np.divide(reward, probability, where=probability > 0.0, out=np.zeros_like(reward))
    return np.asarray(mean[kind].reshape(mdp.reward.shape))
