"""What an agent's table converges to in a small world where everything is visited again and again."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastsoftq.agents.optimistic_start import first_value
from fastsoftq.agents.schedules import SCHEDULES, PowerDecay
from fastsoftq.mdp.tabular import TabularMDP
from fastsoftq.planning.evaluation import evaluate_policy
from fastsoftq.planning.iteration import soft_value_iteration, value_iteration
from fastsoftq.tabular_training import Training
from fastsoftq.testing.check_report import Finding
from fastsoftq.testing.rule_trials import action_probabilities
from fastsoftq.testing.trial_worlds import ergodic_world

__all__ = ["convergence"]

_RUNS, _STEPS = 32, 20
_EPISODES = (1_000, 20_000)
_STEP_SIZES = PowerDecay(start=1.0, stop=1e-9, power=0.75)
_DISCOUNT, _EPSILON = 0.8, 0.3
_CLOSE = 0.02  # of the spread of values


def convergence(agent: Any, engine: str | None, has_own_policy: bool) -> Finding:
    """Train with decaying step sizes, and compare the tables' mean with exact answers.

    `engine` is the name of the one to train with; None: the fastest.
    The discount is at most 0.8, exploration 0.3 where there is any, schedules stand at their ends.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> convergence(fsq.SoftQLearning(0.5, 0.9), None, has_own_policy=True).found.splitlines()[0]
    'to the soft optimal values'
    """
    name = "convergence"
    lacking = [field for field in ("step_size", "discount") if not isinstance(_of(agent, field), float)]
    if "step_size" in lacking and isinstance(_of(agent, "step_size"), SCHEDULES):
        lacking.remove("step_size")
    if lacking:
        return Finding(name, "skipped", f"it has no {' and no '.join(lacking)} to be set")
    slow = _slowed(agent)
    world = ergodic_world()
    try:
        curves = Training.checked(
            world, slow, _RUNS, _EPISODES[1], _STEPS, checkpoints=_EPISODES[:1], keep_q=True, engine=engine
        ).curves()
    except (TypeError, ValueError) as error:
        return Finding(name, "skipped", f"it cannot be trained with decaying step sizes: {error}")
    assert curves.checkpoint_q is not None
    assert curves.final_q is not None
    early, late = (tables.mean(axis=0) for tables in (curves.checkpoint_q[:, 0], curves.final_q))
    if (curves.final_q == first_value(agent)).all():
        return Finding(name, "skipped", "its table stays as it began")
    if not np.isfinite(late).all():
        return Finding(name, "note", "its values do not stay finite, even at discount 0.8")
    errors = {
        of: (error, _error(late, exact))
        for of, (exact, error) in _answers(world, slow, early, late, has_own_policy).items()
    }
    close = [of for of, (_, error) in errors.items() if error <= _CLOSE]
    head = f"to {close[0]}" if close else "to none of these"
    width = max(map(len, errors))
    table = [
        f"{of:<{width}}  {before:6.1%}  {after:6.1%}".replace("nan%", "-") for of, (before, after) in errors.items()
    ]
    title = f"{'largest error after episodes:':<{width}}  {_EPISODES[0]:>6,}  {_EPISODES[1]:>6,}"
    found = "\n".join([head, title, *table])
    return Finding(name, "ok" if close else "note", found, "" if close else "no fault, if that is meant")


def _of(agent: Any, field: str, otherwise: Any = None) -> Any:
    """A hyperparameter of an agent, or of the one that it holds."""
    while field not in agent._fields and hasattr(getattr(agent, "agent", None), "_fields"):
        agent = agent.agent
    return getattr(agent, field, otherwise)


def _slowed(agent: Any) -> Any:
    """The agent with what convergence needs: step sizes that decay, exploration, nothing else that changes."""
    changed: dict[str, Any] = {
        field: value.stop for field, value in agent._asdict().items() if isinstance(value, SCHEDULES)
    }
    wanted = {"step_size": _STEP_SIZES, "discount": min(_of(agent, "discount"), _DISCOUNT), "epsilon": _EPSILON}
    changed |= {field: value for field, value in wanted.items() if field in agent._fields}
    if hasattr(getattr(agent, "agent", None), "_fields"):
        changed["agent"] = _slowed(agent.agent)
    return agent._replace(**changed)


def _answers(
    world: TabularMDP, agent: Any, early: NDArray[Any], late: NDArray[Any], has_own_policy: bool
) -> dict[str, tuple[NDArray[np.float64], float]]:
    """Exact tables that it may converge to, by name, each with the error of the early table."""
    scale, discount, temperature = _of(agent, "reward_scale", 1.0), _of(agent, "discount"), _of(agent, "temperature")
    exact: dict[str, NDArray[np.float64]] = {"the optimal values": scale * value_iteration(world, discount).q}
    if temperature is not None:
        soft = soft_value_iteration(world, discount, temperature=temperature, reward_scale=scale)
        exact = {"the soft optimal values": soft.q} | exact
    found = {name: (q, _error(early, q)) for name, q in exact.items()}
    if has_own_policy:
        own = [scale * evaluate_policy(world, _policy(agent, q), discount).q for q in (early, late)]
        found["its own policy's values"] = own[1], _error(early, own[0])
    return found


def _policy(agent: Any, table: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([action_probabilities(agent, row) for row in table])


def _error(table: NDArray[Any], exact: NDArray[Any]) -> float:
    """The largest error, as a share of the spread of the exact values."""
    return float(np.abs(table - exact).max() / np.ptp(exact))
