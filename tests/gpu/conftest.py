"""These tests run by themselves where a GPU is, and are skipped, with the reason, where none can be used."""

import pytest

from fastsoftq.engine.gpu.driver import GpuError
from fastsoftq.engine.gpu.several_cards import gpus_of


@pytest.fixture(scope="session")
def card():
    """The first GPU."""
    try:
        return gpus_of("cuda:0")[0]
    except GpuError as error:
        pytest.skip(str(error))


@pytest.fixture
def device(card):
    """What `train` calls it."""
    return f"cuda:{card.number}"
