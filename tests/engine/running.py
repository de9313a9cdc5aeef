"""Training with an engine of the test's choosing, and what it yielded, to the bit."""

from contextlib import contextmanager
from unittest import mock

from fastsoftq.engine import dispatch
from fastsoftq.kernels.targets import TARGETS
from fastsoftq.tabular_training import Training


def train(lanes, mdp, agent, seeds, episodes, max_steps, **options):
    """Train with that many lanes, however few the runs are; 0 is one run at a time. No warnings are given."""
    engine = f"lanes_{lanes}" if lanes else "one_run"
    options = {"threads": 1, "keep_q": True} | options
    return Training.checked(mdp, agent, seeds, episodes, max_steps, engine=engine, **options).curves()


def bits(curves, runs=slice(None)):
    return [x[runs].tobytes() for x in (curves.returns, curves.lengths, curves.truncated, curves.final_q)]


@contextmanager
def lanes_of(width):
    """Within, vectors have that many lanes, whatever this processor is best at."""
    with mock.patch.object(dispatch, "here", return_value=TARGETS[width]):
        yield
