"""Conditions of a study's own, tables kept, and runs that go on from tables: all is what `train` gives."""

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.studies import Condition, Study, open_results, run
from fastsoftq.studies.verify import verify

ROOM = fsq.from_map(["S...", "....", "...G"])
WALLED = fsq.from_map(["S...", ".##.", "...G"])
HARD = fsq.QLearning(step_size=0.8, discount=0.95, epsilon=0.2)
SOFT = fsq.SoftQLearning(step_size=0.8, discount=0.95, reward_scale=5.0)


def study(**changes):
    fields = {
        "name": "rooms",
        "episodes": 12,
        "seeds": range(3, 153),
        "max_steps": 40,
        "environments": {"room": ROOM, "walled": WALLED},
        "agents": {"hard": HARD, "soft": SOFT},
        "conditions": [
            Condition("room", "soft", tables := "pretrained"),
            Condition("room", "hard"),
            Condition("walled", "hard", "tuned", episodes=20, first_seed=1000, after=tables),
            Condition("walled", "soft", "again", episodes=3, max_steps=9, precision="mixed", after="tuned"),
        ],
        "tables": True,
        "checkpoints": [2, 12, 15],
    }
    return Study(**(fields | changes))


def cells_of(mdp):
    return {tuple(cell): state for state, cell in enumerate(mdp.cells.tolist())}


@pytest.fixture(scope="module")
def trained():
    """By condition: what `train` gives for it, and the tables after each checkpoint as runs of as many episodes."""
    seeds = np.arange(3, 153)
    old, new = cells_of(ROOM), cells_of(WALLED)
    moved = [old[cell] for cell in sorted(new, key=new.get)]

    def training(mdp, agent, seeds, episodes, max_steps=40, **options):
        def after(n):
            return fsq.train(mdp, agent, seeds, n, max_steps, keep_q=True, **options).final_q

        curves = fsq.train(mdp, agent, seeds, episodes, max_steps, keep_q=True, **options)
        return curves, {n: after(n) for n in (2, 12, 15) if n <= episodes}

    pretrained = training(ROOM, SOFT, seeds, 12)
    tuned = training(WALLED, HARD, np.arange(1000, 1150), 20, initial_q=pretrained[0].final_q[:, moved])
    again = training(WALLED, SOFT, seeds, 3, 9, precision="mixed", initial_q=tuned[0].final_q)
    return {"pretrained": pretrained, "room/hard": training(ROOM, HARD, seeds, 12), "tuned": tuned, "again": again}


def check(results, trained, names=None):
    for name in names or results.conditions:
        curves, tables = trained[name]
        stored = results.curves(name)
        for field in ("returns", "lengths", "truncated", "seeds"):
            np.testing.assert_array_equal(getattr(stored, field), getattr(curves, field))
        assert (stored.agent, stored.mdp) == (curves.agent, curves.mdp)
        assert (stored.max_steps, stored.precision) == (curves.max_steps, curves.precision)
        assert stored.final_q is None
        np.testing.assert_array_equal(results.tables(name), curves.final_q)
        for episode, table in tables.items():
            np.testing.assert_array_equal(results.tables(name, episode), table)
        assert results.steps(name) == curves.lengths.sum()
        assert results.seconds(name) > 0.0
        assert results.agent(name) == curves.agent


@pytest.mark.parametrize(("threads", "chunk"), [(1, None), (3, 64)])
def test_everything_is_what_train_gives(tmp_path, trained, threads, chunk):
    outcome = run(study(), tmp_path, threads=threads, chunk=chunk)
    assert outcome.computed + outcome.kept >= 4
    results = open_results(tmp_path)
    assert results.conditions == ["pretrained", "room/hard", "tuned", "again"]
    check(results, trained)
    assert outcome.steps == sum(results.steps(name) for name in results.conditions)
    assert results.condition("again") == Condition("walled", "soft", "again", 3, 9, "mixed", 3, "tuned")
    assert results.tables("tuned", 15, runs=5).shape == (5, 10, 4)
    found = verify(tmp_path)
    assert (found.missing, found.damaged) == ((), ())
