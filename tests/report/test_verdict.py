import re
from dataclasses import replace

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.figures.colours import dashes
from fastsoftq.report.comparison_tables import pairing
from fastsoftq.report.facets import facets
from fastsoftq.report.folder import ReportedAgent, Runs
from fastsoftq.report.performance import performance_of
from fastsoftq.report.reader import read_results
from fastsoftq.report.rounding import interval_text
from fastsoftq.report.verdict import answers, reference_of, verdicts
from fastsoftq.statistics import confidence_interval
from tests.report.folders import COLD, HARD, SOFT


def agent(returns, name="x", seeds=None, algorithm="SoftQLearning", colour="#0072b2", **settings):
    runs, episodes = returns.shape
    data = Runs(
        returns,
        np.ones((runs, episodes), np.int32),
        np.zeros((runs, episodes), bool),
        np.arange(runs, dtype=np.uint64) if seeds is None else np.asarray(seeds, np.uint64),
    )
    return ReportedAgent(name, name, colour, {"algorithm": algorithm, **settings}, lambda: data)


def curves(mean, seed, runs=60, episodes=150, noise=4.0):
    return mean + np.random.default_rng(seed).normal(0.0, noise, (runs, episodes))


def verdict(a, b, **options):
    one, other = performance_of(agent(a, "one", **options)), performance_of(agent(b, "other"))
    return verdicts([(one, other)])[0]


def test_the_better_one_beats_the_other_by_what_compare_says():
    rng = np.random.default_rng(0)
    mdp = fsq.cliff_walking()
    trained = [fsq.train(mdp, agent, seeds=20, episodes=130, max_steps=100) for agent in (SOFT, HARD)]
    shuffled = rng.permutation(20)
    a = performance_of(agent(trained[0].returns[shuffled], "soft", trained[0].seeds[shuffled]))
    b = performance_of(agent(trained[1].returns, "hard", trained[1].seeds))
    found = verdicts([(a, b)])[0]
    expected = fsq.compare(*trained, level=0.975)  # 5 % for the end and the curve together
    assert found.comparison.difference == pytest.approx(expected.difference)
    assert (found.comparison.low, found.comparison.high) == pytest.approx((expected.low, expected.high))
    assert found.comparison.correlation == pytest.approx(expected.correlation)
    text = interval_text(expected.difference, expected.low, expected.high)
    assert found.words().startswith(f"soft beats hard by {text} return over the last 100 episodes, 20 paired seeds; ")


def test_a_difference_whose_interval_holds_0_is_not_told_apart():
    found = verdict(curves(-12.0, 1), curves(-12.0, 2))
    assert found.comparison.low < 0.0 < found.comparison.high
    assert found.sign == 0
    assert "are not told apart" in found.words()
    assert "beats" not in found.words()
    assert "at no episode are their curves told apart" in found.words()
    assert not re.search("never|nowhere", found.words())


def test_what_only_one_of_many_tests_says_is_not_told_apart():
    reference = performance_of(agent(curves(0.0, 0, runs=30), "reference"))
    others = [performance_of(agent(curves(0.25, seed, runs=30), f"{seed}")) for seed in range(1, 20)]
    alone = [verdicts([(other, reference)])[0] for other in others]
    together = verdicts([(other, reference) for other in others])
    lost = [v for v, before in zip(together, alone, strict=True) if before.sign != v.sign]
    assert lost  # of differences of about two standard errors some are told apart alone, and not among 19
    assert all(v.sign == 0 and v.p_value > 0.05 for v in lost)
    assert all(v.comparison.low <= 0.0 <= v.comparison.high for v in lost)
    assert all("are not told apart" in v.words() for v in lost)


def test_the_worse_one_falls_behind():
    found = verdict(curves(-50.0, 1), curves(-12.0, 2))
    assert found.sign == -1
    assert re.match(r"one falls behind other by 3[78]\.\d+ \[3[78]\.\d+, 3[89]\.\d+\] return", found.words())


def test_curves_part_where_they_do():
    a, b = curves(0.0, 1, noise=1.0), curves(0.0, 2, noise=1.0)
    a[:, 5:] += 50.0  # from the sixth episode on
    found = verdict(a, b)
    assert found.stretches[0][:2] == (6, 150)
    assert found.words().endswith("they part at episode 6 at the latest.")
    a[:, :3] -= 50.0
    assert verdict(a, b).words().endswith("it is behind in episodes 1 to 3 and ahead from episode 6 on.")
    a[:, :3] += 50.0
    a[:, 100:] -= 50.0
    assert verdict(a, b).words().endswith("their curves are told apart in episodes 6 to 110 only.")  # blocks
    a[:, 1] += 50.0
    assert verdict(a, b).parting == "their curves are told apart in episodes 2, 6 to 110 only"
    a[:, 100:] += 50.0
    assert verdict(a, b).parting == "their curves are told apart in episode 2 and from episode 6 on"


def test_runs_are_paired_by_the_seeds_that_both_have():
    a, b = curves(0.0, 1, runs=30), curves(0.0, 2, runs=20)
    found = verdict(a, b, seeds=np.arange(10, 40))
    assert found.comparison.paired
    assert found.comparison.runs_a == 10
    assert found.comparison.difference == pytest.approx(a[:10, -100:].mean() - b[10:, -100:].mean())
    apart = verdict(a, b, seeds=np.arange(100, 130))
    assert not apart.comparison.paired
    assert "30 and 20 seeds, not paired" in apart.words()


def test_curves_of_different_length_are_compared_by_their_ends_only():
    found = verdict(curves(0.0, 1, episodes=120), curves(9.0, 2, episodes=150))
    assert found.band is None
    assert found.words().endswith("their curves are of different length.")


def test_the_best_comes_first_and_the_reference_is_not_hidden():
    reference = performance_of(agent(curves(0.0, 0), "reference"))
    worse = [performance_of(agent(curves(-10.0 * i, i), f"worse {i}")) for i in (2, 1)]
    better = performance_of(agent(curves(10.0, 5), "better"))
    told = answers(verdicts([(one, reference) for one in (*worse, better)]))
    assert [text.split(" by ")[0] for text in told] == [
        "better beats reference",
        "worse 1 falls behind reference",
        "worse 2 falls behind reference",
    ]
    assert "paired seeds" in told[0]
    assert "paired seeds" not in told[1]
    told = answers(verdicts([(one, reference) for one in worse]))
    assert told[0].startswith("reference is ahead of all 2 others. The one with the highest mean: worse 1 falls behind")


def test_means_may_be_told_apart_where_no_block_of_episodes_is():
    for seed in range(60):
        a, b = curves(0.09, seed, runs=40, noise=1.0), curves(0.0, 1000 + seed, runs=40, noise=1.0)
        found = verdict(a, b)
        if found.sign and not found.stretches:
            break
    assert re.match(r"one beats other by 0\.1\d \[0\.0[1-9], 0\.\d\d\] return", found.words())
    assert found.words().endswith("; no block of episodes alone tells their curves apart.")


def test_who_is_ahead_of_some_is_not_said_to_be_ahead_of_all():
    reference = performance_of(agent(curves(0.0, 0), "reference"))
    surely = performance_of(agent(curves(-1.0, 1, noise=0.5), "surely worse"))
    perhaps = performance_of(agent(curves(-30.0, 2, noise=900.0), "perhaps worse"))
    told = answers(verdicts([(one, reference) for one in (surely, perhaps)]))
    assert told[0].startswith("reference is ahead of 1 of 2 others. The one with the highest mean: surely worse falls")
    assert "perhaps worse and reference are not told apart" in told[1]


def test_pairing_that_bought_nothing_is_said_to():
    found = [verdict(curves(0.0, 1), curves(0.0, 2))]
    assert abs(found[0].comparison.correlation) < 0.25
    assert pairing(found).startswith("Pairing runs by seed bought nothing that can be told: ")
    luck = np.random.default_rng(9).normal(0.0, 20.0, (60, 1))
    found = [verdict(curves(0.0, 1) + luck, curves(0.0, 2) + luck)]
    assert f"it saved about {found[0].comparison.seeds_saved:,.0f} seeds" in pairing(found)
    opposed = [verdict(curves(0.0, 1) + luck, curves(0.0, 2) - luck)]
    assert "bought nothing that can be told, and where the correlation is negative" in pairing(opposed)
    assert pairing([verdict(curves(0.0, 1), curves(0.0, 2), seeds=np.arange(100, 160))]) == ""


def test_so_few_pairs_do_not_tell_what_pairing_bought():
    found = [verdict(curves(0.0, 1, runs=2), curves(0.0, seed, runs=2)) for seed in (2, 3)]
    assert pairing(found) == "What pairing runs by seed bought, 2 seeds are too few to tell."
    assert "bought nothing" in pairing([verdict(curves(0.0, 1, runs=5), curves(0.0, 2, runs=5))])


def test_no_correlation_is_made_much_of_for_being_the_largest_of_many():
    rng = np.random.default_rng(14)
    reference = performance_of(agent(rng.normal(size=(30, 1)), "reference"))
    found = verdicts([(performance_of(agent(rng.normal(size=(30, 1)), f"{i}")), reference) for i in range(30)])
    assert max(v.comparison.correlation for v in found) > 2.0 / np.sqrt(30)  # one alone would be taken for more than 0
    assert "bought nothing that can be told" in pairing(found, 0.05 / 30)


def test_runs_that_differ_by_the_same_save_no_number_of_seeds():
    a = curves(0.0, 1)
    found = verdict(a, a - 3.0)
    assert np.isinf(found.comparison.seeds_saved)
    assert pairing([found]) == (
        "Pairing runs by seed bought most for one, whose runs differ by the same for every seed: the correlation of "
        "paired runs is 1.00."
    )
    barely = np.random.default_rng(2).normal(size=(60, 150)).mean(axis=1, keepdims=True) * 1e-4
    words = pairing([verdict(a, a - 3.0 + barely)])
    assert "paired runs is 0.99" in words
    assert not re.search("inf|nan|1.00", words)


def test_settings_that_differ_are_named():
    one = performance_of(agent(curves(0.0, 1), "soft", epsilon=0.0, step_size=0.8))
    other = performance_of(
        agent(curves(0.0, 2), "hard", algorithm="QLearning", epsilon="LinearDecay(0.9)", step_size=0.8)
    )
    assert verdicts([(one, other)])[0].unlike == (
        "soft and hard differ in algorithm (SoftQLearning against QLearning), epsilon (0 against LinearDecay(0.9))."
    )


def test_settings_that_hardly_differ_are_told_by_the_digits_that_do():
    near = 0.95000001
    one = performance_of(agent(curves(0.0, 1), "one", discount=0.95))
    other = performance_of(agent(curves(0.0, 2), "other", discount=near))
    assert verdicts([(one, other)])[0].unlike == "one and other differ in discount (0.95 against 0.95000001)."
    third = performance_of(agent(curves(0.0, 2), "third", discount=np.nextafter(0.95, 1.0)))
    assert "0.9500000000000001" in verdicts([(one, third)])[0].unlike
    assert [title for title, _ in facets([*[one] * 5, *[other] * 5])] == ["discount = 0.95", "discount = 0.95000001"]
    assert facets([one, other]) == [("", [one, other])]


def test_hard_is_what_others_are_compared_with():
    soft, hard = agent(curves(0.0, 1), "soft"), agent(curves(0.0, 1), "hard", algorithm="QLearning")
    assert reference_of([soft, hard]) is hard
    assert reference_of([soft]) is soft


def test_a_chart_has_a_few_lines_that_can_be_told_apart_and_says_what_is_its_own():
    def of(name, colour, epsilon):
        return performance_of(agent(curves(0.0, 1), name, colour=colour, epsilon=epsilon))

    reference = of("reference", "#111111", 0.5)
    alike = [of(f"a{i}", "#222222", 0.0) for i in range(5)]
    others = [of("b", "#222222", 0.1), of("c", "#333333", 0.0)]
    found = facets([reference, *alike, *others], reference)
    assert [(title, [one.label for one in group]) for title, group in found] == [
        ("epsilon = 0", ["reference", "a0", "a1", "a2", "a3", "a4", "c"]),
        ("epsilon = 0.1", ["reference", "b"]),
    ]
    lines = [list(zip([o.agent.colour for o in g], dashes([o.agent.colour for o in g]), strict=True)) for _, g in found]
    assert all(len(set(each)) == len(each) for each in lines)
    same = facets([of(f"d{i}", "#222222", 0.0) for i in range(7)])
    assert [title for title, _ in same] == ["1 of 2", "2 of 2"]
    assert facets([reference], reference) == [("", [reference])]


def test_what_is_summarised_is_what_was_written(results):
    folder = results(ends={"hard": (HARD, -50.0), "soft": (SOFT, -12.0), "cold": (COLD, -12.0)})
    held = read_results(folder)[0]
    assert [c.name for c in held.agents] == ["hard", "soft", "cold"]
    assert held.agents[1].settings["reward_scale"] == 10.0
    assert held.agents[0].settings["epsilon"] == "0.9 → 0.1 (decrease 0.001)"
    with np.load(folder / "curves.npz") as arrays:
        returns = arrays["soft_returns"]
    one = performance_of(held.agents[1])
    assert one.final_return == confidence_interval(returns[:, -100:].mean(axis=1))
    np.testing.assert_allclose(one.blocks.mean(axis=0), one.returns.mean)
    assert one.returns.exact is not None
    assert one.lengths.exact is None


def test_a_few_seeds_are_told_apart_by_nothing_and_the_verdict_says_so():
    found = verdict(curves(-12.0, 1, runs=4), curves(-50.0, 2, runs=4))
    assert found.sign == 0
    assert found.comparison.low <= 0.0 < found.comparison.high
    words = found.words()
    assert "one and other are not told apart over the last 100 episodes, 4 paired seeds" in words
    assert "p = 0.25; of so few seeds p is 0.25 at the least, so that nothing can be told" in words  # 2 signs of 16
    assert words.endswith("at no episode are their curves told apart.")
    twelve = verdict(curves(-12.0, 1, runs=12), curves(-50.0, 2, runs=12))
    assert twelve.words().startswith("one beats other by")


@pytest.mark.parametrize("runs", [2, 3])
def test_equals_of_a_few_seeds_are_nowhere_apart(runs):
    rng = np.random.default_rng(3)
    for _ in range(30):
        a, b = -13.0 - 2.0 * rng.integers(0, 2, (2, runs, 60))
        assert verdict(a, b).parting == "at no episode are their curves told apart"


def test_differences_end_where_returns_can():
    returns = -1.0 * np.random.default_rng(4).integers(0, 100, (2, 3, 40))
    ones = [agent(x, name) for x, name in zip(returns, ("one", "other"), strict=True)]
    bounded = [
        replace(c, load=lambda c=c: c.load()._replace(return_bounds=(-100.0, 0.0), length_bounds=(1.0, 9.0)))
        for c in ones
    ]
    free, cut = (verdicts([tuple(map(performance_of, pair))])[0].band for pair in (ones, bounded))
    assert free.high.max() > 100.0
    assert cut.high.max() == 100.0
    assert cut.low.min() == -100.0
