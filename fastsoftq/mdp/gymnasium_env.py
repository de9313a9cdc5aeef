"""A TabularMDP as a Gymnasium environment. Gymnasium itself is loaded only when one is made."""

from __future__ import annotations

import functools
from typing import Any, ClassVar

import numpy as np

from fastsoftq import checks
from fastsoftq.mdp.tabular import TabularMDP

__all__ = ["tabular_env"]


@functools.cache
def tabular_env() -> Any:
    """The class of the environments that `to_gymnasium` makes; it inherits from Gymnasium's, which may be missing."""
    import gymnasium

    class TabularEnv(gymnasium.Env):  # type: ignore[misc]
        metadata: ClassVar[dict[str, Any]] = {"render_modes": []}

        def __init__(self, mdp: TabularMDP) -> None:
            self.mdp = mdp
            self.observation_space = gymnasium.spaces.Discrete(mdp.n_states)
            self.action_space = gymnasium.spaces.Discrete(mdp.n_actions)
            self.P: dict[int, dict[int, list[Any]]] = {
                s: {a: [tuple(outcome) for outcome in mdp.outcomes(s, a)] for a in range(mdp.n_actions)}
                for s in range(mdp.n_states)
            }
            self.initial_state_distrib = mdp.start
            self.state = -1  # until the first reset

        def reset(
            self, *, seed: int | None = None, options: dict[str, Any] | None = None
        ) -> tuple[int, dict[str, Any]]:
            super().reset(seed=seed)
            self.state = self._draw(self.initial_state_distrib)
            return self.state, {"prob": float(self.initial_state_distrib[self.state])}

        def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
            if self.state < 0:
                raise gymnasium.error.ResetNeeded("call reset before step")
            outcomes = self.P[self.state][checks.index("action", action, self.mdp.n_actions)]
            chance, next_state, reward, terminated = outcomes[self._draw([outcome[0] for outcome in outcomes])]
            self.state = next_state
            return next_state, reward, terminated, False, {"prob": chance}

        def __reduce__(self) -> tuple[Any, ...]:
            return _bare, (), vars(self)

        def _draw(self, probability: Any) -> int:
            cumulative = np.cumsum(probability)
            return int(np.searchsorted(cumulative, self.np_random.random() * cumulative[-1], side="right"))

    return TabularEnv


def _bare() -> Any:
    """An environment before it is anything, for pickle to fill in: classes within functions have no name it knows."""
    return object.__new__(tabular_env())
