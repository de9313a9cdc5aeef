"""Agents around another one, which they hold in their field `agent`: all rules that they do not change pass on to it.

Those rules carry the attribute `passes_on`: they are nobody's own, so that a wrapper runs wherever what it holds does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from fastsoftq.agents.memory_rules import (
    acts_upon,
    adapted,
    backed_up,
    begin_episode,
    begin_run,
    beside,
    episode_ended,
    estimate,
    learn_beside,
    memory,
    pass_back,
    planning_steps,
    rewarded,
    step_taken,
    steps,
    time_bonus,
    value_ahead,
    visited,
)
from fastsoftq.agents.replacing import with_agent
from fastsoftq.agents.rules import (
    act,
    bootstrap,
    complete_summary,
    double_bootstrap,
    learn,
    on_policy,
    rule,
    summarise,
    summarise_entry,
    update_summary,
    varies_by_episode,
)

__all__ = ["Counted", "counting", "passing_on", "wrapper"]

AgentType = TypeVar("AgentType", bound=type)


# ---- rules that pass on ----------------------------------------------------------------------------------------------


def _summarise(agent, row, like):
    return summarise(agent.agent, row, like)


def _complete_summary(agent, partial):
    return complete_summary(agent.agent, partial)


def _bootstrap(agent, row, summary, action):
    return bootstrap(agent.agent, row, summary, action)


def _double_bootstrap(agent, row, summary, values):
    return double_bootstrap(agent.agent, row, summary, values)


def _learn(agent, entry, reward, terminated, value):
    return learn(agent.agent, entry, reward, terminated, value)


def _summarise_entry(agent, summary, entry, like):
    return summarise_entry(agent.agent, summary, entry, like)


def _update_summary(agent, row, summary, changed, entry, like):
    return update_summary(agent.agent, row, summary, changed, entry, like)


def _act(agent, row, summary, draw):
    return act(agent.agent, row, summary, draw)


def _varies_by_episode(agent):
    return varies_by_episode(agent.agent)


def _on_policy(agent):
    return on_policy(agent.agent)


def _beside(agent, value):
    return beside(agent.agent, value)


def _acts_upon(agent, row, kept):
    return acts_upon(agent.agent, row, kept)


def _visited(agent, kept):
    return visited(agent.agent, kept)


def _adapted(agent, kept):
    return with_agent(agent, adapted(agent.agent, kept))


def _rewarded(agent, reward, kept):
    return rewarded(agent.agent, reward, kept)


def _value_ahead(agent, row, kept, action, draw, like):
    return value_ahead(agent.agent, row, kept, action, draw, like)


def _learn_beside(agent, entry, kept, reward, terminated, value, draw):
    return learn_beside(agent.agent, entry, kept, reward, terminated, value, draw)


def _estimate(agent, entry, kept):
    return estimate(agent.agent, entry, kept)


def _steps(agent):
    return steps(agent.agent)


def _backed_up(agent, reward, terminated, value):
    return backed_up(agent.agent, reward, terminated, value)


def _pass_back(agent, row, kept, action, value, like):
    return pass_back(agent.agent, row, kept, action, value, like)


def _planning_steps(agent):
    return planning_steps(agent.agent)


def _time_bonus(agent):
    return time_bonus(agent.agent)


def _memory(agent, n_states, n_actions):
    return memory(agent.agent, n_states, n_actions)


def _begin_run(agent, memory, q):
    begin_run(agent.agent, memory, q)


def _begin_episode(agent, memory, q, state):
    begin_episode(agent.agent, memory, q, state)


def _step_taken(agent, memory, q, step, like):
    step_taken(agent.agent, memory, q, step, like)


def _episode_ended(agent, memory, q):
    episode_ended(agent.agent, memory, q)


_PASSING_ON: dict[Callable[..., Any], Callable[..., Any]] = {
    summarise: _summarise,
    complete_summary: _complete_summary,
    bootstrap: _bootstrap,
    double_bootstrap: _double_bootstrap,
    learn: _learn,
    summarise_entry: _summarise_entry,
    update_summary: _update_summary,
    act: _act,
    varies_by_episode: _varies_by_episode,
    on_policy: _on_policy,
    beside: _beside,
    acts_upon: _acts_upon,
    visited: _visited,
    adapted: _adapted,
    rewarded: _rewarded,
    value_ahead: _value_ahead,
    learn_beside: _learn_beside,
    estimate: _estimate,
    steps: _steps,
    backed_up: _backed_up,
    pass_back: _pass_back,
    planning_steps: _planning_steps,
    time_bonus: _time_bonus,
    memory: _memory,
    begin_run: _begin_run,
    begin_episode: _begin_episode,
    step_taken: _step_taken,
    episode_ended: _episode_ended,
}
for _implementation in _PASSING_ON.values():
    _implementation.passes_on = True  # type: ignore[attr-defined]


def passing_on(*generics: Callable[..., Any]) -> Callable[[AgentType], AgentType]:
    """Make an agent that holds another one in its field `agent` pass on these rules to it.

    Examples
    --------
    >>> from typing import NamedTuple
    >>> from fastsoftq.agents.rules import Agent, has_rule
    >>> @passing_on(summarise, act)
    ... class Behaving(NamedTuple):
    ...     agent: Agent
    >>> has_rule(Behaving, act)  # none of its own
    False
    """

    def decorate(agent: AgentType) -> AgentType:
        for generic in generics:
            rule(generic, agent)(_PASSING_ON[generic])
        return agent

    return decorate


def wrapper(agent: AgentType) -> AgentType:
    """Make an agent that holds another one in its field `agent` do all that this does; then give it rules of its own.

    Rules of what is kept beside entries (`rewarded`, `adapted`, ...) are followed where something is kept, by the agent
    within or, with `counting`, by the wrapper.

    Raises
    ------
    TypeError
        No NamedTuple class, or one without the field `agent`.

    Examples
    --------
    Half of each error learned from, whatever the agent within learns:

    >>> from typing import NamedTuple
    >>> import fastsoftq as fsq
    >>> from fastsoftq.agents.rules import Agent
    >>> @wrapper
    ... class Halved(NamedTuple):
    ...     agent: Agent
    >>> @fsq.rule(learn, Halved)
    ... def _(agent, entry, reward, terminated, value):
    ...     return 0.5 * (entry + learn(agent.agent, entry, reward, terminated, value))
    >>> same = {"seeds": 4, "episodes": 20}
    >>> halved = fsq.train(fsq.cliff_walking(), Halved(fsq.QLearning(step_size=0.8, discount=0.95)), **same)
    >>> smaller = fsq.train(fsq.cliff_walking(), fsq.QLearning(step_size=0.4, discount=0.95), **same)
    >>> bool((halved.lengths[:, -1] == smaller.lengths[:, -1]).all())
    True
    """
    if "agent" not in getattr(agent, "_fields", ("agent",)):
        raise TypeError(f"agents includes {agent!r}; a wrapper must hold the agent within in a field 'agent'")
    return passing_on(*_PASSING_ON)(agent)


# ---- rules of wrappers that count ------------------------------------------------------------------------------------


class Counted(NamedTuple):
    """What is kept beside an entry: how often its action was taken, and what the agent within keeps."""

    count: Any
    inner: Any


def _beside_counted(agent, value):
    return Counted(0.0, beside(agent.agent, value))


def _visited_counted(agent, kept):
    return Counted(kept.count + 1.0, visited(agent.agent, kept.inner))


def _acts_upon_counted(agent, row, kept):
    return acts_upon(agent.agent, row, kept.inner)


def _adapted_counted(agent, kept):
    return with_agent(agent, adapted(agent.agent, kept.inner))


def _rewarded_counted(agent, reward, kept):
    return rewarded(agent.agent, reward, kept.inner)


def _value_ahead_counted(agent, row, kept, action, draw, like):
    return value_ahead(agent.agent, row, kept.inner, action, draw, like)


def _learn_beside_counted(agent, entry, kept, reward, terminated, value, draw):
    entry, inner = learn_beside(agent.agent, entry, kept.inner, reward, terminated, value, draw)
    return entry, Counted(kept.count, inner)


def _estimate_counted(agent, entry, kept):
    return estimate(agent.agent, entry, kept.inner)


def _pass_back_counted(agent, row, kept, action, value, like):
    return pass_back(agent.agent, row, kept.inner, action, value, like)


def counting(agent: AgentType) -> AgentType:
    """Make a wrapper that counts, for each state and action, how often it was taken in the run, this time included.

    Its own rules are given a `Counted`.

    Examples
    --------
    Rewards doubled the first time that an action is taken:

    >>> from typing import NamedTuple
    >>> import fastsoftq as fsq
    >>> from fastsoftq.agents.rules import Agent
    >>> from fastsoftq.kernels.simd import select
    >>> @counting
    ... class Doubled(NamedTuple):
    ...     agent: Agent
    >>> @fsq.rule(rewarded, Doubled)
    ... def _(agent, reward, kept):
    ...     return select(kept.count < 2.0, 2.0, 1.0) * rewarded(agent.agent, reward, kept.inner)
    >>> way = fsq.TabularMDP(next_state=[[0]], reward=[[3.0]], terminated=[[True]])
    >>> hard = fsq.QLearning(step_size=1.0, discount=0.95)
    >>> [fsq.train(way, Doubled(hard), seeds=1, episodes=n, keep_q=True).final_q.item() for n in (1, 2)]
    [6.0, 3.0]
    """
    wrapper(agent)
    for generic, implementation in (
        (beside, _beside_counted), (visited, _visited_counted), (acts_upon, _acts_upon_counted),
        (adapted, _adapted_counted), (rewarded, _rewarded_counted), (value_ahead, _value_ahead_counted),
        (learn_beside, _learn_beside_counted), (estimate, _estimate_counted), (pass_back, _pass_back_counted),
    ):  # fmt: skip
        rule(generic, agent)(implementation)
    return agent
