"""Deep Q-learning as the papers have it, in NumPy and float64: lists of transitions, one loop, no tricks.

Mnih et al. 2015 with a buffer, Gallici et al. 2024 without one; van Hasselt et al. 2016 (double), Vieillard et al. 2020
(Munchausen), Schaul et al. 2016 (prioritised). Random numbers are the project's own streams.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from fastsoftq.agents.expected_sarsa import ExpectedSarsa
from fastsoftq.agents.soft_q_learning import SoftQLearning
from fastsoftq.deep.replay import PrioritizedReplay
from fastsoftq.networks.losses import Huber
from tests.reference import random
from tests.reference.operators import soft_value, softmax
from tests.reference.policies import epsilon_greedy, soft_epsilon_greedy
from tests.reference.training import at

BATCH, START, WEIGHTS, OUTCOME = 0x5851F42D4C957F2D, 0x2545F4914F6CDD1D, 0x369DEA0F31A53F85, 0xD1B54A32D192ED03


class Network:
    """Dense layers with rectified units; weights [inputs, outputs] and biases."""

    def __init__(self, layers):
        self.layers = [(np.array(w, float), np.array(b, float)) for w, b in layers]

    def copy(self):
        return Network(self.layers)

    def through(self, x):
        """What each layer is given, and the values at the end."""
        seen = []
        for place, (w, b) in enumerate(self.layers):
            seen.append(x)
            x = x @ w + b
            if place < len(self.layers) - 1:
                x = np.maximum(x, 0)
        return seen, x

    def values(self, x):
        return self.through(np.atleast_2d(np.asarray(x, float)))[1]

    def gradient(self, x, slopes):
        seen, _ = self.through(x)
        gradients = []
        for place in range(len(self.layers) - 1, -1, -1):
            gradients.append((seen[place].T @ slopes, slopes.sum(0)))
            if place > 0:
                slopes = (slopes @ self.layers[place][0].T) * (seen[place] > 0)
        return gradients[::-1]


class Adam:
    def __init__(self, beta_1, beta_2, epsilon):
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon
        self.m = self.v = 0.0
        self.t = 0

    def step(self, flat, gradient, step_size):
        self.t += 1
        self.m = self.beta_1 * self.m + (1 - self.beta_1) * gradient
        self.v = self.beta_2 * self.v + (1 - self.beta_2) * gradient**2
        m, v = self.m / (1 - self.beta_1**self.t), self.v / (1 - self.beta_2**self.t)
        return flat - step_size * m / (np.sqrt(v) + self.epsilon)


@dataclass
class Transition:
    view: np.ndarray
    action: int
    reward: float
    ahead: np.ndarray
    terminated: bool
    over: bool


@dataclass
class Run:
    network: Network
    ended: list = field(default_factory=list)  # (step, return, length, truncated) of each episode
    losses: list = field(default_factory=list)


def value(agent, row, t, judged=None):
    """The agent's value of a next state, `judged` by another row where learning is double."""
    row = list(row)
    by = row if judged is None else list(judged)
    if isinstance(agent, SoftQLearning):
        temperature = at(agent.temperature, t)
        if judged is None:
            return soft_value(row, temperature)
        return sum(
            p * (q - temperature * math.log(p)) for p, q in zip(softmax(by, temperature), row, strict=True) if p > 0
        )
    best = row[by.index(max(by))]
    if isinstance(agent, ExpectedSarsa):
        epsilon = at(agent.epsilon, t)
        return epsilon * sum(row) / len(row) + (1 - epsilon) * best
    return best


def choose(agent, row, t, key):
    high, low = random.draw(key)
    epsilon = at(agent.epsilon, t)
    if isinstance(agent, SoftQLearning):
        return soft_epsilon_greedy(list(row), at(agent.temperature, t), epsilon, high, low)
    return epsilon_greedy(list(row), epsilon, high, low)


def slope(loss, error):
    return max(-loss.threshold, min(loss.threshold, error)) if isinstance(loss, Huber) else error


class World:
    """One environment, with the stream that its draws come from."""

    def __init__(self, env, key):
        self.env, self.key, self.total, self.length = env, key, 0.0, 0
        self.begin(key)

    def begin(self, key):
        self.state = self.env.reset(random.mixed(key + START))
        self.total, self.length = 0.0, 0

    @property
    def view(self):
        return self.env.observe(self.state)

    def step(self, agent, row, t, max_steps, run, steps):
        view = self.view
        self.key = random.advance(self.key)
        action = choose(agent, row, t, self.key)
        self.state, reward, terminated = self.env.step(self.state, action, random.mixed(self.key + OUTCOME))
        self.total, self.length = self.total + reward, self.length + 1
        over = terminated or self.length >= max_steps
        kept = Transition(view, action, reward, self.view, terminated, over)
        if over:
            run.ended.append((steps, self.total, self.length, not terminated))
            self.begin(self.key)
        return kept


def flat(layers):
    return np.concatenate([x.ravel() for pair in layers for x in pair])


def unflat(vector, layers):
    at_, result = 0, []
    for w, b in layers:
        result.append((vector[at_ : at_ + w.size].reshape(w.shape), vector[at_ + w.size : at_ + w.size + b.size]))
        at_ += w.size + b.size
    return result


def descend(deep, network, optimizer, views, slopes, step_size):
    gradient = flat(network.gradient(views, slopes))
    if deep.clip is not None:
        gradient *= min(1.0, deep.clip / np.sqrt((gradient**2).sum()))
    network.layers = unflat(optimizer.step(flat(network.layers), gradient, step_size), network.layers)


def train_from_buffer(env, deep, layers, seed, steps, max_steps):
    agent, replay = deep.agent, deep.replay
    run = Run(Network(layers))
    online, target = run.network, Network(layers)
    optimizer = Adam(*deep.optimizer)
    key = random.seed(seed)
    world, batch_key = World(env, key), random.mixed(key + BATCH)
    history, priorities, greatest = [], {}, 1.0
    for t in range(steps):
        history.append(world.step(agent, online.values(world.view)[0], t, max_steps, run, t + 1))
        if t >= deep.n_step - 1:
            priorities[t - deep.n_step + 1] = greatest
        first, count = max(0, t + 1 - replay.capacity), min(t + 1, replay.capacity) - (deep.n_step - 1)
        if t >= replay.start and t % replay.every == 0 and count > 0:
            if isinstance(replay, PrioritizedReplay):
                # The tree's order is that of places in the ring.
                learnable = sorted(range(first, first + count), key=lambda i: i % replay.capacity)
                batch_key, chosen = by_priority(batch_key, learnable, priorities, replay)
                beta = replay.beta + min(t / replay.beta_steps, 1) * (1 - replay.beta)
                whole = sum(priorities[i] for i in learnable)
                weights = np.array([(count * priorities[i] / whole) ** -beta for i in chosen])
                weights /= weights.max()
            else:
                chosen, weights = [], np.ones(replay.batch)
                for _ in range(replay.batch):
                    batch_key, age = random.integer(batch_key, count)
                    chosen.append(t - (deep.n_step - 1) - age)
            views = np.array([history[i].view for i in chosen], float)
            targets = [target_of(deep, history, i, online, target, t) for i in chosen]
            values = online.values(views)
            slopes = np.zeros_like(values)
            for row, (i, y) in enumerate(zip(chosen, targets, strict=True)):
                error = values[row, history[i].action] - y
                slopes[row, history[i].action] = slope(deep.loss, error) * weights[row] / replay.batch
                if isinstance(replay, PrioritizedReplay):
                    priorities[i] = (abs(error) + 1e-6) ** replay.alpha
                    greatest = max(greatest, priorities[i])
            descend(deep, online, optimizer, views, slopes, at(agent.step_size, t))
        if t % deep.target_period == 0:
            target = online.copy()
    return run


def by_priority(key, learnable, priorities, replay):
    """One of each of `batch` equal shares of the sum of priorities."""
    sums = np.cumsum([priorities[i] for i in learnable])
    chosen = []
    for share in range(replay.batch):
        key, u = random.uniform(key)
        chosen.append(learnable[int(np.searchsorted(sums, (share + u) / replay.batch * sums[-1], side="right"))])
    return key, chosen


def target_of(deep, history, i, online, target, t):
    agent = deep.agent
    total, factor, last = 0.0, 1.0, i
    for ahead in range(deep.n_step):
        last = i + ahead
        total += factor * agent.reward_scale * history[last].reward
        factor *= agent.discount
        if history[last].over:
            break
    if deep.munchausen is not None:
        row = target.values(history[i].view)[0]
        below = row[history[i].action] - value(agent, row, t)
        total += deep.munchausen.weight * max(min(below, 0.0), deep.munchausen.floor)
    if history[last].terminated:
        return total
    judged = online.values(history[last].ahead)[0] if deep.double else None
    return total + factor * value(agent, target.values(history[last].ahead)[0], t, judged)


def train_from_rollouts(env, deep, layers, seed, steps, max_steps):
    agent, replay = deep.agent, deep.replay
    run = Run(Network(layers))
    network, optimizer = run.network, Adam(*deep.optimizer)
    key = random.seed(seed)
    batch_key = random.mixed(key + BATCH)
    worlds = [World(env, key if side == 0 else random.mixed(key ^ side)) for side in range(replay.environments)]
    rollout = []
    for turn in range(steps // replay.environments):
        t = turn * replay.environments
        rows = network.values([world.view for world in worlds])
        steps_so_far = t + len(worlds)
        rollout.append(
            [world.step(agent, row, t, max_steps, run, steps_so_far) for world, row in zip(worlds, rows, strict=True)]
        )
        if len(rollout) < replay.length:
            continue
        returns = [[0.0] * len(worlds) for _ in rollout]
        for step in range(replay.length - 1, -1, -1):
            for side in range(len(worlds)):
                kept = rollout[step][side]
                ahead = value(agent, network.values(kept.ahead)[0], t)
                if step < replay.length - 1 and not kept.over:
                    ahead = replay.trace_decay * returns[step + 1][side] + (1 - replay.trace_decay) * ahead
                reward = agent.reward_scale * kept.reward
                returns[step][side] = reward + (0.0 if kept.terminated else agent.discount * ahead)
        kept = [transition for row in rollout for transition in row]
        targets = [y for row in returns for y in row]
        order = list(range(len(kept)))
        size = len(kept) // replay.minibatches
        for _ in range(replay.epochs):
            for i in range(len(kept) - 1, 0, -1):
                batch_key, j = random.integer(batch_key, i + 1)
                order[i], order[j] = order[j], order[i]
            for begin in range(0, len(kept), size):
                chosen = order[begin : begin + size]
                views = np.array([kept[i].view for i in chosen], float)
                values = network.values(views)
                slopes = np.zeros_like(values)
                for row, i in enumerate(chosen):
                    error = values[row, kept[i].action] - targets[i]
                    slopes[row, kept[i].action] = slope(deep.loss, error) / size
                descend(deep, network, optimizer, views, slopes, at(agent.step_size, t))
        rollout = []
    return run
