"""Products of rows with factors, from sums by level, are those of the transformed rows."""

from __future__ import annotations

import numpy as np
import pytest

from panelvar.kernels.absorption import factor_rows as kernel
from panelvar.kernels.absorption.absorb import absorb
from panelvar.kernels.absorption.factor_rows import FactorRows, factor_rows, keeps_digits, moments_of
from panelvar.kernels.absorption.orthonormal_block import Block
from panelvar.kernels.linear.columns import FactorCodes, FactorColumn
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.moments import panel_moments

N = 600


@pytest.fixture(autouse=True)
def few_rows(monkeypatch):
    """Take the way of many rows, in several steps."""
    monkeypatch.setattr(kernel, "BLOCK_ROWS", 10)
    monkeypatch.setattr(kernel, "_ROWS", 250)


@pytest.fixture(params=["sparse", "full"])
def tables(request, monkeypatch):
    """Sums by sorted groups in either form."""
    monkeypatch.setattr(kernel, "_CELLS", 0 if request.param == "sparse" else 1_000)


GROUPS = {
    "none": lambda rng: None,
    "one": lambda rng: np.zeros(N, dtype=np.int64),
    "equal": lambda rng: np.repeat(np.arange(N // 4), 4),
    "unequal": lambda rng: np.sort(np.r_[np.arange(90), rng.integers(0, 90, N - 90)]),
    "few, unsorted": lambda rng: rng.permutation(np.arange(N) % 12),
    "few, sorted": lambda rng: np.repeat(np.arange(6), N // 6),
}


def sample(codes, second=None, weighted=False):
    """Columns with two factors, one of them with a multiplier, and some of their levels left out."""
    rng = np.random.default_rng(3)
    first = FactorCodes(rng.integers(0, 9, N), 9)
    other = FactorCodes(rng.integers(0, 5, N), 5, rng.normal(size=N) + 0.5)
    x, z = rng.normal(size=N) + 3.0, rng.uniform(size=N)
    columns = [x, *(FactorColumn(first, level) for level in (1, 2, 3, 4, 6, 5, 7))]
    columns += [FactorColumn(other, level) for level in range(4)] + [z, x + rng.normal(size=N) + first.codes * 0.1]
    weights = rng.uniform(0.5, 2.0, N) if weighted else None
    by = None if codes is None else Grouping.from_codes(codes)
    if by is None:
        return factor_rows(columns, None, weights=weights), columns, weights
    blocks = [Block(by, True, ())] + ([] if second is None else [Block(Grouping.from_codes(second), True, ())])
    absorbed = absorb(tuple(blocks), weights)
    rows = factor_rows(
        columns,
        by,
        second=None if second is None else absorbed.groupings[1],
        make=lambda: absorbed.tables(columns),
        groupings=absorbed.groupings,
        weights=weights,
    )
    return rows, columns, weights


def dense(columns, weights, *codes):
    """The transformed rows without the root of their weights, by least squares on dummies."""
    full = np.stack([column[:] for column in columns], axis=1)
    if codes[0] is None:
        return full
    root = np.ones((N, 1)) if weights is None else np.sqrt(weights)[:, None]
    dummies = np.hstack([(each[:, None] == np.unique(each)).astype(float) for each in codes])
    return full - dummies @ np.linalg.lstsq(dummies * root, full * root, rcond=None)[0]


CASES = [
    *(pytest.param(make(np.random.default_rng(8)), None, id=name) for name, make in GROUPS.items()),
    pytest.param(GROUPS["equal"](None), np.random.default_rng(6).permutation(N) % 7, id="two, unbalanced"),
    pytest.param(GROUPS["equal"](None), np.arange(N) % 4, id="two, balanced"),
]


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize(("codes", "second"), CASES)
def test_products_are_those_of_the_transformed_rows(codes, second, weighted, tables):
    rows, columns, weights = sample(codes, second, weighted)
    assert isinstance(rows, FactorRows)
    x = dense(columns, weights, codes, *([] if second is None else [second]))
    w = np.ones(N) if weights is None else weights
    gram = x.T @ (x * w[:, None])
    scale = np.sqrt(np.outer(np.diag(gram), np.diag(gram)))
    np.testing.assert_allclose((rows.triangle().T @ rows.triangle() - gram) / scale, 0.0, atol=2e-14)
    raw = [np.sqrt((w * np.square(column[:])).sum()) for column in columns]
    np.testing.assert_allclose(rows.raw_norms, raw, rtol=1e-13)
    b = np.linspace(-1.0, 1.0, len(columns) - 1)
    np.testing.assert_allclose(rows.residuals(b), (x[:, -1] - x[:, :-1] @ b) * np.sqrt(w), atol=1e-12)
    q = np.random.default_rng(0).normal(size=N)
    np.testing.assert_allclose(rows.along(q), x.T @ q, atol=1e-11)
    products, size = rows.squared(np.square(q))
    np.testing.assert_allclose(products, x.T @ (x * np.square(q)[:, None]), atol=1e-10)
    assert second is not None or (size >= np.diag(products)).all()
    if codes is not None and len(np.unique(codes)) > 1:
        # Tables are made when they are asked for, and rows as all rows are.
        np.testing.assert_allclose(rows.read(5, 50), x[5:50] * np.sqrt(w[5:50])[:, None], atol=1e-11)


@pytest.mark.parametrize("clusters", ["own", "coarser", "one row each"])
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize(("codes", "second"), CASES)
def test_sums_by_cluster_are_those_of_the_transformed_rows(codes, second, weighted, clusters, tables):
    rows, columns, weights = sample(codes, second, weighted)
    x = dense(columns, weights, codes, *([] if second is None else [second]))
    own = np.repeat(np.arange(N // 4), 4) if codes is None or codes.max() == 0 else codes
    grouping = Grouping.from_codes({"own": own, "coarser": own // 3, "one row each": np.arange(N)}[clusters])
    rng = np.random.default_rng(1)
    values, constant = rng.normal(size=(2, N))
    found = rows.clustered(grouping, values, constant)
    if clusters == "one row each" and codes is not None and codes.max() > 0:
        assert found is None
        return
    sums = np.zeros((grouping.n_groups, x.shape[1] + 1))
    np.add.at(sums, grouping.codes, np.column_stack([constant, x * values[:, None]]))
    np.testing.assert_allclose(found[0], sums.T @ sums, atol=1e-9)


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize(
    "codes", [pytest.param(GROUPS[name](np.random.default_rng(8)), id=name) for name in GROUPS if name != "none"]
)
def test_moments_are_those_of_the_rows(codes, weighted, monkeypatch):
    _, columns, weights = sample(codes, None, weighted)
    by = Grouping.from_codes(codes)
    arrays = [column[:] for column in columns]
    expected = panel_moments(arrays, by, weights)
    monkeypatch.setattr(kernel, "panel_moments", None)
    found = moments_of(columns, by, weights)
    np.testing.assert_array_equal(found.counts, expected.counts)
    np.testing.assert_array_equal(found.weights, expected.weights)
    np.testing.assert_allclose(found.means, expected.means, atol=1e-14)
    np.testing.assert_allclose(found.r.T @ found.r, expected.r.T @ expected.r, rtol=1e-12, atol=1e-11)
    monkeypatch.undo()
    columns[-1] = columns[1][:] + 1e-6 * columns[-1]
    careful = panel_moments(columns, by, weights)
    np.testing.assert_array_equal(moments_of(columns, by, weights).r, careful.r)


def test_what_all_levels_have_in_common_is_no_sum_of_equal_roundings():
    rng = np.random.default_rng(4)
    n = 60_000
    codes = FactorCodes(rng.integers(0, 60, n), 60)
    columns = [*(FactorColumn(codes, level) for level in range(1, 60)), rng.normal(size=n)]
    rows = factor_rows(columns, Grouping.from_starts(np.array([0, n])))
    counts = np.bincount(codes.codes)
    # The variance of a level's difference from the level left out.
    found = np.square(np.linalg.inv(rows.triangle()[:-1, :-1])).sum(axis=1)
    np.testing.assert_allclose(found, 1.0 / counts[1:] + 1.0 / counts[0], rtol=2e-14)
    products, _ = rows.squared(np.full(n, 3.0))
    expected = 3.0 * (np.diag(counts[1:]) - np.outer(counts[1:], counts[1:] / n))
    np.testing.assert_allclose(products[:-1, :-1], expected, rtol=3e-15)


def test_near_dependence_and_far_means_are_left_to_others():
    rng = np.random.default_rng(3)
    codes, by = FactorCodes(rng.integers(0, 9, N), 9), Grouping.from_codes(np.repeat(np.arange(N // 4), 4))
    factor = [FactorColumn(codes, level) for level in range(1, 9)]
    y, x = rng.normal(size=(2, N))
    assert factor_rows([*factor, x, y], by) is not None
    nearly = (codes.codes == 3) + 1e-3 * x
    assert factor_rows([*factor, nearly, y], by) is None
    assert factor_rows([*factor, x, factor[0][:] + 1e-3 * y], by) is None
    inside = FactorCodes(np.minimum(by.codes, 8), 9, None)
    assert factor_rows([*factor, *(FactorColumn(inside, level) for level in range(9)), x, y], by) is None
    times_level = FactorCodes(codes.codes, 9, 1e4 + x)
    assert factor_rows([*factor, *(FactorColumn(times_level, level) for level in range(9)), y], by) is None
    assert factor_rows([x, y], by) is None


def test_many_unsorted_groups_are_left_to_others():
    rng = np.random.default_rng(3)
    columns = [FactorColumn(FactorCodes(rng.integers(0, 9, N), 9), level) for level in range(1, 9)]
    by = Grouping.from_codes(rng.permutation(np.arange(N) // 3))
    assert factor_rows([*columns, rng.normal(size=N)], by) is None


def test_a_variance_that_is_a_small_difference_is_seen():
    assert keeps_digits(np.eye(2), np.full(2, 100.0), np.eye(2))
    assert not keeps_digits(np.diag([1.0, 1e-4]), np.ones(2), np.eye(2))
    assert not keeps_digits(np.full((2, 2), np.nan), np.ones(2), np.eye(2))
