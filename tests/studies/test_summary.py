import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.stats import skew

import fastsoftq as fsq
from fastsoftq.engine.curves import LearningCurves
from fastsoftq.studies.inspect import verify
from fastsoftq.studies.results import open_results
from fastsoftq.studies.running import run
from fastsoftq.studies.summary import LEVELS, STATISTICS, merged, summarized


def curves_with(returns):
    lengths = np.abs(returns).astype(np.int32) % 97
    return LearningCurves(
        returns=returns,
        lengths=lengths,
        truncated=lengths > 50,
        seeds=np.arange(len(returns), dtype=np.uint64),
        agent=None,
        mdp="none",
        max_steps=50,
        precision="double",
    )


@settings(max_examples=60, deadline=None)
@given(
    arrays.arrays(
        np.float64,
        st.tuples(st.integers(1, 40), st.integers(1, 4)),
        elements=st.floats(-1e4, 1e4, allow_nan=False) | st.integers(-20, 0).map(float),
    ),
    st.integers(1, 12),
)
def test_a_block_is_summarised_as_numpy_and_scipy_would(returns, block):
    curves = curves_with(returns)
    summary = summarized(curves, block)
    for number, start in enumerate(range(0, len(returns), block)):
        part = slice(start, start + block)
        for name in ("returns", "lengths"):
            x = getattr(curves, name)[part].astype(float)
            stored = dict(zip(STATISTICS, summary[name][number].T, strict=True))
            np.testing.assert_allclose(stored["mean"], x.mean(axis=0), rtol=1e-12, atol=1e-9)
            np.testing.assert_allclose(stored["moment2"], x.var(axis=0), rtol=1e-9, atol=1e-6)
            third = ((x - x.mean(axis=0)) ** 3).mean(axis=0)
            np.testing.assert_allclose(stored["moment3"], third, rtol=1e-8, atol=1e-2)
            for level in LEVELS:
                want = np.quantile(x, level, axis=0)
                np.testing.assert_allclose(stored[f"quantile_{level:g}"], want, rtol=1e-12, atol=1e-9)
        np.testing.assert_array_equal(summary["truncated"][number], curves.truncated[part].mean(axis=0))


@pytest.mark.parametrize("episodes", [1, 2, 65])
def test_runs_are_added_one_after_the_other(episodes):
    """Whatever else is summed beside an episode: NumPy would add a single column by halves."""
    rng = np.random.default_rng(episodes)
    returns = rng.normal(size=(1000, episodes)) * 10.0 ** rng.integers(-8, 8, size=(1000, episodes))
    totals = np.zeros(episodes)
    for row in returns:
        totals = totals + row
    found = summarized(curves_with(returns), 1000)["returns"][0, :, 0]
    assert found.tobytes() == (totals / 1000).tobytes()


@settings(max_examples=60, deadline=None)
@given(
    arrays.arrays(
        np.float64, st.tuples(st.integers(2, 60), st.integers(1, 3)), elements=st.integers(-300, 0).map(float)
    ),
    st.integers(1, 70),
)
def test_merged_moments_are_those_of_all_runs(returns, block):
    statistics = summarized(curves_with(returns), block)["returns"]
    runs = np.minimum(block, len(returns) - np.arange(0, len(returns), block))
    whole = merged(statistics, runs)
    assert whole.runs == len(returns)
    np.testing.assert_allclose(whole.mean, returns.mean(axis=0), atol=1e-9)
    np.testing.assert_allclose(whole.variance, returns.var(axis=0, ddof=1), rtol=1e-9, atol=1e-9)
    spread = returns.std(axis=0)
    varies = spread > 0.1
    np.testing.assert_allclose(whole.skewness[varies], skew(returns[:, varies], axis=0), rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(whole.quantiles[0], returns.min(axis=0))
    np.testing.assert_array_equal(whole.quantiles[-1], returns.max(axis=0))
    if block >= len(returns):
        np.testing.assert_allclose(whole.quantiles, np.quantile(returns, LEVELS, axis=0), atol=1e-9)


def test_merged_quantiles_come_close_to_those_of_all_runs():
    returns = np.random.default_rng(0).gumbel(size=(2**15, 2))
    runs = np.full(32, 1024)
    whole = merged(summarized(curves_with(returns), 1024)["returns"], runs)
    # The standard error of a quantile of all runs, and the bias of order 1 / 1024 of a block's.
    levels = LEVELS[1:-1]
    every = np.quantile(returns, levels, axis=0)
    for level, found, exact in zip(levels, whole.quantiles[1:-1], every, strict=True):
        density = -np.log(level) * level
        error = np.sqrt(level * (1 - level) / len(returns)) / density
        assert np.abs(found - exact).max() < 2 * error


def test_a_study_of_summaries(small, tmp_path):
    study = small(keep="summary", block=50, seeds=330)
    run(study, tmp_path / "one", threads=1, chunk=10**5)
    run(small(keep="summary", block=50), tmp_path / "grown", threads=2, chunk=100)
    outcome = run(study, tmp_path / "grown", threads=2)
    assert outcome.computed == 4  # what was there stays: 330 runs are chunks of 100, 100, 100 and 30
    digest = verify(tmp_path / "one").digest
    assert digest is not None
    assert verify(tmp_path / "grown").digest == digest

    results = open_results(tmp_path / "grown")
    for name, agent in study.agents.items():
        trained = fsq.train(study.environments["cliff"], agent, 330, 12, 60)
        for metric, x in (("return", trained.returns), ("length", trained.lengths)):
            summary = results.summary(f"cliff/{name}", metric)
            assert summary.runs == 330
            np.testing.assert_allclose(summary.mean, x.mean(axis=0), rtol=1e-12)
            np.testing.assert_allclose(summary.standard_error, x.std(axis=0, ddof=1) / np.sqrt(330), rtol=1e-9)
    both = results.summaries("cliff/hard")
    assert list(both) == ["return", "length"]
    for metric, known in both.items():
        for one, other in zip(known, results.summary("cliff/hard", metric), strict=True):
            np.testing.assert_array_equal(one, other)
    dataset = results.to_xarray()
    assert dataset.returns.dims == ("condition", "block", "episode", "statistic")
    np.testing.assert_array_equal(dataset.runs, [50] * 6 + [30])
    assert list(dataset.statistic.values) == list(STATISTICS)
    with pytest.raises(ValueError, match="the study keeps summary, not curves"):
        results.curves("cliff/hard")


def test_the_last_block_is_done_again_when_it_grows(small, tmp_path):
    run(small(keep="summary", block=64), tmp_path / "grown", chunk=128)  # 200 runs: the last block has 8
    run(small(keep="summary", block=64, seeds=230), tmp_path / "grown")
    run(small(keep="summary", block=64, seeds=230), tmp_path / "one")
    assert verify(tmp_path / "grown").digest == verify(tmp_path / "one").digest
