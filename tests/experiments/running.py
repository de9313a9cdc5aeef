"""An experiment as `reproduce` runs it, without the command."""

import warnings
from unittest import mock

from fastsoftq.engine import dispatch
from fastsoftq.experiments import EXPERIMENTS
from fastsoftq.studies import open_results, run


def trained(name, settings, folder):
    """The results of an experiment's study; None where nothing is learned.

    Runs are trained one at a time, however many they are: the bits are the same, and each agent is compiled in half the
    time, mostly to what other tests train with too.
    """
    study = EXPERIMENTS[name].study(settings)
    if study is None:
        return None
    with warnings.catch_warnings(), mock.patch.object(dispatch, "FEWEST_RUNS", len(study.seeds) + 1):
        warnings.simplefilter("ignore", UserWarning)  # of reward scales below the critical one
        run(study, folder, threads=settings.threads, beside=True)
    return open_results(folder)


def findings(name, settings, folder, watch=None):
    """What an experiment finds; its study lies in the folder then."""
    return EXPERIMENTS[name].analyse(trained(name, settings, folder), settings, watch)


def array(found, name):
    """An array of findings, which may be a callable that gives it."""
    values = found.arrays[name]
    return values() if callable(values) else values
