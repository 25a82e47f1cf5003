"""Durbin-Watson statistics of panels: Bhargava-Franzini-Narendranathan, Baltagi-Wu LBI, and the stacked form."""

from __future__ import annotations

import math

import numpy as np

from panelvar.core.base.arguments import read_flag
from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.counting import count_of
from panelvar.core.base.distributions import normal_tail, probability_below_zero
from panelvar.core.base.errors import InsufficientDataError, Note, NumericalError, SpecificationError, choose
from panelvar.core.base.unknown_arguments import answering
from panelvar.core.tables.test_result import TestResult, own_test
from panelvar.kernels.dynamics.gaps import lag_positions
from panelvar.kernels.linear.groups import Grouping
from panelvar.panels.diagnostics.auxiliary import (
    dependent,
    find_lags,
    level_matrix,
    level_rows,
    refuse_rounding,
    residuals_of_rows,
    small_regression,
    transformed_columns,
)
from panelvar.panels.static.result import LinearResult

# A variance, or an eigenvalue, this small beside what cancels in it is rounding.
_ROUNDING = 1e-12
_CONSTANT = (
    "The Durbin-Watson statistic is the same whatever the errors are, so it tests nothing. (With two rows per entity, "
    "the second within residual is the first with its sign changed.)"
)
MOST_ROWS = 2000
"""With more rows than this, the matrix of an exact p-value is refused."""


@answering
def bhargava_test(
    result: LinearResult,
    *,
    statistic: str = "durbin-watson",
) -> TestResult:
    r"""Return the Durbin-Watson statistic of within residuals (plm ``pbnftest``, Stata ``xtregar``'s ``lbi``).

    With :math:`\hat e` the residuals of entity fixed effects and sums over adjacent calendar periods,

    .. math:: d = \frac{\sum (\hat e_{it} - \hat e_{i,t-1})^2 + \sum_{\text{after a gap}} \hat e_{it}^2}
                       {\sum \hat e_{it}^2}

    (Bhargava, Franzini and Narendranathan 1982; with gaps, Baltagi and Wu 1999). The locally best invariant statistic
    adds the squares before a gap and those of every entity's first and last row.

    Parameters
    ----------
    result : LinearResult
        Fixed or random effects, or pooled OLS, whose residuals are taken as they are; random effects are refitted
        within, as plm does.
    statistic : {"durbin-watson", "lbi"}
        The statistic d, or the locally best invariant one.

    Returns
    -------
    TestResult
        It has no p-value: bounds are tabulated only for balanced panels, at 5 percent. A value near 2 means no serial
        correlation; with many entities, one well below 2 means positive correlation.

    Raises
    ------
    SpecificationError
        If the model is a between or first-difference regression, or has weights.
    InsufficientDataError
        If no entity has two adjacent periods.

    See Also
    --------
    durbin_watson_test : With a p-value.
    wooldridge_within_test : For short panels.
    fit_fixed_effects_ar1 : Models the autocorrelation.

    Notes
    -----
    For a p-value use `wooldridge_within_test`, `born_breitung_test` or `durbin_watson_test`.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("fatalities")
    >>> fixed = pv.fit_fixed_effects(states, "frate ~ beertax + unemp")
    >>> pv.bhargava_test(fixed)
    <Bhargava-Franzini-Narendranathan: statistic = 1.1655, no p-value>
    >>> pv.bhargava_test(fixed, statistic="lbi")
    <Baltagi-Wu LBI: statistic = 1.6455, no p-value>
    """
    design = level_rows(result, "The Bhargava test", ("pooled", "fixed", "random"))
    choose("statistic", statistic, ("durbin-watson", "lbi"))
    entities = design.entities
    if result.fit.family == "random":
        both = np.column_stack([level_matrix(result), dependent(result)])
        moved = both - entities.means_of(np.asfortranarray(both))[entities.codes]
        e = small_regression(moved[:, :-1], moved[:, -1]).residuals
        refuse_rounding("The Bhargava test", "the within regression fits", e, both[:, -1])
    else:
        e = residuals_of_rows(result)
    previous = lag_positions(entities.codes, design.time_positions, 1)
    following = lag_positions(entities.codes, design.time_positions, -1)
    first, last = design.entity_starts[:-1], design.entity_starts[1:] - 1
    rows = np.flatnonzero(previous >= 0)
    if len(rows) == 0:
        raise InsufficientDataError("No entity has two adjacent periods.")
    total = float(e @ e)
    squares = np.square(e)
    resumed, interrupted = previous < 0, following < 0
    resumed[first] = interrupted[last] = False
    after = float(squares[resumed].sum())
    observed = (float(np.square(e[rows] - e[previous[rows]]).sum()) + after) / total
    name = "Bhargava-Franzini-Narendranathan"
    if statistic == "lbi":
        before = float(squares[interrupted].sum())
        observed += (before + float(squares[first].sum()) + float(squares[last].sum())) / total
        name = "Baltagi-Wu LBI"
    note = Note("no-pvalue", "There is no p-value, because the distribution depends on the regressors and the gaps.")
    return own_test(name, observed, float("nan"), "no serial correlation in the errors", (note,))


@answering
def durbin_watson_test(
    result: LinearResult,
    *,
    lag_by: str | None = None,
    exact: bool | None = None,
) -> TestResult:
    r"""Durbin-Watson test on the transformed rows of a model, with a p-value (plm ``pdwtest``).

    The statistic is :math:`d = \sum (e_t - e_{t-1})^2 / \sum e_t^2`, with e the residuals of the (quasi-)demeaned
    regression. The p-value is the probability of a d this small (positive correlation) under normal errors. It is
    exact, :math:`P(d' < d) = P(\sum_j (\nu_j - d) \chi^2_1 < 0)` with :math:`\nu_j` the eigenvalues of the differences'
    quadratic form among residuals (Imhof 1961), or that of the normal with the exact mean and variance of d (Durbin and
    Watson 1951).

    Parameters
    ----------
    result : LinearResult
        Pooled, fixed (entity), random effects or first differences.
    lag_by : {"calendar", "rows", "stacked"}, optional
        Differences of adjacent periods; of an entity's consecutive rows; or of consecutive rows of the data, across
        entities too and without counting absorbed effects, as ``pdwtest`` does. Default: as the convention differences.
    exact : bool, optional
        Whether the p-value is exact. By default it is with fewer than 100 rows, as in plm. plm computes it with
        lmtest's 15 iterations of Pan's algorithm, to three digits or more (``pdwtest(iterations = 100)`` gives ours).

    Returns
    -------
    TestResult

    Raises
    ------
    SpecificationError
        If you ask for an exact p-value with more than 2,000 rows, whose matrix would be dense.

    See Also
    --------
    bhargava_test : The statistic of ``xtregar``.
    breusch_godfrey_test : Higher orders.
    wooldridge_within_test : Asks for no distribution.

    Notes
    -----
    With short T, residuals of fixed effects are negatively correlated under the null; the moments used here allow for
    it (``"stacked"`` ignores it). First differences of uncorrelated errors have correlation -1/2. With effects in time
    the moments are not available and there is no p-value.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("fatalities")
    >>> fixed = pv.fit_fixed_effects(states, "frate ~ beertax + unemp")
    >>> pv.durbin_watson_test(fixed)
    <Durbin-Watson: statistic = 1.1655, p < 0.0001>
    """
    level_rows(result, "The Durbin-Watson test", ("pooled", "fixed", "random", "difference"))
    fit = result.fit
    design = fit.design
    x, _, e = transformed_columns(result)
    rows, before = find_lags(result, design, 1, lag_by)
    n, pairs = len(e), len(rows)
    if pairs == 0:
        raise InsufficientDataError("No row has a predecessor, so there is nothing to difference.")
    statistic = float(np.square(e[rows] - e[before]).sum() / (e @ e))
    null = "no serial correlation in the errors"
    exact = n < 100 if exact is None else read_flag("exact", exact)
    if exact and n > MOST_ROWS:
        raise SpecificationError(f"An exact p-value of {n} rows needs a dense {n} x {n} matrix. Use exact=False.")
    absorbed = () if fit.absorbed is None or lag_by == "stacked" else fit.absorbed.groupings
    if absorbed not in ((), (design.entities,)):
        note = Note("no-pvalue", "There is no p-value, because the moments are derived for entity effects alone.")
        return own_test("Durbin-Watson", statistic, float("nan"), null, (note,))
    bread = small_regression(x, e).bread
    if exact:
        pvalue = _exact_pvalue(statistic, x, bread, rows, before, design.entities if absorbed else None)
        return own_test("Durbin-Watson (exact)", statistic, pvalue, null)
    # A, the quadratic form of the differences, is zero on what is constant within entities.
    touched = (np.bincount(rows, minlength=n) + np.bincount(before, minlength=n)).astype(np.float64)
    trace, trace_square = 2.0 * pairs, float(touched @ touched) + 2.0 * pairs
    changes = x[rows] - x[before]
    ax = np.zeros_like(x)
    np.add.at(ax, rows, changes)
    np.subtract.at(ax, before, changes)
    first = (changes.T @ changes) @ bread
    p = trace - float(np.trace(first))
    q = trace_square - 2.0 * float(np.trace((ax.T @ ax) @ bread)) + float(np.trace(first @ first))
    df = n - x.shape[1] - (design.entities.n_groups if absorbed else 0)
    if df <= 0:
        raise InsufficientDataError(
            f"The Durbin-Watson test needs residual degrees of freedom, and {count_of(n, 'row leaves', 'rows leave')} "
            f"{df}."
        )
    mean = p / df
    variance = 2.0 / (df * (df + 2.0)) * (q - p * mean)
    if variance <= _ROUNDING * mean**2:
        raise NumericalError(_CONSTANT)
    z = (mean - statistic) / math.sqrt(variance)
    return own_test("Durbin-Watson", statistic, normal_tail(z, sides=1), null)


def _exact_pvalue(
    statistic: float, x: Array, bread: Array, rows: Positions, before: Positions, averaged: Grouping | None
) -> float:
    """Return the probability of a smaller ratio; n is small, so its matrices may be dense."""
    n = len(x)
    differences = np.zeros((len(rows), n))
    differences[np.arange(len(rows)), rows] = 1.0
    differences[np.arange(len(rows)), before] = -1.0
    maker = np.eye(n) - x @ bread @ x.T
    if averaged is not None:
        maker -= (averaged.codes[:, None] == averaged.codes) / averaged.sizes[averaged.codes]
    form = maker @ (differences.T @ differences - statistic * np.eye(n)) @ maker
    weights = np.linalg.eigvalsh(0.5 * (form + form.T))
    if np.abs(weights).max() <= _ROUNDING * max(statistic, 1.0):
        raise NumericalError(_CONSTANT)
    return probability_below_zero(np.asarray(weights, dtype=np.float64))
