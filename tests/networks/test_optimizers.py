"""Optimisers take the steps of their papers, to the bit as plain NumPy does, and of float64 within rounding."""

import numpy as np
import pytest

from fastsoftq.networks.architectures import MLP
from fastsoftq.networks.optimizers import SGD, Adam, RMSProp
from tests.networks.calling import Running
from tests.reference import optimizers as twins

OPTIMIZERS = {
    "sgd": SGD(),
    "momentum": SGD(0.9),
    "rmsprop": RMSProp(),
    "rmsprop without memory": RMSProp(0.0, 1e-3),
    "adam": Adam(),
    "adam without memory": Adam(0.0, 0.0, 1e-5),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_steps_are_those_of_numpy_to_the_bit(name):
    optimizer = OPTIMIZERS[name]
    running = Running(MLP((20,)), optimizer=optimizer)
    twin = getattr(twins, type(optimizer).__name__)(*optimizer)
    rng = np.random.default_rng(0)
    w = running.block("parameters").copy()
    size = np.exp(rng.normal(-4, 6, size=w.size))
    for t in range(50):
        g = (size * rng.normal(size=w.size)).astype(np.float32)
        g[rng.random(w.size) < 0.2] = 0
        step_size = 0.01 / (1 + t)
        running.block("gradients")[:] = g
        running.optimise(step_size)
        w = twin.step(w, g, step_size)
        np.testing.assert_array_equal(running.block("parameters"), w)
    assert not np.isnan(w).any()


def papers(optimizer, w, gradients, step_size):
    """Float64, as the papers write it; the hyperparameters have been rounded to float32."""
    optimizer = type(optimizer)(*(float(np.float32(number)) for number in optimizer))
    m = v = 0.0
    for t, g in enumerate(gradients, 1):
        if isinstance(optimizer, SGD):
            m = optimizer.momentum * m + g
            w = w - step_size * m
        elif isinstance(optimizer, RMSProp):
            v = optimizer.decay * v + (1 - optimizer.decay) * g**2
            w = w - step_size * g / (np.sqrt(v) + optimizer.epsilon)
        else:
            m = optimizer.beta_1 * m + (1 - optimizer.beta_1) * g
            v = optimizer.beta_2 * v + (1 - optimizer.beta_2) * g**2
            mean, square = m / (1 - optimizer.beta_1**t), v / (1 - optimizer.beta_2**t)
            w = w - step_size * mean / (np.sqrt(square) + optimizer.epsilon)
    return w


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_steps_are_the_papers(name):
    optimizer = OPTIMIZERS[name]
    running = Running(MLP((20,)), optimizer=optimizer)
    before = running.block("parameters").astype(float)
    gradients = np.random.default_rng(1).normal(size=(30, before.size)).astype(np.float32)
    for g in gradients:
        running.block("gradients")[:] = g
        running.optimise(0.01)
    expected = papers(optimizer, before, gradients.astype(float), 0.01)
    np.testing.assert_allclose(running.block("parameters"), expected, rtol=0, atol=3e-6)


@pytest.mark.parametrize("name", ["momentum", "rmsprop", "adam"])
def test_moments_that_fade_become_0_and_never_subnormal(name):
    running = Running(MLP((20,)), optimizer=OPTIMIZERS[name])
    running.block("gradients")[:] = 1e-3
    running.optimise(1e-3)
    running.block("gradients")[:] = 0
    for _ in range(100_000):
        running.optimise(1e-3)
        moments = running.block("moments")
        if not moments.any():
            break
        assert not ((moments != 0) & (np.abs(moments) < np.finfo(np.float32).tiny)).any()
    assert not moments.any()
    before = running.block("parameters").copy()
    running.optimise(1e-3)  # 0 / (0 + epsilon)
    np.testing.assert_array_equal(running.block("parameters"), before)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_nan_passes_through(name):
    running = Running(MLP((20,)), optimizer=OPTIMIZERS[name])
    running.block("gradients")[5] = np.nan
    running.optimise(1e-3)
    running.block("gradients")[:] = 0
    running.optimise(1e-3)
    assert np.isnan(running.block("parameters")).nonzero()[0].tolist() == [5]


def test_a_gradients_norm_has_one_order_and_scaling_is_exact():
    running = Running(MLP((120, 84)))
    g = np.random.default_rng(0).normal(size=running.network.parameters).astype(np.float32)
    running.block("gradients")[:] = g
    sums = np.zeros(16)
    for row in g.astype(float).reshape(-1, 16):
        sums += row * row  # exact products: as if fused
    while len(sums) > 1:
        sums = sums[: len(sums) // 2] + sums[len(sums) // 2 :]
    assert running.norm() == np.sqrt(sums[0])
    assert running.norm() == pytest.approx(np.linalg.norm(g.astype(float)), rel=1e-14)
    running.scale(0.3)
    np.testing.assert_array_equal(running.block("gradients"), g * np.float32(0.3))
    running.block("gradients")[7] = np.nan
    assert np.isnan(running.norm())
