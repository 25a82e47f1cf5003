r"""Tests of dynamic-panel GMM: overidentification, and serial correlation of the differenced errors."""

from __future__ import annotations

import numpy as np

from panelvar.base.arguments import read_whole
from panelvar.base.arrays import Array
from panelvar.base.distributions import normal_tail
from panelvar.base.errors import InsufficientDataError, Note, SpecificationError
from panelvar.base.quoting import shown
from panelvar.dynamic_panels.gmm_estimate import GmmEstimate
from panelvar.tables.test_result import TestResult, chi2_test

NULL = "all moments are valid"


def sargan(estimate: GmmEstimate) -> TestResult:
    r"""Sargan's test: the one-step criterion over the error variance, chi-squared if errors are homoskedastic.

    :math:`\mathrm{tr}\,\hat\Sigma^{-1}M'(\sum_i Z_i'H_iZ_i)^{-1}M` with :math:`M = Z'\hat U` of the one-step estimates.
    It is not robust to heteroskedasticity, and not weakened by many moments.
    """
    return overidentification("Sargan", sargan_statistic(estimate), estimate.spare, estimate.in_units)


def sargan_statistic(estimate: GmmEstimate, sigma: Array | None = None) -> float:
    """Sargan's statistic under the error variance (K, K) of the one-step estimates, or another."""
    problem = estimate.problem.linear
    first = problem.one_step
    half = problem.initial_root.divided(problem.residual_total(first.params).reshape(problem.n_equations, -1).T)
    if estimate.convention.classical_scale == "entities":
        return float(np.square(half).sum()) * estimate.model.n_entities
    return float(np.trace(np.linalg.solve(estimate.one_step_sigma if sigma is None else sigma, half.T @ half)))


def hansen(estimate: GmmEstimate) -> TestResult:
    r"""Hansen's test: the criterion of the two-step estimates (or later ones), chi-squared under heteroskedasticity.

    After a one-step fit it is that of the two-step estimates, as xtabond2 reports it. It loses its power, and its
    p-values approach one, where moments are many for the entities (Roodman 2009, section 3).
    """
    step, problem = estimate.hansen_step, estimate.problem
    spare = step.rank - problem.n_equations * problem.n_regressors
    notes: tuple[Note, ...] = ()
    every = problem.n_moments * problem.n_equations
    if every >= estimate.n_clusters:
        text = f"{every} moments for {estimate.n_clusters} entities: the test has next to no power, whatever it says."
        notes = (Note("many-moments", text),)
    return overidentification("Hansen", step.criterion, spare, notes)


def overidentification(name: str, statistic: float, df: int, notes: tuple[Note, ...] = ()) -> TestResult:
    """Refer a criterion to the chi-squared distribution, if there are more moments than coefficients."""
    if df == 0:
        text = "As many moments as coefficients: there is nothing to test."
        return TestResult(
            name, float("nan"), float("nan"), "chi2", 0.0, None, NULL, (Note("exactly-identified", text),)
        )
    return chi2_test(name, statistic, df, NULL, notes)


def serial_correlation(estimate: GmmEstimate, order: int, equation: int = 0) -> TestResult:
    r"""Arellano and Bond's m: correlation of the differenced errors with their own lag (Arellano and Bond 1991, eq. 8).

    .. math:: m_j = \frac{\sum_i w_i'\hat e_i}{\sqrt{v}}, \quad
       v = \sum_i (w_i'\hat e_i)^2 - 2\,a'P\sum_i Z_i'\hat u_i\,\hat e_i'w_i + a'\hat Va, \quad a = \sum_i X_i'w_i

    with e the first differences of the errors, w their lag, u and P of the estimates, V their covariance. Errors
    without serial correlation have a first-order one in differences, and none of higher order.
    """
    order = read_whole("order", order, 1)
    model, problem, step = estimate.model, estimate.problem, estimate.step
    m, k, length = problem.n_regressors, equation, problem.n_moments
    rows = model.differences
    errors = model.residuals(rows, step.params)[:, :, k]
    lagged = np.zeros_like(errors)
    if order < len(errors):
        lagged[order:] = errors[:-order]
    lagged = np.where(rows.used, lagged, 0.0)
    if not (lagged != 0.0).any():
        raise InsufficientDataError(f"No entity has differences {order} period(s) apart: there is no m{order}.")
    products = (lagged * errors).sum(axis=0)
    slopes = np.einsum("tn,tnj->j", lagged, rows.values[:, :, :m])
    own = slice(k * m, (k + 1) * m)
    pull = step.pull[own, k * length : (k + 1) * length] if len(step.roots) > 1 else step.pull[own]
    variance = estimate.covariance[own, own]
    homoskedastic = estimate.cov_kind == "classical" and estimate.convention.classical_ar == "homoskedastic"
    if homoskedastic:
        sigma = float(estimate.one_step_sigma[k, k])
        spread, cross = _assumed(estimate, lagged)
        first, middle = sigma * spread, sigma * cross
    else:
        if problem.groups is not None and estimate.convention.clustered_ar:
            wide = problem.errors(step.params)
            products = np.bincount(problem.groups, weights=products)
        else:
            wide = problem.entity_errors(step.params)
        if len(step.roots) > 1:
            wide = wide[:, k * length : (k + 1) * length]
        first, middle = float(products @ products), wide.T @ products
    total = first - 2.0 * float(slopes @ pull @ middle) + float(slopes @ variance @ slopes)
    null = f"no correlation of order {order} in the differenced errors"
    if not total > 0.0:
        text = "The estimated variance of the statistic is not positive: there is none in this sample."
        return TestResult(
            f"m{order}", float("nan"), float("nan"), "normal", None, None, null, (Note("no-variance", text),)
        )
    statistic = float(products.sum() / np.sqrt(total))
    return TestResult(f"m{order}", statistic, float(normal_tail(statistic)), "normal", None, None, null)


def _assumed(estimate: GmmEstimate, lagged: Array) -> tuple[float, Array]:
    r""":math:`\sum_i w_i'H_iw_i` and :math:`\sum_i Z_i'C_iw_i` for errors that are white noise in levels."""
    model = estimate.model
    rows = model.differences
    loadings = rows.loadings()[:, :, 0]
    noise = np.einsum("rt,rn->tn", loadings, lagged)
    spread = float(np.square(noise).sum())
    out = np.zeros(model.instruments.count)
    place = 0
    for equation in model.equations:
        shares = equation.loadings()
        for row in range(len(equation.labels)):
            own = model.instruments.rows[place]
            common = (shares[row] * noise).sum(axis=0) * equation.used[row]
            out[own.columns] += own.values.T @ common
            place += 1
    return spread, out


def equation_place(names: tuple[str, ...], equation: object) -> int:
    """Where an equation stands; the first of one."""
    if equation is None and len(names) == 1:
        return 0
    if equation is None:
        raise SpecificationError(f"Say of which equation, equation=: {', '.join(map(repr, names))}.")
    if not isinstance(equation, str) or equation not in names:
        raise SpecificationError(f"equation={shown(equation)} must be one of: {', '.join(map(repr, names))}.")
    return names.index(equation)
