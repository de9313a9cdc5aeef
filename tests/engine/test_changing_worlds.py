"""A world that changes at an episode: every engine does what the textbook's loop does, one phase after another."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastsoftq as fsq
from fastsoftq.engine.dispatch import lanes_for
from fastsoftq.engine.gpu.reachable import reachable
from tests.engine.gpu.test_one_thread import assert_same_bits, laid_out
from tests.engine.kinds import KINDS
from tests.engine.running import bits, train
from tests.engine.test_twins import TWINS, assert_twins, rounds_as_its_twin
from tests.engine.worlds import worlds
from tests.reference.double_q_learning import double_q_learning

COVERED = (
    "hard",
    "hard, one action, slippery",
    "hard, schedules, many starts",
    "soft, 16 lanes",
    "soft, cooling, slippery, mixed",
    "sarsa, schedules, slippery, many starts",
    "expected sarsa, schedules, slippery",
)


@st.composite
def changing_worlds(draw, actions, outcomes=1, several_starts=False, ties=None):
    """A few phases, each of its own outcomes, begins and starts, brought to as many states as the smallest has."""
    phases = draw(st.lists(worlds(actions, outcomes, several_starts, ties), min_size=1, max_size=4))
    states = min(mdp.n_states for mdp in phases)
    begins = [0, *sorted(draw(st.sets(st.integers(1, 8), min_size=len(phases) - 1, max_size=len(phases) - 1)))]
    start = None if several_starts or draw(st.booleans()) else draw(st.integers(0, states - 1))
    return fsq.ChangingMDP({begin: cut(mdp, states, start) for begin, mdp in zip(begins, phases, strict=True)})


def cut(mdp, states, start):
    """The first states of an MDP, and where it started if that is among them."""
    chances = mdp.start[:states] if mdp.start[:states].any() else np.eye(states)[0]
    return fsq.TabularMDP(
        mdp.next_state[:states] % states, mdp.reward[:states], mdp.terminated[:states], mdp.probability[:states],
        chances / chances.sum() if start is None else start,
    )  # fmt: skip


@pytest.mark.parametrize("kind", [kind for kind in COVERED if KINDS[kind].precision == "double"])
@given(data=st.data())
@settings(max_examples=15)
def test_training_is_the_textbooks(kind, data):
    agents, lanes, actions, outcomes, several_starts, _ = KINDS[kind]
    agent = data.draw(agents)
    ties = None if rounds_as_its_twin(agent) else False
    mdp = data.draw(changing_worlds(actions, outcomes, several_starts, ties))
    task = {"episodes": data.draw(st.integers(1, 10)), "max_steps": data.draw(st.integers(1, 20))}
    seeds = np.array(data.draw(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=2, unique=True)), np.uint64)
    curves = train(data.draw(st.sampled_from([0, lanes])), mdp, agent, seeds=seeds, **task)
    assert_twins(curves, mdp, agent, seeds, **task)
    if rounds_as_its_twin(agent):
        assert curves.final_q[0].tolist() == TWINS[type(agent)](mdp, agent, int(seeds[0]), **task).q


@pytest.mark.parametrize("kind", COVERED)
@given(data=st.data())
@settings(max_examples=15)
def test_lanes_have_the_bits_of_one_run_at_a_time(kind, data):
    agents, lanes, actions, outcomes, several_starts, precision = KINDS[kind]
    mdp = data.draw(changing_worlds(actions, outcomes, several_starts))
    agent, seeds = data.draw(agents), data.draw(st.integers(1, 70))
    task = {"episodes": data.draw(st.integers(1, 10)), "max_steps": data.draw(st.integers(1, 20))}
    task["precision"] = precision
    assert bits(train(lanes, mdp, agent, seeds, **task)) == bits(train(0, mdp, agent, seeds, **task))


@pytest.mark.parametrize("kind", ["soft, two actions, slippery, many starts, mixed"])
@given(data=st.data())
@settings(max_examples=15)
def test_threads_of_a_gpu_have_the_bits_of_one_run_at_a_time(kind, data):
    agents, _, actions, outcomes, several_starts, precision = KINDS[kind]
    mdp = data.draw(changing_worlds(actions, outcomes, several_starts))
    layout = laid_out(mdp, data.draw(st.integers(1, 2)), data.draw(st.integers(1, 4)), True, 1, True)
    seeds = range(data.draw(st.integers(1, 9)))
    assert_same_bits(mdp, data.draw(agents), seeds, data.draw(st.integers(1, 10)), 20, layout, precision)


ROOM, WALLED = fsq.from_map(["S..G", "....", "...."]), fsq.from_map(["S.#G", "..#.", "...."])


@pytest.mark.parametrize("engine", ["one run", "lanes", "thread"])
def test_one_start_that_stays_or_moves(engine):
    """Where episodes start in one state, a terminal transition leads there by itself: in its own phase."""
    turned = fsq.from_map(["G..S", "....", "...."])
    agent = fsq.QLearning(0.5, 0.9, 0.3)
    for world in (
        fsq.ChangingMDP({0: ROOM, 3: WALLED, 4: ROOM, 9: WALLED}),
        fsq.ChangingMDP({0: ROOM, 3: turned, 5: WALLED}),
    ):
        if engine == "thread":
            assert_same_bits(world, agent, range(5), 20, 200, laid_out(world, 1, 2, True, 1, True), "double")
        curves = train(16 if engine == "lanes" else 0, world, agent, seeds=[7, 3], episodes=20, max_steps=200)
        assert not curves.truncated.all()  # most changes come after an episode that terminated
        assert_twins(curves, world, agent, [7, 3], 20, 200)


def test_a_world_whose_phases_are_the_same_is_as_one_that_never_changes():
    agent = fsq.SoftQLearning(0.5, 0.9, 1.0, 5.0, 0.1)
    slippery = fsq.cliff_walking(slippery=True)
    for mdp in (fsq.cliff_walking(), slippery):
        right = bits(train(16, mdp, agent, seeds=20, episodes=10, max_steps=50))
        for begins in ((0,), (0, 4), (0, 1, 2, 3, 9)):
            world = fsq.ChangingMDP(dict.fromkeys(begins, mdp))
            for lanes in (0, 16, 64):
                assert bits(train(lanes, world, agent, seeds=20, episodes=10, max_steps=50)) == right


def test_an_agent_that_always_knows_the_way_takes_the_shortest_in_each_phase():
    """Frozen on the exact values of one phase, then of the other: returns are those of planning, phase by phase."""
    world = fsq.ChangingMDP({0: ROOM, 2: WALLED})
    tables = [fsq.value_iteration(world.at(episode), 1.0).q for episode in (0, 2)]
    frozen = fsq.Frozen(fsq.QLearning(0.5, 1.0, 0.0))
    found = [fsq.train(world, frozen, 30, 5, 100, initial_q=q).returns for q in tables]
    assert (found[0][:, :2] == -2.0).all()  # three steps, the last of which pays 0
    assert (found[0][:, 2:] == -100.0).all()  # against the wall for ever
    assert (found[1][:, 2:] == -6.0).all()


def test_lanes_are_as_many_as_suit_all_phases():
    mdp = fsq.TabularMDP(np.zeros((200, 4), int), -1.0, False)
    many = fsq.ChangingMDP(dict.fromkeys(range(0, 3000, 10), mdp))
    curves = fsq.train(many, fsq.QLearning(0.5, 0.9), 40, 40, 5)
    assert curves.lengths.shape == (40, 40)
    large = fsq.TabularMDP(np.zeros((2**16, 4), int), -1.0, False)
    fits, beyond = (fsq.ChangingMDP(dict.fromkeys(range(phases), large)) for phases in (4095, 4096))
    assert lanes_for(large) == lanes_for(fits) == 32
    assert lanes_for(beyond) == 0  # 2**31 words of records


def test_only_what_can_be_reached_in_some_phase_has_a_row_on_a_gpu():
    left, right = fsq.from_map("GS#..G"), fsq.from_map("G..#SG")
    world = fsq.ChangingMDP({0: left, 5: right})
    assert reachable(world).states.tolist() == [1, 4]
    assert reachable(world.at(0)).states.tolist() == [1]
    kept = reachable(world).tables
    assert (kept.n_phases, kept.n_states, kept.phases.begins.tolist()) == (2, 2, [0, 5])


@pytest.mark.parametrize("lanes", [0, 16])
def test_an_agent_with_memory_meets_the_change_too(lanes):
    world = fsq.ChangingMDP({0: ROOM, 3: WALLED, 4: ROOM, 9: fsq.from_map(["..GS", "....", "...."])})
    agent = fsq.DoubleQLearning(0.5, 0.9, 0.3)
    curves = train(lanes, world, agent, seeds=[7, 3], episodes=20, max_steps=200)
    for run, seed in enumerate([7, 3]):
        twin = double_q_learning(world, agent, seed, 20, 200)
        assert curves.returns[run].tolist() == twin.returns
        assert curves.final_q[run].tolist() == twin.q
