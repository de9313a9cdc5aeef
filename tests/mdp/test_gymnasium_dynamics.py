"""A table made of a Gymnasium environment is what one sees when it is played, wrappers and all, or it is refused."""

import copy
import datetime
import functools
import pickle
import re
import threading
import types
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

import fastsoftq as fsq

gymnasium = pytest.importorskip("gymnasium")
from gymnasium import wrappers  # noqa: E402
from gymnasium.envs.toy_text import CliffWalkingEnv, FrozenLakeEnv, TaxiEnv  # noqa: E402
from gymnasium.spaces import Box, Discrete  # noqa: E402

LAKE = {"map_name": "4x4", "reward_schedule": (3, -2, 0.5)}
TOYS = {
    "lake": lambda: gymnasium.make("FrozenLake-v1"),
    "lake, firm": lambda: gymnasium.make("FrozenLake-v1", is_slippery=False),
    "lake, 8x8": lambda: gymnasium.make("FrozenLake8x8-v1"),
    "lake, sure-footed": lambda: gymnasium.make("FrozenLake-v1", success_rate=0.75),
    "lake, other rewards": lambda: gymnasium.make("FrozenLake-v1", **LAKE),
    "lake, own map": lambda: gymnasium.make("FrozenLake-v1", desc=["SFH", "FSG"]),
    "cliff": lambda: gymnasium.make("CliffWalking-v1"),
    "cliff, slippery": lambda: gymnasium.make("CliffWalking-v1", is_slippery=True),
    "cliff, slippery by name": lambda: gymnasium.make("CliffWalkingSlippery-v1"),
    "taxi": lambda: gymnasium.make("Taxi-v4"),
    "taxi, in the rain": lambda: gymnasium.make("Taxi-v4", is_rainy=True),
    "taxi, in more rain": lambda: gymnasium.make("Taxi-v4", is_rainy=True, rainy_probability=0.5),
    "taxi, never fickle": lambda: gymnasium.make("Taxi-v4", fickle_passenger=True, fickle_probability=0.0),
    "own": lambda: fsq.to_gymnasium(fsq.cliff_walking(slippery=True)),
}


def lake():
    return gymnasium.make("FrozenLake-v1", **LAKE)


WRAPPED = {
    "TransformReward": lambda: wrappers.TransformReward(lake(), lambda r: 10 * r - 1),
    "TransformReward to NumPy's": lambda: wrappers.TransformReward(lake(), lambda r: np.tanh(np.array(r))),
    "ClipReward": lambda: wrappers.ClipReward(lake(), -1, 1),
    "TransformAction": lambda: wrappers.TransformAction(lake(), lambda a: 3 - a, Discrete(4)),
    "TransformAction to fewer": lambda: wrappers.TransformAction(lake(), lambda a: (2, 1)[a], Discrete(2)),
    "TransformAction to more": lambda: wrappers.TransformAction(lake(), lambda a: np.int64(a % 4), Discrete(9)),
    "RepeatAction": lambda: wrappers.RepeatAction(lake(), 3),
    "RecordEpisodeStatistics": lambda: wrappers.RecordEpisodeStatistics(lake()),
    "TimeLimit": lambda: wrappers.TimeLimit(lake(), 10_000),
    "several": lambda: wrappers.TransformReward(
        wrappers.TransformAction(
            wrappers.RepeatAction(wrappers.ClipReward(lake(), -1, 1), 2), lambda a: (a + 1) % 4, Discrete(4)
        ),
        lambda r: r / 4,
    ),
    "the other way round": lambda: wrappers.ClipReward(wrappers.RepeatAction(lake(), 2), -1, 1),
}


def seen(env, state, action, times):
    """What an action led to in so many tries, each from the same state."""
    base = env.unwrapped
    field = "state" if hasattr(base, "initial_state_distrib") and type(base).__name__ == "TabularEnv" else "s"
    found = Counter()
    for _ in range(times):
        setattr(base, field, state)
        shown, reward, terminated, _, _ = env.step(action)
        found[int(shown), round(float(reward), 9), bool(terminated)] += 1
    return found


def expected(mdp, state, action):
    chances = Counter()
    for p, n, r, t in mdp.outcomes(state, action):
        chances[n, round(r, 9), t] += p
    return {outcome: float(p) for outcome, p in chances.items()}


def check_agreement(env, mdp, tries, pairs=40):
    """Support exactly; frequencies by Hoeffding's bound (1963), all of them together, but one time in 1e9."""
    rng = np.random.default_rng(0)
    env.reset(seed=0)
    acting = [s for s in range(mdp.n_states) if not mdp.terminal[s]]
    assert env.action_space.n == mdp.n_actions
    for _ in range(pairs):
        state, action = int(rng.choice(acting)), int(rng.integers(mdp.n_actions))
        found, chances = seen(env, state, action, tries), expected(mdp, state, action)
        assert set(found) <= set(chances), (state, action)
        for outcome, p in chances.items():
            assert abs(found[outcome] / tries - p) <= np.sqrt(np.log(2 * pairs * 3**3 * 1e9) / (2 * tries))
            assert p == pytest.approx(1.0) or found[outcome] < tries


@pytest.mark.parametrize("make", TOYS.values(), ids=TOYS)
def test_toy_texts_play_by_the_tables_made_of_them(make):
    env = make()
    mdp = fsq.from_gymnasium(env)
    check_agreement(env.unwrapped, mdp, 300)
    starts = Counter(env.reset(seed=seed)[0] for seed in range(200))
    assert set(starts) <= set(np.flatnonzero(mdp.start).tolist())


@pytest.mark.parametrize("make", WRAPPED.values(), ids=WRAPPED)
def test_wrapped_environments_play_by_the_tables_made_of_them(make):
    env = make()
    check_agreement(without_limit(env), fsq.from_gymnasium(env), 400)


def without_limit(env):
    layer = env
    while isinstance(layer, gymnasium.Wrapper):
        if isinstance(layer, wrappers.TimeLimit):
            layer._max_episode_steps = 10**9
        layer = layer.env
    return env


def test_what_wrappers_make_of_known_values():
    """Rewards of the lake are 3 at the goal, -2 in a hole and 0.5 elsewhere."""

    def rewards(env):
        mdp = fsq.from_gymnasium(env)
        return sorted(set(mdp.reward[~mdp.terminal][mdp.probability[~mdp.terminal] > 0].tolist()))

    assert rewards(lake()) == [-2.0, 0.5, 3.0]
    assert rewards(wrappers.TransformReward(lake(), lambda r: 10 * r)) == [-20.0, 5.0, 30.0]
    assert rewards(wrappers.ClipReward(lake(), max_reward=1.0)) == [-2.0, 0.5, 1.0]
    firm = gymnasium.make("FrozenLake-v1", is_slippery=False, reward_schedule=(3, -2, 0.5))
    twice = fsq.from_gymnasium(wrappers.RepeatAction(firm, 2))
    assert twice.outcomes(0, 2) == [(1.0, 2, 1.0, False)]  # right, right
    assert twice.outcomes(1, 1) == [(1.0, 5, -2.0, True)]  # down, into a hole
    back = fsq.from_gymnasium(wrappers.TransformAction(firm, lambda a: 3 - a, Discrete(4)))
    assert back.next_state[:, ::-1].tolist() == fsq.from_gymnasium(firm).next_state.tolist()


def test_repeated_actions_are_powers_of_the_matrix():
    """Where nothing ends, n times an action is the n-th power of its matrix, and rewards add up along the way."""
    room = fsq.from_map(["S..", "..."], slippery=True)
    mdp = fsq.from_gymnasium(wrappers.RepeatAction(fsq.to_gymnasium(room), 4))

    def matrix(of, action):
        found = [[Fraction(0)] * of.n_states for _ in range(of.n_states)]
        for state in range(of.n_states):
            for p, n, _, _ in of.outcomes(state, action):
                found[state][n] += Fraction(p).limit_denominator(1000)
        return np.array(found)

    for action in range(4):
        one = matrix(room, action)
        np.testing.assert_array_equal(matrix(mdp, action), one @ one @ one @ one)
    assert set(mdp.reward[mdp.probability > 0].tolist()) == {-4.0}


def test_a_goal_stays_the_end_whatever_rewards_become():
    for shift in (-1.0, 0.0, 5.0):
        mdp = fsq.from_gymnasium(wrappers.TransformReward(lake(), lambda r, shift=shift: r + shift))
        assert mdp.terminal.nonzero()[0].tolist() == [5, 7, 11, 12, 15]


class Counting:
    def __init__(self):
        self.calls = 0

    def __call__(self, value):
        self.calls += 1
        return value + self.calls


def rewarded(make, function):
    """An environment whose rewards are a function of them and of the environment."""
    env = make()
    return wrappers.TransformReward(env, lambda reward: function(env, reward))


def acted(make, function):
    env = make()
    return wrappers.TransformAction(env, lambda action: function(env, action), env.action_space)


def begun(name, **options):
    env = gymnasium.make(name, **options)
    env.reset(seed=0)
    return env


def statistics():
    return wrappers.RecordEpisodeStatistics(begun("FrozenLake-v1"))


def tabular():
    return fsq.to_gymnasium(fsq.cliff_walking())


def own():
    env = Faithful()
    env.reset(seed=0)
    return env


def cliff():
    return begun("CliffWalking-v1")


def taxi():
    return begun("Taxi-v4")


LOOKING = {
    "at the state": lambda: rewarded(cliff, lambda env, r: r - env.unwrapped.s),
    "at the state, for actions": lambda: acted(cliff, lambda env, a: a if env.unwrapped.s == 36 else 3 - a),
    "at a single state": lambda: rewarded(cliff, lambda env, r: r + (env.unwrapped.s == 47)),
    "at a single state of 500": lambda: rewarded(taxi, lambda env, r: r * (1 + (env.unwrapped.s == 477))),
    "for one reward only": lambda: rewarded(taxi, lambda env, r: 21 if r == 20 and env.unwrapped.s < 20 else r),
    "at the last action": lambda: rewarded(cliff, lambda env, r: r - (env.unwrapped.lastaction == 2)),
    "at an action before it": lambda: acted(taxi, lambda env, a: a if env.unwrapped.lastaction != 5 else 4),
    "at random numbers": lambda: rewarded(cliff, lambda env, r: r + (env.unwrapped.np_random.random() < 0.01)),
    "at the time": lambda: rewarded(taxi, lambda env, r: r - (env._elapsed_steps > 150)),
    "at what was won": lambda: rewarded(statistics, lambda env, r: r + (env.episode_returns > 0)),
    "at an environment of fastsoftq's": lambda: rewarded(tabular, lambda env, r: r - (env.state == 5)),
    "at one's own": lambda: rewarded(own, lambda env, r: r + (env.s == 14)),
    "from below another": lambda: wrappers.ClipReward(acted(cliff, lambda env, a: a * (env.unwrapped.s != 0)), -5, 5),
    "from above another": lambda: rewarded(
        lambda: wrappers.RepeatAction(wrappers.ClipReward(cliff(), -5, 5), 2), lambda env, r: r + env.unwrapped.s
    ),
    "from within the limit of steps": lambda: wrappers.TimeLimit(
        rewarded(cliff, lambda env, r: r - env.unwrapped.s), 50
    ),
    "before it began": lambda: rewarded(
        lambda: gymnasium.make("FrozenLake-v1"), lambda env, r: r - getattr(env.unwrapped, "s", 0)
    ),
}


@pytest.mark.parametrize("make", LOOKING.values(), ids=LOOKING)
def test_functions_that_look_at_the_environment_are_refused(make):
    env = make()
    before = what_it_holds(env)
    with pytest.raises(ValueError, match=r"different results for the same (reward|action): .*; no table can"):
        fsq.from_gymnasium(env)
    assert what_it_holds(env) == before


def what_it_holds(env):
    """Each layer's attributes: the very objects, and the numbers that are drawn next."""
    layers = [env]
    while isinstance(layers[-1], gymnasium.Wrapper):
        layers.append(layers[-1].env)
    found = [{name: id(value) for name, value in vars(layer).items()} for layer in layers]
    drawing = getattr(env.unwrapped, "_np_random", None)
    return found, drawing is not None and drawing.bit_generator.state


@pytest.mark.parametrize("window", [None, threading.Lock()])  # as those that render hold: it cannot be copied
def test_functions_of_what_does_not_change_are_taken_and_the_environment_is_left_alone(window):
    env = begun("FrozenLake-v1")
    env.unwrapped.window_surface = window
    wide = wrappers.TransformReward(env, lambda r: r * env.unwrapped.ncol)
    before, s = what_it_holds(wide), env.unwrapped.s
    assert fsq.from_gymnasium(wide).reward.max() == 4.0
    assert (what_it_holds(wide), env.unwrapped.s) == (before, s)
    assert env.step(0)[0] in (0, 4)


def test_a_function_that_fails_somewhere_leaves_the_environment_alone():
    env = cliff()
    wrapper = wrappers.TransformReward(env, lambda r: r if env.unwrapped.s != 24 else {}[r])
    before = what_it_holds(wrapper)
    with pytest.raises(ValueError, match=r"TransformReward fails on a reward of its table: KeyError"):
        fsq.from_gymnasium(wrapper)
    assert what_it_holds(wrapper) == before


class Own(gymnasium.RewardWrapper):
    def reward(self, reward):
        return reward


class Clip(wrappers.ClipReward):
    def step(self, action):
        return self.env.step(0)


REFUSED = {
    "StickyAction": lambda: wrappers.StickyAction(lake(), 0.25),
    "NormalizeReward": lambda: wrappers.NormalizeReward(lake()),
    "TimeAwareObservation": lambda: wrappers.TimeAwareObservation(lake()),
    "TransformObservation": lambda: wrappers.TransformObservation(lake(), lambda s: 15 - s, Discrete(16)),
    "FlattenObservation": lambda: wrappers.FlattenObservation(lake()),
    "DelayObservation": lambda: wrappers.DelayObservation(lake(), 2),
    "FrameStackObservation": lambda: wrappers.FrameStackObservation(lake(), 2),
    "TransformAction": lambda: wrappers.TransformAction(lake(), lambda a: int(a[0]), Box(0, 3, (1,))),
    "Own": lambda: Own(lake()),
    "Clip": lambda: Clip(lake(), 0, 1),
    "TransformReward": lambda: wrappers.TransformReward(lake(), Counting()),
    "StickyAction under others": lambda: wrappers.RecordEpisodeStatistics(
        wrappers.TransformReward(wrappers.StickyAction(lake(), 0.5), lambda r: r)
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_wrappers_that_no_table_holds_are_refused_by_name(name):
    with pytest.raises(ValueError, match=rf"env is <.*; its wrapper {name.split()[0]} "):
        fsq.from_gymnasium(REFUSED[name]())


@pytest.mark.parametrize(
    ("wrapper", "message"),
    [
        (lambda: wrappers.TransformReward(lake(), lambda r: r / 0), "TransformReward fails on a reward of its table"),
        (
            lambda: wrappers.TransformReward(lake(), lambda r: "much"),
            "what its wrapper TransformReward makes of .* must",
        ),
        (lambda: wrappers.TransformReward(lake(), lambda r: np.nan), "makes of .* is nan; it must be finite"),
        (lambda: wrappers.TransformAction(lake(), lambda a: a, Discrete(5)), "makes of 4 is 4; it must lie in 0..3"),
        (
            lambda: wrappers.TransformAction(lake(), lambda a: a / 2, Discrete(4)),
            "makes of 1 is 0.5; it must be an int",
        ),
        (
            lambda: wrappers.TransformAction(lake(), lambda a: a - 1, Discrete(4, start=1)),
            "takes actions of .*; they must be numbered from 0",
        ),
    ],
)
def test_functions_of_wrappers_that_are_none_are_refused(wrapper, message):
    with pytest.raises(ValueError, match=message):
        fsq.from_gymnasium(wrapper())


def test_a_wrapper_that_was_changed_by_hand_is_refused():
    env = wrappers.RecordEpisodeStatistics(lake())
    env.step = lambda action: env.env.step(0)
    with pytest.raises(ValueError, match="its wrapper RecordEpisodeStatistics"):
        fsq.from_gymnasium(env)


def test_wrappers_of_a_registered_environment_count():
    gymnasium.register(
        "SternLake-v0",
        "gymnasium.envs.toy_text:FrozenLakeEnv",
        additional_wrappers=(wrappers.ClipReward.wrapper_spec(min_reward=-1.0, max_reward=0.25),),
    )
    try:
        assert fsq.from_gymnasium("SternLake-v0").reward.max() == 0.25
        gymnasium.register(
            "StickyLake-v0",
            "gymnasium.envs.toy_text:FrozenLakeEnv",
            additional_wrappers=(wrappers.StickyAction.wrapper_spec(repeat_action_probability=0.5),),
        )
        with pytest.raises(ValueError, match="its wrapper StickyAction"):
            fsq.from_gymnasium("StickyLake-v0")
    finally:
        for name in ("SternLake-v0", "StickyLake-v0"):
            gymnasium.registry.pop(name, None)


@pytest.mark.parametrize(
    "make",
    [
        lambda: fsq.from_gymnasium("Taxi-v4", fickle_passenger=True),
        lambda: fsq.from_gymnasium(gymnasium.make("Taxi-v4", fickle_passenger=True)),
        lambda: fsq.from_gymnasium(TaxiEnv(fickle_passenger=True, is_rainy=True)),
        lambda: fsq.from_gymnasium(wrappers.TransformReward(TaxiEnv(fickle_passenger=True), lambda r: r)),
        lambda: fsq.from_gymnasium("Taxi-v4", fickle_passenger=True, fickle_probability=0.01),
        lambda: fsq.from_gymnasium(switched(TaxiEnv())),
    ],
)
def test_a_fickle_passenger_is_refused(make):
    with pytest.raises(ValueError, match="fickle_passenger"):
        make()


def switched(env):
    env.fickle_passenger = True
    return env


class Dearer(FrozenLakeEnv):
    def step(self, action):
        state, reward, *others = super().step(action)
        return state, reward - 1, *others


class Windy(FrozenLakeEnv):
    """Now and then the wind decides: every outcome is in the table, for another action."""

    def step(self, action):
        return super().step(action if self.np_random.random() < 0.8 else 2)


class Surer(FrozenLakeEnv):
    """All that can happen is in the table; it is less slippery than that says."""

    def step(self, action):
        before = self.P
        if self.np_random.random() < 0.3:
            self.P = {s: {a: [row[a][len(row[a]) // 2]] for a in row} for s, row in before.items()}
            self.P = {s: {a: [(1.0, *found[0][1:])] for a, found in row.items()} for s, row in self.P.items()}
        try:
            return super().step(action)
        finally:
            self.P = before


class Elsewhere(FrozenLakeEnv):
    def reset(self, **options):
        found = super().reset(**options)
        self.s = 1
        return 1, found[1]


class Leaning(FrozenLakeEnv):
    """Starts where its table says, but not as often."""

    def reset(self, **options):
        _, info = super().reset(**options)
        self.s = 0 if self.np_random.random() < 0.9 else 4
        return self.s, info


class Endless(CliffWalkingEnv):
    def step(self, action):
        state, reward, _, truncated, info = super().step(action)
        return state, reward, False, truncated, info


class Fickle(TaxiEnv):
    def __init__(self):
        super().__init__()
        self.moody = True

    def step(self, action):
        state, reward, terminated, truncated, info = super().step(action)
        if self.moody and self.decode(state)[2] == 4 and self.np_random.random() < 0.3:
            row, column, passenger, goal = self.decode(state)
            self.s = state = self.encode(row, column, passenger, (goal + 1) % 4)
        return state, reward, terminated, truncated, info


class Pictures(FrozenLakeEnv):
    def step(self, action):
        state, *others = super().step(action)
        return np.eye(16)[state], *others


class Broken(FrozenLakeEnv):
    def step(self, action):
        raise RuntimeError("out of order")


class Short(FrozenLakeEnv):
    def step(self, action):
        return super().step(action)[:4]


class Held(FrozenLakeEnv):
    def step(self, action):
        return super().step(action)

    def __deepcopy__(self, memo):
        raise TypeError("cannot pickle 'Window' object")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (Dearer, "played, action . in state .* with reward -1, which its P does not hold"),
        (lambda: Windy(is_slippery=False), "which its P does not hold"),
        (Surer, "played, its outcomes of action . are not as frequent as its P says"),
        (Elsewhere, "played, it starts in state 1, which its P does not hold"),
        (lambda: Leaning(desc=["SFF", "FSG"]), "not as frequent|starts in state"),
        (Endless, "which its P does not hold"),
        (Fickle, "played, action . in state"),
        (Pictures, "played, it shows array.* which is no state of its P"),
        (Broken, r"it cannot be played to check its P: RuntimeError\('out of order'\)"),
        (Short, r"it cannot be played to check its P: ValueError\('not enough values to unpack"),
        (Held, "it cannot be copied, so that its P cannot be checked by playing"),
    ],
)
def test_environments_of_ones_own_that_do_not_play_by_their_tables_are_refused(make, message):
    env = make()
    with pytest.raises(ValueError, match=f"env is <.*{message}"):
        fsq.from_gymnasium(env)
    with pytest.raises(ValueError, match=message):
        fsq.from_gymnasium(wrappers.TransformReward(env, lambda r: r))


def first(probabilities, np_random):
    np_random.random()
    return 0


def windy(self, action):
    return STEP[FrozenLakeEnv](self, action if self.np_random.random() < 0.8 else 2)


def dearer(self, action):
    state, reward, *others = STEP[type(self)](self, action)
    return state, reward - 1, *others


def elsewhere(self, **options):
    RESET(self, **options)
    self.s = 1
    return 1, {}


STEP = {kind: kind.step for kind in (FrozenLakeEnv, CliffWalkingEnv, TaxiEnv)}
RESET = FrozenLakeEnv.reset
TOY_TEXT = "gymnasium.envs.toy_text"


@pytest.mark.parametrize(
    ("name", "target", "value"),
    [
        ("FrozenLake-v1", f"{TOY_TEXT}.FrozenLakeEnv.step", windy),
        ("FrozenLake-v1", f"{TOY_TEXT}.FrozenLakeEnv.step", functools.wraps(FrozenLakeEnv.step)(windy)),
        ("FrozenLake-v1", f"{TOY_TEXT}.FrozenLakeEnv.step", functools.partialmethod(windy)),
        ("FrozenLake-v1", f"{TOY_TEXT}.FrozenLakeEnv.reset", elsewhere),
        ("FrozenLake-v1", f"{TOY_TEXT}.FrozenLakeEnv.step", CliffWalkingEnv._calculate_transition_prob),
        ("FrozenLake-v1", f"{TOY_TEXT}.frozen_lake.categorical_sample", first),
        ("FrozenLake-v1", f"{TOY_TEXT}.frozen_lake.categorical_sample", functools.partial(first)),
        ("CliffWalkingSlippery-v1", f"{TOY_TEXT}.cliffwalking.categorical_sample", first),
        ("CliffWalking-v1", f"{TOY_TEXT}.CliffWalkingEnv.step", dearer),
        ("Taxi-v4", f"{TOY_TEXT}.TaxiEnv.step", dearer),
        ("Taxi-v4", f"{TOY_TEXT}.taxi.categorical_sample", first),
    ],
)
def test_classes_of_gymnasiums_that_were_changed_are_played(name, target, value, monkeypatch):
    options = {"is_rainy": True} if name == "Taxi-v4" else {}
    fsq.from_gymnasium(name, **options)
    monkeypatch.setattr(target, value)
    with pytest.raises(ValueError, match=r"played, |it cannot be played"):
        fsq.from_gymnasium(name, **options)


def test_a_class_that_was_changed_and_plays_by_its_table_is_taken(monkeypatch):
    monkeypatch.setattr(FrozenLakeEnv, "step", lambda self, action: STEP[FrozenLakeEnv](self, action))
    assert fsq.from_gymnasium("FrozenLake-v1").n_states == 16


@pytest.mark.parametrize("name", ["FrozenLake-v1", "CliffWalking-v1", "Taxi-v4"])
def test_gymnasiums_own_are_not_played_as_long_as_they_are_as_loaded(name, monkeypatch):
    env = gymnasium.make(name)
    env.reset(seed=0)
    for made in (env, fsq.to_gymnasium(fsq.from_gymnasium(env))):
        with monkeypatch.context() as patch:
            patch.setattr("fastsoftq.mdp.gymnasium.conversion.check_by_playing", None)
            fsq.from_gymnasium(made)


def test_what_was_set_by_hand_on_an_environment_is_played():
    env = FrozenLakeEnv()
    env.reset = lambda **options: elsewhere(env, **options)
    with pytest.raises(ValueError, match="played, "):
        fsq.from_gymnasium(env)
    env = TaxiEnv()
    env.step = types.MethodType(lambda self, action: TaxiEnv.step(self, 0), env)
    with pytest.raises(ValueError, match="played, "):
        fsq.from_gymnasium(env)
    bare = Table()
    bare.step = lambda action: (0, 5.0, True, False, {})
    with pytest.raises(ValueError, match=r"played, |cannot be played"):
        fsq.from_gymnasium(bare)


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        (wrappers.TimeLimit, "step"),
        (wrappers.OrderEnforcing, "reset"),
        (wrappers.ClipReward, "reward"),
        (wrappers.TransformAction, "action"),
        (gymnasium.RewardWrapper, "step"),
        (gymnasium.Wrapper, "reset"),
    ],
)
def test_wrappers_whose_classes_were_changed_are_refused(kind, method, monkeypatch):
    def make():
        return wrappers.TransformAction(wrappers.ClipReward(lake(), -1, 1), lambda a: a, Discrete(4))

    fsq.from_gymnasium(make())
    before = getattr(kind, method)
    monkeypatch.setattr(kind, method, lambda self, *arguments, **options: before(self, *arguments, **options))
    with pytest.raises(ValueError, match=r"its wrapper .* may change observations"):
        fsq.from_gymnasium(make())


class Faithful(FrozenLakeEnv):
    def step(self, action):
        return super().step(action)


class Table(gymnasium.Env):
    """Nothing but a table."""

    def __init__(self, **changes):
        found = {"P": {0: {0: [(1.0, 0, 1.0, True)]}}, "initial_state_distrib": [1.0]} | changes
        for name, value in found.items():
            setattr(self, name, value)


def test_environments_of_ones_own_that_play_by_their_tables_are_taken_and_left_alone():
    env = Faithful()
    env.reset(seed=3)
    state, numbers = env.s, copy.deepcopy(env.np_random).random(5).tolist()
    mdp = fsq.from_gymnasium(env)
    assert mdp.next_state.tolist() == fsq.from_gymnasium("FrozenLake-v1").next_state.tolist()
    assert (env.s, env.np_random.random(5).tolist()) == (state, numbers)
    assert fsq.from_gymnasium(Table()).outcomes(0, 0) == [(1.0, 0, 1.0, True)]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"P": {1: {0: []}}}, r"its P is not numbered 0, 1, \.\.\."),
        ({"P": {}}, r"its P is not numbered 0, 1, \.\.\."),
        ({"P": 7}, "its P is not numbered"),
        ({"P": {0: {0: [(1.0, 0, 0.0, True)]}, 1: {}}}, "P"),
        ({"P": {0: {0: [(1.0, 0, 0.0, True)]}, 1: {0: [], 1: []}}}, r"its P\[1\] has 2 actions and P\[0\] 1"),
        ({"P": {0: {0: [(1.0, 0, 0.0)]}}}, r"P\[0\]\[0\]\[0\] is \(1.0, 0, 0.0\); it must be \(probability, next"),
        ({"P": {0: {0: [(1.0, 0.5, 0.0, True)]}}}, r"the next state of P\[0\]\[0\]\[0\] is 0.5; it must be an integer"),
        ({"P": {0: {0: [(1.0, 3, 0.0, True)]}}}, r"next_state\[0, 0, 0\] is 3"),
        ({"P": {0: {0: [(-1.0, 0, 1.0, True), (2.0, 0, 1.0, True)]}}}, r"P\[0\]\[0\]\[0\] is -1.0; probabilities must"),
        ({"P": {0: {0: [("1", 0, 1.0, True)]}}}, r"the probability of P\[0\]\[0\]\[0\] is '1'; it must be a number"),
        ({"P": {0: {0: [(np.ma.masked, 0, 1.0, True)]}}}, "the probability of P.* has masked entries"),
        ({"initial_state_distrib": 1.0}, None),
        ({"initial_state_distrib": [0.5, 0.5]}, r"start has shape \(2,\)"),
        ({"initial_state_distrib": "first"}, "initial_state_distrib has dtype"),
        ({"P": {0: {0: [(1.0, 0, "1", True)]}}}, r"the reward of P\[0\]\[0\]\[0\] is '1'"),
        ({"P": {0: {0: [(1.0, 0, 0.0, "False")]}}}, r"terminated of P\[0\]\[0\]\[0\] is 'False'"),
        ({"P": {0: {0: [(0.5, 0, 1.0, True)]}}}, r"P\[0\]\[0\] sums to 0.5"),
        ({"P": {0: {0: []}}}, r"P\[0\]\[0\] sums to 0; probabilities must sum to 1"),
        ({"initial_state_distrib": [0.5]}, r"initial_state_distrib sums to 0.5"),
        ({"initial_state_distrib": np.ma.array([1.0], mask=True)}, "initial_state_distrib has masked entries"),
        (
            {"observation_space": Discrete(5)},
            r"its observation_space is Discrete\(5\); for its P it must be Discrete\(1\)",
        ),
        ({"action_space": Box(0, 1)}, r"its action_space is Box.*; for its P it must be Discrete\(1\)"),
        ({"action_space": Discrete(1, start=1)}, "its action_space is"),
    ],
)
def test_tables_that_are_none_are_refused(changes, message):
    if message is None:
        assert fsq.from_gymnasium(Table(**changes)).start.tolist() == [1.0]
        return
    with pytest.raises(ValueError, match=f"env is <.*{message}"):
        fsq.from_gymnasium(Table(**changes))


def test_tables_of_single_precision_are_tables():
    third = np.float32(1 / 3)
    entries = [(third, np.int64(s), np.array(-1.0), np.True_) for s in (0, 1, 2)]
    p = {s: {np.int64(0): entries} for s in range(3)}
    mdp = fsq.from_gymnasium(Table(P=p, initial_state_distrib=np.full(3, third)))
    assert mdp.probability.sum(axis=2).tolist() == [[1.0], [1.0], [1.0]]
    np.testing.assert_allclose(mdp.probability, 1 / 3, rtol=1e-15)
    np.testing.assert_allclose(mdp.start, 1 / 3, rtol=1e-15)
    shifted = wrappers.TransformReward(Table(P=p, initial_state_distrib=np.full(3, third)), lambda r: r - 1)
    assert (fsq.from_gymnasium(shifted).reward == -2.0).all()


@pytest.mark.parametrize(
    ("name", "options", "error", "message"),
    [
        ("FrozenLake-v1", {"map_name": "9x9"}, ValueError, r"map_name is '9x9'; .* cannot be made with it: KeyError"),
        ("FrozenLake-v1", {"reward_schedule": [[1, 2]]}, ValueError, r"reward_schedule is \[\[1, 2\]\]; .*IndexError"),
        ("FrozenLake-v1", {"reward_schedule": ["a", "b", "c"]}, ValueError, "the reward of P"),
        ("FrozenLake-v1", {"reward_schedule": 3, "map_name": "8x8"}, ValueError, "reward_schedule is 3"),
        ("FrozenLake-v1", {"desc": []}, ValueError, "desc is"),
        ("FrozenLake-v1", {"desc": ["SF", "FFG"]}, ValueError, "desc is|env is"),
        ("FrozenLake-v1", {"success_rate": 1.5}, ValueError, "probabilities must be at least 0"),
        ("FrozenLake-v1", {"success_rate": "high"}, ValueError, "success_rate is 'high'"),
        ("FrozenLake-v1", {"is_slipery": False}, TypeError, "is_slipery is no option .*; did you mean 'is_slippery'"),
        ("CliffWalking-v1", {"height": 3}, TypeError, "height is no option of CliffWalking-v1; it must be one of"),
        ("FrozenLake-v1", {"max_episode_steps": 50}, ValueError, "max_episode_steps is 50; .*max_steps, to train"),
        (
            "FrozenLake-v1",
            {"is_slippery": False, "success_rate": 0.5},
            ValueError,
            "success_rate is 0.5; it changes noth",
        ),
        ("Taxi-v4", {"rainy_probability": 0.5}, ValueError, "rainy_probability is 0.5; it changes nothing .* is_rainy"),
        ("Taxi-v4", {"fickle_probability": 0.5}, ValueError, "fickle_probability is 0.5; it changes nothing"),
        ("no_such_module:Lake-v0", {}, ValueError, "Gymnasium says: .*no_such_module"),
        ("a:b:c", {}, ValueError, "env is 'a:b:c'; Gymnasium says"),
        ("", {}, ValueError, "env is ''; Gymnasium says"),
        ("Blackjack-v1", {}, ValueError, "it has no 'P'"),
    ],
)
def test_what_gymnasium_cannot_make_is_told_by_name(name, options, error, message):
    with pytest.raises(error, match=message):
        fsq.from_gymnasium(name, **options)


@pytest.mark.parametrize("value", ["no", "", 0, 1, 0.0, None, [], [True], datetime.date(2026, 1, 1)])
@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("FrozenLake-v1", "is_slippery"),
        ("FrozenLake8x8-v1", "is_slippery"),
        ("CliffWalking-v1", "is_slippery"),
        ("Taxi-v4", "is_rainy"),
        ("Taxi-v4", "fickle_passenger"),
    ],
)
def test_an_option_that_is_true_or_false_is_nothing_else(name, option, value):
    with pytest.raises(TypeError, match=rf"{option} is {re.escape(repr(value))}; it must be True or False"):
        fsq.from_gymnasium(name, **{option: value})


class Choosy(FrozenLakeEnv):
    def __init__(self, steady=True, wind: bool | float = False, warm: "bool" = False, **others):
        self.told = (steady, wind, warm)
        super().__init__(is_slippery=not steady)


def test_options_of_ones_own_environments_are_what_they_say():
    gymnasium.register("ChoosyLake-v0", Choosy)
    try:
        for option in ("steady", "warm"):
            with pytest.raises(TypeError, match=f"{option} is 'no'; it must be True or False"):
                fsq.from_gymnasium("ChoosyLake-v0", **{option: "no"})
        assert fsq.from_gymnasium("ChoosyLake-v0", wind=0.5, depth="no").deterministic
        assert not fsq.from_gymnasium("ChoosyLake-v0", steady=np.False_).deterministic
    finally:
        gymnasium.registry.pop("ChoosyLake-v0", None)


def test_a_module_in_front_of_a_name_is_imported(tmp_path, monkeypatch):
    (tmp_path / "lakes_of_ones_own.py").write_text(
        "import gymnasium\n"
        "gymnasium.register('OwnLake-v0', 'gymnasium.envs.toy_text:FrozenLakeEnv', kwargs={'is_slippery': False})\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    try:
        assert fsq.from_gymnasium("lakes_of_ones_own:OwnLake-v0").deterministic
    finally:
        gymnasium.registry.pop("OwnLake-v0", None)


ENV = {"slippery": fsq.cliff_walking(slippery=True), "firm": fsq.multi_goal(5)}


@pytest.mark.parametrize("action", [1.9, 1.0, np.float64(1.0), True, np.True_, "1", None, [1], np.array([1]), np.nan])
def test_what_is_no_action_is_not_taken(action):
    env = fsq.to_gymnasium(ENV["firm"])
    before = env.reset(seed=0)[0]
    with pytest.raises(TypeError, match=r"action is .*; it must be an integer"):
        env.step(action)
    assert env.state == before


@pytest.mark.parametrize("action", [-1, 4, 2**70, np.int64(-1), np.array(4), np.uint8(255)])
def test_an_action_that_does_not_exist_is_not_taken(action):
    env = fsq.to_gymnasium(ENV["firm"])
    env.reset(seed=0)
    with pytest.raises(ValueError, match=r"action is .*; it must lie in 0\.\.3"):
        env.step(action)


@pytest.mark.parametrize("action", [1, np.int64(1), np.uint8(1), np.array(1), np.array(1, ">i2"), np.int32(1)])
def test_whole_numbers_are_actions(action):
    env = fsq.to_gymnasium(ENV["firm"])
    env.reset(seed=0)
    assert env.step(action)[:2] == (13, -1.0)


@pytest.mark.parametrize("mdp", ENV.values(), ids=ENV)
@pytest.mark.parametrize("make", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))])
def test_an_environment_survives_pickling_and_goes_on_as_it_was(mdp, make):
    env = fsq.to_gymnasium(mdp)
    with pytest.raises(gymnasium.error.ResetNeeded):
        make(env).step(0)
    env.reset(seed=5)
    env.action_space.seed(7)
    for _ in range(10):
        env.step(env.action_space.sample())
    again = make(env)
    assert type(again) is type(env)
    assert again.P == env.P
    assert fsq.from_gymnasium(again).next_state.tolist() == fsq.from_gymnasium(env).next_state.tolist()
    for _ in range(50):
        action = env.action_space.sample()
        assert again.action_space.sample() == action
        assert again.step(action) == env.step(action)


def test_an_environment_wrapped_can_be_copied_to_other_processes():
    env = wrappers.TimeLimit(fsq.to_gymnasium(ENV["slippery"]), 5)
    again = pickle.loads(pickle.dumps(env))
    assert again.reset(seed=1) == env.reset(seed=1)
    assert [again.step(0)[3] for _ in range(5)] == [env.step(0)[3] for _ in range(5)] == [False] * 4 + [True]
