"""Blocked QR against exact rational algebra and dense least squares; rank decisions that no unit can change."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rational import exact_least_squares

from panelvar.core.base.errors import NumericalError
from panelvar.kernels.linear.qr import RowAccumulator, solve, triangularize

EPS = np.finfo(np.float64).eps


def accumulated(matrix, sizes):
    accumulator = RowAccumulator(matrix.shape[1])
    start = 0
    for size in sizes:
        accumulator.room(size)[...] = matrix[start : start + size]
        accumulator.update()
        start += size
    assert start == matrix.shape[0]
    return accumulator.r


def design(seed, n, k, spread=0.0):
    """Columns of lengths from 1 to 10^spread, correlated, and a dependent variable with noise."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, k)) @ (np.eye(k) + 0.3 * rng.standard_normal((k, k)))
    x *= 10.0 ** rng.uniform(0.0, spread, k)
    y = x @ rng.standard_normal(k) + rng.standard_normal(n)
    return x, y


def solved(x, y, centre=False):
    z = np.column_stack([x, y])
    return solve(triangularize(z - z.mean(axis=0) if centre else z), np.linalg.norm(x, axis=0))


def gram_of(r):
    """R'R, which unlike R itself does not depend on the signs of its rows."""
    return r.T @ r


@st.composite
def stacks(draw):
    columns = draw(st.integers(1, 6))
    sizes = draw(st.lists(st.integers(0, 9), min_size=1, max_size=6))
    seed = draw(st.integers(0, 10**6))
    matrix = np.random.default_rng(seed).standard_normal((sum(sizes), columns))
    return matrix, sizes


# --- the running factor ----------------------------------------------------------------------------------------------


@given(stacks())
def test_blocks_have_the_gram_matrix_of_all_rows(stack):
    matrix, sizes = stack
    r = accumulated(matrix, sizes)
    np.testing.assert_array_equal(np.tril(r, -1), 0.0)
    np.testing.assert_allclose(gram_of(r), matrix.T @ matrix, rtol=0, atol=100 * EPS * max(matrix.size, 1))
    np.testing.assert_allclose(gram_of(triangularize(matrix)), gram_of(r), rtol=0, atol=100 * EPS * max(matrix.size, 1))


@given(stacks(), st.randoms(use_true_random=False))
def test_row_order_does_not_matter(stack, random):
    matrix, sizes = stack
    order = list(range(matrix.shape[0]))
    random.shuffle(order)
    np.testing.assert_allclose(
        gram_of(accumulated(matrix[order], sizes)),
        gram_of(accumulated(matrix, sizes)),
        rtol=0,
        atol=100 * EPS * max(matrix.size, 1),
    )


@given(stacks(), stacks())
def test_stacking_two_factors_merges_them(one, two):
    upper, lower = one[0], two[0]
    columns = min(upper.shape[1], lower.shape[1])
    upper, lower = upper[:, :columns], lower[:, :columns]
    merged = triangularize(np.vstack([triangularize(upper), triangularize(lower)]))
    np.testing.assert_allclose(
        gram_of(merged),
        gram_of(triangularize(np.vstack([upper, lower]))),
        rtol=0,
        atol=100 * EPS * (upper.size + lower.size + 1),
    )


def test_room_is_column_major_reused_and_does_not_touch_the_answer():
    accumulator = RowAccumulator(2)
    first = accumulator.room(5)
    assert first.shape == (5, 2) and first.strides == (8, 8 * 7)
    first[...] = [[1.0, 2.0]] * 5
    accumulator.update()
    r = accumulator.r
    kept = r.copy()
    accumulator.room(3)[...] = 7.0
    np.testing.assert_array_equal(r, kept)
    accumulator.update()
    np.testing.assert_allclose(gram_of(accumulator.r), [[152.0, 157.0], [157.0, 167.0]], rtol=100 * EPS)
    again = accumulator.r
    accumulator.update()  # nothing was written since
    np.testing.assert_array_equal(accumulator.r, again)


def test_triangularize_leaves_its_argument_alone():
    for order in "CF":
        matrix = np.array([[3.0, 1.0], [4.0, 2.0], [0.0, 5.0]], order=order)
        before = matrix.copy()
        r = triangularize(matrix)
        np.testing.assert_array_equal(matrix, before)
        np.testing.assert_allclose(abs(r), [[5.0, 2.2], [0.0, np.sqrt(30 - 2.2**2)]], rtol=10 * EPS)


# --- the solution ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seed", "n", "k", "spread"), [(0, 6, 2, 0.0), (1, 12, 3, 2.0), (2, 20, 5, 6.0), (3, 9, 8, 3.0)]
)
def test_solution_equals_rational_arithmetic(seed, n, k, spread):
    x, y = design(seed, n, k, spread)
    b, rss, inverse = exact_least_squares(x, y)
    solution = solved(x, y)
    scale = np.linalg.norm(x, axis=0)
    tolerance = 20 * k * EPS * solution.condition * k * (1 + solution.condition * k * np.sqrt(rss) / np.linalg.norm(y))
    np.testing.assert_allclose(solution.coefficients * scale, b * scale, rtol=0, atol=tolerance * abs(b * scale).max())
    assert solution.rss == pytest.approx(rss, rel=100 * EPS * solution.condition * np.linalg.norm(y) / np.sqrt(rss))
    computed = solution.inverse_r @ solution.inverse_r.T * np.outer(scale, scale)
    wanted = inverse * np.outer(scale, scale)
    np.testing.assert_allclose(computed, wanted, rtol=0, atol=tolerance * solution.condition * abs(wanted).max())
    np.testing.assert_allclose(solution.r @ solution.inverse_r, np.eye(k), rtol=0, atol=100 * EPS * solution.condition)
    assert solution.dropped == () and solution.kept.tolist() == list(range(k)) and solution.constant is None


@given(st.integers(0, 10**6), st.integers(1, 6), st.lists(st.integers(-12, 12), min_size=6, max_size=6))
def test_units_change_nothing_but_units(seed, k, powers):
    x, y = design(seed, 30, k)
    units = 10.0 ** np.array(powers[:k])
    plain, scaled = solved(x, y), solved(x * units, y)
    assert scaled.kept.tolist() == plain.kept.tolist()
    tolerance = 1000 * EPS * plain.condition * k
    size = np.abs(plain.coefficients * np.linalg.norm(x, axis=0)).max() + np.sqrt(plain.rss)
    difference = (scaled.coefficients * units - plain.coefficients) * np.linalg.norm(x, axis=0)
    np.testing.assert_allclose(difference, 0.0, rtol=0, atol=tolerance * plain.condition * size)
    assert scaled.condition == pytest.approx(plain.condition, rel=tolerance)
    assert scaled.rss == pytest.approx(plain.rss, rel=tolerance)


@given(st.integers(0, 10**6), st.integers(1, 8))
def test_condition_lies_below_the_spectral_one_and_within_its_factor(seed, k):
    x, y = design(seed, 25, k)
    spectral = np.linalg.cond(x / np.linalg.norm(x, axis=0))
    condition = solved(x, y).condition
    assert spectral / k * (1 - 1e-9) <= condition <= spectral * (1 + 1e-9)


def test_orthogonal_columns_have_condition_one():
    assert solved(np.eye(5)[:, :3] * [1.0, 1e6, 1e-6], np.arange(5.0)).condition == pytest.approx(1.0, rel=10 * EPS)


# --- rank ------------------------------------------------------------------------------------------------------------


@given(
    st.integers(0, 10**6),
    st.integers(2, 6),
    st.data(),
    st.lists(st.sampled_from([1e-9, 1.0, 1e9]), min_size=6, max_size=6),
)
def test_the_last_of_a_dependent_set_is_dropped_and_explained(seed, k, data, units):
    rng = np.random.default_rng(seed)
    x, y = design(seed, 40, k)
    last = data.draw(st.integers(1, k - 1))
    members = sorted(data.draw(st.sets(st.integers(0, last - 1), min_size=1)))
    weights = rng.choice([-2.0, -1.0, 0.5, 3.0], len(members))
    x[:, last] = x[:, members] @ weights + 5.0
    units = np.array(units[:k])
    solution = solved(x * units, y, centre=True)
    others = [j for j in range(k) if j != last]
    assert solution.kept.tolist() == others
    (dropped,) = solution.dropped
    assert (dropped.index, dropped.absorbed) == (last, False)
    assert [column for column, _ in dropped.on] == members
    np.testing.assert_allclose([value for _, value in dropped.on], weights * units[last] / units[members], rtol=1e-9)
    without = solved((x * units)[:, others], y, centre=True)
    assert solution.coefficients[last] == 0.0
    np.testing.assert_allclose(solution.coefficients[others], without.coefficients, rtol=1e-9)
    np.testing.assert_allclose(solution.rss, without.rss, rtol=1e-9)
    np.testing.assert_allclose(
        abs(solution.inverse_r), abs(without.inverse_r), rtol=1e-6, atol=1e-8 * abs(without.inverse_r).max()
    )


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_what_the_transform_leaves_of_a_group_level_column_is_absorbed(unit):
    rng = np.random.default_rng(8)
    groups = np.repeat(np.arange(30), rng.integers(2, 9, 30))
    n = groups.size
    x = np.column_stack([rng.standard_normal(n), rng.uniform(1, 2, 30)[groups] * unit, 1e6 + rng.standard_normal(n)])
    y = rng.standard_normal(n)
    z = np.column_stack([x, y])
    z -= (np.array([np.bincount(groups, column) for column in z.T]) / np.bincount(groups)).T[groups]
    assert abs(z[:, 1]).max() > 0.0  # rounding noise is there to be fooled by
    solution = solve(triangularize(z), np.linalg.norm(x, axis=0))
    assert solution.kept.tolist() == [0, 2]
    assert [(entry.index, entry.absorbed, entry.on) for entry in solution.dropped] == [(1, True, ())]


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_two_way_demeaning_by_many_sweeps_still_shows_what_it_absorbed(unit):
    rng = np.random.default_rng(9)
    entity, time = np.divmod(rng.choice(400, 260, replace=False), 20)
    x = np.column_stack(
        [rng.standard_normal(260), (rng.uniform(0, 9, 20)[entity] + rng.uniform(0, 9, 20)[time]) * unit]
    )
    z = np.column_stack([x, rng.standard_normal(260)])
    for _ in range(300):
        for codes in (entity, time):
            sizes = np.maximum(np.bincount(codes, minlength=20), 1)
            z -= (np.array([np.bincount(codes, column, 20) for column in z.T]) / sizes).T[codes]
    solution = solve(triangularize(z), np.linalg.norm(x, axis=0))
    assert solution.kept.tolist() == [0] and solution.dropped[0].absorbed


def test_a_full_set_of_dummies_beside_a_constant_loses_its_last():
    rng = np.random.default_rng(3)
    levels = rng.integers(0, 4, 50)
    dummies = (levels[:, None] == np.arange(4)).astype(float)
    y = rng.standard_normal(50)
    solution = solved(np.column_stack([np.ones(50), dummies]), y)
    assert solution.kept.tolist() == [0, 1, 2, 3]
    assert dict(solution.dropped[0].on) == pytest.approx({0: 1.0, 1: -1.0, 2: -1.0, 3: -1.0})
    means = np.array([y[levels == level].mean() for level in range(4)])
    np.testing.assert_allclose(solution.coefficients[1:4] + solution.coefficients[0], means[:3], rtol=1e-12)
    centred = solved(dummies, y, centre=True)
    assert centred.kept.tolist() == [0, 1, 2] and not centred.dropped[0].absorbed


def test_near_dependence_is_not_dependence():
    rng = np.random.default_rng(4)
    x = rng.standard_normal((50, 3))
    x[:, 2] = x[:, 0] - x[:, 1] + 1e-8 * x[:, 2]
    assert solved(x, x[:, 0]).dropped == ()
    x[:, 2] = x[:, 0] - x[:, 1] + 1e-14 * rng.standard_normal(50)
    assert [entry.index for entry in solved(x, x[:, 0]).dropped] == [2]


def test_dependence_hidden_from_the_diagonal_is_found():
    # Kahan's matrix: every diagonal element is far from zero, and yet the columns are dependent to 1e-14.
    k, sine, cosine = 120, np.sin(1.2), np.cos(1.2)
    kahan = sine ** np.arange(k)[:, None] * (np.eye(k) - cosine * np.triu(np.ones((k, k)), 1))
    assert abs(np.diagonal(kahan)).min() > 1e-4 and np.linalg.cond(kahan) > 1e15
    solution = solve(np.pad(kahan, ((0, 1), (0, 1)), constant_values=1.0), np.linalg.norm(kahan, axis=0))
    assert solution.dropped and solution.condition < 1e12
    assert np.linalg.cond(kahan[:, solution.kept]) < 1e14


def test_zero_column_several_dropped_and_nothing_left():
    x = np.array([[0.0, 1.0, 2.0], [0.0, 2.0, 4.0], [0.0, 3.0, 6.0]])
    solution = solved(x, np.array([1.0, 2.0, 4.0]))
    assert [(entry.index, entry.absorbed) for entry in solution.dropped] == [(0, True), (2, False)]
    assert solution.coefficients.tolist() == pytest.approx([0.0, 17.0 / 14.0, 0.0])
    nothing = solved(np.zeros((3, 2)), np.array([1.0, 2.0, 2.0]))
    assert nothing.kept.size == 0 and nothing.inverse_r.shape == (0, 0) and nothing.rss == pytest.approx(9.0)
    assert nothing.coefficients.tolist() == [0.0, 0.0] and nothing.condition == 1.0


def test_no_regressor_at_all():
    solution = solve(triangularize(np.array([[3.0], [4.0]])), np.zeros(0))
    assert solution.coefficients.shape == (0,) and solution.rss == pytest.approx(25.0)


def test_fewer_rows_than_columns_keeps_what_the_rows_allow():
    rng = np.random.default_rng(6)
    x, y = rng.standard_normal((3, 5)), rng.standard_normal(3)
    solution = solved(x, y)
    assert solution.kept.tolist() == [0, 1, 2]
    np.testing.assert_allclose(x @ solution.coefficients, y, atol=1e-12)


def test_units_whose_squares_overflow_are_still_solved():
    x, y = design(7, 20, 3)
    units = np.array([1e-170, 1.0, 1e170])
    plain, extreme = (
        solved(x, y),
        solve(triangularize(np.column_stack([x * units, y])), np.linalg.norm(x, axis=0) * units),
    )
    assert extreme.dropped == ()
    np.testing.assert_allclose(extreme.coefficients * units, plain.coefficients, rtol=1e-12)
    assert extreme.condition == pytest.approx(plain.condition, rel=1e-12)


@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_numbers_that_are_not_finite_are_refused(value):
    x, y = design(7, 20, 3)
    r = triangularize(np.column_stack([x, y]))
    r[0, 1] = value
    with pytest.raises(NumericalError, match=r"columns \[1\]"):
        solve(r, np.linalg.norm(x, axis=0))


def test_a_residual_sum_of_squares_that_overflows_is_refused():
    x, y = design(7, 20, 3)
    with pytest.raises(NumericalError, match="larger units"):
        solve(triangularize(np.column_stack([x, y * 1e200])), np.linalg.norm(x, axis=0))


def test_dependent_columns_among_independent_ones_are_dropped_in_their_order():
    """All that depend on the columns before a dependent one go at once; the others keep their places."""
    rng = np.random.default_rng(5)
    x = rng.standard_normal((50, 9))
    x[:, 2] = x[:, 0] + x[:, 1]
    x[:, 5] = 2.0 * x[:, 1]
    x[:, 7] = x[:, 3] - x[:, 6]
    y = rng.standard_normal(50)
    columns = np.column_stack([x, y])
    solution = solve(triangularize(columns), np.linalg.norm(x, axis=0))
    assert solution.kept.tolist() == [0, 1, 3, 4, 6, 8]
    assert [(item.index, [j for j, _ in item.on]) for item in solution.dropped] == [(2, [0, 1]), (5, [1]), (7, [3, 6])]
    expected = np.linalg.lstsq(x[:, solution.kept], y, rcond=None)[0]
    np.testing.assert_allclose(solution.coefficients[solution.kept], expected, rtol=1e-12)
