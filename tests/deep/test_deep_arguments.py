"""Bad arguments of deep agents are refused by name, before anything is compiled."""

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.studies import Study

HARD = fsq.QLearning(step_size=1e-3, discount=0.9)
DEEP = fsq.Deep(HARD)


class Unknown(tuple):
    _fields = ()


BAD = [
    (fsq.Deep(fsq.QLearning(2.0, 0.9)), ValueError, "QLearning.step_size is 2.0"),
    (fsq.Deep(3), TypeError, "Deep.agent is 3; it must be an agent"),
    (fsq.Deep(DEEP), TypeError, r"Deep.agent is Deep\(.*; it must be an agent, such as QLearning"),
    (fsq.Deep(fsq.QLearning), TypeError, "Deep.agent is <class .*; it must be an agent"),
    (fsq.Deep(fsq.LinearDecay(1.0, 0.5, 0.1)), TypeError, "it must be an agent, such as QLearning"),
    (
        fsq.Deep(fsq.Sarsa(0.1, 0.9)),
        ValueError,
        "Deep.agent is of type Sarsa, which learns from the action that it takes next",
    ),
    (
        fsq.Deep(fsq.Frozen(HARD)),
        ValueError,
        "Deep.agent is of type Frozen, which changes entries by a rule",
    ),
    (
        fsq.Deep(fsq.DoubleQLearning(0.1, 0.9)),
        ValueError,
        "Deep.agent is of type DoubleQLearning, which remembers",
    ),
    (fsq.Deep(fsq.NStepSarsa(0.1, 0.9)), ValueError, "Deep.agent is of type NStepSarsa, which remembers more than"),
    (
        fsq.Deep(fsq.DynaQ(0.1, 0.9)),
        ValueError,
        "Deep.agent is of type DynaQ, which remembers more than",
    ),
    (fsq.Deep(fsq.CountBonus(HARD, 1.0)), ValueError, "Deep.agent is of type CountBonus, which remembers more than"),
    (
        fsq.Deep(fsq.OptimisticStart(HARD, 1.0)),
        ValueError,
        "Deep.agent is of type OptimisticStart, which says what",
    ),
    (fsq.Deep(fsq.OptimisticStart(DEEP, 1.0)), TypeError, "OptimisticStart.agent is of type Deep, .*; it must be one"),
    (DEEP._replace(network=(64, 64)), TypeError, "network is"),
    (DEEP._replace(network=fsq.MLP((0,))), ValueError, r"MLP.hidden\[0\] is 0"),
    (DEEP._replace(network=fsq.Convolutional()), ValueError, "Convolutional"),
    (DEEP._replace(optimizer="adam"), TypeError, "optimizer is 'adam'"),
    (DEEP._replace(optimizer=fsq.Adam(beta_1=1.0)), ValueError, "Adam.beta_1 is 1"),
    (DEEP._replace(loss=None), TypeError, "loss is None"),
    (DEEP._replace(loss=fsq.Huber(0.0)), ValueError, "Huber.threshold is 0"),
    (DEEP._replace(replay=None), TypeError, "Deep.replay is None; it must be a Replay, PrioritizedReplay or Rollouts"),
    (DEEP._replace(replay=fsq.Replay(capacity=0)), ValueError, "Replay.capacity is 0; it must be at least 1"),
    (DEEP._replace(replay=fsq.Replay(batch=1.5)), TypeError, "Replay.batch is 1.5"),
    (DEEP._replace(replay=fsq.Replay(start=-1)), ValueError, "Replay.start is -1"),
    (DEEP._replace(replay=fsq.PrioritizedReplay(alpha=1.5)), ValueError, "PrioritizedReplay.alpha is 1.5"),
    (DEEP._replace(replay=fsq.Rollouts(minibatches=7)), ValueError, "Rollouts.minibatches is 7; it must divide"),
    (
        DEEP._replace(replay=fsq.Rollouts(), double=True),
        ValueError,
        "Deep.double is True; with Rollouts it must be False",
    ),
    (DEEP._replace(replay=fsq.Rollouts(), n_step=3), ValueError, "Deep.n_step is 3; with Rollouts it must be 1"),
    (DEEP._replace(target_period=0), ValueError, "Deep.target_period is 0"),
    (DEEP._replace(double=1), TypeError, "Deep.double is 1"),
    (DEEP._replace(n_step=0), ValueError, "Deep.n_step is 0"),
    (DEEP._replace(n_step=20_000), ValueError, "Deep.n_step is 20000; it must be at most the capacity, 10000"),
    (DEEP._replace(munchausen=0.9), TypeError, "Deep.munchausen is 0.9; it must be a Munchausen or None"),
    (DEEP._replace(munchausen=fsq.Munchausen(2.0)), ValueError, "Munchausen.weight is 2.0"),
    (DEEP._replace(munchausen=fsq.Munchausen(0.5, 1.0)), ValueError, "Munchausen.floor is 1.0; it must be at most 0"),
    (
        DEEP._replace(munchausen=fsq.Munchausen(), n_step=2),
        ValueError,
        "Deep.n_step is 2; with munchausen it must be 1",
    ),
    (DEEP._replace(clip=0.0), ValueError, "Deep.clip is 0.0"),
    (DEEP._replace(clip=float("nan")), ValueError, "Deep.clip is nan"),
]


@pytest.mark.parametrize(("deep", "error", "message"), BAD, ids=[message for _, _, message in BAD])
def test_a_bad_deep_agent_is_refused(deep, error, message):
    with pytest.raises(error, match=message):
        fsq.train(fsq.cart_pole(), deep, seeds=1, steps=100)


ARGUMENTS = [
    ({"steps": None}, TypeError, "steps is None; it must be a count: a Deep agent is trained for steps"),
    ({"steps": 0}, ValueError, "steps is 0"),
    ({"steps": 2**40}, ValueError, "steps is 1099511627776"),
    ({"episodes": 5}, TypeError, "episodes is 5; a Deep agent has no use for it"),
    ({"keep_q": True}, TypeError, "keep_q is True; a Deep agent has no use for it"),
    ({"checkpoints": [3]}, TypeError, r"checkpoints is \[3\]; a Deep agent has no use for it"),
    ({"initial_q": np.zeros((2, 2))}, TypeError, "a Deep agent has no use for it"),
    ({"device": "cuda"}, TypeError, "device is 'cuda'; a Deep agent has no use for it"),
    ({"points": 0}, ValueError, "points is 0"),
    ({"points": 101}, ValueError, "points is 101; it must be"),
    ({"max_steps": 0}, ValueError, "max_steps is 0"),
    ({"precision": "half"}, ValueError, "precision is 'half'"),
    ({"threads": 0}, ValueError, "threads is 0"),
    ({"seeds": [1, 1]}, ValueError, "seeds includes 1 more than once"),
    ({"keep_parameters": 1}, TypeError, "keep_parameters is 1"),
    ({"initial_parameters": np.zeros(3, np.float32)}, ValueError, r"initial_parameters has shape \(3,\)"),
    ({"mdp": "CartPole-v1"}, TypeError, "environment is 'CartPole-v1'"),
    ({"mdp": HARD}, TypeError, "environment is QLearning"),
    ({"progress": 3}, TypeError, "progress is 3"),
]


@pytest.mark.parametrize(("given", "error", "message"), ARGUMENTS, ids=[message for _, _, message in ARGUMENTS])
def test_a_bad_argument_is_refused(given, error, message):
    with pytest.raises(error, match=message):
        fsq.train(**{"mdp": fsq.cart_pole(), "agent": DEEP, "seeds": 1, "steps": 100, **given})


def test_what_tables_have_no_use_for_is_refused():
    for name, value in {"steps": 10, "points": 3, "keep_parameters": True}.items():
        with pytest.raises(TypeError, match=f"{name} is {value}; a tabular agent has no use for it"):
            fsq.train(fsq.cliff_walking(), HARD, seeds=1, episodes=5, **{name: value})
    with pytest.raises(TypeError, match="episodes is None"):
        fsq.train(fsq.cliff_walking(), HARD, seeds=1)


def test_steps_of_environments_side_by_side():
    deep = DEEP._replace(replay=fsq.Rollouts(environments=8, length=4, minibatches=2))
    with pytest.raises(
        ValueError, match="steps is 100; with 8 environments side by side it must be a multiple of 8, such as 96"
    ):
        fsq.train(fsq.cart_pole(), deep, seeds=1, steps=100)
    with pytest.raises(ValueError, match="points is 50; with 8 environments it must be at most 12"):
        fsq.train(fsq.cart_pole(), deep, seeds=1, steps=96, points=50)


def test_too_large_a_buffer_is_refused_before_any_work():
    deep = DEEP._replace(replay=fsq.Replay(capacity=2**31 - 1))
    with pytest.raises(ValueError, match="of memory"):
        fsq.train(fsq.cart_pole(), deep, seeds=1, steps=100, threads=1)


def test_action_values_of_what_was_not_kept_are_refused():
    curves = fsq.train(fsq.cart_pole(), DEEP, seeds=1, steps=10, points=1)
    with pytest.raises(ValueError, match="curves has no parameters; train with keep_parameters=True"):
        fsq.action_values(fsq.cart_pole(), curves, np.zeros((1, 4)))
    curves = fsq.train(fsq.cart_pole(), DEEP, seeds=1, steps=10, points=1, keep_parameters=True)
    with pytest.raises(ValueError, match=r"observations has shape \(1, 3\)"):
        fsq.action_values(fsq.cart_pole(), curves, np.zeros((1, 3)))
    for value, seen in ((np.nan, "nan"), (1e39, "inf")):
        words = rf"observations\[0, 2\] is {seen}; it must be finite in single precision"
        with pytest.raises(ValueError, match=words):
            fsq.action_values(fsq.cart_pole(), curves, [[0, 0, value, 0]])


AROUND_DEEP = [
    fsq.VisitStepSize(DEEP),
    fsq.CountBonus(DEEP, 1.0),
    fsq.Frozen(DEEP),
    fsq.OptimisticStart(DEEP, 1.0),
    fsq.UpperConfidence(DEEP, 1.0),
]


@pytest.mark.parametrize("agent", [*AROUND_DEEP, fsq.Frozen(fsq.VisitStepSize(DEEP))])
def test_no_wrapper_takes_a_deep_agent_however_it_is_trained(agent):
    words = r"^(\w+)\.agent is of type Deep, which is no tabular agent; it must be one, such as QLearning\(\.\.\.\)$"
    world = fsq.from_map("S.G")
    shared = {"name": "wrapped", "seeds": 8, "environments": {"map": world}, "agents": {"wrapped": agent}}
    for attempt in (
        lambda: fsq.train(world, agent, seeds=2, episodes=2),
        lambda: fsq.train(world, agent, seeds=2, steps=100),
        lambda: fsq.train(world, fsq.Deep(agent), seeds=2, steps=100),
        lambda: fsq.stream(world, agent, seeds=2, steps=100),
        lambda: Study(episodes=2, **shared),
        lambda: Study(steps=100, points=2, **shared),
    ):
        with pytest.raises(TypeError, match=words):
            attempt()


NORMED = fsq.MLP((5, 3), dueling=True, layer_norm=True), fsq.Convolutional((3,), hidden=(5,), layer_norm=True)


@pytest.mark.parametrize("network", [fsq.MLP((3,)), *NORMED], ids=str)
def test_what_networks_start_from_counts_by_its_parameters_not_by_its_padding(network):
    world = fsq.catch() if isinstance(network, fsq.Convolutional) else fsq.cart_pole()
    deep = fsq.Deep(fsq.QLearning(1e-3, 0.9), network=network, replay=fsq.Replay(batch=5, start=20, every=4), clip=0.5)

    def trained(**options):
        return fsq.train(world, deep, seeds=8, steps=100, points=1, keep_parameters=True, **options)

    drawn = trained().parameters
    padding = (drawn == 0).all(axis=0)
    assert padding.any()
    start = drawn[0]
    clean, other = (trained(initial_parameters=p) for p in (start, np.where(padding, np.float32(5), start)))
    np.testing.assert_array_equal(other.returns, clean.returns)
    np.testing.assert_array_equal(other.parameters, clean.parameters)


def test_networks_may_start_from_integers():
    deep = fsq.Deep(fsq.QLearning(1e-3, 0.9), network=fsq.MLP((3,)))
    task = {"seeds": 2, "steps": 10, "points": 1, "keep_parameters": True}
    size = fsq.train(fsq.cart_pole(), deep, **task).parameters.shape[1]
    given = np.arange(size) % 3
    one, other = (
        fsq.train(fsq.cart_pole(), deep, initial_parameters=given.astype(kind), **task) for kind in (int, np.float32)
    )
    np.testing.assert_array_equal(one.parameters, other.parameters)


def test_no_observations_have_no_action_values():
    deep = fsq.Deep(fsq.QLearning(1e-3, 0.9), network=fsq.MLP((3,)))
    curves = fsq.train(fsq.cart_pole(), deep, seeds=2, steps=10, points=1, keep_parameters=True)
    assert fsq.action_values(fsq.cart_pole(), curves, np.zeros((0, 4))).shape == (2, 0, 2)
