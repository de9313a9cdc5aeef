"""check_agent finds and names what is wrong with an agent, and tells to what it converges."""

from typing import NamedTuple

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.agents.rules import act, bootstrap, learn, update_summary
from fastsoftq.kernels.jit import by_type
from fastsoftq.kernels.over_actions import first_highest
from fastsoftq.kernels.simd import fma
from fastsoftq.kernels.vectors import Vec
from fastsoftq.testing import check_agent, trial_worlds
from fastsoftq.testing.convergence import convergence
from fastsoftq.testing.engine_agreement import Trials
from fastsoftq.testing.rule_trials import action_probabilities
from tests.agents.ruled import agent_with


@pytest.fixture
def one_world():
    """Faults show in one world as in four, and need fewer loops compiled."""
    name = "2 actions, stochastic"
    kept = trial_worlds.TRIALS[name]
    trials = dict(trial_worlds.TRIALS)
    trial_worlds.TRIALS.clear()
    trial_worlds.TRIALS[name] = kept
    yield name
    trial_worlds.TRIALS.clear()
    trial_worlds.TRIALS.update(trials)


def verdicts(report):
    return {finding.check: finding.verdict for finding in report.findings}


# ---- agents that are right -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("agent", "to"),
    [
        (fsq.QLearning(0.5, 0.9), "to the optimal values"),
        (fsq.SoftQLearning(0.5, 0.9, temperature=fsq.LinearDecay(2.0, 0.5, 0.01)), "to the soft optimal values"),
        (fsq.Sarsa(0.5, 0.9), "to its own policy's values"),
        (fsq.ExpectedSarsa(0.5, 0.9), "to its own policy's values"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_nothing_is_wrong_with_the_packages_own(agent, to, one_world):
    report = check_agent(agent, strict=True)
    assert report.ok
    assert set(verdicts(report).values()) == {"ok"}
    assert len(report.findings) == 11
    assert report["convergence"].found.splitlines()[0] == to


def test_what_cannot_be_tried_is_skipped(one_world):
    report = check_agent(fsq.Frozen(fsq.QLearning(0.5, 0.9)))
    assert report.ok
    assert report["convergence"].verdict == "skipped"
    assert report["convergence"].found == "its table stays as it began"


def test_without_step_size_and_discount_convergence_is_skipped():
    class Bare(NamedTuple):
        gain: float = 0.5

    found = convergence(Bare(), None, has_own_policy=False)
    assert (found.verdict, found.found) == ("skipped", "it has no step_size and no discount to be set")
    assert (
        convergence(fsq.Frozen(agent_with()._replace(discount=None)), None, False).found
        == "it has no discount to be set"
    )


@pytest.mark.parametrize(
    ("agent", "to"),
    [
        # Its model has one outcome for each action, the last, so that what it plans by is not the stochastic world.
        (fsq.VisitStepSize(fsq.PrioritizedSweeping(0.5, 0.9, 3), power=0.75), "to none of these"),
        (fsq.CountBonus(fsq.Frozen(fsq.SarsaLambda(0.5, 0.9, 0.5)), 0.1), "its table stays as it began"),
    ],
    ids=["VisitStepSize", "Frozen"],
)
def test_nothing_is_claimed_of_lanes_that_do_not_train(agent, to, one_world):
    """Whoever keeps arrays, or holds one that does, is trained one run at a time, whatever engine is asked for."""
    report = check_agent(agent)
    assert report.ok
    for check in ("vectors", "engines"):
        assert verdicts(report)[check] == "skipped"
        assert "runs are trained one at a time" in report[check].found
    assert verdicts(report)["threads"] == verdicts(report)["precision"] == "ok"
    assert report["convergence"].found.splitlines()[0] == to


@pytest.mark.parametrize(
    ("agent", "to"),
    [
        (fsq.VisitStepSize(fsq.QLearning(1.0, 0.95), power=0.75), "to the optimal values"),
        (fsq.OptimisticStart(fsq.SoftQLearning(0.5, 0.9), 3.0), "to the soft optimal values"),
        (fsq.VisitStepSize(fsq.DynaQ(0.5, 0.9, 3), power=0.75), "to none of these"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_wrappers_converge_to_is_told(agent, to, one_world):
    report = check_agent(agent, strict=True)
    assert verdicts(report)["vectors"] == verdicts(report)["engines"] == "ok"
    assert report["engines"].found.endswith("agree to the bit in 1 world")
    assert report["rules"].found.endswith("; all others are of the agent that it holds")
    assert "act," not in report["rules"].found
    assert report["convergence"].found.splitlines()[0] == to


def test_worlds_whose_rows_are_too_wide_for_lanes_are_not_compared():
    """Of two tables and three counts, 9 actions make rows of 45 numbers, where lanes take 32."""
    agent = fsq.UpperConfidence(fsq.VisitStepSize(fsq.CountBonus(fsq.DoubleQLearning(0.5, 0.9), 1.0)), 1.0)
    compared = Trials(agent).in_lanes
    assert set(trial_worlds.TRIALS) - set(compared) == {"9 actions, stochastic, several starts"}
    assert Trials(fsq.QLearning(0.5, 0.9)).in_lanes == tuple(trial_worlds.TRIALS)


def test_worlds_are_of_every_kind():
    worlds = [trial_worlds.trial_world(name) for name in trial_worlds.TRIALS]
    assert {world.deterministic for world in worlds} == {True, False}
    assert {world.n_actions for world in worlds} >= {1, 2, 4, 9}
    assert {np.count_nonzero(world.start) > 1 for world in worlds} == {True, False}


# ---- agents that are wrong -------------------------------------------------------------------------------------------


def branches(agent, row, summary, action):
    if summary > 0.0:
        return summary
    return 0.5 * summary


def test_an_if_on_a_number_is_named_with_its_line(one_world):
    report = check_agent(agent_with((bootstrap, branches)))
    assert [finding.check for finding in report.wrong] == ["vectors"]
    line = branches.__code__.co_firstlineno + 1
    assert f"'bootstrap' of Mine cannot be compiled ({__file__}, line {line})" in report["vectors"].found
    assert "select" in report["vectors"].found
    assert verdicts(report)["numbers"] == "ok"
    assert verdicts(report)["engines"] == "skipped"
    assert report["convergence"].verdict in ("ok", "note")


def misspells(agent, row, summary, action):
    return agent.discout * summary


def says(agent, row, summary, action):
    return "much"


@pytest.mark.parametrize(
    ("implementation", "words"),
    [
        (misspells, "Unknown attribute 'discout' of type Mine"),
        (says, "returns Literal[str](much); it must return a number"),
    ],
)
def test_rules_that_do_not_compile_are_named(implementation, words, one_world):
    report = check_agent(agent_with((bootstrap, implementation)))
    assert [finding.check for finding in report.wrong] == ["numbers"]
    assert words in report["numbers"].found
    assert verdicts(report)["vectors"] == "skipped"
    with pytest.raises(AssertionError, match=r"agent Mine: numbers: the rule 'bootstrap' of Mine"):
        report.raise_if_wrong()


def drifts(agent, row, summary, changed, entry, like):
    """Takes the entry for the maximum, even where nothing has changed."""
    return fma(0.5, entry - summary, summary), changed != changed


def test_a_summary_that_drifts_is_found(one_world):
    report = check_agent(agent_with((update_summary, drifts)))
    assert verdicts(report)["summaries"] == "wrong"
    assert "`bootstrap` gives" in report["summaries"].found


@by_type
def differs(x):
    """One number more in vectors."""
    if isinstance(x, Vec):
        return lambda x: x + 1.0
    return lambda x: x


def test_engines_that_disagree_are_found(one_world):
    report = check_agent(agent_with((bootstrap, lambda agent, row, summary, action: differs(summary))))
    assert [finding.check for finding in report.wrong] == ["engines", "precision"]
    assert f"in the world of {one_world}, seed 0" in report["engines"].found


def test_tables_that_do_not_stay_finite_are_found(one_world):
    def squares(agent, entry, reward, terminated, value):
        return fma(entry, entry, 3.0)

    report = check_agent(agent_with((learn, squares)))
    assert [finding.check for finding in report.wrong] == ["finite tables"]
    assert "is inf" in report["finite tables"].found
    assert "do not stay finite" in report["convergence"].found


def test_values_that_overflow_are_no_fault_of_summaries(one_world):
    def squares(agent, row, summary, action):
        return 1e200 * summary * 1e200

    report = check_agent(agent_with((bootstrap, squares)))
    assert verdicts(report)["summaries"] == "ok"
    assert [finding.check for finding in report.wrong] == ["finite tables"]


def test_an_action_that_is_none_is_found(one_world):
    def beyond(agent, row, summary, draw):
        return first_highest(row) + np.int32(len(row))

    report = check_agent(agent_with((act, beyond)))
    assert [finding.check for finding in report.wrong] == ["actions"]
    assert report["actions"].found == "`act` takes action 1 of 1: the probabilities of these sum to 0"
    assert verdicts(report)["engines"] == "skipped"  # which would write outside of tables


def test_what_is_missing_is_told_before_anything_is_compiled():
    class Bare(NamedTuple):
        step_size: float = 0.5

    report = check_agent(Bare())
    assert report["rules"].verdict == "wrong"
    assert report["rules"].found == "there is no rule 'summarise', 'bootstrap', 'act'"
    assert len(report.findings) == 2


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (fsq.QLearning(1.5, 0.9), r"QLearning.step_size is 1.5; it must"),
        (fsq.QLearning("fast", 0.9), r"QLearning.step_size is 'fast'"),
        ("QLearning", "agent is 'QLearning'; it must be a NamedTuple"),
    ],
)
def test_hyperparameters_out_of_bounds_are_told(agent, words):
    report = check_agent(agent)
    assert [finding.check for finding in report.wrong] == ["hyperparameters"]
    assert words in report["hyperparameters"].found
    with pytest.raises(AssertionError, match=words):
        check_agent(agent, strict=True)


def test_what_converges_to_nothing_known_is_no_fault(one_world):
    def half(agent, row, summary, action):
        return 0.25 * summary + 3.0

    report = check_agent(agent_with((bootstrap, half)))
    assert report.ok
    assert report["convergence"].verdict == "note"
    assert report["convergence"].found.startswith("to none of these")


def test_probabilities_over_draws_are_those_of_the_policy():
    """Epsilon-greedy with a tie: (1 - e)/2 + e/4; the soft policy: its exponentials."""
    row = np.array([1.0, 3.0, 3.0, 0.0])
    hard = action_probabilities(fsq.QLearning(0.5, 0.9, epsilon=0.5), row)
    np.testing.assert_allclose(hard, [0.125, 0.375, 0.375, 0.125], atol=1e-3)
    soft = action_probabilities(fsq.SoftQLearning(0.5, 0.9, temperature=2.0), row)
    np.testing.assert_allclose(soft, np.exp(row / 2) / np.exp(row / 2).sum(), atol=1e-3)
