"""Simulated GPUs for tests of what trains on them."""

from unittest import mock

import pytest

from fastsoftq.engine.gpu import fetching, several_cards
from tests.engine.gpu.simulated_card import SimulatedGpu


@pytest.fixture
def cards(request):
    """One simulated GPU, or as many as asked for."""
    found = [SimulatedGpu(number=number) for number in range(getattr(request, "param", 1))]
    with (
        mock.patch.object(several_cards, "cards", return_value=tuple(card.card for card in found)),
        mock.patch.object(several_cards, "gpu", side_effect=found.__getitem__),
        mock.patch.object(fetching, "_PIECE_BYTES", 5000),
    ):
        yield found
