"""A Gymnasium environment played as it is: what it gives comes as training has it, or is refused by name."""

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.environments import describe
from fastsoftq.environments.gymnasium_environment import GymnasiumEnvironment

gymnasium = pytest.importorskip("gymnasium")


class Screen(gymnasium.Env):
    """A picture of which one number tells the steps; actions are 5, 6, 7."""

    observation_space = gymnasium.spaces.Box(0, 255, (3, 4, 2), np.uint8)
    action_space = gymnasium.spaces.Discrete(3, start=5)

    def __init__(self, fault=None):
        self.fault, self.taken = fault, []

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.taken = []
        return self._shown(), {}

    def step(self, action):
        assert self.action_space.contains(action)
        self.taken.append(int(action))
        return self._shown(), float("nan") if self.fault == "reward" else 1.0, len(self.taken) == 3, False, {}

    def _shown(self):
        shown = np.zeros((3, 4, 2), np.float64 if self.fault else np.uint8)
        shown[1, 2, 0] = {"observation": np.nan, "size": 1e39}.get(self.fault, 51 * len(self.taken))
        return shown


@pytest.mark.parametrize("name", ["CartPole-v1", "MountainCar-v0", "Acrobot-v1"])
def test_it_plays_what_gymnasium_plays(name):
    environment, env = fsq.gymnasium_environment(name), gymnasium.make(name)
    game, rng = environment.play(), np.random.default_rng(0)
    assert describe(environment) == (env.action_space.n, env.observation_space.shape, env.spec.max_episode_steps)
    np.testing.assert_array_equal(game.reset(3), env.reset(seed=3)[0])
    for _ in range(600):
        action = int(rng.integers(env.action_space.n))
        shown, reward, terminated, truncated, _ = env.step(action)
        seen, *rest = game.step(action)
        assert seen.dtype == np.float32
        np.testing.assert_array_equal(seen, shown)
        assert rest == [reward, terminated, truncated]
        if terminated or truncated:
            np.testing.assert_array_equal(game.reset(), env.reset()[0])
    game.close()


def test_runs_do_not_disturb_each_other():
    environment = fsq.gymnasium_environment(Screen(), max_steps=5)
    one, other = environment.play(), environment.play()
    one.reset(0), other.reset(0)
    assert one.step(0)[0].max() == 51.0
    assert one.step(1)[0].max() == 102.0
    assert other.step(2)[0].max() == 51.0


def test_numbers_are_taken_in_a_row_and_pictures_by_channels():
    flat, picture = (fsq.gymnasium_environment(Screen(), picture=p, max_steps=9) for p in (False, True))
    assert describe(flat) == (3, (24,), 9)
    assert describe(picture) == (3, (2, 3, 4), 9)
    for environment, place in ((flat, (1 * 4 + 2) * 2), (picture, 1 * 4 + 2)):
        game = environment.play()
        assert game.reset(0).max() == 0.0
        seen, reward, terminated, truncated = game.step(0)
        assert np.flatnonzero(seen).tolist() == [place]
        assert (reward, terminated, truncated) == (1.0, False, False)
        game.step(2)
        assert game.step(1)[2]


def test_scaled_observations_lie_within_one():
    game = fsq.gymnasium_environment(Screen(), scaled=True, max_steps=9).play()
    assert set(game.reset(0)) == {np.float32(-1.0)}
    assert game.step(0)[0].max() == pytest.approx(51 / 127.5 - 1)
    with pytest.raises(ValueError, match=r"scaled is True; number \[1\] of observations of CartPole-v1 lies between"):
        fsq.gymnasium_environment("CartPole-v1", scaled=True)


@pytest.mark.parametrize("fault", ["observation", "reward"])
def test_what_is_not_finite_is_told(fault):
    game = fsq.gymnasium_environment(Screen(fault), max_steps=9).play()
    with pytest.raises(ValueError, match=f"{fault} of Screen.* is nan"):
        game.reset(0), game.step(0)


def test_what_is_beyond_single_precision_is_told():
    game = fsq.gymnasium_environment(Screen("size"), max_steps=9).play()
    with pytest.raises(ValueError, match=r"observation of Screen\[12\] is inf; it must be finite in single precision"):
        game.reset(0)  # number 1 * 4 * 2 + 2 * 2


@pytest.mark.parametrize(
    ("limits", "limit"), [([4], 4), ([4, 5], 4), ([5, 4], 4)], ids=["one", "the inner is less", "the outer is less"]
)
def test_the_limit_of_a_wrapper_is_the_environments_own(limits, limit):
    env = Screen()
    for steps in limits:
        env = gymnasium.wrappers.TimeLimit(env, steps)
    assert describe(fsq.gymnasium_environment(env)).max_steps == limit
    env.reset(seed=0)
    assert [env.step(5)[3] for _ in range(limit)] == [False] * (limit - 1) + [True]


@pytest.mark.parametrize(
    ("env", "options", "error", "message"),
    [
        ("CartPole-v9", {}, ValueError, "env is 'CartPole-v9'; Gymnasium says"),
        ("Pendulum-v1", {}, ValueError, r"env is 'Pendulum-v1'; its actions are Box\(.*, and must be Discrete"),
        ("FrozenLake-v1", {}, ValueError, r"its observations are Discrete\(16\), and must be a Box; .*from_gymnasium"),
        ("Blackjack-v1", {}, ValueError, r"its observations are Tuple\(.*, and must be a Box"),
        ("CartPole-v1", {"sutton": True}, TypeError, "sutton is no option of CartPole-v1"),
        ("CartPole-v1", {"picture": True}, ValueError, r"picture is True; observations of CartPole-v1 are of shape"),
        ("CartPole-v1", {"max_steps": 0}, ValueError, "max_steps is 0; it must be at least 1"),
        (Screen(), {}, ValueError, "max_steps is missing; Screen has no limit of steps of its own"),
        (Screen(), {"fault": "reward"}, TypeError, "only go with a name"),
        (3, {}, TypeError, "env is 3; it must be a gymnasium.Env or the name of one"),
    ],
)
def test_others_are_refused_by_name(env, options, error, message):
    with pytest.raises(error, match=message):
        fsq.gymnasium_environment(env, **options)


def test_options_and_seeds_of_any_size():
    environment = fsq.gymnasium_environment("CartPole-v1", sutton_barto_reward=True, max_steps=20)
    assert isinstance(environment, GymnasiumEnvironment)
    assert environment.max_steps == 20
    game = environment.play()
    np.testing.assert_array_equal(game.reset(2**63 + 5), game.reset(5))
    assert game.step(0)[1] == 0.0
