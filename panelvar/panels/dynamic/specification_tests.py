r"""Tests of dynamic-panel GMM: overidentification, and serial correlation of the differenced errors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from panelvar.core.base.arguments import read_whole
from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.distributions import normal_tail
from panelvar.core.base.errors import InsufficientDataError, Note, SpecificationError
from panelvar.core.base.quoting import shown
from panelvar.core.tables.test_result import TestResult, chi2_test
from panelvar.panels.dynamic.dynamic_model import DynamicModel
from panelvar.panels.dynamic.gmm_estimate import GmmEstimate, SerialSums

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
    p-values approach one, where moments are many for the entities (Roodman 2009).
    """
    step, problem = estimate.hansen_step, estimate.problem
    spare = step.rank - problem.n_equations * problem.n_regressors
    notes: tuple[Note, ...] = ()
    every = problem.n_moments * problem.n_equations
    if every >= estimate.n_clusters:
        text = (
            f"With {every} moments for {estimate.n_clusters} entities, the test has almost no power, whatever its "
            "p-value."
        )
        notes = (Note("many-moments", text),)
    return overidentification("Hansen", step.criterion, spare, notes)


def overidentification(name: str, statistic: float, df: int, notes: tuple[Note, ...] = ()) -> TestResult:
    """Refer a criterion to the chi-squared distribution, if there are more moments than coefficients."""
    if df == 0:
        text = "There are as many moments as coefficients, so there is nothing to test."
        return TestResult(
            name, float("nan"), float("nan"), "chi2", 0.0, None, NULL, (Note("exactly-identified", text),)
        )
    return chi2_test(name, statistic, df, NULL, notes)


def serial_correlation(estimate: GmmEstimate, order: int, equation: int = 0) -> TestResult:
    r"""Arellano and Bond's m: correlation of the differenced errors with their own lag (Arellano and Bond 1991).

    .. math:: m_j = \frac{\sum_i w_i'\hat e_i}{\sqrt{v}}, \quad
       v = \sum_i (w_i'\hat e_i)^2 - 2\,a'P\sum_i Z_i'\hat u_i\,\hat e_i'w_i + a'\hat Va, \quad a = \sum_i X_i'w_i

    with e the first differences of the errors, w their lag, u and P of the estimates, V their covariance. Errors
    without serial correlation have a first-order one in differences, and none of higher order.
    """
    order = read_whole("order", order, 1)
    problem, step, k = estimate.problem, estimate.step, equation
    m, length = problem.n_regressors, problem.n_moments
    assumed = estimate.cov_kind == "classical" and estimate.convention.classical_ar == "homoskedastic"
    sums = _serial_sums(estimate, order, assumed=assumed)
    if not sums.found[k]:
        raise InsufficientDataError(
            f"No entity has differences that are {count_of(order, 'period')} apart, so there is no m{order}."
        )
    slopes, own = sums.slopes[k], slice(k * m, (k + 1) * m)
    pull = step.pull[own, k * length : (k + 1) * length] if len(step.roots) > 1 else step.pull[own]
    variance = estimate.covariance[own, own]
    if assumed:
        sigma = float(estimate.one_step_sigma[k, k])
        first, middle = sigma * float(sums.spread[k]), sigma * sums.common[k]
    else:
        first, middle = float(sums.squares[k]), sums.middle[k]
        if len(step.roots) > 1:
            middle = middle[k * length : (k + 1) * length]
    total = first - 2.0 * float(slopes @ pull @ middle) + float(slopes @ variance @ slopes)
    null = f"no correlation of order {order} in the differenced errors"
    if not total > 0.0:
        text = "The estimated variance of the statistic is not positive, so this sample has no statistic."
        return TestResult(
            f"m{order}", float("nan"), float("nan"), "normal", None, None, null, (Note("no-variance", text),)
        )
    statistic = float(sums.total[k] / np.sqrt(total))
    return TestResult(f"m{order}", statistic, float(normal_tail(statistic)), "normal", None, None, null)


def _serial_sums(estimate: GmmEstimate, order: int, *, assumed: bool) -> SerialSums:
    """Sum products of the errors and their lag over all entities; the first two orders are summed together."""
    known = estimate.serial_sums
    if order not in known:
        orders = [each for each in (1, 2) if each <= estimate.model.census.differences.most] if order < 3 else [order]
        known.update(zip(orders, _summed(estimate, orders, assumed=assumed), strict=True))
    return known[order]


def _summed(estimate: GmmEstimate, orders: Sequence[int], *, assumed: bool) -> list[SerialSums]:
    problem, params = estimate.problem, estimate.params
    count, length = problem.n_equations, problem.n_equations * problem.n_moments
    by_cluster = problem.clustered and estimate.convention.clustered_ar
    clusters = problem.n_clusters if by_cluster else 0
    tables = [np.zeros((clusters, count)) for _ in orders]
    all_wide = np.zeros((clusters, length))
    parts: list[list[list[Array]]] = [[] for _ in orders]
    for piece in estimate.model.pieces(problem):
        wide = piece.errors(params)
        groups = piece.groups if by_cluster else None
        if groups is not None:
            np.add.at(all_wide, groups, wide)
        for order, table, own in zip(orders, tables, parts, strict=True):
            products, *rest = _serial_products(piece.model, params, order, assumed=assumed)
            squared = _squared(products, wide)
            if groups is not None:
                np.add.at(table, groups, products)
                squared = np.zeros(count), np.zeros((count, length))
            own.append([*rest, *squared])
    sums = [SerialSums(*(np.sum(each, axis=0) for each in zip(*own, strict=True))) for own in parts]
    if not by_cluster:
        return sums
    found = [_squared(table, all_wide) for table in tables]
    return [own._replace(squares=squares, middle=middle) for own, (squares, middle) in zip(sums, found, strict=True)]


def _squared(products: Array, wide: Array) -> tuple[Array, Array]:
    return np.square(products).sum(axis=0), products.T @ wide


def _serial_products(model: DynamicModel, params: Array, order: int, *, assumed: bool) -> list[Array]:
    """Products (N, K) of the entities' differenced errors and their lag, and the sums of `SerialSums`.

    ``spread`` and ``common`` are zero unless errors are assumed to be white noise in levels.
    """
    rows = model.differences
    errors = model.residuals(rows, params)
    lagged = np.zeros_like(errors)
    if order < len(errors):
        lagged[order:] = errors[:-order]
    lagged = np.where(rows.used[:, :, None], lagged, 0.0)
    products = (lagged * errors).sum(axis=0)
    slopes = np.einsum("tnk,tnj->kj", lagged, rows.values[:, :, : model.n_regressors])
    common = np.zeros((params.shape[1], model.instruments.count))
    noise = np.einsum("rt,rnk->tnk", rows.loadings()[:, :, 0], lagged) if assumed else np.zeros((1, 1, len(common)))
    spread = np.square(noise).sum(axis=(0, 1))
    place = 0
    for equation in model.equations if assumed else ():
        shares = equation.loadings()
        for row in range(len(equation.labels)):
            own = model.instruments.rows[place]
            shared = np.einsum("tn,tnk->nk", np.broadcast_to(shares[row], noise.shape[:2]), noise)
            common[:, own.columns] += (own.values.T @ (shared * equation.used[row][:, None])).T
            place += 1
    return [products, (lagged != 0.0).any(axis=(0, 1)), products.sum(axis=0), slopes, spread, common]


def equation_place(names: tuple[str, ...], equation: object) -> int:
    """Return the place of an equation; without a name, the place of the only one."""
    if equation is None and len(names) == 1:
        return 0
    if equation is None:
        raise SpecificationError(
            f"The model has several equations. Name one of them by equation=: {', '.join(map(repr, names))}."
        )
    if not isinstance(equation, str) or equation not in names:
        raise SpecificationError(f"equation={shown(equation)} must be one of: {', '.join(map(repr, names))}.")
    return names.index(equation)
