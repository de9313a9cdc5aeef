"""Agents that keep their last n steps: n beyond an episode makes no difference, and takes nothing."""

from typing import NamedTuple

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.agents.epsilon_greedy import epsilon_greedy
from fastsoftq.agents.last_steps import check_last_steps, within_episodes
from fastsoftq.agents.memory_rules import memory as memory_rule
from fastsoftq.agents.memory_rules import step_taken
from fastsoftq.agents.rules import bootstrap, rule
from fastsoftq.studies import Study, run
from fastsoftq.system import memory
from fastsoftq.system.memory import TooLargeError
from tests.engine.running import bits

CLIFF = fsq.cliff_walking(height=3, width=5)
LONG = fsq.PathConsistency(0.02, 0.9, n=10**9, reward_scale=2.0, epsilon=0.1)


class Hoarding(NamedTuple):
    """An agent that asks for more memory than any machine has."""

    step_size: float
    discount: float
    size: float = 1e17
    epsilon: float = 0.1
    reward_scale: float = 1.0


class Hoard(NamedTuple):
    things: np.ndarray


epsilon_greedy(Hoarding)


@rule(bootstrap, Hoarding)
def _(agent, row, summary, action):
    return summary


@rule(memory_rule, Hoarding)
def _(agent, n_states, n_actions):
    return Hoard(np.empty(int(agent.size)))


@rule(step_taken, Hoarding)
def _(agent, memory, q, step, like):
    return


@pytest.mark.parametrize("around", [lambda agent: agent, lambda agent: fsq.OptimisticStart(agent, 1.0)])
def test_paths_longer_than_an_episode_are_as_long_as_one(around):
    task = {"seeds": 3, "episodes": 8, "max_steps": 30, "keep_q": True}
    found = fsq.train(CLIFF, around(LONG), **task)
    assert found.agent == around(LONG)
    assert found.truncated.any()
    assert bits(found) == bits(fsq.train(CLIFF, around(LONG._replace(n=30)), **task))
    assert bits(found) != bits(fsq.train(CLIFF, around(LONG._replace(n=29)), **task))


def test_only_what_is_too_long_is_shortened():
    assert within_episodes(fsq.VisitStepSize(fsq.CountBonus(LONG, 1.0)), 40) == fsq.VisitStepSize(
        fsq.CountBonus(LONG._replace(n=40), 1.0)
    )
    for agent in (LONG._replace(n=3), fsq.DynaQ(0.5, 0.9, 10**9), fsq.QLearning(fsq.LinearDecay(0.5, 0.1, 0.1), 0.9)):
        assert within_episodes(agent, 40) == agent


@pytest.mark.parametrize(
    ("agent", "each", "name"),
    [
        (LONG, 8 * (3 + 4), "PathConsistency"),
        (fsq.CountBonus(LONG, 1.0), 8 * (3 + 4), "PathConsistency"),
        (fsq.NStepSarsa(0.1, 0.9, n=10**9), 8 * 3, "NStepSarsa"),
        (fsq.OptimisticStart(fsq.NStepSoftQLearning(0.1, 0.9, n=10**9), 1.0), 8 * 3, "NStepSoftQLearning"),
    ],
)
def test_steps_that_do_not_fit_are_refused_by_name(agent, each, name, monkeypatch):
    """Ten million steps on two threads are just too many for what there is, a byte fewer."""
    steps = 10**7
    monkeypatch.setattr(memory, "available_memory", lambda: 2 * steps * each - 1)
    words = rf"{name}\.n is 1000000000; with max_steps of 10000000 on 2 threads it needs .* of memory, .*smaller n"
    with pytest.raises(TooLargeError, match=words):
        fsq.train(CLIFF, agent, seeds=2, episodes=1, max_steps=steps, threads=2)
    check_last_steps(agent, CLIFF.n_actions, steps, threads=1)
    monkeypatch.setattr(memory, "available_memory", lambda: 2 * steps * each)
    check_last_steps(agent, CLIFF.n_actions, steps, threads=2)


def test_a_study_is_told_before_any_work(tmp_path, monkeypatch):
    study = Study(
        name="long", episodes=2, seeds=16, max_steps=10**7, environments={"cliff": CLIFF}, agents={"paths": LONG}
    )
    monkeypatch.setattr(memory, "available_memory", lambda: 10**8)
    with pytest.raises(TooLargeError, match=r"PathConsistency\.n is 1000000000"):
        run(study, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_memory_that_a_rule_cannot_have_is_an_error_that_names_the_agent():
    words = r"agent is Hoarding\(.*what it keeps of <TabularMDP 'cliff_walking'.* needs more memory than there is"
    with pytest.raises(TooLargeError, match=words):
        fsq.train(CLIFF, Hoarding(0.5, 0.9), seeds=2, episodes=1)
