"""Hyperparameters chosen on some seeds, and what was chosen read on others."""

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.measures import measure
from fastsoftq.statistics import compare_samples
from fastsoftq.studies import Selection, open_results, run
from fastsoftq.studies.origins import Origin, Origins

SCALES = (2.0, 5.0, 10.0)


@pytest.fixture(scope="module")
def folder(small, tmp_path_factory):
    hard = {f"hard[{a}]": fsq.QLearning(step_size=a, discount=0.95) for a in (0.2, 0.8)}
    soft = {f"soft[{k}]": fsq.SoftQLearning(step_size=0.8, discount=0.95, reward_scale=k) for k in SCALES}
    study = small(
        seeds=None,
        select=Selection(30, 50),
        agents={**hard, **soft},
        environments={"a": fsq.cliff_walking(height=3, width=5), "b": fsq.cliff_walking(height=3, width=4)},
        origins=Origins(agents={name: Origin(name[:4]) for name in (*hard, *soft)}),
        measures=["last:5"],
    )
    path = tmp_path_factory.mktemp("selected")
    run(study, path)
    return path


def last(results, name):
    return results.curves(name).returns[:, -5:].mean(axis=1)


def test_the_best_of_the_first_seeds_is_chosen_and_read_on_the_next(folder):
    results = open_results(folder)
    selected = results.selected()
    assert [(choice.environment, choice.table) for choice in selected] == [
        ("a", "hard"), ("a", "soft"), ("b", "hard"), ("b", "soft"),
    ]  # fmt: skip
    for choice in selected:
        names = [name for name in results.conditions if name.startswith(f"{choice.environment}/{choice.table}[")]
        means = [last(results, name)[:30].mean() for name in names]
        assert list(choice.candidates) == names
        np.testing.assert_allclose(choice.estimates, means)
        assert choice.condition == names[int(np.argmax(means))]
        assert choice.tune.values.tolist() == last(results, choice.condition)[:30].tolist()
        assert choice.test.values.tolist() == last(results, choice.condition)[30:].tolist()
        assert choice.test.seeds.tolist() == list(range(30, 80))
    assert selected.measure.name == "last:5"


def test_less_is_better_of_some_measures(folder):
    results = open_results(folder)
    for choice in results.selected(Selection(40, 40), "length"):
        means = [results.curves(name, 40).lengths.mean() for name in choice.candidates]
        assert choice.condition == choice.candidates[int(np.argmin(means))]


def test_times_are_compared_up_to_a_horizon_that_all_have(folder):
    results = open_results(folder)
    name = "steps_to:-6"
    for choice in results.selected(Selection(40, 40), name):
        found = [measure(name).values(results.curves(candidate, 40)) for candidate in choice.candidates]
        horizon = min(each.horizon for each in found)
        means = [np.minimum(each.values, horizon).mean() for each in found]
        np.testing.assert_allclose(choice.estimates, means)
        assert choice.condition == choice.candidates[int(np.argmin(means))]


def test_the_chosen_are_compared_on_seeds_that_chose_neither(folder):
    results = open_results(folder)
    selected = results.selected()
    pairs = selected.compare()
    chosen = {(choice.environment, choice.table): choice.condition for choice in selected}
    assert [(pair.condition, pair.reference) for pair in pairs] == [
        (chosen[world, "soft"], chosen[world, "hard"]) for world in "ab"
    ]
    for pair in pairs:  # the error is shared out over both
        a, b = (last(results, name)[30:] for name in (pair.condition, pair.reference))
        expected = compare_samples(a, b, paired=True, level=0.975)
        assert (pair.comparison.low, pair.comparison.high) == (expected.low, expected.high)
    turned = selected.compare("soft")
    assert [(pair.condition, pair.reference) for pair in turned] == [
        (chosen[world, "hard"], chosen[world, "soft"]) for world in "ab"
    ]
    # One that was not chosen may be the reference too.
    named = selected.compare("hard[0.2]")
    assert {pair.reference for pair in named} == {"a/hard[0.2]", "b/hard[0.2]"}


@pytest.mark.parametrize(
    ("selection", "name", "message"),
    [
        (Selection(81, 2), None, "select.tune is 81; no condition of 'hard' in 'a' has more than 80 seeds"),
        (Selection(40, 41), None, "select.test is 41; .* has 80 seeds, of which 40 tune"),
        (
            Selection(40, 40),
            "improvement",
            "^the measure is 'improvement'; to choose by, it must be a measure of one condition",
        ),
        (Selection(40, 40), "last:500", "measure is 'last:500': N is 500; curves have .* so it must be at most"),
        (Selection(40, 40), "lost", "measure is 'lost'; did you mean 'last"),
    ],
)
def test_what_does_not_fit_is_refused(folder, selection, name, message):
    with pytest.raises(ValueError, match=message):
        open_results(folder).selected(selection, name)


def test_without_a_selection_it_must_be_given(small, tmp_path):
    run(small(), tmp_path)
    results = open_results(tmp_path)
    with pytest.raises(ValueError, match="selection is None, and the study has none"):
        results.selected()
    assert len(results.selected(Selection(50, 150)).choices) == 2


def test_choosing_among_equals_is_not_mistaken_for_skill(small, tmp_path):
    """Of many copies with other random numbers the best looks better than it is, and on other seeds it does not."""
    from fastsoftq.studies import Condition

    conditions = [Condition("cliff", "hard", f"copy {i}", first_seed=1000 * i) for i in range(60)]
    run(small(seeds=210, conditions=conditions), tmp_path)
    results = open_results(tmp_path)
    (choice,) = results.selected(Selection(10, 200))
    everything = np.concatenate([results.curves(name).returns for name in results.conditions])
    true = everything[:, -100:].mean()
    assert choice.estimates.max() - true > 3 * abs(choice.test.values.mean() - true)
