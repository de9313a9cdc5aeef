"""The rules of agents that remember more than their table: each has a default, which remembers nothing.

What is kept beside each entry (a second table, a count) is a NamedTuple of numbers; engines hand rules those of one
entry, or those of a state, a row for each. Such agents run in lanes and on GPUs too, as those do that learn from their
last n steps, or from a model of what came last of each action::

    kept = beside(agent, value)                             # beside an entry whose value begins as `value`
    seen = acts_upon(agent, row, kept)                      # the row that `summarise` and `act` are given
    kept = visited(agent, kept)                             # once an action is taken, and then:
    agent = adapted(agent, kept)                            # the agent as it learns of this entry
    reward = rewarded(agent, reward, kept)
    value = value_ahead(agent, row, kept, action, draw, like)
    entry, kept = learn_beside(agent, entry, kept, reward, terminated, value, draw)
    n = steps(agent)                                        # None: it learns from one step at a time
    value = pass_back(agent, row, kept, action, backed_up(agent, reward, terminated, value), like)
    n = planning_steps(agent)                               # None: it has no model of what it has seen
    kappa = time_bonus(agent)
    number = estimate(agent, entry, kept)                   # what a kept table shows of an entry

Of an agent that keeps nothing no engine asks for these, and the agent is refused; so are those below without `memory`.

What is more (traces, a queue) is a NamedTuple of arrays, for which the whole table may change at every step. Rules of
these see single numbers, never vectors, and may branch and loop as they like; runs are trained one at a time::

    memory = memory(agent, n_states, n_actions)             # when a run begins, and anew for each
    begin_run(agent, memory, q)
    begin_episode(agent, memory, q, state)
    step_taken(agent, memory, q, step, like)                # in place of `value_ahead` and `learn_beside`
    episode_ended(agent, memory, q)

`memory` does not know how long episodes are; an agent that keeps its last n steps in it says so
(`last_steps.keeps_last_steps`), and is given an n that is no longer.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from fastsoftq.agents.rules import AGENTS, Agent, bootstrap, complete_summary, has_rule, learn, summarise
from fastsoftq.kernels.updates import td_target

__all__ = [
    "Step",
    "acts_upon",
    "adapted",
    "backed_up",
    "begin_episode",
    "begin_run",
    "beside",
    "episode_ended",
    "estimate",
    "learn_beside",
    "memory",
    "pass_back",
    "planning_steps",
    "remembers",
    "rewarded",
    "step_taken",
    "steps",
    "time_bonus",
    "value_ahead",
    "visited",
]

_dispatched = AGENTS.dispatched


class Step(NamedTuple):
    """A step as `step_taken` sees it."""

    state: Any
    action: Any
    reward: Any  # as `rewarded` gives it, not yet times the agent's `reward_scale`
    next_state: Any
    next_action: Any  # that of an agent that is `on_policy`; meaningless elsewhere
    terminated: Any
    truncated: Any  # the episode is cut short here
    draw: Any  # a Draw of the step's own, for `learn_beside` and the like
    key: Any  # where a stream of random numbers begins that belongs to the step alone
    row: Any  # the form in which `read_row(q, state, step.row)` gives a state's row: a tuple where actions are few


# ---- beside each entry -----------------------------------------------------------------------------------------------


@_dispatched
def beside(agent, value):
    """What is kept beside an entry whose value begins as `value`: a NamedTuple of floats, or of such; or None."""
    return


@_dispatched
def acts_upon(agent, row, kept):
    """The row upon which the agent acts, given the values of a state's actions and what is kept beside them, in rows.

    Rows are tuples, or arrays where there are many actions: `each` and `each_pair` go over both.
    """
    return row


@_dispatched
def visited(agent, kept):
    """What is kept beside an entry whose action has just been taken."""
    return kept


@_dispatched
def adapted(agent, kept):
    """The agent as it learns of an entry, such as with another step size, given what is kept beside that."""
    return agent


@_dispatched
def rewarded(agent, reward, kept):
    """The reward that is learned from; curves report `reward` itself."""
    return reward


@_dispatched
def value_ahead(agent, row, kept, action, draw, like):
    """The value of the next state, given its row; as `bootstrap`, for agents that need what is kept beside it too.

    `draw` is the same in `value_ahead` and in `learn_beside`, and independent of the draw that chooses the action.
    """
    return bootstrap(agent, row, complete_summary(agent, summarise(agent, row, like)), action)


@_dispatched
def learn_beside(agent, entry, kept, reward, terminated, value, draw):
    """The new entry and what is kept beside it, as `learn`."""
    return learn(agent, entry, reward, terminated, value), kept


@_dispatched
def estimate(agent, entry, kept):
    """The value that kept tables (`final_q`) show of an entry."""
    return entry


# ---- the last n steps ------------------------------------------------------------------------------------------------


@_dispatched
def steps(agent):
    """How many steps a return takes before it bootstraps: an int, or None where it is one step and no more."""
    return


@_dispatched
def backed_up(agent, reward, terminated, value):
    """The return of one step: the scaled reward, and the discounted `value` of what follows unless `terminated`."""
    return td_target(agent.reward_scale * reward, terminated, agent.discount, value)


@_dispatched
def pass_back(agent, row, kept, action, value, like):
    """What a state is worth that lies within the n steps, where `value` is the return of the action taken there."""
    return value


# ---- a model ---------------------------------------------------------------------------------------------------------


@_dispatched
def planning_steps(agent):
    """How many updates follow each step, of entries drawn evenly among those that the run has met: an int; or None.

    They learn by `value_ahead` and `learn_beside` from what came last of the entry, as if it came again (Dyna, Sutton
    1990); not for agents that are `on_policy`.
    """
    return


@_dispatched
def time_bonus(agent):
    """What such an update pays on top, times the root of how many steps of the run ago the action was last taken.

    It does not change within a run. Above 0, all actions of a state that was met are in the model (Dyna-Q+, Sutton &
    Barto 2018, section 8.3).
    """
    return 0.0


# ---- anything at all -------------------------------------------------------------------------------------------------


@_dispatched
def memory(agent, n_states, n_actions):
    """What a run keeps: a NamedTuple of arrays, made anew for each run; or None. `step_taken` then learns."""
    return


@_dispatched
def begin_run(agent, memory, q):
    """A run begins, with the table `q` [states, actions]; its rows are contiguous, and may lie apart."""


@_dispatched
def begin_episode(agent, memory, q, state):
    """An episode begins in a state."""


@_dispatched
def step_taken(agent, memory, q, step, like):
    """A `Step` was taken: learn from it, by changing `q` and what is in `memory`."""


@_dispatched
def episode_ended(agent, memory, q):
    """An episode ended, after its last `step_taken`: it was terminated or truncated."""


def remembers(agent: Agent, *rules: Any) -> bool:
    """Whether an agent, or one within it, keeps anything besides its table; or has one of these rules for that.

    Examples
    --------
    >>> import fastsoftq as fsq
    >>> remembers(fsq.QLearning(0.8, 0.95)), remembers(fsq.DoubleQLearning(0.8, 0.95))
    (False, True)
    """
    own = any(has_rule(type(agent), generic) for generic in rules or (beside, steps, planning_steps, memory))
    return own or any(remembers(field, *rules) for field in agent if hasattr(field, "_fields"))
