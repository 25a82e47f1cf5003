"""Linear combinations of coefficients, with their errors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.distributions import quantile, t_tail
from panelvar.core.base.errors import Note, emit
from panelvar.core.base.quoting import one_line
from panelvar.core.faces.number_format import check_digits, pvalue_text
from panelvar.core.tables.coefficients import coefficient_header, estimate_rows
from panelvar.core.tables.table import Presented, Table
from panelvar.estimates.covariance.covariances import CovarianceEstimate


class Coefficients(Protocol):
    """What a fit must have for its coefficients to be shown and tested."""

    @property
    def names(self) -> tuple[str, ...]:
        """Coefficient names, the constant first."""

    @property
    def coefficients(self) -> Array:
        """Estimates, in that order."""

    @property
    def exact(self) -> bool:
        """Whether the residuals are zero, so that errors are zero too."""

    @property
    def notes(self) -> tuple[Note, ...]:
        """Facts found on the way."""


class Estimated(Protocol):
    """What a result must have for combinations of its coefficients to be estimated and tested."""

    @property
    def fit(self) -> Coefficients:
        """The coefficients."""

    @property
    def covariance(self) -> CovarianceEstimate:
        """Their covariance and its degrees of freedom."""


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
        Coverage of the limits.
    df : float or None
        Degrees of freedom of the t distribution; None for the normal.

    See Also
    --------
    LinearResult.lincom : makes it.

    Examples
    --------
    >>> import panelvar as pv
    >>> fit = pv.fit_fixed_effects(pv.load_data("grunfeld"), "invest ~ value + capital")
    >>> sum_of_both = fit.lincom("value + capital")
    >>> round(sum_of_both.estimate, 4), round(sum_of_both.std_error, 4)
    (0.4202, 0.0161)
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

        Returns
        -------
        Table
        """
        values = [[self.estimate, self.std_error, self.statistic, self.pvalue, self.lower, self.upper]]
        header = coefficient_header("normal" if self.df is None else "t", self.level)
        return Table(header=(header,), body=estimate_rows([self.expression], np.array(values), check_digits(digits)))

    def __repr__(self) -> str:
        return one_line(
            f"<{self.expression} = {self.estimate:.6g} (s.e. {self.std_error:.6g}, "
            f"{'z' if self.df is None else 't'} = {self.statistic:.4g}, {pvalue_text(self.pvalue)}, "
            f"{100 * self.level:g}% [{self.lower:.6g}, {self.upper:.6g}])>"
        )


def weighted_sum(
    result: Estimated, written: Array, constant: float, expression: str, level: float
) -> LinearCombination:
    """Estimate a constant plus a weighted sum of the coefficients; ``expression`` is its printed name."""
    # Weights are in units of the errors, so that the square of a small one does not vanish.
    rows, added, powers = in_units_of_errors(written[None], np.array([constant]), result.covariance.matrix)
    weights = rows[0]
    estimate = float(weights @ result.fit.coefficients + added[0])
    variance = float(weights @ result.covariance.matrix @ weights)
    # A matrix that is not repaired may have a negative variance, which has no error.
    error = math.sqrt(variance) if variance >= 0.0 else math.nan
    df = result.covariance.df_of(weights)
    ratio = estimate / error if error > 0.0 else float("nan")
    half = quantile(level, df) * error
    values = (math.ldexp(value, int(powers[0])) for value in (estimate, error, estimate - half, estimate + half))
    estimate, error, lower, upper = values
    if error == 0.0 and not result.fit.exact:
        text = f"{expression!r} has no sampling variation (its coefficients are restricted), so it has no t statistic."
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
