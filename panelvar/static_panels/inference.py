"""Coefficients and their errors, as every result with a covariance shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from panelvar.base.arguments import refuse_other
from panelvar.base.arrays import Array
from panelvar.base.distributions import quantile, quantiles, two_sided
from panelvar.base.elsewhere import HintsAtNames
from panelvar.base.errors import Note, check_level
from panelvar.base.labels import labelled
from panelvar.covariance.covariances import CovarianceEstimate
from panelvar.static_panels.restrictions import LinearCombination, linear_combination, restriction_matrix, wald
from panelvar.tables.test_result import TestResult

if TYPE_CHECKING:
    import pandas as pd


class Coefficients(Protocol):
    """What a fit must have for its coefficients to be shown and tested."""

    @property
    def names(self) -> tuple[str, ...]:
        """Coefficient names, the constant first."""

    @property
    def coefficients(self) -> Array:
        """Estimates, in that order."""

    @property
    def rss(self) -> float:
        """Residual sum of squares; zero where the fit is exact."""

    @property
    def notes(self) -> tuple[Note, ...]:
        """Facts found on the way."""


class Inference(HintsAtNames):
    """Estimates, errors, tests and intervals of a result that has a ``fit`` and a ``covariance``."""

    fit: Coefficients
    covariance: CovarianceEstimate

    @property
    def names(self) -> tuple[str, ...]:
        """Coefficient names, the constant first."""
        return self.fit.names

    @property
    def df_inference(self) -> float | None:
        """Degrees of freedom of the t tests, None with the normal; the smallest where coefficients have their own."""
        return None if np.isinf(self.covariance.df) else self.covariance.df

    @property
    def distribution(self) -> str:
        """``"t"`` or ``"normal"``."""
        return "normal" if np.isinf(self.covariance.df) else "t"

    @property
    def cov_label(self) -> str:
        """How the standard errors were estimated."""
        return self.covariance.label

    @property
    def notes(self) -> tuple[Note, ...]:
        """Facts found on the way: rows dropped, columns absorbed, factors used, warnings."""
        return (*self.fit.notes, *self.covariance.notes)

    # ---- estimates

    @labelled["pd.Series"]
    def params(self) -> Array:
        """Estimated coefficients."""
        return self.fit.coefficients

    @labelled["pd.DataFrame"]
    def cov(self) -> Array:
        """Covariance matrix of the coefficients."""
        return self.covariance.matrix

    @cached_property
    def _errors(self) -> Array:
        # A negative variance (of a matrix that is not repaired) has no error; the covariance has warned of it.
        with np.errstate(invalid="ignore"):
            return np.sqrt(np.diagonal(self.covariance.matrix))

    @cached_property
    def _ratios(self) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.fit.coefficients / self._errors

    @labelled["pd.Series"]
    def std_errors(self) -> Array:
        """Standard errors."""
        return self._errors

    @labelled["pd.Series"]
    def tstats(self) -> Array:
        """Coefficients over their standard errors (t or z)."""
        return self._ratios

    @labelled["pd.Series"]
    def pvalues(self) -> Array:
        """Two-sided p-values of a zero coefficient."""
        estimate = self.covariance
        return two_sided(self._ratios, estimate.df if estimate.degrees is None else estimate.coefficient_df)

    @labelled["pd.Series"]
    def df_coefficients(self) -> Array:
        """Degrees of freedom of each coefficient's t; infinite for the normal. Alike but for `BiasReduced`."""
        return self.covariance.coefficient_df

    def conf_int(self, *, level: float = 0.95) -> pd.DataFrame:
        """Return confidence limits.

        Parameters
        ----------
        level : float
            Coverage, 0.5 or more. (``level=0.05`` is refused: it is not a significance level.)
        """
        import pandas as pd

        estimate = self.covariance
        if estimate.degrees is None:
            half = quantile(check_level(level), estimate.df) * self._errors
        else:
            half = quantiles(check_level(level), estimate.coefficient_df) * self._errors
        estimates = self.fit.coefficients
        return pd.DataFrame({"lower": estimates - half, "upper": estimates + half}, index=list(self.names))

    # ---- questions

    def wald_test(
        self,
        restrictions: str | Sequence[str] | Array | Mapping[str, float],
        values: Array | Sequence[float] | float | None = None,
    ) -> TestResult:
        """Test linear restrictions on the coefficients.

        Parameters
        ----------
        restrictions : str, sequence of str, mapping or (q, p) array
            ``"x1 = x2"``, ``["x1", "x2"]`` (each zero), ``{"x1": 1.0}`` (name: value), or a matrix R of R b = q.
        values : array, optional
            q when a matrix is given.

        Returns
        -------
        TestResult
            F with the covariance's degrees of freedom, or chi2 with the normal distribution.
        """
        matrix, target, text = restriction_matrix(restrictions, values, self.names)
        return wald(self, matrix, target, "Wald", text)

    def lincom(self, expression: str, *, level: float = 0.95) -> LinearCombination:
        """Estimate a linear combination such as ``"x1 + 2*x2"`` with its standard error and confidence limits."""
        refuse_other("lincom", expression, str, "an expression such as 'x1 + 2*x2'")
        return linear_combination(self, expression, check_level(level))
