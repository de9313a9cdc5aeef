"""What is learned while exploring everything is what planning says, hard and soft."""

import numpy as np
import pytest

import fastsoftq as fsq

CLIFF = fsq.cliff_walking(height=3, width=4)
VISITED = [state for state in range(12) if state not in (9, 10, 11)]  # neither the cliff nor the goal


@pytest.mark.parametrize(
    ("agent", "solution"),
    [
        (fsq.QLearning(step_size=0.8, discount=0.95, epsilon=1.0), fsq.value_iteration(CLIFF, 0.95)),
        (
            fsq.SoftQLearning(step_size=0.8, discount=0.95, temperature=1.0, reward_scale=2.0, epsilon=1.0),
            fsq.soft_value_iteration(CLIFF, 0.95, reward_scale=2.0),
        ),
    ],
    ids=["hard", "soft"],
)
def test_learned_tables_converge_to_the_exact_ones(agent, solution):
    learned = fsq.train(CLIFF, agent, seeds=32, episodes=600, keep_q=True, threads=2).final_q
    exact = np.broadcast_to(solution.q[VISITED], learned[:, VISITED].shape)
    np.testing.assert_allclose(learned[:, VISITED], exact, rtol=0, atol=1e-6)
