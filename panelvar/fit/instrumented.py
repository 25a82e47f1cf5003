r"""What a fit with instruments knows besides its solution, and the regressions its tests are made of.

A fit with instruments is ordinary least squares of :math:`y^*_i = e_i + \hat x_i'b` on :math:`\hat x_i`, the regressors
as the instruments explain them, with :math:`e_i = y_i - x_i'b`: its residuals are the structural ones, its scores
:math:`\hat x_i e_i` sum to zero, and every covariance follows unchanged. Both columns are linear combinations of
``[Z, W, y]``, and so is whatever a test regresses: transforms are linear, so that rows, level tables and triangle of a
test's regression are combinations of those at hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from panelvar.base.arrays import Array
from panelvar.base.errors import MissingInformationError
from panelvar.fit.fit import Fit
from panelvar.kernels.k_class import Estimate, Layout, first_stage
from panelvar.kernels.qr import Solution, solve, triangularize
from panelvar.kernels.rows import TransformedRows


@dataclass(frozen=True, eq=False)
class Instrumented:
    r"""Transformed rows of ``[Z, W, y]`` and the estimate made from their triangle.

    Attributes
    ----------
    method : {"2sls", "liml", "fuller", "k-class", "gmm"}
    layout : Layout
        Columns in use: exogenous regressors and excluded instruments (Z), endogenous regressors (W).
    names : tuple of str
        Of Z, W and y.
    rows : TransformedRows or None
        None after the rows are released.
    triangle : (L + p + 1, L + p + 1) array
        R factor of the rows.
    raw_norms : (L + p + 1,) array
        Size of each column before the transform.
    centre : (L + p + 1,) array
        Coefficient of each column on the transformed constant.
    estimate : Estimate
    kappa : float
        k of the k-class (1 for 2SLS and GMM).
    distance : float or None
        Minimum of the GMM distance, Hansen's J.
    """

    method: str
    layout: Layout
    names: tuple[str, ...]
    rows: TransformedRows | None
    triangle: Array
    raw_norms: Array
    centre: Array
    estimate: Estimate
    kappa: float = 1.0
    distance: float | None = None

    @property
    def exogenous(self) -> tuple[str, ...]:
        """Exogenous regressors in use."""
        return self.names[: self.layout.exogenous]

    @property
    def excluded(self) -> tuple[str, ...]:
        """Instruments in use that are no regressors."""
        return self.names[self.layout.exogenous : self.layout.instruments]

    @property
    def endogenous(self) -> tuple[str, ...]:
        """Endogenous regressors in use."""
        return self.names[self.layout.instruments : -1]

    @property
    def overidentification(self) -> int:
        """Excluded instruments beyond the endogenous regressors."""
        return self.layout.excluded - self.layout.endogenous

    def units(self, columns: Sequence[int] | range) -> Array:
        """Loadings that pick columns of ``[Z, W, y]``."""
        return np.eye(len(self.triangle))[:, list(columns)]

    def first_stage(self) -> Array:
        """Coefficients of W on Z, shape (L, p)."""
        return first_stage(self.triangle, self.layout)

    def residual(self) -> Array:
        """Loadings of the structural residual."""
        out = np.zeros(len(self.triangle))
        out[-1] = 1.0
        out[self.layout.regressors] = -self.estimate.coefficients
        return out


def instrumented_of(fit: Fit, what: str) -> Instrumented:
    """Return what the fit knows of its instruments, rows included.

    Raises
    ------
    MissingInformationError
        If the rows were released.
    """
    found = fit.instrumented
    if found is None or found.rows is None:
        raise MissingInformationError(f"{what} needs the data rows, which without_rows() released: refit the model.")
    return found


def auxiliary_fit(
    fit: Fit,
    loadings: Array,
    names: Sequence[str],
    dependent: str,
    *,
    coefficients: Array | None = None,
) -> Fit:
    """Regress one combination of ``[Z, W, y]`` on others, on the rows and with the constant and effects of a fit.

    Parameters
    ----------
    fit : Fit
        A fit with instruments.
    loadings : (L + p + 1, m + 1) array
        Regressors and, last, the dependent variable.
    names, dependent
        Their names.
    coefficients : (m,) array, optional
        Keep these instead of the least-squares solution: the residuals, and so the scores, are then theirs.
    """
    base = instrumented_of(fit, "A regression of the instruments")
    assert base.rows is not None
    rows = base.rows.combined(loadings)
    triangle = triangularize(np.asfortranarray(base.triangle @ loadings))
    raw_norms = base.raw_norms @ np.abs(loadings)
    solution = solve(triangle, raw_norms[:-1])
    if coefficients is not None:
        solution = _restricted(solution, triangle, coefficients)
    design = replace(
        fit.design, dependent=dependent, names=tuple(names), x=rows.columns[:-1], y=rows.columns[-1], formula=None
    )
    counts = fit.counts
    reported = counts.coefficients - counts.slopes
    return replace(
        fit,
        source=design,
        design=design,
        rows=rows,
        solution=solution,
        tss=float(np.square(triangle[:, -1]).sum()),
        centre=base.centre @ loadings,
        counts=counts._replace(slopes=len(solution.kept), coefficients=len(solution.kept) + reported),
        moments=None,
        notes=(),
        structural=None,
        instrumented=None,
    )


def _restricted(solution: Solution, triangle: Array, coefficients: Array) -> Solution:
    left = triangle[:, -1] - triangle[:, :-1] @ coefficients
    return solution._replace(coefficients=coefficients, rss=float(left @ left))


def orthonormal_moments(fit: Fit) -> Fit:
    r"""Return the fit whose scores are :math:`q_i e_i`, with q the orthonormal instruments.

    Its slopes are zero, its residuals those of ``fit``, and the slope part of its covariance is that of
    :math:`\sum_i q_i e_i`.
    """
    base = instrumented_of(fit, "A covariance of moments")
    n = base.layout.instruments
    basis = np.zeros((len(base.triangle), n + 1))
    basis[:n, :n] = np.linalg.inv(base.triangle[:n, :n])
    basis[:, -1] = base.residual()
    names = [f"moment {j}" for j in range(n)]
    out = auxiliary_fit(fit, basis, names, "residual", coefficients=np.zeros(n))
    identity = np.eye(n)
    solution = out.solution._replace(kept=np.arange(n), dropped=(), r=identity, inverse_r=identity)
    centre = out.centre.copy()
    centre[:-1] = 0.0
    return replace(out, solution=solution, centre=centre, counts=fit.counts)
