import numpy as np
import pytest

from fastsoftq.statistics import confidence_sequence, sequential_comparison


def naive_sequence(x, level, candidates):
    """Waudby-Smith and Ramdas, one candidate and one run at a time: which candidates have lost by each time?"""
    error = 1.0 - level
    alive = np.ones((len(x), len(candidates)), dtype=bool)
    for j, m in enumerate(candidates):
        up = down = 0.5
        seen, squares, variance = [], 0.25, 0.25
        lost = False
        for t, value in enumerate(x, start=1):
            bet = np.sqrt(2.0 * np.log(2.0 / error) / (variance * t * np.log(t + 1.0)))
            up *= 1.0 + min(bet, 0.5 / m) * (value - m)
            down *= 1.0 - min(bet, 0.5 / (1.0 - m)) * (value - m)
            lost = lost or max(up, down) >= 1.0 / error
            alive[t - 1, j] = not lost
            seen.append(value)
            mean = (0.5 + sum(seen)) / (t + 1.0)
            squares += (value - mean) ** 2
            variance = squares / (t + 1.0)
    return alive


def test_bounds_are_those_of_the_paper_to_within_one_candidate():
    x = np.random.default_rng(0).beta(2.0, 5.0, size=60)
    ours = confidence_sequence(x, (0.0, 1.0))
    candidates = np.linspace(0.0, 1.0, 201)[1:-1]
    for t, alive in enumerate(naive_sequence(x, 0.95, candidates)):
        assert ours.low[t] == pytest.approx(candidates[alive].min(), abs=0.006)
        assert ours.high[t] == pytest.approx(candidates[alive].max(), abs=0.006)


@pytest.mark.parametrize(
    ("draw", "mean"),
    [
        pytest.param(lambda rng, n: rng.random(n), 0.5, id="uniform"),
        pytest.param(lambda rng, n: (rng.random(n) < 0.05).astype(float), 0.05, id="rare disasters"),
        pytest.param(lambda rng, n: rng.beta(0.5, 2.0, n), 0.2, id="skewed"),
    ],
)
def test_all_intervals_hold_together(draw, mean):
    rng = np.random.default_rng(1)
    inside = [
        bool(((s.low <= mean) & (mean <= s.high)).all())
        for s in (confidence_sequence(draw(rng, 200), (0.0, 1.0), level=0.9) for _ in range(250))
    ]
    assert np.mean(inside) >= 0.9 - 3.0 * np.sqrt(0.09 / 250)


def test_intervals_only_shrink_and_find_the_mean():
    x = np.random.default_rng(2).beta(2.0, 2.0, 3000)
    s = confidence_sequence(x, (0.0, 1.0))
    assert (np.diff(s.low) >= 0.0).all()
    assert (np.diff(s.high) <= 0.0).all()
    assert s.low[-1] <= 0.5 <= s.high[-1]
    assert s.high[-1] - s.low[-1] < 0.06
    np.testing.assert_allclose(s.center, x.cumsum() / np.arange(1, 3001))


def test_bounds_scale_and_mirror():
    x = np.random.default_rng(3).random(100)
    unit, scaled = confidence_sequence(x, (0.0, 1.0)), confidence_sequence(10.0 * x - 7.0, (-7.0, 3.0))
    np.testing.assert_allclose(scaled.low, 10.0 * unit.low - 7.0, atol=0.006)
    mirrored = confidence_sequence(1.0 - x, (0.0, 1.0))
    np.testing.assert_allclose(mirrored.low, 1.0 - unit.high, atol=6e-4)


def test_looking_early_gives_the_same_answer():
    x = np.random.default_rng(4).random(80)
    np.testing.assert_array_equal(
        confidence_sequence(x[:30], (0.0, 1.0)).low, confidence_sequence(x, (0.0, 1.0)).low[:30]
    )


def test_a_comparison_stops_as_soon_as_it_is_decided_and_says_so():
    rng = np.random.default_rng(5)
    hard, soft = rng.normal(-49.0, 5.0, 100).clip(-100.0, 0.0), rng.normal(-12.0, 0.2, 100)
    result = sequential_comparison(soft, hard, (-100.0, 0.0))
    assert 5 < result.decided_at < 60
    assert result.sign == 1
    assert result.sequence.low[result.decided_at - 1] > 0.0 >= result.sequence.low[result.decided_at - 2]
    assert result.message.startswith(f"a exceeds b, decided after {result.decided_at} seeds: a - b lies in [")
    mirrored = sequential_comparison(hard, soft, (-100.0, 0.0))
    assert (mirrored.decided_at, mirrored.sign) == (result.decided_at, -1)
    assert mirrored.message.startswith("b exceeds a")


def test_equals_are_not_told_apart_however_often_one_looks():
    rng = np.random.default_rng(6)
    results = [sequential_comparison(rng.random(150), rng.random(150), (0.0, 1.0), level=0.9) for _ in range(250)]
    told = [r.decided_at is not None for r in results]
    assert np.mean(told) <= 0.1 + 3.0 * np.sqrt(0.09 / 250)
    undecided = results[told.index(False)]
    assert undecided.sign == 0
    assert undecided.message.startswith("not told apart after 150 seeds")


def test_bad_bounds_are_refused():
    with pytest.raises(ValueError, match=r"x\[1\] is 2.0; it must lie within bounds, \[0.0, 1.0\]"):
        confidence_sequence([0.5, 2.0], (0.0, 1.0))
    with pytest.raises(ValueError, match=r"b\[1\] is -3\.0; it must lie within bounds"):
        sequential_comparison([0.0, 0.5], [0.5, -3.0], (0.0, 1.0))
    with pytest.raises(ValueError, match="the first must be below the second"):
        confidence_sequence([0.5], (1.0, 1.0))
    with pytest.raises(ValueError, match="is inf"):
        confidence_sequence([0.5], (0.0, np.inf))
    with pytest.raises(TypeError, match="must be a pair"):
        confidence_sequence([0.5], 1.0)
    with pytest.raises(ValueError, match="to be paired"):
        sequential_comparison([0.5], [0.5, 0.1], (0.0, 1.0))


def test_runs_that_change_on_the_way_leave_no_mean_and_the_message_says_so():
    a = np.concatenate([np.ones(200), np.zeros(800)])
    result = sequential_comparison(a, np.zeros(1000), (0.0, 1.0))
    assert result.sequence.low[-1] > result.sequence.high[-1]
    assert "no a - b is left" in result.message
    assert "lies in" not in result.message
    rng = np.random.default_rng(7)
    steady = sequential_comparison(rng.random(300), rng.random(300), (0.0, 1.0))
    low, high = (float(x) for x in steady.message.split("[")[1].split("]")[0].split(", "))
    assert low <= high


def test_bounds_are_not_left_by_rounding():
    ours = confidence_sequence([0.1 + 0.2, 0.3, 0.0], (0.0, 0.3))
    assert ours.high[-1] <= 0.3
