"""Golden digests: what the agents of the shelf yield, to the bit, in this version and in any later one."""

import hashlib

import pytest

import fastsoftq as fsq
from tests.engine.running import bits, train

HARD, SOFT = fsq.QLearning(0.5, 0.95, 0.2), fsq.SoftQLearning(0.5, 0.95, reward_scale=10.0)

AGENTS = {
    # Two tables, n steps, traces.
    "double": fsq.DoubleQLearning(0.1, 0.95),
    "double, soft": fsq.DoubleSoftQLearning(0.1, 0.95, reward_scale=2.0),
    "n-step Sarsa": fsq.NStepSarsa(0.1, 0.95, 4),
    "tree backup": fsq.NStepTreeBackup(0.1, 0.95, 3),
    "n-step soft": fsq.NStepSoftQLearning(0.1, 0.95, 4, reward_scale=2.0),
    "Sarsa(lambda)": fsq.SarsaLambda(0.1, 0.95),
    "Q(lambda)": fsq.QLambda(0.1, 0.95, replacing=True),
    "soft Q(lambda)": fsq.SoftQLambda(0.1, 0.95, reward_scale=2.0, epsilon=0.1),
    "mellowmax": fsq.MellowmaxQLearning(0.1, 0.95),
    # Agents that plan, criticise, or hold another one.
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
DIGESTS = {
    "double": "8a569980a8f98d81",
    "double, soft": "3d62f65c1cd7d413",
    "n-step Sarsa": "592145d5f66f2062",
    "tree backup": "d4e89218eac0bc7a",
    "n-step soft": "87a8cc0d36101dfd",
    "Sarsa(lambda)": "2efe93f0e36e25aa",
    "Q(lambda)": "9602a9b63ebe547b",
    "soft Q(lambda)": "4a7db07619d500aa",
    "mellowmax": "387397b8f6728aa9",
    "dyna": "913d43d6913e6274",
    "dyna, time bonus": "fb084ae1e66c8c7f",
    "dyna, soft": "5b5b255df09f6099",
    "sweeping": "f1aa2359ef0c9062",
    "paths": "32b148904fc32321",
    "actor": "d38dcf475f739baa",
    "actor, entropy": "893c8d5005fa8eab",
    "step sizes by visits": "6d798d5283f1f58e",
    "count bonus": "fb8fded1294840b3",
    "upper confidence": "2f9a1b0a82d7ab24",
    "optimistic": "8f7ad4a56411de04",
}


def digest(agent):
    mdp = fsq.cliff_walking(slippery=True)
    curves = train(0, mdp, agent, seeds=3, episodes=20, max_steps=100)
    return hashlib.sha256(b"".join(bits(curves))).hexdigest()[:16]


@pytest.mark.parametrize("name", AGENTS)
def test_bits_stay_as_they_are(name):
    assert digest(AGENTS[name]) == DIGESTS[name]
