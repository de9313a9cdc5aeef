"""A learned policy is what the agent does by its table: closed forms, and what it does in training."""

import copy
import pickle
from dataclasses import replace
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import fastsoftq as fsq
from fastsoftq.agents.epsilon_greedy import epsilon_greedy
from fastsoftq.agents.rules import act, bootstrap, rule, summarise
from fastsoftq.agents.schedules import Schedule
from fastsoftq.engine.curves import LearningCurves
from fastsoftq.kernels.over_actions import highest
from fastsoftq.kernels.policies import greedy_given

ROUNDED = 2.0**-22  # of the kernels, which choose by 24 bits


def curves_of(agent, q, episodes=1, precision="double"):
    """As if the agent had learned these tables."""
    q = np.asarray(q, float)
    if q.ndim == 2:
        q = q[None]
    none = np.zeros((len(q), episodes))
    return LearningCurves(
        none,
        none.astype(np.int32),
        none > 0,
        np.arange(len(q), dtype=np.uint64),
        agent,
        "mdp",
        10,
        precision,
        q,
    )


def epsilon_greedily(q, epsilon):
    best = q == q.max(axis=-1, keepdims=True)
    return (1 - epsilon) * best / best.sum(axis=-1, keepdims=True) + epsilon / q.shape[-1]


def softly(q, temperature, epsilon):
    weight = np.exp((q - q.max(axis=-1, keepdims=True)) / temperature)
    return (1 - epsilon) * weight / weight.sum(axis=-1, keepdims=True) + epsilon / q.shape[-1]


def tables(actions):
    return arrays(np.int64, (3, actions), elements=st.integers(-6, 6)).map(lambda q: q / 2.0)


epsilons = st.sampled_from([0.0, 1e-4, 0.05, 0.3, 1.0])


def check(agent, q, expected, precision="double"):
    found = fsq.policy(curves_of(agent, q, precision=precision), seed=0).probabilities()
    np.testing.assert_allclose(found, expected, atol=ROUNDED)
    np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=1e-14)


@pytest.mark.parametrize("actions", [1, 4, 5, 17])  # by table, by rank, in an array
@given(data=st.data(), epsilon=epsilons)
def test_of_greedy_agents(actions, data, epsilon):
    q = data.draw(tables(actions))
    check(fsq.QLearning(0.5, 0.9, epsilon), q, epsilon_greedily(q, epsilon))


@given(tables(3), epsilons)
def test_of_agents_that_act_alike(q, epsilon):
    expected = epsilon_greedily(q, epsilon)
    check(fsq.Sarsa(0.5, 0.9, epsilon), q, expected)
    check(fsq.Frozen(fsq.ExpectedSarsa(0.5, 0.9, epsilon)), q, expected)


@pytest.mark.parametrize(("actions", "precision"), [(3, "double"), (3, "mixed"), (17, "double")])
@given(data=st.data(), epsilon=epsilons, temperature=st.sampled_from([0.1, 0.7, 3.0]))
def test_of_soft_agents(actions, precision, data, epsilon, temperature):
    q = data.draw(tables(actions))
    agent = fsq.SoftQLearning(0.5, 0.9, temperature, epsilon=epsilon)
    check(agent, q, softly(q, temperature, epsilon), precision)


Q = np.array([[0.5, 1.0, -2.0], [0.0, 3.0, 3.0], [1.0, 1.0, 1.0]])
SOFT, GREEDY = fsq.SoftQLearning(0.5, 0.9, 0.7, epsilon=0.1), fsq.QLearning(0.5, 0.9, 0.3)


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        (fsq.DoubleQLearning(0.5, 0.9, epsilon=0.3), epsilon_greedily(Q, 0.3)),
        (fsq.MellowmaxQLearning(0.5, 0.9, epsilon=0.3), epsilon_greedily(Q, 0.3)),
        (fsq.PathConsistency(0.5, 0.9, temperature=0.7, epsilon=0.1), softly(Q, 0.7, 0.1)),
        (fsq.ActorCritic(0.5, 0.9), softly(Q, 1.0, 0.0)),
        (fsq.VisitStepSize(SOFT), softly(Q, 0.7, 0.1)),
        (fsq.OptimisticStart(GREEDY, 5.0), epsilon_greedily(Q, 0.3)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_of_agents_that_remember_more_than_their_table(agent, expected):
    check(agent, Q, expected)


def test_counts_that_were_not_kept_are_not_guessed():
    upper = fsq.UpperConfidence(GREEDY, 1.0)
    for agent in (upper, fsq.OptimisticStart(upper, 5.0), fsq.UpperConfidence(fsq.DoubleQLearning(0.5, 0.9), 1.0)):
        with pytest.raises(TypeError, match=r"acts upon more than the table that is kept; policy\(dataclasses.replace"):
            fsq.policy(curves_of(agent, Q), 0)
    within = replace(curves_of(upper, Q), agent=upper.agent)
    np.testing.assert_allclose(fsq.policy(within, 0).probabilities(), epsilon_greedily(Q, 0.3), atol=ROUNDED)


def test_an_action_that_is_hardly_ever_taken_has_its_probability():
    q = [[0.0, -14.0, 0.0, -20.0]]
    found = fsq.policy(curves_of(fsq.SoftQLearning(0.5, 0.9), q), seed=0).probabilities(0)
    expected = softly(np.array(q), 1.0, 0.0)[0]
    assert found[1] == pytest.approx(expected[1], abs=2.0**-31)
    assert found[3] == pytest.approx(expected[3], abs=2.0**-31)
    assert found[3] > 0.0


class Cautious(NamedTuple):
    """Explores among all but the best, and otherwise takes it: what no closed form of the package is."""

    step_size: Schedule
    discount: float
    epsilon: Schedule = 0.2
    reward_scale: float = 1.0


@rule(summarise, Cautious)
def _(agent, row, like):
    return highest(row)


@rule(bootstrap, Cautious)
def _(agent, row, summary, action):
    return summary


@rule(act, Cautious)
def _(agent, row, summary, draw):
    explore = np.float64(draw.high) < agent.epsilon * 2.0**32
    others = (np.float64(draw.low) * (len(row) - 1) * 2.0**-32) // 1.0
    best = greedy_given(row, summary, summary != summary, draw.low)
    other = np.int32(others) + np.int32(np.int32(others) >= best)
    return np.int32(explore) * other + np.int32(not explore) * best


def test_of_an_agent_of_ones_own():
    q = np.array([[1.0, 5.0, 3.0, 2.0], [9.0, 5.0, 3.0, 2.0]])
    found = fsq.policy(curves_of(Cautious(0.5, 0.9, 0.3), q), seed=0).probabilities()
    np.testing.assert_allclose(found, [[0.1, 0.7, 0.1, 0.1], [0.7, 0.1, 0.1, 0.1]], atol=2.0**-30)


BANDIT = fsq.TabularMDP(  # the reward is the action
    next_state=[[1] * 5, [1] * 5],
    reward=[[0.0, 1.0, 2.0, 3.0, 4.0], [0.0] * 5],
    terminated=True,
)


@pytest.mark.parametrize(
    "agent",
    [
        fsq.QLearning(0.5, 0.9, 0.3),
        fsq.SoftQLearning(0.5, 0.9, 0.8),
        fsq.SoftQLearning(0.5, 0.9, 0.8, epsilon=0.2),
    ],
)
def test_agents_behave_so_in_training(agent):
    """The first action of 200,000 runs, by Hoeffding's bound (1963) at an error of 1e-9."""
    q, runs = np.array([[0.2, 1.0, 0.5, 1.0, -1.0], [0.0] * 5]), 200_000
    played = fsq.train(BANDIT, fsq.Frozen(agent), seeds=runs, episodes=1, initial_q=q)
    shares = np.bincount(played.returns.ravel().astype(int), minlength=5) / runs
    found = fsq.policy(curves_of(agent, q), seed=0)
    bound = np.sqrt(np.log(2 * 5 * 1e9) / (2 * runs))
    np.testing.assert_allclose(shares, found.probabilities(0), atol=bound)
    sampled = np.bincount(found.sample(np.zeros(runs, int), rng=5), minlength=5) / runs
    np.testing.assert_allclose(sampled, found.probabilities(0), atol=bound)


def test_schedules_are_at_the_last_episode_and_tables_at_the_checkpoint():
    agent = fsq.QLearning(0.8, 0.95, epsilon=fsq.LinearDecay(0.9, 0.1, 0.1))
    curves = fsq.train(fsq.cliff_walking(), agent, seeds=[7, 3], episodes=6, keep_q=True, checkpoints=[1, 4])
    for after, table in ((1, curves.checkpoint_q[1, 0]), (4, curves.checkpoint_q[1, 1]), (6, curves.final_q[1])):
        learned = fsq.policy(curves, seed=3, episodes=after)
        assert learned.q.tolist() == table.tolist()
        epsilon = 0.9 - 0.1 * (after - 1)
        np.testing.assert_allclose(learned.probabilities(), epsilon_greedily(table, epsilon), atol=ROUNDED)
        assert f"after {after} episodes" in repr(learned)
    assert fsq.policy(curves, 3).episode == 5
    assert learned.q is not curves.final_q
    without = fsq.train(fsq.cliff_walking(), agent, seeds=1, episodes=6, checkpoints=[6])
    assert fsq.policy(without, 0).q.tolist() == without.checkpoint_q[0, 0].tolist()


def test_shapes_and_greedy_actions():
    q = np.array([[1.0, 2.0, 2.0], [3.0, 0.0, 1.0]])
    learned = fsq.policy(curves_of(fsq.QLearning(0.5, 0.9, 0.0), q), seed=0)
    assert (learned.n_states, learned.n_actions) == (2, 3)
    assert learned.greedy(0) == 1
    assert type(learned.greedy(np.int64(1))) is int
    assert learned.greedy().tolist() == [1, 0]
    assert learned.greedy([[1, 0]]).tolist() == [[0, 1]]
    assert learned.probabilities(0).tolist() == pytest.approx([0.0, 0.5, 0.5], abs=ROUNDED)
    assert learned.probabilities([[0, 1]]).shape == (1, 2, 3)
    assert type(learned(1)) is int
    assert learned(np.array([1, 1])).tolist() == [0, 0]
    assert learned.sample([], rng=0).shape == (0,)


def test_same_seed_same_actions():
    curves = curves_of(fsq.SoftQLearning(0.5, 0.9), np.zeros((1, 9)))
    first, second = fsq.policy(curves, 0), fsq.policy(curves, 0)
    actions = [first(0) for _ in range(50)]
    assert actions == [second(0) for _ in range(50)]
    assert len(set(actions)) > 3
    for again in (copy.deepcopy(first), pickle.loads(pickle.dumps(first))):
        expected = copy.deepcopy(second)
        assert [again(0) for _ in range(20)] == [expected(0) for _ in range(20)]
    assert first.sample([0] * 30, rng=4).tolist() == second.sample([0] * 30, rng=np.random.default_rng(4)).tolist()


def test_it_plays_gymnasium_alone_and_in_company():
    gymnasium = pytest.importorskip("gymnasium")
    soft = fsq.SoftQLearning(0.8, 0.95, reward_scale=10.0)
    curves = fsq.train(fsq.cliff_walking(), soft, seeds=2, episodes=800, keep_q=True)
    learned = fsq.policy(curves, seed=1)
    env = gymnasium.make("fastsoftq/CliffWalking-v0", max_episode_steps=100)
    state, _ = env.reset(seed=0)
    steps, over = 0, False
    while not over:
        state, _, terminated, truncated, _ = env.step(learned(state))
        steps, over = steps + 1, terminated or truncated
    assert terminated
    assert steps >= 13
    envs = gymnasium.make_vec("fastsoftq/CliffWalking-v0", num_envs=50, max_episode_steps=100)
    states, _ = envs.reset(seed=0)
    ended = np.zeros(50, bool)
    for _ in range(40):
        states, _, terminations, _, _ = envs.step(learned(states))
        ended |= terminations
    assert ended.mean() > 0.9


TRAINED = curves_of(fsq.QLearning(0.5, 0.9), np.zeros((7, 2, 3)), episodes=4)


class Unruly(NamedTuple):
    step_size: float


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: fsq.policy("curves", 0), TypeError, "curves is 'curves'; it must be LearningCurves"),
        (lambda: fsq.policy(TRAINED, 7), ValueError, r"seed is 7; curves has seeds 0, 1, 2, 3, 4, \.\.\., 6"),
        (lambda: fsq.policy(TRAINED, -1), ValueError, "seed is -1; curves has seeds"),
        (lambda: fsq.policy(TRAINED, 2**64), ValueError, "seed is 18446744073709551616; curves has"),
        (lambda: fsq.policy(TRAINED, 1.5), TypeError, "seed is 1.5"),
        (lambda: fsq.policy(TRAINED, 0, 3), ValueError, r"episodes is 3; tables .* after 4: .*checkpoints=\[3\]"),
        (lambda: fsq.policy(TRAINED, 0, 0), ValueError, "episodes is 0"),
        (
            lambda: fsq.policy(fsq.train(fsq.from_map("SG"), fsq.QLearning(0.5, 0.9), seeds=1, episodes=2), 0),
            ValueError,
            "curves has no final tables; train with keep_q=True",
        ),
        (
            lambda: fsq.policy(curves_of(SimpleNamespace(), np.zeros((1, 2))), 0),
            TypeError,
            "curves.agent is .*; import its class",
        ),
        (lambda: fsq.policy(curves_of(Unruly(0.5), np.zeros((1, 2))), 0), TypeError, "curves.agent is Unruly"),
        (lambda: fsq.policy(TRAINED, 0).probabilities(2), ValueError, r"state is 2; it must lie in 0\.\.1"),
        (lambda: fsq.policy(TRAINED, 0).greedy([0, 2]), ValueError, r"state\[1\] is 2; with 2 states it must lie"),
        (lambda: fsq.policy(TRAINED, 0).sample(0.5), TypeError, "state is 0.5"),
        (lambda: fsq.policy(TRAINED, 0)([0.5]), TypeError, "state"),
        (lambda: fsq.policy(TRAINED, 0).sample(0, rng="x"), TypeError, "rng is 'x'"),
    ],
)
def test_what_has_no_policy_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_network_has_no_table():
    deep = fsq.Deep(fsq.QLearning(step_size=1e-3, discount=0.99), network=fsq.MLP((8,)))
    curves = fsq.train(fsq.cart_pole(), deep, seeds=1, steps=50, points=1)
    with pytest.raises(TypeError, match=r"of a network, which has no table; action_values\("):
        fsq.policy(curves, 0)


def test_rules_that_follow_from_others_are_found():
    @epsilon_greedy
    class Mine(NamedTuple):
        step_size: Schedule
        discount: float
        epsilon: Schedule = 0.5
        reward_scale: float = 1.0

    rule(bootstrap, Mine)(lambda agent, row, summary, action: summary)
    found = fsq.policy(curves_of(Mine(0.5, 0.9), [[1.0, 2.0]]), 0).probabilities(0)
    assert found.tolist() == pytest.approx([0.25, 0.75], abs=ROUNDED)
