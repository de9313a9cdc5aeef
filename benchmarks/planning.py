"""The exact answers: value iteration, policy evaluation, inference."""

import numpy as np

import fastsoftq as fsq
from benchmarks.engines import ENVIRONMENTS
from fastsoftq.planning.critical import is_above_critical

HORIZON = 200


class Planning:
    params = (list(ENVIRONMENTS),)
    param_names = ("environment",)

    def setup(self, environment):
        self.mdp = ENVIRONMENTS[environment]()
        self.policy = np.full((self.mdp.n_states, self.mdp.n_actions), 1.0 / self.mdp.n_actions)
        fsq.evaluate_policy(fsq.from_map("SG"), [[0.25] * 4] * 2)  # SciPy is imported on first use

    def time_value_iteration(self, environment):
        fsq.value_iteration(self.mdp, 0.95)

    def time_soft_value_iteration(self, environment):
        fsq.soft_value_iteration(self.mdp, 0.95, reward_scale=10.0)

    def time_policy_iteration(self, environment):
        fsq.policy_iteration(self.mdp, 0.95)

    def time_evaluate_policy(self, environment):
        fsq.evaluate_policy(self.mdp, self.policy, 0.95)

    def time_optimal_trajectory_posterior(self, environment):
        fsq.optimal_trajectory_posterior(self.mdp, HORIZON)

    def time_variational_policy(self, environment):
        fsq.variational_policy(self.mdp, HORIZON)

    def time_elbo(self, environment):
        fsq.elbo(self.mdp, self.policy, HORIZON)

    def time_critical_reward_scale(self, environment):
        fsq.critical_reward_scale(self.mdp)


class RandomWorlds:
    """Every action leads to some random states (one: deterministic), which no small set of others separates."""

    params = ([1, 4], [1_000, 10_000, 100_000])
    param_names = ("outcomes", "states")

    def setup(self, outcomes, states):
        rng = np.random.default_rng(0)
        shape = (states, 4, outcomes)
        chance = rng.dirichlet(np.ones(outcomes), size=shape[:2])
        reward = -rng.random(shape[:2])[:, :, None]
        self.mdp = fsq.TabularMDP(rng.integers(states, size=shape), reward, np.zeros(shape, bool), chance)

    def time_critical_reward_scale(self, outcomes, states):
        fsq.critical_reward_scale(self.mdp)

    def time_is_above_critical(self, outcomes, states):
        is_above_critical(self.mdp, 10.0)
