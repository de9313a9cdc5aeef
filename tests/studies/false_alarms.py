"""Count how often studies of equals say that something differs: rounds of `stop`, and what `select` has chosen.

    python tests/studies/false_alarms.py --studies 1000

Runs are real ones, trained once and dealt out to studies at random: every condition of every study has other seeds of
the same agent, so that whatever a study says of a difference is false.
"""

import argparse
import math

import numpy as np

import fastsoftq as fsq
from fastsoftq.statistics import compare_samples, confidence_interval
from fastsoftq.studies import Stop
from fastsoftq.studies.compared_pairs import Pair
from fastsoftq.studies.rounds import pair_decisions, round_sizes

AGENTS = {
    "hard": fsq.QLearning(step_size=0.8, discount=0.95),
    "soft": fsq.SoftQLearning(step_size=0.8, discount=0.95, reward_scale=5.0),
}


def pool(agent, runs):
    """The mean return of the last 100 episodes, of very many runs."""
    curves = fsq.train(fsq.cliff_walking(height=3, width=5), agent, seeds=runs, episodes=120, max_steps=60)
    return curves.returns[:, -100:].mean(axis=1)


def rounds(values, rng, first, conditions, stop):
    """Whether a study of equals, of so many conditions beside the reference, says that one differs."""
    sizes = list(round_sizes(first, stop.most))
    dealt = rng.choice(values, (conditions + 1, sizes[-1]), replace=False)
    samples = {str(place): sample for place, sample in enumerate(dealt)}
    pairs = [Pair(str(place), "0") for place in range(1, conditions + 1)]
    return any(pair.sign for pair in pair_decisions(pairs, samples.__getitem__, sizes, stop))


def selection(values, rng, settings, tune, test):
    """The best of equals against one: told apart on its own seeds, on others; and whether its interval holds there."""
    chosen_by = rng.choice(values, (settings + 1, tune), replace=False)
    best = 1 + int(chosen_by[1:].mean(axis=1).argmax())
    others = rng.choice(values, (2, test), replace=False)
    same = compare_samples(chosen_by[best], chosen_by[0]).low > 0.0
    apart = compare_samples(others[0], others[1])
    interval = confidence_interval(others[0])
    return same, apart.low > 0.0 or apart.high < 0.0, interval.low <= values.mean() <= interval.high


def share(hits, of):
    """A share in per cent with its simulation error."""
    p = hits / of
    return f"{100 * p:5.1f} ± {100 * math.sqrt(max(p * (1 - p), 1 / of) / of):.1f} %"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--studies", type=int, default=400)
    parser.add_argument("--runs", type=int, default=200_000)
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    of = arguments.studies
    pools = {name: pool(agent, arguments.runs) for name, agent in AGENTS.items()}
    print("stop: studies that say that equals differ, at 95 %")
    for name, values in pools.items():
        for first in (5, 20, 100):
            for conditions in (1, 10):
                stop = Stop(1e-9, most=16 * first)
                hits = sum(rounds(values, rng, first, conditions, stop) for _ in range(of))
                print(f"  {name}, {conditions:2} conditions, rounds from {first:3} to {stop.most:4}: {share(hits, of)}")
    print("select: the best of equals against one of them")
    for name, values in pools.items():
        for settings in (5, 50):
            for tune, test in ((10, 50), (100, 500)):
                found = np.array([selection(values, rng, settings, tune, test) for _ in range(of)])
                same, apart, holds = found.sum(axis=0)
                print(
                    f"  {name}, {settings:2} settings, {tune:3} tune, {test:3} test: better on the same seeds "
                    f"{share(same, of)}, different on others {share(apart, of)}, interval holds {share(holds, of)}"
                )


if __name__ == "__main__":
    main()
