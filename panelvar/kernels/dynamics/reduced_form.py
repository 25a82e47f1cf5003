"""The reduced form of a vector autoregression, from which schemes make shocks and bands make draws."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from panelvar.core.base.arrays import Array


class ReducedForm(NamedTuple):
    """Parameters of a vector autoregression, or of many draws of one.

    Attributes
    ----------
    coefficients : array (..., p, K, K)
        Lag matrices.
    factor : array (..., K, K)
        F with F F' = sigma, lower triangular.
    beside : array (..., d, K) or None
        Coefficients of the terms beside the lags; None where the system has none or they do not matter.
    carried : array (..., K, k) or None
        Cross products of the residuals with what a scheme has resampled along with them
        (`panelvar.systems.identification.scheme.Identification.carried`).
    """

    coefficients: Array
    factor: Array
    beside: Array | None = None
    carried: Array | None = None

    @property
    def sigma(self) -> Array:
        """Residual covariances, (..., K, K)."""
        return self.factor @ self.factor.swapaxes(-1, -2)

    @property
    def sizes(self) -> Array:
        """Standard deviations of the errors, (..., K)."""
        return np.asarray(np.sqrt(np.einsum("...ij,...ij->...i", self.factor, self.factor)))
