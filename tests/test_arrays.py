"""Whatever guise numbers come in, a function makes the same of them; what is none, or is masked, it refuses by name."""

import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import fastsoftq as fsq
from fastsoftq import checks, statistics
from tests.array_kinds import BAD, GUISES, SCALARS, labelled

MDP = fsq.cliff_walking(height=2, width=3)
HARD = fsq.QLearning(0.5, 0.9)
RNG = np.random.default_rng(0)
EVEN = np.full((MDP.n_states, MDP.n_actions), 0.25)
SEEN = fsq.Demonstrations.of([[(0, 1), (1, 1)], [(0, 1)]])
FEATURES = np.eye(4)[None, :, :2].repeat(MDP.n_states, axis=0)
A, B, MANY = np.round(RNG.normal(size=(3, 8, 4)), 3)
SHARES = np.round(RNG.random(8), 3)
TWO = {
    "next_state": np.array([[[0, 1], [1, 1]], [[1, 1], [0, 1]]]),
    "reward": np.array([[[-1.0, 0.0], [2.0, 2.0]], [[1.0, 1.0], [0.5, 0.25]]]),
    "terminated": np.array([[[False, True], [False, False]], [[False, False], [True, False]]]),
    "probability": np.array([[[0.25, 0.75], [1.0, 0.0]], [[0.5, 0.5], [0.125, 0.875]]]),
    "start": np.array([0.25, 0.75]),
    "map": ["S."],
    "cells": np.array([[0, 0], [0, 1]]),
}
STEPS = {
    "trajectory": np.array([0, 0, 1]),
    "state": np.array([0, 1, 0]),
    "action": np.array([1, 1, 1]),
    "reward": np.array([-1.0, -1.0, -0.5]),
}


def two(**changes):
    mdp = fsq.TabularMDP(**(TWO | changes))
    return [getattr(mdp, name).tolist() for name in TWO if name != "map"]


def seen(**changes):
    found = fsq.Demonstrations(**(STEPS | changes))
    return [getattr(found, name).tolist() for name in STEPS]


def trained(**changes):
    curves = fsq.train(MDP, HARD, **({"seeds": np.array([3, 1, 2]), "episodes": 3, "max_steps": 9} | changes))
    return curves.seeds.tolist(), curves.returns.tolist()


def streamed(seeds):
    return [curves.returns.tolist() for curves in fsq.stream(MDP, HARD, seeds, 3, 9, block=2)]


def drawn(**arrays):
    ax = fsq.plot_grid(MDP, **arrays)
    return [image.get_array().tolist() for image in ax.images], [text.get_text() for text in ax.texts]


def fitted(features):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # that three steps are not enough
        return fsq.fit_rewards(MDP, features, SEEN, 0.9, max_iterations=3).weights.tolist()


def statistic(function, argument, value, **others):
    """A case of a function of statistics, whose results are told apart by how they are written."""

    def written(x):
        with np.printoptions(precision=17, threshold=1_000_000):
            return repr(function(**{argument: x}, **others))

    return written, argument, value


Q = np.round(RNG.normal(size=(MDP.n_states, MDP.n_actions)), 2)
CASES = {
    **{f"TabularMDP.{name}": ((lambda x, n=name: two(**{n: x})), name, TWO[name]) for name in TWO if name != "map"},
    **{f"Demonstrations.{name}": ((lambda x, n=name: seen(**{n: x})), name, STEPS[name]) for name in STEPS},
    "Demonstrations.of": (
        lambda x: fsq.Demonstrations.of([x, [(5, 5)]]).state.tolist(),
        "trajectories",
        np.array([[0, 1], [1, 1]]),
    ),
    "train.seeds": (lambda x: trained(seeds=x), "seeds", np.array([3, 1, 2])),
    "train.initial_q": (lambda x: trained(initial_q=x), "initial_q", Q),
    "train.initial_q of each": (lambda x: trained(initial_q=x), "initial_q", np.stack([Q, 2 * Q, -Q])),
    "stream.seeds": (streamed, "seeds", np.array([3, 1, 2])),
    "evaluate_policy": (lambda x: fsq.evaluate_policy(MDP, x).q.tolist(), "policy", EVEN),
    "evaluate_policy by steps": (lambda x: fsq.evaluate_policy(MDP, x).q.tolist(), "policy", np.stack([EVEN, EVEN])),
    "occupancy": (lambda x: fsq.occupancy(MDP, x, 0.9).visits.tolist(), "policy", EVEN),
    "elbo": (lambda x: fsq.elbo(MDP, x, horizon=5), "policy", EVEN),
    "sample_trajectories": (
        lambda x: fsq.sample_trajectories(MDP, x, 3, horizon=5, rng=0).states.tolist(),
        "policy",
        EVEN,
    ),
    "log_likelihood": (lambda x: fsq.log_likelihood(MDP, x, SEEN), "policy", EVEN),
    "fit_rewards": (
        fitted,
        "features",
        FEATURES,
    ),
    "multi_goal.goal_rewards": (
        lambda x: fsq.multi_goal(5, goal_rewards=x).reward.tolist(),
        "goal_rewards",
        np.array([0.0, -0.25, -0.5, -0.75]),
    ),
    "plot_grid.value": (lambda x: drawn(value=x), "value", Q[:, 0]),
    "plot_grid.policy": (lambda x: drawn(policy=x), "policy", EVEN),
    "plot_grid.occupancy": (lambda x: drawn(occupancy=x), "occupancy", SHARES[: MDP.n_states]),
    "confidence_interval": statistic(statistics.confidence_interval, "x", A[:, 0]),
    "interquartile_mean": statistic(statistics.interquartile_mean, "x", A[:, 0]),
    "interquartile_mean of columns": statistic(statistics.interquartile_mean, "x", A, axis=0),
    "tail_mean": statistic(statistics.tail_mean, "x", A, fraction=0.25),
    "empirical_distribution": statistic(statistics.empirical_distribution, "x", A[:, 0]),
    "performance_profile.x": statistic(statistics.performance_profile, "x", A[:, 0], thresholds=[0.0, 1.0]),
    "performance_profile.thresholds": statistic(
        statistics.performance_profile, "thresholds", np.array([0.0, 1.0]), x=A[:, 0]
    ),
    "compare_samples": statistic(statistics.compare_samples, "a", A[:, 0], b=B[:, 0], paired=True),
    "welch_test": statistic(statistics.welch_test, "b", A[:, 0], a=B[:, 0]),
    "probability_of_improvement": statistic(
        statistics.probability_of_improvement, "a", A[:, 0], b=B[:, 0], paired=False
    ),
    "permutation_test": statistic(statistics.permutation_test, "b", A[:, 0], a=B[:, 0], paired=True),
    "holm": statistic(statistics.holm, "p_values", SHARES),
    "seeds_needed": statistic(
        statistics.seeds_needed, "pilot_a", A[:, 0], pilot_b=B[:, 0], difference=0.5, paired=True
    ),
    "confidence_band": statistic(statistics.confidence_band, "x", MANY, resamples=100),
    "difference_band": statistic(statistics.difference_band, "a", A, b=B, resamples=100),
    "pointwise_intervals": statistic(statistics.pointwise_intervals, "x", MANY),
    "area_under_curve": statistic(statistics.area_under_curve, "curves", MANY),
    "final_performance": statistic(statistics.final_performance, "curves", MANY, last=2),
    "sample_efficiency": statistic(statistics.sample_efficiency, "curves", MANY, threshold=0.5),
    "confidence_sequence": statistic(statistics.confidence_sequence, "x", SHARES, bounds=(0.0, 1.0)),
    "sequential_comparison": statistic(
        statistics.sequential_comparison, "a", SHARES, b=SHARES[::-1], bounds=(0.0, 1.0)
    ),
    "suite_interval": statistic(statistics.suite_interval, "scores", A, resamples=100),
    "suite_profile": statistic(statistics.suite_profile, "scores", A, thresholds=[0.0, 0.5], resamples=100),
    "suite_probability_of_improvement": statistic(statistics.suite_probability_of_improvement, "a", A, b=B),
}
# Where text, a set, strings, ... mean something else, or one more axis does.
MEANT = {
    ("evaluate_policy", "another shape"),
    ("occupancy", "another shape"),
    ("elbo", "another shape"),
    ("sample_trajectories", "another shape"),
    ("train.initial_q", "another shape"),
    ("TabularMDP.start", "another shape"),
    ("interquartile_mean", "another shape"),
    ("interquartile_mean of columns", "another shape"),
    ("tail_mean", "another shape"),
}


@pytest.mark.parametrize("case", CASES)
def test_in_every_guise_numbers_are_the_same(case):
    function, _, plain = CASES[case]
    expected = function(plain)
    for guise, make in GUISES.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PendingDeprecationWarning)  # of matrices
            value = make(plain)
        if value is not None:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                assert function(value) == expected, guise


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", CASES)
def test_what_is_no_number_is_refused_by_name(case):
    function, argument, plain = CASES[case]
    for kind, make in BAD.items():
        if (case, kind) in MEANT:
            continue
        value = make(plain)
        with pytest.raises((TypeError, ValueError)) as error:
            print(case, kind, function(value))
        assert argument in str(error.value), kind
        if "masked" in kind:
            assert "has masked entries" in str(error.value), kind


def step(action):
    env = fsq.to_gymnasium(MDP)
    env.reset(seed=0)
    return env.step(action)


def learned(**hyperparameters):
    agent = fsq.SoftQLearning(**({"step_size": 0.5, "discount": 0.5, "reward_scale": 4.0} | hyperparameters))
    return fsq.train(MDP, agent, 2, 3, 9).returns.tolist()


def decayed(**fields):
    epsilon = fsq.LinearDecay(**({"start": 0.5, "stop": 0.25, "decrease": 0.125} | fields))
    return fsq.train(MDP, fsq.QLearning(0.5, 0.5, epsilon), 2, 3, 9).returns.tolist()


NUMBERS = {
    "step_size": (lambda x: learned(step_size=x), 0.5),
    "discount": (lambda x: learned(discount=x), 0.5),
    "temperature": (lambda x: learned(temperature=x), 2.0),
    "reward_scale": (lambda x: learned(reward_scale=x), 8.0),
    "start": (lambda x: decayed(start=x), 0.75),
    "stop": (lambda x: decayed(stop=x), 0.125),
    "decrease": (lambda x: decayed(decrease=x), 0.25),
    "step_reward": (lambda x: fsq.from_map("S.G", step_reward=x).reward.tolist(), -2.0),
    "goal_reward": (lambda x: fsq.from_map("S.G", goal_reward=x).reward.tolist(), 2.0),
    "goal_reward['G']": (lambda x: fsq.from_map("S.G", goal_reward={"G": x}).reward.tolist(), 2.0),
    "goal_rewards": (lambda x: fsq.multi_goal(5, goal_rewards=x).reward.tolist(), 2.0),
    "goal_rewards[0]": (lambda x: fsq.multi_goal(5, goal_rewards=[x, 1.0, 2.0, 3.0]).reward.tolist(), 0.5),
    "spacing": (lambda x: fsq.point_mass(x).reward.tolist(), 1.0),
    "value_iteration": (lambda x: fsq.value_iteration(MDP, x).q.tolist(), 0.5),
    "soft_value_iteration": (lambda x: fsq.soft_value_iteration(MDP, 0.5, temperature=x).q.tolist(), 0.5),
    "evaluate_policy": (lambda x: fsq.evaluate_policy(MDP, EVEN, x).q.tolist(), 0.5),
    "level": (lambda x: repr(statistics.confidence_interval(A[:, 0], level=x)), 0.75),
    "difference": (lambda x: repr(statistics.power(9, x, 1.0, paired=True)), 0.5),
}
COUNTS = {
    "episodes": (lambda x: fsq.train(MDP, HARD, 2, x, 9).returns.tolist(), 3),
    "max_steps": (lambda x: fsq.train(MDP, HARD, 2, 3, x).lengths.tolist(), 3),
    "seeds": (lambda x: fsq.train(MDP, HARD, x, 3, 9).returns.tolist(), 3),
    "threads": (lambda x: fsq.train(MDP, HARD, 2, 3, 9, threads=x).returns.tolist(), 1),
    "block": (lambda x: [len(c.seeds) for c in fsq.stream(MDP, HARD, 4, 3, 9, block=x)], 3),
    "start": (lambda x: two(start=x), 1),
    "state": (lambda x: MDP.outcomes(x, 1), 1),
    "action": (lambda x: MDP.outcomes(0, x), 1),
    "an action taken": (step, 1),
    "size": (lambda x: fsq.multi_goal(x).map, 5),
    "closed": (lambda x: fsq.multi_goal(5, closed=[x]).map, 1),
    "height": (lambda x: fsq.cliff_walking(height=x).map, 3),
    "horizon": (lambda x: fsq.evaluate_policy(MDP, EVEN, horizon=x).q.tolist(), 3),
    "max_iterations": (lambda x: fsq.value_iteration(MDP, 0.5, max_iterations=x).q.tolist(), 50),
    "rng": (lambda x: repr(statistics.permutation_test(A[:, 0], B[:, 0], paired=True, rng=x)), 3),
    "resamples": (lambda x: repr(statistics.confidence_band(MANY, resamples=x)), 100),
}
FLAGS = {
    "keep_q": (lambda x: fsq.train(MDP, HARD, 2, 3, 9, keep_q=x).final_q is None, True),
    "slippery": (lambda x: fsq.cliff_walking(slippery=x).n_outcomes, True),
    "paired": (lambda x: statistics.permutation_test(A[:, 0], B[:, 0], paired=x).p_value, True),
    "precision": (lambda x: fsq.train(MDP, HARD, 2, 3, 9, precision=x).precision, "mixed"),
    "walls": (lambda x: fsq.multi_goal(9, walls=x).map, "hallway"),
    "name": (lambda x: fsq.from_map("S.G", name=x).name, "corridor"),
}


@pytest.mark.parametrize("case", NUMBERS)
def test_an_array_of_no_axes_is_a_number(case):
    function, plain = NUMBERS[case]
    for guise, make in SCALARS.items():
        assert function(make(plain)) == function(plain), guise


@pytest.mark.parametrize("case", COUNTS)
def test_an_array_of_no_axes_is_a_count(case):
    function, plain = COUNTS[case]
    for make in (np.int8, np.int64, np.uint64, np.array, np.ma.array, lambda x: np.array(x, ">i4"), labelled):
        assert function(make(plain)) == function(plain)
    for wrong in (plain + 0.5, np.array(float(plain)), np.float64(plain), str(plain), True, np.array(True)):
        with pytest.raises(TypeError):
            print(repr(wrong), function(wrong))


@pytest.mark.parametrize("case", FLAGS)
def test_an_array_of_no_axes_is_a_flag_or_a_name(case):
    function, plain = FLAGS[case]
    for make in (np.array, np.ma.array, lambda x: np.array([x])[0]):
        assert function(make(plain)) == function(plain)


@pytest.mark.parametrize("case", [*NUMBERS.values(), *COUNTS.values(), *FLAGS.values()])
def test_what_is_masked_is_no_scalar(case):
    function, plain = case
    for masked in (np.ma.masked, np.ma.array(plain, mask=True)):
        with pytest.raises((ValueError, TypeError), match="masked entries"):
            print(function(masked))


@given(st.data(), npst.array_shapes(min_dims=1, max_dims=3, max_side=4), st.sampled_from([bool, np.int64, np.float64]))
def test_every_guise_of_any_array_is_that_array(data, shape, dtype):
    elements = {bool: st.booleans(), np.int64: st.integers(0, 99)}.get(dtype, st.floats(-9, 9, width=16))
    plain = data.draw(npst.arrays(dtype, shape, elements=elements))
    guise = data.draw(st.sampled_from(sorted(GUISES)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        value = GUISES[guise](plain)
    if value is not None:
        found = checks.array("x", value, "biuf")
        assert type(found) is np.ndarray
        assert found.dtype.kind in {"i": "iu"}.get(plain.dtype.kind, plain.dtype.kind)
        np.testing.assert_array_equal(found.astype(np.float64), plain.astype(np.float64), strict=True)


@given(
    st.lists(st.integers(1, 10**6), min_size=1, max_size=40),
    st.sampled_from([np.float16, np.float32, np.float64, np.longdouble]),
)
def test_a_distribution_of_any_precision_is_one_of_double_precision(shares, dtype):
    """Rounded to its precision, a distribution is taken, and what is made of it is within that rounding."""
    exact = [Fraction(share, sum(shares)) for share in shares]
    rounded = np.array([float(p) for p in exact]).astype(dtype)
    found = checks.distribution("p", rounded)
    assert found.dtype == np.float64
    epsilon = max(float(np.finfo(dtype).eps), 2.0**-52)
    assert abs(float(sum(map(Fraction, found.tolist())) - 1)) <= len(exact) * 2.0**-52
    tiny = float(np.finfo(dtype).smallest_subnormal)
    for p, q in zip(found.tolist(), exact, strict=True):
        assert abs(Fraction(p) - q) <= q * Fraction(2 * epsilon * (len(exact) + 1)) + Fraction(tiny)


@pytest.mark.parametrize(("dtype", "off"), [(np.float16, 0.02), (np.float32, 1e-5), (np.float64, 1e-8)])
def test_what_its_precision_does_not_explain_is_no_distribution(dtype, off):
    for axis in (0, 2):
        p = np.full((2, 3, 4), 0.25, dtype)
        p[1, 2, axis] += dtype(off)
        with pytest.raises(ValueError, match=r"p\[1, 2\] sums to 1\.0.*; probabilities must sum to 1"):
            checks.distribution("p", p)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_softmax_policies_of_single_precision_are_policies(dtype):
    logits = RNG.normal(size=(MDP.n_states, MDP.n_actions), scale=3.0).astype(dtype)
    weights = np.exp(logits - logits.max(axis=1, keepdims=True))
    policy = weights / weights.sum(axis=1, keepdims=True, dtype=dtype)
    assert policy.dtype == dtype
    assert (np.abs(policy.astype(np.float64).sum(axis=1) - 1.0) > 1e-9).any()
    exact = policy.astype(np.float64) / policy.astype(np.float64).sum(axis=1, keepdims=True)
    found, expected = fsq.evaluate_policy(MDP, policy, 0.9), fsq.evaluate_policy(MDP, exact, 0.9)
    np.testing.assert_array_equal(found.q, expected.q)
    starts = policy[0] / policy[0].sum(dtype=dtype)
    mdp = fsq.TabularMDP(np.zeros((4, 1, 4), int), 0.0, False, np.broadcast_to(policy[0], (4, 1, 4)), starts)
    np.testing.assert_allclose(mdp.probability.sum(axis=2), 1.0, rtol=0.0, atol=2.0**-52)
    np.testing.assert_allclose(mdp.start, exact[0], rtol=4.0 * np.finfo(dtype).eps)


def test_distributions_of_double_precision_keep_their_bits():
    p = np.array([[0.1, 0.2, 0.7], [1 / 3, 1 / 3, 1 / 3], [0.3, 0.3, 0.4 + 1e-10]])
    assert checks.distribution("p", p).tobytes() == p.tobytes()


@pytest.mark.parametrize(
    ("seeds", "message"),
    [
        (np.array([1, None], object), "seeds has dtype object; it must be a count or an array of integers"),
        (np.array([2**64, 1], object), r"seeds includes 18446744073709551616; .* below 2\*\*64"),
        (np.array([0.5, 1.0]), "seeds has dtype float64"),
    ],
)
def test_seeds_that_are_none(seeds, message):
    with pytest.raises((TypeError, ValueError), match=message):
        fsq.train(MDP, HARD, seeds, 1)


def test_layout_in_memory_changes_no_bit():
    x = RNG.normal(size=(50, 30))
    assert statistics.area_under_curve(np.asfortranarray(x)).tobytes() == statistics.area_under_curve(x).tobytes()


def test_nothing_given_is_kept():
    """What is done to an array afterwards does not change what was made of it."""
    state = np.array([0, 1, 0])
    found = fsq.Demonstrations(**(STEPS | {"state": state}))
    state[0] = 5
    assert found.state.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"trajectory": [0, 2, 2]}, r"trajectory is \[0 2 2\]; it must count 0, 1, \.\.\. and never fall"),
        ({"trajectory": [1, 1, 1]}, "it must count 0, 1, ... and never fall"),
        ({"trajectory": [0, 1, 0]}, "it must count 0, 1, ... and never fall"),
        ({"state": [0, 1]}, r"state has shape \(2,\); it must be \[steps\] = \(3,\)"),
        ({"action": [0, -1, 2]}, r"action includes -1; it must hold numbers from 0"),
        ({"reward": [0.0, 1.0, np.nan]}, "reward includes nan; rewards must be finite"),
        ({"reward": [0.0, 1.0]}, r"reward has shape \(2,\); it must be \[steps\] = \(3,\)"),
        ({"reward": 1.0}, r"reward has shape \(\); it must be \[steps\] = \(3,\)"),
    ],
)
def test_demonstrations_that_are_none(changes, message):
    with pytest.raises(ValueError, match=message):
        seen(**changes)


@pytest.mark.parametrize("case", ["evaluate_policy", "occupancy", "elbo", "sample_trajectories", "log_likelihood"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, ">f4"])
def test_policies_of_any_precision_are_policies_everywhere(case, dtype):
    weights = np.exp(np.arange(MDP.n_states * 4).reshape(-1, 4) % 7 / 3.0).astype(dtype)
    policy = weights / weights.sum(axis=1, keepdims=True)
    exact = policy.astype(np.float64) / policy.astype(np.float64).sum(axis=1, keepdims=True)
    assert CASES[case][0](policy) == CASES[case][0](exact)


class Raising:
    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("a tensor that needs its gradient")


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_made_an_array_is_refused_by_name(case):
    function, argument, _ = CASES[case]
    with pytest.raises((TypeError, ValueError), match=argument):
        function(Raising())
