"""Slopes are derivatives of their losses, and NaN stays."""

import numpy as np
import pytest

from fastsoftq.kernels.jit import compiled
from fastsoftq.networks.losses import Huber, Squared, slope


@compiled
def slopes(loss, errors):
    return [slope(loss, error) for error in errors]


def loss_of(loss, error):
    if isinstance(loss, Squared):
        return error**2 / 2
    size = abs(error)
    return error**2 / 2 if size <= loss.threshold else loss.threshold * (size - loss.threshold / 2)


@pytest.mark.parametrize("loss", [Squared(), Huber(), Huber(0.25)])
def test_a_slope_is_the_derivative_of_its_loss(loss):
    errors = np.linspace(-3, 3, 121, dtype=np.float32) + np.float32(0.01)
    found = slopes(loss, errors)
    assert {type(number) for number in found} == {float}
    for error, number in zip(errors.astype(float), found, strict=True):
        expected = (loss_of(loss, error + 1e-6) - loss_of(loss, error - 1e-6)) / 2e-6
        assert number == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("loss", [Squared(), Huber()])
def test_nan_and_infinite_errors_stay_what_they_are(loss):
    most = np.inf if isinstance(loss, Squared) else 1.0
    assert slopes(loss, np.array([np.inf, -np.inf], np.float32)) == [most, -most]
    assert np.isnan(slopes(loss, np.array([np.nan], np.float32))).all()


def test_what_is_no_loss_is_refused():
    with pytest.raises(Exception, match="it must be Squared or Huber"):
        slopes((1.0,), np.zeros(1, np.float32))
