"""An agent trained by each engine, on threads and in both precisions: whether they agree, to the bit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any

import numpy as np
from numba.core import errors

from fastsoftq.agents.memory_rules import memory, remembers
from fastsoftq.engine.curves import LearningCurves
from fastsoftq.engine.dispatch import lanes_for, room_of
from fastsoftq.system.streams import counted
from fastsoftq.tabular_training import Training
from fastsoftq.testing.check_report import Finding
from fastsoftq.testing.trial_worlds import TRIALS, trial_world

__all__ = ["SEE", "Trials", "first_fault"]

SEE = "CONTRIBUTING.md says what a rule may use"
_RUNS, _EPISODES, _STEPS = 19, 25, 40  # no multiple of a vector's width, so that lanes run out of work
_ENGINES = ("one_run", "lanes_16")


def first_fault(attempt: Callable[[], str]) -> str:
    """What is wrong with a rule, if compiling it is what an attempt fails at; else what the attempt returns.

    Examples
    --------
    >>> first_fault(lambda: "")
    ''
    """
    try:
        return attempt()
    except errors.NumbaError as error:  # a RuleError among them, which names the rule and the line
        return " ".join(str(error).split())[:600]
    except IndexError as error:
        return f"a rule went out of a row or a tuple: {error}"


class Trials:
    """An agent's trainings in the trial worlds, each made once.

    Parameters
    ----------
    agent : NamedTuple
        With its hyperparameters checked.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> Trials(fsq.QLearning(0.5, 0.9)).numbers().verdict
    'ok'
    """

    def __init__(self, agent: Any) -> None:
        self._agent = agent
        self._curves: dict[tuple[Any, ...], LearningCurves] = {}
        self._no_lanes = ""  # why lanes are not compared

    @cached_property
    def in_lanes(self) -> tuple[str, ...]:
        """The worlds where lanes can train the agent; elsewhere runs are trained one at a time, whatever is asked."""
        worlds = {name: trial_world(name) for name in TRIALS}
        return tuple(name for name, world in worlds.items() if lanes_for(world, room_of(self._agent, world, _STEPS)))

    @property
    def engine(self) -> str | None:
        """The engine to train with, by name: one run at a time where lanes cannot; None is the fastest."""
        return "one_run" if self._no_lanes else None

    def numbers(self) -> Finding:
        """Whether rules compile for numbers, and learn one run at a time."""
        fault = self._fault("one_run")
        if fault:
            return Finding("numbers", "wrong", fault, SEE)
        return Finding("numbers", "ok", "the rules compile, and learn one run at a time")

    def vectors(self) -> Finding:
        """Whether rules compile for vectors, and learn in lanes."""
        if remembers(self._agent, memory):
            self._no_lanes = "of an agent that keeps arrays of its own, runs are trained one at a time"
            return Finding("vectors", "skipped", self._no_lanes)
        if not self.in_lanes:
            self._no_lanes = "its rows are too wide for lanes: runs are trained one at a time"
            return Finding("vectors", "skipped", self._no_lanes)
        try:
            fault = self._fault("lanes_16")
        except (ValueError, NotImplementedError) as refused:
            self._no_lanes = f"it is not trained in lanes: {refused}"
            return Finding("vectors", "note", self._no_lanes)
        if fault:
            self._no_lanes = "its rules do not compile for vectors"
            advice = "no rule may branch on a number: take `select(condition, a, b)`"
            return Finding("vectors", "wrong", fault, "" if "select" in fault else advice)
        return Finding("vectors", "ok", "the rules compile, and learn many runs at once")

    def engines(self) -> Finding:
        """Whether both engines have the same bits in every world."""
        if self._no_lanes:
            return Finding("engines", "skipped", self._no_lanes)
        for world in self.in_lanes:
            fault = self._compared([(world, engine) for engine in _ENGINES])
            if fault:
                return Finding(
                    "engines",
                    "wrong",
                    f"in the world of {world}, {fault}",
                    "a rule gives other numbers in vectors, or `update_summary` changes what -1 should leave",
                )
        return Finding(
            "engines", "ok", f"one run at a time and lanes agree to the bit in {counted(len(self.in_lanes), 'world')}"
        )

    def threads(self) -> Finding:
        """Whether the number of threads does not matter."""
        world = next(iter(self.in_lanes or TRIALS))
        for engine in _ENGINES[: 1 if self._no_lanes else 2]:
            fault = self._compared([(world, engine, threads) for threads in (1, 3)])
            if fault:
                return Finding("threads", "wrong", fault, "rules must not keep anything of their own")
        return Finding("threads", "ok", "the same bits on 1 and on 3 threads")

    def precision(self) -> Finding:
        """Whether engines agree in mixed precision too."""
        world = next(iter(self.in_lanes or TRIALS))
        mixed = _ENGINES[: 1 if self._no_lanes else 2]
        fault = self._compared([(world, engine, 1, "mixed") for engine in mixed])
        if fault:
            return Finding("precision", "wrong", f"in mixed precision {fault}", "see `like` in fastsoftq.agents.rules")
        same = not self._compared([(world, "one_run", 1, precision) for precision in ("double", "mixed")])
        return Finding("precision", "ok", "mixed is the same as double" if same else "mixed is offered, and differs")

    def finite(self) -> Finding:
        """Whether every number of every table is finite."""
        for world in TRIALS:
            tables = self._train(world, "one_run").final_q
            assert tables is not None
            bad = ~np.isfinite(tables)
            if bad.any():
                seed, state, action = (int(i) for i in np.argwhere(bad)[0])
                found = f"in the world of {world}, Q[{state}, {action}] of seed {seed} is {tables[seed, state, action]}"
                return Finding("finite tables", "wrong", found, "do `learn` and `bootstrap` stay within bounds?")
        return Finding("finite tables", "ok", f"every number of the tables of {counted(len(TRIALS), 'world')}")

    def _train(self, world: str, engine: str, threads: int = 1, precision: str = "double") -> LearningCurves:
        key = (world, engine, threads, precision)
        if key not in self._curves:
            options: dict[str, Any] = {"threads": threads, "precision": precision, "engine": engine, "keep_q": True}
            training = Training.checked(trial_world(world), self._agent, _RUNS, _EPISODES, _STEPS, **options)
            with np.errstate(all="ignore"):
                self._curves[key] = training.curves()
        return self._curves[key]

    def _fault(self, engine: str) -> str:
        def in_every_world() -> str:
            for world in TRIALS:
                self._train(world, engine)
            return ""

        return first_fault(in_every_world)

    def _compared(self, settings: list[tuple[Any, ...]]) -> str:
        """The first difference between trainings with these arguments of `_train`."""
        return first_fault(lambda: self._difference(self._train(*setting) for setting in settings))

    @staticmethod
    def _difference(curves: Iterator[LearningCurves]) -> str:
        """The first difference of trainings from the first of them; empty if there is none."""
        first, *others = curves
        for other in others:
            for name in ("lengths", "returns", "truncated", "final_q"):
                mine, theirs = getattr(first, name), getattr(other, name)
                if mine.tobytes() == theirs.tobytes():
                    continue
                apart = (mine != theirs) & ~((mine != mine) & (theirs != theirs))
                if not apart.any():
                    continue
                where = tuple(int(i) for i in np.argwhere(apart)[0])
                place = f"seed {where[0]}, " + (
                    f"Q[{where[1]}, {where[2]}]" if name == "final_q" else f"episode {where[1]}: {name}"
                )
                return f"{place} is {mine[where]} and {theirs[where]}"
        return ""
