"""The deep experiments: what they find where the answer is known, what they say of made-up results, and their files."""

import csv
import math
from dataclasses import replace

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.agents import QLearning, SoftQLearning
from fastsoftq.deep.deep_curves import DeepCurves
from fastsoftq.environments.multi_goal_point_mass import multi_goal_point_mass
from fastsoftq.experiments import EXPERIMENTS, Settings, deep_cliff, deep_control, deep_fine_tuning, deep_goals
from fastsoftq.experiments import deep_rollouts as rollouts
from fastsoftq.experiments.deep_agents import LABELS, POINTS, steps_of
from fastsoftq.experiments.fine_tuning import SOURCES
from fastsoftq.report.findings import write
from tests.experiments import running

NAMES = ("deep", "deep-multi-goal")
SETTINGS = Settings(3, 2, 40, threads=1)
SEEDS = 12


@pytest.fixture(scope="module")
def all_findings(tmp_path_factory):
    return {name: running.findings(name, SETTINGS, tmp_path_factory.mktemp(name)) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_files_and_their_numbers(all_findings, name, tmp_path):
    found = all_findings[name]
    written = {path.name for path in write(found, tmp_path)}
    assert {"summary.csv", "curves.npz", *(f"{figure}.svg" for figure in found.figures)} <= written
    rows = list(csv.DictReader((tmp_path / "summary.csv").read_text().splitlines()))
    assert len(rows) == len(found.table.rows)
    assert all(len(row) == len(found.table.header) for row in found.table.rows)
    for row in rows:
        for column in row:
            if row.get(f"{column}_low"):
                assert float(row[f"{column}_low"]) <= float(row[column]) <= float(row[f"{column}_high"])
    assert not any(word in sentence for sentence in found.sentences for word in ("nan", "inf ", "None"))
    with np.load(tmp_path / "curves.npz") as arrays:
        assert arrays["seeds"].tolist() == [0, 1, 2]
        assert all(np.isfinite(arrays[key]).all() for key in arrays.files)


@pytest.mark.parametrize("name", NAMES)
def test_figures_are_not_empty(all_findings, name):
    for figure in all_findings[name].figures.values():
        drawn = [ax for ax in figure.axes if ax.axison]
        assert len(drawn) >= 3
        assert all(ax.lines or ax.patches for ax in drawn)


def test_threads_change_nothing(all_findings, tmp_path):
    found, again = (
        all_findings["deep-multi-goal"],
        running.findings("deep-multi-goal", replace(SETTINGS, threads=2), tmp_path),
    )
    assert (again.table, again.sentences) == (found.table, found.sentences)
    for key in found.arrays:
        np.testing.assert_array_equal(running.array(found, key), running.array(again, key))


@pytest.mark.parametrize("name", NAMES)
def test_steps_are_in_proportion_to_the_episodes(name):
    whole, half = (EXPERIMENTS[name].study(Settings(episodes=episodes)) for episodes in (1000, 500))
    for one, other in zip(whole.resolved, half.resolved, strict=True):
        assert one.steps == 2 * other.steps
    assert whole.steps == 2 * half.steps
    assert steps_of(Settings(episodes=1), 1000) == POINTS  # and no fewer than there are points


@pytest.mark.parametrize("name", NAMES)
def test_more_steps_than_a_network_can_learn_for_are_refused(name):
    with pytest.raises(ValueError, match=r"^episodes is 100000000; with networks it must be at most \d+$"):
        EXPERIMENTS[name].study(Settings(episodes=10**8))


def test_thirty_seeds_are_taken_where_networks_learn():
    assert {EXPERIMENTS[name].seeds for name in NAMES} == {30}
    assert EXPERIMENTS["cliff-walking"].seeds == 1000


def curves(returns, episodes=None, truncated=None, agent=None, steps=None):
    """Made-up curves, a row for each run."""
    returns = np.asarray(returns, np.float64)
    runs, points = returns.shape
    return DeepCurves(
        returns=returns,
        lengths=np.ones_like(returns),
        truncated=np.zeros_like(returns) if truncated is None else truncated,
        episodes=np.tile(np.arange(1, points + 1), (runs, 1)) if episodes is None else episodes,
        steps=np.arange(1, points + 1) * 1000 if steps is None else steps,
        diverged=np.zeros(runs, np.bool_),
        diverged_at=np.full(runs, -1),
        seeds=np.arange(runs, dtype=np.uint64),
        agent=agent or fsq.Deep(QLearning(1e-3, 0.99)),
        environment="made up",
        max_steps=500,
        precision="double",
    )


def rising(low, high, at, spread=1.0, seed=0):
    """Runs that go from a low return to a high one, each at a point of its own near one."""
    rng = np.random.default_rng(seed)
    when = at + rng.integers(-1, 2, SEEDS)
    noise = spread * rng.uniform(-1.0, 0.0, (SEEDS, 50))
    return np.where(np.arange(50) < when[:, None], low, high + noise)


def made_up_control(soft_at, soft_high):
    """Hard gets there at point 20 everywhere; soft when it is told to."""
    learned = []
    for task, known in deep_control.TASKS.items():
        low = known.bounds[0] if known.step_costs else 20.0
        goal = 500.0 if task == "cart_pole" else known.threshold + 10.0
        learned.append(deep_control.learned(task, "hard", curves(rising(low, goal, 20))))
        for i, name in enumerate(list(LABELS)[1:]):
            agent = fsq.Deep(deep_control.deep_agents(task, Settings())[name].agent)
            made = rising(low, soft_high(goal), soft_at, seed=i + 1)
            learned.append(deep_control.learned(task, name, curves(made, agent=agent)))
    return learned, deep_control.compared(learned, 52)


def test_sentences_say_that_soft_is_sooner_where_it_is():
    learned, beside = made_up_control(8, lambda goal: goal)
    for sentence in deep_control.found(learned, beside)[:3]:
        assert "6 of 6 soft agents are there sooner than hard:" in sentence
        assert sentence.count("sooner by") == 6
        assert "later" not in sentence
        assert "12 (hard), 12 (soft, T = 0.1)" in sentence
    row = deep_control.rows(learned, beside)[1]
    assert 10_000.0 < row["sooner_than_hard"] < 14_000.0  # twelve points of a thousand steps, nearly
    assert row["steps_to_threshold"] == pytest.approx(13_000.0, abs=1_000.0)  # a window of five points is there


def test_sentences_say_that_soft_does_not_help_where_it_does_not():
    learned, beside = made_up_control(35, lambda goal: goal)
    for sentence in deep_control.found(learned, beside)[:3]:
        assert (
            "none of the soft agents is told to be there sooner than hard, and 6 of 6 are told to be later:" in sentence
        )
    learned, beside = made_up_control(20, lambda goal: goal)
    for sentence in deep_control.found(learned, beside)[:3]:
        assert "none of the soft agents is told to be there sooner than hard:" in sentence
        assert "sooner by" not in sentence
        assert "later by" not in sentence


def test_runs_that_never_get_there_count_with_all_their_steps():
    learned, beside = made_up_control(60, lambda goal: goal)
    row = deep_control.rows(learned, beside)[1]
    assert (row["reached"], row["steps_to_threshold"], row["median_steps"]) == (0.0, 50_000.0, math.inf)
    assert "0 (soft, T = 0.1)" in deep_control.found(learned, beside)[0]


def test_a_point_before_the_first_episode_has_ended_reaches_no_threshold():
    """It holds what the episode under way has cost so far: next to nothing."""
    returns = np.tile(np.linspace(-1.0, -900.0, 50), (SEEDS, 1))
    under_way = curves(returns, episodes=np.zeros((SEEDS, 50), np.int64))
    assert deep_control.learned("mountain_car", "hard", under_way).reach.reached.estimate == 0.0


def test_wandering_is_told_where_entropy_is_worth_more_than_a_step():
    learned, beside = made_up_control(20, lambda goal: goal)
    sentence = deep_control.found(learned, beside)[-1]
    assert "mountain car at T = 1 (up to 1.10 a step" in sentence
    assert "acrobot at T = 1" in sentence
    assert "T = 0.5" not in sentence
    assert "cart pole" not in sentence  # where steps pay


def test_action_values_that_are_exact_make_policies_that_are():
    settings = Settings(seeds=2, max_steps=200)
    mdp = fsq.cliff_walking()
    for name in ("hard", "soft_1_epsilon", "soft_0.1_epsilon"):
        agent = deep_cliff.deep_agents("one_hot", settings)[name].agent._replace(epsilon=0.1)
        if isinstance(agent, SoftQLearning):
            scale = 1.0 / agent.temperature
            solved = fsq.soft_value_iteration(mdp, 0.95, reward_scale=scale)
            q, policy = solved.q / scale, solved.policy
        else:
            q, policy = fsq.value_iteration(mdp, 0.95).q, fsq.value_iteration(mdp, 0.95).policy
        exact = deep_cliff._exact(mdp, agent, settings)
        made = curves(np.zeros((2, 50)))
        answer = deep_cliff._walked("one_hot", name, agent, made, np.stack([q, q]), exact, settings)
        by_hand = fsq.evaluate_policy(mdp, policy, horizon=200).expected_return
        np.testing.assert_allclose(answer.policy, by_hand, rtol=1e-9)
        np.testing.assert_allclose(answer.value, exact.value, rtol=1e-9)
        assert answer.exact.policy == pytest.approx(by_hand)
        above = deep_cliff.found(_of_all_views(answer, settings), settings, 16)
        assert "above by" not in above[1]
        assert "below by" not in above[1]


def _of_all_views(answer, settings):
    return [
        answer._replace(seen=seen, agent=name)
        for seen in deep_cliff.SEEN
        for name in deep_cliff.deep_agents("one_hot", settings)
    ]


def test_policies_that_earn_less_are_said_to():
    settings = Settings(seeds=SEEDS, max_steps=200)
    agent = QLearning(0.1, 0.95)
    mdp = fsq.cliff_walking()
    exact = deep_cliff._exact(mdp, agent, settings)
    wrong = np.random.default_rng(0).normal(size=(100, 48, 4))
    answer = deep_cliff._walked("one_hot", "hard", agent, curves(np.zeros((100, 50))), wrong, exact, settings)
    sentence = deep_cliff.found(_of_all_views(answer, settings), settings, 16)[1]
    assert sentence.count("below by") == 16
    assert "told apart" not in sentence


def test_tables_on_a_grid_of_steps_are_what_an_obvious_twin_finds():
    trained = fsq.train(fsq.cliff_walking(), QLearning(0.8, 0.95), seeds=3, episodes=40, max_steps=60)
    grid = np.arange(1, 21) * 50
    found = deep_cliff.on_grid(trained, trained.returns, grid)
    for run in range(3):
        latest, ended = trained.returns[run, 0], 0
        for point, until in enumerate(grid):
            since = []
            while ended < 40 and trained.lengths[run, : ended + 1].sum() <= until:
                since.append(trained.returns[run, ended])
                ended += 1
            latest = sum(since) / len(since) if since else latest
            assert found[run, point] == pytest.approx(latest)


def always(action):
    """Action values that favour one direction, whatever the place."""
    return lambda world, curves, views: np.eye(len(world.moves), dtype=np.float32)[[action] * len(views)][None]


@pytest.mark.parametrize(("action", "goal"), [(0, 0), (4, 1), (8, 2), (12, 3), (2, -1)])
def test_episodes_end_at_the_goal_that_the_network_goes_to(monkeypatch, action, goal):
    monkeypatch.setattr(rollouts, "action_values", always(action))
    world = multi_goal_point_mass(scaled=True)
    played = rollouts.played(world, curves(np.zeros((1, 5))), 20, rng=0)
    assert played.goals.tolist() == [goal] * 20
    if goal >= 0:
        for way in played.ways:
            assert 4 <= len(way) - 1 <= 5  # from the centre to within 1 of what is 5 away
            np.testing.assert_allclose(
                np.diff(way, axis=0), np.tile(world.moves[action], (len(way) - 1, 1)), atol=1e-12
            )
    else:
        assert {len(way) for way in played.ways} == {31}  # into a corner, for all the steps there are


def test_soft_networks_act_by_their_own_policies(monkeypatch):
    monkeypatch.setattr(rollouts, "action_values", always(0))
    soft = curves(np.zeros((1, 5)), agent=fsq.Deep(SoftQLearning(1e-3, 0.99, temperature=0.25)))
    ways = rollouts.played(multi_goal_point_mass(directions=4, scaled=True), soft, 400, rng=0).ways
    up = np.mean([way[1, 1] - way[0, 1] > 0.9 for way in ways])
    assert up == pytest.approx(math.exp(4.0) / (math.exp(4.0) + 3.0), abs=0.03)


def visits(name, shares):
    shares = np.asarray(shares, np.float64)
    entropy = np.array([-sum(p * math.log(p) for p in row if p > 0.0) for row in shares])
    return deep_goals.Visits(name, shares, entropy, np.zeros(len(shares)), None, None)


def test_sentences_on_goals_follow_the_shares():
    soft = visits("soft", np.tile([0.26, 0.24, 0.25, 0.25], (SEEDS, 1)) + 0.001 * np.eye(4)[np.arange(SEEDS) % 4])
    hard = visits("hard", np.eye(4)[np.arange(SEEDS) % 4])
    together = deep_goals.compare_together({"": (soft.entropy, hard.entropy)}, 17, (0.0, math.log(4)))
    sentence = deep_goals._found([hard, soft], together[""])
    assert "wider by 1.386" in sentence
    assert "100% of hard networks go to one goal only, and 100% of soft ones to each of the four" in sentence
    assert "all hard networks together have a goal entropy of 1.386" in sentence
    alike = deep_goals.compare_together({"": (hard.entropy, hard.entropy)}, 17, (0.0, math.log(4)))
    assert "not told apart" in deep_goals._found([hard, hard._replace(agent="soft")], alike[""])


@pytest.mark.parametrize(
    ("soft_at", "words"), [(5, "a soft network as a start helps"), (40, "start hinders"), (20, "is not told to help")]
)
def test_sentences_on_fine_tuning_follow_the_steps(soft_at, words):
    made = {}
    for world in deep_fine_tuning.WORLDS:
        for agent in deep_fine_tuning.AGENTS:
            for i, source in enumerate(SOURCES):
                at = soft_at if source == "soft" else 20
                arrives = rising(0.0, 1.0, at, spread=0.01, seed=i)
                returns = rising(-2000.0, -200.0, at, seed=i)
                made[deep_fine_tuning._name(world, agent, source)] = curves(returns, truncated=1.0 - arrives)
    tuned = deep_fine_tuning.tuned(made.__getitem__, 17)
    scratch, hard = deep_fine_tuning.found(tuned)
    assert words in scratch
    assert words in hard
    row = deep_fine_tuning.row(tuned[0])
    assert (row["source"], row["reached"]) == ("none", 1.0)
    assert row["soft_saves_steps"] == pytest.approx(1000.0 * (20 - soft_at), abs=1000.0)
    assert deep_fine_tuning.row(tuned[2])["soft_saves_steps"] is None  # of soft itself


def test_before_an_episode_has_ended_none_has_arrived():
    made = curves(np.zeros((2, 50)), episodes=np.zeros((2, 50), np.int64))
    assert deep_fine_tuning._reduced("hallway", "hard", "none", lambda name: made).reach.reached.estimate == 0.0


def test_fine_tuning_starts_from_each_runs_own_network(tmp_path):
    results = running.trained("deep-multi-goal", SETTINGS, tmp_path)
    study = EXPERIMENTS["deep-multi-goal"].study(SETTINGS)
    steps = steps_of(SETTINGS, deep_fine_tuning.STEPS)
    seeds = [deep_fine_tuning.OTHER_SEEDS + i for i in range(3)]
    for source, agent in study.agents.items():
        before = fsq.train(
            study.environments["open"], agent, 3, steps=study.steps, points=POINTS, keep_parameters=True, threads=1
        )
        after = fsq.train(
            study.environments["u_maze"], study.agents["soft"], seeds, steps=steps, points=POINTS,
            initial_parameters=before.parameters, threads=1,
        )  # fmt: skip
        kept = results.curves(f"u_maze: soft, pretrained {source}")
        np.testing.assert_array_equal(kept.returns, after.returns)
        assert kept.seeds.tolist() == seeds
