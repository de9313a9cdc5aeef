import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsoftq.figures.columns import episode_blocks
from fastsoftq.figures.curve import curve, in_doubt, within_reach


@given(st.integers(1, 5000))
def test_blocks_part_the_episodes_and_the_first_ones_stand_alone(n_episodes):
    edges = episode_blocks(n_episodes)
    sizes = np.diff(edges)
    assert edges[0] == 0
    assert edges[-1] == n_episodes
    assert (sizes > 0).all()
    assert (sizes[:9] == 1).all()
    assert sizes[-1] >= sizes.max() / 3  # none at the end that would be all noise


def test_a_curve_is_the_mean_over_runs_and_the_episodes_of_each_block():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(40, 200))
    edges = episode_blocks(200)
    c = curve("a", "#000000", values)
    for i, (start, stop) in enumerate(itertools.pairwise(edges)):
        assert c.mean[i] == pytest.approx(values[:, start:stop].mean())
        assert c.median[i] == np.median(values[:, start:stop])
        assert c.x[i] == pytest.approx(np.arange(start + 1, stop + 1).mean())
    assert (c.low < c.mean).all()
    assert (c.mean < c.high).all()
    assert c.exact is None
    assert c.meets is None


def test_a_curve_meets_the_exact_answer_where_it_comes_to_stay():
    rng = np.random.default_rng(2)
    exact = np.full(300, -20.0)
    level = np.where(np.arange(300) < 60, -100.0, -20.0)
    level[5:8] = -20.0  # crosses it on the way
    c = curve("a", "#000000", level + 0.5 * rng.normal(size=(50, 300)), exact)
    assert 55 <= c.meets <= 70
    assert curve("b", "#000000", -100.0 + rng.normal(size=(50, 300)), exact).meets is None
    assert curve("c", "#000000", -20.0 + 0.5 * rng.normal(size=(50, 300)), exact).meets == 1


@pytest.mark.parametrize(("runs", "off"), [(8, 0.1), (8, 0.15), (30, 0.08), (200, 0.06), (400, -0.07)])
def test_means_that_are_off_agree_in_hardly_any_report(runs, off):
    """Of 100 at a level of 95 % as many as 12 would be one in a thousand; and where means are right they agree."""
    rng = np.random.default_rng(runs)
    exact = np.full(60, -50.0)
    reports = 100 if runs < 100 else 25
    wrong = [curve("a", "#000000", (1 + off) * exact + rng.normal(0.0, 8.0, (runs, 60)), exact) for _ in range(reports)]
    assert sum(c.meets is not None for c in wrong) <= 11
    right = curve("a", "#000000", exact + rng.normal(0.0, 8.0, (400, 60)), exact)
    assert right.meets == 1


def test_what_agrees_has_its_band_within_five_per_cent_from_there_on():
    rng = np.random.default_rng(5)
    exact = -20.0 - 30.0 * np.exp(-np.arange(300) / 50.0)
    c = curve("a", "#000000", exact - 80.0 * np.exp(-np.arange(300) / 9.0) + rng.normal(size=(40, 300)), exact)
    first = int(np.flatnonzero(episode_blocks(300) == c.meets - 1)[0])
    near = (np.maximum(np.abs(c.low - c.exact), np.abs(c.high - c.exact)) <= 0.05 * np.abs(c.exact)).tolist()
    assert all(near[first:])
    assert not near[first - 1]


def test_nearly_all_runs_alike_agree_with_nothing_and_their_bands_are_in_doubt():
    exact = np.full(20, -100.0)
    same = np.full((60, 20), -100.0)
    few = same.copy()
    few[:9, 7] = -101.0
    for values in (same, few):
        c = curve("a", "#000000", values, exact)
        assert c.alike.any()
        assert c.meets is None
        assert in_doubt([c]) == "; where nearly all runs are alike (in places of a) they know of no rarer ones"
        many = in_doubt([replace(c, label=f"{i}") for i in range(5)])
        assert "(in places of 0; 1; 3 others)" in many
    c = curve("a", "#000000", -100.0 + np.random.default_rng(0).normal(size=(60, 20)), exact)
    assert not c.alike.any()
    assert in_doubt([c]) == ""
    assert in_doubt([curve("a", "#000000", np.arange(20.0).reshape(10, 2))]) == (
        "; they are rough with fewer than about 50 seeds"
    )


def test_a_band_for_less_error_is_wider():
    values = np.random.default_rng(0).normal(size=(40, 30))
    usual, careful = (curve("a", "#000000", values, error=error) for error in (0.05, 0.001))
    assert (careful.low < usual.low).all()
    assert (careful.high > usual.high).all()


def test_a_mean_that_is_hardly_known_agrees_with_nothing():
    rng = np.random.default_rng(4)
    exact = np.full(40, -20.0)
    assert curve("a", "#000000", -20.0 + rng.normal(0.0, 30.0, (5, 40)), exact).meets is None
    assert curve("a", "#000000", -20.0 + rng.normal(0.0, 5.0, (2000, 40)), exact).meets == 1


def test_bands_narrower_than_the_runs_are_shown_whole():
    values = -50.0 + 10.0 * np.random.default_rng(6).normal(size=(200, 40))
    c = curve("a", "#336699", values)
    low, high = within_reach(c.mean, c.low, c.high, c.reach)
    np.testing.assert_array_equal(low, c.low)
    np.testing.assert_array_equal(high, c.high)


def test_fewer_than_five_seeds_meet_nothing():
    exact = np.full(20, -100.0)
    values = -100.0 + 1e-3 * np.random.default_rng(8).normal(size=(5, 20))
    assert curve("a", "#000000", values[:4], exact).meets is None
    assert curve("a", "#000000", values, exact).meets == 1
