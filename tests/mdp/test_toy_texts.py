"""Tables made of Gymnasium's toy texts, against the toy texts themselves: each action in each state, stepped."""

from collections import Counter, defaultdict

import numpy as np
import pytest

import fastsoftq as fsq

gymnasium = pytest.importorskip("gymnasium")
from gymnasium.envs.toy_text.frozen_lake import generate_random_map  # noqa: E402

LAKES = {
    "4x4": {},
    "4x4, firm": {"is_slippery": False},
    "8x8": {"map_name": "8x8"},
    "8x8, firm": {"map_name": "8x8", "is_slippery": False},
    "generated": {"desc": generate_random_map(size=6, p=0.7, seed=3)},
    "generated, firm": {"desc": generate_random_map(size=5, seed=8), "is_slippery": False},
    "sure-footed": {"success_rate": 0.9},
    "never where it is meant to go": {"success_rate": 0.0},
    "always": {"success_rate": 1.0},
    "other rewards": {"reward_schedule": (5, -3, -0.25)},
}
MADE = {f"lake, {name}": ("FrozenLake-v1", options) for name, options in LAKES.items()} | {
    "lake, 8x8 by name": ("FrozenLake8x8-v1", {}),
    "cliff": ("CliffWalking-v1", {}),
    "cliff, slippery": ("CliffWalking-v1", {"is_slippery": True}),
    "cliff, slippery by name": ("CliffWalkingSlippery-v1", {}),
    "taxi": ("Taxi-v4", {}),
    "taxi, rainy": ("Taxi-v4", {"is_rainy": True}),
    "taxi, rainier": ("Taxi-v4", {"is_rainy": True, "rainy_probability": 0.4}),
    "taxi, fickle, never": ("Taxi-v4", {"fickle_passenger": True, "fickle_probability": 0.0}),
}
STEPS = 60_000
ERROR = 1e-10  # how likely one of these tests fails of a table that is right, at most


def outcomes_of(mdp, state, action):
    chances = Counter()
    for p, *outcome in mdp.outcomes(state, action):
        chances[tuple(outcome)] += p
    return dict(sorted(chances.items()))


@pytest.mark.parametrize("name", MADE)
def test_each_action_in_each_state_leads_where_the_table_says(name):
    """What can happen exactly; how often by Hoeffding's bound (1963).

    Actions of the same probabilities are counted together, their outcomes in the order of the states, so that there are
    very many tries of each.
    """
    made, options = MADE[name]
    check(gymnasium.make(made, **options).unwrapped, fsq.from_gymnasium(made, **options))


def check(env, mdp):
    assert (env.observation_space.n, env.action_space.n) == (mdp.n_states, mdp.n_actions)
    env.reset(seed=0)
    acting = [s for s in range(mdp.n_states) if not mdp.terminal[s]]
    tries = 1 if mdp.deterministic else -(-STEPS // (len(acting) * mdp.n_actions))
    counts, totals = defaultdict(Counter), Counter()
    for state in acting:
        for action in range(mdp.n_actions):
            chances = outcomes_of(mdp, state, action)
            places = {outcome: place for place, outcome in enumerate(chances)}
            shape = tuple(round(p, 12) for p in chances.values())
            for _ in range(tries if len(chances) > 1 else 1):
                env.s = state
                shown, reward, terminated, truncated, _ = env.step(action)
                assert not truncated
                happened = int(shown), float(reward), bool(terminated)
                assert happened in places, (state, action)
                counts[shape][places[happened]] += 1
                totals[shape] += 1
    bounds = sum(len(shape) for shape in totals)
    for shape, total in totals.items():
        for place, p in enumerate(shape):
            off = abs(counts[shape][place] / total - p)
            assert off <= np.sqrt(np.log(2 * bounds / ERROR) / (2 * total)), (shape, place)


@pytest.mark.parametrize("name", MADE)
def test_episodes_start_where_the_table_says(name):
    """What can happen exactly; how often by the bound of Dvoretzky, Kiefer, Wolfowitz and Massart (1990)."""
    made, options = MADE[name]
    env, mdp = gymnasium.make(made, **options).unwrapped, fsq.from_gymnasium(made, **options)
    env.reset(seed=1)
    resets = 3000 if (mdp.start > 0).sum() > 1 else 5
    found = np.bincount([env.reset()[0] for _ in range(resets)], minlength=mdp.n_states) / resets
    assert not found[mdp.start == 0].any()
    assert np.abs(np.cumsum(found) - np.cumsum(mdp.start)).max() <= np.sqrt(np.log(2 / ERROR) / (2 * resets))


@pytest.mark.parametrize("options", [{"success_rate": 0.85}, {"reward_schedule": (5, 0, 0)}, {"map_name": "8x8"}])
def test_another_table_is_found_out(options):
    with pytest.raises(AssertionError):
        check(
            gymnasium.make("FrozenLake-v1", success_rate=0.9).unwrapped, fsq.from_gymnasium("FrozenLake-v1", **options)
        )


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("Blackjack-v1", {}, "it has no 'P', so that .*; .*write it as a TabularMDP, or let networks learn"),
        ("Blackjack-v1", {"natural": True}, "it has no 'P'"),
        ("Blackjack-v1", {"sab": True}, "it has no 'P'"),
        ("Taxi-v4", {"fickle_passenger": True}, "fickle_passenger .* which its P does not hold; make it without"),
        ("Taxi-v4", {"fickle_passenger": True, "is_rainy": True}, "fickle_passenger .* does not hold"),
        ("FrozenLake-v1", {"max_episode_steps": 5}, "max_episode_steps is 5; .* max_steps, to train"),
    ],
)
def test_what_no_table_holds_is_refused_with_a_way_out(name, options, message):
    with pytest.raises(ValueError, match=message):
        fsq.from_gymnasium(name, **options)


def test_a_fickle_passenger_is_indeed_not_in_the_table():
    """Else it would be refused for nothing: the real one leads to states that no outcome of its `P` has."""
    env = gymnasium.make("Taxi-v4", fickle_passenger=True, fickle_probability=1.0).unwrapped
    rng = np.random.default_rng(0)
    for seed in range(200):
        env.reset(seed=seed)
        for _ in range(200):
            state, action = env.s, int(rng.integers(6))
            (
                shown,
                *_,
            ) = env.step(action)
            if shown not in {outcome[1] for outcome in env.P[state][action]}:
                return
    pytest.fail("it plays by its table")


def test_a_world_of_that_name_is_named(monkeypatch):
    from fastsoftq.mdp.gymnasium import listed_outcomes

    monkeypatch.setattr(listed_outcomes, "registered", lambda: {"fastsoftq/Blackjack-v0": "blackjack"})
    with pytest.raises(ValueError, match=r"as a table; blackjack\(\) makes a world of that name, or write it as"):
        fsq.from_gymnasium("Blackjack-v1")
