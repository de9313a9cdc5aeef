"""Deep Q-learning beside its slow twin in NumPy: the same episodes, and the same weights but for rounding."""

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.deep.learner import Deep, Munchausen
from fastsoftq.deep.replay import PrioritizedReplay, Replay, Rollouts
from fastsoftq.environments.cart_pole import cart_pole
from fastsoftq.networks.architectures import MLP
from fastsoftq.networks.losses import Huber
from fastsoftq.networks.optimizers import Adam
from tests.deep.weights import layers_of
from tests.deep.worlds import Stepped
from tests.reference import deep_q_learning as twin

STEPS, MAX_STEPS = 360, 40


HARD = fsq.QLearning(step_size=1e-3, discount=0.95, epsilon=fsq.LinearDecay(1.0, 0.1, 0.005))
SOFT = fsq.SoftQLearning(step_size=1e-3, discount=0.95, temperature=fsq.LinearDecay(0.9, 0.3, 0.001), reward_scale=0.5)
SARSA = fsq.ExpectedSarsa(step_size=fsq.LinearDecay(1e-3, 1e-4, 1e-6), discount=0.9, epsilon=0.3)
SMALL = {"network": MLP((16, 12)), "target_period": 25, "optimizer": Adam(epsilon=1e-4)}
BUFFER = Replay(capacity=90, batch=8, start=20, every=2)
BY_PRIORITY = PrioritizedReplay(capacity=90, batch=8, start=20, every=2, beta_steps=200)
AGENTS = {
    "hard": Deep(HARD, **SMALL, replay=BUFFER),
    "soft": Deep(SOFT, **SMALL, replay=BUFFER),
    "expected Sarsa": Deep(SARSA, **SMALL, replay=BUFFER, loss=Huber(0.5)),
    "fixed temperature": Deep(SOFT._replace(temperature=0.5), **SMALL, replay=BUFFER, clip=0.1),
    "one layer": Deep(HARD, MLP(()), target_period=10, optimizer=Adam(epsilon=1e-4), replay=BUFFER),
    "n steps": Deep(HARD, **SMALL, replay=BUFFER, n_step=3),
    "n steps, soft, by priority": Deep(SOFT, **SMALL, replay=BY_PRIORITY, n_step=4),
    "double": Deep(HARD, **SMALL, replay=BUFFER, double=True),
    "double soft": Deep(SOFT, **SMALL, replay=BUFFER, double=True, n_step=2),
    "double expected Sarsa": Deep(SARSA, **SMALL, replay=BUFFER, double=True),
    "Munchausen": Deep(SOFT, **SMALL, replay=BUFFER, munchausen=Munchausen(0.8, -0.6)),
    "Munchausen, hard": Deep(HARD, **SMALL, replay=BUFFER, munchausen=Munchausen(0.5, -2.0)),
    "by priority": Deep(HARD, **SMALL, replay=BY_PRIORITY),
    "a transition at a time": Deep(HARD, **SMALL, replay=Replay(capacity=1, batch=1, start=0, every=1)),
}
ROLLOUTS = {
    "rollouts": Deep(HARD, **SMALL, replay=Rollouts(environments=4, length=6, epochs=2, minibatches=3)),
    "rollouts, soft": Deep(SOFT, **SMALL, replay=Rollouts(environments=3, length=5, epochs=1, minibatches=1)),
    "one environment": Deep(HARD, **SMALL, replay=Rollouts(environments=1, length=8, minibatches=2, trace_decay=1.0)),
}


def beside(deep, train_twin, seed, steps):
    env = cart_pole()
    options = {"max_steps": MAX_STEPS, "keep_parameters": True}
    untrained = deep._replace(replay=Replay(start=10, batch=1))
    first = fsq.train(env, untrained, [seed], steps=1, points=1, **options)
    curves = fsq.train(env, deep, [seed], steps=steps, points=6, **options)
    run = train_twin(Stepped(env, 4), deep, layers_of(deep, first.parameters[0], 4, 2), seed, steps, MAX_STEPS)
    return curves, run


def on_grid(ended, grid):
    """What the curves of a run say, from its episodes."""
    rows, before, latest = [], 0, (np.nan, np.nan, np.nan)
    for point in grid:
        here = [e for e in ended if before < e[0] <= point]
        if here:
            latest = tuple(np.mean([e[i] for e in here]) for i in (1, 2, 3))
        rows.append((*latest, sum(e[0] <= point for e in ended)))
        before = point
    return np.array(rows, float)


@pytest.mark.parametrize("name", [*AGENTS, *ROLLOUTS])
def test_the_twin_has_the_same_episodes_and_weights(name):
    deep = {**AGENTS, **ROLLOUTS}[name]
    train_twin = twin.train_from_rollouts if name in ROLLOUTS else twin.train_from_buffer
    curves, run = beside(deep, train_twin, seed=3, steps=STEPS)
    expected = on_grid(run.ended, curves.steps)
    got = np.stack([curves.returns[0], curves.lengths[0], curves.truncated[0], curves.episodes[0]], 1)
    np.testing.assert_allclose(got, expected, rtol=1e-12)
    for (w, b), (twin_w, twin_b) in zip(layers_of(deep, curves.parameters[0], 4, 2), run.network.layers, strict=True):
        np.testing.assert_allclose(w, twin_w, atol=2e-4)
        np.testing.assert_allclose(b, twin_b, atol=2e-4)
