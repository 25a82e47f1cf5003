"""Rows in no order of their groups, and labels that are integers, beside the plain way to do the same."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from panelvar.data.streams import scattered_rows
from panelvar.data.streams.growing_labels import GrowingLabels
from panelvar.data.streams.growing_tables import IntegerCodes
from panelvar.data.streams.scattered_rows import ScatteredGrouping, ScatteredRows, add_rows
from panelvar.kernels.linear.rows import BLOCK_ROWS, TransformedRows


def sums_in_a_loop(codes, rows, groups):
    out = np.zeros((groups, rows.shape[1]))
    for code, row in zip(codes, rows, strict=True):
        out[code] += row
    return out


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("with_scipy", [True, False])
def test_rows_are_added_to_those_their_codes_name(order, with_scipy, monkeypatch):
    if not with_scipy:
        # As with a version of SciPy that has the product no more.
        monkeypatch.setattr(scattered_rows, "_adder", lambda: None)
    rng = np.random.default_rng(0)
    codes, rows = rng.integers(0, 7, 50), np.asarray(rng.normal(size=(50, 3)), order=order)
    for order_of_table in "CF":
        table = np.ones((9, 3), order=order_of_table)
        add_rows(table, codes, rows)
        np.testing.assert_allclose(table, 1.0 + sums_in_a_loop(codes, rows, 9), rtol=1e-14)


def test_a_block_longer_than_scratch_is_added_whole():
    rng = np.random.default_rng(1)
    n = 2 * BLOCK_ROWS + 17
    codes, block = rng.integers(0, 1000, n), np.asfortranarray(rng.normal(size=(n, 2)))
    out = np.zeros((1000, 2))
    grouping = ScatteredGrouping(codes, 1000)
    grouping.add_sums(block[:-5], 5, n, out)
    np.testing.assert_allclose(out, sums_in_a_loop(codes[5:], block[:-5], 1000), rtol=1e-10, atol=1e-12)


def test_scattered_rows_are_transformed_as_others():
    rng = np.random.default_rng(2)
    columns = [rng.normal(size=300) for _ in range(3)]
    codes = [rng.integers(0, 40, 300), rng.integers(0, 5, 300)]
    tables = [rng.normal(size=(40, 3)), rng.normal(size=(5, 3))]
    shift = rng.normal(size=3)
    groupings = [ScatteredGrouping(code, len(table)) for code, table in zip(codes, tables, strict=True)]
    made = []
    for kind in (ScatteredRows, TransformedRows):
        rows = kind(columns, shift=shift, groupings=groupings, tables=tables)
        out = np.empty((120, 3), order="F")
        rows.fill(30, 150, out)
        made.append(out)
    np.testing.assert_allclose(made[0], made[1], rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("kind", ["int64", "int32", "uint8", "uint64"])
@pytest.mark.parametrize("spread", [1, 3, 10**9])
def test_integers_are_numbered_however_far_apart(kind, spread):
    rng = np.random.default_rng(3)
    if spread * 60 > np.iinfo(kind).max:
        spread = 2
    labels = GrowingLabels("firm")
    chunks = [(rng.integers(0, 60, 40) * spread).astype(kind) for _ in range(5)] + [np.arange(7, dtype=kind)]
    found = [labels.number(chunk, "chunk", new=True).codes for chunk in chunks]
    everything = np.concatenate(chunks)
    assert labels.count == len(np.unique(everything))
    assert labels.labels.dtype == kind
    np.testing.assert_array_equal(labels.labels.to_numpy()[np.concatenate(found)], everything)
    np.testing.assert_array_equal(labels.labels.to_numpy()[labels.order()], np.unique(everything))
    np.testing.assert_array_equal(labels.number(everything, "later", new=False).codes, np.concatenate(found))
    with pytest.raises(Exception, match="77 in column 'firm' of later was not there"):
        labels.number(np.array([everything[0], 77], dtype=kind), "later", new=False)


def test_integers_too_far_apart_at_first_get_a_table_once_there_are_many():
    rng = np.random.default_rng(4)
    numbers = rng.permutation(5_000_000)[:1_200_000]
    labels = GrowingLabels("firm")
    for chunk in np.split(numbers, 12):
        labels.number(chunk, "chunk", new=True)
    assert isinstance(labels._integers, IntegerCodes)
    np.testing.assert_array_equal(labels.labels.to_numpy()[labels.order()], np.sort(numbers))
    np.testing.assert_array_equal(labels.labels.to_numpy()[labels.number(numbers, "later", new=False).codes], numbers)


def test_integers_beyond_what_a_table_can_reach_are_hashed():
    labels = GrowingLabels("firm")
    numbers = np.array([2**63 + 5, 3, 2**64 - 1, 3], dtype=np.uint64)
    np.testing.assert_array_equal(labels.number(numbers, "chunk", new=True).codes, [0, 1, 2, 1])
    assert pd.Index(numbers[:3]).equals(labels.labels)
