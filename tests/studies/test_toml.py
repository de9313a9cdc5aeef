"""Whatever stands in a TOML file, it is a study or one line that says where it is none."""

import datetime
import math
import re
import tomllib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fastsoftq.studies.conditions import Condition
from fastsoftq.studies.study import Study
from fastsoftq.studies.toml import ENVIRONMENTS, SpecError, parse_study, read_study

GOOD = """\
name = "s"
episodes = 2
seeds = 2
[agents.h]
kind = "q_learning"
step_size = 0.5
discount = 0.9
[environments.e]
kind = "cliff_walking"
"""


def written(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "study.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_byte_order_mark_is_passed_over(tmp_path, newline):
    text = GOOD.replace("\n", newline)
    plain = read_study(written(tmp_path, text))
    assert read_study(written(tmp_path, "\ufeff" + text)).identity == plain.identity
    with pytest.raises(SpecError, match=r"study.toml, line 3: seeds is 0; it must be at least 1"):
        read_study(written(tmp_path, "\ufeff" + text.replace("seeds = 2", "seeds = 0")))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.encode("utf-16"), "study.toml: not text in UTF-8"),
        (GOOD.encode("utf-32-be"), "study.toml: "),
        (b"name = '\xff'", "study.toml: not text in UTF-8"),
        (b"\xef\xbb\xbf\xef\xbb\xbf" + GOOD.encode(), "study.toml: .*line 1"),
        (b"", "study.toml: name is missing"),
        (b"\xef\xbb\xbf", "study.toml: name is missing"),
        (GOOD + "name = 3\n[agents.h]\n", "study.toml: "),
        (GOOD + "x = " + "[" * 5000 + "]" * 5000, "study.toml: lists or tables are nested too deeply"),
        (GOOD + "x = " + "{a=" * 5000 + "1" + "}" * 5000, "study.toml: lists or tables are nested too deeply"),
        (GOOD + "height = " + "9" * 5000, "study.toml: .*digits"),
        (GOOD + "height = 1e400", "line 10: environments.e.height is inf"),
        (GOOD + "height = 1979-05-27T07:32:00Z", "line 10: environments.e.height is .*datetime"),
        (b"measures = ['last:500']\n" + GOOD.encode(), "line 1: measures\\[0\\] is 'last:500': N is 500; curves have"),
        (GOOD + "height = nan", "line 10: environments.e.height is nan; it must be an integer"),
        (GOOD + "height = {}", "line 10: environments.e.height is {}; it must be an integer"),
        (GOOD.replace("seeds = 2", "seeds = { start = 0, count = 9223372036854775808 }"), "line 3: seeds.count is"),
        (GOOD.replace("seeds = 2", "seeds = { start = 1.0, count = 2 }"), "line 3: seeds.start is 1.0"),
        (GOOD.replace("seeds = 2", "seeds = [1, 2]"), "line 3: seeds is"),
        (GOOD.replace('"cliff_walking"', "{ a = 1 }"), r"line 9: environments.e.kind is \{'a': 1\}; it must be one of"),
        (GOOD.replace('"cliff_walking"', "[[1]]"), "line 9: environments.e.kind is"),
        (GOOD.replace('"cliff_walking"', "[]"), r"line 9: environments.e.kind is \[\]"),
        (GOOD.replace('"q_learning"', "true"), "line 5: agents.h.kind is True; it must be one of"),
        (GOOD.replace('"q_learning"', "{}"), "line 5: agents.h.kind is {}"),
        (GOOD.replace('"cliff_walking"', '"point_mass"\nspacing = 1e-9'), "line 10: environments.e.spacing is 1e-09"),
        (GOOD.replace('"cliff_walking"', '"multi_goal"\nsize = 2147483647'), "line 10: environments.e.size is 21474"),
        (GOOD.replace("[environments.e]", "[[environments.e]]"), "environments.e is .*; it must be a table"),
        (GOOD.replace("[environments.e]", '[environments."a/b"]'), "environments includes the name 'a/b'"),
    ],
)  # fmt: skip
def test_what_is_no_study_is_told_in_one_line(tmp_path, text, message):
    with pytest.raises(SpecError, match=message) as caught:
        read_study(written(tmp_path, text))
    assert str(caught.value).startswith("study.toml")


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (
            'map_name = "9x9"',
            "line 11: environments.e.map_name is '9x9'; FrozenLake-v1 cannot be made with it: KeyError",
        ),
        ("reward_schedule = [[1, 2]]", "line 11: environments.e.reward_schedule is .*: IndexError"),
        ("reward_schedule = 3", "line 11: environments.e.reward_schedule is 3; .*TypeError"),
        ('reward_schedule = ["a", "b", "c"]', "line 10: environments.e.env is .*the reward of P"),
        ("is_slipery = false", "line 11: environments.e.is_slipery is no option of FrozenLake-v1; did you mean 'is_sl"),
        ('is_slippery = "no"', "line 11: environments.e.is_slippery is 'no'; it must be True or False"),
        ("is_slippery = 0", "line 11: environments.e.is_slippery is 0; it must be True or False"),
        ("is_slippery = 2026-01-01", "line 11: environments.e.is_slippery is datetime.date"),
        ('is_slippery = [true, "no"]', "line 11: environments.e.is_slippery is 'no'; it must be True or False"),
        ("max_episode_steps = 9", "line 11: environments.e.max_episode_steps is 9; an MDP has no limit"),
        ("desc = []", "line 11: environments.e.desc is"),
        ("desc = { a = 1 }", "environments.e"),
        ('desc = ["FFG"]', "environments.e"),
        ("success_rate = 7.0", "environments.e.*probabilities must be at least 0"),
        ("render_mode = 7", "environments.e|Study"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_what_gymnasium_says_is_told_in_one_line(tmp_path, entries, message):
    pytest.importorskip("gymnasium")
    text = GOOD.replace('"cliff_walking"', f'"gymnasium"\nenv = "FrozenLake-v1"\n{entries}')
    with pytest.raises(SpecError, match=message):
        read_study(written(tmp_path, text))


def test_a_path_that_can_be_none_is_told_in_one_line():
    for path in ("\x00", "study\ud800.toml"):
        with pytest.raises(SpecError, match=r"path is .*; no file can be called that"):
            read_study(path)


def test_without_gymnasium_it_is_told_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "gymnasium", None)
    text = GOOD.replace('"cliff_walking"', '"gymnasium"\nenv = "FrozenLake-v1"')
    with pytest.raises(SpecError, match=r"environments\.e: Gymnasium's environments need Gymnasium: pip install"):
        read_study(written(tmp_path, text))


plain = (
    st.none()  # no TOML, but what a parser of other formats may yield
    | st.booleans()
    | st.integers(-3, 30)
    | st.sampled_from(
        [2**31, 2**63, 2**64, 10**30, -(2**63), 0.1, 0.5, 0.9, 1e-9, 1e300, math.inf, -math.inf, math.nan]
    )
    | st.sampled_from(
        ["", "a", "S..G", "S G", "S.G\n...", "\n", "FrozenLake-v1", "Taxi-v4", "CartPole-v1", "x:y", "4x4"]
    )
    | st.sampled_from(["cliff_walking", "map", "multi_goal", "q_learning", "soft_q_learning", "double", "summary"])
    | st.sampled_from([datetime.date(2020, 1, 1), datetime.time(1, 2), datetime.datetime(2020, 1, 1)])
)
NAMES = [
    *(
        "kind",
        "env",
        "rows",
        "size",
        "goal_rewards",
        "goal_reward",
        "closed",
        "walls",
        "step_reward",
        "slippery",
        "name",
    ),
    *(
        "height",
        "width",
        "spacing",
        "desc",
        "map_name",
        "is_slippery",
        "reward_schedule",
        "is_rainy",
        "fickle_passenger",
    ),
    *("step_size", "discount", "epsilon", "temperature", "reward_scale", "start", "stop", "decrease", "power", "count"),
    *("0", "1"),
]
anything = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=6,
)
TABLES = {
    "environments": [
        {"kind": "cliff_walking"},
        {"kind": "map", "rows": ["S.G"]},
        {"kind": "multi_goal", "size": 5},
        {"kind": "point_mass", "spacing": 1.0},
        {"kind": "gymnasium", "env": "FrozenLake-v1"},
        {"kind": "windy_gridworld", "moves": "king"},
        {"kind": "four_rooms", "success": 0.5},
        {"kind": "river_swim", "states": 4},
        {"kind": "chain", "slip": 0.1},
        {"kind": "deep_sea", "size": 3},
        {"kind": "garnet", "states": 5, "actions": 2, "branching": 2, "seed": 1},
        {"kind": "dyna_maze", "layout": "blocking", "changes_at": 1},
        {"kind": "blackjack", "natural": True},
        {"kind": "inventory", "capacity": 2},
        {"kind": "jacks_car_rental", "cars": 3},
        {"kind": "taxi", "is_rainy": True},
        {"kind": "frozen_lake", "desc": ["SG"]},
        {"kind": "mountain_car_grid", "positions": 11, "velocities": 11},
    ],
    "agents": [
        {"kind": "q_learning", "step_size": 0.5, "discount": 0.9},
        {"kind": "soft_q_learning", "step_size": 0.5, "discount": 0.9},
    ],
}


@st.composite
def studies(draw):
    data = {"name": "s", "episodes": 2, "seeds": 2, "environments": {"e": TABLES["environments"][0]}}
    data["agents"] = {"h": TABLES["agents"][0]}
    for part in draw(st.sets(st.sampled_from(["top", *TABLES]), min_size=1)):
        if part == "top":
            names = st.sampled_from([*data, "max_steps", "precision", "keep", "block", "other"])
            data |= draw(st.dictionaries(names, anything, min_size=1, max_size=2))
        else:
            table = draw(st.sampled_from(TABLES[part]))
            changes = draw(st.dictionaries(st.sampled_from(NAMES), anything, max_size=2))
            data[part] = {draw(st.sampled_from(["e", "", "a/b", "x y"])): table | changes}
    return data


@given(studies())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@pytest.mark.filterwarnings("ignore")
def test_whatever_is_written_is_a_study_or_an_error_of_one(data):
    try:
        study = parse_study(data)
    except SpecError:
        return
    assert isinstance(study, Study)
    assert len(study.identity) == 64
    assert all(re.fullmatch("[^/]+", name) for name in study.environments)


def test_kinds_are_known():
    assert set(ENVIRONMENTS) == {table["kind"] for table in TABLES["environments"]}


CONDITIONS = """\
name = "s"
episodes = 5
seeds = 2
tables = true
checkpoints = [1, 5]
[agents.h]
kind = "q_learning"
step_size = [0.5, 0.6]
discount = 0.9
[environments.e]
kind = "cliff_walking"
[[conditions]]
environment = "e"
agent = "h[step_size=0.5]"
name = "first"
[[conditions]]
name = "second"
environment = "e"
agent = "h[step_size=0.6]"
episodes = 3
max_steps = 7
precision = "mixed"
first_seed = 9
after = "first"
"""


def test_conditions_are_those_of_python(tmp_path):
    study = read_study(written(tmp_path, CONDITIONS))
    agents = [f"h[step_size={size}]" for size in ("0.5", "0.6")]
    assert study.conditions == (
        Condition("e", agents[0], "first"),
        Condition("e", agents[1], "second", 3, 7, "mixed", 9, "first"),
    )
    assert (study.tables, study.checkpoints) == (True, (1, 5))
    listed = """conditions = [
  { environment = "e", agent = "h[step_size=0.5]", name = "first" },
  { name = "second", environment = "e", agent = "h[step_size=0.6]", episodes = 3, max_steps = 7,
    precision = "mixed", first_seed = 9, after = "first" },
]
""".replace("7,\n   ", "7,")
    inline = CONDITIONS[: CONDITIONS.index("[[")].replace("[agents.h]", listed + "[agents.h]")
    assert read_study(written(tmp_path, inline)).identity == study.identity


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("tables = true", "tables = 1", "line 4: tables is 1; it must be True or False"),
        ("tables = true\n", 'keep = "summary"\n', r"line 5: checkpoints is \(1, 5\); it needs keep='curves'"),
        (
            "tables = true\ncheckpoints = [1, 5]\n",
            'keep = "summary"\n',
            r"line 23: conditions\[1\].after is 'first'; it needs keep='curves'",
        ),
        ("[1, 5]", "[5, 1]", r"line 5: checkpoints has 1 after 5; they must ascend, none twice"),
        ("[1, 5]", "[1, 6]", r"line 5: checkpoints\[1\] is 6; it must be at most 5"),
        ("[1, 5]", "5", "line 5: checkpoints is 5; it must be a sequence"),
        ('environment = "e"\nagent = "h[step_size=0.5]"', 'agent = "h[step_size=0.5]"',
         r"line 12: conditions\[0\].environment is missing"),
        ('environment = "e"\nagent = "h[step_size=0.5]"', 'environment = "f"\nagent = "h[step_size=0.5]"',
         r"line 13: conditions\[0\].environment is 'f'; .*'e'"),
        ('agent = "h[step_size=0.6]"', 'agent = "h"', r"line 19: conditions\[1\].agent is 'h'; .*h\[step_size=0.5\]"),
        ('agent = "h[step_size=0.6]"', 'agent = ["h"]', r"line 19: conditions\[1\].agent is \[.h.\]; it must be"),
        ("max_steps = 7", "max_step = 7", r"line 20: conditions\[1\].max_step is not known; did you mean 'max_steps'"),
        ("episodes = 3", "episodes = 0", r"line 20: conditions\[1\].episodes is 0; it must be at least 1"),
        ("episodes = 3", "episodes = [3]", r"line 20: conditions\[1\].episodes is \[3\]; it must be an integer"),
        ("first_seed = 9", "first_seed = -9", r"line 23: conditions\[1\].first_seed is -9; it must be at least 0"),
        ('"mixed"', '"mixd"', r"line 22: conditions\[1\].precision is 'mixd'; did you mean 'mixed'"),
        ('name = "second"', 'name = "first"', r"line 17: conditions\[1\].name is 'first', as conditions\[0\].name"),
        ('after = "first"', 'after = "frist"', r"line 24: conditions\[1\].after is 'frist'; .* one of 'first'"),
    ],
)  # fmt: skip
def test_errors_in_conditions_name_the_line(tmp_path, old, new, message):
    assert old in CONDITIONS
    text = CONDITIONS.replace(old, new, 1)
    if old == "max_steps = 7":
        text = text.replace("episodes = 3\n", "", 1)
    with pytest.raises(SpecError, match=message):
        read_study(written(tmp_path, text))


@pytest.mark.parametrize("value", [3, "x", {}, {"a": 1}, [3], [[]], [{}], [None], []])
def test_what_are_no_conditions_is_said(value):
    data = tomllib.loads(CONDITIONS) | {"conditions": value}
    with pytest.raises(SpecError, match="conditions"):
        parse_study(data)
