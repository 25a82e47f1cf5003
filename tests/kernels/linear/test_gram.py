"""Factors of cross products equal those of QR where they are given, and are refused where they would not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from panelvar.kernels.linear import rows as blocks
from panelvar.kernels.linear.qr import MOST_INFLATION, CrossProducts, pays, triangle_of, triangularize
from panelvar.kernels.linear.rows import TransformedRows


def positive(triangle):
    return triangle * np.sign(np.diagonal(triangle))[:, None]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), columns=st.integers(1, 12), spread=st.floats(0.0, 3.0), units=st.integers(-60, 60))
def test_a_factor_that_is_given_is_that_of_qr(seed, columns, spread, units):
    rng = np.random.default_rng(seed)
    mixed = rng.standard_normal((columns, columns)) * spread + np.eye(columns)
    matrix = np.asfortranarray(rng.standard_normal((400, columns)) @ mixed)
    matrix *= 10.0 ** rng.integers(-abs(units), abs(units) + 1, columns)
    products = CrossProducts(columns, 150)
    for start in range(0, 400, 150):
        block = matrix[start : start + 150]
        products.room(len(block))[...] = block
        products.update()
    found = products.triangle()
    length = np.sqrt(np.square(matrix).sum(axis=0))
    expected = positive(triangularize(matrix / length))
    inflation = np.square(np.linalg.inv(expected)).sum()
    if found is None:
        assert inflation > 0.999 * MOST_INFLATION
    else:
        assert inflation < 1.001 * MOST_INFLATION
        np.testing.assert_allclose(found / length, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("columns", [4, 5, 11, 12, 31, 33, 70])
def test_blocks_of_every_width_add_up(columns):
    rng = np.random.default_rng(columns)
    blocks_of_rows = [rng.standard_normal((rows, columns)) for rows in (8_000, 20, 3_000)]
    products = CrossProducts(columns, 8_000)
    for block in blocks_of_rows:
        products.room(len(block))[...] = block
        products.update()
    expected = positive(triangularize(np.vstack(blocks_of_rows)))
    length = np.sqrt(np.square(expected).sum(axis=0))
    np.testing.assert_allclose(products.triangle() / length, expected / length, rtol=0, atol=1e-13)


def test_what_has_no_factor():
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((50, 4))
    assert triangle_of(matrix.T @ matrix) is not None
    for spoil in (0.0, 1e-120, 1e120, np.nan):
        changed = matrix.copy()
        changed[:, 2] *= spoil
        assert triangle_of(changed.T @ changed) is None
    changed = matrix.copy()
    changed[:, 3] = changed[:, 0] + 1e-3 * changed[:, 3]
    assert triangle_of(changed.T @ changed) is None
    changed[:, 3] = changed[:, 0]
    assert triangle_of(changed.T @ changed) is None
    assert not pays(3)


@pytest.mark.parametrize("case", ["apart", "together", "together in the end", "overflowing"])
def test_rows_choose_the_factor_that_holds(case, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_ROWS", 100)
    rng = np.random.default_rng(1)
    columns = rng.standard_normal((5, 1_000))
    if case == "together":
        columns[3] = columns[0] + 1e-6 * columns[3]
    if case == "together in the end":
        # A large part that two columns share begins after the first block.
        columns[[0, 3], 100:] += 1e6 * rng.standard_normal(900)
    if case == "overflowing":
        columns[2] *= 1e150
    rows = TransformedRows(list(columns))
    found = rows.triangle()
    monkeypatch.setattr(blocks, "pays", lambda columns: False)
    expected = rows.triangle()
    assert np.array_equal(found, expected) == (case != "apart")
    length = np.sqrt(np.square(expected).sum(axis=0))
    np.testing.assert_allclose(positive(found) / length, positive(expected) / length, rtol=0, atol=1e-13)
