"""Training is what the textbook's loops do: the same actions, returns, lengths; the same tables, but for rounding."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastsoftq as fsq
from tests.engine.kinds import KINDS
from tests.engine.running import train
from tests.engine.worlds import worlds
from tests.reference import training as slow

TWINS = {
    fsq.QLearning: slow.q_learning,
    fsq.SoftQLearning: slow.soft_q_learning,
    fsq.Sarsa: slow.sarsa,
    fsq.ExpectedSarsa: slow.expected_sarsa,
    fsq.Frozen: slow.frozen,
}


def assert_twins(curves, mdp, agent, seeds, episodes, max_steps, initial_q=None):
    for run, seed in enumerate(seeds):
        twin = TWINS[type(agent)](mdp, agent, int(seed), episodes, max_steps, initial_q)
        assert curves.lengths[run].tolist() == twin.lengths
        assert curves.truncated[run].tolist() == twin.truncated
        assert curves.returns[run].tolist() == twin.returns  # rewards differ, so these tell the actions
        np.testing.assert_allclose(curves.final_q[run], twin.q, rtol=1e-9, atol=1e-9 * np.abs(twin.q).max())
        for table, n in enumerate(curves.checkpoints):
            slow_q = np.array(twin.tables[n - 1])
            np.testing.assert_allclose(
                curves.checkpoint_q[run, table], slow_q, rtol=1e-9, atol=1e-9 * np.abs(slow_q).max()
            )


def rounds_as_its_twin(agent):
    """Whether no exponential or mean comes in, so that both tables have the same bits, and the same ties."""
    exact_steps = not isinstance(getattr(agent, "step_size", None), fsq.PowerDecay)
    return isinstance(agent, fsq.QLearning | fsq.Sarsa) and exact_steps


@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if kind.precision == "double"])
@given(data=st.data())
@settings(max_examples=15)
def test_training_is_the_textbooks(kind, data):
    agents, lanes, actions, outcomes, several_starts, _ = KINDS[kind]
    agent = data.draw(agents)
    mdp = data.draw(worlds(actions, outcomes, several_starts, ties=None if rounds_as_its_twin(agent) else False))
    task = {"episodes": data.draw(st.integers(1, 8)), "max_steps": data.draw(st.integers(1, 30))}
    initial_q = None
    if isinstance(agent, fsq.Frozen) or data.draw(st.booleans()):
        initial_q = np.random.default_rng(actions).integers(-2, 3, (mdp.n_states, mdp.n_actions)) / 2
    seeds = data.draw(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=2, unique=True))
    seeds = np.array(seeds, np.uint64)
    task_and_tables = {**task, "initial_q": initial_q, "checkpoints": range(1, task["episodes"] + 1, 2)}
    curves = train(data.draw(st.sampled_from([0, lanes])), mdp, agent, seeds=seeds, **task_and_tables)
    assert_twins(curves, mdp, agent, seeds, **task, initial_q=initial_q)
    if rounds_as_its_twin(agent):
        twin = TWINS[type(agent)](mdp, agent, int(seeds[0]), **task, initial_q=initial_q)
        assert curves.final_q[0].tolist() == twin.q


@pytest.mark.parametrize(
    "agent",
    [
        fsq.QLearning(0.8, 0.95, fsq.LinearDecay(0.9, 0.1, 0.02)),
        fsq.SoftQLearning(0.8, 0.95, 1.0, 10.0, fsq.LinearDecay(0.9, 0.1, 0.02)),
        fsq.SoftQLearning(0.8, 0.95, 1.0, 10.0),
        fsq.Sarsa(0.8, 0.95),
    ],
    ids=["hard", "soft, exploring", "soft", "sarsa"],
)
def test_the_documents_experiment_is_the_textbooks(agent):
    mdp = fsq.cliff_walking()
    curves = fsq.train(mdp, agent, [5, 3], 60, 300, keep_q=True)
    assert_twins(curves, mdp, agent, [5, 3], 60, 300)
