"""Parts of rows as vectors: what is read is what lies there, and what is written touches nothing else."""

import numba
import numpy as np
import pytest

from fastsoftq.kernels.row_vectors import load_part, part_width, store_part


@numba.njit
def _double(table, state, action, row):
    part = load_part(table, state, action, row)
    store_part(table, state, action, row, part + part)


@pytest.mark.parametrize("apart", [0, 5])
@pytest.mark.parametrize("n_actions", [1, 2, 3, 5, 7, 8, 9, 16])
def test_a_part_is_moved_and_nothing_else(n_actions, apart):
    row = (0.0,) * n_actions
    width = part_width(row)
    assert width == min(n_actions, 8)
    for first in {0, n_actions - width}:
        whole = np.random.default_rng(n_actions).normal(size=(4, n_actions + apart))
        expected = whole.copy()
        expected[2, first : first + width] *= 2
        _double(whole[:, :n_actions], 2, first, row)
        np.testing.assert_array_equal(whole, expected)


def test_arrays_are_read_by_eight():
    table = np.arange(60.0).reshape(3, 20)
    expected = table.copy()
    expected[1, 7:15] *= 2
    assert part_width(table[0]) == 8
    _double(table, 1, 7, table[0])
    np.testing.assert_array_equal(table, expected)
