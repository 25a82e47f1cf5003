"""Extended-precision refinement against rational arithmetic, and the estimate that says when it is worth its time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rational import exact_least_squares

from panelvar.kernels.linear import refinement
from panelvar.kernels.linear.columns import FactorCodes, FactorColumn
from panelvar.kernels.linear.qr import solve, triangularize
from panelvar.kernels.linear.refinement import cross_products, estimated_error, polish, refine

extended = pytest.mark.skipif(
    np.finfo(np.longdouble).eps > 1e-18, reason="this platform's long double is no longer than a double"
)


def centred_fit(x, y):
    """Solution in centred columns, the means, and the products that refine it with its constant."""
    n = len(y)
    z = np.column_stack([x, y])
    centre = z.mean(axis=0)
    solution = solve(triangularize(z - centre), np.linalg.norm(x, axis=0))
    table = np.concatenate(([0.0], centre))[None, :]
    return solution, centre, cross_products([np.ones(n), *z.T], [(None, table)])


def polynomial(degree, n=30, noise=0.1, seed=1):
    rng = np.random.default_rng(seed)
    t = rng.uniform(3.0, 5.0, n)
    return np.column_stack([t**j for j in range(1, degree + 1)]), np.cos(t) + noise * rng.standard_normal(n)


def worst(computed, exact):
    return abs(np.asarray(computed) / np.asarray(exact) - 1.0).max()


@extended
@pytest.mark.parametrize(("degree", "digits"), [(1, 15.0), (3, 14.0), (5, 11.5), (6, 9.5)])
def test_refined_polynomial_equals_rational_arithmetic(degree, digits):
    x, y = polynomial(degree)
    n = len(y)
    b, rss, inverse = exact_least_squares(np.column_stack([np.ones(n), x]), y)
    solution, centre, products = centred_fit(x, y)
    better = refine(solution, products, centre)
    assert worst([better.constant, *better.coefficients], b) < 10.0**-digits
    assert worst(better.rss, rss) < 10.0**-digits
    spread = better.inverse_r @ better.inverse_r.T
    assert worst(np.diagonal(spread), np.diagonal(inverse)[1:]) < 10.0**-digits
    np.testing.assert_allclose(better.r @ better.inverse_r, np.eye(degree), atol=1e-15 * np.linalg.cond(better.r))
    if degree > 1:
        assert worst(solution.coefficients, b[1:]) > 3 * worst(better.coefficients, b[1:])
    # The coefficients alone are as good without the factor while the condition is moderate.
    alone = refine(solution, products, centre, factor=False)
    np.testing.assert_array_equal(alone.r, solution.r)
    assert worst([alone.constant, *alone.coefficients], b) < 10.0**-digits


@extended
def test_weights_and_level_tables_equal_weighted_dummy_variables():
    rng = np.random.default_rng(2)
    groups = np.repeat(np.arange(4), [3, 5, 2, 6])
    n = groups.size
    weights = rng.integers(1, 5, n).astype(float)
    t = rng.uniform(1.0, 2.0, n)
    x = np.column_stack([t, t**2, t**3, t**4]) + 1000.0
    y = 1e5 + groups + 10.0 * rng.standard_normal(n)
    z = np.column_stack([x, y])
    mass = np.bincount(groups, weights)
    table = (np.array([np.bincount(groups, column * weights) for column in z.T]) / mass).T
    rows = (z - table[groups]) * np.sqrt(weights)[:, None]
    solution = solve(triangularize(rows), np.linalg.norm(x, axis=0))
    better = refine(solution, cross_products(list(z.T), [(groups, table)], weights, rows=5))
    # A row of integer weight w is w rows.
    repeated = np.repeat(np.arange(n), weights.astype(int))
    dummies = (groups[:, None] == np.arange(4)).astype(float)
    b, rss, _ = exact_least_squares(np.column_stack([x, dummies])[repeated], y[repeated])
    assert better.constant is None
    assert worst(better.coefficients, b[:4]) < 1e-14 < worst(solution.coefficients, b[:4])
    assert worst(better.rss, rss) < 1e-13


@extended
def test_a_level_costs_no_digits():
    x, y = polynomial(2, noise=1e-3)
    x = np.round(x * 2**20) / 2**20 + 2.0**30
    solution, centre, products = centred_fit(x, y)
    better = refine(solution, products, centre)
    b, rss, _ = exact_least_squares(np.column_stack([np.ones(len(y)), x]), y)
    assert worst([better.constant, *better.coefficients], b) < 1e-12
    assert worst(better.rss, rss) < 1e-12


@extended
def test_chunks_add_up():
    x, y = polynomial(4)
    z = np.column_stack([x, y])
    solution = solve(triangularize(z), np.linalg.norm(x, axis=0))
    whole = cross_products(list(z.T))
    chunks = [cross_products(list(z[part].T)) for part in (slice(0, 7), slice(7, 30))]

    def summed(mapping):
        answers = [chunk(mapping) for chunk in chunks]
        return sum(cross for cross, _ in answers), sum(squares for _, squares in answers)

    one, other = refine(solution, whole), refine(solution, summed)
    assert worst(one.coefficients, other.coefficients) < 1e-10
    assert worst(one.rss, other.rss) < 1e-10


@extended
def test_dropped_columns_stay_dropped():
    x, y = polynomial(3)
    wide = np.column_stack([x[:, 0], 2.0 * x[:, 0], x[:, 1:]])
    solution, centre, products = centred_fit(wide, y)
    better = refine(solution, products, centre)
    solution, centre, products = centred_fit(x, y)
    alone = refine(solution, products, centre)
    assert [entry.index for entry in better.dropped] == [1]
    assert better.coefficients[1] == 0.0
    assert worst(better.coefficients[[0, 2, 3]], alone.coefficients) < 1e-13
    assert worst(better.constant, alone.constant) < 1e-13


def test_nothing_kept_is_nothing_to_refine():
    solution = solve(triangularize(np.array([[0.0, 3.0], [0.0, 4.0]])), np.zeros(1))
    assert estimated_error(solution) == (0.0, 0.0)
    assert refine(solution, cross_products([np.zeros(2), np.array([3.0, 4.0])])) is solution


def test_without_a_longer_type_the_solution_is_returned_as_it_came(monkeypatch):
    monkeypatch.setattr(refinement, "_HAS_EXTENDED", False)
    solution, centre, products = centred_fit(*polynomial(6))
    assert refine(solution, products, centre) is solution


@given(st.integers(0, 10**6), st.integers(1, 5), st.floats(0.0, 5.0), st.floats(-3.0, 2.0))
def test_the_estimate_is_not_far_below_the_error(seed, k, near_dependence, log_noise):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((12, k)) + rng.standard_normal(k)
    x[:, -1] = x[:, 0] + 10.0**-near_dependence * x[:, -1]
    y = x @ rng.uniform(0.5, 2.0, k) + 10.0**log_noise * rng.standard_normal(12)
    b, _, inverse = exact_least_squares(np.column_stack([np.ones(12), x]), y)
    solution, centre, _ = centred_fit(x, y)
    estimate = estimated_error(solution, centre)
    constant = centre[-1] - centre[:-1] @ solution.coefficients
    assert worst([constant, *solution.coefficients], b) <= 10 * estimate.coefficients
    deviations = np.linalg.norm(solution.inverse_r, axis=1)
    assert worst(deviations, np.sqrt(np.diagonal(inverse)[1:])) <= 10 * estimate.std_errors


def test_polish_spares_ordinary_data_and_large_data():
    def never():
        raise AssertionError("refined")

    rng = np.random.default_rng(5)
    x = rng.normal(-1.0, 1.0, (57, 2))
    solution, centre, _ = centred_fit(x, 1.0 + x.sum(axis=1) + rng.standard_normal(57))
    assert polish(solution, never, 57, centre) is solution
    steep, centre, _ = centred_fit(*polynomial(3))
    assert polish(steep, never, 10**7, centre) is steep


@extended
def test_polish_brings_small_data_to_twelve_digits():
    x, y = polynomial(5, noise=10.0)
    solution, centre, products = centred_fit(x, y)
    better = polish(solution, lambda: products, len(y), centre)
    b, _, inverse = exact_least_squares(np.column_stack([np.ones(len(y)), x]), y)
    assert worst([better.constant, *better.coefficients], b) < 1e-12 < worst(solution.coefficients, b[1:])
    assert worst(np.linalg.norm(better.inverse_r, axis=1), np.sqrt(np.diagonal(inverse)[1:])) < 1e-12


@extended
def test_an_exact_fit_has_no_negative_residual_sum_of_squares():
    t = np.arange(21.0)
    x = np.column_stack([t**j for j in range(1, 6)])
    solution, centre, products = centred_fit(x, 1.0 + x.sum(axis=1))
    better = polish(solution, lambda: products, 21, centre)
    np.testing.assert_allclose([better.constant, *better.coefficients], 1.0, rtol=1e-12)
    assert 0.0 <= better.rss < 1e-18


@pytest.mark.parametrize("width", [1, 4])
@pytest.mark.parametrize("weighted", [False, True])
def test_columns_of_levels_have_the_products_of_arrays(width, weighted):
    rng = np.random.default_rng(3)
    n = 5_000
    first = FactorCodes(rng.integers(0, 6, n), 5, 1e3 + rng.standard_normal(n))
    both = FactorCodes(rng.integers(0, 3, n), 6, None, FactorCodes(rng.integers(3, 7, n), 6, -rng.standard_normal(n)))
    coded = [FactorColumn(first, level) for level in (4, 0, 2)] + [FactorColumn(both, level) for level in (1, 5)]
    columns = [coded[0], rng.standard_normal(n), *coded[1:], 1e4 + rng.standard_normal(n)]
    weights = rng.uniform(0.5, 2.0, n) if weighted else None
    tables = [(rng.integers(0, 9, n), rng.standard_normal((9, 7))), (None, rng.standard_normal((1, 7)))]
    slopes = (rng.standard_normal(n), None)
    mapping = rng.standard_normal((7, width)).astype(np.longdouble)
    found = cross_products(columns, tables, weights, slopes=slopes)(mapping)
    expected = cross_products([column[:] for column in columns], tables, weights, slopes=slopes)(mapping)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(
            one, other, rtol=0.0, atol=float(np.finfo(np.longdouble).eps) * 1e3 * abs(other).max()
        )
