"""Tests that the errors of a vector autoregression are normal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from panelvar.diagnostics.var_residuals import crowded, require_freedom, tested_residuals
from panelvar.errors import InsufficientDataError, choose
from panelvar.kernels import residual_tests
from panelvar.kernels.distributions import chi2_tail
from panelvar.results.test_result import TestResult
from panelvar.results.var_result import VarResult, require_fit

if TYPE_CHECKING:
    from panelvar.report.table import Table


@dataclass(frozen=True)
class NormalityTests:
    """A test of normality and its parts.

    Attributes
    ----------
    joint, skewness, kurtosis : TestResult
        Both moments, and each by itself.
    by_equation : dict of str to TestResult
        The joint test of each equation's residuals alone.
    """

    joint: TestResult
    skewness: TestResult
    kurtosis: TestResult
    by_equation: dict[str, TestResult]

    @property
    def statistic(self) -> float:
        """The joint statistic."""
        return self.joint.statistic

    @property
    def pvalue(self) -> float:
        """The joint p-value."""
        return self.joint.pvalue

    @property
    def df(self) -> float | None:
        """Degrees of freedom of the joint test."""
        return self.joint.df

    def summary(self) -> Table:
        """Render the tests as a table, those of single equations last."""
        from panelvar.report.tests import test_table

        return test_table(self.joint, self.skewness, self.kurtosis, *self.by_equation.values())

    def __str__(self) -> str:
        return "\n".join(str(test) for test in (self.joint, self.skewness, self.kurtosis))

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()


def normality_test(model: VarResult, *, kind: str = "jarque-bera") -> NormalityTests:
    r"""Test that errors are normal, by the third and fourth moments of standardised residuals.

    Parameters
    ----------
    model : VarResult
    kind : {"jarque-bera", "doornik-hansen"}
        Residuals made uncorrelated by the Cholesky factor of their covariance and moments compared with 0 and 3
        (Luetkepohl 2005, section 4.5; R's vars, statsmodels; it depends on the order of the variables); or by the
        symmetric root of their correlations and moments transformed to be normal in small samples (Doornik and Hansen
        2008; gretl, Stata's ``mvtest``).

    Returns
    -------
    NormalityTests
        Chi-squared with 2 K degrees of freedom together, K each.

    Raises
    ------
    InsufficientDataError
        Fewer than eight rows, where the transformation of Doornik and Hansen does not exist, or no more than K degrees
        of freedom in the residuals.

    Notes
    -----
    Jarque and Bera's statistic reaches its distribution slowly: in samples under a few hundred Doornik and Hansen's is
    to be preferred. Normality matters for forecast intervals and Monte Carlo bands, hardly for estimates.

    Residuals are sums of errors, and the more so the more coefficients there are: where these take half of the rows,
    residuals are near normal whatever the errors are (White and MacDonald 1980), and a warning says so.
    """
    require_fit(model)
    choose("kind", kind, ("jarque-bera", "doornik-hansen"), {"jb": "jarque-bera", "dh": "doornik-hansen"})
    if model.nobs < 8:
        raise InsufficientDataError(f"A test of normality needs at least eight rows; there are {model.nobs}.")
    require_freedom("A test of normality", model.nobs, model.nobs - model.df_resid, model.n_vars + 1)
    notes = crowded(model, 0.5, "residuals are near normal whatever the errors are, and nothing is rejected.")
    compute = residual_tests.jarque_bera if kind == "jarque-bera" else residual_tests.doornik_hansen
    title = "Jarque-Bera" if kind == "jarque-bera" else "Doornik-Hansen"
    residuals = tested_residuals(model, kind)
    found = compute(residuals)
    n_vars = model.n_vars

    def test(name: str, value: float, df: int, null: str) -> TestResult:
        return TestResult(name, value, chi2_tail(value, df), "chi2", df, None, null, notes)

    return NormalityTests(
        test(f"{title} normality", sum(found), 2 * n_vars, "the errors are normal"),
        test(f"{title} skewness", found.skewness, n_vars, "the errors have no skewness"),
        test(f"{title} kurtosis", found.kurtosis, n_vars, "the errors have the kurtosis of the normal"),
        {
            name: test(
                f"{title} normality of {name}",
                sum(compute(residuals[:, [place]])),
                2,
                f"the errors of {name} are normal",
            )
            for place, name in enumerate(model.names)
        },
    )
