r"""Pesaran's test: Dickey-Fuller t ratios beside averages over the entities, averaged.

Reference: Pesaran (2007), Journal of Applied Econometrics 22.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import replace
from typing import Any

import numpy as np

from panelvar.core.base.arguments import read_flag
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import CollinearityError, choose
from panelvar.core.base.scaling import in_own_units
from panelvar.core.base.shared_parameters import documented
from panelvar.core.tables.test_result import own_test
from panelvar.estimates.sizes.panel_sizes import PanelCase
from panelvar.nonstationary.panel_series.bootstrap import PanelBootstrap, draw_statistics, read_bootstrap
from panelvar.nonstationary.panel_series.entity_regressions import entity_regressions, lags_in_words
from panelvar.nonstationary.panel_series.panel_series import PanelSeries, panel_series
from panelvar.nonstationary.panel_series.result import PanelTestResult, panel_test
from panelvar.nonstationary.panel_series.terms import NULL, SOME, check_terms
from panelvar.nonstationary.panel_unit_roots.critical_values import (
    CIPS_BOUNDS,
    cadf_critical_values,
    cips_critical_values,
    lower_tail_pvalue,
    pvalue_of_cipstest,
)
from panelvar.nonstationary.unit_roots.regressions import LevelRegressions
from panelvar.nonstationary.unit_roots.result import bound_notes

CONVENTIONS = ("default", "plm", "stata")
FEWEST = 10
"""Entities and periods with which the tables begin."""


@documented
def cips_test(
    data: Any,
    column: Hashable | None = None,
    *,
    lags: int | str = 0,
    trend: str = "c",
    max_lags: int | None = None,
    min_lags: int = 0,
    truncated: bool = False,
    bootstrap: PanelBootstrap | None = None,
    unusable: str = "raise",
    convention: str = "default",
) -> PanelTestResult:
    r"""Test a unit root in every entity of a panel with a common factor: CIPS (Pesaran 2007).

    Averages over the entities stand for the factor. With :math:`\tau_i` the t ratio of :math:`b_i` in

    .. math:: \Delta y_{it} = d_t'\delta_i + b_i y_{i,t-1} + c_i \bar y_{t-1} + \sum_{j=0}^p g_{ij} \Delta\bar y_{t-j}
        + \sum_{j=1}^p h_{ij} \Delta y_{i,t-j} + e_{it}, \qquad CIPS = \frac1N\sum_i \tau_i

    CIPS has its own distribution, which does not depend on the factor (tables II(a) to II(c)).

    Parameters
    ----------
    {data (panel variable), column (panel variable)}
    lags : int or {"aic", "bic", "hqic", "t-stat"}
        p, or a rule that chooses it for each entity among ``min_lags`` to ``max_lags``, see `adf_test`. With a lag
        comes one of the averages.
    trend : {"n", "c", "ct"}
        Terms of each entity: none, a constant, or a constant and a trend.
    {max_lags (panel Dickey-Fuller), min_lags}
    truncated : bool
        Cut each ratio at bounds that it hardly ever passes in long series, so that the average has moments however
        short they are. For few periods the critical values are others.
    {bootstrap (panel), unusable (panel variable)}
    convention : {"default", "plm", "stata"}
        How critical values are read between and beyond the printed sizes, and p-values between them: linearly, and
        by normal scores; or as plm's ``cipstest`` and Stata's ``pescadf`` do, see the guide.

    Returns
    -------
    PanelTestResult
        CIPS, lower tail, with critical values and a p-value between them, or the bound where the table ends
        (``bound``). ``individual`` has each entity's ratio before any cut, lags, rows, and the critical values of a
        single ratio (tables I(a) to I(c)).

    Raises
    ------
    DataError, CollinearityError, NumericalError
        Periods are not the same for all entities, an entity has gaps, does not vary, or follows its regression exactly,
        or the averages are zero.
    InsufficientDataError
        There are fewer entities or periods than the tables have (10 of each), or too few periods for the lags.

    See Also
    --------
    panic_test, moon_perron_test : several factors.
    ips_test : entities without a common factor.

    Notes
    -----
    The panel must be balanced: the tables are for averages over the same entities in every period. The test allows for
    one factor. With more, or where the factor has the unit root and the entities' own parts have none, use
    `panic_test`. The ratios share the factor, so that their average is not normal however many entities there are. If a
    rule chooses lags from few periods the test rejects too often; with lags given beforehand it does not.

    Examples
    --------
    >>> import panelvar as pv
    >>> test = pv.cips_test(pv.load_data("grunfeld"), "value", lags=1)
    >>> round(test.statistic, 3), {level: round(float(value), 2) for level, value in test.critical_values.items()}
    (-1.484, {0.01: -2.57, 0.05: -2.32, 0.1: -2.2})
    """
    check_terms(trend)
    choose("convention", convention, CONVENTIONS)
    cut = read_flag("truncated", truncated)
    series = panel_series(data, column, unusable=unusable)
    entities, periods = series.stack("CIPS").shape

    def regress(panel: PanelSeries, panels: int) -> tuple[LevelRegressions, str, Array]:
        averages = _averages(panel, panels)
        found, rule = entity_regressions(panel, trend, lags, (min_lags, max_lags), "all", "default", averages)
        ratios = np.clip(found.ratios, *CIPS_BOUNDS[trend]) if cut else found.ratios
        return found, rule, ratios.reshape(panels, -1).mean(axis=1)

    drawn = draw_statistics(
        series,
        trend,
        read_bootstrap(bootstrap),
        lambda panel, panels: regress(panel, panels)[2][:, None],
        upper=(False,),
    )
    found, rule, average = regress(series, 1)
    statistic = float(average[0])
    # plm reads the table by the rows of the regressions.
    size = int(found.nobs.min()) if convention == "plm" else periods
    critical, own, pvalue, bound = {}, {}, math.nan, ""
    # Draws need no table.
    if drawn is None or min(entities, size) >= FEWEST:
        critical = cips_critical_values(trend, entities, size, truncated=cut, convention=convention)
        pvalue, bound = lower_tail_pvalue(statistic, critical)
        if convention == "plm" and not bound:
            pvalue = pvalue_of_cipstest(statistic, critical)
        own = cadf_critical_values(trend, entities, periods)
    test = panel_test(
        own_test(f"{'Truncated ' * cut}CIPS", statistic, pvalue, NULL, bound_notes(pvalue, bound)),
        series,
        SOME,
        trend=trend,
        choices={
            "Lags": lags_in_words(found.orders, rule),
            # With a bootstrap they are not what the p-value is about.
            **(
                {
                    "Critical values" if drawn is None else "Published critical values": ", ".join(
                        f"{value:.2f} ({100 * level:g}%)" for level, value in critical.items()
                    )
                }
                if critical
                else {}
            ),
        },
        columns={
            "ratio": found.ratios,
            "lags": found.orders,
            "rows": found.nobs,
            "coefficient": found.coefficient,
            **{f"{100 * level:g}%": np.full(entities, value) for level, value in own.items()},
        },
        nobs=int(found.nobs.sum()),
        size=PanelCase("cips", {"lags": lags, "trend": trend, "truncated": cut}),
        drawn=drawn,
    )
    return replace(test, critical_values=critical, bound="" if drawn is not None else bound)


def _averages(series: PanelSeries, panels: int) -> Array:
    """Averages of the entities by period in a unit of their own, (T,), or those of each one's panel, (N, T)."""
    values = in_own_units(np.stack(series.values)).reshape(panels, -1, len(series.values[0]))
    means: Array = values.mean(axis=1)
    flat = np.abs(means).max(axis=1) <= 32.0 * np.finfo(np.float64).eps * np.abs(values).max(axis=(1, 2))
    if flat.any():
        raise CollinearityError(
            f"The averages of {series.name!r} over the entities are zero in every period, as they are once means are "
            "subtracted. CIPS then cannot see a factor. Use the variable as it was, or a test for independent entities."
        )
    return means[0] if panels == 1 else np.repeat(means, values.shape[1], axis=0)
