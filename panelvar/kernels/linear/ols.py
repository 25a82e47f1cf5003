r"""Ordinary least squares from arrays to arrays: the entry for code that fits thousands of small regressions."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import noun_after
from panelvar.core.base.distributions import f_tail, two_sided
from panelvar.core.base.errors import CollinearityError, DataError, InsufficientDataError
from panelvar.kernels.linear.qr import solve, triangularize

_SMALLEST = 1e-280
"""Sums of squares below this lose digits to underflow."""


class LeastSquares(NamedTuple):
    """Estimates of one regression; vectors hold the constant first, when there is one.

    Attributes
    ----------
    coefficients, std_errors, tstats, pvalues : (p,) arrays
        Classical errors, t distribution with ``residual_df`` degrees of freedom.
    covariance_root : (p, p) array
        C with C C' the covariance of the coefficients.
    rss, tss : float
        Residual and total sums of squares, the latter about the mean when there is a constant.
    residual_df : int
    rsquared, rsquared_adjusted : float
    f_statistic, f_pvalue : float
        Of all slopes being zero.
    """

    coefficients: Array
    std_errors: Array
    tstats: Array
    pvalues: Array
    covariance_root: Array
    rss: float
    tss: float
    residual_df: int
    rsquared: float
    rsquared_adjusted: float
    f_statistic: float
    f_pvalue: float


def ols(x: Array, y: Array, *, constant: bool = True) -> LeastSquares:
    r"""Regress y on the columns of x, by one QR of the centred columns.

    :math:`\hat\beta = R^{-1} Q'y`, :math:`s^2 = RSS / (n - p)`, :math:`V = s^2 R^{-1} R^{-\prime}`; the constant
    and its variance follow by algebra from the means.

    Parameters
    ----------
    x : (n, k) array, or (n,) for one regressor
        Regressors, without a column of ones.
    y : (n,) array
        Dependent variable.
    constant : bool
        Add a constant.

    Returns
    -------
    LeastSquares

    Raises
    ------
    DataError
        If lengths differ, or a value is masked, not finite or not a real number.
    CollinearityError
        If a regressor depends on the others. `panelvar.fit_pooled` says which and goes on without it.
    InsufficientDataError
        If there are no residual degrees of freedom.

    Notes
    -----
    No labels, notes, robust errors, or refinement of ill-conditioned fits: `panelvar.fit_pooled` has them.

    Examples
    --------
    >>> import numpy as np
    >>> from panelvar.kernels.linear.ols import ols
    >>> fit = ols(np.array([1.0, 2.0, 3.0, 4.0]), np.array([3.1, 4.9, 7.2, 8.8]))
    >>> [round(float(value), 4) for value in fit.coefficients], round(fit.rsquared, 4)
    ([1.15, 1.94], 0.9957)
    """
    n = y.shape[0]
    matrix = x if x.ndim == 2 else x[:, None]
    if matrix.shape[0] != n or y.ndim != 1:
        raise DataError(f"x has {matrix.shape[0]} rows and y has shape {y.shape}. They must have the same length.")
    for array in (matrix, y):
        if array.dtype.kind not in "fiub":
            raise DataError(f"x or y has dtype {array.dtype}; expected real numbers.")
        if isinstance(array, np.ma.MaskedArray) and np.ma.is_masked(array):
            raise DataError("x or y has masked values. Leave these rows out first.")
    k = matrix.shape[1]
    lead = 1 if constant else 0
    df = n - k - lead
    if df <= 0:
        raise InsufficientDataError(f"{n} rows cannot identify {k + lead} coefficients and a variance.")
    rows = np.empty((n, k + 1), order="F")
    rows[:, :k] = matrix
    rows[:, k] = y
    squares = np.add.reduce(rows * rows, 0)
    total = float(squares.sum())
    if not math.isfinite(total):
        raise DataError("x or y holds a value that is missing, infinite, or too large to square.")
    if squares.min() < _SMALLEST:
        _refuse_small(rows, squares)
    if constant:
        means = np.add.reduce(rows, 0) / n
        rows -= means
    triangle = triangularize(rows)
    solution = solve(triangle, np.sqrt(squares[:k]))
    if solution.dropped:
        columns = ", ".join(str(item.index) for item in solution.dropped)
        which = noun_after(len(solution.dropped), "column")
        raise CollinearityError(f"x has columns that depend on those before them, or do not vary: {which} {columns}.")
    root = np.zeros((k + lead, k + lead))
    coefficients = np.empty(k + lead)
    coefficients[lead:] = solution.coefficients
    root[lead:, lead:] = solution.inverse_r
    if constant:
        slopes_mean = means[:k]
        coefficients[0] = means[k] - slopes_mean.dot(solution.coefficients)
        root[0, 0] = 1.0 / math.sqrt(n)
        root[0, 1:] = -slopes_mean.dot(solution.inverse_r)
    outcome = triangle[:, k]
    tss = float(outcome.dot(outcome))
    rss = solution.rss
    scale = math.sqrt(rss / df)
    # The product of the squares may leave the range of numbers where that of the roots does not.
    errors = np.sqrt(np.add.reduce(root * root, 1)) * scale
    root *= scale
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = coefficients / errors
    explained = tss - rss
    share = explained / tss if tss > 0.0 else math.nan
    if k and rss > 0.0:
        f_statistic = explained / k / (rss / df)
    else:
        f_statistic = math.inf if k and explained > 0.0 else math.nan
    return LeastSquares(
        coefficients,
        errors,
        ratios,
        two_sided(ratios, df),
        root,
        rss,
        tss,
        df,
        share,
        1.0 - (1.0 - share) * (n - lead) / df,
        f_statistic,
        f_tail(f_statistic, k, df),
    )


def _refuse_small(rows: Array, squares: Array) -> None:
    """Refuse columns whose squares vanish though they do not; zeros are no matter of units."""
    for j in np.flatnonzero(squares < _SMALLEST):
        if rows[:, j].any():
            what = "y" if j == rows.shape[1] - 1 else f"Column {j} of x"
            raise DataError(f"{what} is too small to square (below about 1e-140). Use smaller units.")
