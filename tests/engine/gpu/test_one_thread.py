"""A GPU's threads have the bits of the CPU's engines, wherever their tables lie."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastsoftq as fsq
from fastsoftq.engine.gpu.layout import Card, Layout, layout_for, pair_width
from fastsoftq.engine.gpu.reachable import reachable
from fastsoftq.engine.packing import Room
from tests.engine.gpu.threads_in_turn import train_in_turn
from tests.engine.kinds import KINDS
from tests.engine.running import train
from tests.engine.worlds import worlds

# Each is compiled anew; all that differs in the loop for one lane is among them.
COVERED = (
    "hard",
    "hard, eight actions, slippery, many starts",
    "soft, two actions, slippery, many starts, mixed",
    "soft, cooling, five actions",
    "sarsa, schedules, slippery, many starts",
    "expected sarsa, schedules, slippery",
    "frozen soft, cooling",
)


def laid_out(mdp, blocks, beside, near, groups, words, room=None):
    """A layout of few threads: `beside` of them in step, so many groups of them with far tables."""
    tables = reachable(mdp).tables
    room = Room(mdp.n_actions, 0, 0) if room is None else room
    width, n_rows = pair_width(room.numbers), tables.n_states + room.rows_behind
    near = beside if near else None
    threads = beside * (groups + (near is not None))
    words = 2 * len(tables.next_state) if words or near else None
    far = blocks * beside * groups * width * n_rows
    shared = 8 * ((words or 0) + (near or 0) * width * n_rows)
    return Layout(blocks, threads, near, words, width * beside, shared, far)


def assert_same_bits(mdp, agent, seeds, episodes, max_steps, layout, precision, initial_q=None):
    kept = sorted({1, episodes})
    out, states, progress = train_in_turn(
        mdp, agent, seeds, episodes, max_steps, layout, precision, initial_q, kept=kept
    )
    right = train(
        0, mdp, agent, seeds=seeds, episodes=episodes, max_steps=max_steps, precision=precision, initial_q=initial_q,
        checkpoints=kept,
    )  # fmt: skip
    assert out.returns.tobytes() == right.returns.tobytes()
    assert out.lengths.tobytes() == right.lengths.tobytes()
    assert out.truncated.tobytes() == right.truncated.tobytes()
    assert out.tables.tobytes() == right.checkpoint_q[:, :, states].tobytes()
    assert progress.tolist() == [len(seeds), right.steps]


@pytest.mark.parametrize("kind", COVERED)
@given(data=st.data())
@settings(max_examples=25)
def test_threads_have_the_bits_of_one_run_at_a_time(kind, data):
    agents, _, actions, outcomes, several_starts, precision = KINDS[kind]
    mdp = data.draw(worlds(actions, outcomes, several_starts))
    # Where tables lie is part of the code; only one choice is compiled here for each kind, the others below.
    layout = laid_out(
        mdp, data.draw(st.integers(1, 3)), data.draw(st.integers(1, 4)), True, data.draw(st.integers(1, 3)), True
    )
    seeds = np.array(data.draw(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=9, unique=True)), np.uint64)
    shape = (*data.draw(st.sampled_from([(), (len(seeds),)])), mdp.n_states, mdp.n_actions)
    initial_q = np.random.default_rng(actions).integers(-2, 3, shape) / 2 if data.draw(st.booleans()) else None
    assert_same_bits(
        mdp, data.draw(agents), seeds, data.draw(st.integers(1, 6)), data.draw(st.integers(1, 30)), layout, precision,
        initial_q,
    )  # fmt: skip


@pytest.mark.parametrize("words", [True, False], ids=["records near", "records far"])
@pytest.mark.parametrize(("near", "groups"), [(True, 0), (True, 2), (False, 1), (False, 3)])
def test_it_does_not_matter_where_tables_lie(near, groups, words):
    if near and not words:
        pytest.skip("where tables are near, so are records")
    rng = np.random.default_rng(3)
    mdp = fsq.TabularMDP(rng.integers(0, 20, (20, 3)), rng.normal(-1, 1, (20, 3)), rng.random((20, 3)) < 0.1, start=4)
    agent = fsq.SoftQLearning(0.7, 0.9, 1.0, 2.0)
    assert_same_bits(mdp, agent, range(30), 20, 50, laid_out(mdp, 2, 4, near, groups, words), "double")


def test_states_that_cannot_be_reached_have_no_row():
    mdp = fsq.cliff_walking()
    part = reachable(mdp)
    assert part.states.tolist() == list(range(37))  # the last row is the start, the cliff and the goal
    assert part.tables.n_states == 37


def test_a_layout_uses_the_memory_there_is():
    cliff = reachable(fsq.cliff_walking()).tables
    h100 = Card("H100", (9, 0), 132, 232_448, 80 << 30, 50 << 20)
    layout = layout_for(cliff, h100, 1_000_000)
    table, records = 8 * 4 * 37, 16 * 4 * 37
    assert layout.shared_bytes == records + layout.near * table <= h100.shared_bytes
    assert layout.far == layout.blocks * (layout.threads - layout.near) * 4 * 37
    turing = Card("T4", (7, 5), 40, 64 << 10, 16 << 30)
    assert layout_for(cliff, turing, 1_000_000).shared_bytes <= turing.shared_bytes
    large = reachable(fsq.from_map("\n".join(["S" + "." * 99] + ["." * 100] * 98 + ["." * 99 + "G"]))).tables
    layout = layout_for(large, h100, 1_000_000)
    assert layout.near is None
    assert layout.far == layout.blocks * layout.threads * 4 * large.n_states


@pytest.mark.parametrize("runs", [1, 31, 33, 1000, 10_000])
def test_few_runs_are_spread_over_all_multiprocessors(runs):
    h100 = Card("H100", (9, 0), 132, 232_448, 80 << 30, 50 << 20)
    layout = layout_for(reachable(fsq.cliff_walking()).tables, h100, runs)
    threads = layout.blocks * layout.threads
    assert runs <= threads <= max(runs + 32 * 132, 32 * 132)


def test_a_world_of_many_states_is_refused():
    class Large:
        n_phases, n_states, n_actions, n_outcomes = 1, 200_000_000, 4, 1

    with pytest.raises(ValueError, match="200000000 states that can be reached, 4 actions"):
        layout_for(Large(), Card("H100", (9, 0), 132, 232_448, 80 << 30, 50 << 20), 1000)
