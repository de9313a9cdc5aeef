"""Agents that plan from a model: what their rules must give, and what they learn of actions that were never taken."""

from typing import NamedTuple

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.agents.hard_policy import hard_policy
from fastsoftq.agents.memory_rules import planning_steps, time_bonus
from fastsoftq.agents.rules import on_policy
from fastsoftq.testing import check_agent
from tests.engine.running import bits, train

CLIFF = fsq.cliff_walking(height=3, width=5)


def planner(steps=5, bonus=0.0, follows=False):
    """An agent of one's own; all of one name, as in a notebook whose cell is run again."""

    @hard_policy
    class Planner(NamedTuple):
        step_size: float = 0.5
        discount: float = 0.9
        epsilon: float = 0.1
        reward_scale: float = 1.0

    fsq.rule(planning_steps, Planner)(lambda agent: steps)
    fsq.rule(time_bonus, Planner)(lambda agent: bonus)
    fsq.rule(on_policy, Planner)(lambda agent: follows)
    return Planner()


@pytest.mark.parametrize(
    ("agent", "error", "message"),
    [
        (planner(steps=5.9), TypeError, "'planning_steps' of Planner gives 5.9; it must give an integer, or None"),
        (planner(steps=True), TypeError, "'planning_steps' of Planner gives True; it must give an integer, or None"),
        (planner(steps="5"), TypeError, "'planning_steps' of Planner gives '5'; it must give an integer, or None"),
        (planner(steps=-3), ValueError, "'planning_steps' of Planner gives -3; it must give at least 0"),
        (planner(bonus=-0.5), ValueError, "'time_bonus' of Planner gives -0.5; it must give a number of at least 0"),
        (planner(bonus=np.nan), ValueError, "'time_bonus' of Planner gives nan; it must give a number of at least 0"),
        (planner(bonus=None), TypeError, "'time_bonus' of Planner gives None; it must give a number"),
        (planner(follows=True), TypeError, "Planner is on-policy, by the rule 'on_policy', and plans"),
        (fsq.CountBonus(planner(steps=-3), 0.1), ValueError, "gives -3; it must give at least 0"),
    ],
    ids=["float", "flag", "text", "negative", "bonus below 0", "nan", "no bonus", "on-policy", "within another"],
)
def test_rules_that_do_not_say_how_to_plan_are_refused(agent, error, message):
    with pytest.raises(error, match=message):
        fsq.train(CLIFF, agent, seeds=2, episodes=3)


def test_an_agent_of_ones_own_plans_as_the_projects_do():
    task = {"seeds": 3, "episodes": 10, "max_steps": 40}
    assert bits(train(0, CLIFF, planner(), **task)) == bits(train(0, CLIFF, fsq.DynaQ(0.5, 0.9), **task))


def test_check_agent_tells_of_an_on_policy_planner():
    (found,) = [finding for finding in check_agent(planner(follows=True)).findings if finding.verdict == "wrong"]
    assert found.check == "rules"
    assert "Planner is on-policy" in found.found


@pytest.mark.parametrize(
    "agent",
    [fsq.DynaQ(0.5, 0.95, time_bonus=0.1), fsq.DynaSoftQ(0.5, 0.95, time_bonus=0.1, reward_scale=5.0)],
    ids=lambda agent: type(agent).__name__,
)
@pytest.mark.parametrize("power", [1.0, 0.5])
def test_actions_never_taken_are_learned_as_on_their_first_visit(agent, power):
    """Their count is 0, and one over it no step size."""
    curves = train(0, CLIFF, fsq.VisitStepSize(agent, power), seeds=4, episodes=30, max_steps=60)
    assert np.isfinite(curves.final_q).all()
    once = train(0, CLIFF, fsq.VisitStepSize(agent, power), seeds=4, episodes=1, max_steps=1)
    whole = train(0, CLIFF, agent._replace(step_size=1.0), seeds=4, episodes=1, max_steps=1)
    assert once.final_q.tobytes() == whole.final_q.tobytes()  # all counts are 0 or 1


DOWN = fsq.LinearDecay(0.5, 0.0, 0.1)


@pytest.mark.parametrize(
    ("agent", "field"),
    [
        (fsq.DynaQ(0.5, 0.95, time_bonus=DOWN), "DynaQ.time_bonus"),
        (fsq.DynaQ(0.5, 0.95, fsq.LinearDecay(5, 1, 1)), "DynaQ.planning_steps"),
        (fsq.PrioritizedSweeping(0.5, 0.95, fsq.LinearDecay(5, 1, 1)), "PrioritizedSweeping.planning_steps"),
        (fsq.VisitStepSize(fsq.QLearning(0.5, 0.95), DOWN), "VisitStepSize.power"),
        (fsq.OptimisticStart(fsq.QLearning(0.5, 0.95), DOWN), "OptimisticStart.value"),
        (fsq.NStepSarsa(0.5, 0.95, fsq.LinearDecay(4, 1, 1)), "NStepSarsa.n"),
        (fsq.PathConsistency(0.5, 0.95, fsq.LinearDecay(4, 1, 1)), "PathConsistency.n"),
        (fsq.SarsaLambda(0.5, 0.95, replacing=fsq.LinearDecay(1, 0, 1)), "SarsaLambda.replacing"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_the_same_in_all_episodes_takes_no_schedule(agent, field):
    with pytest.raises(TypeError, match=rf"{field} is .*Decay\(.*; it must be a number, the same in all episodes"):
        fsq.train(CLIFF, agent, seeds=2, episodes=3)
