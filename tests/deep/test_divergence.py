"""Runs that diverge stop, are marked and stay counted; environments that give no number are refused."""

from typing import NamedTuple

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.environments import Description, describe, observe, reset, step

WILD = fsq.Deep(
    fsq.QLearning(step_size=1.0, discount=1.0, epsilon=0.5),
    fsq.MLP(()),
    fsq.SGD(),
    fsq.Replay(capacity=200, batch=8, start=150, every=1),
    target_period=1,
)


def test_a_run_that_diverges_is_marked_and_counts_with_its_lowest_return():
    curves = fsq.train(fsq.acrobot(), WILD, 4, steps=2000, points=20, max_steps=90)
    assert curves.diverged.tolist() == [False, True, True, False]
    np.testing.assert_array_equal(curves.diverged_at >= 150, curves.diverged)
    assert np.isfinite(curves.returns).all()
    assert np.isfinite(curves.lengths).all()
    for run in np.flatnonzero(curves.diverged):
        after = curves.steps > curves.diverged_at[run]
        before = curves.returns[run][~after]
        assert after.any()
        assert (curves.returns[run][after] == min(before.min(), curves.returns[run][after].min())).all()
        assert (curves.returns[run][after] <= before.min()).all()
        assert (np.diff(curves.episodes[run]) >= 0).all()


def test_neighbours_of_a_run_that_diverges_are_not_changed():
    wild = WILD._replace(agent=WILD.agent._replace(step_size=0.02))
    curves = fsq.train(fsq.cart_pole(), wild, 12, steps=3000, points=5, keep_parameters=True, threads=2)
    for run in range(12):
        alone = fsq.train(fsq.cart_pole(), wild, [run], steps=3000, points=5, keep_parameters=True)
        np.testing.assert_array_equal(alone.returns[0], curves.returns[run])
        assert alone.diverged_at[0] == curves.diverged_at[run]


def test_rollouts_that_diverge_are_marked():
    wild = fsq.Deep(
        WILD.agent,
        fsq.MLP(()),
        fsq.SGD(),
        fsq.Rollouts(environments=4, length=8, minibatches=1),
    )
    curves = fsq.train(fsq.acrobot(), wild, 2, steps=4000, points=5)
    assert curves.diverged.tolist() == [True, False]
    assert np.isfinite(curves.returns).all()


class Breaks(NamedTuple):
    """Walks on, until what it shows or pays is no number."""

    after: int
    shows: float
    pays: float


@fsq.rule(describe, Breaks)
def _(environment):
    return Description(n_actions=2, shape=(1,), max_steps=50)


@fsq.rule(reset, Breaks)
def _(environment, key):
    return 0


@fsq.rule(step, Breaks)
def _(environment, state, action, key):
    state = state + 1
    return state, environment.pays if state == environment.after else -1.0, False


@fsq.rule(observe, Breaks)
def _(environment, state, out):
    out[0] = np.float32(environment.shows) if state == environment.after else np.float32(state)


@pytest.mark.parametrize(
    "replay", [fsq.Replay(start=10, batch=4), fsq.Rollouts(environments=2, length=4, minibatches=2)]
)
@pytest.mark.parametrize(
    ("what", "shows", "pays"),
    [
        ("observation", np.nan, 0.0),
        ("observation", np.inf, 0.0),
        ("reward", 0.0, np.nan),
        ("reward", 0.0, -np.inf),
        ("reward", 0.0, 1e308),
    ],
)
def test_what_is_not_finite_in_an_environment_is_refused(replay, what, shows, pays):
    deep = fsq.Deep(fsq.QLearning(step_size=1e-3, discount=0.9), fsq.MLP((8,)), replay=replay)
    with pytest.raises(ValueError, match=rf"environment is breaks; its {what} after step \d+ of seed 5 is not finite"):
        fsq.train(Breaks(45, shows, pays), deep, [5], steps=200, points=1)


def test_an_environment_without_faults_trains():
    deep = fsq.Deep(fsq.QLearning(step_size=1e-3, discount=0.9), fsq.MLP((8,)), replay=fsq.Replay(start=10, batch=4))
    curves = fsq.train(Breaks(-1, 0.0, 0.0), deep, [5], steps=200, points=2)
    assert curves.returns.tolist() == [[-50.0, -50.0]]


@pytest.mark.parametrize(
    "replay", [fsq.Replay(start=10, batch=4), fsq.Rollouts(environments=1, length=4, minibatches=2)]
)
def test_points_before_the_first_episode_ends_hold_what_it_comes_to(replay):
    deep = fsq.Deep(fsq.QLearning(step_size=1e-3, discount=0.9), fsq.MLP((8,)), replay=replay)
    curves = fsq.train(Breaks(-1, 0.0, 0.0), deep, [5, 6], steps=200, points=20)
    assert (curves.returns == -50.0).all()
    assert (curves.lengths == 50.0).all()
    assert curves.episodes[0].tolist() == [n // 5 for n in range(1, 21)]
    only_begun = fsq.train(Breaks(-1, 0.0, 0.0), deep, [5], steps=40, points=4)
    assert only_begun.returns.tolist() == [[-50.0] * 4]  # as if it went on like this
    assert not only_begun.episodes.any()


BLOWN = fsq.Deep(
    fsq.SoftQLearning(step_size=1e-3, discount=0.99, reward_scale=1e300),
    fsq.MLP((16,)),
    replay=fsq.Replay(capacity=500, batch=16, start=100),
)


def test_a_run_that_diverges_in_its_first_episode_does_not_look_like_success():
    curves = fsq.train(fsq.mountain_car(), BLOWN, seeds=2, steps=1200, points=6, keep_parameters=True)
    assert curves.diverged_at.tolist() == [101, 101]
    assert (curves.returns == -200.0).all()
    assert np.isfinite(curves.parameters).all()


def test_divergence_in_the_last_update_is_marked():
    curves = fsq.train(fsq.cart_pole(), BLOWN, seeds=2, steps=101, points=1, keep_parameters=True)
    assert curves.diverged_at.tolist() == [101, 101]
    assert np.isfinite(curves.parameters).all()
    rollouts = BLOWN._replace(replay=fsq.Rollouts(environments=4, length=8, epochs=1, minibatches=1))
    curves = fsq.train(fsq.cart_pole(), rollouts, seeds=1, steps=32, points=1, keep_parameters=True)
    assert curves.diverged_at.tolist() == [32]
    assert np.isfinite(curves.parameters).all()


@pytest.mark.parametrize("optimizer", [fsq.Adam(), fsq.RMSProp()])
def test_a_mean_square_that_overflows_is_divergence(optimizer):
    large = fsq.Deep(
        fsq.QLearning(step_size=1e-3, discount=0.9, reward_scale=1e25),  # 1e50 is beyond float32
        fsq.MLP((8,)),
        optimizer,
        fsq.Replay(capacity=200, batch=4, start=100, every=10),
        target_period=60,
    )
    task = {"seeds": 18, "steps": 300, "points": 3, "keep_parameters": True}
    curves = fsq.train(fsq.cart_pole(), large, **task)
    assert (curves.diverged_at == 121).all()  # learned first at 100, copied at 120
    assert np.isfinite(curves.parameters).all()
    for bounded in ({"loss": fsq.Huber()}, {"clip": 1.0}):
        assert not fsq.train(fsq.cart_pole(), large._replace(**bounded), **task).diverged.any()


class StartsBroken(NamedTuple):
    """Shows no number where some episodes start."""

    every: int


@fsq.rule(describe, StartsBroken)
def _(environment):
    return Description(n_actions=2, shape=(1,), max_steps=5)


@fsq.rule(reset, StartsBroken)
def _(environment, key):
    return np.float64(np.uint64(key) % np.uint64(environment.every) == np.uint64(0))


@fsq.rule(step, StartsBroken)
def _(environment, state, action, key):
    return 0.0, 1.0, False


@fsq.rule(observe, StartsBroken)
def _(environment, state, out):
    out[0] = np.float32(np.nan) if state == 1.0 else np.float32(0.5)


@pytest.mark.parametrize(
    "replay", [fsq.Replay(start=10, batch=4), fsq.Rollouts(environments=2, length=4, minibatches=2)]
)
def test_what_is_not_finite_after_a_reset_is_refused(replay):
    deep = fsq.Deep(fsq.QLearning(step_size=1e-3, discount=0.9), fsq.MLP((8,)), replay=replay)
    with pytest.raises(
        ValueError, match=r"environment is starts_broken; its observation after step \d+ of seed \d+ is not"
    ):
        fsq.train(StartsBroken(1000), deep, 4, steps=20_000, points=1)
