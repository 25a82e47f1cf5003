"""Wooldridge's tests: unobserved effects, and serial correlation in three forms that are often confused."""

from __future__ import annotations

import numpy as np

from panelvar.core.base.arguments import ONE_WAY
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import InsufficientDataError, NumericalError, SpecificationError, choose
from panelvar.core.base.scaling import in_own_units
from panelvar.core.base.shared_parameters import documented
from panelvar.core.base.unknown_arguments import answering
from panelvar.core.tables.test_result import TestResult, f_test, t_test, z_test
from panelvar.estimates.sizes.known_sizes import size_notes
from panelvar.kernels.dynamics.gaps import lag_positions
from panelvar.panels.diagnostics.auxiliary import (
    adjacency,
    centre,
    clustered_slope,
    dependent,
    find_lags,
    fit_auxiliary,
    level_matrix,
    level_rows,
    pooled_residuals,
    refuse_rounding,
    residuals_of_rows,
    small_regression,
)
from panelvar.panels.static.result import LinearResult


@answering
def wooldridge_effects_test(result: LinearResult, *, effects: str = "entity") -> TestResult:
    r"""Test for unobserved effects without assuming their distribution (plm ``pwtest``).

    .. math:: z = \frac{\sum_g w_g}{\sqrt{\sum_g w_g^2}}, \qquad w_g = \sum_{s < t \in g} \hat u_{gs} \hat u_{gt},

    with :math:`\hat u` the residuals of pooled OLS and g the entities (Wooldridge 2010, section 10.4.4).

    Parameters
    ----------
    result : LinearResult
        Pooled OLS; other models in levels are refitted.
    effects : {"entity", "time"}
        Whether the groups are entities or periods.

    Returns
    -------
    TestResult
        Standard normal, both tails, as the number of groups grows.

    Raises
    ------
    SpecificationError
        If the model is a between or first-difference regression, or has weights.
    InsufficientDataError
        If no entity (period) has two rows.

    See Also
    --------
    effects_lm_test : More powerful under normal errors.
    bera_sosa_yoon_test : Allows for serial correlation.

    Notes
    -----
    The test needs neither homoskedastic nor normal errors. It rejects for any correlation within the groups, serial
    correlation included. With ``effects="time"`` it needs many periods.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("fatalities")
    >>> pooled = pv.fit_pooled(states, "frate ~ beertax + unemp")
    >>> pv.wooldridge_effects_test(pooled)
    <Wooldridge unobserved effects (entity): z = 3.1800, p = 0.0015>
    """
    design = level_rows(result, "Wooldridge's test of effects", ("pooled", "fixed", "random"))
    choose("effects", effects, ONE_WAY)
    grouping = design.entities if effects == "entity" else design.times
    residuals = pooled_residuals(result)
    products = 0.5 * (np.square(grouping.sums(residuals)) - grouping.sums(np.square(residuals)))
    if not (grouping.sizes > 1).any():
        raise InsufficientDataError(f"Every {effects} has a single row, so there is no product of residuals to sum.")
    products[grouping.sizes == 1] = 0.0
    squares = float(products @ products)
    if squares == 0.0:
        raise NumericalError(
            "Wooldridge's test of effects has no statistic, because all products of two residuals are zero."
        )
    statistic = float(products.sum() / np.sqrt(squares))
    name = f"Wooldridge unobserved effects ({effects})"
    notes = size_notes("wooldridge effects", int((grouping.sizes > 1).sum()))
    return z_test(name, statistic, f"no unobserved {effects} effects", notes)


@documented
def wooldridge_within_test(
    result: LinearResult,
    *,
    lag_by: str | None = None,
) -> TestResult:
    r"""Test serial correlation in the residuals of entity fixed effects (plm ``pwartest``).

    Under the null the within residuals of an entity with T rows have correlation :math:`-1/(T-1)`. With
    :math:`\hat e_{it} = a + \delta \hat e_{i,t-1} + \eta_{it}` by pooled OLS, clustered by entity, F tests
    :math:`\delta = -1/(T-1)` (Wooldridge 2010, section 10.5.4).

    Parameters
    ----------
    result : LinearResult
        One-way entity fixed effects.
    {lag_by (predecessors)}

    Returns
    -------
    TestResult
        F with one degree of freedom; the factor of the clustered covariance and the denominator's degrees of freedom
        are those of the convention (plm: none, and the rows less two).

    Raises
    ------
    SpecificationError
        If the model is not one-way entity fixed effects, or has weights.
    InsufficientDataError
        If no entity has three rows. With two, the second residual is the first with the sign changed (plm divides
        rounding by rounding).

    See Also
    --------
    born_breitung_test : Several orders, variances that change.
    wooldridge_serial_test : By differences.

    Notes
    -----
    The test is for short panels: it does not need large T. With ``"calendar"`` each entity is held to its own
    :math:`-1/(T_i - 1)`; plm holds all to that of the number of periods.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("fatalities")
    >>> fixed = pv.fit_fixed_effects(states, "frate ~ beertax + unemp")
    >>> pv.wooldridge_within_test(fixed)
    <Wooldridge serial correlation (within): F(1, 47) = 38.1126, p < 0.0001>
    """
    design = level_rows(result, "Wooldridge's within test", ("fixed",))
    absorbed = result.fit.absorbed
    if absorbed is None or absorbed.groupings != (design.entities,):
        raise SpecificationError("Wooldridge's within test needs one-way entity fixed effects.")
    lag_by = adjacency(result, lag_by)
    sizes = design.entities.sizes[design.entities.codes].astype(np.float64)
    if sizes.max() < 3.0:
        raise InsufficientDataError(
            "No entity has three rows. With two, the second residual is the first with its sign changed."
        )
    periods = np.full(design.nobs, design.times.n_groups) if lag_by == "rows" else sizes
    expected = -1.0 / np.maximum(periods - 1, 1)
    name = "Wooldridge serial correlation (within)"
    null = "no serial correlation in the errors of the levels"
    return _test_autoregression(result, lag_by, expected, name, null)


@documented
def wooldridge_difference_test(
    result: LinearResult,
    *,
    null: str = "levels",
    lag_by: str | None = None,
) -> TestResult:
    r"""Test serial correlation in the residuals of first differences (plm ``pwfdtest``).

    With :math:`\hat e_{it}` the residuals of the differenced model and
    :math:`\hat e_{it} = a + \rho \hat e_{i,t-1} + \eta_{it}`, clustered by entity, F tests :math:`\rho = -1/2` if the
    errors of the levels are uncorrelated under the null, :math:`\rho = 0` if the differences are (Wooldridge 2010,
    section 10.6.3).

    Parameters
    ----------
    result : LinearResult
        First differences.
    null : {"levels", "differences"}
        Whether the errors of the levels, or of the differences, are uncorrelated (plm's ``h0`` "fe" and "fd").
    {lag_by (predecessors)}

    Returns
    -------
    TestResult

    Raises
    ------
    SpecificationError
        If the model is not in first differences, or the null is unknown.
    InsufficientDataError
        If fewer than two entities have residuals in adjacent periods.

    See Also
    --------
    wooldridge_serial_test : Stata's ``xtserial``.
    wooldridge_within_test : From within residuals.

    Notes
    -----
    If "levels" is rejected, that speaks for first differences; if "differences" is, for fixed effects. Both can be
    rejected. `wooldridge_serial_test` is the form of Stata's ``xtserial``, with no constants and other factors.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("fatalities")
    >>> difference = pv.fit_first_difference(states, "frate ~ beertax + unemp")
    >>> pv.wooldridge_difference_test(difference)
    <Wooldridge serial correlation (first differences; levels uncorrelated): F(1, 47) = 13.1344, p = 0.0007>
    """
    level_rows(result, "Wooldridge's difference test", ("difference",))
    choose("null", null, ("levels", "differences"))
    expected = np.full(result.nobs, -0.5 if null == "levels" else 0.0)
    name = f"Wooldridge serial correlation (first differences; {null} uncorrelated)"
    text = f"no serial correlation in the errors of the {null}"
    return _test_autoregression(result, adjacency(result, lag_by), expected, name, text)


@answering
def wooldridge_pooled_test(result: LinearResult) -> TestResult:
    r"""Test first-order serial correlation of pooled OLS residuals (gretl after pooled OLS).

    :math:`\hat u_{it}` is regressed on :math:`\hat u_{i,t-1}`, a constant and the regressors; the t of the slope,
    clustered by entity with the factor G / (G - 1) (n - 1) / (n - k), has G - 1 degrees of freedom (Wooldridge 2010).

    Parameters
    ----------
    result : LinearResult
        Pooled OLS; other models in levels are refitted.

    Returns
    -------
    TestResult

    Raises
    ------
    SpecificationError
        If the model is a between or first-difference regression, or has weights.
    InsufficientDataError
        If fewer than two entities have adjacent periods.

    See Also
    --------
    wooldridge_within_test : Given fixed effects.
    wooldridge_effects_test : Unobserved effects.

    Notes
    -----
    Entity effects make pooled residuals correlated at every distance: the test rejects for them too, and says nothing
    about the idiosyncratic errors (use `wooldridge_within_test` or `wooldridge_serial_test`). Lags are on the calendar.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("fatalities")
    >>> pooled = pv.fit_pooled(states, "frate ~ beertax + unemp")
    >>> pv.wooldridge_pooled_test(pooled)
    <Wooldridge serial correlation (pooled): t(47) = 53.2343, p < 0.0001>
    """
    design = level_rows(result, "Wooldridge's pooled test", ("pooled", "fixed", "random"))
    residuals = pooled_residuals(result)
    codes = design.entities.codes
    rows, before = find_lags(result, design, 1, "calendar")
    if len(np.unique(codes[rows])) < 2 or len(rows) < 3:
        raise InsufficientDataError("The test needs at least two entities with adjacent periods.")
    x = np.column_stack([np.ones(len(rows)), residuals[before], centre(level_matrix(result)[rows])])
    slope, error, groups = clustered_slope("Wooldridge's pooled test", x, residuals[rows], codes[rows], place=1)
    null = "no serial correlation of order 1 in the composite errors"
    notes = size_notes("wooldridge serial", groups)
    return t_test("Wooldridge serial correlation (pooled)", slope / error, groups - 1, null, notes)


@answering
def wooldridge_serial_test(result: LinearResult) -> TestResult:
    r"""Test serial correlation as Stata's ``xtserial`` does (Drukker 2003).

    The model is differenced without a constant, its residuals are regressed on their lag without a constant, and

    .. math:: F = (\hat\rho + 1/2)^2 / \hat V(\hat\rho) \sim F(1, G - 1),

    with V clustered by entity, times G / (G - 1) (n - 1) / (n - 1 coefficient) (n rows of the last regression).

    Parameters
    ----------
    result : LinearResult
        Any model in levels (pooled, fixed or random effects): its regressors are differenced.

    Returns
    -------
    TestResult

    Raises
    ------
    SpecificationError
        If the model is a between or first-difference regression, or has weights.
    InsufficientDataError
        If fewer than two entities have three adjacent periods.

    See Also
    --------
    wooldridge_difference_test : plm's form.
    wooldridge_within_test : From within residuals.
    born_breitung_test : Several orders.

    Notes
    -----
    The test allows for heteroskedasticity. Differences and lags are on the calendar: as in Stata, they never bridge a
    gap.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("fatalities")
    >>> fixed = pv.fit_fixed_effects(states, "frate ~ beertax + unemp")
    >>> pv.wooldridge_serial_test(fixed)
    <Wooldridge serial correlation (xtserial): F(1, 47) = 13.1923, p = 0.0007>
    """
    design = level_rows(result, "Wooldridge's serial correlation test", ("pooled", "fixed", "random"))
    codes = design.entities.codes
    rows, earlier = find_lags(result, design, 1, "calendar")
    if len(rows) == 0:
        raise InsufficientDataError("No entity has two adjacent periods, so there is nothing to difference.")
    what = "Wooldridge's serial correlation test"
    levels, y = level_matrix(result), dependent(result)
    residuals = small_regression(levels[rows] - levels[earlier], y[rows] - y[earlier]).residuals
    refuse_rounding(what, "the differenced model fits", residuals, y)
    residuals = in_own_units(residuals)
    before = lag_positions(codes[rows], design.time_positions[rows], 1)
    pairs = np.flatnonzero(before >= 0)
    if len(np.unique(codes[rows[pairs]])) < 2:
        raise InsufficientDataError("The test needs at least two entities with three adjacent periods.")
    lag = residuals[before[pairs]][:, None]
    slope, error, groups = clustered_slope(what, lag, residuals[pairs], codes[rows[pairs]], place=0)
    statistic = ((slope + 0.5) / error) ** 2
    null = "no serial correlation in the errors of the levels"
    notes = size_notes("wooldridge serial", groups)
    return f_test("Wooldridge serial correlation (xtserial)", statistic, 1.0, groups - 1, null, notes)


def _test_autoregression(result: LinearResult, lags: str, expected: Array, name: str, null: str) -> TestResult:
    """Regress residuals on a constant and their lag; test the slope against what the null expects of each row."""
    design, residuals = result.fit.design, residuals_of_rows(result)
    rows, before = find_lags(result, design, 1, lags)
    if len(rows) < 3 or len(np.unique(design.entities.codes[rows])) < 2:
        raise InsufficientDataError("The test needs at least two entities with residuals in adjacent periods.")
    lag = residuals[before]
    outcome = residuals[rows] - expected[rows] * lag
    columns, names = [np.ones(len(rows)), lag], ["intercept", "lagged residual"]
    fit = fit_auxiliary(design.take(rows), outcome, columns, names, cov="cluster", convention=result.convention)
    if "lagged residual" not in fit.names:
        raise InsufficientDataError("The lagged residuals do not vary, so they have no correlation to test.")
    fit.fit.refuse_exact(name)
    place = fit.names.index("lagged residual")
    if fit.covariance.matrix[place, place] == 0.0:
        raise NumericalError(f"{name} has no variance to test by, because the scores add up to zero in every entity.")
    statistic = float(fit.fit.coefficients[place] ** 2 / fit.covariance.matrix[place, place])
    df = float(fit.df_resid) if np.isinf(fit.covariance.df) else float(fit.covariance.df)
    notes = tuple(note for note in fit.covariance.notes if note.warn)
    return f_test(name, statistic, 1.0, df, null, notes)
