r"""Local projections: regressions of later values on today's impulses, and what each row adds to their estimates.

.. math:: y_{t+h} = B_h x_t + C_h w_t + \xi_{t,h}

With :math:`\tilde x` the rows of x as instruments and controls leave them, :math:`\hat B_h - B_h = \sum_t \psi_{t,h}`
with the *influence* :math:`\psi_{t,h} = \xi_{t,h}\, g_t'`, :math:`g_t = (\tilde X'\tilde X)^{-1} \tilde x_t`.
Influences of all horizons, laid side by side by date, hold the joint covariance of a whole path:
heteroskedasticity-consistent, it is the sum of their outer products; with serial correlation, pairs of dates are
weighted by a kernel.

References: Jorda (2005), American Economic Review 95(1), 161-182; Montiel Olea and Plagborg-Moller (2021), Econometrica
89(4), 1789-1823; Stock and Watson (2018), Economic Journal 128, 917-948, on instruments.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.kernels.dynamics.column_ranges import require_range
from panelvar.kernels.linear.k_class import Layout, k_class
from panelvar.kernels.linear.lag_windows import kernel_weights, last_lag


class Projection(NamedTuple):
    """Regressions of one set of rows.

    Attributes
    ----------
    coefficients : array (S, L)
        Of the impulses, for each of L left-hand sides.
    gains : array (n, S)
        g: what a unit residual in a row moves the coefficients by.
    residuals : array (n, L)
    leverages : array (n,) or None
    df_resid : int
    """

    coefficients: Array
    gains: Array
    residuals: Array
    leverages: Array | None
    df_resid: int


def project(
    controls: Array,
    impulses: Array,
    left: Array,
    instruments: Array | None = None,
    *,
    measured: tuple[str, ...] = (),
    leverages: bool = True,
) -> Projection:
    """Regress every left-hand side on impulses and controls, from one triangular factor.

    Parameters
    ----------
    controls : array (n, m)
    impulses : array (n, S)
    left : array (n, L)
    instruments : array (n, q), optional
        Of the impulses, beside the controls: two-stage least squares.
    measured : tuple of str
        Names of the last columns of [controls, instruments, impulses, left]: those that have units.
    leverages : bool
        Whether they are wanted: they cost as much as the factor.

    Raises
    ------
    DependentColumn
        A column of [controls, instruments, impulses] depends on those before it; its position is the argument.
    NumericalError
        Columns are out of range, or in units too far apart.
    """
    from scipy.linalg.lapack import dgeqrf, dtrtri, dtrtrs

    n, m, s = len(left), controls.shape[1], impulses.shape[1]
    q = 0 if instruments is None else instruments.shape[1]
    width = m + q + s
    design = np.empty((n, width + left.shape[1]), order="F")
    design[:, :m], design[:, m + q : width], design[:, width:] = controls, impulses, left
    if instruments is not None:
        design[:, m : m + q] = instruments
    triangle = np.triu(dgeqrf(design)[0][: design.shape[1]])
    sizes = np.sqrt(np.einsum("ij,ij->j", triangle, triangle))
    require_range(triangle, sizes, measured)
    _require_rank(triangle, sizes[: m + q if q else width], n)
    if not q:
        square = triangle[:width, :width]
        coefficients, spread = dtrtrs(square, triangle[:width, width:])[0], dtrtri(square)[0]
        regressors = explained = design[:, :width]
    else:
        layout = Layout(m, q, s)
        columns = [[*range(width), width + place] for place in range(left.shape[1])]
        estimates = [k_class(triangle[: width + 1, own], layout) for own in columns]
        coefficients = np.stack([estimate.coefficients for estimate in estimates], axis=1)
        spread = estimates[0].inverse_root
        regressors = np.delete(design[:, :width], np.s_[m : m + q], axis=1)
        explained = design[:, :width] @ estimates[0].fitted[:width]
    gains = explained @ (spread @ spread[m:].T)
    residuals = left - regressors @ coefficients
    levers = None
    if leverages:
        whitened = explained @ spread
        levers = np.einsum("ij,ij->i", whitened, whitened)
    return Projection(coefficients[m:], gains, residuals, levers, n - m - s)


def _require_rank(triangle: Array, sizes: Array, n_rows: int) -> None:
    # What is left of a column is compared with the column itself.
    tolerance = 32.0 * np.finfo(np.float64).eps * n_rows**0.5
    dependent = np.flatnonzero(np.abs(triangle.diagonal()[: len(sizes)]) <= tolerance * sizes)
    if dependent.size:
        raise DependentColumn(int(dependent[0]))


class DependentColumn(Exception):
    """A column is a linear combination of those before it: which, for whoever knows their names."""

    def __init__(self, place: int) -> None:
        super().__init__(place)
        self.place = place


def serial_variances(influence: Array, kernel: str, lags: float) -> Array:
    """Variances (...) of estimates from their influences by date (..., T).

    Dates without a row have zeros, so that a lag never reaches across a gap as if it were not there.
    """
    total: Array = np.einsum("...t,...t->...", influence, influence)
    steps = np.arange(1, last_lag(kernel, lags, influence.shape[-1]) + 1)
    for step, weight in enumerate(kernel_weights(steps, kernel, lags).tolist(), 1):
        total += 2.0 * weight * np.einsum("...t,...t->...", influence[..., step:], influence[..., :-step])
    return total
