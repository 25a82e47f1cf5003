"""One reading of the columns gives the means and the factor that two readings give."""

import numpy as np
import pytest

from panelvar.estimates.fit.scores import Scores
from panelvar.kernels.linear import demeaned
from panelvar.kernels.linear import rows as blocks
from panelvar.kernels.linear.columns import StoredColumn
from panelvar.kernels.linear.demeaned import demeaned_rows, stored_rows, whole_groups
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


def scattered(rng, matrix, codes, shift=0.0):
    """Columns stored in an order at random, and the grouping of their rows in order."""
    order = rng.permutation(matrix.shape[1])
    stored = np.empty_like(matrix)
    stored[:, order] = matrix + shift
    return [StoredColumn(line, np.asarray, order) for line in stored], Grouping.from_codes(codes)


@pytest.mark.parametrize("shift", [0.0, 1e8])
@pytest.mark.parametrize("sizes", ["equal", "unequal"])
def test_scattered_columns_are_read_as_they_are_stored(shift, sizes):
    rng = np.random.default_rng(8)
    counts = np.full(20_000, 10) if sizes == "equal" else rng.integers(4, 17, 20_000)
    codes = np.repeat(np.arange(20_000), counts)
    # Multiples of 2**-20: a shift of 1e8 leaves them exact.
    matrix = np.rint(rng.standard_normal((5, len(codes))) * 2.0**20) / 2.0**20
    columns, groups = scattered(rng, matrix, codes, shift)
    assert stored_rows(columns, groups) is not None
    assert stored_rows(columns, groups, np.ones(len(codes))) is None
    rows, triangle = demeaned_rows(columns, groups)
    assert rows.origin is not None
    means = np.array([np.bincount(codes, line) / counts for line in matrix]).T
    np.testing.assert_allclose(rows.tables[0], means + shift, rtol=1e-15, atol=1e-14)
    factor = positive(triangularize(np.asfortranarray((matrix - means[codes].T).T)))
    np.testing.assert_allclose(positive(triangle), factor, rtol=0, atol=1e-12 * np.abs(factor).max())
    coefficients = rng.standard_normal(4)
    scores = Scores(rows, np.arange(4), coefficients, 1.0, np.eye(4))
    plain = matrix - means[codes].T
    residuals = plain[-1] - coefficients @ plain[:-1]
    expected = np.array([np.bincount(codes, line * residuals) for line in plain[:-1]]).T
    (found,) = scores.sums([groups])
    np.testing.assert_allclose(found[:, 1:], expected, rtol=0, atol=1e-12 * np.abs(expected).max())
    np.testing.assert_allclose(found[:, 0], 0.0, atol=1e-12)


def test_groups_far_apart_are_demeaned_row_by_row_wherever_they_are_stored():
    rng = np.random.default_rng(9)
    codes = np.repeat(np.arange(20_000), 8)
    matrix = rng.standard_normal((4, len(codes))) + 1e3 * rng.standard_normal((4, 20_000))[:, codes]
    columns, groups = scattered(rng, matrix, codes)
    rows, triangle = demeaned_rows(columns, groups)
    assert rows.origin is None
    ordered, expected = demeaned_rows(list(matrix), groups)
    np.testing.assert_allclose(triangle, expected, rtol=0, atol=1e-12 * np.abs(expected).max())
    np.testing.assert_allclose(rows.tables[0], ordered.tables[0], rtol=1e-13)


def test_rows_that_go_up_side_by_side_are_read_in_their_order():
    codes = np.repeat(np.arange(20_000), 10)
    for order, faster in (
        (np.arange(200_000).reshape(10, -1).T.ravel(), False),
        (np.arange(200_000)[::-1], False),
        (np.random.default_rng(0).permutation(200_000), True),
    ):
        columns = [StoredColumn(np.zeros(200_000), np.asarray, order)] * 3
        assert (stored_rows(columns, Grouping.from_codes(codes)) is not None) == faster
