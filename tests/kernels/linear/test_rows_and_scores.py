"""Transformed rows and their scores: many blocks equal one, and both equal loops."""

import numpy as np
import pytest

from panelvar.estimates.fit import scores as sandwich
from panelvar.kernels.linear import demeaned
from panelvar.kernels.linear import rows as blocks
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.qr import solve
from panelvar.kernels.linear.rows import TransformedRows

LAYOUTS = {
    "equal groups": np.repeat(np.arange(30), 4),
    "groups of one": np.arange(120),
    "one group": np.zeros(120, dtype=np.int64),
    "unequal groups": np.sort(np.random.default_rng(0).permutation(np.arange(120) % 31)),
    "unsorted groups": np.random.default_rng(1).permutation(np.arange(120) % 30),
}


def sample(codes, *, weighted, transform, constant):
    rng = np.random.default_rng(2)
    n = len(codes)
    columns = list(np.ascontiguousarray(rng.standard_normal((3, n)) + 3.0))
    weights = rng.uniform(0.2, 3.0, n) if weighted else None
    grouping = Grouping.from_codes(codes)
    options = {}
    if transform in ("levels", "both"):
        options |= {"groupings": (grouping,), "tables": (0.9 * grouping.means_of(columns, weights),)}
    if transform in ("shift", "both"):
        options["shift"] = np.array([0.5, -1.0, 2.0])
    return TransformedRows(columns, weights=weights, constant=constant, **options), grouping


def by_hand(rows):
    """Every cell of the transformed rows on its own."""
    out = np.empty((rows.n_rows, rows.n_columns))
    for i in range(rows.n_rows):
        for j, column in enumerate(rows.columns):
            value = column[i] - sum(t[g.codes[i], j] for g, t in zip(rows.groupings, rows.tables, strict=True))
            value -= 0.0 if rows.shift is None else rows.shift[j]
            out[i, j] = value * (1.0 if rows.weights is None else np.sqrt(rows.weights[i]))
    return out


@pytest.mark.parametrize("size", [7, 8, 50, 8000])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("transform", ["levels", "shift", "both", "nothing"])
@pytest.mark.parametrize("codes", LAYOUTS.values(), ids=LAYOUTS)
def test_blocks_are_the_rows(codes, transform, weighted, size, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_ROWS", size)
    rows, _ = sample(codes, weighted=weighted, transform=transform, constant=None)
    expected = by_hand(rows)
    stops = []
    for start, stop, block in rows.blocks():
        np.testing.assert_array_equal(block, expected[start:stop])
        stops.append((start, stop))
    assert [0, *(stop for _, stop in stops)] == [*(start for start, _ in stops), len(codes)]
    assert rows.keeps_rows == (len(codes) <= size)
    triangle = rows.triangle()
    np.testing.assert_allclose(triangle.T @ triangle, expected.T @ expected, atol=1e-11)
    np.testing.assert_array_equal(rows.column(1), expected[:, 1])


@pytest.mark.parametrize("size", [7, 8, 50, 8000])
@pytest.mark.parametrize("constant", [None, 1.0, "column"])
@pytest.mark.parametrize("adjusted", [False, True])
@pytest.mark.parametrize("kept", [(0, 1), (1,)])
@pytest.mark.parametrize("codes", LAYOUTS.values(), ids=LAYOUTS)
def test_score_sums_equal_loops(codes, kept, adjusted, constant, size, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_ROWS", size)
    monkeypatch.setattr(sandwich, "_PIECE_ROWS", 11)
    rng = np.random.default_rng(3)
    if constant == "column":
        constant = rng.uniform(0.5, 1.5, len(codes))
    rows, grouping = sample(codes, weighted=True, transform="both", constant=constant)
    other = Grouping.from_codes(np.arange(len(codes)) % 5)
    data = by_hand(rows)
    kept = np.array(kept)
    chosen = [*kept, 2]
    triangle = np.linalg.qr(data[:, chosen])[1]
    found = solve(triangle, np.sqrt(np.square(data[:, kept]).sum(axis=0)))
    coefficients = np.zeros(2)
    coefficients[kept] = found.coefficients
    multiplier = rng.uniform(0.5, 2.0, len(codes)) if adjusted else None
    scores = sandwich.Scores(rows, kept, coefficients, constant, found.inverse_r, multiplier)
    residual = data[:, 2] - data[:, :2] @ coefficients
    residual *= 1.0 if multiplier is None else multiplier
    parts = [] if constant is None else [(residual * constant)[:, None]]
    single = np.hstack([*parts, (data[:, kept] * residual[:, None]) @ found.inverse_r])
    for g, sums in zip((grouping, other), scores.sums((grouping, other)), strict=True):
        expected = np.zeros((g.n_groups, scores.size))
        np.add.at(expected, g.codes, single)
        np.testing.assert_allclose(sums, expected, atol=1e-12)
    np.testing.assert_allclose(scores.gram(), single.T @ single, atol=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("constant", [None, 1.0, "column"])
@pytest.mark.parametrize("spread", [0.5, 50.0])
@pytest.mark.parametrize("codes", ["equal groups", "unequal groups"])
def test_score_sums_of_demeaned_rows_equal_loops(codes, spread, constant, weighted, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_ROWS", 16)
    monkeypatch.setattr(demeaned, "BLOCK_ROWS", 16)
    codes = LAYOUTS["equal groups"] if codes == "equal groups" else np.repeat(np.arange(20), np.arange(20) % 5 + 4)
    n = len(codes)
    rng = np.random.default_rng(6)
    columns = list(np.ascontiguousarray(rng.standard_normal((4, n)) + spread * rng.standard_normal((4, n))[:, codes]))
    weights = rng.uniform(0.2, 3.0, n) if weighted else None
    constant = rng.uniform(0.5, 1.5, n) if constant == "column" else constant
    grouping = Grouping.from_codes(codes)
    rows, triangle = demeaned.demeaned_rows(columns, grouping, weights, constant)
    assert (rows.origin is None) == (spread == 50.0)
    data = by_hand(rows)
    found = solve(triangle, np.sqrt(np.square(data[:, :3]).sum(axis=0)))
    scores = sandwich.Scores(rows, np.arange(3), found.coefficients, constant, found.inverse_r)
    (sums,) = scores.sums([grouping])
    residual = data[:, 3] - data[:, :3] @ found.coefficients
    lead = [] if constant is None else [(residual * constant)[:, None]]
    expected = np.zeros((grouping.n_groups, scores.size))
    np.add.at(expected, codes, np.hstack([*lead, (data[:, :3] * residual[:, None]) @ found.inverse_r]))
    np.testing.assert_allclose(sums, expected, rtol=0, atol=1e-13 * (1.0 if constant is None else spread + 1.0))
