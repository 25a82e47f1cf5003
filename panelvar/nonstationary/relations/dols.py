r"""Dynamic least squares: relations with leads and lags of the regressors' changes, which each entity has of its own.

.. math:: y_t = d_t'\delta + x_t'\beta + \sum_{j=-p}^{q} \Delta x_{t-j}'\pi_j + e_t

on the rows that p leads and q lags leave. :math:`\omega` is the long-run variance of e, by the kernel; or the scores'
long-run covariance makes a sandwich.

References: Saikkonen (1991), Econometric Theory 7, 1-21; Stock and Watson (1993), Econometrica 61, 783-820; Kao and
Chiang (2000), Advances in Econometrics 15, 179-222; Mark and Sul (2003), Oxford Bulletin of Economics and Statistics
65, 655-680.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from panelvar.core.base.arguments import read_flag, read_whole
from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import PanelVarError, SpecificationError
from panelvar.core.base.limits import LONGEST_HORIZON
from panelvar.core.base.quoting import shown
from panelvar.core.base.shared_parameters import documented
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.presets import as_convention
from panelvar.kernels.dynamics.criteria import penalty
from panelvar.kernels.linear.unit_regressions import stacked_triangles
from panelvar.nonstationary.panel_series.lag_criteria import shared_criterion
from panelvar.nonstationary.relations.assembly import assemble, read_pooling
from panelvar.nonstationary.relations.moments import LongRunChoices, RelationMoments, Stack, plain_moments
from panelvar.nonstationary.relations.pooling import pooled_slopes
from panelvar.nonstationary.relations.relation_data import RelationData, find_dependent, read_long_run, read_relations
from panelvar.nonstationary.relations.result import CointegratingResult
from panelvar.nonstationary.unit_roots.regressions import join_groups

# Residual degrees of freedom that every regression must have.
_FEWEST_DF = 2


@documented
def fit_dols(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    leads: int | str = 2,
    lags: int | str = 2,
    max_leads: int | None = None,
    max_lags: int | None = None,
    method: str = "group-mean",
    trend: str = "c",
    kernel: str = "quadratic-spectral",
    bandwidth: float | str = "andrews",
    prewhiten: bool = True,
    cov: str | None = None,
    small_sample: bool = True,
    demean: bool = False,
    unusable: str = "drop",
    convention: str | Convention = "default",
    missing: str = "drop",
) -> CointegratingResult:
    r"""Estimate a cointegrating relation by least squares with leads and lags (Saikkonen 1991, Stock and Watson 1993).

    .. math:: y_{it} = d_t'\delta_i + x_{it}'\beta_i + \sum_{j=-p_i}^{q_i} \Delta x_{i,t-j}'\pi_{ij} + e_{it}

    Leads and lags take up what the error has in common with the regressors. Each entity has its own coefficients of
    them, even where entities share the slopes. Errors of the slopes come from the long-run variance of :math:`e`.

    Parameters
    ----------
    {data (relation), y (relation), x (relation)}
    leads, lags : int or {"aic", "bic", "hqic"}
        p and q, 0 or more, or the criterion that chooses them for each entity, on the rows that the most of both leave.
    max_leads, max_lags : int, optional
        The most that a criterion may choose. By default the integer part of :math:`4\,(T/100)^{1/4}`, or fewer where
        rows do not suffice.
    {method (relation), trend (terms), kernel, bandwidth, prewhiten, cov (relation)}
        And "kernel", from the long-run covariance of the scores of terms and regressors (arch's ``"robust"``), which
        allows for variances that change with the regressors.
    {small_sample (relation), demean, unusable (cointegrating regression), convention (entities), missing}

    Returns
    -------
    CointegratingResult
        As of `fit_fmols`; ``orders`` has each entity's leads and lags. ``resids`` are those of the long-run relation,
        without the changes.

    Raises
    ------
    DataError, CollinearityError, NumericalError, InsufficientDataError, SpecificationError
        As `fit_fmols`.

    See Also
    --------
    fit_fmols, fit_ccr : corrections in place of leads and lags.
    fit_pooled_mean_group : dynamic models with a common long run.

    Notes
    -----
    Kao and Chiang (2000) find its bias smaller than that of fully modified least squares in panels, as the simulations
    in the guide do. Pedroni (2001) averages it over entities. The pooled and weighted forms are those that EViews
    documents.

    Examples
    --------
    >>> import panelvar as pv
    >>> grunfeld = pv.load_data("grunfeld")
    >>> relation = pv.fit_dols(grunfeld, "invest ~ value + capital", leads=1, lags=1)
    >>> relation.params.round(3)
    const     -8.700
    value      0.077
    capital    0.206
    Name: params, dtype: float64
    """
    pooling = read_pooling(method, cov, small_sample, scores=True)
    chosen = as_convention(convention)
    prewhiten = read_flag("prewhiten", prewhiten)
    wanted = _read_orders(leads, lags, max_leads, max_lags)
    relations = read_relations(data, y, x, trend, demean, unusable, missing, wanted.fewest_periods)
    relations, groups = _group_entities(relations, wanted)
    rows = np.array([group.changes.shape[1] for group in groups], dtype=np.intp)
    choices = read_long_run(kernel, bandwidth, prewhiten, rows)
    m, scores = relations.system.n_regressors, pooling.cov == "kernel"

    def regress(slopes: Array | None) -> RelationMoments:
        parts = [_regress(group, m, choices, slopes, scores) for group in groups]
        return join_groups([group.places for group in groups], parts)

    own = regress(None)
    shared = regress(pooled_slopes(own, by_precision=False).slopes) if pooling.shared else None
    orders = np.empty((relations.system.n_entities, 2), dtype=np.intp)
    for group in groups:
        orders[group.places] = group.leads, group.lags
    return assemble(
        relations,
        pooling,
        own,
        shared,
        None,
        chosen,
        "Dynamic OLS",
        choices,
        (orders, wanted.in_words(orders)),
    )


class _Group(NamedTuple):
    """n entities with the same periods, leads and lags.

    Attributes
    ----------
    places : (n,) integer array
    leads, lags : int
    changes : (n, rows, w) array
        Leads, present and lags of the regressors' changes.
    columns : (n, rows, d + m + 1) array
        Terms, regressors, y.
    triangles : (n, w + d + m + 1, w + d + m + 1) array
        R of both.
    """

    places: Positions
    leads: int
    lags: int
    changes: Array
    columns: Array
    triangles: Array


class _Orders(NamedTuple):
    """Leads and lags as they were asked for: the least and the most of each, None for as many as the periods allow."""

    leads: tuple[int, int | None]
    lags: tuple[int, int | None]
    criterion: str | None

    def fewest_periods(self, terms: int, regressors: int) -> int:
        """Periods that an entity must have: for the most that was given, or the least there is."""
        orders = sum(low if high is None else high for low, high in (self.leads, self.lags))
        return _periods_needed(terms, regressors, orders)

    def limits(self, periods: int, terms: int, regressors: int) -> tuple[int, int]:
        """The most leads and lags of entities with so many periods."""
        for rule in range(int(4.0 * (periods / 100.0) ** 0.25), -1, -1):
            leads, lags = (rule if high is None else high for _, high in (self.leads, self.lags))
            if periods >= _periods_needed(terms, regressors, leads + lags):
                break
        return leads, lags

    def in_words(self, orders: Positions) -> str:
        """The leads and lags used, and what chose them."""
        low, high = orders.min(axis=0), orders.max(axis=0)
        texts = [f"{a}" if a == b else f"{a} to {b}" for a, b in zip(low, high, strict=True)]
        return ", ".join(texts) + (f" ({self.criterion})" if self.criterion else "")


def _periods_needed(terms: int, regressors: int, orders: int) -> int:
    return 1 + orders + terms + regressors * (2 + orders) + _FEWEST_DF


def _read_orders(leads: int | str, lags: int | str, max_leads: int | None, max_lags: int | None) -> _Orders:
    """Check what was asked for."""
    given = (("leads", leads, max_leads), ("lags", lags, max_lags))
    criterion = shared_criterion(lags, leads)
    leads_range, lags_range = (_read_range(*each) for each in given)
    return _Orders(leads_range, lags_range, criterion)


def _read_range(option: str, value: int | str, limit: int | None) -> tuple[int, int | None]:
    if isinstance(value, str):
        return 0, None if limit is None else read_whole(f"max_{option}", limit, 0, LONGEST_HORIZON)
    if limit is not None:
        raise SpecificationError(
            f"max_{option} applies only when a criterion chooses {option}; you gave {option}={shown(value)}."
        )
    number = read_whole(option, value, 0, LONGEST_HORIZON)
    return number, number


def _group_entities(relations: RelationData, wanted: _Orders) -> tuple[RelationData, list[_Group]]:
    """Entities grouped by length, leads and lags, without those whose columns depend on one another."""
    groups: list[_Group] = []
    refused: dict[int, PanelVarError] = {}
    least = (wanted.leads[0], wanted.lags[0])
    for stack in relations.stacks:
        chosen = np.tile(np.array(least, dtype=np.intp), (len(stack.places), 1))
        if wanted.criterion is not None:
            most = wanted.limits(stack.x.shape[1], stack.powers, stack.x.shape[2])
            chosen = _best_orders(stack, least, most, wanted.criterion)
        for lead, lag in sorted(set(map(tuple, chosen.tolist()))):
            same = stack.take(np.flatnonzero((chosen == (lead, lag)).all(axis=1)))
            changes, columns = _lay_out(same, lead, lag, lead)
            triangles = stacked_triangles(np.concatenate((changes, columns), axis=2))
            groups.append(_Group(same.places, lead, lag, changes, columns, triangles))
            refused |= find_dependent(
                triangles,
                same.places,
                relations.system,
                f"The regressors of {{label!r}}, its terms, and {count_of(lead, 'lead')} and {count_of(lag, 'lag')} of "
                "the regressors' changes are combinations of one another.",
                "{y!r} of {label!r} is a combination of its regressors, terms, leads and lags, so there is no error "
                "whose variance could be estimated.",
            )
    if refused:
        return _group_entities(relations.dropping(refused), wanted)
    return relations, groups


def _regress(group: _Group, m: int, choices: LongRunChoices, slopes: Array | None, scores: bool) -> RelationMoments:
    """Least squares with leads and lags, of columns that do not depend on one another.

    Parameters
    ----------
    m : int
        Number of regressors.
    choices : LongRunChoices
        How the errors' long-run variances are estimated.
    slopes : (m,) array or None
        At which errors are computed; None for each entity's own.
    scores : bool
        Whether to compute the scores' long-run covariances too.
    """
    changes, columns = group.changes, group.columns
    n, rows, width = changes.shape
    moments = plain_moments(group.triangles[:, width:, width:], m, rows, width + columns.shape[2] - 1)
    at = moments.own_slopes() if slopes is None else np.broadcast_to(slopes, (n, m))
    basis = np.linalg.qr(changes)[0]
    left = columns
    # Once more: the first projection rounds on the scale of the levels.
    for _ in range(2):
        left = left - basis @ (basis.swapaxes(1, 2) @ left)
    own = np.concatenate((moments.terms_at(at), at), axis=1)
    errors = left[..., -1] - (left[..., :-1] @ own[..., None])[..., 0]
    long_run = choices(errors[..., None])
    meats = rows * choices(left[..., :-1] * errors[..., None]).two_sided if scores else None
    return moments._replace(variances=long_run.two_sided[..., 0, 0], bandwidths=long_run.bandwidth, meats=meats)


def _best_orders(stack: Stack, least: tuple[int, int], most: tuple[int, int], criterion: str) -> Positions:
    r"""Leads and lags (n, 2) of the smallest criterion, each from a least to a most, on the rows that the most leave.

    :math:`\ln(RSS / n) + k\,c_n / n` with :math:`c_n` = 2 (Akaike), :math:`\ln n` (Schwarz) or :math:`2 \ln \ln n`
    (Hannan and Quinn), and k all coefficients.
    """
    n, m = len(stack.places), stack.x.shape[2]
    best = np.full(n, np.inf)
    chosen = np.tile(np.array(least, dtype=np.intp), (n, 1))
    for lead in range(least[0], most[0] + 1):
        changes, columns = _lay_out(stack, lead, most[1], most[0])
        rows = changes.shape[1]
        # The lags that may be left out stand last before y: what the triangle then leaves of y is each order's.
        kept = changes.shape[2] - m * (most[1] - least[1])
        ordered = np.concatenate(
            (changes[..., :kept], columns[..., :-1], changes[..., kept:], columns[..., -1:]), axis=2
        )
        last = stacked_triangles(ordered)[..., -1]
        tails = np.square(last)[:, ::-1].cumsum(axis=1)[:, ::-1]
        fixed = kept + columns.shape[2] - 1
        for lag in range(least[1], most[1] + 1):
            count = fixed + m * (lag - least[1])
            # What fits exactly is refused when it is estimated.
            with np.errstate(divide="ignore"):
                value = np.log(tails[:, count] / rows) + count * penalty(criterion, rows) / rows
            better = value < best
            best = np.where(better, value, best)
            chosen[better] = lead, lag
    return chosen


def _lay_out(stack: Stack, leads: int, lags: int, cut: int) -> tuple[Array, Array]:
    """Changes from the leads to the lags, and terms, regressors and y; on the rows that the lags and a cut leave."""
    differences = np.diff(stack.x, axis=1)
    first, stop = 1 + lags, stack.x.shape[1] - cut
    changes = [differences[:, first - 1 - j : stop - 1 - j] for j in range(-leads, lags + 1)]
    rest = (stack.terms[:, first:stop], stack.x[:, first:stop], stack.y[:, first:stop, None])
    return np.concatenate(changes, axis=2), np.concatenate(rest, axis=2)
