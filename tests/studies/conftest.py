import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import fastsoftq as fsq
from fastsoftq.studies.study import Study


@pytest.fixture(scope="session")
def small() -> Callable[..., Study]:
    """A study of two agents, 200 seeds and 12 episodes, or what is asked for instead."""

    def make(**changes: Any) -> Study:
        fields = {
            "name": "small",
            "episodes": 12,
            "seeds": 200,
            "max_steps": 60,
            "environments": {"cliff": fsq.cliff_walking(height=3, width=5)},
            "agents": {
                "hard": fsq.QLearning(step_size=0.8, discount=0.95),
                "soft": fsq.SoftQLearning(step_size=0.8, discount=0.95, reward_scale=5.0),
            },
        }
        return Study(**(fields | changes))

    return make


class FaultyOs:
    """The module `os` as what writes files and claims sees it; one call that changes or flushes something fails."""

    CALLS = ("open", "write", "fsync", "replace", "unlink")

    def __init__(self, real: Any, at: int, kinds: tuple[str, ...]) -> None:
        self._real, self._at, self._kinds = real, at, kinds
        self.count = 0
        self.failed: str | None = None

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._real, name)
        if name not in self.CALLS:
            return value

        def call(*arguments: Any) -> Any:
            if name == "open" and not arguments[1] & self._real.O_CREAT:
                return value(*arguments)  # folders are opened to be flushed
            self.count += name in self._kinds
            if name in self._kinds and self.count - 1 == self._at:
                self.failed = name
                if name == "write":  # a full disk takes some of it
                    value(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
                raise OSError(28, "No space left on device")
            return None if name == "fsync" else value(*arguments)  # a test need not survive a loss of power

        return call


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Within `faults(at)`, one call to the disk fails; within `faults(at, "fsync")`, one of that kind."""

    @contextlib.contextmanager
    def injected(at: int = -1, *kinds: str) -> Iterator[FaultyOs]:
        from fastsoftq.studies.storing import unit_claims as claims
        from fastsoftq.system import atomic

        faulty = FaultyOs(atomic.os, at, kinds or FaultyOs.CALLS)
        with monkeypatch.context() as patch:
            patch.setattr(atomic, "os", faulty)
            patch.setattr(claims, "os", faulty)
            yield faulty

    return injected
