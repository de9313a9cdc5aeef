"""Training with an engine of the test's choosing, and what it yielded, to the bit."""

from contextlib import contextmanager
from unittest import mock

import fastsoftq as fsq
from fastsoftq import training
from fastsoftq.engine import dispatch as choice


@contextmanager
def engine(lanes):
    """Train with that many lanes, however few the runs are; 0 is one run at a time."""
    with mock.patch.multiple(choice, lanes_for=lambda tables: lanes, _FEWEST_RUNS=0):
        yield


def train(lanes, mdp, agent, seeds, episodes, max_steps, **options):
    with engine(lanes), mock.patch.object(training, "warn_below_critical"):
        return fsq.train(mdp, agent, seeds, episodes, max_steps, keep_q=True, **{"threads": 1} | options)


def bits(curves, runs=slice(None)):
    return [x[runs].tobytes() for x in (curves.returns, curves.lengths, curves.truncated, curves.final_q)]
