"""Tests of poolability: whether effects, or slopes that differ by entity, improve the fit."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import InsufficientDataError, Note, SpecificationError, choose, emit
from panelvar.core.base.unknown_arguments import answering
from panelvar.core.tables.test_result import TestResult, f_test, z_test
from panelvar.panels.diagnostics.auxiliary import (
    level_matrix,
    level_rows,
    linear_result,
    refuse_rounding,
    residuals_of_rows,
    small_regression,
)
from panelvar.panels.diagnostics.compared_models import differences, refuse_other_dependent, same_rows
from panelvar.panels.static.fit_statistics import classical_note
from panelvar.panels.static.result import LinearResult


@answering
def nested_f_test(restricted: LinearResult, full: LinearResult) -> TestResult:
    r"""Test one least-squares model within another (plm ``pFtest``).

    .. math:: F = \frac{(RSS_r - RSS_u) / (df_r - df_u)}{RSS_u / df_u} \sim F(df_r - df_u, df_u).

    Parameters
    ----------
    restricted, full : LinearResult
        Pooled OLS or fixed effects of the same rows, the first within the second: pooled against entity effects,
        entity effects against two-way effects.

    Returns
    -------
    TestResult

    Raises
    ------
    SpecificationError
        If the models differ in rows or dependent variable, are not least squares of the levels, or are not nested by
        count of coefficients.

    See Also
    --------
    slope_poolability_test : Slopes by entity.
    effects_lm_test : Random effects.

    Notes
    -----
    The test is exact for normal, homoskedastic, uncorrelated errors. It does not use a robust covariance of the
    results, and warns where they have one. Fit and degrees of freedom, not algebra, decide whether one model contains
    the other. A warning says if the second does not name all regressors and effects of the first.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("fatalities")
    >>> pooled = pv.fit_pooled(states, "frate ~ beertax + unemp")
    >>> fixed = pv.fit_fixed_effects(states, "frate ~ beertax + unemp")
    >>> pv.nested_f_test(pooled, fixed)
    <F of nested models: F(47, 286) = 54.7690, p < 0.0001>
    """
    for result in (restricted, full):
        linear_result("The F test of nested models", result)
        if result.fit.family not in ("pooled", "fixed"):
            raise SpecificationError(f"The F test compares pooled OLS and fixed effects, not {result.estimator}.")
        result.fit.rows_or_refuse("The F test of nested models")
        result.fit.refuse_instruments("The F test of nested models", "sums of squares do not add up. Use wald_test.")
    refuse_other_dependent(restricted, full)
    first, second = restricted.fit.design, full.fit.design
    if not np.array_equal(first.y, second.y) or not same_rows(restricted, full):
        raise SpecificationError("The two models do not explain the same rows of the same variable.")
    df = restricted.df_resid - full.df_resid
    if df <= 0 or restricted.rss < full.rss * (1.0 - 1e-9):
        raise SpecificationError(
            f"The first model is not nested in the second. Their residual degrees of freedom are {restricted.df_resid} "
            f"and {full.df_resid}, their residual sums of squares {restricted.rss:.6g} and {full.rss:.6g}. Write "
            "nested_f_test(restricted, full)."
        )
    full.fit.refuse_exact("The F test of nested models")
    notes = differences(restricted, full, "sums of squares", nested=True)
    notes += classical_note("The F test of nested models", restricted.covariance, full.covariance)
    emit(notes)
    statistic = max(restricted.rss - full.rss, 0.0) / df / (full.rss / full.df_resid)
    extra = [name for name in full.effects if name not in restricted.effects]
    null = f"no {' and '.join(extra)} effects" if extra else "the restricted model holds"
    return f_test("F of nested models", statistic, df, full.df_resid, null, notes)


@answering
def slope_poolability_test(result: LinearResult) -> TestResult:
    r"""Test that every entity has the same coefficients (plm ``pooltest``; Chow 1960, Baltagi 2013).

    The unrestricted model is a separate regression, constant included, for each entity:

    .. math:: F = \frac{(RSS - \sum_i RSS_i) / (df - \sum_i df_i)}{\sum_i RSS_i / \sum_i df_i}.

    Parameters
    ----------
    result : LinearResult
        Pooled OLS: slopes and constants are equal. Entity fixed effects: slopes are equal.

    Returns
    -------
    TestResult

    Raises
    ------
    SpecificationError
        If the model is another one, or has weights.
    InsufficientDataError
        If no entity has more rows than coefficients.

    See Also
    --------
    slope_homogeneity_test : Many entities, variances that differ.
    fit_mean_group : Averages slopes that differ.
    nested_f_test : Effects.

    Notes
    -----
    The test assumes one error variance for all entities, and over-rejects where they differ. With many entities use
    `slope_homogeneity_test`. An entity with no more rows than coefficients fits exactly and adds no degrees of freedom.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("grunfeld")
    >>> fixed = pv.fit_fixed_effects(firms, "invest ~ value + capital")
    >>> pv.slope_poolability_test(fixed)
    <Poolability of slopes: F(20, 187) = 5.7218, p < 0.0001>
    """
    design = level_rows(result, "The poolability test", ("pooled", "fixed"))
    fit = result.fit
    if fit.family == "fixed" and (fit.absorbed is None or fit.absorbed.groupings != (design.entities,)):
        raise SpecificationError("The poolability test takes pooled OLS or one-way entity fixed effects.")
    x, constant = level_matrix(result), design.constant or fit.family == "fixed"
    left = []
    df, exact = 0, 0
    for start, stop in pairwise(design.entity_starts):
        rows = slice(int(start), int(stop))
        if constant:
            # The columns are centred, which fits the constant and keeps levels from costing digits.
            part = small_regression(x[rows] - x[rows].mean(axis=0), design.y[rows] - design.y[rows].mean())
        else:
            part = small_regression(x[rows], design.y[rows])
        free = int(stop - start) - part.rank - constant
        if free <= 0:
            exact += 1
            continue
        left.append(part.residuals)
        df += free
    if df == 0:
        raise InsufficientDataError(
            "No entity has more rows than coefficients, so every entity's own regression fits exactly."
        )
    residuals = np.concatenate(left)
    refuse_rounding("The poolability test", "the regression of every entity fits", residuals, design.y)
    rss = float(residuals @ residuals)
    notes = classical_note("The poolability test", result.covariance)
    if exact:
        text = (
            f"{count_of(exact, 'entity has', 'entities have')} no more rows than coefficients, so "
            f"{'it fits' if exact == 1 else 'they fit'} exactly."
        )
        notes.append(Note("entities-exact", text))
    emit(notes)
    numerator = result.df_resid - df
    if numerator <= 0:
        raise InsufficientDataError(
            "The separate regressions have no more coefficients than the common one, so there is nothing to test."
        )
    statistic = (result.rss - rss) / numerator / (rss / df)
    null = "all entities have the same slopes" + ("" if fit.family == "fixed" else " and constants")
    return f_test("Poolability of slopes", statistic, numerator, df, null, notes)


@answering
def slope_homogeneity_test(
    result: LinearResult,
    *,
    statistic: str = "adjusted",
) -> TestResult:
    r"""Test slope homogeneity when N is large (Pesaran and Yamagata 2008; Stata ``xthst``).

    With :math:`\tilde\sigma_i^2` the error variance of entity i at the fixed-effects slopes (divisor
    :math:`T_i - 1`) and :math:`\tilde\beta` the fixed-effects slopes weighted by its inverse,

    .. math:: d_i = (\hat\beta_i - \tilde\beta)' \frac{X_i' M X_i}{\tilde\sigma_i^2} (\hat\beta_i - \tilde\beta), \qquad
              \tilde\Delta = \frac{\sum_i (d_i - k)}{\sqrt{2 k N}}, \qquad
              \tilde\Delta_{adj} = \frac{\sum_i (d_i - k)}{\sqrt{\sum_i 2k (T_i - k - 1) / (T_i + 1)}}

    (Pesaran and Yamagata 2008, J. Econometrics 142), M taking entity means out. With normal errors
    :math:`d_i / (T_i - 1)` has a Beta distribution under the null, of parameters k/2 and :math:`(T_i - 1 - k)/2`: its
    mean makes k exact, and its variance, with each entity's own rows, is under the root. Programs that use the average
    number of rows there, as ``xthst`` does (Bersvendsen and Ditzen 2021), differ on unbalanced panels.

    Parameters
    ----------
    result : LinearResult
        One-way entity fixed effects.
    statistic : {"adjusted", "plain"}
        Whether :math:`d_i` has its small-sample variance, or the limit of that.

    Returns
    -------
    TestResult
        Standard normal, upper tail: differing slopes make the statistic large. (``xthst`` prints both tails.)

    Raises
    ------
    SpecificationError
        If the model is another one.
    InsufficientDataError
        If fewer than two entities have more than k + 1 rows.

    See Also
    --------
    slope_poolability_test : Few entities, one variance.
    fit_mean_group : Averages slopes that differ.

    Notes
    -----
    Regressors must be strictly exogenous, and errors uncorrelated over time and across entities: serial correlation
    makes the test over-reject. With few entities and long T use `slope_poolability_test`.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("public_capital")
    >>> fixed = pv.fit_fixed_effects(states, "log(gsp) ~ log(pc) + log(emp)")
    >>> pv.slope_homogeneity_test(fixed)
    <Slope homogeneity (delta, adjusted): z = 19.2291, p < 0.0001>
    """
    design = level_rows(result, "The slope homogeneity test", ("fixed",))
    choose("statistic", statistic, ("adjusted", "plain"))
    fit = result.fit
    if fit.absorbed is None or fit.absorbed.groupings != (design.entities,):
        raise SpecificationError("The slope homogeneity test takes one-way entity fixed effects.")
    x = level_matrix(result)
    k = x.shape[1]
    if k == 0:
        raise SpecificationError("The model has no slope.")
    x -= design.entities.means_of(np.asfortranarray(x))[design.entities.codes]
    x /= np.linalg.norm(x, axis=0) / math.sqrt(design.nobs)
    raw, residuals = np.asarray(fit.transformed_residuals), residuals_of_rows(result)
    # Slopes are measured from the fixed-effects slopes, on y less their fit, so that nothing large cancels.
    triangles, targets, sizes = [], [], []
    left_out = 0
    for start, stop in pairwise(design.entity_starts):
        rows = slice(int(start), int(stop))
        size = int(stop - start)
        entity_fit = small_regression(x[rows], residuals[rows]) if size > k + 1 else None
        if entity_fit is None or entity_fit.rank < k:
            left_out += 1
            continue
        refuse_rounding("The slope homogeneity test", "for some entity the model fits", raw[rows], design.y[rows])
        part = residuals[rows]
        basis, triangle = np.linalg.qr(x[rows])
        root = math.sqrt(float(part @ part) / (size - 1))
        triangles.append(triangle / root)
        targets.append(basis.T @ part / root)
        sizes.append(size)
    if len(sizes) < 2:
        raise InsufficientDataError(f"Fewer than two entities have more than {k + 1} rows and regressors that vary.")
    notes = []
    if left_out:
        text = (
            f"{count_of(left_out, 'entity is', 'entities are')} left out, with too few rows or with regressors that do "
            "not vary."
        )
        notes.append(Note("entities-left-out", text, warn=True))
    emit(notes)
    # The gaps between the entities' own fits and the common slopes, each in the metric of its entity's regressors.
    gaps = small_regression(np.concatenate(triangles), np.concatenate(targets)).residuals
    total = float(gaps @ gaps) - k * len(sizes)
    lengths = np.array(sizes, dtype=np.float64)
    variances = (
        2.0 * k * (lengths - k - 1.0) / (lengths + 1.0) if statistic == "adjusted" else np.full(len(sizes), 2.0 * k)
    )
    observed = total / math.sqrt(float(variances.sum()))
    name = f"Slope homogeneity (delta{', adjusted' if statistic == 'adjusted' else ''})"
    null = "all entities have the same slopes"
    return z_test(name, observed, null, notes, sides=1)
