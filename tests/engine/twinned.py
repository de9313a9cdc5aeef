"""Whether an agent's training is that of its slow twin, in worlds of every kind."""

from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from tests.engine.running import train
from tests.engine.worlds import worlds


class Twinned(NamedTuple):
    """An agent's hyperparameters, its twin, and the worlds in which they are compared."""

    agents: st.SearchStrategy
    twin: Any
    actions: int
    outcomes: int = 1
    several_starts: bool = False
    exact: bool = True  # no exponential comes in, so that both tables have the same bits, and the same ties
    lanes: tuple = (0, 16)


def assert_twins(kind, data):
    """Train both with hyperparameters, a world and seeds of hypothesis's."""
    agent = data.draw(kind.agents)
    mdp = data.draw(worlds(kind.actions, kind.outcomes, kind.several_starts, ties=None if kind.exact else False))
    task = {"episodes": data.draw(st.integers(1, 8)), "max_steps": data.draw(st.integers(1, 30))}
    initial_q = None
    if data.draw(st.booleans()):
        initial_q = np.random.default_rng(kind.actions).integers(-2, 3, (mdp.n_states, mdp.n_actions)) / 2
    seeds = np.array(data.draw(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=2, unique=True)), np.uint64)
    tables = range(1, task["episodes"] + 1, 2)
    lanes = data.draw(st.sampled_from(kind.lanes))
    curves = train(lanes, mdp, agent, seeds=seeds, **task, initial_q=initial_q, checkpoints=tables)
    for run, seed in enumerate(seeds):
        twin = kind.twin(mdp, agent, int(seed), **task, initial_q=initial_q)
        assert curves.lengths[run].tolist() == twin.lengths
        assert curves.truncated[run].tolist() == twin.truncated
        assert curves.returns[run].tolist() == twin.returns
        learned = [*curves.checkpoint_q[run], curves.final_q[run]]
        for q, slow in zip(learned, [*(twin.tables[n - 1] for n in tables), twin.q], strict=True):
            if kind.exact:
                assert q.tolist() == slow
            else:
                np.testing.assert_allclose(q, slow, rtol=1e-9, atol=1e-9 * np.abs(slow).max())
