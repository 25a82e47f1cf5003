"""What is asked of the coefficients of several equations, one below another: tests, functions, plain frames.

The functions are methods of systems, of structural forms and of projections, which say what their coefficients are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from panelvar.core.base.arguments import refuse_other
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note, check_level, emit
from panelvar.core.tables.frame_table import FrameTable, frame_of_tests
from panelvar.core.tables.test_result import TestResult
from panelvar.estimates.coefficients.coefficients import Inference
from panelvar.estimates.coefficients.equation_estimates import facts_in_a_row, offered
from panelvar.estimates.coefficients.linear_combinations import LinearCombination, weighted_sum
from panelvar.estimates.coefficients.nonlinear import NonlinearEstimates, estimate_functions, read_functions
from panelvar.estimates.coefficients.restrictions import combination, restriction_matrix
from panelvar.estimates.coefficients.wald import wald
from panelvar.estimates.covariance.covariances import CovarianceEstimate

if TYPE_CHECKING:
    import pandas as pd

NUMBERS = ("estimate", "std.error", "statistic", "p.value", "conf.low", "conf.high")
"""Columns of `tidy` after the labels."""


GLANCE = {
    "lag.order": "lags",
    "rank": "rank",
    "logLik": "loglik",
    "AIC": "aic",
    "BIC": "bic",
    "HQIC": "hqic",
    "df.residual": "df_resid",
    "nobs": "nobs",
    "n.entities": "n_entities",
    "n.periods": "n_periods",
}
"""Columns of `glance`, and the attribute that each shows where there is one."""


@dataclass(frozen=True, eq=False)
class StackedCoefficients:
    """Coefficients of all equations.

    Attributes
    ----------
    names : tuple of str
        ``"[equation]regressor"``, equation by equation, such as ``"[gdp]L1.cpi"``.
    coefficients : array (K m,)
    exact : bool
        Whether all residuals are zero.
    notes : tuple of Note
    """

    names: tuple[str, ...]
    coefficients: Array
    exact: bool
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, eq=False)
class StackedInference(Inference):
    """Tests and linear combinations of coefficients of any equations."""

    fit: StackedCoefficients
    covariance: CovarianceEstimate


def numbers_of(inference: Inference, level: float) -> dict[str, Array]:
    """Give the columns of `tidy` after the labels."""
    limits = inference.conf_int(level=level)
    columns = (inference.params, inference.std_errors, inference.tstats, inference.pvalues)
    return dict(zip(NUMBERS, map(np.asarray, (*columns, limits["lower"], limits["upper"])), strict=True))


def index_columns(index: pd.Index[Any]) -> dict[str, list[Any]]:
    """Give the levels of an index as columns that stand before the numbers of `tidy`."""
    return {str(name): list(index.get_level_values(place)) for place, name in enumerate(index.names)}


def with_known(limits: pd.DataFrame, values: Array, errors: Array) -> pd.DataFrame:
    """Put coefficients without an error, which are known, in the place of the limits that they do not have."""
    known = errors == 0.0
    limits[known] = np.broadcast_to(values[known, None], (int(known.sum()), limits.shape[1]))
    return limits


class TestedTerm(NamedTuple):
    """A row of `joint_tests`.

    Attributes
    ----------
    equation, term : str
        Labels of the row.
    test : TestResult
        That all coefficients of the term are zero.
    """

    equation: str
    term: str
    test: TestResult


class Stacked(Protocol):
    """What a result of several equations must have for its coefficients to be asked the questions of this file."""

    @property
    def _nobs(self) -> int:
        """Rows that the coefficients are estimated from."""

    @property
    def _joint_df(self) -> float:
        """Degrees of freedom of the denominator of joint tests; infinite for chi-squared."""

    @property
    def _single_df(self) -> float:
        """Degrees of freedom of the t of one combination of coefficients; infinite for the normal."""

    @property
    def _stacked(self) -> StackedInference:
        """Coefficients of all equations in a row, ``"[equation]regressor"``, with joint limits (``conf_int``)."""

    def _stacked_with(self, df: float) -> StackedInference:
        """The coefficients of all equations with their covariance, and so many degrees of freedom."""

    def _df_for(self, weights: Array, df: float) -> float:
        """Degrees of freedom of combinations (q, p) of the coefficients, ``df`` where all have the same."""

    def _labels(self) -> Mapping[str, Sequence[Any]]:
        """Columns that say what each of the coefficients is: its equation and its term."""

    def _numbers(self, level: float) -> dict[str, Array]:
        """Estimates, errors, ratios, p-values and limits, in the order of the stacked coefficients."""


class StackedTerms(Protocol):
    """What has terms whose coefficients are tested together."""

    def _tested_terms(self) -> list[TestedTerm]:
        """Joint tests of the terms of each equation, and of all equations together."""


def wald_test(
    self: Stacked,
    restrictions: str | Sequence[str] | Array | Mapping[str, float],
    values: Array | Sequence[float] | float | None = None,
) -> TestResult:
    """Test linear restrictions on coefficients of any equations.

    Parameters
    ----------
    restrictions : str, sequence of str, mapping or (q, K m) array
        ``"[x]L1.y = [y]L1.x"``, ``["[x]L1.y", "[x]L2.y"]`` (each zero), ``{"[x]L1.x": 1.0}``, or a matrix R of
        R b = q for the coefficients in the order of `tidy`, equation by equation.
    values : array, optional
        q when a matrix is given.

    Returns
    -------
    TestResult
        F or chi-squared, under the errors of `with_cov`; a convention may say which.

    Raises
    ------
    SpecificationError
        If a name is not a coefficient, a restriction is not linear, or restrictions contradict or repeat one
        another.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=2)
    >>> model.wald_test("[unemp]L1.tbilrate + [unemp]L2.tbilrate = 0").in_a_line()
    'F(1, 390) = 10.8161, p = 0.0011'
    """
    inference = self._stacked_with(self._joint_df)
    matrix, target, text = restriction_matrix(restrictions, values, inference.names)
    test = wald(_referred(self, inference, matrix), matrix, target, "Wald", text)
    emit(test.notes)
    return test


def lincom(self: Stacked, expression: str, *, level: float = 0.95) -> LinearCombination:
    """Estimate a linear combination of coefficients, such as ``"[x]L1.y + [x]L2.y"``, with error and limits.

    Parameters
    ----------
    expression : str
        In names of an equation and its regressor: ``"[x]L1.y + [x]L2.y"``.
    level : float
        Confidence level, at least 0.5.

    Returns
    -------
    LinearCombination
        Estimate, error, limits and p-value.

    Raises
    ------
    SpecificationError
        If a name is not a coefficient, or the expression is not linear.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=2)
    >>> combination = model.lincom("[unemp]L1.tbilrate + [unemp]L2.tbilrate")
    >>> round(combination.estimate, 4), round(combination.std_error, 4)
    (0.0216, 0.0066)
    """
    refuse_other("lincom", expression, str, "an expression such as '[x]L1.y + [x]L2.y'")
    level = check_level(level)
    inference = self._stacked
    weights, constant = combination(expression, inference.names)
    return weighted_sum(_referred(self, inference, weights[None]), weights, constant, expression, level)


def nonlinear(
    self: Stacked, expressions: str | Sequence[str] | Mapping[str, str], *, level: float = 0.95
) -> NonlinearEstimates:
    r"""Estimate functions of coefficients of any equations with the errors of the delta method.

    With G the exact derivatives at the estimates, :math:`g(b)` has covariance :math:`GVG'`. A ratio comes with
    Fieller's set as well, which is right however near zero its denominator is (`LinearResult.nonlinear` says more).

    Parameters
    ----------
    expressions : str, sequence of str, or mapping of label to str
        Names of coefficients, numbers, ``+ - * / **``, ``log``, ``exp``, ``sqrt``, ``abs``. An equation is its left
        side less its right. Several are estimated jointly.
    level : float
        Coverage of the limits and of Fieller's sets.

    Returns
    -------
    NonlinearEstimates
        Read and tested like coefficients; ``joint`` tests that all are zero; ``fieller`` has the sets of ratios.

    Raises
    ------
    SpecificationError
        If a name is not a coefficient, or an expression holds something else that is not allowed.
    NumericalError
        If an expression divides by zero, or takes the logarithm of a number that is not positive, at the estimates.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["infl", "tbilrate"]], lags=1)
    >>> model.nonlinear({"long run": "[infl]L1.tbilrate / (1 - [infl]L1.infl)"}).params.round(2).to_dict()
    {'long run': 0.55}
    """
    inference = self._stacked
    read = read_functions(expressions, inference.fit)
    return estimate_functions(_referred(self, inference, read.jacobian), read, level, self._nobs)


def joint_tests(self: StackedTerms) -> FrameTable:
    """Test for every equation and term that all coefficients of the term are zero.

    Returns
    -------
    FrameTable
        A row for each equation and term, such as all lags of a variable; ``"joint"`` in place of an equation is all
        of them together. Columns statistic, df, df_denominator (for F) and pvalue.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=2)
    >>> model.joint_tests().loc["unemp", "pvalue"].round(4).to_dict()
    {'unemp': 0.0, 'tbilrate': 0.0028, 'all lags': 0.0}
    """
    import pandas as pd

    tested = self._tested_terms()
    tests = [each.test for each in tested]
    notes = dict.fromkeys(note.text for test in tests for note in test.notes)
    null = "Null hypothesis of each: all coefficients of the term are zero in the equation (joint: in all of them)."
    index = pd.MultiIndex.from_tuples([each[:2] for each in tested], names=["equation", "term"])
    return frame_of_tests(tests, index, "Joint tests by equation and term", (null, *notes))


def tidy(self: Stacked, *, level: float = 0.95) -> pd.DataFrame:
    """Return a row for each coefficient: its equation, then as in R's broom ``term``, ``estimate``, ``std.error``.

    Parameters
    ----------
    level : float
        Coverage of ``conf.low`` and ``conf.high``.

    Returns
    -------
    DataFrame

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=1)
    >>> model.tidy()[["equation", "term", "estimate"]].round(3).head(2).values.tolist()
    [['unemp', 'const', 0.066], ['unemp', 'L1.unemp', 0.982]]
    """
    import pandas as pd

    return pd.DataFrame({**self._labels(), **self._numbers(check_level(level))})


def glance(self: object) -> pd.DataFrame:
    """Return one row of facts, with the names of R's broom where it has one: ``lag.order``, ``logLik``, ``nobs``.

    There is no column for what the model does not have.

    Returns
    -------
    DataFrame
        One row.
    """
    return facts_in_a_row(GLANCE, partial(offered, self))


def _referred(self: Stacked, inference: StackedInference, weights: Array) -> StackedInference:
    """The same coefficients with the degrees of freedom that combinations of them have."""
    df = self._df_for(weights, inference.covariance.df)
    return inference if df == inference.covariance.df else self._stacked_with(df)
