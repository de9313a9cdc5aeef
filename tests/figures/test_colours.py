"""Colours of agents: one for each kind, warm or cool, told apart by all eyes or by dashes."""

import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgb

import fastsoftq as fsq
from fastsoftq.agents import LEARNERS
from fastsoftq.figures.colour_vision import alike, difference
from fastsoftq.figures.colours import DASHES, agent_colour, dashes

NEEDED = {
    "step_size": 0.1, "discount": 0.9, "n": 3, "planning_steps": 5, "trace_decay": 0.8, "critic_step_size": 0.1,
    "temperature": 1.0,
}  # fmt: skip
SOFT = {name for name in LEARNERS if "soft" in name} | {"mellowmax_q_learning", "path_consistency"}


def agents():
    """One of each kind, and the actor-critic that is paid for entropy."""
    for name, kind in LEARNERS.items():
        yield name, kind(**{field: NEEDED[field] for field in kind._fields if field not in kind._field_defaults})
    yield "actor_critic with entropy", fsq.ActorCritic(0.1, 0.9, critic_step_size=0.1, temperature=0.5)


AGENTS = dict(agents())
COLOURS = {name: agent_colour(agent) for name, agent in AGENTS.items()}


def test_every_kind_has_a_colour_of_its_own():
    assert len(set(COLOURS.values())) == len(AGENTS) == len(LEARNERS) + 1
    assert all(max(to_rgb(colour)) - min(to_rgb(colour)) > 0.2 for colour in COLOURS.values())  # none is grey


@pytest.mark.parametrize("name", AGENTS)
def test_agents_that_maximise_are_warm_and_soft_ones_cool(name):
    red, green, blue = to_rgb(COLOURS[name])
    assert (red < max(green, blue)) == (name in SOFT or "entropy" in name)


@pytest.mark.parametrize("name", AGENTS)
def test_an_agent_around_another_has_the_colour_of_the_one_within(name):
    counts = fsq.CountBonus(fsq.VisitStepSize(AGENTS[name], power=0.8), bonus=0.1)
    assert agent_colour(counts) == agent_colour(fsq.Frozen(AGENTS[name])) == COLOURS[name]


def test_a_deep_agent_has_the_colour_of_the_one_whose_rules_it_plays_by():
    deep = fsq.Deep(AGENTS["expected_sarsa"], fsq.MLP(8), fsq.Adam(1e-3), fsq.Replay(100, 8))
    assert agent_colour(deep) == COLOURS["expected_sarsa"]


def test_hyperparameters_change_nothing():
    for name, agent in AGENTS.items():
        if name != "soft_q_learning":
            assert (
                agent_colour(agent._replace(step_size=fsq.PowerDecay(0.5, 0.1, 0.6), reward_scale=9.0)) == COLOURS[name]
            )


# ---- told apart ------------------------------------------------------------------------------------------------------


def lms_of(colour):
    """Cones' signals as Viénot, Brettel & Mollon (1999) have them, from linear RGB."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return np.array([[17.8824, 43.5161, 4.11935], [3.45565, 27.1554, 3.86714], [0.0299566, 0.184309, 1.46709]]) @ linear


def dichromat(colour, missing):
    """What is left of it where one kind of cones is missing, by that paper's planes: another model than ours."""
    long, middle, short = lms_of(colour)
    if missing == "long":
        long = 2.02344 * middle - 2.52581 * short
    elif missing == "middle":
        middle = 0.494207 * long + 1.24827 * short
    return np.array([long, middle, short])


def cielab(lms):
    """CIE 1976 L*a*b*, from cones' signals by way of linear RGB."""
    back = np.linalg.inv([[17.8824, 43.5161, 4.11935], [3.45565, 27.1554, 3.86714], [0.0299566, 0.184309, 1.46709]])
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ np.clip(
        back @ lms, 0.0, 1.0
    )
    x, y, z = (
        t ** (1 / 3) if t > (6 / 29) ** 3 else t / (3 * (6 / 29) ** 2) + 4 / 29
        for t in xyz / np.array([0.9505, 1.0, 1.089])
    )
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("missing", ["none", "long", "middle"])
def test_no_two_kinds_look_the_same_to_whoever_lacks_a_kind_of_cones(missing):
    """By another model of such eyes, and in other units, in which about 2 can just be seen."""
    seen = {name: cielab(dichromat(colour, missing)) for name, colour in COLOURS.items()}
    least = min(np.linalg.norm(seen[a] - seen[b]) for a, b in itertools.combinations(seen, 2))
    assert least > 6.0


def test_differences_are_those_of_the_eyes_that_see_them_least():
    assert difference("#123456", "#123456") == 0.0
    assert difference("#abcdef", "#fedcba") == difference("#fedcba", "#abcdef")
    assert difference("#d55e00", "#0064a0") > 0.2
    assert alike("#0f7f6f", "#0f7f73")


def test_lines_of_a_chart_that_somebody_confuses_are_dashed_otherwise():
    rng = np.random.default_rng(0)
    every = list(COLOURS.values())
    for _ in range(300):
        colours = [every[i] for i in rng.integers(0, len(every), len(DASHES))]
        lines = list(zip(colours, dashes(colours), strict=True))
        for (one, dash), (other, its) in itertools.combinations(lines, 2):
            assert dash != its or not alike(one, other)


def test_dashes_come_round_again_where_there_are_too_many_lines():
    assert dashes(["#0064a0"] * 8) == [*DASHES, *DASHES[:2]]
    assert dashes(list(COLOURS.values())).count("") >= 8  # most kinds are told apart by their colours alone
