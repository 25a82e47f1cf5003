r"""Whether errors are correlated over time: Arellano and Bond's tests of their differences, and a portmanteau test.

Errors :math:`\varepsilon` that are uncorrelated make the levels' residuals :math:`u_{it} = \eta_i + \varepsilon_{it}`
uncorrelated with changes before and after, whatever their variances and the effects:

.. math:: \mathrm E[u_{i,t-l}\,\Delta u_{it}] = 0, \quad l \ge 2, \qquad \mathrm E[u_{i,t+1}\,\Delta u_{it}] = 0

(Jochmans 2020, Journal of Applied Econometrics 35). These are all that uncorrelated errors imply, T(T - 1) / 2 - 1 of
them in a balanced panel; m1 and m2 weigh some of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from panelvar.core.base.arguments import read_flag, read_whole
from panelvar.core.base.arrays import Array, Mask
from panelvar.core.base.counting import count_of
from panelvar.core.base.distributions import normal_tail
from panelvar.core.base.errors import InsufficientDataError, Note
from panelvar.core.tables.test_result import TestResult, chi2_test
from panelvar.panels.dynamic.cube import Laid
from panelvar.panels.dynamic.entity_equations import EntityEquations
from panelvar.panels.dynamic.gmm_estimate import GmmEstimate, SerialSums
from panelvar.panels.dynamic.weighting import StackedRows, root_of_moments

FORWARD = -1
"""The lag of the level one period after a change."""


def serial_portmanteau(
    estimate: GmmEstimate, equation: int = 0, *, max_order: int | None = None, collapse: bool = False
) -> TestResult:
    r"""Test all covariances of levels with changes together, robust to heteroskedasticity.

    With v the products of an entity, and M their derivative,

    .. math:: \Big(\sum_i v_i\Big)'\Big(\sum_i w_iw_i'\Big)^{-1}\sum_i v_i, \qquad w_i = v_i + M\psi_i

    where :math:`\psi_i` is what the entity adds to the errors of the coefficients. Residuals are deviations from their
    mean: adding a constant to a variable changes nothing.

    Raises
    ------
    InsufficientDataError
        No entity has three periods in a row, or there are as many products as entities.
    """
    if max_order is not None:
        read_whole("max_order", max_order, 1)
    read_flag("collapse", collapse)
    problem = estimate.problem
    own = slice(equation * problem.n_regressors, (equation + 1) * problem.n_regressors)
    influence = estimate.influence_of_moments[own]
    stacked, parts = StackedRows(problem.n_clusters), []
    for part, moments, clusters in estimate.pieces(estimate.weighted_at):
        products, slopes, seen = _covariances(estimate, part, equation, max_order, collapse=collapse)
        rows = np.concatenate([products, moments @ influence.T], axis=1)
        parts.append((products.sum(axis=0), slopes, seen))
        stacked.add(rows, clusters)
    total, slopes, seen = (np.sum(each, axis=0) for each in zip(*parts, strict=True))
    both = stacked.rows
    moved = both[:, : len(total)] + both[:, len(total) :] @ slopes.T
    return portmanteau_of(total, moved, seen.astype(bool), max_order, problem.n_clusters, collapse=collapse)


def portmanteau_of(
    total: Array, moved: Array, seen: Mask, max_order: int | None, count: int, *, collapse: bool
) -> TestResult:
    """Make the portmanteau test of summed products from what entities add to them, and to the coefficients in them.

    Parameters
    ----------
    total : (D,) array
    moved : (n, D) array
        Rows with the cross products of what entities (or clusters of them) add.
    seen : (D,) bool array
        Which products some entity has.
    max_order : int or None
    count : int
        Entities, or clusters of them.
    collapse : bool
        Whether products of a lag have been added up over periods.
    """
    kept = np.flatnonzero(seen)
    if not len(kept):
        raise InsufficientDataError("No entity has three periods in a row, so there is no covariance to test.")
    if len(kept) >= count:
        instead = "" if collapse else "collapse=True, which makes one covariance of each lag, or "
        raise InsufficientDataError(
            f"The test takes more entities (or clusters of them) than covariances of levels and changes; there are "
            f"{count} for {len(kept)}. Use {instead}max_order=, which leaves long lags out."
        )
    root = root_of_moments(moved[:, kept])
    half = root.divided(total[kept])
    null = "no serial correlation of the errors" + ("" if max_order is None else f" up to order {max_order}")
    return chi2_test("Serial portmanteau", float(half @ half), root.rank, null)


def _covariances(
    estimate: GmmEstimate, part: EntityEquations, equation: int, max_order: int | None, *, collapse: bool
) -> tuple[Array, Array, Mask]:
    """Products (N, D) of levels and changes of some entities, the derivatives (D, m) of their sums, and which exist."""
    rows, complete, m = part.levels, part.levels.complete, part.n_regressors
    # Residual first, then the regressors with the sign that they have in it.
    errors = part.residuals(rows, estimate.params)[:, :, equation : equation + 1]
    levels = np.concatenate([errors, -rows.values[:, :, :m]], axis=2)
    means = estimate.sums.level_means
    left = means[m + equation] - means[:m] @ estimate.params[:, equation]
    levels = np.where(complete[:, :, None], levels - np.concatenate([[left], -means[:m]]), 0.0)
    dates = part.dates
    ages = np.unique((dates[:, None] - dates)[estimate.model.census.pairs])
    lags = ages[(ages >= 2) & (ages <= (dates[-1] if max_order is None else max_order))]
    return products_of_levels(Laid(levels, complete, dates), lags, collapse=collapse)


def products_of_levels(laid: Laid, lags: Iterable[int], *, collapse: bool) -> tuple[Array, Array, Mask]:
    """Products (N, D) of levels and changes, the derivatives (D, m) of their sums, and which products there are.

    Parameters
    ----------
    laid : Laid
        Values (T, N, 1 + m): the error and its derivatives along the coefficients, about their means; zero where there
        is no row. Of (T, N), where there is one.
    lags : iterable of int
        How far apart levels and changes are, beside the change that follows.
    collapse : bool
        Whether products of a lag are added up over periods.
    """
    levels, complete, _ = laid
    changed = np.zeros_like(complete)
    changed[1:] = complete[1:] & complete[:-1]
    changes = np.zeros_like(levels)
    changes[1:] = np.where(changed[1:, :, None], levels[1:] - levels[:-1], 0.0)
    products, slopes, found = [], [], []
    for lag in (FORWARD, *lags):
        level, seen, _ = laid.lagged(lag)
        both = changed & seen
        product = level[:, :, 0] * changes[:, :, 0]
        slope = np.einsum("tnj,tn->tj", level[:, :, 1:], changes[:, :, 0])
        slope += np.einsum("tn,tnj->tj", level[:, :, 0], changes[:, :, 1:])
        products.append(product.sum(axis=0, keepdims=True) if collapse else product)
        slopes.append(slope.sum(axis=0, keepdims=True) if collapse else slope)
        found.append(np.array([both.any()]) if collapse else both.any(axis=1))
    return np.concatenate(products).T, np.concatenate(slopes), np.concatenate(found)


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
        raise _too_far_apart(order)
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


def _too_far_apart(order: int) -> InsufficientDataError:
    """Make the error for rows that have no lag of that order."""
    return InsufficientDataError(
        f"No entity has differences that are {count_of(order, 'period')} apart, so there is no m{order}."
    )


def _serial_sums(estimate: GmmEstimate, order: int, *, assumed: bool) -> SerialSums:
    """Sum products of the errors and their lag over all entities; the first two orders are summed together."""
    known = estimate.serial_sums
    if order > estimate.model.census.differences.most:
        raise _too_far_apart(order)
    if order not in known:
        orders = [each for each in (1, 2) if each <= estimate.model.census.differences.most] if order < 3 else [order]
        known.update(zip(orders, _sum_products(estimate, orders, assumed=assumed), strict=True))
    return known[order]


def _sum_products(estimate: GmmEstimate, orders: Sequence[int], *, assumed: bool) -> list[SerialSums]:
    problem, params = estimate.problem, estimate.params
    count, length = problem.n_equations, problem.n_equations * problem.n_moments
    by_cluster = problem.clustered and estimate.convention.clustered_ar
    n_clusters = problem.n_clusters if by_cluster else 0
    tables = [np.zeros((n_clusters, count)) for _ in orders]
    all_wide = np.zeros((n_clusters, length))
    parts: list[list[list[Array]]] = [[] for _ in orders]
    for part, wide, clusters in estimate.pieces(params):
        groups = clusters if by_cluster else None
        if groups is not None:
            np.add.at(all_wide, groups, wide)
        for order, table, own in zip(orders, tables, parts, strict=True):
            products, *rest = _serial_products(part, params, order, assumed=assumed)
            squared = _square(products, wide)
            if groups is not None:
                np.add.at(table, groups, products)
                squared = np.zeros(count), np.zeros((count, length))
            own.append([*rest, *squared])
    sums = [SerialSums(*(np.sum(each, axis=0) for each in zip(*own, strict=True))) for own in parts]
    if not by_cluster:
        return sums
    found = [_square(table, all_wide) for table in tables]
    return [own._replace(squares=squares, middle=middle) for own, (squares, middle) in zip(sums, found, strict=True)]


def _square(products: Array, wide: Array) -> tuple[Array, Array]:
    return np.square(products).sum(axis=0), products.T @ wide


def _serial_products(part: EntityEquations, params: Array, order: int, *, assumed: bool) -> list[Array]:
    """Products (N, K) of the entities' differenced errors and their lag, and the sums of `SerialSums`.

    ``spread`` and ``common`` are zero unless errors are assumed to be white noise in levels.
    """
    rows = part.differences
    errors = part.residuals(rows, params)
    lagged = np.where(rows.used[:, :, None], Laid(errors, rows.used, part.dates[rows.labels]).lagged(order).values, 0.0)
    products = (lagged * errors).sum(axis=0)
    slopes = np.einsum("tnk,tnj->kj", lagged, rows.values[:, :, : part.n_regressors])
    common = np.zeros((params.shape[1], part.instruments.count))
    noise = np.einsum("rt,rnk->tnk", rows.loadings()[:, :, 0], lagged) if assumed else np.zeros((1, 1, len(common)))
    spread = np.square(noise).sum(axis=(0, 1))
    place = 0
    for equation in part.equations if assumed else ():
        shares = equation.loadings()
        for row in range(len(equation.labels)):
            own = part.instruments.rows[place]
            shared = np.einsum("tn,tnk->nk", np.broadcast_to(shares[row], noise.shape[:2]), noise)
            common[:, own.columns] += (own.values.T @ (shared * equation.used[row][:, None])).T
            place += 1
    return [products, (lagged != 0.0).any(axis=(0, 1)), products.sum(axis=0), slopes, spread, common]
