"""A network has the same bits on every processor, and NaN and zeros where they belong."""

import hashlib
import os
import pickle
import platform
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from fastsoftq.kernels.targets import here
from fastsoftq.networks.architectures import MLP, Convolutional
from fastsoftq.networks.optimizers import SGD, Adam, RMSProp
from tests.networks.calling import Running

NETWORKS = {
    "common": (MLP((120, 84)), (4,), Adam()),
    "odd": (MLP((13, 40)), (5,), RMSProp()),
    "dueling, layer norm": (MLP((24, 19), dueling=True, layer_norm=True), (4,), SGD(0.9)),
    "picture": (Convolutional((6, 16), hidden=(21,), layer_norm=True), (3, 7, 6), Adam()),
}


def learned(architecture, shape, optimizer, rows=13, key=5):
    """A digest of all that three updates leave behind."""
    running = Running(architecture, shape, 3, batch=rows, optimizer=optimizer, key=key)
    rng = np.random.default_rng(3)
    found = hashlib.sha256()
    for _ in range(3):
        q = running.forward(rng.normal(size=(rows, running.network.inputs)).astype(np.float32))
        running.backward((q - rng.normal(size=q.shape).astype(np.float32)) / np.float32(rows))
        norm = running.norm()
        running.scale(min(1.0, 2.0 / norm))
        running.optimise(1e-2)
        found.update(q.tobytes() + running.block("parameters").tobytes() + np.float64(norm).tobytes())
    return found.hexdigest()


def digests():
    return [learned(*network) for network in NETWORKS.values()]


@pytest.mark.parametrize(
    ("processor", "features"),
    [("generic", ""), ("x86-64-v2", ""), ("x86-64-v3", ""), ("x86-64-v4", "")],
)
def test_every_processor_gives_the_same_bits(processor, features):
    if processor != "generic" and platform.machine().lower() not in ("x86_64", "amd64"):
        pytest.skip("this is another architecture")
    if processor == "x86-64-v4" and here().lanes < 16:
        pytest.skip("this processor has no AVX-512")
    program = "from tests.networks.test_bits_of_networks import digests; print(*digests())"
    environment = os.environ | {"NUMBA_CPU_NAME": processor, "NUMBA_CPU_FEATURES": features}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == digests()


def everything(shape):
    """Architectures with every kind of layer, for observations of a shape."""
    options = [{}, {"dueling": True}, {"layer_norm": True}, {"bias": False}]
    kinds = [MLP] if len(shape) == 1 else [MLP, Convolutional]
    return [kind(hidden=(20, 13), **option) for kind in kinds for option in options]


@pytest.mark.parametrize("architecture", everything((3, 6, 5)), ids=str)
def test_padding_stays_0_and_nothing_is_written_beside_a_block(architecture):
    running = Running(architecture, (3, 6, 5), 3, batch=9, optimizer=Adam())
    rng = np.random.default_rng(0)
    for rows in (9, 1, 4):
        running.backward(running.forward(rng.normal(size=(rows, 90)).astype(np.float32)))
        running.optimise(0.01)
    between = np.ones(running.memory.size, bool)
    for block in running.at.values():
        between[block] = False
    assert not running.memory[between].any()
    for name in "parameters", "gradients":
        used = sum(array.size for layer in running.arrays(name) for array in layer[1:] if array is not None)
        assert used == running.network.n_parameters
        held = sum(np.count_nonzero(a) for layer in running.arrays(name) for a in layer[1:] if a is not None)
        assert np.count_nonzero(running.block(name)) == held
    heads = running.block("activations")[running.network.head :][: 9 * running.network.head_stride]
    assert not heads.reshape(9, -1)[:, 3:].any()


@pytest.mark.parametrize("architecture", everything((3, 6, 5)), ids=str)
def test_nan_passes_through(architecture):
    running = Running(architecture, (3, 6, 5), 3, batch=4)
    x = np.random.default_rng(0).normal(size=(4, 90)).astype(np.float32)
    clean = running.forward(x)
    x[1] = np.nan
    q = running.forward(x)
    assert np.isnan(q).any(1).tolist() == [False, True, False, False]
    np.testing.assert_array_equal(q[[0, 2, 3]], clean[[0, 2, 3]])
    running.backward(q)
    assert np.isnan(running.norm())


@pytest.mark.parametrize("architecture", everything((3, 6, 5)), ids=str)
def test_a_row_does_not_depend_on_the_others(architecture):
    running = Running(architecture, (3, 6, 5), 3, batch=20)
    x = np.random.default_rng(0).normal(size=(20, 90)).astype(np.float32)
    together = running.forward(x)
    for rows in (1, 2, 3, 5, 8, 9):
        np.testing.assert_array_equal(running.forward(x[:rows]), together[:rows])


def test_what_is_drawn_is_uniform_within_one_over_the_root_of_the_fan_in():
    running = Running(MLP((400, 300)), (100,), 5, key=11)
    for layer, fan_in in zip(running.arrays(), (100, 400, 300), strict=True):
        numbers = np.concatenate([layer.weights.ravel(), layer.biases])
        assert abs(numbers).max() <= 1 / np.sqrt(fan_in)
        n, root = numbers.size, np.sqrt(fan_in)
        assert abs(numbers.mean()) * root < 5 * np.sqrt(1 / 3 / n)
        assert abs(numbers.var() * fan_in - 1 / 3) < 5 * np.sqrt(4 / 45 / n)
    assert not np.array_equal(
        running.block("parameters"), Running(MLP((400, 300)), (100,), 5, key=12).block("parameters")
    )


def test_a_network_stays_in_its_process():
    with pytest.raises(TypeError, match="holds addresses of this process"):
        pickle.dumps(Running(MLP((3,))).network)


def test_threads_share_the_functions_and_nothing_else():
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: learned(*NETWORKS["common"]), range(8)))
    assert set(found) == {learned(*NETWORKS["common"])}
