import pytest

from fastsoftq.studies.compared_pairs import Pair, reference_table, references, tables_of
from fastsoftq.studies.conditions import Condition
from fastsoftq.studies.origins import Origin, Origins

KINDS = {"soft": {"kind": "soft_q_learning"}, "sarsa": {"kind": "sarsa"}, "q[1]": {"kind": "q_learning"}}
ORIGINS = Origins(agents={"q[1]": Origin("q")})


@pytest.mark.parametrize(
    ("agents", "against", "table"),
    [
        (KINDS, None, "q"),
        (KINDS, "sarsa", "sarsa"),
        (KINDS, "cliff/soft", "q"),
        ({**KINDS, "hard": {"kind": "sarsa"}}, None, "hard"),
        ({name: KINDS[name] for name in ("soft", "sarsa")}, None, "soft"),
    ],
)
def test_the_reference_is_what_is_named_else_hard_else_q_learning_else_the_first(agents, against, table):
    assert reference_table(agents, ORIGINS, against) == table


def test_every_condition_has_the_reference_of_its_own_environment():
    conditions = [Condition(world, agent) for world in ("a", "b") for agent in KINDS]
    assert references(conditions, KINDS, ORIGINS) == [
        Pair(f"{world}/{agent}", f"{world}/q[1]") for world in ("a", "b") for agent in ("soft", "sarsa")
    ]
    assert references(conditions, KINDS, ORIGINS, "soft")[0] == Pair("a/sarsa", "a/soft")
    assert references(conditions[:3], KINDS, ORIGINS, "a/sarsa")[0] == Pair("a/soft", "a/sarsa")
    with pytest.raises(ValueError, match="against is 'a/sarsa', which in 'b' is nothing"):
        references(conditions, KINDS, ORIGINS, "a/sarsa")


def test_tables_hold_their_conditions_in_order():
    conditions = [Condition("a", "q[1]"), Condition("a", "soft"), Condition("a", "q[1]", "other")]
    assert tables_of(conditions, ORIGINS) == {("a", "q"): ["a/q[1]", "other"], ("a", "soft"): ["a/soft"]}
