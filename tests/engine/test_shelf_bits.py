"""Golden digests: what the agents with memory yield, to the bit, in this version and in any later one."""

import hashlib

import pytest

import fastsoftq as fsq
from tests.engine.running import bits, train

HARD, SOFT = fsq.QLearning(0.5, 0.95, 0.2), fsq.SoftQLearning(0.5, 0.95, reward_scale=10.0)

# Agents that plan, criticise, or hold another one.
MODELS_AND_WRAPPERS = {
    "dyna": fsq.DynaQ(0.5, 0.95, 5, epsilon=0.2),
    "dyna, time bonus": fsq.DynaQ(0.5, 0.95, 5, 0.01, 0.2),
    "dyna, soft": fsq.DynaSoftQ(0.5, 0.95, 5, reward_scale=10.0),
    "sweeping": fsq.PrioritizedSweeping(0.5, 0.95, 5, epsilon=0.2),
    "paths": fsq.PathConsistency(0.1, 0.95, 4, reward_scale=10.0),
    "actor": fsq.ActorCritic(0.1, 0.95, 0.2, reward_scale=0.1),
    "actor, entropy": fsq.ActorCritic(0.1, 0.95, 0.2, 0.1, True, reward_scale=0.1),
    "step sizes by visits": fsq.VisitStepSize(HARD, 0.8),
    "count bonus": fsq.CountBonus(SOFT, 1.0),
    "upper confidence": fsq.UpperConfidence(HARD, 1.0),
    "optimistic": fsq.OptimisticStart(HARD, 5.0),
}
DIGESTS = {}


def digest(agent):
    mdp = fsq.cliff_walking(slippery=True)
    curves = train(0, mdp, agent, seeds=3, episodes=20, max_steps=100)
    return hashlib.sha256(b"".join(bits(curves))).hexdigest()[:16]


@pytest.mark.parametrize("name", MODELS_AND_WRAPPERS)
def test_bits_stay_as_they_are(name):
    assert digest(MODELS_AND_WRAPPERS[name]) == DIGESTS[name]
