"""stream: the blocks, put together, are what train returns."""

import numpy as np
import pytest

import fastsoftq as fsq

MDP = fsq.cliff_walking(height=3, width=4)
AGENT = fsq.SoftQLearning(step_size=0.5, discount=0.9, reward_scale=4.0)


@pytest.mark.parametrize("block", [1, 7, 20, 64])
def test_blocks_put_together_are_the_whole(block):
    seeds = np.arange(20)[::-1]
    whole = fsq.train(MDP, AGENT, seeds, 15, 50, keep_q=True)
    blocks = list(fsq.stream(MDP, AGENT, seeds, 15, 50, block=block, keep_q=True))
    assert [b.n_seeds for b in blocks[:-1]] == [block] * (len(blocks) - 1)
    for field in ("returns", "lengths", "truncated", "seeds", "final_q"):
        np.testing.assert_array_equal(np.concatenate([getattr(b, field) for b in blocks]), getattr(whole, field))


def test_each_run_keeps_its_own_first_table():
    first = np.random.default_rng(0).normal(size=(20, MDP.n_states, MDP.n_actions))
    whole = fsq.train(MDP, AGENT, 20, 5, 50, initial_q=first, keep_q=True)
    blocks = fsq.stream(MDP, AGENT, 20, 5, 50, initial_q=first, keep_q=True, block=6)
    np.testing.assert_array_equal(np.concatenate([b.final_q for b in blocks]), whole.final_q)


def test_bad_arguments_are_refused_at_once():
    with pytest.raises(ValueError, match="block is 0"):
        fsq.stream(MDP, AGENT, 20, 5, block=0)
    with pytest.raises(ValueError, match="episodes is 0"):
        fsq.stream(MDP, AGENT, 20, 0)
    with pytest.raises(ValueError, match="block is 1099511627776; it must be at most 2147483647"):
        fsq.stream(MDP, AGENT, 20, 5, block=2**40)
    with pytest.raises(ValueError, match=r"block is 2147483647, which .* needs .* take a smaller block"):
        fsq.stream(MDP, AGENT, 2**40, 1000, block=2**31 - 1)


@pytest.mark.parametrize("seeds", [2**62, range(2**62)])
def test_more_seeds_than_memory_could_hold_can_be_streamed(seeds):
    blocks = fsq.stream(MDP, AGENT, seeds, 2, 5, block=3)
    assert [next(blocks).seeds.tolist() for _ in range(2)] == [[0, 1, 2], [3, 4, 5]]
