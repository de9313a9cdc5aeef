"""An environment that is not compiled is learned in as by the slow twin, which steps the same one."""

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.networks.architectures import MLP
from tests.deep.weights import layers_of
from tests.reference import deep_q_learning as twin

gymnasium = pytest.importorskip("gymnasium")

DEEP = fsq.Deep(
    fsq.QLearning(step_size=1e-3, discount=0.95, epsilon=fsq.LinearDecay(1.0, 0.1, 0.005)),
    MLP((16, 12)),
    fsq.Adam(epsilon=1e-4),
    fsq.Replay(capacity=90, batch=8, start=20, every=2),
    target_period=25,
    n_step=2,
)


class Played:
    """Gymnasium's own environment, for the twin: the first reset has the seed, later ones none."""

    def __init__(self, seed):
        self.env, self.seed = gymnasium.make("CartPole-v1"), seed

    def reset(self, key):
        seen, _ = self.env.reset(seed=self.seed)
        self.seed = None
        return seen

    def step(self, state, action, key):
        seen, reward, terminated, _, _ = self.env.step(int(action))
        return seen, reward, terminated

    def observe(self, state):
        return np.asarray(state, np.float32)


def trained(seeds, **options):
    environment = fsq.gymnasium_environment("CartPole-v1")
    return fsq.train(environment, DEEP, seeds, max_steps=40, keep_parameters=True, **options)


def test_it_learns_as_the_twin_does():
    first = fsq.train(
        fsq.gymnasium_environment("CartPole-v1"),
        DEEP._replace(replay=fsq.Replay(start=10, batch=1)),
        [3],
        steps=1,
        points=1,
        keep_parameters=True,
    )
    curves = trained([3], steps=360, points=1)
    run = twin.train_from_buffer(Played(3), DEEP, layers_of(DEEP, first.parameters[0], 4, 2), 3, 360, 40)
    assert curves.episodes[0, 0] == len(run.ended)
    assert curves.returns[0, 0] == np.mean([ended[1] for ended in run.ended])
    assert curves.truncated[0, 0] == np.mean([ended[3] for ended in run.ended])
    for (w, b), (twin_w, twin_b) in zip(layers_of(DEEP, curves.parameters[0], 4, 2), run.network.layers, strict=True):
        np.testing.assert_allclose(w, twin_w, atol=2e-4)
        np.testing.assert_allclose(b, twin_b, atol=2e-4)


def test_a_seed_is_the_same_beside_others_and_when_repeated():
    several = trained([4, 9], steps=200, points=2)
    alone = trained([9], steps=200, points=2)
    np.testing.assert_array_equal(several.parameters[1], alone.parameters[0])
    np.testing.assert_array_equal(several.returns[1], alone.returns[0])


def test_rollouts_are_refused():
    with pytest.raises(ValueError, match="in an environment that is not compiled it must be a Replay"):
        fsq.train(
            fsq.gymnasium_environment("CartPole-v1"), DEEP._replace(replay=fsq.Rollouts(), n_step=1), 1, steps=3200
        )


def test_progress_and_interruption():
    reports = []
    trained([1, 2], steps=100, points=2, progress=reports.append)
    assert (reports[-1].runs, reports[-1].steps) == (2, 200)

    def stop(progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trained([1], steps=100_000, points=2, progress=stop)
