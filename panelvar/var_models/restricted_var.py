"""A vector autoregression some of whose coefficients are restricted to zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from panelvar.base.arguments import refuse_other
from panelvar.base.arrays import Array
from panelvar.base.errors import NumericalError, SpecificationError
from panelvar.dynamics.restricted_lags import RestrictedLagProblem
from panelvar.identification.scheme import position, variables_of
from panelvar.tables.test_result import TestResult
from panelvar.var_models.exclusion import tested_lags
from panelvar.var_models.var_result import VarResult

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, init=False, eq=False, repr=False)
class RestrictedVarResult(VarResult):
    r"""A vector autoregression with zero restrictions, estimated by feasible GLS; made by `fit_restricted_var`.

    Restricted coefficients are zero, with standard error zero; their t statistics and p-values are missing. Degrees of
    freedom are each equation's own, and the df-corrected residual covariance divides by the geometric mean of two
    equations'.
    """

    problem: RestrictedLagProblem

    @cached_property
    def free(self) -> pd.DataFrame:
        """Which coefficients are estimated, arranged like `params`."""
        import pandas as pd

        rows, columns = self._axes
        return pd.DataFrame(self.problem.free, index=rows, columns=columns)

    @cached_property
    def _directions(self) -> Array:
        sigma = self._covariance(self.problem, self.convention.coefficient_sigma)
        return self.problem.directions(np.linalg.cholesky(sigma).astype(np.float64, copy=False))

    @cached_property
    def robust_covariance(self) -> Array:
        """Covariance of all coefficients, equation by equation, (K m, K m); zero for restricted ones."""
        flat = self._directions.swapaxes(1, 2).reshape(len(self._directions), -1)
        covariance: Array = flat.T @ flat
        return covariance

    @cached_property
    def _ratios(self) -> Array:
        free, errors = self.problem.free, self._errors
        if not errors[free].all():
            raise NumericalError("An equation fits exactly: its standard errors are zero and t statistics undefined.")
        with np.errstate(invalid="ignore"):
            return np.where(free, self.problem.params / errors, np.nan)

    def with_cov(self, kind: str) -> Any:
        """Robust errors are not offered for restricted systems."""
        raise SpecificationError("Robust errors of a restricted system are not offered: see MovingBlockBootstrap.")

    def restriction_test(self, unrestricted: VarResult) -> TestResult:
        r"""Likelihood-ratio test of the restrictions against the same system without them.

        :math:`n (\ln|\tilde\Sigma_r| - \ln|\tilde\Sigma_u|) \sim \chi^2` with as many degrees of freedom as
        restrictions (Luetkepohl 2005, section 4.2); chosen restrictions bias it towards acceptance.

        Raises
        ------
        SpecificationError
            The other model has other rows, lags or terms.
        """
        from scipy.special import chdtrc

        refuse_other("restriction_test()", unrestricted, VarResult, "the unrestricted model, a result of fit_var")
        same = unrestricted.nobs == self.nobs and unrestricted.regressor_names == self.regressor_names
        if not same or unrestricted.names != self.names:
            raise SpecificationError("The unrestricted model must have the same variables, lags, terms and rows.")
        value = 2.0 * (unrestricted.llf - self.llf)
        df = int((~self.problem.free).sum())
        null = f"the {df} restricted coefficients are zero"
        return TestResult("Likelihood ratio", value, float(chdtrc(df, value)) if df else 1.0, "chi2", df, None, null)

    def exclusion_test(
        self,
        *,
        equations: str | Sequence[str] | None = None,
        variables: str | Sequence[str] | None = None,
        lags: int | Sequence[int] | None = None,
    ) -> TestResult:
        """Wald test that lagged variables are absent from equations, of the coefficients that are not so already."""
        from scipy.special import chdtrc, fdtrc

        names = [
            list(self.names) if given is None else variables_of(self.names, option, given)
            for option, given in (("equations", equations), ("variables", variables))
        ]
        chosen = tested_lags(lags, self.lags)
        first, m = self.problem.n_deterministic, self.n_regressors
        places = [
            position(self.names, equation) * m + first + (lag - 1) * self.n_vars + position(self.names, variable)
            for equation in names[0]
            for lag in chosen
            for variable in names[1]
        ]
        free = self.problem.free.T.ravel()
        used = [place for place in places if free[place]]
        null = f"lags {chosen} of {', '.join(names[1])} absent from the equations of {', '.join(names[0])}"
        if not used:
            raise SpecificationError(f"All of these coefficients are restricted to zero already: {null}.")
        gap = self.problem.params.T.ravel()[used]
        value = float(gap @ np.linalg.solve(self.robust_covariance[np.ix_(used, used)], gap))
        count = len(used)
        if self.convention.exclusion == "chi2":
            return TestResult("Exclusion of lags", value, float(chdtrc(count, value)), "chi2", count, null=null)
        rows = self.df_resid * (self.n_vars if self.convention.exclusion == "f-system" else 1)
        share = value / count
        return TestResult("Exclusion of lags", share, float(fdtrc(count, rows, share)), "f", count, rows, null=null)

    def granger_causality(self, caused: str | Sequence[str], causing: str | Sequence[str]) -> TestResult:
        """Test that the lags of some variables do not help to predict others, of coefficients that are not zero."""
        return self.exclusion_test(equations=caused, variables=causing)
