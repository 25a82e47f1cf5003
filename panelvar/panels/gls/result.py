"""The result of feasible generalised least squares: a linear result that knows the covariance of its errors."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from panelvar.core.base.arguments import read_flag
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import MissingInformationError
from panelvar.core.tables.test_result import TestResult
from panelvar.panels.static.effect_variances import EffectVariances
from panelvar.panels.static.result import LinearResult

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class ErrorStructure:
    r"""What was estimated about the errors.

    Attributes
    ----------
    words : tuple of (label, text)
        The structure in words, for tables.
    labels : Index
        Entities (or, where the covariance is over time, periods) that the arrays below belong to.
    rho : (N,) array or None
        Autoregressive coefficient of each entity.
    variances : (N,) array or None
        Error variance of each entity, of the innovations where there is autocorrelation.
    covariance : (N, N) array or None
        Covariance between entities, or between periods.
    log_likelihood : float or None
        Gaussian log-likelihood of the data at the coefficients and the covariance that weighted them.
    iterations : int
        Times that coefficients were recomputed with a new covariance.
    converged : bool
        Whether the coefficients had settled; True without iteration.
    """

    words: tuple[tuple[str, str], ...]
    labels: pd.Index
    rho: Array | None = None
    variances: Array | None = None
    covariance: Array | None = None
    log_likelihood: float | None = None
    iterations: int = 1
    converged: bool = True


@dataclass(frozen=True, eq=False, repr=False)
class GLSResult(LinearResult):
    r"""Estimates by feasible generalised least squares.

    It has everything that `LinearResult` has, and what was estimated about the errors.

    Attributes
    ----------
    structure : ErrorStructure
    components : EffectVariances or None
        Variances of effects and innovations (entity effects with autoregressive errors); also `variance_components`.
    effects_test : TestResult or None
        F that all entity effects are zero (fixed effects with autoregressive errors).

    See Also
    --------
    LinearResult : What all linear results have.
    fit_fgls : Makes one.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("grunfeld")
    >>> fit = pv.fit_fgls(firms, "invest ~ value + capital", panels="heteroskedastic")
    >>> fit.params.round(4).to_dict()
    {'const': -16.4805, 'value': 0.1104, 'capital': 0.1459}
    >>> fit.error_variances.head(2).round(1).to_dict()
    {'American Steel': 547.9, 'Atlantic Refining': 2961.7}
    >>> print(round(fit.loglik, 2))
    -1116.2

    The slopes with their intervals of 95%:

    >>> figure = fit.plot()
    """

    structure: ErrorStructure
    components: EffectVariances | None = None
    effects_test: TestResult | None = None

    @property
    def variance_components(self) -> EffectVariances | None:
        """Variances of effects and innovations (None without effects)."""
        return self.components

    @cached_property
    def rho(self) -> pd.Series | None:
        """Autoregressive coefficient of each entity (None without autocorrelation)."""
        return self._series(self.structure.rho, "rho")

    @cached_property
    def error_variances(self) -> pd.Series | None:
        """Error variance of each entity; of the innovations where there is autocorrelation."""
        return self._series(self.structure.variances, "error_variances")

    @cached_property
    def error_covariance(self) -> pd.DataFrame | None:
        """Covariance of the errors between entities, or between periods (None where they are uncorrelated)."""
        import pandas as pd

        labels, matrix = self.structure.labels, self.structure.covariance
        return None if matrix is None else pd.DataFrame(matrix, labels, labels)

    def _series(self, values: Array | None, name: str) -> pd.Series | None:
        import pandas as pd

        return None if values is None else pd.Series(values, index=self.structure.labels, name=name)

    @property
    def iterations(self) -> int:
        """Times that coefficients were recomputed with a new covariance of the errors."""
        return self.structure.iterations

    @property
    def converged(self) -> bool:
        """Whether the iterations settled (True where none were asked for)."""
        return self.structure.converged

    @property
    def loglik(self) -> float:
        """Gaussian log-likelihood of the data at the coefficients and the error covariance that weighted them.

        Raises
        ------
        MissingInformationError
            If rows were left out by the transform or the covariance is singular: the data then have no density.
        """
        if self.structure.log_likelihood is None:
            raise MissingInformationError(
                "This fit has no log-likelihood. It needs every row and an invertible error covariance, but the "
                "transform dropped first rows, the covariance is singular, or effects were estimated."
            )
        return self.structure.log_likelihood

    @property
    def _explains_changes(self) -> bool:
        """Whether differences are explained, so that a prediction says how the dependent variable changes."""
        return ("Rows", "difference") in self.structure.words

    @property
    def _error_words(self) -> tuple[tuple[str, str], ...]:
        """The structure of the errors, in words."""
        return self.structure.words

    def estimated_effects(self, *, errors: bool = True) -> pd.DataFrame:
        r"""Return the estimated effect of each entity (models with effects).

        Parameters
        ----------
        errors : bool
            Accepted for the sake of other results; these effects come without standard errors.

        Returns
        -------
        DataFrame
            Fixed effects: ``level`` :math:`\hat c + \hat\alpha_i` and ``deviation`` :math:`\hat\alpha_i`, by
            generalised least squares of the rows used. Random effects: ``effect``, the best linear unbiased predictions
            :math:`(1 - (1 - \theta_i)^2)\, g_i'\tilde u_i / g_i'g_i`, :math:`\tilde u` the residuals of the freed
            rows.
        """
        import pandas as pd

        read_flag("errors", errors)
        fit, theta = self.fit, None if self.components is None else self.components.theta
        if not fit.effects:
            return super().estimated_effects()
        rows = fit.rows_or_refuse("An estimated effect")
        ones, groups = rows.slopes[0], rows.groupings[0]
        assert ones is not None
        gap = np.array(rows.columns[-1][:])
        for position, slope in zip(fit.kept, fit.slopes, strict=True):
            gap = gap - slope * rows.columns[position][:]
        levels = groups.sums(ones * gap) / groups.sums(ones * ones)
        deviations = levels - (fit.coefficients[0] if fit.constant else 0.0)
        if theta is None:
            return pd.DataFrame({"level": levels, "deviation": deviations}, index=fit.design.entity_labels)
        return pd.DataFrame({"effect": (1.0 - (1.0 - theta) ** 2) * deviations}, index=fit.design.entity_labels)

    def without_rows(self) -> GLSResult:
        """Return the result without its data rows."""
        light = replace(self, fit=self.fit.without_rows())
        light.__dict__["rsquared_table"] = self.rsquared_table
        return light
