"""All agents of the shelf in six worlds: what is chosen by, what is compared, and what is said of it."""

import itertools
import re

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.agents import LEARNERS, WRAPPERS, Frozen
from fastsoftq.attainable_returns import return_span
from fastsoftq.experiments import Settings
from fastsoftq.experiments import shelf_figures as figures
from fastsoftq.experiments import shelf_results as found
from fastsoftq.experiments.shelf import condition_name, study
from fastsoftq.experiments.shelf_agents import AGENTS, FAMILIES
from fastsoftq.experiments.shelf_worlds import ABOVE_CRITICAL, DISCOUNT, SCORE_AT_LEAST, WORLDS
from tests.experiments import running

SETTINGS = Settings(seeds=3, episodes=20, max_steps=30, threads=1)
SEEDS = 30


def kinds(agent):
    yield type(agent)
    if hasattr(agent, "agent"):
        yield from kinds(agent.agent)


def test_every_agent_is_on_the_shelf():
    world = WORLDS["cliff"]
    there = {kind for agent in AGENTS.values() for kind in kinds(agent.make(world, 0.5))}
    assert there == {*LEARNERS.values(), *WRAPPERS.values()} - {Frozen}  # which learns nothing
    for family, pair in FAMILIES.items():
        assert (AGENTS[pair.hard].family, AGENTS[pair.soft].family) == (family, family)
        assert (AGENTS[pair.hard].soft, AGENTS[pair.soft].soft) == (False, True)
    assert {AGENTS[agent.plain].plain for agent in AGENTS.values() if agent.plain} == {""}


@pytest.mark.parametrize("name", WORLDS)
def test_reward_scales_are_the_least_that_the_rule_allows(name):
    world = WORLDS[name]
    mdp = world.make()
    span, critical = return_span(mdp, world.max_steps), fsq.critical_reward_scale(mdp)

    def does(k):
        policy = fsq.soft_value_iteration(mdp, DISCOUNT, reward_scale=k).policy
        earned = fsq.evaluate_policy(mdp, policy, horizon=world.max_steps).expected_return
        above = k >= ABOVE_CRITICAL * critical or np.isinf(critical)  # where no step costs, no scale is
        return above and earned - span.random >= SCORE_AT_LEAST * (span.optimum - span.random)

    series = [digit * 10.0**power for power, digit in itertools.product(range(-2, 4), (1, 2, 5))]
    assert world.reward_scale == next(k for k in series if does(k))


@pytest.mark.parametrize("name", WORLDS)
def test_optimists_begin_above_all_that_can_be_reached(name):
    world = WORLDS[name]
    mdp = world.make()
    reached = np.flatnonzero(mdp.start > 0.0)
    while True:
        ahead = np.union1d(reached, mdp.next_state[reached][(mdp.probability[reached] > 0.0)])
        if len(ahead) == len(reached):
            break
        reached = ahead
    best = fsq.value_iteration(mdp, DISCOUNT).q[reached].max()
    assert best <= world.most + 1e-9
    assert world.most <= max(0.0, 1.2 * best)  # and not far above


def test_pilot_seeds_come_first_and_all_is_swept_on_all_seeds():
    asked = study(Settings(seeds=200))
    assert asked.seeds == range(found.PILOT + 200)
    assert len(asked.conditions) == len(AGENTS) * len(WORLDS) * 5
    first = next(one for one in asked.conditions if one.name == condition_name("lake", "dyna_q", 0.5))
    agent = asked.agents[first.agent]
    assert (agent.step_size, agent.epsilon, first.episodes, first.max_steps) == (0.5, 0.1, 1000, 100)


def test_runs_are_reduced_as_an_obvious_twin_does():
    returns = np.random.default_rng(1).normal(size=(7, 53))
    one = found.reduced(0.5, returns, pilot=3)
    assert one.pilot.tolist() == pytest.approx([sum(run) / 53 for run in returns[:3].tolist()])
    for run in range(4):
        mine = returns[3 + run].tolist()
        assert one.mean[run] == pytest.approx(sum(mine) / 53)
        assert one.last[run] == pytest.approx(sum(mine[-5:]) / 5)
        begin = 0
        for block, end in enumerate(one.ends.tolist()):
            assert one.blocks[run, block] == pytest.approx(sum(mine[begin:end]) / (end - begin))
            begin = end
        assert begin == 53


def test_step_sizes_are_chosen_on_the_pilot_seeds_alone():
    """The one that is better on the others is not taken."""
    seeds, episodes = np.full((found.PILOT + 5, 1), 1.0), np.ones((1, 10))
    lucky = np.where(np.arange(found.PILOT + 5) < found.PILOT, -20.0, -90.0)[:, None] * seeds * episodes
    other = -30.0 * seeds * episodes
    one = found.by_world(
        "cliff", "sarsa", [found.reduced(0.1, other), found.reduced(0.5, lucky)], Settings(seeds=5, max_steps=200)
    )
    assert (one.best, one.chosen.value, one.optimum) == (1, 0.5, -12.0)
    assert one.regret.tolist() == [78.0] * 5
    assert one.scores(np.array([one.optimum, one.random])).tolist() == pytest.approx([1.0, 0.0])


def made_up(shift):
    """What all agents come to where each world's returns lie at so much of the way from chance to the optimum."""
    learned = {}
    settings = Settings(seeds=SEEDS)
    noise = np.random.default_rng(0)
    for world in WORLDS:
        span, _ = found.attainable(world, settings)
        for agent in AGENTS:
            swept = []
            for place, value in enumerate(AGENTS[agent].values):
                score = shift(world, agent) - 0.1 * abs(place - 2)
                score = score + 0.01 * noise.normal(size=(found.PILOT + SEEDS, 30))
                swept.append(found.reduced(value, span.random + score * (span.optimum - span.random)))
            learned[world, agent] = found.by_world(world, agent, swept, settings)
    return learned


@pytest.fixture(scope="module")
def soft_is_better_in_two_worlds():
    def shift(world, agent):
        if agent == "dyna_soft_q":
            return {"cliff": 0.9, "lake": 0.9, "sea": 0.3}.get(world, 0.6)
        return 0.6

    learned = made_up(shift)
    return learned, found.compared(learned)


def test_sentences_say_in_which_worlds_there_is_less_regret(soft_is_better_in_two_worlds):
    learned, beside = soft_is_better_in_two_worlds
    sentences = found.found(learned, beside)
    assert len(sentences) == len(FAMILIES) + 1
    model = next(sentence for sentence in sentences if sentence.startswith("A model."))
    assert "Dyna soft Q against Dyna-Q: less regret in cliff, lake; more in sea; not told apart in 3." in model
    assert "Dyna-Q against Q-learning: not told apart in any world." in model
    assert all("less regret" not in sentence for sentence in sentences if sentence != model)
    score = float(re.search(r"Of the soft ones: Dyna soft Q ([\d.]+) \[", sentences[-1])[1])
    assert score == pytest.approx((2 * 0.9 + 3 * 0.6 + 0.3) / 6, abs=0.002)


def test_rows_hold_regret_and_differences(soft_is_better_in_two_worlds):
    learned, beside = soft_is_better_in_two_worlds
    rows = {(row["world"], row["agent"]): row for row in found.rows(learned, beside)}
    assert len(rows) == len(WORLDS) * len(AGENTS)
    row, plain = rows["lake", "dyna_soft_q"], rows["lake", "q_learning"]
    width = row["optimum"] - row["random"]
    assert row["chosen"] == 0.25
    assert row["regret"] == pytest.approx(0.1 * width, abs=0.003)
    assert row["regret_low"] < row["regret"] < row["regret_high"]
    assert row["regret_less_hard_form"] == pytest.approx(-0.3 * width, abs=0.003)
    assert (row["hard_form"], row["without_memory"]) == ("dyna_q", "soft_q_learning")
    assert plain["regret_less_hard_form"] is None


def test_figures_have_a_panel_for_each_family(soft_is_better_in_two_worlds):
    learned, _ = soft_is_better_in_two_worlds
    grid = figures.curves_figure(learned, ("one_step", "model"), "Curves", SEEDS)
    assert [ax.get_title("left") for ax in grid.axes[:2]] == ["One step", "A model"]
    assert len(grid.axes) == 2 * len(WORLDS)
    regret = figures.regret_figure(learned, SEEDS)
    assert [ax.get_title("left") for ax in regret.axes] == [world.title for world in WORLDS.values()]
    assert len(figures.profiles_figure(learned, SEEDS).axes) == len(FAMILIES)
    assert len(figures.sensitivity_figure(learned, SEEDS).axes) == len(FAMILIES) - 1  # visits have no step size


def test_episodes_too_short_for_anything_to_be_learned_are_borne():
    """In one step of the lake nothing can be earned."""
    settings = Settings(seeds=2, max_steps=1)
    one = found.by_world("lake", "sarsa", [found.reduced(0.5, np.zeros((found.PILOT + 2, 4)))], settings)
    assert (one.optimum, one.random) == (0.0, 0.0)
    assert one.scores(one.chosen.mean).tolist() == [1.0, 1.0]


@pytest.mark.filterwarnings("ignore:.*reward scale:UserWarning")  # of which none is large enough in the river
def test_a_small_run_is_found_as_trained(tmp_path):
    results = running.trained("shelf", SETTINGS, tmp_path)
    asked = study(SETTINGS)
    for name in ("cliff/dyna_q/0.5", "river/visits_soft_q/0.7", "sea/path_consistency/1"):
        condition = results.condition(name)
        mdp, agent = asked.environments[condition.environment], asked.agents[condition.agent]
        curves = fsq.train(mdp, agent, len(asked.seeds), condition.episodes, condition.max_steps, threads=1)
        np.testing.assert_array_equal(results.curves(name).returns, curves.returns)
    answer = running.findings("shelf", SETTINGS, tmp_path)
    assert set(answer.figures) == {
        "shelf_curves", "shelf_wrappers", "shelf_regret", "shelf_profiles", "shelf_sensitivity",
    }  # fmt: skip
    assert len(answer.table.rows) == len(AGENTS)
    by_name = {(row["world"], row["agent"]): row for row in answer.summary}
    row = by_name["cliff", "q_learning"]
    returns = {
        value: results.curves(condition_name("cliff", "q_learning", value)).returns
        for value in AGENTS["q_learning"].values
    }
    best = max(returns, key=lambda value: returns[value][: found.PILOT].mean())
    assert row["chosen"] == best
    assert row["regret"] == pytest.approx(row["optimum"] - returns[best][found.PILOT :].mean())
