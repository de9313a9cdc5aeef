"""What the agents of the shelf yield, to the bit: digests of returns and lengths in slippery cliff walking."""

import hashlib

import pytest

import fastsoftq as fsq
from tests.engine.running import train

MDP = fsq.cliff_walking(slippery=True)
DIGESTS = {
    fsq.DoubleQLearning(0.1, 0.95): "a53d07234f5d90fe",
    fsq.DoubleSoftQLearning(0.1, 0.95, reward_scale=2.0): "795c5642804f5c10",
    fsq.NStepSarsa(0.1, 0.95, 4): "a813942450a1ab59",
    fsq.NStepTreeBackup(0.1, 0.95, 3): "f20170286b35c047",
    fsq.NStepSoftQLearning(0.1, 0.95, 4, reward_scale=2.0): "38358644fd0fb714",
    fsq.SarsaLambda(0.1, 0.95): "873ae8a52bc6cf6c",
    fsq.QLambda(0.1, 0.95, replacing=True): "561dd15aedade238",
    fsq.SoftQLambda(0.1, 0.95, reward_scale=2.0, epsilon=0.1): "97b05d383d85a54f",
    fsq.MellowmaxQLearning(0.1, 0.95): "469d8403f6adae04",
}


@pytest.mark.parametrize("agent", DIGESTS, ids=lambda agent: type(agent).__name__)
def test_the_bits_are_those_they_were(agent):
    curves = train(0, MDP, agent, seeds=3, episodes=20, max_steps=100)
    found = hashlib.sha256(curves.returns.astype("<f8").tobytes() + curves.lengths.astype("<i4").tobytes())
    assert found.hexdigest()[:16] == DIGESTS[agent]
