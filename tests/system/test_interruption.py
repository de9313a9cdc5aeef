"""How long the main thread is given to leave in good order after Ctrl-C."""

from types import SimpleNamespace

import pytest

from fastsoftq.system import interruption


class Clocks:
    """The clock, the time that the process itself has run, and an event that comes at some moment."""

    def __init__(self, share, comes):
        self.share, self.comes, self.now = share, comes, 100.0

    def monotonic(self):
        return self.now

    def process_time(self):
        return 7.0 + self.share * self.now

    def wait(self, seconds):
        self.now += seconds
        return self.now >= 100.0 + self.comes


# A share above 1 is that of many threads, below 1 of a process beside others, 0 of one that only waits.
@pytest.mark.parametrize(("share", "lasts"), [(1.0, 2.0), (64.0, 2.0), (0.5, 4.0), (0.4, 5.0), (0.1, 6.0), (0.0, 6.0)])
def test_it_is_longer_on_a_machine_that_others_use(share, lasts, monkeypatch):
    for comes in (lasts - 0.2, lasts + 0.2):
        clocks = Clocks(share, comes)
        monkeypatch.setattr(
            interruption, "time", SimpleNamespace(monotonic=clocks.monotonic, process_time=clocks.process_time)
        )
        assert interruption._comes_within(clocks, 2.0) == (comes < lasts)
        assert clocks.now - 100.0 == pytest.approx(min(comes, lasts), abs=0.11)
