"""Dynamic least squares of a cointegrating relation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from panelvar.core.base.arguments import read_flag, read_whole
from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import (
    CollinearityError,
    NumericalError,
    PanelVarError,
    SpecificationError,
    choose,
)
from panelvar.core.base.limits import LONGEST_HORIZON
from panelvar.core.base.shared_parameters import documented
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.presets import as_convention
from panelvar.nonstationary.relations.assembly import assemble, read_pooling
from panelvar.nonstationary.relations.dynamic_moments import (
    DynamicColumns,
    best_orders,
    dynamic_columns,
    dynamic_moments,
)
from panelvar.nonstationary.relations.moments import LongRunChoices, RelationMoments
from panelvar.nonstationary.relations.pooling import pooled_slopes
from panelvar.nonstationary.relations.relation_data import (
    RelationData,
    dependent_columns,
    read_long_run,
    read_relations,
)
from panelvar.nonstationary.relations.result import CointegratingResult
from panelvar.nonstationary.unit_roots.regressions import join_groups

CRITERIA = ("aic", "bic")

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
    df_correction: bool = True,
    demean: bool = False,
    unusable: str = "raise",
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
    leads, lags : int or {"aic", "bic"}
        p and q, 0 or more, or the criterion that chooses them for each entity, on the rows that the most of both leave.
    max_leads, max_lags : int, optional
        The most that a criterion may choose. By default the integer part of :math:`4\,(T/100)^{1/4}`, or fewer where
        rows do not suffice.
    {method (relation), trend (terms), kernel, bandwidth, prewhiten, cov (relation)}
        And "kernel", from the long-run covariance of the scores of terms and regressors (arch's ``"robust"``), which
        allows for variances that change with the regressors.
    {df_correction (relation), demean, unusable (cointegrating regression), convention (entities), missing}

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
    pooling = read_pooling(method, cov, df_correction, scores=True)
    chosen = as_convention(convention)
    prewhiten = read_flag("prewhiten", prewhiten)
    wanted = _Orders.read(leads, lags, max_leads, max_lags)
    found = read_relations(data, y, x, trend, demean, unusable, missing, wanted.periods)
    found, groups = _group_entities(found, wanted)
    choices = read_long_run(kernel, bandwidth, prewhiten, np.array([group.rows for group in groups], dtype=np.intp))
    scores = pooling.cov == "kernel"
    own = _moments(found, groups, choices, None, scores)
    shared = None
    if pooling.shared:
        shared = _moments(found, groups, choices, pooled_slopes(own, by_precision=False).slopes, scores)
    orders = np.empty((found.system.n_entities, 2), dtype=np.intp)
    for group in groups:
        orders[group.places] = group.leads, group.lags
    return assemble(
        found,
        pooling,
        own,
        shared,
        None,
        chosen,
        "Dynamic OLS",
        choices,
        (orders, wanted.in_words(orders)),
    )


@dataclass(frozen=True, eq=False)
class _Group:
    """Entities of one length, with the same leads and lags."""

    places: Positions
    leads: int
    lags: int
    laid: DynamicColumns

    @property
    def rows(self) -> int:
        return int(self.laid.changes.shape[1])


@dataclass(frozen=True)
class _Orders:
    """Leads and lags as they were asked for: from the least to the most of each, and what chooses among them."""

    least: tuple[int, int]
    most: tuple[int | None, int | None]
    criterion: str | None

    @classmethod
    def read(cls, leads: int | str, lags: int | str, max_leads: int | None, max_lags: int | None) -> _Orders:
        """Check what was asked for."""
        rules = {value for value in (leads, lags) if isinstance(value, str)}
        for option, value in (("leads", leads), ("lags", lags)):
            if isinstance(value, str):
                choose(option, value, CRITERIA)
        if len(rules) > 1:
            raise SpecificationError(
                f"leads={leads!r} and lags={lags!r} must name one criterion, which chooses both together."
            )
        least, most = [], []
        for option, value, limit in (("leads", leads, max_leads), ("lags", lags, max_lags)):
            if isinstance(value, str):
                least.append(0)
                most.append(None if limit is None else read_whole(f"max_{option}", limit, 0, LONGEST_HORIZON))
                continue
            if limit is not None:
                raise SpecificationError(
                    f"max_{option} applies only when a criterion chooses {option}; you gave {option}={value!r}."
                )
            least.append(read_whole(option, value, 0, LONGEST_HORIZON))
            most.append(least[-1])
        return cls((least[0], least[1]), (most[0], most[1]), rules.pop() if rules else None)

    def periods(self, terms: int, regressors: int) -> int:
        """Periods that an entity must have: for the most that was given, or the least there is."""
        orders = sum(low if high is None else high for low, high in zip(self.least, self.most, strict=True))
        return 1 + orders + _columns(terms, regressors, orders) + _FEWEST_DF

    def limits(self, periods: int, terms: int, regressors: int) -> tuple[int, int]:
        """The most leads and lags of entities with so many periods."""
        rule = int(4.0 * (periods / 100.0) ** 0.25)
        while True:
            leads, lags = (rule if high is None else high for high in self.most)
            if rule == 0 or periods >= 1 + leads + lags + _columns(terms, regressors, leads + lags) + _FEWEST_DF:
                return leads, lags
            rule -= 1

    def in_words(self, orders: Positions) -> str:
        """The leads and lags used, and what chose them."""
        low, high = orders.min(axis=0), orders.max(axis=0)
        texts = [f"{a}" if a == b else f"{a} to {b}" for a, b in zip(low, high, strict=True)]
        return ", ".join(texts) + (f" ({self.criterion})" if self.criterion else "")


def _columns(terms: int, regressors: int, orders: int) -> int:
    return terms + regressors * (2 + orders)


def _group_entities(found: RelationData, wanted: _Orders) -> tuple[RelationData, list[_Group]]:
    """Entities grouped by length, leads and lags, without those whose columns depend on one another."""
    groups: list[_Group] = []
    refused: dict[int, PanelVarError] = {}
    m = found.system.n_regressors
    for stack in found.stacks:
        chosen = np.tile(np.asarray(wanted.least, dtype=np.intp), (len(stack.places), 1))
        if wanted.criterion is not None:
            leads, lags = wanted.limits(stack.x.shape[1], found.powers, m)
            least = wanted.least
            chosen = np.stack(best_orders(stack, (least[0], leads), (least[1], lags), wanted.criterion), axis=1)
        for lead, lag in sorted(set(map(tuple, chosen.tolist()))):
            which = np.flatnonzero((chosen == (lead, lag)).all(axis=1))
            group = _Group(stack.places[which], lead, lag, dynamic_columns(stack.take(which), lead, lag))
            groups.append(group)
            flat = dependent_columns(group.laid.triangles)
            for row in np.flatnonzero(flat.any(axis=1)):
                place = int(group.places[row])
                label = found.system.labels[place]
                refused[place] = (
                    CollinearityError(
                        f"The regressors of {label!r}, its terms, and {count_of(lead, 'lead')} and "
                        f"{count_of(lag, 'lag')} of the regressors' changes are combinations of one another."
                    )
                    if flat[row, :-1].any()
                    else NumericalError(
                        f"{found.system.dependent!r} of {label!r} is a combination of its regressors, terms, leads and "
                        "lags, so there is no error whose variance could be estimated."
                    )
                )
    if refused:
        return _group_entities(found.dropping(refused), wanted)
    return found, groups


def _moments(
    found: RelationData, groups: Sequence[_Group], choices: LongRunChoices, slopes: Array | None, scores: bool
) -> RelationMoments:
    m = found.system.n_regressors
    parts = [dynamic_moments(group.laid, m, choices, slopes=slopes, scores=scores) for group in groups]
    return join_groups([group.places for group in groups], parts)
