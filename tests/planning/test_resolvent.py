"""Equations of chains: factorised and iterated alike, against dense algebra, and to more than working precision."""

from fractions import Fraction

import numpy as np
import pytest

from fastsoftq.planning.markov_chains.compensated import sum_by_row, two_product, two_sum
from fastsoftq.planning.markov_chains.m_matrices import _Factors, _Iteration, _Table
from fastsoftq.planning.markov_chains.resolvent import Resolvent
from fastsoftq.planning.markov_chains.transitions import merged


def jumble(size, degree, seed=0):
    """A random chain of so many states: no plane holds its graph."""
    rng = np.random.default_rng(seed)
    entries = rng.dirichlet(np.ones(degree), size).ravel()
    places = np.repeat(np.arange(size), degree), rng.integers(0, size, size * degree)
    return merged(*places, entries, size, size)


def room(side):
    """A random walk in a square room."""
    state = np.arange(side * side)
    y, x = np.divmod(state, side)
    moves = [
        (np.clip(y + dy, 0, side - 1) * side + np.clip(x + dx, 0, side - 1))
        for dy, dx in ((0, 1), (0, -1), (1, 0), (-1, 0))
    ]
    places = np.tile(state, 4), np.concatenate(moves)
    return merged(*places, np.full(4 * state.size, 0.25), state.size, state.size)


SOLVED_BY = [(jumble(60, 4), _Table), (jumble(300, 4), _Factors), (jumble(2000, 4), _Iteration), (room(50), _Factors)]


@pytest.mark.parametrize(("chain", "kind"), SOLVED_BY)
@pytest.mark.parametrize("discount", [0.5, 0.99, 0.999999])
def test_solutions_are_those_of_dense_algebra(chain, kind, discount):
    size = chain.n_states
    solver = Resolvent(chain.discounted(discount), np.full(size, 1.0 - discount))
    assert isinstance(solver._equations(), kind)
    b = np.random.default_rng(1).normal(size=size)
    dense = np.eye(size) - discount * chain.toarray()
    x = solver.solve(b)
    np.testing.assert_allclose(
        solver.solve_columns(np.column_stack([b, 2.0 * b])), np.column_stack([x, 2.0 * x]), rtol=1e-9
    )
    np.testing.assert_allclose(x, np.linalg.solve(dense, b), atol=1e-15 * np.abs(x).max() / (1.0 - discount))
    start = np.abs(b)
    visits = solver.solve_transposed(start)
    np.testing.assert_allclose(visits, np.linalg.solve(dense.T, start), rtol=1e-14 / (1.0 - discount))
    assert visits.sum() * (1.0 - discount) == pytest.approx(start.sum(), rel=1e-12)


@pytest.mark.parametrize("size", [200, 2000])
@pytest.mark.parametrize("end", [1e-3, 1e-9, 1e-14])
def test_the_sum_of_two_parts_is_known_beyond_working_precision(size, end):
    # Every state ends with the same chance: what is paid for that is paid once, in whatever order states are seen.
    chain = jumble(size, 5)
    solver = Resolvent(chain.discounted(1.0 - end), np.full(size, end))
    worth = np.random.default_rng(2).normal(size=size)
    b = 1.0 - solver.differences.rise(worth)
    high, low = solver.solve_twice(b)
    constant = (high - 1.0 / end) + low - worth
    assert np.ptp(constant) < 1e-13 + 1e-11 * np.abs(constant).max()


def test_a_state_that_is_never_left_has_no_solution():
    chain = merged(np.array([0, 1]), np.array([1, 1]), np.ones(2), 2, 2)
    solver = Resolvent(chain, np.zeros(2))
    assert np.isnan(solver.solve(np.ones(2))).any()
    assert solver.left == np.inf


def test_two_sums_are_exact():
    high, low = two_sum(np.array([1.0, 1e16]), np.array([2.0**-60, 1.0]))
    assert high.tolist() == [1.0, 1e16]
    assert low.tolist() == [2.0**-60, 1.0]


def test_two_products_are_exact():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 100)) * 10.0 ** rng.integers(-50, 50, (2, 100))
    for x, y, high, low in zip(a, b, *two_product(a, b), strict=True):
        assert Fraction(high) + Fraction(low) == Fraction(x) * Fraction(y)


def test_sums_by_row_cancel_to_the_last_digit():
    start = np.array([1e16, 0.0, 3.0])
    terms = np.array([1.0, -1e16, 1e-3, 2.0, -2.0, 2.0**-80])
    row = np.array([0, 0, 0, 1, 1, 1])
    assert sum_by_row(start, row, (terms,)).tolist() == [1.0 + 1e-3, 2.0**-80, 3.0]
