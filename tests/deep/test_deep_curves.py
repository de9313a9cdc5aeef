from dataclasses import replace

import numpy as np
import pytest

import fastsoftq as fsq
from fastsoftq.deep.deep_curves import DeepCurves
from fastsoftq.deep.learner import Deep


def curves(**changes):
    """Five runs at four points, the second of which diverged after 130 of 400 steps."""
    returns = np.random.default_rng(0).normal(20.0, 3.0, (5, 4))
    returns[1, 1:] = returns[1, 0]
    fields = {
        "returns": returns,
        "lengths": returns + 0.5,
        "truncated": np.zeros((5, 4)),
        "episodes": np.cumsum(np.full((5, 4), 5), axis=1),
        "steps": np.array([100, 200, 300, 400]),
        "diverged": np.array([False, True, False, False, False]),
        "diverged_at": np.array([-1, 130, -1, -1, -1]),
        "seeds": np.arange(5, dtype=np.uint64),
        "agent": Deep(fsq.QLearning(step_size=1e-3, discount=0.99)),
        "environment": "CartPole",
        "max_steps": 500,
        "precision": "double",
    }
    return DeepCurves(**(fields | changes))


def test_what_they_count():
    some = curves()
    assert (some.n_seeds, some.n_points) == (5, 4)
    assert some.steps_taken.tolist() == [400, 130, 400, 400, 400]
    assert repr(some).endswith("5 seeds, 4 points up to 400 steps; 1 diverged, first after 130 steps>")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"returns": np.full((5, 4), np.nan)}, "returns includes nan; all must be finite"),
        ({"lengths": np.full((5, 4), np.inf)}, "lengths includes inf"),
        ({"episodes": np.zeros((5, 3), int)}, r"episodes has shape \(5, 3\); it must be \(5, 4\): seeds and points"),
        ({"diverged": np.zeros(5, bool)}, "diverged_at contradicts diverged"),
        ({"diverged_at": np.full(4, -1)}, r"diverged_at has shape \(4,\)"),
        ({"parameters": np.zeros((4, 9), np.float32)}, "parameters has 4 rows; it must have 5"),
    ],
)
def test_what_no_training_yields_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        curves(**change)


def test_xarray_has_the_steps_along_points():
    found = curves(parameters=np.ones((5, 9), np.float32)).to_xarray()
    assert dict(found.sizes) == {"seed": 5, "point": 4, "parameter": 9}
    assert found.steps.dims == ("point",)
    assert found.steps.values.tolist() == [100, 200, 300, 400]
    assert found.returns.sel(seed=2, point=4).item() == curves().returns[2, 3]
    assert found.diverged_at.sel(seed=1).item() == 130


def test_they_are_drawn_over_steps_and_say_what_diverged():
    figure = curves().plot()
    assert [ax.get_xlabel() for ax in figure.axes] == ["", "step"]
    assert figure.axes[0].get_xlim() == (0.0, 400.0)
    drawn = next(line for line in figure.axes[0].lines if len(line.get_xdata()) == 4)
    assert drawn.get_xdata().tolist() == [100.0, 200.0, 300.0, 400.0]
    page = curves()._repr_html_()
    assert "1 of 5 runs diverged, after 130 steps" in page
    assert "Means of the last 4 points" in page
    assert (
        "diverged</th><td>none"
        in replace(curves(), diverged=np.zeros(5, bool), diverged_at=np.full(5, -1))._repr_html_()
    )


def test_compare_takes_the_last_ten_points_and_refuses_other_grids():
    a, b = curves(), curves()
    better = replace(b, returns=b.returns + np.arange(5)[:, None])
    assert fsq.compare(better, a).difference == pytest.approx(2.0)
    assert fsq.compare(better, a, points=slice(-1, None)).mean_b == pytest.approx(a.returns[:, -1].mean())
    longer = replace(a, steps=2 * a.steps)
    for other, options, error, message in (
        (longer, {}, ValueError, "points up to 400 steps and curves_b up to 800"),
        (a, {"episodes": slice(-5, None)}, ValueError, "episodes is .*; these curves have points"),
        (a, {"points": 5}, TypeError, "points is 5; it must be a slice"),
        (a, {"points": slice(4, None)}, ValueError, "selects none of 4 points"),
    ):
        with pytest.raises(error, match=message):
            fsq.compare(a, other, **options)
    tabular = fsq.train(fsq.from_map("S.G"), fsq.QLearning(0.5, 0.9), seeds=5, episodes=4, max_steps=9)
    with pytest.raises(ValueError, match="curves_a has points and curves_b episodes"):
        fsq.compare(a, tabular)
    with pytest.raises(ValueError, match=r"points is .*; these curves have episodes"):
        fsq.compare(tabular, tabular, points=slice(-1, None))
