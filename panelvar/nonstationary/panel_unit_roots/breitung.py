r"""Breitung's test: one autoregressive root for all entities, terms taken out so that nothing needs a correction.

References: Breitung (2000), Advances in Econometrics 15, 161-177; Breitung and Das (2005), Statistica Neerlandica 59,
414-433.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Any

import numpy as np

from panelvar.core.base.arguments import read_flag
from panelvar.core.base.arrays import Array, Positions
from panelvar.core.base.errors import NumericalError
from panelvar.core.base.scaling import columns_in_own_units, in_own_units
from panelvar.core.base.shared_parameters import documented
from panelvar.estimates.sizes.panel_sizes import PanelCase
from panelvar.nonstationary.panel_series.bootstrap import PanelBootstrap, draw_statistics, read_bootstrap
from panelvar.nonstationary.panel_series.entity_regressions import (
    REASONS,
    lags_in_words,
    prewhiten,
    stack_regressions,
)
from panelvar.nonstationary.panel_series.panel_series import PanelSeries, panel_series
from panelvar.nonstationary.panel_series.result import PanelTestResult, lower_test, panel_test
from panelvar.nonstationary.panel_series.terms import ALL, NULL, check_terms
from panelvar.nonstationary.unit_roots.one_series import deterministic
from panelvar.nonstationary.unit_roots.regressions import alike


@documented
def breitung_test(
    data: Any,
    column: Hashable | None = None,
    *,
    lags: int | str = "bic",
    trend: str = "c",
    max_lags: int | None = None,
    min_lags: int = 0,
    robust: bool = False,
    bootstrap: PanelBootstrap | None = None,
    demean: bool = False,
    unusable: str = "raise",
) -> PanelTestResult:
    r"""Test one unit root for all entities of a panel without a correction of bias (Breitung 2000).

    With :math:`x_{i0}, \dots, x_{in}` the series of entity i, prewhitened where there are lags,

    .. math:: \lambda = \frac{\sum_i \hat\sigma_i^{-2} \sum_t x^*_{i,t-1} \Delta^* x_{it}}
        {\sqrt{\sum_i \hat\sigma_i^{-2} \sum_t x^{*2}_{i,t-1}}} \to N(0, 1), \qquad
        \lambda_R = \frac{\sum_t x^{*\prime}_{t-1} \Delta^* x_t}
        {\sqrt{\sum_t x^{*\prime}_{t-1} \hat\Omega x^*_{t-1}}}

    with the levels :math:`x^*_{i,t-1} = x_{i,t-1} - x_{i0}` and the changes as they are, or with a trend

    .. math:: x^*_{i,t-1} = x_{i,t-1} - x_{i0} - \tfrac{t-1}{n}(x_{in} - x_{i0}), \qquad
        \Delta^* x_{it} = \sqrt{\tfrac{n-t}{n-t+1}} \Bigl(\Delta x_{it} -
        \tfrac{1}{n-t} \sum_{s>t} \Delta x_{is}\Bigr),

    so that level and change are uncorrelated under the null. :math:`\hat\Omega` is the covariance of the entities'
    changes, :math:`\hat\sigma_i^2` its diagonal.

    Parameters
    ----------
    {data (panel variable), column (panel variable)}
    lags : int or {"aic", "bic", "hqic", "t-stat"}
        p: with :math:`\hat\gamma_{ij}` from the regression of :math:`\Delta y_{it}` on p lags of itself (and a constant
        where there is a trend), :math:`x_{it} = y_{it} - \sum_j \hat\gamma_{ij} y_{i,t-j}`. Or a rule that chooses p
        for each entity among ``min_lags`` to ``max_lags``, see `adf_test`.
    trend : {"n", "c", "ct"}
        Terms of each entity: none (levels as they are), a constant, or a constant and a trend.
    {max_lags (panel Dickey-Fuller), min_lags}
    robust : bool
        :math:`\lambda_R`, which allows for entities whose changes are correlated (Breitung and Das 2005), but not for a
        factor that moves all of them; it weights entities by their variances.
    {bootstrap (panel), demean, unusable (panel variable)}

    Returns
    -------
    PanelTestResult
        Standard normal, lower tail; ``individual`` has each entity's lags, rows, and deviation of the changes.

    Raises
    ------
    DataError, CollinearityError, NumericalError
        Periods are not the same for all entities, or an entity has gaps, does not vary, or follows its regression
        exactly.
    InsufficientDataError
        There are fewer than two entities, or too few periods for the lags and terms.

    See Also
    --------
    ips_test : a root for each entity.
    llc_test : one root, with a correction of bias.
    panel_unit_root_table : many tests side by side.

    Notes
    -----
    Under the alternative all entities have one root; `ips_test` lets each have its own and finds stationary panels
    about as often. Where entities outnumber periods the robust form hardly ever rejects. If errors are autocorrelated,
    give lags: without them the test does not reject at all or, where the autocorrelation is negative, rejects true
    nulls. All entities keep the periods that the most lags leave. Stata's ``xtunitroot breitung`` has no lags by
    default, and no rules for them.

    Examples
    --------
    >>> import panelvar as pv
    >>> pv.breitung_test(pv.load_data("grunfeld"), "value", lags=1, trend="ct").in_a_line()
    'z = -0.0947, p = 0.4623'
    """
    check_terms(trend)
    robust = read_flag("robust", robust)
    series = panel_series(data, column, demean=demean, unusable=unusable)

    def lay_out(panel: PanelSeries) -> tuple[Array, Positions, str]:
        values = panel.stack("Breitung's test")
        # The robust form weights entities by their variances: they keep their units beside one another.
        values = in_own_units(values) if robust else columns_in_own_units(values.T).T
        found, rule = stack_regressions(values, trend, lags, (min_lags, max_lags), "all", "default")
        panel.refuse_untested(found.status, REASONS)
        return values, found.orders, rule

    def statistics(panel: PanelSeries, panels: int) -> Array:
        values, orders, _ = lay_out(panel)
        out = np.empty((panels, 1))
        # The most lags of a panel decide which periods it keeps.
        for _, same in alike(orders.reshape(panels, -1).max(axis=1)):
            entities = (same[:, None] * series.n_entities + np.arange(series.n_entities)).ravel()
            out[same, 0] = _sum(_transform(panel, values[entities], orders[entities], trend), len(same), robust)
        return out

    drawn = draw_statistics(series, trend, read_bootstrap(bootstrap), statistics, upper=(False,), demean=demean)
    values, orders, rule = lay_out(series)
    parts = _transform(series, values, orders, trend)
    level, change, errors = parts
    products, squares = (level * change).sum(axis=1), np.square(level).sum(axis=1)
    statistic = float(_sum(parts, 1, robust)[0])
    return panel_test(
        lower_test(f"Breitung {'robust ' * robust}lambda", statistic, NULL),
        series,
        ALL,
        trend=trend,
        choices={
            "Lags": lags_in_words(orders, rule),
            "Errors": "correlated between entities" if robust else "independent between entities",
        },
        columns={
            "lags": orders,
            "rows": np.full(series.n_entities, change.shape[1]),
            "coefficient": products / squares,
            "ratio": products / np.sqrt(np.square(errors).sum(axis=1) * squares),
        },
        nobs=change.size,
        size=PanelCase("breitung", {"lags": lags, "trend": trend, "robust": robust}),
        drawn=drawn,
    )


def _sum(parts: tuple[Array, Array, Array], panels: int, robust: bool) -> Array:
    """The statistic of each of so many panels."""
    level, change, errors = (each.reshape(panels, -1, each.shape[1]) for each in parts)
    products = (level * change).sum(axis=2)
    if robust:
        covariance = errors @ errors.swapaxes(1, 2)
        return np.asarray(products.sum(axis=1) / np.sqrt((level * (covariance @ level)).sum(axis=(1, 2))))
    squares, variances = np.square(level).sum(axis=2), np.square(errors).sum(axis=2)
    return np.asarray((products / variances).sum(axis=1) / np.sqrt((squares / variances).sum(axis=1)))


def _transform(series: PanelSeries, values: Array, orders: Positions, trend: str) -> tuple[Array, Array, Array]:
    """Levels and changes (N, rows) without terms, and the changes about their mean, if they have one, (N, n).

    Under the null a change has mean zero and nothing in common with the level beside it. What is returned of the
    changes about their mean is over the root of their degrees of freedom.
    """
    starts, changes = prewhiten(values, orders, trend)
    count = changes.shape[1]
    errors = changes - changes.mean(axis=1, keepdims=True) if trend == "ct" else changes
    series.refuse(
        deterministic(errors, values),
        NumericalError,
        "{entity} does not change beyond its terms and lags. In all, {lost} of {all} entities have no test.",
    )
    level = np.cumsum(changes, axis=1) - changes
    if trend == "n":
        level += starts[:, None]
    if trend != "ct":
        return level, changes, errors / math.sqrt(count)
    level -= changes.mean(axis=1, keepdims=True) * np.arange(count)
    after = np.arange(count - 1, 0, -1)
    later = (np.cumsum(errors[:, ::-1], axis=1)[:, ::-1] - errors)[:, :-1] / after
    change = np.sqrt(after / (after + 1)) * (errors[:, :-1] - later)
    return level[:, :-1], change, errors / math.sqrt(count - 1)
