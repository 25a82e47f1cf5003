"""Triangular factors: of one matrix, of centred rows block by block, and the least squares read off one."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.kernels import Twins, kernel

SHAPES = {"small": (57, 3), "medium": (5_000, 6), "large": (100_000, 11)}


def _data(size: str) -> Any:
    """Columns with one thing in common, off their zero."""
    rows, columns = SHAPES[size]
    rng = np.random.default_rng(0)
    return np.asfortranarray(rng.normal(size=(rows, columns)) + rng.normal(size=(rows, 1)) + 3.0)


def _positive(triangle: Any) -> Any:
    """The factor whose diagonal is positive."""
    return triangle * np.sign(np.diagonal(triangle))[:, None]


def triangle(size: str) -> Twins:
    """One matrix by Householder reflections."""
    matrix, qr = _data(size), kernel("kernels.linear.qr")
    return Twins(
        lambda: qr.triangularize(matrix), lambda: np.linalg.qr(matrix, mode="r"), "NumPy", 1e-12, form=_positive
    )


def triangle_of_rows(size: str) -> Twins:
    """Rows centred and factored block by block, none of them kept."""
    matrix, transformed = _data(size), kernel("kernels.linear.rows").TransformedRows

    def ours() -> Any:
        return transformed(list(matrix.T), shift=matrix.mean(axis=0)).triangle()

    def theirs() -> Any:
        return np.linalg.qr(matrix - matrix.mean(axis=0), mode="r")

    return Twins(ours, theirs, "NumPy", 1e-11, form=_positive)


def least_squares(size: str) -> Twins:
    """Estimates, errors and tests from arrays."""
    from statsmodels.regression.linear_model import OLS

    matrix, ols = _data(size), kernel("kernels.linear.ols").ols
    x, y = matrix[:, :-1], matrix[:, -1]
    design = np.column_stack((np.ones(len(y)), x))

    def ours() -> Any:
        result = ols(x, y)
        return [*result.coefficients, *result.std_errors, *result.pvalues, result.rsquared, result.f_pvalue]

    def theirs() -> Any:
        result = OLS(y, design).fit()
        return [*result.params, *result.bse, *result.pvalues, result.rsquared, result.f_pvalue]

    return Twins(ours, theirs, "statsmodels", 1e-9)


KERNELS = {"triangle": triangle, "triangle of rows": triangle_of_rows, "least squares": least_squares}


def test_speed(timed):
    timed()
