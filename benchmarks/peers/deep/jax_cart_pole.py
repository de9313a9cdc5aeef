"""JAX: cart pole and the network's learning in one compiled scan; one seed, or several under vmap.

What made it faster was kept: ten steps and an update are one turn, so that no step asks whether to learn; random
numbers of a target period are drawn in one go; the target network is held for a period, not chosen anew after each
update; steps are unrolled by two (by ten is no faster, and takes longer to compile).
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from benchmarks.peers.deep import deep_task as task
from benchmarks.peers.deep.jax_update import TOGETHER, imported, missing, network

SIZE = task.Size(task.HIDDEN, task.BATCH)


class Run(NamedTuple):
    """A seed between two target periods."""

    key: Any
    place: Any  # of cart and pole, [4]
    length: Any  # of the episode under way
    memory: task.Transitions
    learned: Any  # parameters, mean, square, updates done


@functools.cache
def _program(steps: int, periods: int) -> tuple[Any, Any]:
    """`start(seed)`, and `stretch(run, step, learns)`, some target periods from a step on; of one seed."""
    jax = imported()
    import jax.numpy as jnp

    net, turns = network(SIZE), task.TARGET_PERIOD // task.UPDATE_EVERY

    def fresh(key, shape=()):
        return jax.random.uniform(key, (*shape, task.INPUTS), minval=-0.05, maxval=0.05)

    def start(seed):
        key, reset, *keys = jax.random.split(jax.random.key(seed), 1 + len(SIZE.widths))
        drawn = []
        for n, units in zip(SIZE.widths[:-1], SIZE.widths[1:], strict=True):
            count = n * units + units  # weights, then biases
            drawn.append(jax.random.uniform(keys.pop(), (count,), minval=-(n**-0.5), maxval=n**-0.5))
        parameters = jnp.concatenate(drawn)
        rows = task.CAPACITY
        seen, flags = jnp.zeros((rows, task.INPUTS)), jnp.zeros(rows, jnp.bool_)
        memory = task.Transitions(seen, jnp.zeros(rows, jnp.int32), jnp.zeros(rows), jnp.zeros_like(seen), flags)
        nothing = jnp.zeros_like(parameters), jnp.zeros_like(parameters), jnp.int32(0)
        return Run(key, fresh(reset), jnp.int32(0), memory, (parameters, *nothing))

    def step_once(parameters, carry, draws):
        place, length, memory, step, total, ended = carry
        explore, at_random, anew = draws
        fallen = (task.EPSILON_START - task.EPSILON_END) * step / task.exploring_steps(steps)
        epsilon = jnp.maximum(task.EPSILON_START - fallen, task.EPSILON_END)
        action = jnp.where(explore < epsilon, at_random, jnp.argmax(net.forward(parameters, place)))
        ahead, fell = _cart_pole(jnp, place, action)
        now = task.Transitions(place, action, 1.0, ahead, fell)
        at = step % task.CAPACITY
        memory = task.Transitions(*(rows.at[at].set(x) for rows, x in zip(memory, now, strict=True)))
        length += 1
        over = fell | (length >= task.MAX_STEPS)
        total, ended = total + jnp.where(over, length, 0), ended + over
        return (jnp.where(over, anew, ahead), jnp.where(over, 0, length), memory, step + 1, total, ended), None

    def period(learns, carry, _):
        key, *outside, learned = carry
        target = learned[0]
        key, *keys = jax.random.split(key, 5)
        shape = turns, task.UPDATE_EVERY
        draws = (
            jax.random.uniform(keys[0], shape),
            jax.random.randint(keys[1], shape, 0, task.ACTIONS),
            fresh(keys[2], shape),
        )
        sampled = jax.random.randint(keys[3], (turns, task.BATCH), 0, task.CAPACITY)

        def turn(carry, drawn):
            (outside, learned), (draws, which) = carry, drawn
            outside, _ = jax.lax.scan(functools.partial(step_once, learned[0]), outside, draws, unroll=2)
            if learns:
                batch = task.Transitions(*(rows[which] for rows in outside[2]))
                learned = net.update(learned, target, batch)
            return (outside, learned), None

        (outside, learned), _ = jax.lax.scan(turn, (tuple(outside), learned), (draws, sampled))
        return (key, *outside, learned), None

    def stretch(run, step, learns):
        nothing = jnp.int32(0), jnp.int32(0)
        begun = run.key, run.place, run.length, run.memory, step, *nothing, run.learned
        (*key_place_length_memory, step, total, ended, learned), _ = jax.lax.scan(
            functools.partial(period, learns), begun, None, length=periods
        )
        return Run(*key_place_length_memory, learned), step, total, ended

    return start, stretch


def _cart_pole(jnp: Any, place: Any, action: Any) -> tuple[Any, Any]:
    """Barto, Sutton & Anderson's equations (1983) with Gymnasium's constants, by Euler's method."""
    x, speed, angle, turning = place
    sine, cosine = jnp.sin(angle), jnp.cos(angle)
    push = jnp.where(action == 1, 10.0, -10.0)
    inner = (push + 0.05 * turning**2 * sine) / 1.1
    angular = (9.8 * sine - cosine * inner) / (0.5 * (4.0 / 3.0 - 0.1 * cosine**2 / 1.1))
    linear = inner - 0.05 * angular * cosine / 1.1
    ahead = jnp.stack([x + 0.02 * speed, speed + 0.02 * linear, angle + 0.02 * turning, turning + 0.02 * angular])
    return ahead, (jnp.abs(ahead[0]) > 2.4) | (jnp.abs(ahead[2]) > 12.0 * np.pi / 180.0)


@functools.cache
def _compiled(steps: int, periods: int, seeds: int) -> tuple[Any, Any, Any]:
    """`start(seeds)`, and the program of a stretch before learning begins and after."""
    jax = imported()
    start, stretch = _program(steps, periods)

    def several(run: Any, step: Any, learns: bool) -> Any:
        """All seeds are at the same step, so that a row of memory is written at one place."""
        each = Run(0, 0, 0, 0, 0), None
        return jax.vmap(functools.partial(stretch, learns=learns), each, (*each, 0, 0))(run, step)

    start = jax.jit(jax.vmap(start) if seeds > 1 else start)
    run = jax.eval_shape(start, _numbers(range(seeds)))
    program = jax.jit(several if seeds > 1 else stretch, static_argnums=2, donate_argnums=0)
    return start, *(program.lower(run, jax.numpy.int32(0), learns).compile() for learns in (False, True))


def _numbers(seeds: Sequence[int]) -> Any:
    numbers = imported().numpy.asarray(seeds, "uint32")
    return numbers if len(seeds) > 1 else numbers[0]


class Learning:
    """Point by point of the curve, each a whole number of target periods."""

    def __init__(self, seeds: Sequence[int], steps: int, points: int, pieces: int) -> None:
        a_point = steps // points
        start, *self._programs = _compiled(steps, a_point // task.TARGET_PERIOD, len(seeds))
        self._run, self._step = start(_numbers(seeds)), imported().numpy.int32(0)
        self._filling, self._a_piece = task.LEARNING_STARTS // a_point, points // pieces
        self._found: list[tuple[Any, Any]] = []

    def advance(self) -> None:
        for _ in range(self._a_piece):
            learns = len(self._found) >= self._filling
            self._run, self._step, *found = self._programs[learns](self._run, self._step)
            self._found.append(tuple(found))
        self._run.place.block_until_ready()

    def progress(self) -> task.Progress:
        each = zip(*self._found, strict=True)
        returns, episodes = (np.stack([np.atleast_1d(x) for x in found], axis=-1) for found in each)
        return task.Progress(returns.astype(np.float64), episodes.astype(np.int64))


scan = task.LearningPeer("JAX scan", Learning, missing)
vmap = task.LearningPeer(f"JAX vmap {TOGETHER}", Learning, missing, seeds_together=TOGETHER)
