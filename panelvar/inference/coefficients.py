"""Coefficients and their errors, as every result with a covariance shows them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from panelvar.bands.limits import JOINTS, normal_limits, sup_t_quantile
from panelvar.bands.target import limit_columns, nested
from panelvar.base.arguments import read_levels, read_seed, read_whole, refuse_other
from panelvar.base.arrays import Array, Positions
from panelvar.base.chosen_names import chosen_names
from panelvar.base.distributions import quantile, quantiles, t_tail, two_sided
from panelvar.base.errors import Note, check_level, choose, emit
from panelvar.base.hints import HintsAtNames
from panelvar.base.labels import labelled
from panelvar.base.limits import MOST_DRAWS
from panelvar.base.quoting import one_line
from panelvar.covariance.covariances import CovarianceEstimate
from panelvar.inference.restrictions import combination, restriction_matrix
from panelvar.kernels.least_squares import covariance_root
from panelvar.kernels.quadratic_form import quadratic_form
from panelvar.tables.coefficients import coefficient_header, coefficient_row
from panelvar.tables.layout import Row
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


@dataclass(frozen=True, repr=False)
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

    def __repr__(self) -> str:
        return one_line(
            f"<{self.expression} = {self.estimate:.6g} (s.e. {self.std_error:.6g}, "
            f"{'z' if self.df is None else 't'} = {self.statistic:.4g}, {pvalue_text(self.pvalue)}, "
            f"{100 * self.level:g}% [{self.lower:.6g}, {self.upper:.6g}])>"
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
        # A negative variance (of a matrix that is not repaired), or none, has no error; a warning was given.
        variances = self.covariance.matrix.diagonal()
        if variances.min(initial=np.inf) > 0.0 or self.fit.rss == 0.0:
            return np.sqrt(variances)
        out = np.full(len(variances), np.nan)
        np.sqrt(variances, out=out, where=variances > 0.0)
        return out

    @cached_property
    def _ratios(self) -> Array:
        errors = self._errors
        # After an exact fit, whose errors are zero, the rounding of a coefficient that is zero would be significant.
        out = np.full(len(errors), np.nan)
        np.divide(self.fit.coefficients, errors, out=out, where=errors > 0.0)
        return out

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

    def conf_int(
        self,
        *,
        level: float | Sequence[float] = 0.95,
        of: str | re.Pattern[str] | Sequence[str | re.Pattern[str]] | None = None,
        joint: str | None = None,
        draws: int = 20_000,
        seed: int | None = 0,
    ) -> pd.DataFrame:
        r"""Return confidence limits, of each coefficient by itself or of several at once.

        Parameters
        ----------
        level : float or sequence of float
            Coverage, 0.5 or more; or several, such as ``(0.68, 0.95)``. (``level=0.05`` is refused: it is not a
            significance level.)
        of : str, pattern or sequence of them, optional
            Coefficients by name, by term (``"C(region)"``, all its columns) or by pattern (``"*:treated"``); all by
            default. A joint band covers these.
        joint : {"sup-t", "bonferroni"} or None
            Cover all of them at once, or each by itself (None).
        draws : int
            Vectors drawn for the sup-t critical value.
        seed : int or None
            Their seed.

        Returns
        -------
        DataFrame
            ``lower`` and ``upper`` at the highest level; ``lower_68``, ``upper_68`` at another.

        Notes
        -----
        The sup-t critical value is the quantile of :math:`\max_j |t_j|` of ratios that are jointly normal (Montiel Olea
        and Plagborg-Moller 2019), or jointly t with the degrees of freedom of the t tests (Hothorn, Bretz and Westfall
        2008): the narrowest band of one critical value, no wider than Bonferroni's but for the error of simulation.
        """
        import pandas as pd

        levels, found = read_levels(level), self.covariance
        draws, seed = read_whole("draws", draws, 2, MOST_DRAWS), read_seed(seed)
        if joint is not None:
            choose("joint", joint, JOINTS)
        wanted = list(self.names) if of is None else chosen_names("of", of, self.names)
        places = np.array([self.names.index(name) for name in wanted], dtype=np.intp)

        def limits_at(each: float) -> tuple[Array, Array]:
            critical: Array | float
            if joint is None:
                own = found.degrees is not None
                critical = quantiles(each, found.coefficient_df)[places] if own else quantile(each, found.df)
            else:
                critical = joint_quantile(self, places, each, joint, draws, seed)
            return normal_limits(self.fit.coefficients[places], self._errors[places], each, critical)

        return pd.DataFrame(limit_columns(nested(levels, limits_at)), index=wanted)

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
            ``"x1 = x2"``, ``["x1", "x2"]`` (each zero), ``{"x1": 1.0}`` (name: value), or a matrix R of R b = q; the
            columns of a DataFrame, and the labels of a Series, are coefficients in any order. Names are read as they
            were typed; a term, ``"C(region)"``, or a pattern, ``"L(x*"``, stands for all its coefficients, each zero
            (`panelvar.base.chosen_names`).
        values : array, optional
            q when a matrix is given.

        Returns
        -------
        TestResult
            F with the covariance's degrees of freedom, or chi2 with the normal distribution. NaN, with a warning,
            where the covariance has no variance in some direction that is tested.
        """
        matrix, target, text = restriction_matrix(restrictions, values, self.names)
        test = wald(self, matrix, target, "Wald", text)
        emit(test.notes)
        return test

    def lincom(self, expression: str, *, level: float = 0.95) -> LinearCombination:
        """Estimate a linear combination with its standard error and confidence limits.

        Parameters
        ----------
        expression : str
            Such as ``"x1 + 2*x2"``.
        level : float
            Confidence level, at least 0.5.
        """
        refuse_other("lincom", expression, str, "an expression such as 'x1 + 2*x2'")
        return linear_combination(self, expression, check_level(level))


def joint_quantile(
    result: Inference, places: Positions, level: float, joint: str, draws: int, seed: int | None
) -> float:
    """Critical value of a band that covers coefficients at once; those without errors do not count."""
    errors = result._errors[places]
    varying = places[errors > 0.0]
    df = result.covariance.df
    if joint == "bonferroni":
        return quantile(1.0 - (1.0 - level) / max(len(varying), 1), df)
    if not len(varying):
        return quantile(level, df)
    root = covariance_root(result.covariance.matrix[np.ix_(varying, varying)])
    return float(sup_t_quantile(root.T, level, draws, seed, "all", df)[0])


def coefficient_rows(result: Inference, level: float, digits: int) -> tuple[Row, ...]:
    """One row a coefficient: estimate, error, ratio, p-value and limits."""
    columns = (result.params, result.std_errors, result.tstats, result.pvalues)
    values = np.column_stack([*columns, result.conf_int(level=level)])
    return tuple(coefficient_row(str(name), row, digits) for name, row in zip(result.names, values, strict=True))


def linear_combination(result: Inference, expression: str, level: float) -> LinearCombination:
    """Estimate ``expression`` with its standard error under the result's covariance."""
    written, constant = combination(expression, result.names)
    # In units of the errors, so that the square of a small weight does not vanish.
    rows, added, powers = in_units_of_errors(written[None], np.array([constant]), result.covariance.matrix)
    weights = rows[0]
    estimate = float(weights @ result.fit.coefficients + added[0])
    error = float(np.sqrt(weights @ result.covariance.matrix @ weights))
    df = result.covariance.df_of(weights)
    ratio = estimate / error if error > 0.0 else float("nan")
    half = quantile(level, df) * error
    values = (math.ldexp(value, int(powers[0])) for value in (estimate, error, estimate - half, estimate + half))
    estimate, error, lower, upper = values
    if error == 0.0 and result.fit.rss > 0.0:
        text = f"{expression!r} has no sampling variation (its coefficients are restricted): it has no t statistic."
        emit([Note("no-variance", text, warn=True)])
    return LinearCombination(
        expression,
        estimate,
        error,
        ratio,
        t_tail(ratio, df),
        lower,
        upper,
        level,
        None if np.isinf(df) else float(df),
    )


def in_units_of_errors(matrix: Array, target: Array, covariance: Array) -> tuple[Array, Array, Positions]:
    """Divide each restriction by a power of two, so that its largest term has an error of about one.

    Neither the units of the coefficients nor how a restriction is written then decide what is zero. Returns R, q, and
    the exponents.
    """
    errors = np.sqrt(np.abs(np.diagonal(covariance)))
    errors = np.where(errors > 0.0, errors, 1.0)
    sizes = np.frexp(matrix)[1] + np.frexp(errors)[1]
    powers = np.where(matrix != 0.0, sizes, np.iinfo(np.int32).min).max(axis=1)
    return np.ldexp(matrix, -powers[:, None]), np.ldexp(target, -powers), powers.astype(np.intp)


def wald(result: Inference, matrix: Array, target: Array, name: str, null: str) -> TestResult:
    r"""Test :math:`R\beta = q` by :math:`(R b - q)'(R V R')^{-1}(R b - q)`, over its rank as F when V's df are finite.

    Where :math:`RVR'` is singular and the gap lies outside its range, the statistic would depend on how the hypothesis
    is written (on the base category of dummies, say): there is none, with a note. Where the gap lies in it, the rank is
    the numerator's degrees of freedom. An indefinite matrix (a multi-way one that the convention leaves unrepaired) is
    inverted as it is, as the programs that leave it do, with a note.
    """
    covariance, q = result.covariance, len(matrix)
    matrix, target, _ = in_units_of_errors(matrix, target, covariance.matrix)
    gap = matrix @ result.fit.coefficients - target
    variance = matrix @ covariance.matrix @ matrix.T
    df = covariance.df
    if not np.isfinite(variance).all():
        text = "The covariance of the restrictions is not finite: there is no statistic."
        return _no_statistic(name, q, df, null, Note("no-covariance", text, warn=True))
    form = quadratic_form(gap, variance)
    rank = int(form.rank)
    notes: tuple[Note, ...] = ()
    if not form.positive:
        text = "The covariance of the restrictions is not positive definite: the statistic has no valid p-value."
        notes = (Note("indefinite-test", text, warn=True),)
    if result.fit.rss == 0.0 and rank == 0:
        text = "The residuals are zero, and so are the standard errors: there is no test."
        return _no_statistic(name, q, df, null, Note("exact-fit", text))
    if not form.determined:
        return _no_statistic(name, q, df, null, *notes, deficient_note(covariance, q, rank))
    if rank == 0:
        text = "What is tested holds exactly and has no standard error (coefficients left out, say): there is no test."
        return _no_statistic(name, q, df, null, Note("no-variance", text, warn=True))
    if rank < q:
        text = f"The covariance of the {q} restrictions has rank {rank}; the others hold exactly and are not tested."
        notes = (Note("rank-deficient-test", text), *notes)
    statistic = float(form.statistic)
    if covariance.degrees is not None:
        contrasts = matrix.T @ form.directions[:, form.used]
        return _hotelling(statistic, rank, covariance.degrees(contrasts), name, null, notes)
    if np.isinf(df):
        return chi2_test(name, statistic, rank, null, notes)
    return f_test(name, statistic / rank, rank, df, null, notes)


def _no_statistic(name: str, q: int, df: float, null: str, *notes: Note) -> TestResult:
    if np.isinf(df):
        return chi2_test(name, float("nan"), q, null, notes)
    return f_test(name, float("nan"), q, df, null, notes)


def deficient_note(covariance: CovarianceEstimate, q: int, rank: int) -> Note:
    """Say that a covariance knows no variance in some of the directions tested, and why."""
    why = (
        "it has no variance in the others, as of dummies of the very dimension that scores are summed over, or where "
        "a multi-way matrix was repaired"
    )
    groups = min((count for _, count in covariance.clusters), default=q + 1)
    if groups <= q:
        why = f"{groups} clusters leave no more"
    text = (
        f"The covariance ({covariance.label}) of the {q} restrictions has rank {rank}: {why}. A statistic would depend "
        "on how the restrictions are written (on the base category of dummies, say), so none is given. Test fewer "
        "restrictions at once, or use another covariance."
    )
    return Note("rank-deficient-test", text, warn=True)


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
