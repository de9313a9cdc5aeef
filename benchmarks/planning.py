"""The exact answers: value iteration, policy evaluation, inference."""

import functools
import time

import numpy as np

import fastsoftq as fsq
from benchmarks.engines import ENVIRONMENTS
from benchmarks.measuring import millions_per_second
from fastsoftq.planning.critical import is_above_critical

HORIZON = 200
WORLDS = ("slippery cliff walking", "room")


class Planning:
    params = (list(WORLDS),)
    param_names = ("environment",)
    timer = time.process_time
    repeat = (5, 40, 2.0)  # least, most, seconds

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


@functools.cache  # asv sets up anew before every sample
def random_world(outcomes, states):
    """Every action leads to some random states (one: deterministic), which no small set of others separates."""
    rng = np.random.default_rng(0)
    shape = (states, 4, outcomes)
    chance = rng.dirichlet(np.ones(outcomes), size=shape[:2])
    reward = -rng.random(shape[:2])[:, :, None]
    return fsq.TabularMDP(rng.integers(states, size=shape), reward, np.zeros(shape, bool), chance)


class RandomWorlds:
    """Whole answers for random worlds, in thousands of states a second too."""

    params = ([1, 4], [10_000])
    param_names = ("outcomes", "states")
    timer = time.process_time
    repeat = (5, 40, 2.0)  # least, most, seconds
    unit = "thousand states/s"

    def setup(self, outcomes, states):
        self.mdp = random_world(outcomes, states)

    def solve(self):
        fsq.soft_value_iteration(self.mdp, 0.95)

    def time_soft_value_iteration(self, outcomes, states):
        self.solve()

    def track_soft_value_iteration(self, outcomes, states):
        return 1e3 * millions_per_second(self.solve, states)

    def time_critical_reward_scale(self, outcomes, states):
        fsq.critical_reward_scale(self.mdp)

    def time_is_above_critical(self, outcomes, states):
        is_above_critical(self.mdp, 10.0)
