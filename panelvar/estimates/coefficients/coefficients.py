"""Coefficients and their errors, as every result with a covariance shows them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from panelvar.core.base.arguments import read_levels, read_seed, read_whole, refuse_other
from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.chosen_names import chosen_names
from panelvar.core.base.distributions import quantile, quantiles, ratios, two_sided
from panelvar.core.base.errors import Note, check_level, choose, emit
from panelvar.core.base.hints import HintsAtNames
from panelvar.core.base.labels import labelled
from panelvar.core.base.limits import MOST_DRAWS
from panelvar.core.base.shared_parameters import documented
from panelvar.core.faces.layout import Row
from panelvar.core.faces.number_format import Stars
from panelvar.core.tables.coefficients import estimate_rows
from panelvar.core.tables.test_result import TestResult
from panelvar.estimates.bands.limits import JOINTS, normal_limits, sup_t_quantile
from panelvar.estimates.bands.target import limit_columns, nested
from panelvar.estimates.coefficients.coefficient_plot import DrawnCoefficients
from panelvar.estimates.coefficients.linear_combinations import Coefficients, LinearCombination, weighted_sum
from panelvar.estimates.coefficients.restrictions import combination, restriction_matrix
from panelvar.estimates.coefficients.wald import wald
from panelvar.estimates.covariance.covariances import CovarianceEstimate
from panelvar.kernels.linear.least_squares import covariance_root

if TYPE_CHECKING:
    import pandas as pd


class Inference(HintsAtNames):
    """Estimates, errors, tests and intervals of a result that has a ``fit`` and a ``covariance``."""

    _in_brackets: ClassVar[str] = "For one coefficient, use params[{key}], std_errors[{key}] or pvalues[{key}]."

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

    def _directions(self, places: Positions) -> tuple[Array, str]:
        """Directions (D, m) of some coefficients whose outer products are their covariance, and their multipliers."""
        return covariance_root(self.covariance.matrix[np.ix_(places, places)]).T, "normal"

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

    @property
    def _drawn_coefficients(self) -> DrawnCoefficients:
        dependent = str(getattr(self, "dependent", ""))
        return DrawnCoefficients(self.params, self.conf_int, self.cov_label, dependent)

    @labelled["pd.DataFrame"]
    def cov(self) -> Array:
        """Covariance matrix of the coefficients."""
        return self.covariance.matrix

    @cached_property
    def _errors(self) -> Array:
        # A matrix that is not repaired may have a negative variance, which has no error; a warning was given.
        variances = self.covariance.matrix.diagonal()
        if np.count_nonzero(variances > 0.0) == len(variances) or self.fit.exact:
            return np.sqrt(variances)
        out = np.full(len(variances), np.nan)
        np.sqrt(variances, out=out, where=variances > 0.0)
        return out

    @cached_property
    def _ratios(self) -> Array:
        # After an exact fit, whose errors are zero, the rounding of a coefficient that is zero would be significant.
        return ratios(self.fit.coefficients, self._errors)

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
        """Degrees of freedom of each coefficient's t; infinite for the normal. They differ only under `BiasReduced`."""
        return self.covariance.coefficient_df

    @documented
    def conf_int(
        self,
        *,
        level: float | Sequence[float] = 0.95,
        of: str | re.Pattern[str] | Sequence[str | re.Pattern[str]] | None = None,
        joint: str | None = None,
        draws: int = 10_000,
        seed: int | np.random.Generator = 0,
    ) -> pd.DataFrame:
        r"""Return confidence limits, of each coefficient by itself or of several at once.

        Parameters
        ----------
        level : float or sequence of float
            Coverage, 0.5 or more; or several, such as ``(0.68, 0.95)``. It is not a significance level: 0.05 is
            refused.
        of : str, pattern or sequence of them, optional
            Coefficients by name, by term (``"C(region)"``, all its columns) or by pattern (``"*:treated"``); all by
            default. A joint band covers these.
        {joint (coefficients), draws (sup-t), seed (sup-t)}

        Returns
        -------
        DataFrame
            ``lower`` and ``upper`` at the highest level; ``lower_68``, ``upper_68`` at another.

        Raises
        ------
        SpecificationError
            If a level is below 0.5, a name or pattern fits no coefficient, or an option is unknown.

        Notes
        -----
        The sup-t critical value is the quantile of :math:`\max_j |t_j|` of ratios that are jointly normal (Montiel Olea
        and Plagborg-Moller 2019), or jointly t with the degrees of freedom of the t tests (Hothorn, Bretz and Westfall
        2008). No band with one critical value for all is narrower; apart from simulation error it is no wider than
        Bonferroni's.

        Examples
        --------
        >>> import panelvar as pv
        >>> states = pv.load_data("fatalities")
        >>> fit = pv.fit_fixed_effects(states, "frate ~ beertax + unemp", cov="cluster")
        >>> fit.conf_int(level=0.9).round(3).loc["beertax"].to_list()
        [-0.843, 0.016]
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
            ``"x1 = x2"``, ``"x1 = x2 = x3"``, ``["x1", "x2"]`` (each zero), ``{"x1": 1.0}`` (name: value), or a matrix
            R of R b = q; the columns of a DataFrame, and the labels of a Series, are coefficients in any order. Names
            are read as they were typed, and as Stata's ``_b[x1]``; a term, ``"C(region)"``, or a pattern, ``"L(x*"``,
            stands for all its coefficients, each zero (`panelvar.core.base.chosen_names`).
        values : array, optional
            q when a matrix is given.

        Returns
        -------
        TestResult
            F with the covariance's degrees of freedom, or chi2 with the normal distribution. It is NaN, with a warning,
            where the covariance has no variance in a direction that is tested.

        Raises
        ------
        SpecificationError
            If a name is not a coefficient, a restriction is not linear, or restrictions contradict or repeat one
            another.

        Examples
        --------
        >>> import panelvar as pv
        >>> states = pv.load_data("fatalities")
        >>> fit = pv.fit_fixed_effects(states, "frate ~ beertax + unemp", cov="cluster")
        >>> fit.wald_test("beertax = 10 * unemp")
        <Wald: F(1, 47) = 0.1496, p = 0.7007>
        >>> fit.wald_test(["beertax", "unemp"])
        <Wald: F(2, 47) = 15.6062, p < 0.0001>
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

        Returns
        -------
        LinearCombination

        Raises
        ------
        SpecificationError
            If a name is not a coefficient, or the expression is not linear.

        Examples
        --------
        >>> import panelvar as pv
        >>> states = pv.load_data("fatalities")
        >>> fit = pv.fit_fixed_effects(states, "frate ~ beertax + unemp", cov="cluster")
        >>> fit.lincom("beertax - 10 * unemp")
        <beertax - 10 * unemp = -0.113741 (s.e. 0.294102, t = -0.3867, p = 0.7007, 95% [-0.705398, 0.477915])>
        """
        refuse_other("lincom", expression, str, "an expression such as 'x1 + 2*x2'")
        level = check_level(level)
        return weighted_sum(self, *combination(expression, self.names), expression, level)


def joint_quantile(
    result: Inference, places: Positions, level: float, joint: str, draws: int, seed: int | np.random.Generator
) -> float:
    """Return the critical value of a band that covers coefficients at once; those without errors do not count."""
    errors = result._errors[places]
    varying = places[errors > 0.0]
    df = result.covariance.df
    if joint == "bonferroni":
        return quantile(1.0 - (1.0 - level) / max(len(varying), 1), df)
    if not len(varying):
        return quantile(level, df)
    directions, multipliers = result._directions(varying)
    return float(sup_t_quantile(directions, level, draws, seed, "all", df, multipliers)[0])


def coefficient_rows(result: Inference, level: float, digits: int, stars: Stars = ()) -> tuple[Row, ...]:
    """Return a row for each coefficient: estimate, error, ratio, p-value unless starred, and limits."""
    columns = (result.params, result.std_errors, result.tstats, result.pvalues)
    values = np.column_stack([*columns, result.conf_int(level=level)])
    return estimate_rows(result.names, values, digits, stars)
