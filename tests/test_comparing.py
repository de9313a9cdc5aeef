"""compare: what is compared, by which name."""

import pytest

import fastsoftq as fsq
from fastsoftq.comparing import LAST

MDP = fsq.cliff_walking(height=3, width=4)
HARD, SOFT = (
    fsq.train(MDP, agent, 12, 2 * LAST, 30, threads=1)
    for agent in (fsq.QLearning(0.5, 0.9), fsq.SoftQLearning(0.5, 0.9, reward_scale=9.0))
)


@pytest.mark.parametrize(("one", "array"), [("return", "returns"), ("length", "lengths")])
def test_a_metric_goes_by_its_own_name_or_by_its_arrays(one, array):
    assert fsq.compare(SOFT, HARD, one) == fsq.compare(SOFT, HARD, array)
    means = [getattr(curves, array)[:, -LAST:].mean() for curves in (SOFT, HARD)]
    assert fsq.compare(SOFT, HARD, array).difference == pytest.approx(means[0] - means[1])


def test_an_unknown_metric_is_refused_with_the_nearest_name():
    with pytest.raises(ValueError, match="metric is 'lenght'; did you mean 'length'"):
        fsq.compare(SOFT, HARD, "lenght")
    with pytest.raises(TypeError, match="metric is 3; it must be one of 'return', 'length', 'truncated', 'returns'"):
        fsq.compare(SOFT, HARD, 3)


def test_curves_of_one_run_and_slices_of_no_integers_are_refused_by_name():
    one = fsq.train(MDP, fsq.QLearning(0.8, 0.9), 1, 5, 20)
    with pytest.raises(ValueError, match=r"curves_b holds 1 run\(s\); at least 2 are needed"):
        fsq.compare(SOFT, one)
    with pytest.raises(ValueError, match=r"episodes\.step is 0; it must be another integer"):
        fsq.compare(SOFT, HARD, episodes=slice(None, None, 0))
    with pytest.raises(TypeError, match=r"episodes\.start is 0\.5; it must be an integer"):
        fsq.compare(SOFT, HARD, episodes=slice(0.5, None))
