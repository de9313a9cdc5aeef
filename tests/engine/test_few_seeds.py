"""More threads than runs, and no runs at all."""

import numpy as np
import pytest

import fastsoftq as fsq

MDP, AGENT = fsq.cliff_walking(height=3, width=4), fsq.QLearning(step_size=0.5, discount=0.9)


def test_more_threads_than_runs_start_no_idle_ones():
    few = fsq.train(MDP, AGENT, seeds=2, episodes=3, max_steps=50, threads=1024)
    np.testing.assert_array_equal(few.returns, fsq.train(MDP, AGENT, 2, 3, 50, threads=1).returns)


def test_an_empty_list_of_seeds_is_refused_as_such():
    with pytest.raises(ValueError, match="at least one seed"):
        fsq.train(MDP, AGENT, seeds=[], episodes=3)
