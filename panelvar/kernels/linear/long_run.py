r"""Long-run covariances of series: two-sided, one-sided, and prewhitened.

Let :math:`u_t` be series of mean zero with k columns, for t = 1 to n, and :math:`w_j` a kernel's weights
(`panelvar.kernels.linear.lag_windows`). Then

.. math:: \Gamma_j = \frac1n \sum_{t > j} u_t u_{t-j}', \qquad \Sigma = \Gamma_0, \qquad
   \Lambda = \sum_{j \ge 1} w_j \Gamma_j, \qquad \Delta = \Sigma + \Lambda, \qquad
   \Omega = \Sigma + \Lambda + \Lambda' = \Delta + \Delta' - \Sigma.

Rows are the present, columns the past: :math:`\Delta_{ab}` adds up :math:`E\,u_{a,t}\,u_{b,t-j}` over j from zero on.
EViews calls it the lower one-sided covariance and :math:`\Lambda` its strict form; arch ``one_sided`` and
``one_sided_strict``. Phillips and Hansen (1990) and Hansen (1992) write :math:`\sum_j E\,u_0 u_j'`: their
:math:`\Delta_{21}` is the transpose of :math:`\Delta_{12}` here. Nothing is taken out of the series first.

Squares are taken of columns in powers of two of their own sizes, so that they leave the range of numbers only where the
answer does.

References: Andrews (1991), Econometrica 59, 817-858; Andrews and Monahan (1992), Econometrica 60, 953-966; Phillips and
Hansen (1990), Review of Economic Studies 57, 99-125; Hansen (1992), Journal of Business and Economic Statistics 10,
321-335.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.errors import CollinearityError, InsufficientDataError, NumericalError, SpecificationError
from panelvar.core.base.scaling import exponents
from panelvar.kernels.linear.lag_windows import bandwidth_by_rule, kernel_weights, last_lag
from panelvar.kernels.linear.qr import ROUNDING
from panelvar.kernels.linear.unit_regressions import stacked_triangles


class LongRunCovariance(NamedTuple):
    r"""Covariances of the long run, in the units of the series.

    Attributes
    ----------
    contemporaneous : (..., k, k) array
        :math:`\Sigma = \Gamma_0`.
    strictly_one_sided : (..., k, k) array
        :math:`\Lambda`, the covariances with the past, without the present.
    two_sided : (..., k, k) array
        :math:`\Omega`, exactly symmetric and, but for rounding, positive semi-definite.
    bandwidth : (...) array
        L of each.
    """

    contemporaneous: Array
    strictly_one_sided: Array
    two_sided: Array
    bandwidth: Array

    @property
    def one_sided(self) -> Array:
        r""":math:`\Delta = \Sigma + \Lambda`, the covariances with the present and the past."""
        return self.contemporaneous + self.strictly_one_sided


def long_run_covariance(
    series: Array,
    kernel: str,
    bandwidth: str | ArrayLike,
    *,
    weights: ArrayLike | None = None,
    divisor: float | None = None,
) -> LongRunCovariance:
    r"""Long-run covariances of stacks of series of one length, each stack by itself.

    Parameters
    ----------
    series : (..., n, k) array
        Rows are consecutive periods.
    kernel : {"bartlett", "parzen", "quadratic-spectral"}
    bandwidth : float, (...) array or str
        L, one for all, one for each stack, or a rule of `panelvar.kernels.linear.lag_windows.bandwidth_by_rule`. With
        zero,
        :math:`\Omega = \Delta = \Sigma`.
    weights : (k,) array, optional
        Of the columns, for rules that look at the data: see `panelvar.kernels.linear.lag_windows.newey_west_bandwidth`.
    divisor : float, optional
        What sums of products are divided by, in place of n: n less the coefficients that residuals took, for programs
        that count these (arch's ``df_adjust``).

    Returns
    -------
    LongRunCovariance

    Raises
    ------
    NumericalError
        If a covariance leaves the range of numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from panelvar.kernels.linear.long_run import long_run_covariance
    >>> series = np.array([[1.0], [-1.0], [2.0], [-2.0]])
    >>> covariance = long_run_covariance(series, "bartlett", 1.0)
    >>> covariance.contemporaneous.tolist(), covariance.two_sided.tolist()
    ([[2.5]], [[0.75]])
    """
    values = np.asarray(series, dtype=np.float64)
    units = exponents(values, axis=-2)
    lags = _lags(values, kernel, bandwidth, weights)
    scaled = np.ldexp(values, -units[..., None, :])
    sigma, past = _kernel_sums(scaled, kernel, lags, float(values.shape[-2]) if divisor is None else divisor)
    return _in_units(sigma, past, sigma + (past + past.swapaxes(-2, -1)), units, lags)


def prewhitened_covariance(
    series: Array,
    kernel: str,
    bandwidth: str | ArrayLike,
    *,
    weights: ArrayLike | None = None,
    divisor: float | None = None,
    largest: float = 0.97,
) -> LongRunCovariance:
    r"""Long-run covariances from the residuals of a first-order vector autoregression (Andrews and Monahan 1992).

    :math:`u_t = A u_{t-1} + e_t` is fitted by least squares without a constant, the long-run covariances
    :math:`\Omega_e` and :math:`\Delta_e` of its residuals are computed, and with :math:`D = (I - A)^{-1}`

    .. math:: \Omega = D\,\Omega_e D', \qquad \Delta = D\,\Delta_e D' - \Sigma A' D',

    the second being Hansen's (1992) for the transpose, :math:`D\Delta_e'D' - DA\Sigma`. :math:`\Sigma` is that of the
    series. :math:`\Omega = \Delta + \Delta' - \Sigma` then holds but for the first and last period, and for what
    `largest` changes.

    Parameters
    ----------
    series, kernel, weights
        As in `long_run_covariance`.
    bandwidth : float, (...) array or str
        For the residuals; a rule looks at the residuals too.
    divisor : float, optional
        Used in place of n. By default n divides the products of the n - 1 residuals too, as in R's sandwich, whose
        ``adjust`` takes n less k.
    largest : float
        A bound below one. Larger singular values of A are set to it, so that D exists and is not large (R's sandwich
        has no such bound). They are those of the series divided by their root mean squares: units decide nothing.

    Returns
    -------
    LongRunCovariance
        Its bandwidth is that of the residuals.

    Raises
    ------
    InsufficientDataError
        If there are fewer than k + 2 periods.
    CollinearityError
        If the columns of a stack depend on one another.
    SpecificationError
        If `largest` is not between zero and one.
    NumericalError
        If a covariance leaves the range of numbers.

    Notes
    -----
    Prewhitening takes away most of the bias of a kernel where series are persistent, and adds variance where they are
    not.
    """
    if not 0.0 < largest < 1.0:
        raise SpecificationError(f"largest={largest:g} must be between 0 and 1.")
    values = np.asarray(series, dtype=np.float64)
    units = exponents(values, axis=-2)
    scaled = np.ldexp(values, -units[..., None, :])
    own = _coefficients(scaled, largest)
    residuals = scaled[..., 1:, :] - scaled[..., :-1, :] @ own.swapaxes(-2, -1)
    # Back in units of one another, which weights are for; a common one does not matter.
    apart = units - units.max(axis=-1, keepdims=True)
    lags = _lags(np.ldexp(residuals, apart[..., None, :]), kernel, bandwidth, weights)
    total = float(values.shape[-2]) if divisor is None else divisor
    sigma, _ = _kernel_sums(scaled, kernel, np.zeros_like(lags), total)
    inner, past = _kernel_sums(residuals, kernel, lags, total)
    identity = np.eye(values.shape[-1])
    colour = np.linalg.solve(identity - own, np.broadcast_to(identity, own.shape))
    turned = colour.swapaxes(-2, -1)
    two_sided = colour @ (inner + (past + past.swapaxes(-2, -1))) @ turned
    one_sided = colour @ (inner + past) @ turned - sigma @ own.swapaxes(-2, -1) @ turned
    return _in_units(sigma, one_sided - sigma, _symmetric(two_sided), units, lags)


def long_run_variance(series: Array, kernel: str, bandwidth: str | ArrayLike) -> Array:
    r"""Long-run variances of single series, :math:`c_0 + 2\sum_{j \ge 1} w_j c_j` with autocovariances over n.

    Parameters
    ----------
    series : (..., n) array
    kernel, bandwidth
        As in `long_run_covariance`.

    Returns
    -------
    (...) array
        Never negative with any of the kernels.
    """
    return long_run_covariance(np.asarray(series)[..., None], kernel, bandwidth).two_sided[..., 0, 0]


def _lags(series: Array, kernel: str, bandwidth: str | ArrayLike, weights: ArrayLike | None) -> Array:
    """One bandwidth for each stack."""
    if isinstance(bandwidth, str):
        return bandwidth_by_rule(series, bandwidth, kernel, weights)
    return np.broadcast_to(np.asarray(bandwidth, dtype=np.float64), series.shape[:-2])


def _kernel_sums(scaled: Array, kernel: str, lags: Array, divisor: float) -> tuple[Array, Array]:
    """Sigma and Lambda of series whose squares are in range."""
    n = scaled.shape[-2]
    turned = scaled.swapaxes(-2, -1)
    past = np.zeros((*scaled.shape[:-2], scaled.shape[-1], scaled.shape[-1]))
    for lag in range(1, last_lag(kernel, float(lags.max(initial=0.0)), n) + 1):
        weight = kernel_weights(lag, kernel, lags)[..., None, None]
        past += weight * (turned[..., lag:] @ scaled[..., : n - lag, :])
    return _symmetric(turned @ scaled) / divisor, past / divisor


def _symmetric(matrix: Array) -> Array:
    return 0.5 * (matrix + matrix.swapaxes(-2, -1))


def _coefficients(scaled: Array, largest: float) -> Array:
    """A of the autoregression (..., k, k), its singular values cut."""
    n, k = scaled.shape[-2:]
    if n < k + 2:
        raise InsufficientDataError(f"Prewhitening {k} series needs at least {k + 2} periods; there are {n}.")
    before = scaled[..., :-1, :]
    triangle = stacked_triangles(np.concatenate((before, scaled[..., 1:, :]), axis=-1))
    left = triangle[..., :k, :k]
    pivots = np.abs(np.diagonal(left, axis1=-2, axis2=-1))
    if (pivots <= n * ROUNDING * np.sqrt(np.square(before).sum(axis=-2))).any():
        raise CollinearityError(
            "Prewhitening needs series that do not depend on one another and are not zero throughout."
        )
    own = np.linalg.solve(left, triangle[..., :k, k:]).swapaxes(-2, -1)
    size = np.sqrt(np.square(scaled).mean(axis=-2))
    ratio = size[..., None, :] / size[..., :, None]
    rotated, values, other = np.linalg.svd(own * ratio)
    cut = (rotated * np.minimum(values, largest)[..., None, :]) @ other / ratio
    # What need not be cut keeps every digit. The values decrease.
    return np.where(values[..., :1, None] > largest, cut, own)


def _in_units(sigma: Array, past: Array, two_sided: Array, units: Positions, lags: Array) -> LongRunCovariance:
    """Undo the powers of two, and refuse what they take out of the range of numbers."""
    both = units[..., :, None] + units[..., None, :]
    with np.errstate(over="ignore"):
        present, before, whole = (np.asarray(np.ldexp(matrix, both)) for matrix in (sigma, past, two_sided))
    lost = (sigma.diagonal(axis1=-2, axis2=-1) > 0.0) & (present.diagonal(axis1=-2, axis2=-1) == 0.0)
    if lost.any() or not all(np.isfinite(matrix).all() for matrix in (present, before, whole)):
        raise NumericalError(
            "Long-run covariances of these series leave the range of floating-point numbers. Rescale the series."
        )
    return LongRunCovariance(present, before, whole, lags)
