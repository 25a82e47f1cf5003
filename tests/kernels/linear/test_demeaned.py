"""One reading of the columns gives the means and the factor that two readings give."""

import numpy as np
import pytest

from panelvar.kernels.linear import demeaned
from panelvar.kernels.linear import rows as blocks
from panelvar.kernels.linear.demeaned import demeaned_rows, whole_groups
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.qr import triangularize

LAYOUTS = {
    "equal groups": np.repeat(np.arange(30), 10),
    "longer than a block": np.repeat(np.arange(3), 100),
    "unequal groups": np.sort(np.random.default_rng(0).permutation(np.arange(300) % 31)),
    "very short groups": np.sort(np.random.default_rng(0).permutation(np.arange(300) % 110)),
    "unsorted groups": np.random.default_rng(1).permutation(np.arange(300) % 30),
}


def positive(triangle):
    return triangle * np.sign(np.diagonal(triangle))[:, None]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("together", ["apart", "in the first block", "in the last block"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_one_reading_is_two(layout, together, weighted, monkeypatch):
    monkeypatch.setattr(demeaned, "BLOCK_ROWS", 45)
    monkeypatch.setattr(blocks, "BLOCK_ROWS", 45)
    codes = LAYOUTS[layout]
    rng = np.random.default_rng(3)
    matrix = rng.standard_normal((5, 300)) + 3.0
    if together == "in the first block":
        matrix[3] = matrix[0] + 1e-3 * matrix[3]
    if together == "in the last block":
        matrix[[0, 3], 45:] += 1e3 * rng.standard_normal(255)
    kept = matrix.copy()
    weights = rng.uniform(0.2, 3.0, 300) if weighted else None
    rows, triangle = demeaned_rows(list(matrix), Grouping.from_codes(codes), weights, 1.0)
    np.testing.assert_array_equal(matrix, kept)
    mass = np.ones(300) if weights is None else weights
    expected = np.array(
        [[np.average(x[codes == g], weights=mass[codes == g]) for x in matrix] for g in np.unique(codes)]
    )
    np.testing.assert_allclose(rows.tables[0], expected, rtol=0, atol=1e-14 * np.abs(matrix).max())
    plain = (matrix - expected[codes].T) * np.sqrt(mass)
    length = np.sqrt(np.square(plain).sum(axis=1))
    factor = positive(triangularize(np.asfortranarray(plain.T)))
    np.testing.assert_allclose(positive(triangle) / length, factor / length, rtol=0, atol=1e-11)
    for start, stop, block in rows.blocks():
        np.testing.assert_allclose(block, plain.T[start:stop], rtol=0, atol=1e-12 * length.max())


def test_runs_of_groups_hold_all_of_them():
    starts = np.array([0, 3, 4, 9, 10, 15])
    assert list(whole_groups(starts, 5)) == [(0, 2), (2, 3), (3, 4), (4, 5)]
    assert list(whole_groups(starts, 100)) == [(0, 5)]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("units", [1.0, 1e-3, 1e8])
def test_products_about_a_number_serve_where_groups_are_near(units, weighted):
    rng = np.random.default_rng(4)
    codes = np.repeat(np.arange(2_000), 8)
    weights = rng.uniform(0.2, 3.0, len(codes)) if weighted else None
    noise = rng.standard_normal((4, len(codes)))
    for spread, near in ((1.0, True), (30.0, False)):
        matrix = units * (noise + spread * rng.standard_normal((4, 2_000))[:, codes] + 1e4)
        rows, triangle = demeaned_rows(list(matrix), Grouping.from_codes(codes), weights)
        assert (rows.origin is not None) == near
        plain = np.vstack([block.copy() for _, _, block in rows.blocks()])
        np.testing.assert_allclose(
            plain,
            (matrix - rows.tables[0][codes].T).T * np.sqrt(1.0 if weights is None else weights[:, None]),
            rtol=0,
            atol=1e-10 * units,
        )
        length = np.sqrt(np.square(plain).sum(axis=0))
        factor = positive(triangularize(np.asfortranarray(plain / length)))
        np.testing.assert_allclose(positive(triangle) / length, factor, rtol=0, atol=1e-12)


def test_the_number_has_few_digits():
    whole = np.random.default_rng(5).integers(100, 160, 20_000).astype(float)
    middle = demeaned.middle([whole, np.full(20_000, 0.1), whole * np.inf])
    assert middle[0] == np.rint(middle[0])
    assert abs(middle[0] - 130.0) < 10.0
    assert middle[1:].tolist() == [0.1, 0.0]
