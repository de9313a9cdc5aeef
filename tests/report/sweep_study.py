"""Studies that sweep, small enough to be run in a test: 120 conditions, and 1,000."""

STUDY = """
name = "{name}"
episodes = {episodes}
seeds = {seeds}
max_steps = 100

[environments.cliff]
kind = "cliff_walking"

[environments.slippery]
kind = "cliff_walking"
slippery = true

[agents.hard]
kind = "q_learning"
step_size = {steps}
discount = 0.95
epsilon = {epsilons}

[agents.soft]
kind = "soft_q_learning"
step_size = {steps}
discount = 0.95
temperature = 1.0
reward_scale = {scales}

[agents.expected]
kind = "expected_sarsa"
step_size = {steps}
discount = 0.95
epsilon = {epsilons}
"""
SCALES, EPSILONS = [1.0, 3.0, 10.0, 30.0], [0.01, 0.05, 0.1, 0.3]


def hundred(seeds=24, episodes=60):
    """The TOML of 2 worlds x 3 algorithms x 5 step sizes x 4 reward scales or epsilons."""
    steps = [0.1, 0.2, 0.4, 0.6, 0.8]
    return STUDY.format(name="hundred", episodes=episodes, seeds=seeds, steps=steps, scales=SCALES, epsilons=EPSILONS)


def thousand(seeds=6, episodes=12):
    """The TOML of 2 worlds x 500 agents: 250 soft ones, and 125 of each of the others."""
    steps = [round(0.04 * i, 2) for i in range(1, 26)]
    scales = [float(k) for k in range(1, 11)]
    epsilons = [0.01, 0.03, 0.1, 0.2, 0.4]
    return STUDY.format(name="thousand", episodes=episodes, seeds=seeds, steps=steps, scales=scales, epsilons=epsilons)
