"""Coefficients and their errors, as every result with a covariance shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from panelvar.bands.limits import normal_limits
from panelvar.base.arguments import refuse_other
from panelvar.base.arrays import Array
from panelvar.base.distributions import quantile, quantiles, t_tail, two_sided
from panelvar.base.errors import Note, check_level
from panelvar.base.hints import HintsAtNames
from panelvar.base.labels import labelled
from panelvar.covariance.covariances import CovarianceEstimate
from panelvar.static_panels.restrictions import parse_expression, restriction_matrix
from panelvar.tables.coefficients import coefficient_header, coefficient_row
from panelvar.tables.number_format import check_digits, pvalue_text
from panelvar.tables.table import Presented, Table
from panelvar.tables.test_result import TestResult, chi2_test, f_test

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


@dataclass(frozen=True)
class LinearCombination(Presented):
    """A linear combination of coefficients.

    Attributes
    ----------
    expression : str
    estimate, std_error, statistic, pvalue : float
    lower, upper : float
        Confidence limits.
    level : float
        Their coverage.
    df : float or None
        Degrees of freedom of the t distribution; None for the normal.
    """

    expression: str
    estimate: float
    std_error: float
    statistic: float
    pvalue: float
    lower: float
    upper: float
    level: float
    df: float | None

    def summary(self, *, digits: int = 4) -> Table:
        """Return the combination as a table of one row.

        Parameters
        ----------
        digits : int
            Decimals.
        """
        values = (self.estimate, self.std_error, self.statistic, self.pvalue, self.lower, self.upper)
        header = coefficient_header("normal" if self.df is None else "t", self.level)
        return Table(header=(header,), body=(coefficient_row(self.expression, values, check_digits(digits)),))

    def __str__(self) -> str:
        return (
            f"{self.expression} = {self.estimate:.6g} (s.e. {self.std_error:.6g}, "
            f"{'z' if self.df is None else 't'} = {self.statistic:.4g}, {pvalue_text(self.pvalue)}, "
            f"{100 * self.level:g}% [{self.lower:.6g}, {self.upper:.6g}])"
        )


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

        level, found = check_level(level), self.covariance
        critical = quantile(level, found.df) if found.degrees is None else quantiles(level, found.coefficient_df)
        lower, upper = normal_limits(self.fit.coefficients, self._errors, level, critical)
        return pd.DataFrame({"lower": lower, "upper": upper}, index=list(self.names))

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


def linear_combination(result: Inference, expression: str, level: float) -> LinearCombination:
    """Estimate ``expression`` with its standard error under the result's covariance."""
    weights, constant = parse_expression(expression, result.names)
    estimate = float(weights @ result.fit.coefficients) + constant
    error = float(np.sqrt(weights @ result.covariance.matrix @ weights))
    df = result.covariance.df_of(weights)
    ratio = estimate / error if error > 0.0 else float("nan")
    half = quantile(level, df) * error
    return LinearCombination(
        expression,
        estimate,
        error,
        ratio,
        t_tail(ratio, df),
        estimate - half,
        estimate + half,
        level,
        None if np.isinf(df) else float(df),
    )


def wald(result: Inference, matrix: Array, target: Array, name: str, null: str) -> TestResult:
    r"""Test :math:`R\beta = q` by :math:`(R b - q)'(R V R')^{-1}(R b - q)`, over its rank as F when V's df are finite.

    A rank-deficient :math:`RVR'` (fewer clusters than restrictions, say) is inverted on its range and its rank is
    the numerator's degrees of freedom, with a note. An indefinite one (a multi-way matrix that the convention leaves
    unrepaired) is inverted as it is, as the programs that leave it do, with a note.
    """
    gap = matrix @ result.fit.coefficients - target
    variance = matrix @ result.covariance.matrix @ matrix.T
    scale = np.sqrt(np.abs(np.diagonal(variance)))
    safe = np.where(scale > 0.0, scale, 1.0)
    values, vectors = np.linalg.eigh(variance / np.outer(safe, safe))
    used = np.abs(values) > 1e-12 * float(np.abs(values).max(initial=0.0))
    projected = vectors.T @ (gap / safe)
    rank = int(used.sum())
    notes: tuple[Note, ...] = ()
    if (values[used] < 0.0).any():
        text = "The covariance of the restrictions is not positive definite: the statistic has no valid p-value."
        notes = (Note("indefinite-test", text),)
    if rank < len(gap):
        text = (
            f"The covariance of the {len(gap)} restrictions has rank {rank} (too few clusters, or a repaired "
            f"multi-way matrix): only {rank} of them can be tested."
        )
        notes = (Note("rank-deficient-test", text), *notes)
    if rank == 0:
        return chi2_test(name, float("nan"), 0.0, null, notes)
    if result.fit.rss == 0.0:
        statistic = float("inf")
    else:
        statistic = float(np.sum(projected[used] ** 2 / values[used]))
    if result.covariance.degrees is not None:
        contrasts = (matrix.T / safe) @ vectors[:, used]
        return _hotelling(statistic, rank, result.covariance.degrees(contrasts), name, null, notes)
    df = result.covariance.df
    if np.isinf(df):
        return chi2_test(name, statistic, rank, null, notes)
    return f_test(name, statistic / rank, rank, df, null, notes)


def _hotelling(statistic: float, rank: int, eta: float, name: str, null: str, notes: tuple[Note, ...]) -> TestResult:
    r"""HTZ: :math:`\frac{\eta - r + 1}{\eta r} Q \sim F(r, \eta - r + 1)` (Pustejovsky and Tipton 2018, section 3)."""
    denominator = eta - rank + 1.0
    if not denominator > 0.0:
        text = (
            f"HTZ's eta is {eta:.4g}, too small for {rank} restrictions at once: there is no p-value. Test fewer "
            "restrictions, or use wild_bootstrap."
        )
        return TestResult(name, statistic / rank, float("nan"), "f", rank, None, null, (*notes, Note("no-df", text)))
    value = denominator / (eta * rank) * statistic
    return f_test(name, value, rank, denominator, null, notes)
