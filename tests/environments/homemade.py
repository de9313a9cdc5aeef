"""An environment of one's own, in a file of one's own."""

from typing import NamedTuple

import fastsoftq as fsq
from fastsoftq.environments import Description, describe, observe, reset, step
from fastsoftq.kernels.random import uniform

SPEED = 0.25


class Drifting(NamedTuple):
    width: float
    max_steps: int = 50


@fsq.rule(describe, Drifting)
def _(environment):
    return Description(2, (1,), environment.max_steps)


@fsq.rule(reset, Drifting)
def _(environment, key):
    return 0.0, 0


@fsq.rule(step, Drifting)
def _(environment, state, action, key):
    key, u = uniform(key)
    x = state[0] + SPEED * (2 * action - 1) + 0.1 * (u - 0.5)
    return (x, state[1] + 1), -x * x, abs(x) > environment.width


@fsq.rule(observe, Drifting)
def _(environment, state, out):
    out[0] = state[0] / environment.width
