import gc
import os
import signal

import pytest
from hypothesis import settings

from tests.forked_commands import ForkedCommands

settings.register_profile("fastsoftq", deadline=None, derandomize=True)
settings.load_profile("fastsoftq")

# A worker of pytest has one core: threads of BLAS, of which each of them would have several, wait for one another.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# A shell without job control has what it starts in the background ignore Ctrl-C, and so would the tests' processes.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Most of what is imported, collected and compiled stays; looking for what does not took up to an eighth of the time.
gc.set_threshold(50_000, 20, 20)


def pytest_addoption(parser):
    parser.addoption("--every", type=int, default=1, metavar="N", help="run every N-th test only, from the first on")


def pytest_collection_modifyitems(config, items):
    every = config.getoption("--every")
    config.hook.pytest_deselected(items=[item for i, item in enumerate(items) if i % every])
    items[:] = items[::every]


def pytest_collection_finish():
    gc.freeze()


@pytest.fixture(scope="session")
def fastsoftq():
    """Runs the command of that name with arguments, and returns what `subprocess.run` would."""
    if not hasattr(os, "fork"):
        pytest.skip("processes cannot be forked here")
    commands = ForkedCommands()
    yield commands
    commands.close()


@pytest.fixture(scope="session")
def refused(fastsoftq):
    """The same, for arguments that it refuses."""
    return fastsoftq
