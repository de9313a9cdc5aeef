import pytest

import fastsoftq as fsq
from fastsoftq.report.reader import read_results
from fastsoftq.report.sections import error_rate
from fastsoftq.report.sweep.analysis import analysed
from fastsoftq.report.sweep.swept_study import Asked
from fastsoftq.report.verdict import reference_of
from fastsoftq.studies import Study, open_results, run
from fastsoftq.studies.compared_pairs import Pair, reference_table, references, tables_of
from fastsoftq.studies.conditions import Condition
from fastsoftq.studies.origins import Origin, Origins
from fastsoftq.studies.selection import Selection

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


AGENTS = {
    "soft": fsq.SoftQLearning(0.5, 0.95, reward_scale=10.0),
    "plain": fsq.QLearning(0.2, 0.95, epsilon=0.1),
    "hard": fsq.ExpectedSarsa(0.5, 0.95, epsilon=0.1),
}


@pytest.mark.parametrize(
    ("names", "reference"),
    [(["soft", "plain", "hard"], "hard"), (["soft", "plain"], "plain"), (["soft"], "soft")],
)
def test_stop_plan_select_and_reports_compare_with_the_same_agent(names, reference, tmp_path):
    """Whatever compares: rounds of seeds, what was selected, the page of a sweep and the page of a few conditions."""
    agents = {name: AGENTS[name] for name in names}
    if len(agents) == 1:
        agents |= {"other": AGENTS["soft"]._replace(reward_scale=5.0)}
    small = {"name": "small", "episodes": 8, "seeds": 9, "max_steps": 20}
    study = Study(**small, environments={"cliff": fsq.cliff_walking(height=3, width=4)}, agents=agents)
    run(study, tmp_path)
    results = open_results(tmp_path)
    pairs = references(map(results.condition, results.conditions), results.record["agents"], results.origins)
    assert {pair.reference for pair in pairs} == {f"cliff/{reference}"}
    assert {each.reference for each in results.selected(Selection(4, 5)).compare()} == {f"cliff/{reference}"}
    (plain,), (swept,) = (read_results(tmp_path, asked=asked) for asked in (Asked(), Asked(("last:8",))))
    assert reference_of(plain.agents).name == f"cliff/{reference}"
    (world,) = analysed(swept, error_rate(swept)).worlds
    assert world.reference.condition.agent.name == f"cliff/{reference}"
