"""The cliff is the document's, and Gymnasium's."""

import gymnasium
import pytest

import fastsoftq as fsq


@pytest.mark.parametrize("slippery", [False, True])
def test_it_is_gymnasiums_table(slippery):
    """Which pays -1 for the step into the goal. In the cliff and at the goal nobody acts."""
    theirs = gymnasium.make("CliffWalking-v1", is_slippery=slippery).unwrapped
    ours = fsq.cliff_walking(slippery=slippery, goal_reward=-1.0)
    assert (ours.n_states, ours.n_actions) == (48, 4)
    assert theirs.start_state_index == ours.start.argmax() == 36
    for state in range(37):
        for action in range(4):
            expected = [(p, int(n), float(r), bool(t)) for p, n, r, t in theirs.P[state][action]]
            assert ours.outcomes(state, action) == expected


def test_the_documents_rewards():
    mdp = fsq.cliff_walking()
    assert mdp.outcomes(36, 1) == [(1.0, 36, -100.0, False)]
    assert mdp.outcomes(35, 2) == [(1.0, 47, 0.0, True)]
    assert mdp.outcomes(36, 0) == [(1.0, 24, -1.0, False)]
    assert mdp.outcomes(36, 3) == [(1.0, 36, -1.0, False)]
    assert mdp.terminal.nonzero()[0].tolist() == [47]
    assert (mdp.name, mdp.map[3]) == ("cliff_walking", "SCCCCCCCCCCG")


def test_every_size_and_reward_can_be_chosen():
    mdp = fsq.cliff_walking(height=2, width=3, step_reward=-2, cliff_reward=-7, goal_reward=3)
    assert mdp.map == ("...", "SCG")
    assert mdp.outcomes(3, 1) == [(1.0, 3, -7.0, False)]
    assert mdp.outcomes(2, 2) == [(1.0, 5, 3.0, True)]
    assert mdp.outcomes(0, 1) == [(1.0, 1, -2.0, False)]
    assert fsq.cliff_walking(slippery=True).name == "cliff_walking_slippery"


@pytest.mark.parametrize(
    ("size", "message"),
    [({"height": 1}, "height is 1; it must be at least 2"), ({"width": 2}, "width is 2; it must be at least 3")],
)
def test_too_small_a_grid_is_refused(size, message):
    with pytest.raises(ValueError, match=message):
        fsq.cliff_walking(**size)
