"""Checkpoints: tables that are kept on the way, of runs that know nothing of it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastsoftq as fsq
from fastsoftq.engine.curves import curves_bytes
from fastsoftq.tabular_training import Training
from tests.agents.homemade import Clipped
from tests.engine.kinds import KINDS
from tests.engine.running import bits, train
from tests.engine.worlds import worlds

CLIFF = fsq.cliff_walking()
HARD = fsq.QLearning(0.5, 0.9)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=4)
def test_a_checkpoint_is_where_a_shorter_training_ends(kind, data):
    agents, lanes, actions, outcomes, several_starts, precision = KINDS[kind]
    mdp, agent = data.draw(worlds(actions, outcomes, several_starts)), data.draw(agents)
    seeds, episodes = data.draw(st.integers(1, 80)), data.draw(st.integers(1, 9))
    initial_q = None
    if data.draw(st.booleans()):
        initial_q = np.random.default_rng(seeds).normal(size=(seeds, mdp.n_states, mdp.n_actions))
    task = {
        "mdp": mdp, "agent": agent, "seeds": seeds, "max_steps": data.draw(st.integers(1, 30)), "initial_q": initial_q,
        "precision": precision, "threads": data.draw(st.integers(1, 3)),
    }  # fmt: skip
    checkpoints = sorted(data.draw(st.sets(st.integers(1, episodes), min_size=1)))
    plain = train(lanes, episodes=episodes, **task)
    for engine in (0, lanes):
        kept = train(engine, episodes=episodes, checkpoints=checkpoints, **task)
        assert bits(kept) == bits(plain)
        assert kept.checkpoints == tuple(checkpoints)
        assert kept.checkpoint_q.shape == (seeds, len(checkpoints), mdp.n_states, mdp.n_actions)
        for table, n in enumerate(checkpoints):
            shorter = train(engine, episodes=n, **task)
            assert kept.checkpoint_q[:, table].tobytes() == shorter.final_q.tobytes()


@pytest.mark.parametrize("lanes", [0, 64])
def test_an_agent_of_ones_own_has_checkpoints_too(lanes):
    agent, task = Clipped(0.5, -20.0, 0.2), {"seeds": 70, "max_steps": 60}
    kept = train(lanes, CLIFF, agent, episodes=15, checkpoints=[2, 9], **task)
    for table, n in enumerate((2, 9)):
        shorter = train(lanes, CLIFF, agent, episodes=n, **task)
        assert kept.checkpoint_q[:, table].tobytes() == shorter.final_q.tobytes()


@pytest.mark.parametrize("keep_q", [False, True])
@pytest.mark.parametrize("checkpoints", [(), (3,), (5,), (1, 5)])
def test_checkpoints_and_the_last_table_are_asked_for_apart(keep_q, checkpoints):
    curves = fsq.train(CLIFF, HARD, 20, 5, 50, keep_q=keep_q, checkpoints=checkpoints)
    assert (curves.final_q is None) == (not keep_q)
    assert (curves.checkpoint_q is None) == (not checkpoints)
    assert curves.checkpoints == checkpoints
    if keep_q and 5 in checkpoints:
        np.testing.assert_array_equal(curves.checkpoint_q[:, -1], curves.final_q)


def test_in_blocks_they_are_those_of_the_whole():
    task = {"seeds": 20, "episodes": 6, "max_steps": 40, "checkpoints": [1, 4], "keep_q": True}
    whole, blocks = fsq.train(CLIFF, HARD, **task), list(fsq.stream(CLIFF, HARD, **task, block=7))
    np.testing.assert_array_equal(np.concatenate([b.checkpoint_q for b in blocks]), whole.checkpoint_q)
    assert {b.checkpoints for b in blocks} == {(1, 4)}


@pytest.mark.parametrize("given_as", [[1, 4], (1, 4), range(1, 5, 3), np.array([1, 4], np.uint8), np.array([1, 4])])
def test_they_come_as_any_sequence(given_as):
    checkpoints = fsq.train(CLIFF, HARD, 1, 4, 10, checkpoints=given_as).checkpoints
    assert checkpoints == (1, 4)
    assert {type(n) for n in checkpoints} == {int}


@pytest.mark.parametrize(
    ("checkpoints", "kind", "message"),
    [
        ([0], ValueError, r"checkpoints\[0\] is 0; it must be at least 1"),
        ([1, 6], ValueError, r"checkpoints\[1\] is 6; it must be at most 5"),
        ([2, -1], ValueError, r"checkpoints\[1\] is -1; it must be at least 1"),
        ([3, 2], ValueError, "checkpoints has 2 after 3; they must ascend, none twice"),
        ([1, 2, 2], ValueError, "checkpoints has 2 after 2; they must ascend, none twice"),
        ([2**70], ValueError, r"checkpoints\[0\] is 1180591620717411303424; it must be at most 5"),
        ([1.0, 2.0], TypeError, r"checkpoints\[0\] is 1.0; it must be an integer"),
        ([True], TypeError, r"checkpoints\[0\] is True; it must be an integer"),
        (3, TypeError, "checkpoints is 3; it must be a sequence of integers"),
        (None, TypeError, "checkpoints is None; it must be a sequence of integers"),
        ("12", TypeError, "checkpoints is '12'; it must be a sequence of integers"),
        (["1"], TypeError, r"checkpoints\[0\] is '1'; it must be an integer"),
        ([[1, 2]], TypeError, r"checkpoints is \[\[1, 2\]\]; it must be a sequence of integers"),
        ([[1], [1, 2]], ValueError, "checkpoints is no array"),
        (np.ma.masked_array([1, 2], [True, False]), ValueError, "checkpoints"),
    ],
)
@pytest.mark.parametrize("train_or_stream", [fsq.train, fsq.stream])
def test_bad_ones_are_refused_before_any_work(checkpoints, kind, message, train_or_stream):
    with pytest.raises(kind, match=message):
        train_or_stream(CLIFF, HARD, 2, 5, checkpoints=checkpoints)


def test_their_memory_is_reckoned_with():
    kept = fsq.train(CLIFF, HARD, 3, 5, 10, keep_q=True, checkpoints=[2, 4])
    arrays = (kept.returns, kept.lengths, kept.truncated, kept.seeds, kept.final_q, kept.checkpoint_q)
    assert curves_bytes(3, 5, 3 * 48 * 4) == sum(array.nbytes for array in arrays)
    with pytest.raises(ValueError, match="seeds is 1000000, which with 4000 episodes each and tables needs"):
        fsq.train(CLIFF, HARD, 1_000_000, 4000, checkpoints=range(1, 4001))


def test_they_become_a_dataset():
    pytest.importorskip("xarray")
    curves = fsq.train(CLIFF, HARD, [7, 3], 6, 10, checkpoints=[2, 4])
    dataset = curves.to_xarray()
    assert dict(dataset.sizes) == {"seed": 2, "episode": 6, "checkpoint": 2, "state": 48, "action": 4}
    assert dataset.checkpoint.values.tolist() == [2, 4]
    np.testing.assert_array_equal(dataset.checkpoint_q.sel(seed=3, checkpoint=4), curves.checkpoint_q[1, 1])


# ---- the engine, by name ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seeds", [1, 40])
def test_every_engine_gives_the_same_bits(seeds):
    runs = [
        Training.checked(CLIFF, HARD, seeds, 5, 50, keep_q=True, engine=engine).curves()
        for engine in (None, "one_run", "lanes", "lanes_16", "lanes_32", "lanes_64")
    ]
    assert len({b"".join(bits(curves)) for curves in runs}) == 1


def test_an_engine_is_named_or_chosen():
    with pytest.raises(ValueError, match="engine is 'lane'; did you mean 'lanes'"):
        Training.checked(CLIFF, HARD, 1, 1, engine="lane")
    with pytest.raises(TypeError, match="engine is 64; it must be one of 'one_run', 'lanes'"):
        Training.checked(CLIFF, HARD, 1, 1, engine=64)
    wide = fsq.TabularMDP(np.zeros((1, 17), int), -1.0, np.zeros((1, 17), bool))
    with pytest.raises(ValueError, match=r"engine is 'lanes_32'; .* is too large for lanes .* 'one_run' or None"):
        Training.checked(wide, HARD, 1, 1, engine="lanes_32")
    assert Training.checked(wide, HARD, 1, 1, 3, engine="one_run").curves().lengths.tolist() == [[3]]
