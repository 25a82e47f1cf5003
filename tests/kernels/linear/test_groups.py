"""Group sums and means against loops, in every layout of the codes."""

import numpy as np
import pytest

from panelvar.core.base.errors import DataError
from panelvar.kernels.linear.groups import Grouping, distinct, equal_runs, split_columns

RNG = np.random.default_rng(20)
EPS = np.finfo(float).eps

LAYOUTS = {
    "equal blocks": np.repeat(np.arange(5), 4),
    "long equal blocks": np.repeat(np.arange(2), 1500),
    "one group": np.zeros(6, dtype=np.int64),
    "one row a group": np.arange(6),
    "sorted": np.repeat(np.arange(4), [7, 1, 9, 5]),
    "sorted, short groups": np.repeat(np.arange(6), [1, 2, 1, 3, 1, 1]),
    "cycles": np.tile(np.arange(4), 6),
    "broken cycle": np.array([0, 1, 2, 0, 2, 1]),
    "scattered": np.array([2, 0, 1, 1, 2, 2, 0, 3, 0]),
    "descending": np.array([2, 2, 1, 1, 0, 0]),
}


def slow_sums(codes, column, weights=None):
    sums = np.zeros(codes.max() + 1)
    for row, code in enumerate(codes):
        sums[code] += column[row] * (1.0 if weights is None else weights[row])
    return sums


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
@pytest.mark.parametrize("codes", LAYOUTS.values(), ids=LAYOUTS)
def test_sums_and_means_equal_loops(codes, dtype):
    codes = codes.astype(dtype)
    codes.flags.writeable = False
    n = len(codes)
    columns = [RNG.standard_normal(n), RNG.standard_normal(n) + 3.0]
    grouping = Grouping.from_codes(codes)
    for weights in (None, RNG.uniform(0.5, 2.0, n)):
        expected = np.column_stack([slow_sums(codes, column, weights) for column in columns])
        mass = slow_sums(codes, np.ones(n), weights)
        # The bound of a recursive sum: rows times eps times the sum of magnitudes.
        tolerance = n * EPS * max(slow_sums(codes, np.abs(column), weights).max() for column in columns)
        np.testing.assert_allclose(grouping.sums(columns[0], weights), expected[:, 0], rtol=0, atol=tolerance)
        np.testing.assert_allclose(grouping.sums_of(columns, weights), expected, rtol=0, atol=tolerance)
        np.testing.assert_allclose(grouping.mass(weights), mass, rtol=10 * EPS * n)
        np.testing.assert_allclose(
            grouping.means_of(columns, weights), expected / mass[:, None], rtol=0, atol=tolerance
        )
        np.testing.assert_allclose(grouping.means(columns[1], weights), expected[:, 1] / mass, rtol=0, atol=tolerance)


@pytest.mark.parametrize("codes", LAYOUTS.values(), ids=LAYOUTS)
def test_the_layout_found_is_the_layout_there_is(codes):
    grouping = Grouping.from_codes(codes)
    counts = np.bincount(codes)
    np.testing.assert_array_equal(grouping.sizes, counts)
    is_sorted = bool(np.all(np.sort(codes) == codes))
    assert (grouping.starts is not None) == is_sorted
    if is_sorted:
        np.testing.assert_array_equal(grouping.starts, np.concatenate([[0], np.cumsum(counts)]))
    assert grouping.equal_size == (counts[0] if is_sorted and len(set(counts)) == 1 else 0)
    n_groups = grouping.n_groups
    repeats = -(-len(codes) // n_groups)
    assert grouping.cycles == np.array_equal(codes, np.tile(np.arange(n_groups), repeats))


def test_known_starts_are_used_and_count_the_groups():
    starts = np.array([0, 2, 5], dtype=np.int32)
    grouping = Grouping.from_codes(np.array([0, 0, 1, 1, 1]), starts=starts)
    assert grouping.n_groups == 2
    np.testing.assert_array_equal(grouping.sizes, [2, 3])
    np.testing.assert_array_equal(grouping.sums(np.arange(5.0)), [1.0, 9.0])


def test_a_two_dimensional_block_is_its_columns():
    codes = LAYOUTS["scattered"]
    block = RNG.standard_normal((len(codes), 3))
    grouping = Grouping.from_codes(codes)
    separately = np.column_stack([grouping.sums(column.copy()) for column in block.T])
    np.testing.assert_array_equal(grouping.sums_of(block), separately)
    np.testing.assert_array_equal(grouping.sums_of(np.asfortranarray(block)), separately)
    assert grouping.sums_of(block).flags.f_contiguous
    assert all(np.shares_memory(part, block) for part in split_columns(block))
    assert split_columns(block[:, 0])[0].shape == (len(codes),)


def test_an_empty_group_has_a_sum_but_no_mean():
    grouping = Grouping.from_codes(np.array([0, 2, 2]), n_groups=4)
    np.testing.assert_array_equal(grouping.sums(np.ones(3)), [1.0, 0.0, 2.0, 0.0])
    assert grouping.starts is None
    with pytest.raises(DataError, match=r"2 of 4 groups have no rows \(the first is 1\)"):
        grouping.means(np.ones(3))


def test_no_rows_no_groups():
    grouping = Grouping.from_codes(np.empty(0, dtype=np.int32))
    assert grouping.n_groups == 0
    assert grouping.sums(np.empty(0)).shape == (0,)
    assert grouping.means_of([np.empty(0)]).shape == (0, 1)


@pytest.mark.parametrize("codes", [np.repeat([0, 1], [10, 30]), np.repeat([0, 1], 20), np.tile([0, 1], 20)])
def test_columns_and_weights_of_another_length_are_refused(codes):
    grouping = Grouping.from_codes(codes)
    for column, weights in (
        (np.ones(50), None),
        (np.ones(20), None),
        (np.ones(40), np.ones(1)),
        (np.ones((40, 2)), None),
    ):
        with pytest.raises(DataError, match="40 group codes"):
            grouping.sums(column, weights)
        with pytest.raises(DataError):
            grouping.means(column, weights)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint32, np.uint64, np.int8])
def test_codes_of_any_integer_type(dtype):
    for codes in LAYOUTS.values():
        if codes.max() < 127:
            grouping = Grouping.from_codes(codes.astype(dtype))
            np.testing.assert_array_equal(grouping.sums(np.ones(len(codes))), np.bincount(codes))
    assert Grouping.from_codes(np.empty(0, dtype=dtype)).n_groups == 0


@pytest.mark.parametrize("codes", [np.array([0.0, 1.0]), np.array([-1, 0]), np.array(["a", "b"])])
def test_what_is_no_code_is_refused(codes):
    with pytest.raises(DataError, match="codes"):
        Grouping.from_codes(codes)


@pytest.mark.parametrize("columns", [0, 1, 3])
@pytest.mark.parametrize("step", [4, 6, 7, 24])
@pytest.mark.parametrize("codes", LAYOUTS.values(), ids=LAYOUTS)
def test_blocks_add_up_to_the_sums(codes, step, columns):
    grouping = Grouping.from_codes(codes)
    matrix = np.asfortranarray(np.random.default_rng(7).standard_normal((len(codes), columns)))
    totals = np.zeros((grouping.n_groups, columns), order="F")
    for start in range(0, len(codes), step):
        block = np.asfortranarray(matrix[start : start + step])
        grouping.add_sums(block, start, start + len(block), totals)
    expected = np.zeros((grouping.n_groups, columns))
    np.add.at(expected, codes, matrix)
    # The bound of a recursive sum.
    tolerance = len(codes) * EPS * np.abs(matrix).sum(axis=0).max(initial=1.0)
    np.testing.assert_allclose(totals, expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("codes", [[3, 5, 3, 9], [-2, 0, -2], [10**12, 5, 10**12]])
def test_distinct_codes_ascend(codes):
    assert distinct(np.array(codes)).tolist() == sorted(set(codes))


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_runs_are_equal_where_all_their_codes_are(dtype):
    runs = [[0, 1], [0, 1, 2], [1, 2], [0, 1], [], [2], [0, 1, 2], [], [0, 12]]
    edges = np.concatenate(([0], np.cumsum([len(run) for run in runs])))
    assert equal_runs(np.concatenate(runs).astype(dtype), edges) == [[0, 3], [1, 6], [2], [4, 7], [5], [8]]
