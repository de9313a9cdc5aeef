import itertools

from hypothesis import given
from hypothesis import strategies as st

from fastsoftq.report.sweep.condition_labels import condition_labels, parameter_name, value_text, world_labels


def coordinates(*rows):
    """Columns of conditions that are given as rows; what a row does not say is None."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: tuple(row.get(name) for row in rows) for name in names}


def soft(**own):
    return {"environment": "cliff", "agent": "soft", "algorithm": "soft_q_learning", **own}


def hard(**own):
    return {"environment": "cliff", "agent": "hard", "algorithm": "q_learning", **own}


def test_what_differs_within_an_algorithm_is_named_whole_and_in_symbols():
    rows = [soft(step_size=0.5, reward_scale=k, discount=0.95) for k in (2, 10.0, 20)]
    rows += [soft(step_size=0.25, reward_scale=10, discount=0.95), hard(step_size=0.5, discount=0.95)]
    assert condition_labels(coordinates(*rows)) == [
        "soft, k = 2, α = 0.5",
        "soft, k = 10, α = 0.5",
        "soft, k = 20, α = 0.5",
        "soft, k = 10, α = 0.25",
        "hard",
    ]


def test_schedules_are_their_ends():
    rows = [hard(epsilon=0.1), hard(**{"epsilon.start": 0.9, "epsilon.stop": 0.1, "epsilon.decrease": 0.001})]
    rows += [hard(**{"epsilon.start": 0.9, "epsilon.stop": 0.1, "epsilon.decrease": 0.01})]
    assert condition_labels(coordinates(*rows)) == [
        "hard, ε = 0.1",
        "hard, ε 0.9 → 0.1 (decrease 0.001)",
        "hard, ε 0.9 → 0.1 (decrease 0.01)",
    ]


def test_a_table_keeps_the_name_it_was_given_unless_that_is_the_kind():
    kinds = [("q_learning", "q_learning"), ("SARSA", "sarsa"), ("expected-sarsa", "expected_sarsa")]
    kinds += [("with eps", "soft_q_learning"), ("soft", "soft_q_learning"), ("mine", "q_learning")]
    rows = [{"environment": "e", "agent": agent, "algorithm": kind} for agent, kind in kinds]
    assert condition_labels(coordinates(*rows)) == ["hard", "SARSA", "expected SARSA", "with eps", "soft", "mine"]


def test_two_tables_of_one_kind_and_no_name_of_their_own_keep_what_they_are_called():
    rows = [soft(agent="soft", reward_scale=2), soft(agent="soft_q_learning", reward_scale=3)]
    assert condition_labels(coordinates(*rows)) == ["soft", "soft_q_learning"]


def test_folders_of_older_versions_show_no_suffix_of_a_sweep():
    rows = [soft(agent=f"soft[reward_scale={k}]", reward_scale=float(k)) for k in (1, 10)]
    assert condition_labels(coordinates(*rows)) == ["soft, k = 1", "soft, k = 10"]


def test_environments_are_named_by_what_differs():
    rows = [soft(environment=f"map[size={n}]", **{"environment.size": n, "environment.slip": 0.1}) for n in (5, 1000)]
    rows.append(soft(environment="hall", **{"environment.size": 3}))
    held = coordinates(*rows)
    assert world_labels(held) == ["map, size = 5", "map, size = 1,000", "hall"]
    assert condition_labels(held) == ["soft in map, size = 5", "soft in map, size = 1,000", "soft in hall"]


def test_settings_of_a_run_are_words():
    rows = [hard(episodes=500, max_steps=60, precision="double", first_seed=0, after=None)]
    rows += [hard(episodes=1000, max_steps=60, precision="mixed", first_seed=9, after="cliff/hard")]
    assert condition_labels(coordinates(*rows)) == [
        "hard, 500 episodes, double precision, from seed 0",
        "hard, 1,000 episodes, mixed precision, from seed 9, after cliff/hard",
    ]


def test_of_one_there_is_one():
    rows = [hard(episodes=1, max_steps=2), hard(episodes=20, max_steps=1)]
    assert condition_labels(coordinates(*rows)) == [
        "hard, 1 episode, at most 2 steps",
        "hard, 20 episodes, at most 1 step",
    ]


def test_names_that_an_author_gave_stand():
    rows = [soft(reward_scale=2), soft(reward_scale=3)]
    assert condition_labels(coordinates(*rows), ["at first", ""]) == ["at first", "soft, k = 3"]


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from([1, 1.0, True, 2, None, "1"]), st.sampled_from([0.1, 1e6])),
        min_size=1,
        max_size=12,
    )
)
def test_labels_are_as_many_as_conditions_and_all_different(values):
    rows = [soft(agent=agent, reward_scale=scale, own_parameter=own) for agent, scale, own in values]
    labels = condition_labels(coordinates(*rows))
    assert len(set(labels)) == len(rows)
    assert not any("[" in label or "LinearDecay" in label for label in labels)


def test_numbers_read_as_everywhere():
    assert [value_text(v) for v in (-1.5, 20_000, 1e5, 0.1)] == ["−1.5", "20,000", "100,000", "0.1"]
    assert [parameter_name(n) for n in ("step_size", "epsilon.stop")] == ["step size", "epsilon, stop"]
    assert parameter_name("step_size", symbol=True) == "step size α"


def test_a_product_of_a_sweep_is_told_apart():
    pairs = itertools.product((0.1, 0.2), (1, 2, 3))
    rows = [soft(step_size=a, reward_scale=k) for a, k in pairs] + [hard(step_size=a) for a in (0.1, 0.2)]
    labels = condition_labels(coordinates(*rows))
    assert labels[-2:] == ["hard, α = 0.1", "hard, α = 0.2"]
    assert labels[0] == "soft, k = 1, α = 0.1"
    assert len(set(labels)) == 8
