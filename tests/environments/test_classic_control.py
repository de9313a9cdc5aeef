"""Cart pole, mountain car, acrobot and pendulum step as Gymnasium's own, from the same states."""

import itertools

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.environments import describe, reset, step
from fastsoftq.kernels.random import seed

gymnasium = pytest.importorskip("gymnasium")
from tests.environments.gymnasiums import PAIRS  # noqa: E402
from tests.environments.playing import seen  # noqa: E402


def off(found, true):
    """The largest difference, relative where numbers are above 1."""
    return np.max(np.abs(np.array(found) - true) / np.maximum(np.abs(true), 1.0))


@pytest.mark.parametrize("name", PAIRS)
def test_random_states_step_as_gymnasiums(name):
    """The very same float64 states in 96 % of the acrobot's steps and 99.6 % of others, as libm's sine may differ."""
    ours, translated, drawn = PAIRS[name]
    theirs, rng, n_actions = gymnasium.make(name).unwrapped, np.random.default_rng(0), describe(ours).n_actions
    theirs.reset(seed=0)
    same_states, same_rewards, n = 0, 0, 3000
    for _ in range(n):
        before, action = drawn(rng), int(rng.integers(n_actions))
        theirs.state = before
        theirs.steps_beyond_terminated = None
        shown, reward, terminated, _, _ = theirs.step(translated(action))
        state, paid, ended = step(ours, tuple(before.tolist()), action, 0)
        assert ended == terminated
        assert off(paid, reward) < 1e-15  # only the pendulum's can differ: `pow` squares in libm's way
        assert off(state, np.array(theirs.state, float)) <= 1e-15
        np.testing.assert_array_max_ulp(seen(ours, state), shown, 1)
        same_states += state == tuple(map(float, theirs.state))
        same_rewards += paid == reward
    assert same_states >= (0.94 if name == "Acrobot-v1" else 0.99) * n
    assert same_rewards == n or (name == "Pendulum-v1" and same_rewards > 0.98 * n)


@pytest.mark.parametrize("name", PAIRS)
def test_whole_episodes_are_gymnasiums(name):
    ours, translated, _ = PAIRS[name]
    theirs, rng, n_actions = gymnasium.make(name).unwrapped, np.random.default_rng(1), describe(ours).n_actions
    for episode in range(5):
        shown, _ = theirs.reset(seed=episode)
        state = tuple(map(float, theirs.state))
        np.testing.assert_array_equal(seen(ours, state), shown)
        for _ in range(describe(ours).max_steps):
            action = int(rng.integers(n_actions))
            shown, reward, terminated, _, _ = theirs.step(translated(action))
            state, paid, ended = step(ours, state, action, 0)
            # A swinging double pendulum doubles a difference in the last place every few steps.
            np.testing.assert_allclose(seen(ours, state), shown, rtol=1e-6, atol=1e-4 if "Acrobot" in name else 1e-6)
            assert ended == terminated
            assert paid == pytest.approx(reward, rel=1e-9)
            if ended:
                break


@pytest.mark.parametrize("name", PAIRS)
def test_limits_and_spaces_are_gymnasiums(name):
    ours, theirs = PAIRS[name][0], gymnasium.make(name)
    assert describe(ours).max_steps == theirs.spec.max_episode_steps
    assert describe(ours).shape == theirs.observation_space.shape
    if name != "Pendulum-v1":
        assert describe(ours).n_actions == theirs.action_space.n


@pytest.mark.parametrize("name", PAIRS)
def test_starts_are_spread_as_gymnasiums(name):
    ours, theirs = PAIRS[name][0], gymnasium.make(name).unwrapped
    mine = np.array([reset(ours, seed(n)) for n in range(4000)])
    others = []
    for n in range(4000):
        theirs.reset(seed=n)
        others.append(theirs.state)
    others = np.array(others, float)
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        spread = np.ptp(others, axis=0)
        assert (
            np.abs(np.quantile(mine, share, axis=0) - np.quantile(others, share, axis=0)) <= 0.04 * spread + 1e-12
        ).all()


def test_the_papers_acrobot_is_gymnasiums_too():
    theirs, rng = gymnasium.make("Acrobot-v1").unwrapped, np.random.default_rng(2)
    theirs.book_or_nips = "nips"
    ours = fsq.acrobot(equations="nips")
    theirs.reset(seed=0)
    for _ in range(300):
        before = PAIRS["Acrobot-v1"][2](rng)
        theirs.state = before
        theirs.step(2)
        assert off(step(ours, tuple(before.tolist()), 2, 0)[0], theirs.state) < 1e-14


def test_other_masses_are_gymnasiums_too():
    rng = np.random.default_rng(3)
    cart, theirs = fsq.cart_pole(gravity=1.6, cart_mass=2.0, pole_mass=0.5, half_length=0.8, force=5.0), None
    theirs = gymnasium.make("CartPole-v1").unwrapped
    theirs.gravity, theirs.masscart, theirs.masspole, theirs.length, theirs.force_mag = 1.6, 2.0, 0.5, 0.8, 5.0
    theirs.total_mass, theirs.polemass_length = theirs.masscart + theirs.masspole, theirs.masspole * theirs.length
    theirs.reset(seed=0)
    for _ in range(200):
        theirs.state = PAIRS["CartPole-v1"][2](rng)
        before = tuple(theirs.state.tolist())
        theirs.steps_beyond_terminated = None
        theirs.step(1)
        assert off(step(cart, before, 1, 0)[0], theirs.state) < 1e-15
    links = fsq.acrobot(mass_1=2.0, mass_2=0.5, length_1=1.5, centre_1=0.7, centre_2=0.4, inertia=0.8, torque=2.0)
    theirs = gymnasium.make("Acrobot-v1").unwrapped
    theirs.LINK_MASS_1, theirs.LINK_MASS_2, theirs.LINK_LENGTH_1, theirs.LINK_MOI = 2.0, 0.5, 1.5, 0.8
    theirs.LINK_COM_POS_1, theirs.LINK_COM_POS_2, theirs.AVAIL_TORQUE = 0.7, 0.4, [-2.0, 0.0, 2.0]
    theirs.reset(seed=0)
    for _ in range(200):
        theirs.state = PAIRS["Acrobot-v1"][2](rng)
        before = tuple(theirs.state.tolist())
        theirs.step(0)
        assert off(step(links, before, 0, 0)[0], theirs.state) < 1e-14


def extremes(bounds):
    return [dict(zip(bounds, values, strict=True)) for values in itertools.product(*bounds.values())]


@pytest.mark.parametrize(
    ("make", "options"),
    [
        *(
            (fsq.cart_pole, options)
            for options in extremes(
                {
                    "gravity": (-100, 100),
                    "cart_mass": (0.01, 100),
                    "pole_mass": (0.01, 100),
                    "half_length": (0.01, 100),
                    "force": (0.01, 100),
                    "time_step": (0.01, 100),
                }
            )
        ),
        *(
            (fsq.acrobot, options)
            for options in extremes(
                {
                    "mass_1": (0.5, 2),
                    "mass_2": (0.5, 2),
                    "length_1": (0.5, 2),
                    "centre_1": (0.25, 2),
                    "centre_2": (0.25, 2),
                    "inertia": (0.5, 2),
                    "torque": (0.1, 10),
                    "gravity": (0, 20),
                }
            )
        ),
        *(
            (fsq.pendulum, options)
            for options in extremes(
                {"most_torque": (0.1, 100), "mass": (0.1, 100), "length": (0.1, 100), "time_step": (0.001, 1)}
            )
        ),
    ],
)
def test_observations_are_finite_at_the_ends_of_what_is_allowed(make, options):
    environment, rng = make(**options), np.random.default_rng(0)
    n_actions, state = describe(environment).n_actions, reset(environment, 0)
    for t in range(60):
        state, reward, terminated = step(environment, state, int(rng.integers(n_actions)) if t % 2 else 0, t)
        assert np.isfinite(seen(environment, state)).all()
        assert np.isfinite(reward)
        if terminated:
            state = reset(environment, t)


@pytest.mark.parametrize("name", PAIRS)
def test_scaled_observations_are_the_same_divided(name):
    ours, _, drawn = PAIRS[name]
    rng = np.random.default_rng(4)
    scale = {
        "CartPole-v1": [2.4, 2.0, 12 * np.pi / 180, 2.0],
        "MountainCar-v0": [0.9, 0.07],
        "Acrobot-v1": [1, 1, 1, 1, 4 * np.pi, 9 * np.pi],
        "Pendulum-v1": [1, 1, 8],
    }[name]
    middle = [-0.3, 0.0] if name == "MountainCar-v0" else np.zeros(len(scale))
    for _ in range(50):
        state = tuple(drawn(rng).tolist())
        plain, scaled = seen(ours, state), seen(ours._replace(scaled=True), state)
        np.testing.assert_allclose(scaled, (plain - middle) / scale, rtol=1e-5, atol=1e-6)
        assert name == "CartPole-v1" or (np.abs(scaled) <= 1 + 1e-6).all()


@pytest.mark.parametrize(
    ("make", "options", "error", "message"),
    [
        (fsq.cart_pole, {"pole_mass": 0}, ValueError, r"pole_mass is 0.0; it must lie in \[0.01, 100\]"),
        (fsq.cart_pole, {"gravity": float("nan")}, ValueError, "gravity is nan; it must be finite"),
        (fsq.cart_pole, {"force": "10"}, TypeError, "force is '10'; it must be a number"),
        (fsq.cart_pole, {"scaled": 1}, TypeError, "scaled is 1; it must be True or False"),
        (fsq.cart_pole, {"max_steps": 0}, ValueError, "max_steps is 0; it must be at least 1"),
        (fsq.mountain_car, {"goal_velocity": 0.1}, ValueError, r"goal_velocity is 0.1; it must lie in \[0, 0.07\]"),
        (fsq.acrobot, {"equations": "boook"}, ValueError, "equations is 'boook'; did you mean 'book'"),
        (fsq.acrobot, {"inertia": True}, TypeError, "inertia is True; it must be a number"),
        (fsq.pendulum, {"torques": 1}, ValueError, "torques is 1; it must be at least 2"),
        (fsq.pendulum, {"torques": 3.0}, TypeError, "torques is 3.0; it must be an integer"),
    ],
)
def test_bad_options_are_refused(make, options, error, message):
    with pytest.raises(error, match=message):
        make(**options)
