"""Somebody's own `@njit` loops through the kernels, beside the same inlined by hand, and beside plain ones.

`python -m benchmarks.own_loops` runs them in turn, and prints M steps/s of all and their ratios. What is inlined has
the kernels' own bits. Loops by hand are what one would write who knows no kernels: they draw the same random numbers,
and learn the same but for rounding; they take `math.exp` and `math.log` where there are exponentials.
"""

import math
import re
import statistics
import time
from functools import cache
from pathlib import Path

import numpy as np
from numba import njit

import fastsoftq as fsq
from benchmarks.measuring import millions_per_second, per_million
from fastsoftq.kernels import policies, random, simd, updates
from fastsoftq.mdp.tables import reset, step, tables

PAGE = Path(__file__).parents[1] / "docs" / "kernels.md"
EPISODES, SEED = 5000, 1
STEP_SIZE, DISCOUNT, EPSILON, TEMPERATURE = 0.5, 0.95, 0.1, 1.0
GOLDEN, OUTCOME = np.int64(0x9E3779B97F4A7C15 - 2**64), np.int64(0xD1B54A32D192ED03 - 2**64)


@cache
def on_the_page(name):
    """A function of docs/kernels.md, as it stands there."""
    source = re.search(rf"```python\n# {name}\.py\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[1]
    namespace = {"__name__": name}
    exec(compile(source, f"{name}.py", "exec"), namespace)
    return namespace[name]


@njit
def q_learning(mdp, q, episodes):
    key, steps = random.seed(SEED), 0
    for _ in range(episodes):
        key = random.advance(key)
        state, terminated = reset(mdp, random.start_draw(key)), False
        while not terminated:
            key = random.advance(key)
            action = policies.epsilon_greedy(q[state], EPSILON, random.draw(key))
            ahead, reward, terminated = step(mdp, state, action, random.outcome_draw(key))
            updates.q_learning_update(q, state, action, reward, ahead, terminated, STEP_SIZE, DISCOUNT)
            state, steps = ahead, steps + 1
    return steps


@njit
def soft_q_learning(mdp, q, episodes):
    key, steps = random.seed(SEED), 0
    for _ in range(episodes):
        key = random.advance(key)
        state, terminated = reset(mdp, random.start_draw(key)), False
        while not terminated:
            key = random.advance(key)
            action = policies.boltzmann(q[state], TEMPERATURE, random.draw(key))
            ahead, reward, terminated = step(mdp, state, action, random.outcome_draw(key))
            updates.soft_q_learning_update(
                q, state, action, 10.0 * reward, ahead, terminated, STEP_SIZE, DISCOUNT, TEMPERATURE
            )
            state, steps = ahead, steps + 1
    return steps


@njit
def bits_of(key):
    """splitmix64, for the loops that call no kernel."""
    z = np.uint64(key)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit
def q_learning_by_hand(next_state, rewards, ends, start, q, episodes):
    key, steps, n = np.int64(bits_of(np.int64(SEED) + GOLDEN)), 0, q.shape[1]
    for _ in range(episodes):
        key += GOLDEN
        state, terminated = start, False
        while not terminated:
            key += GOLDEN
            z = bits_of(key)
            high, low = z >> np.uint64(32), z & np.uint64(2**32 - 1)
            explore = np.int64(high >> np.uint64(2)) < np.int64(EPSILON * 2.0**30)
            top, ties = q[state, 0], 0
            for a in range(1, n):
                if q[state, a] > top:
                    top = q[state, a]
            for a in range(n):
                if q[state, a] == top or explore:
                    ties += 1
            rank = np.int64((low >> np.uint64(8)) * np.uint64(ties) >> np.uint64(24))
            action = 0
            for a in range(n):
                if q[state, a] == top or explore:
                    if rank == 0:
                        action = a
                        break
                    rank -= 1
            entry = state * n + action
            ahead, terminated = np.int64(next_state[entry]), ends[entry]
            target = rewards[entry]
            if not terminated:
                value = q[ahead, 0]
                for a in range(1, n):
                    if q[ahead, a] > value:
                        value = q[ahead, a]
                target += DISCOUNT * value
            q[state, action] += STEP_SIZE * (target - q[state, action])
            state, steps = ahead, steps + 1
    return steps


@njit
def q_learning_inlined(next_state, rewards, ends, start, q, episodes):
    """What the kernels do, operation by operation, without a call of any: the same bits."""
    key, steps, n = np.int64(bits_of(np.int64(SEED) + GOLDEN)), 0, q.shape[1]
    for _ in range(episodes):
        key += GOLDEN
        state, terminated = start, False
        while not terminated:
            key += GOLDEN
            z = bits_of(key)
            explore = np.int64(z >> np.uint64(34)) < np.int64(EPSILON * 2.0**30)
            row = q[state]
            top = row[0]
            for a in range(1, n):
                top = simd.maximum(row[a], top)
            count, action = 0, n - 1
            for a in range(n):
                if row[a] == top or explore:
                    count, action = count + 1, action if count else a
            if count > 1:
                low = np.uint32(z) >> np.uint32(8)
                rank = np.int64(low * np.uint32(count) >> np.uint32(24))
                for a in range(action, n):
                    if row[a] == top or explore:
                        if rank == 0:
                            action = a
                            break
                        rank -= 1
            entry = state * n + action
            ahead, reward, terminated = np.int64(next_state[entry]), rewards[entry], ends[entry]
            value = q[ahead, 0]
            for a in range(1, n):
                value = simd.maximum(q[ahead, a], value)
            target = simd.fma(DISCOUNT, simd.select(terminated, 0.0, value), reward)
            q[state, action] = simd.fma(STEP_SIZE, target - q[state, action], q[state, action])
            state, steps = ahead, steps + 1
    return steps


@njit
def soft_q_learning_by_hand(next_state, rewards, ends, start, q, episodes):
    key, steps, n = np.int64(bits_of(np.int64(SEED) + GOLDEN)), 0, q.shape[1]
    for _ in range(episodes):
        key += GOLDEN
        state, terminated = start, False
        while not terminated:
            key += GOLDEN
            z = bits_of(key)
            low = z & np.uint64(2**32 - 1)
            top = q[state, 0]
            for a in range(1, n):
                if q[state, a] > top:
                    top = q[state, a]
            whole = 0.0
            for a in range(n):
                whole += math.exp((q[state, a] - top) / TEMPERATURE)
            threshold, so_far, action = np.float64(low) * 2.0**-32 * whole, 0.0, 0
            for a in range(n - 1):
                so_far += math.exp((q[state, a] - top) / TEMPERATURE)
                if threshold >= so_far:
                    action += 1
            entry = state * n + action
            ahead, terminated = np.int64(next_state[entry]), ends[entry]
            target = 10.0 * rewards[entry]
            if not terminated:
                top = q[ahead, 0]
                for a in range(1, n):
                    if q[ahead, a] > top:
                        top = q[ahead, a]
                whole = 0.0
                for a in range(n):
                    whole += math.exp((q[ahead, a] - top) / TEMPERATURE)
                target += DISCOUNT * (top + TEMPERATURE * math.log(whole))
            q[state, action] += STEP_SIZE * (target - q[state, action])
            state, steps = ahead, steps + 1
    return steps


def by_hand(loop, mdp, q, episodes):
    return loop(mdp.next_state, mdp.reward, mdp.terminated, mdp.start, q, episodes)


# By name: what takes (tables, q, episodes) and returns how many steps it took.
LOOPS = {
    "q_learning": q_learning,
    "q_learning, inlined": lambda *given: by_hand(q_learning_inlined, *given),
    "q_learning, by hand": lambda *given: by_hand(q_learning_by_hand, *given),
    "soft_q_learning": soft_q_learning,
    "soft_q_learning, by hand": lambda *given: by_hand(soft_q_learning_by_hand, *given),
    "dyna_q": lambda mdp, q, episodes: on_the_page("dyna_q")(mdp, q, episodes, 10, SEED),
    "n_step_soft_q": lambda mdp, q, episodes: on_the_page("n_step_soft_q")(mdp, q, episodes, 5, SEED, 0.1),
}


def fresh():
    return np.zeros((48, 4))


class OwnLoops:
    """Loops through the kernels and by hand, on cliff walking."""

    params = (list(LOOPS),)
    param_names = ("loop",)
    unit = "million steps/s"

    def setup(self, loop):
        self.loop, self.mdp = LOOPS[loop], tables(fsq.cliff_walking())
        self.steps = self.loop(self.mdp, fresh(), EPISODES // 10)
        self.timer = per_million(self.steps)

    def time_per_million_steps(self, loop):
        self.loop(self.mdp, fresh(), EPISODES // 10)

    def track_steps_per_second(self, loop):
        return millions_per_second(lambda: self.loop(self.mdp, fresh(), EPISODES // 10), self.steps)


def main(rounds=9):
    mdp = tables(fsq.cliff_walking())
    rates = {name: [] for name in LOOPS}
    for turn in range(rounds + 1):  # the first compiles
        for name, loop in LOOPS.items():  # in turn, so that all see the same machine
            begin = time.process_time()
            steps = loop(mdp, fresh(), EPISODES)
            if turn:
                rates[name].append(steps / (time.process_time() - begin) / 1e6)
    for name, found in rates.items():
        print(f"{name:<26} {statistics.median(found):6.1f} M steps/s")
    for name, other in (("q_learning", "inlined"), ("q_learning", "by hand"), ("soft_q_learning", "by hand")):
        ratios = [a / b for a, b in zip(rates[name], rates[f"{name}, {other}"], strict=True)]
        print(f"{name}: {statistics.median(ratios):.2f} times as fast through the kernels as {other}")


if __name__ == "__main__":
    main()
