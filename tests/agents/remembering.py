"""An agent that has every rule of those that remember beside entries and the last n steps; none makes much sense."""

from typing import Any, NamedTuple

import numpy as np

from fastsoftq.agents.epsilon_greedy import epsilon_greedy
from fastsoftq.agents.memory_rules import (
    acts_upon,
    adapted,
    beside,
    estimate,
    learn_beside,
    pass_back,
    rewarded,
    steps,
    value_ahead,
    visited,
)
from fastsoftq.agents.rules import bootstrap, learn, on_policy, rule
from fastsoftq.kernels.jit import inlined
from fastsoftq.kernels.over_actions import each_pair, highest, pick
from fastsoftq.kernels.simd import fma, select


class Counted(NamedTuple):
    count: Any


class Kept(NamedTuple):
    trace: Any
    counted: Any


@epsilon_greedy
class Everything(NamedTuple):
    step_size: Any = 0.5
    discount: float = 0.9
    n: int = 3
    bonus: float = 0.25
    epsilon: Any = 0.1
    reward_scale: float = 1.0


@epsilon_greedy
class OnPolicy(NamedTuple):
    step_size: Any = 0.5
    discount: float = 0.9
    n: int = 3
    bonus: float = 0.25
    epsilon: Any = 0.1
    reward_scale: float = 1.0


@inlined
def _seen(q, count, action, bonus):
    return q + bonus / (1.0 + count)


def _beside(agent, value):
    return Kept(value + 1.0, Counted(0.0))


def _visited(agent, kept):
    return Kept(0.5 * kept.trace, Counted(kept.counted.count + 1.0))


for cls in (Everything, OnPolicy):
    rule(beside, cls)(_beside)
    rule(visited, cls)(_visited)

    @rule(acts_upon, cls)
    def _(agent, row, kept):
        return each_pair(_seen, row, kept.counted.count, (agent.bonus,))

    @rule(rewarded, cls)
    def _(agent, reward, kept):
        return reward + agent.bonus / kept.counted.count

    @rule(value_ahead, cls)
    def _(agent, row, kept, action, draw, like):
        seen = each_pair(_seen, row, kept.counted.count, (agent.bonus,))
        return select(draw.low < np.uint32(2**30), bootstrap(agent, seen, highest(seen), action), highest(kept.trace))

    @rule(learn_beside, cls)
    def _(agent, entry, kept, reward, terminated, value, draw):
        new = learn(agent, entry, reward, terminated, value)
        trace = select(draw.low < np.uint32(2**31), new - entry, kept.trace)
        return new, Kept(trace, Counted(kept.counted.count))

    @rule(estimate, cls)
    def _(agent, entry, kept):
        return entry + 0.125 * kept.trace + kept.counted.count

    @rule(steps, cls)
    def _(agent):
        return agent.n

    @rule(pass_back, cls)
    def _(agent, row, kept, action, value, like):
        return fma(0.75, value - pick(row, action), pick(row, action)) + 0.125 * pick(kept.trace, action)


@rule(bootstrap, Everything)
def _(agent, row, summary, action):
    return summary


@rule(bootstrap, OnPolicy)
def _(agent, row, summary, action):
    return pick(row, action)


@rule(on_policy, OnPolicy)
def _(agent):
    return True


@rule(adapted, Everything)
def _(agent, kept):
    step_size = agent.step_size / (1.0 + kept.counted.count)
    return Everything(step_size, agent.discount, agent.n, agent.bonus, agent.epsilon, agent.reward_scale)


__all__ = ["Counted", "Everything", "Kept", "OnPolicy"]
