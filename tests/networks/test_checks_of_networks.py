"""What cannot be is refused, by its name, with what is allowed."""

import numpy as np
import pytest

from fastsoftq.networks.architectures import MLP, Convolutional, checked_architecture
from fastsoftq.networks.losses import Huber, Squared, checked_loss
from fastsoftq.networks.optimizers import SGD, Adam, RMSProp, checked_optimizer

NAN = float("nan")


@pytest.mark.parametrize(
    ("architecture", "error", "message"),
    [
        ((120, 84), TypeError, r"network is \(120, 84\); it must be an MLP or a Convolutional"),
        (MLP, TypeError, "it must be an MLP or a Convolutional"),
        (MLP(64), TypeError, "MLP.hidden is 64; it must be a tuple of counts"),
        (MLP("64"), TypeError, "MLP.hidden is '64'; it must be a tuple of counts"),
        (MLP((64, 0)), ValueError, r"MLP.hidden\[1\] is 0; it must be at least 1"),
        (MLP((-1,)), ValueError, r"MLP.hidden\[0\] is -1; it must be at least 1"),
        (MLP((2**16 + 1,)), ValueError, r"MLP.hidden\[0\] is 65537; it must be at most 65536"),
        (MLP((1,) * 65), ValueError, "MLP.hidden has 65 layers; it must have at most 64"),
        (MLP((2.0,)), TypeError, r"MLP.hidden\[0\] is 2.0; it must be an integer"),
        (MLP((True,)), TypeError, r"MLP.hidden\[0\] is True; it must be an integer"),
        (MLP(dueling=1), TypeError, "MLP.dueling is 1; it must be True or False"),
        (MLP(layer_norm="no"), TypeError, "MLP.layer_norm is 'no'; it must be True or False"),
        (MLP(bias=None), TypeError, "MLP.bias is None; it must be True or False"),
        (Convolutional(()), ValueError, r"Convolutional.channels is \(\); it must name at least one"),
        (Convolutional((0,)), ValueError, r"Convolutional.channels\[0\] is 0; it must be at least 1"),
        (Convolutional(size=0), ValueError, "Convolutional.size is 0; it must be at least 1"),
        (Convolutional(size=(3, 3)), TypeError, r"Convolutional.size is \(3, 3\); it must be an integer"),
    ],
)
def test_an_impossible_architecture_is_refused(architecture, error, message):
    with pytest.raises(error, match=message):
        checked_architecture(architecture)


@pytest.mark.parametrize(
    ("architecture", "shape", "message"),
    [
        (Convolutional(), (4,), r"observations have shape \(4,\); they must be pictures"),
        (Convolutional((4,) * 5), (1, 10, 12), "need a picture of 11 x 11 positions, and observations have 10 x 12"),
        (Convolutional(size=5), (1, 9, 4), "need a picture of 5 x 5 positions, and observations have 9 x 4"),
        (MLP((2**16, 2**16)), (4,), "network has 4,295,360,512 weights; it must have at most 268,435,456"),
    ],
)
def test_an_architecture_that_does_not_fit_is_refused(architecture, shape, message):
    with pytest.raises(ValueError, match=message):
        checked_architecture(architecture, shape, 2)


def test_what_is_allowed_becomes_plain():
    found = checked_architecture(MLP([np.int64(64), np.int32(8)], bias=False), (4,), 2)
    assert found == MLP((64, 8), bias=False)
    assert [type(units) for units in found.hidden] == [int, int]
    assert checked_architecture(Convolutional((4,) * 4), (1, 9, 9), 2).channels == (4, 4, 4, 4)
    assert checked_optimizer(SGD(np.float32(0.5))) == SGD(0.5)
    assert repr(checked_optimizer(SGD(-0.0))) == "SGD(momentum=0.0)"
    assert type(checked_optimizer(Adam(0)).beta_1) is float
    assert checked_loss(Huber(2)) == Huber(2.0)
    assert checked_loss(Squared()) == Squared()


@pytest.mark.parametrize(
    ("optimizer", "error", "message"),
    [
        ("adam", TypeError, "optimizer is 'adam'; it must be an SGD, an RMSProp or an Adam"),
        (SGD(1.0), ValueError, r"SGD.momentum is 1.0; it must lie in \[0, 1\)"),
        (SGD(NAN), ValueError, r"SGD.momentum is nan; it must lie in \[0, 1\)"),
        (SGD("0.9"), TypeError, "SGD.momentum is '0.9'; it must be a number"),
        (RMSProp(-0.1), ValueError, r"RMSProp.decay is -0.1; it must lie in \[0, 1\)"),
        (RMSProp(epsilon=0), ValueError, r"RMSProp.epsilon is 0.0; it must lie in \[1e-20, 1e\+06\]"),
        (Adam(beta_2=1), ValueError, r"Adam.beta_2 is 1.0; it must lie in \[0, 1\)"),
        (Adam(beta_2=1 - 1e-9), ValueError, r"Adam.beta_2 is 0.999999999; it must be at most 1 - 2\*\*-24"),
        (Adam(epsilon=NAN), ValueError, "Adam.epsilon is nan; it must be finite"),
        (Adam(epsilon=1e-30), ValueError, "Adam.epsilon is 1e-30; it must lie in"),
        (Adam(beta_1=None), TypeError, "Adam.beta_1 is None; it must be a number"),
    ],
)
def test_an_impossible_optimizer_is_refused(optimizer, error, message):
    with pytest.raises(error, match=message):
        checked_optimizer(optimizer)


@pytest.mark.parametrize(
    ("loss", "error", "message"),
    [
        ("huber", TypeError, r"loss is 'huber'; it must be Squared\(\) or a Huber"),
        (Squared, TypeError, "it must be Squared"),
        (Huber(-1.0), ValueError, "Huber.threshold is -1.0; it must be above 0"),
        (Huber(NAN), ValueError, "Huber.threshold is nan; it must be finite"),
        (Huber(True), TypeError, "Huber.threshold is True; it must be a number"),
    ],
)
def test_an_impossible_loss_is_refused(loss, error, message):
    with pytest.raises(error, match=message):
        checked_loss(loss)
