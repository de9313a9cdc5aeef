"""Seeds side by side have the bits that each has by itself."""

import numpy as np
import pytest

from fastsoftq.networks.architectures import MLP, Convolutional
from fastsoftq.networks.lane_products import lanes_here
from fastsoftq.networks.network import lockstep_lanes, network_for
from fastsoftq.networks.optimizers import SGD, Adam, RMSProp
from tests.networks.calling import Running

KINDS = {
    "no hidden layer": (MLP(()), 4, SGD()),
    "common": (MLP((16, 16)), 4, Adam()),
    "odd": (MLP((7, 32, 9)), 5, RMSProp()),
    "no biases": (MLP((13,), bias=False), 3, SGD(0.9)),
    "wide": (MLP((70,)), 20, Adam()),
}


@pytest.mark.parametrize("rows", [1, 2, 5, 32])
@pytest.mark.parametrize("kind", KINDS)
def test_each_lane_has_the_bits_of_a_run_by_itself(kind, rows):
    architecture, inputs, optimizer = KINDS[kind]
    lanes, rng = lanes_here(), np.random.default_rng(rows)
    together = Running(architecture, (inputs,), 3, 32, optimizer, lanes=lanes)
    alone = [Running(architecture, (inputs,), 3, 32, optimizer, key=7 + lane) for lane in range(lanes)]
    net = together.network
    assert (net.parameters, net.head) == (alone[0].network.parameters, alone[0].network.head)
    for _ in range(3):
        x = rng.normal(size=(lanes, rows, inputs)).astype(np.float32)
        d = rng.normal(size=(lanes, rows, 3)).astype(np.float32)
        x[2, 0, 0] = np.nan if kind == "odd" else 0
        q = np.array(together.forward_lanes(x))
        together.backward_lanes(d)
        together.optimise(0.01)
        for lane, run in enumerate(alone):
            np.testing.assert_array_equal(q[lane], run.forward(x[lane]))
            run.backward(d[lane])
            run.optimise(0.01)
            for name in "gradients", "parameters", "moments":
                found, own = together.block_of_lanes(name)[:, lane], run.block(name)
                assert ((found == own) | np.isnan(own)).all()  # a run by itself has NaN in the padding too
                assert np.isnan(own[np.isnan(found)]).all()
    spoilt = np.isnan(together.block_of_lanes("parameters")).any(0)
    assert spoilt.nonzero()[0].tolist() == ([2] if kind == "odd" else [])
    between = np.ones(len(together.numbers), bool)
    for block in together.at.values():
        between[block] = False
    assert not together.numbers[between].any()


def test_only_small_plain_networks_are_learned_side_by_side():
    assert lockstep_lanes(MLP((32, 32))) == lanes_here()
    assert lockstep_lanes(MLP(())) == lanes_here()
    assert lockstep_lanes(MLP((32, 32)), clip=1.0) == 1
    for architecture in MLP((33,)), MLP((8,), dueling=True), MLP((8,), layer_norm=True), Convolutional(hidden=(8,)):
        assert lockstep_lanes(architecture) == 1


@pytest.mark.parametrize("lanes", [0, 2, 3, 64])
def test_other_lanes_are_refused(lanes):
    with pytest.raises(ValueError, match=f"lanes is {lanes}; it must be 1 or {lanes_here()} for MLP"):
        network_for(MLP((8,)), (4,), 2, 8, SGD(), lanes)
    with pytest.raises(ValueError, match=f"lanes is {lanes}; it must be 1 for MLP"):
        network_for(MLP((8,), dueling=True), (4,), 2, 8, SGD(), lanes)
