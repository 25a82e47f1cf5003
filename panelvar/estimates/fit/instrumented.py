r"""What a fit with instruments knows besides its solution.

A fit with instruments is ordinary least squares of :math:`y^*_i = e_i + \hat x_i'b` on :math:`\hat x_i`, the regressors
as the instruments explain them, with :math:`e_i = y_i - x_i'b`: its residuals are the structural ones, its scores
:math:`\hat x_i e_i` sum to zero, and every covariance follows unchanged. Both columns are linear combinations of
``[Z, W, y]``, and so is whatever a test regresses: transforms are linear, so that rows, level tables and triangle of a
test's regression are combinations of those at hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.kernels.linear.k_class import Estimate, Layout
from panelvar.kernels.linear.rows import TransformedRows


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
    fuller : float or None
        Alpha of Fuller's estimator.
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
    fuller: float | None = None

    @property
    def exogenous(self) -> tuple[str, ...]:
        """Exogenous regressors in use."""
        return self.names[: self.layout.exogenous]

    @property
    def excluded(self) -> tuple[str, ...]:
        """Instruments in use that are not regressors."""
        return self.names[self.layout.exogenous : self.layout.instruments]

    @property
    def endogenous(self) -> tuple[str, ...]:
        """Endogenous regressors in use."""
        return self.names[self.layout.instruments : -1]

    @property
    def overidentification(self) -> int:
        """Excluded instruments beyond the endogenous regressors."""
        return self.layout.excluded - self.layout.endogenous

    def combined(self, loadings: Array) -> TransformedRows:
        """Rows of combinations of ``[Z, W, y]``, while they are kept."""
        assert self.rows is not None
        return self.rows.combined(loadings)

    def units(self, columns: Sequence[int] | range) -> Array:
        """Loadings that pick columns of ``[Z, W, y]``."""
        return np.eye(len(self.triangle))[:, list(columns)]

    def residual(self) -> Array:
        """Loadings of the structural residual."""
        out = np.zeros(len(self.triangle))
        out[-1] = 1.0
        out[self.layout.regressors] = -self.estimate.coefficients
        return out
