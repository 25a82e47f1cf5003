r"""k-class and minimum-distance estimators from one triangle of ``[Z, W, y]``.

The columns are L instruments Z (the exogenous regressors first), p endogenous regressors W and the dependent variable.
Their R factor holds every column's coordinates in an orthonormal basis whose first L vectors span the instruments: the
first L rows are what instruments explain, the rest is what they leave. With :math:`X = [X_1, W]`, P and U these two
parts of its coordinates, and :math:`M_Z` the projection off the instruments,

.. math:: X'(I - \kappa M_Z)X = P'P - (\kappa - 1)U'U, \qquad X'(I - \kappa M_Z)y = P'p_y - (\kappa - 1)U'u_y.

:math:`\kappa = 1` is two-stage least squares, 0 ordinary least squares.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import NumericalError


class Layout(NamedTuple):
    """How many columns of ``[Z, W, y]`` play which part.

    Attributes
    ----------
    exogenous : int
        Exogenous regressors, the first of the instruments.
    excluded : int
        Instruments that are not regressors.
    endogenous : int
        Endogenous regressors.
    """

    exogenous: int
    excluded: int
    endogenous: int

    def of_columns(self, left: NDArray[np.bool_]) -> Layout:
        """Return how many play each part where only some of the columns, but for y, are left."""
        ends = np.cumsum(self)[:-1]
        return Layout(*(int(part.sum()) for part in np.split(left, ends)))

    @property
    def instruments(self) -> int:
        """L."""
        return self.exogenous + self.excluded

    @property
    def regressors(self) -> NDArray[np.intp]:
        """Columns of X, exogenous first."""
        first = self.instruments
        return np.concatenate((np.arange(self.exogenous), np.arange(first, first + self.endogenous)))


class Estimate(NamedTuple):
    r"""Coefficients and how they come about.

    Attributes
    ----------
    coefficients : (k,) array
        b.
    root, inverse_root : (k, k) arrays
        Upper triangular G with :math:`\hat b - b = (G'G)^{-1}\sum_i \hat x_i e_i`, and its inverse.
    residual : (L + p + 1,) array
        Coordinates of :math:`y - Xb`.
    fitted : (L + p + 1, k) array
        The rows :math:`\hat x_i` whose products with the residuals sum to zero, as combinations of ``[Z, W, y]``.
    """

    coefficients: Array
    root: Array
    inverse_root: Array
    residual: Array
    fitted: Array


def first_stage(triangle: Array, layout: Layout) -> Array:
    """Regress the endogenous regressors on the instruments.

    Parameters
    ----------
    triangle : (L + p + 1, L + p + 1) array
        R factor of ``[Z, W, y]``, Z of full column rank.
    layout : Layout

    Returns
    -------
    (L, p) array
        Coefficients of W on Z.
    """
    n = layout.instruments
    return solve_upper(triangle[:n, :n], triangle[:n, n:-1])


def k_class(triangle: Array, layout: Layout, kappa: float = 1.0) -> Estimate:
    r"""Estimate :math:`b = [X'(I - \kappa M_Z)X]^{-1} X'(I - \kappa M_Z)y`.

    The bracket is factored as :math:`\hat R'(I - (\kappa - 1)F'F)\hat R` with :math:`\hat R` the triangle of P and
    :math:`F = U\hat R^{-1}`, so that nothing is squared that need not be.

    Parameters
    ----------
    triangle : (L + p + 1, L + p + 1) array
        R factor of ``[Z, W, y]``, Z of full column rank and P of full column rank.
    layout : Layout
    kappa : float

    Raises
    ------
    NumericalError
        If the bracket is not positive definite: kappa is too large.
    """
    n, columns = layout.instruments, layout.regressors
    basis, r_hat = np.linalg.qr(triangle[:n, columns])
    target = basis.T @ triangle[:n, -1]
    root = r_hat
    if kappa != 1.0:
        left = solve_upper(r_hat.T, triangle[n:, columns].T, lower=True).T
        bracket = np.eye(len(columns)) - (kappa - 1.0) * (left.T @ left)
        try:
            factor = np.asarray(np.linalg.cholesky(bracket), dtype=np.float64)
        except np.linalg.LinAlgError:
            raise NumericalError(
                f"k = {kappa:.6g} is too large for these data, because X'(I - k M)X is not positive definite. "
                "Two-stage least squares has k = 1."
            ) from None
        target = target - (kappa - 1.0) * (left.T @ triangle[n:, -1])
        target = solve_upper(factor, target, lower=True)
        root = factor.T @ r_hat
    coefficients = solve_upper(root, target)
    fitted = np.zeros((len(triangle), len(columns)))
    k1 = layout.exogenous
    fitted[np.arange(k1), np.arange(k1)] = 1.0
    fitted[:n, k1:] = kappa * first_stage(triangle, layout)
    if kappa != 1.0:
        fitted[np.arange(n, n + layout.endogenous), np.arange(k1, len(columns))] = 1.0 - kappa
    return _estimate(triangle, layout, coefficients, root, fitted)


def minimum_distance(triangle: Array, layout: Layout, moment_root: Array) -> tuple[Estimate, float]:
    r"""Estimate :math:`b = (P'S^{-1}P)^{-1}P'S^{-1}p_y`, efficient GMM, and the minimum of the distance.

    Parameters
    ----------
    triangle, layout
        As in `k_class`.
    moment_root : (L, L) array
        Lower triangular C with :math:`S = CC'` the covariance of :math:`\sum_i q_i e_i`, q the rows of the orthonormal
        instruments.

    Returns
    -------
    Estimate
    float
        :math:`(p_y - Pb)'S^{-1}(p_y - Pb)`, Hansen's J.
    """
    n, columns = layout.instruments, layout.regressors
    scaled = solve_upper(moment_root, triangle[:n, np.append(columns, len(triangle) - 1)], lower=True)
    basis, root = np.linalg.qr(scaled[:, :-1])
    coefficients = solve_upper(root, basis.T @ scaled[:, -1])
    left = scaled[:, -1] - scaled[:, :-1] @ coefficients
    fitted = np.zeros((len(triangle), len(columns)))
    fitted[:n] = solve_upper(triangle[:n, :n], solve_upper(moment_root.T, scaled[:, :-1]))
    return _estimate(triangle, layout, coefficients, root, fitted), float(left @ left)


def liml_kappa(triangle: Array, layout: Layout) -> float:
    r"""Return the smallest ratio of :math:`|M_1(y - Wb)|^2` to :math:`|M_Z(y - Wb)|^2` over all combinations.

    :math:`M_1` projects off the exogenous regressors (Davidson and MacKinnon 1993, chapter 18). It is 1 where the
    model is just identified.

    Parameters
    ----------
    triangle, layout
        As in `k_class`.
    """
    k1, n = layout.exogenous, layout.instruments
    if layout.excluded == layout.endogenous:
        return 1.0
    outer: Array = np.linalg.qr(triangle[k1:, n:], mode="r")  # type: ignore[assignment]
    if np.abs(np.diagonal(outer)).min() == 0.0:
        return 1.0
    # Largest singular value of what the instruments leave, relative to what the exogenous regressors leave.
    ratios = np.linalg.svd(solve_upper(outer.T, triangle[n:, n:].T, lower=True).T, compute_uv=False)
    return float(1.0 / ratios[0] ** 2)


def solve_upper(triangle: Array, right: Array, *, lower: bool = False) -> Array:
    """Solve a triangular system.

    Parameters
    ----------
    triangle : (n, n) array
        Its other half is not read.
    right : (n,) or (n, m) array
    lower : bool
        Whether the triangle is a lower one.
    """
    if triangle.shape[0] == 0:
        return np.zeros(right.shape)
    from scipy.linalg import solve_triangular

    return solve_triangular(triangle, right, lower=lower, check_finite=False)


def _estimate(triangle: Array, layout: Layout, coefficients: Array, root: Array, fitted: Array) -> Estimate:
    residual = triangle[:, -1] - triangle[:, layout.regressors] @ coefficients
    return Estimate(coefficients, root, solve_upper(root, np.eye(len(root))), residual, fitted)
