"""Observations as columns give the bits that they give as rows."""

import numpy as np
import pytest

from fastsoftq.networks.architectures import MLP, Convolutional
from fastsoftq.networks.column_plan import goes_in_columns
from fastsoftq.networks.network import network_for
from fastsoftq.networks.optimizers import SGD, Adam, RMSProp
from tests.networks.calling import Running

KINDS = {
    "no hidden layer": (MLP(()), 4, 3, SGD()),
    "common": (MLP((120, 84)), 4, 2, Adam()),
    "odd": (MLP((7, 33, 9)), 5, 11, RMSProp()),
    "no biases": (MLP((13,), bias=False), 3, 3, SGD(0.9)),
    "wide": (MLP((150,)), 90, 18, Adam()),
}


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("rows", [1, 3, 16, 23, 48])
@pytest.mark.parametrize("kind", KINDS)
def test_columns_have_the_bits_of_rows(kind, rows, in_place):
    architecture, inputs, actions, optimizer = KINDS[kind]
    rng = np.random.default_rng(rows)
    in_columns, in_rows = (
        Running(architecture, (inputs,), actions, 48, optimizer, columns=columns) for columns in (True, False)
    )
    assert in_columns.network.unit_stride == 48
    if in_place:  # deltas are written over the activations
        in_columns.at["deltas"] = in_columns.at["activations"]
    for turn in range(4):
        count = 48 if turn == 1 else rows  # what a larger batch left behind changes nothing
        x = rng.normal(size=(count, inputs)).astype(np.float32)
        d = rng.normal(size=(count, actions)).astype(np.float32)
        np.testing.assert_array_equal(in_columns.forward(x), in_rows.forward(x))
        for running in in_columns, in_rows:
            running.backward(d)
            running.optimise(0.01)
        for name in "gradients", "parameters", "moments":
            np.testing.assert_array_equal(in_columns.block(name), in_rows.block(name))
    between = np.ones(in_columns.memory.size, bool)
    for block in in_columns.at.values():
        between[block] = False
    assert not in_columns.memory[between].any()


def test_nan_stays_with_its_observation():
    running = Running(MLP((20, 13)), (5,), 3, 16, columns=True)
    x = np.random.default_rng(0).normal(size=(16, 5)).astype(np.float32)
    clean = running.forward(x)
    x[1] = np.nan
    q = running.forward(x)
    assert np.isnan(q).any(1).nonzero()[0].tolist() == [1]
    np.testing.assert_array_equal(np.delete(q, 1, 0), np.delete(clean, 1, 0))
    running.backward(q)
    assert np.isnan(running.norm())


def test_only_whole_vectors_of_plain_networks_go_in_columns():
    assert goes_in_columns(MLP((33,)), 16)
    others = MLP((8,), dueling=True), MLP((8,), layer_norm=True), Convolutional(hidden=(8,))
    for architecture, batch in [(MLP((8,)), 8), (MLP((8,)), 17), *((other, 16) for other in others)]:
        assert not goes_in_columns(architecture, batch)
        with pytest.raises(
            ValueError, match=rf"columns is True; it must be False for .*, a batch of {batch} and 1 lanes"
        ):
            network_for(architecture, (4, 4, 4), 2, batch, SGD(), columns=True)
