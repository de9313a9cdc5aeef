"""Every number of a product is one chain of fused multiply-adds in order, whatever the shape of tiles."""

from unittest import mock

import numpy as np
import pytest

from fastsoftq.kernels.jit import Apart
from fastsoftq.kernels.targets import TARGETS
from fastsoftq.networks import products
from tests.networks.calling import aligned
from tests.reference.optimizers import fused

# Registers of other processors, and numbers of sums that none has.
SHAPES = {
    "narrow": TARGETS[4],
    "middle": TARGETS[8],
    "wide": TARGETS[16],
    "few": TARGETS[8]._replace(accumulators=5),
    "one": TARGETS[4]._replace(accumulators=1),
}


@pytest.fixture(scope="module", params=SHAPES)
def product(request):
    found = {}
    for function in products.product, products.gathered_product:
        fresh = Apart(function._pyfunc, function._sig)
        fresh._cache.disable()
        with mock.patch.object(products, "here", return_value=SHAPES[request.param]):
            fresh.compile()
        found[function] = fresh.ctypes
    return found


def chain(start, a, b):
    total = start
    for k in range(a.shape[1]):
        total = fused(a[:, k, None], b[None, k], total)
    return total


def matrices(rng, memory, *shapes):
    """Views of memory, one after another, with rows of whole lines; and where they begin."""
    at, found = 0, []
    for rows, columns in shapes:
        row = -(-columns // 16) * 16 + 16
        view = memory[at : at + rows * row].reshape(rows, row)
        view[:, :columns] = rng.normal(size=(rows, columns))
        found.append((view[:, :columns], at, row))
        at += rows * row
    return found


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        (begins, ends)
        for begins in (products.NOTHING, products.BIAS, products.ADDED, products.BIASES)
        for ends in (products.PLAIN, products.RECTIFIED, products.MASKED)
        if (begins, ends) != (products.BIASES, products.MASKED)  # E is either
    ],
)
@pytest.mark.parametrize("seed", range(6))
def test_every_number_is_one_chain_in_order(product, begins, ends, seed):
    rng = np.random.default_rng(seed)
    rows, depth, columns = int(rng.integers(1, 40)), int(rng.integers(1, 30)), 8 * int(rng.integers(1, 22))
    memory = aligned(100_000)
    (a, a_at, a_row), (b, b_at, b_row), (c, c_at, c_row), (e, e_at, e_row) = matrices(
        rng, memory, (rows, depth), (depth, columns), (rows, columns), (rows, columns)
    )
    turned = seed % 2
    if turned:  # columns of A are rows in memory
        (a, a_at, a_row), *_ = matrices(rng, memory[50_000:], (depth, rows))
        a, a_at = a.T, a_at + 50_000
    if begins == products.BIASES:
        e_at = 95_000
        memory[e_at : e_at + rows] = rng.normal(size=rows)
    if ends == products.MASKED:
        e[e > 1] = np.nan
    biases = memory[e_at : e_at + rows, None]
    expected = chain((np.zeros_like(c), e[:1], c, biases)[begins], a, b)
    if ends == products.RECTIFIED:
        expected = np.where(expected < 0, np.float32(0), expected)
    if ends == products.MASKED:
        expected = np.where(e <= 0, np.float32(0), expected)
    beside = memory.copy()
    steps = (1, a_row) if turned else (a_row, 1)
    product[products.product](
        memory.ctypes.data, begins, ends, a_at, *steps, b_at, b_row, depth, c_at, c_row, e_at, e_row, rows, columns
    )
    np.testing.assert_array_equal(c, expected)
    within = -(-columns // 16) * 16 if begins == products.BIASES else columns  # which padding has as well
    written = memory[c_at : c_at + rows * c_row].reshape(rows, c_row)
    written[:, :within] = beside[c_at : c_at + rows * c_row].reshape(rows, c_row)[:, :within]
    np.testing.assert_array_equal(memory, beside)


@pytest.mark.parametrize("begins", [products.NOTHING, products.ADDED])
@pytest.mark.parametrize("seed", range(4))
def test_rows_and_columns_may_lie_anywhere(product, begins, seed):
    rng = np.random.default_rng(seed)
    rows, depth, columns = int(rng.integers(1, 40)), int(rng.integers(1, 30)), 8 * int(rng.integers(1, 9))
    memory = aligned(100_000)
    memory[50_000:] = rng.normal(size=50_000)
    (b, b_at, b_row), (c, c_at, c_row) = matrices(rng, memory, (depth, columns), (rows, columns))
    by_row, by_column = rng.integers(-20_000, 20_000, rows), rng.integers(-4_000, 4_000, depth)
    a = memory[75_000 + by_row[:, None] + by_column]
    expected = chain(c if begins == products.ADDED else np.zeros_like(c), a, b)
    product[products.gathered_product](
        memory.ctypes.data, begins, products.PLAIN, 75_000, by_row.ctypes.data, by_column.ctypes.data, b_at, b_row,
        depth, c_at, c_row, 0, 0, rows, columns,
    )  # fmt: skip
    np.testing.assert_array_equal(c, expected)
