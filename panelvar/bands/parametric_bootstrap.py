"""The parametric bootstrap: data sets whose errors are normal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from panelvar.bands.residual_bootstrap import Recursive
from panelvar.base.arrays import Array
from panelvar.base.errors import NumericalError, SpecificationError


@dataclass(frozen=True)
class ParametricBootstrap(Recursive):
    r"""Parametric bootstrap: errors drawn from a normal distribution with the estimated covariance.

    :math:`u_t^* \sim N(0, \hat\Sigma)` with :math:`\hat\Sigma = U'U / (n - m)`, run through the estimated recursion
    from the observed first p values; each data set is refitted. What Stata calls ``bsp``, and statsmodels
    ``errband_mc``.

    Parameters
    ----------
    draws, seed, interval, joint, over
        As in `ResidualBootstrap`.

    Raises
    ------
    SpecificationError
        The shocks are identified by an instrument, whose distribution is not estimated.
    NumericalError
        The residual covariance is singular.

    Notes
    -----
    When to use something else: errors that are not normal, whose fourth moments set the spread of the residual
    covariance; `ResidualBootstrap` keeps their distribution. It pays where rows are so few that their residuals are a
    poor picture of it. Unlike `MonteCarlo`, which moves the parameters about the estimates, it carries the small-sample
    bias of refits.
    """

    @property
    def kind(self) -> str:
        """How the draws are made, in words."""
        return "parametric bootstrap (normal)"

    def resample(
        self,
        residuals: Array,
        df_resid: int,
        draws: int,
        length: int,
        rng: np.random.Generator,
        carried: Array | None = None,
    ) -> tuple[Array, Array | None]:
        """Normal errors with covariance U'U over the degrees of freedom."""
        if carried is not None:
            raise SpecificationError(
                "A parametric bootstrap draws errors and no instrument: use MovingBlockBootstrap or ResidualBootstrap, "
                "which resample both."
            )
        try:
            factor = np.linalg.cholesky(residuals.T @ residuals / df_resid).astype(np.float64, copy=False)
        except np.linalg.LinAlgError:
            raise NumericalError(
                "The residual covariance is singular: there is no normal density to draw errors from. Use "
                "ResidualBootstrap."
            ) from None
        return rng.standard_normal((draws, length, residuals.shape[1])) @ factor.T, None
