"""What is one value and what is a sweep: as a parameter's nature says."""

import doctest
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import fastsoftq as fsq
from fastsoftq.studies import sweep
from fastsoftq.studies.sweep import depth, list_depths, swept
from fastsoftq.studies.toml import ENVIRONMENTS, SpecError, parse_study, read_study

HEAD = 'name = "s"\nepisodes = 2\nseeds = 2\n[agents.h]\nkind = "q_learning"\nstep_size = 0.5\ndiscount = 0.9\n'


def environments(tmp_path, text):
    path = tmp_path / "study.toml"
    path.write_text(f"{HEAD}[environments.e]\n{text}", encoding="utf-8")
    return read_study(path).environments


def maps(tmp_path, text):
    return {name: mdp.map for name, mdp in environments(tmp_path, text).items()}


def parse_text(tmp_path, text):
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    return read_study(tmp_path / "study.toml")


TWO_ROWS = {"e": ("S..G", "S.#G")}


@pytest.mark.parametrize(
    "rows",
    [
        'rows = ["S..G", "S.#G"]',
        'rows = [\n  "S..G",\n  "S.#G",\n]',
        'rows = """\nS..G\nS.#G\n"""',
        'rows = """S..G\nS.#G"""',
        'rows = """\n    S..G\n    S.#G\n    """',
        "rows = '''\nS..G\nS.#G\n'''",
        'rows = "S..G\\nS.#G"',
    ],
)
def test_a_map_is_one_world_however_it_is_written(tmp_path, rows):
    assert maps(tmp_path, f'kind = "map"\n{rows}\n') == TWO_ROWS


@pytest.mark.parametrize(
    "rows",
    [
        'rows = [["S..G", "S.#G"], ["S.G"]]',
        'rows = [["S..G", "S.#G"], "S.G"]',
        'rows = ["""\nS..G\nS.#G\n""", ["S.G"]]',
    ],
)
def test_two_maps_are_two_worlds(tmp_path, rows):
    assert sorted(maps(tmp_path, f'kind = "map"\n{rows}\n').values()) == [("S..G", "S.#G"), ("S.G",)]


def test_conditions_bear_the_rows_of_maps_in_one_line(tmp_path):
    text = 'kind = "map"\nrows = ["""\n  S..G\n  S.#G\n""", ["S.G", "..."]]\n'
    assert list(environments(tmp_path, text)) == ["e[rows=S..G S.#G]", "e[rows=(S.G ...)]"]


def test_one_map_in_a_list_is_a_sweep_of_one(tmp_path):
    assert list(maps(tmp_path, 'kind = "map"\nrows = [["S..G", "S.#G"]]\n').values()) == [("S..G", "S.#G")]


def test_maps_and_numbers_make_their_product(tmp_path):
    text = 'kind = "map"\nrows = [["S.G", "..."], ["S.G"]]\nstep_reward = [-1, -2]\n'
    found = environments(tmp_path, text)
    assert sorted((mdp.n_states, mdp.reward.min()) for mdp in found.values()) == [(3, -2), (3, -1), (6, -2), (6, -1)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rows = []", r"line 10: environments.e.rows is empty"),
        ('rows = ["S.", "..G"]', r"line 10: environments.e.rows\[1\] has 3 cells"),
        ('rows = ["S  G"]', r"line 10: environments.e.rows\[0\]\[1\] is ' '; .*floor is"),
        ('rows = "S  G"', r"line 10: environments.e.rows\[0\]\[1\] is ' '"),
        ('rows = ["""\nS..G\nS.#G\n"""]', r"environments.e.rows\[0\]\[4\] is '\\n'.* each row is a string of its own"),
        ("rows = 3", "environments.e.rows is 3; it must be a sequence of strings"),
        ("rows = [1, 2]", r"environments.e.rows\[0\] is 1; it must be a string"),
        ("rows = [[1, 2]]", r"environments.e.rows\[0\] is 1; it must be a string"),
        ('rows = [["S.G"], ["S.G"]]', "environments.e.rows is .* no value may repeat"),
        ('rows = [["S.G"], "S.G"]', r"environments.e.rows is \[\(S.G\), S.G\]; .* no value may repeat"),
        ('rows = ["S.G\\n...", ["S.G", "..."]]', "environments.e.rows is .* no value may repeat"),
        ('rows = [["S.G", "..."], """\n  S.G\n  ...\n"""]', "environments.e.rows is .* no value may repeat"),
    ],
)
def test_maps_that_are_none_are_refused(tmp_path, text, message):
    with pytest.raises(SpecError, match=message):
        environments(tmp_path, f'kind = "map"\n{text}\n')


def test_a_string_beside_a_list_is_its_lines_only_where_lists_are_meant():
    values = {"rows": ["a", ["a"]]}
    with pytest.raises(ValueError, match="no value may repeat"):
        swept(values, lambda path: 1)
    assert [found["rows"] for _, found in swept(values)] == ["a", ["a"]]
    assert len(swept({"rows": ["a b", ["a", "b"]]}, lambda path: 1)) == 2


def test_a_line_is_named_as_toml_counts_them(tmp_path):
    """U+2028, U+0085 and others end no line of TOML."""
    text = 'name = "a\u2028b\x85c"  # \u2029\nepisodes = 1\nseeds = "many"\n'
    text += HEAD.split("seeds = 2\n")[1] + '[environments.e]\nkind = "map"\nrows = "S.G"\n'
    with pytest.raises(SpecError, match="line 3: seeds is 'many'"):
        parse_text(tmp_path, text)


def test_lists_of_several_goals_are_values(tmp_path):
    room = 'kind = "multi_goal"\nsize = 5\n'
    (near,) = environments(tmp_path, f"{room}goal_rewards = [0, -0.01, -0.02, -0.03]\n").values()
    assert near.reward.tolist() == fsq.multi_goal(5, goal_rewards=(0, -0.01, -0.02, -0.03)).reward.tolist()
    (shut,) = environments(tmp_path, f"{room}closed = [0, 2]\n").values()
    assert shut.map == fsq.multi_goal(5, closed=(0, 2)).map
    (none,) = environments(tmp_path, f"{room}closed = []\n").values()
    assert none.map == fsq.multi_goal(5).map
    several = environments(tmp_path, f"{room}closed = [[], [0], [1, 2]]\ngoal_rewards = [0, [0, -0.1, -0.2, -0.3]]\n")
    assert len(several) == 6
    assert {mdp.map for mdp in several.values()} == {fsq.multi_goal(5, closed=c).map for c in ([], [0], [1, 2])}
    with pytest.raises(SpecError, match="goal_rewards has 2 values; it must be a number or have 4"):
        environments(tmp_path, f"{room}goal_rewards = [0, 1]\n")


def test_lists_of_gymnasium_are_values(tmp_path):
    pytest.importorskip("gymnasium")
    lake = 'kind = "gymnasium"\nenv = "FrozenLake-v1"\n'
    (own,) = environments(tmp_path, f'{lake}desc = ["SFFG", "FFHF"]\n').values()
    assert own.map == ("S..G", "..H.")
    (paid,) = environments(tmp_path, f"{lake}reward_schedule = [5, -2, -1]\n").values()
    assert sorted(set(paid.reward[~paid.terminal].ravel().tolist())) == [-2.0, -1.0, 5.0]
    assert len(environments(tmp_path, f"{lake}reward_schedule = [[5, -2, -1], [1, 0, 0]]\n")) == 2
    assert len(environments(tmp_path, f'{lake}desc = [["SFG"], ["SFHG", "FFFF"]]\n')) == 2
    assert len(environments(tmp_path, f"{lake}success_rate = [0.5, 0.75]\n")) == 2
    lakes = environments(tmp_path, f'{lake.replace("v1", "v1")}map_name = ["4x4", "8x8"]\n')
    assert sorted(mdp.n_states for mdp in lakes.values()) == [16, 64]
    both = environments(tmp_path, 'kind = "gymnasium"\nenv = ["FrozenLake-v1", "FrozenLake8x8-v1"]\ndesc = ["SFG"]\n')
    assert [mdp.n_states for mdp in both.values()] == [3, 3]


def test_where_kinds_are_swept_the_nature_of_any_counts(tmp_path):
    with pytest.raises(SpecError, match="closed is not known"):
        environments(tmp_path, 'kind = ["multi_goal", "cliff_walking"]\nclosed = [0, 1]\n')
    assert len(environments(tmp_path, 'kind = ["multi_goal", "cliff_walking"]\nstep_reward = [-1, -2]\n')) == 4


def test_goals_may_be_swept_within_their_table(tmp_path):
    found = environments(tmp_path, 'kind = "map"\nrows = ["0S1"]\ngoal_reward = { 0 = [1, 2], 1 = 3 }\n')
    assert sorted(mdp.reward[1].ravel().tolist() for mdp in found.values()) == [[-1, 3, -1, 1], [-1, 3, -1, 2]]


@pytest.mark.parametrize("kind", ENVIRONMENTS)
def test_list_depths_are_those_that_the_function_takes(kind):
    """What has a list for a value, by what the function says of itself, is no sweep of its elements."""
    known = {
        "map": {"rows"},
        "multi_goal": {"goal_rewards", "closed"},
        "inventory": {"demand"},
        "frozen_lake": {"desc", "reward_schedule"},
    }
    lists = known.get(kind, set())
    nature = list_depths(ENVIRONMENTS[kind])
    import inspect

    for name in inspect.signature(ENVIRONMENTS[kind]).parameters:
        assert nature((name,)) == (name in lists), name


def annotated(
    number: float,
    text: str,
    several: list[int],
    maybe: list[int] | None,
    rows: str | Sequence[str],
    table: list[list[int]],
    pairs: tuple[tuple[int, int], ...],
    vector: npt.NDArray[np.float64],
    either: Annotated[list[float], "of goals"],
    one: Literal["a", "b"],
    names: Mapping[str, float],
    groups: dict[str, list[int]],
    anything: Any,
    unknown,
    schedule=(1, 0, 0),
    grid=((1, 2), (3, 4)),
    none=None,
    later: "OnlyForTypeCheckers" = None,  # noqa: F821
):
    pass


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("number", 0), ("text", 0), ("several", 1), ("maybe", 1), ("rows", 1), ("table", 2), ("pairs", 2),
        ("vector", 1), ("either", 1), ("one", 0), ("names", 0), ("names.a", 0), ("groups", 0), ("groups.a", 1),
        ("anything", 0),
        ("unknown", 0), ("schedule", 1), ("grid", 2), ("none", 0), ("later", 0), ("missing", 0), ("number.a", 0),
    ],
)  # fmt: skip
def test_list_depths_of_annotations_and_defaults(path, expected):
    assert list_depths(annotated)(tuple(path.split("."))) == expected


def test_what_has_no_signature_has_no_list_depths():
    assert list_depths(dict)(("rows",)) == 0
    assert list_depths(range)(("start",)) == 0


values = st.recursive(
    st.integers(0, 9) | st.text("ab", min_size=1, max_size=2), lambda inner: st.lists(inner, max_size=3)
)


@given(st.dictionaries(st.sampled_from("abc"), values, max_size=3), st.integers(0, 3))
def test_a_list_is_swept_if_it_is_deeper_than_its_nature(parameters, nature):
    """And what is no sweep is left as it is; the number of variants is the product of the lengths of the others."""
    lists = {name: value for name, value in parameters.items() if isinstance(value, list) and depth(value) > nature}
    for value in lists.values():
        assume(value and len(set(map(repr, value))) == len(value))
    variants = swept(parameters, lambda path: nature)
    assert len(variants) == np.prod([len(value) for value in lists.values()], dtype=int)
    for _, variant in variants:
        for name, value in parameters.items():
            assert variant[name] in value if name in lists else variant[name] == value


def test_a_sweep_that_nobody_could_wait_for_is_refused():
    with pytest.raises(ValueError, match="c is swept, which makes 1000000 variants; at most 100000 are allowed"):
        swept({name: list(range(100)) for name in "abc"})
    table = {"kind": "q_learning", "step_size": 0.5, "discount": [i / 1000 for i in range(1000)]}
    table["epsilon"] = table["discount"]
    data = {"name": "s", "episodes": 1, "seeds": 1, "environments": {"e": {"kind": "cliff_walking"}}}
    with pytest.raises(SpecError, match=r"agents\.h\.epsilon is swept"):
        parse_study({**data, "agents": {"h": table}})


def test_examples():
    assert doctest.testmod(sweep).failed == 0


def test_lists_in_tables_in_a_list_are_swept_too():
    """Each table stands for the product of its own lists, in the order of the list; by hand and by enumeration."""
    one = {"start": [0.9, 0.5], "stop": [0.1, 0.2], "decrease": 0.1}
    found = swept({"step_size": [0.1, 0.2], "epsilon": [one, 0.3, {"start": 1.0, "stop": 0.0, "power": 0.5}]})
    epsilons = [{"start": a, "stop": b, "decrease": 0.1} for a in (0.9, 0.5) for b in (0.1, 0.2)]
    epsilons += [0.3, {"start": 1.0, "stop": 0.0, "power": 0.5}]
    assert [made for _, made in found] == [{"step_size": a, "epsilon": e} for a in (0.1, 0.2) for e in epsilons]
    assert found[1][0] == "step_size=0.1,epsilon=(start=0.9 stop=0.2 decrease=0.1)"
    assert len({label for label, _ in found}) == len(found)


def test_tables_in_tables_in_lists_are_swept_to_the_bottom():
    deep = {"a": [{"b": [{"c": [1, 2]}, {"c": 3}], "d": [4, 5]}, {"b": 6, "d": 7}]}
    expected = [{"b": {"c": c}, "d": d} for c in (1, 2, 3) for d in (4, 5)] + [{"b": 6, "d": 7}]
    assert [made["a"] for _, made in swept(deep)] == expected
    assert deep == {"a": [{"b": [{"c": [1, 2]}, {"c": 3}], "d": [4, 5]}, {"b": 6, "d": 7}]}


def test_a_list_by_nature_stays_one_within_a_table_in_a_list():
    nature = {("network", "hidden"): 1}
    found = swept({"network": [{"hidden": [8, 8]}, {"hidden": [[4], [2, 2]]}]}, lambda path: nature.get(path, 0))
    assert [made["network"]["hidden"] for _, made in found] == [[8, 8], [4], [2, 2]]


@pytest.mark.parametrize(
    ("epsilon", "words"),
    [
        ([0.1, {"start": [], "stop": 0.1, "decrease": 0.1}], "epsilon.start is []; a list is swept, so it must hold"),
        (
            [{"start": [0.5, 0.9]}, {"start": 0.5}],
            "epsilon is [(start=0.5), (start=0.9), (start=0.5)]; a list is",
        ),
        ([{"start": [*range(400)], "stop": [*range(400)]}], "epsilon.stop is swept, which makes 160000 variants"),
    ],
)
def test_what_is_wrong_within_them_is_named(epsilon, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        swept({"step_size": 0.5, "epsilon": epsilon})


def test_agents_of_a_file_are_swept_within_lists_of_tables(tmp_path):
    text = """name = "s"
episodes = 2
seeds = 2
environments.e = { kind = "cliff_walking" }
[agents.h]
kind = "count_bonus"
bonus = 1.0
agent = [
  { kind = "q_learning", step_size = [0.1, 0.5], discount = 0.9 },
  { kind = "sarsa", step_size = 0.5, discount = 0.9, epsilon = [0.0, { start = [1.0, 0.5], stop = 0.1, power = 1.0 }] },
]
"""
    agents = list(parse_text(tmp_path, text).agents.values())
    decays = [fsq.PowerDecay(start, 0.1, 1.0) for start in (1.0, 0.5)]
    inner = [fsq.QLearning(step, 0.9) for step in (0.1, 0.5)] + [fsq.Sarsa(0.5, 0.9, each) for each in (0.0, *decays)]
    assert agents == [fsq.CountBonus(each, 1.0) for each in inner]
